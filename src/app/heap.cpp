#include "peerjsd/app/heap.hpp"

#include <malloc.h>

namespace peerjsd::app {

void keep_some_free_memory() {
#ifdef __GLIBC__
  constexpr int mebibyte = 1 << 20;
  // Above the largest buffers of a turn, or each of them is a mapping of its own.
  ::mallopt(M_MMAP_THRESHOLD, 4 * mebibyte);
  ::mallopt(M_TRIM_THRESHOLD, 8 * mebibyte);
#endif
}

void return_free_memory() {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

}  // namespace peerjsd::app
