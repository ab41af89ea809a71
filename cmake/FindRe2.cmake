# Debian 12's libre2-dev brings no package for CMake.
set(plain_library_header re2/re2.h)
set(plain_library_name re2)
include(${CMAKE_CURRENT_LIST_DIR}/plain_library.cmake)
