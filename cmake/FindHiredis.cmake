# Debian 12's libhiredis-dev brings no package for CMake.
set(plain_library_header hiredis/hiredis.h)
set(plain_library_name hiredis)
include(${CMAKE_CURRENT_LIST_DIR}/plain_library.cmake)
