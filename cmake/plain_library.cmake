# For a library that brings no package for CMake: finds it as NAME::NAME. To be included by a
# Find module, with plain_library_header and plain_library_name set.
set(name ${CMAKE_FIND_PACKAGE_NAME})
find_path(${name}_INCLUDE_DIR ${plain_library_header})
find_library(${name}_LIBRARY ${plain_library_name})

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(${name} REQUIRED_VARS ${name}_LIBRARY ${name}_INCLUDE_DIR)

if(${name}_FOUND AND NOT TARGET ${name}::${name})
  add_library(${name}::${name} UNKNOWN IMPORTED)
  set_target_properties(${name}::${name} PROPERTIES
    IMPORTED_LOCATION ${${name}_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${${name}_INCLUDE_DIR})
endif()
unset(name)
