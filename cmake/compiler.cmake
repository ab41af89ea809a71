# What every target of the project is compiled with: link it as peerjsd_compiler.
add_library(peerjsd_compiler INTERFACE)

target_compile_options(peerjsd_compiler INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
  -Wnon-virtual-dtor -Wold-style-cast)

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # Sees overlapping copies in std::string's operator+ where there are none (GCC bug 105651).
  target_compile_options(peerjsd_compiler INTERFACE -Wno-restrict)
endif()

if(PEERJSD_WARNINGS_AS_ERRORS)
  target_compile_options(peerjsd_compiler INTERFACE -Werror)
endif()

if(PEERJSD_SANITIZE)
  target_compile_options(peerjsd_compiler INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  # To read an object's vptr the sanitizer opens a pipe, and where descriptors have run out, as they
  # do in a test, it takes its failure for the object's.
  target_compile_options(peerjsd_compiler INTERFACE -fno-sanitize=vptr)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # False alarms on instrumented code, as GCC's manual warns.
    target_compile_options(peerjsd_compiler INTERFACE -Wno-maybe-uninitialized)
  else()
    # Clang 14 cannot compile a coroutine with it.
    target_compile_options(peerjsd_compiler INTERFACE -fno-sanitize=function)
  endif()
  target_link_options(peerjsd_compiler INTERFACE -fsanitize=address,undefined)
  target_compile_definitions(peerjsd_compiler INTERFACE PEERJSD_SANITIZED)
endif()

# One thread, one event loop: Asio needs no locks.
target_compile_definitions(peerjsd_compiler INTERFACE BOOST_ASIO_DISABLE_THREADS)
