#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace peerjsd::core {

/// Of 128 bits; nobody outside may know it.
using HashKey = std::array<std::uint64_t, 2>;

/// SipHash-1-3, for tables whose keys clients choose: who does not know the key cannot make them
/// collide. The same on every machine.
std::uint64_t keyed_hash(const HashKey& key, std::string_view text);

/// For the standard's containers; looks texts up in tables of strings as well.
class KeyedHash {
 public:
  using is_transparent = void;

  explicit KeyedHash(const HashKey& key) : key_(key) {}

  std::size_t operator()(std::string_view text) const { return keyed_hash(key_, text); }

 private:
  HashKey key_;
};

}  // namespace peerjsd::core
