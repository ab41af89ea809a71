# Puts the pages of src/pages into a header, so that the server is one file.
# In a page {{FILE.css}} and {{FILE.js}} stand for what these files hold.
set(directory ${CMAKE_CURRENT_SOURCE_DIR}/pages)

foreach(page root demo root_demo)
  file(READ ${directory}/${page}.html ${page})
  string(REGEX MATCHALL "{{[a-z/]+\\.[a-z]+}}" places "${${page}}")
  foreach(place IN LISTS places)
    string(REGEX REPLACE "[{}]" "" name ${place})
    file(READ ${directory}/${name} part)
    string(REPLACE ${place} "${part}" ${page} "${${page}}")
  endforeach()
endforeach()

file(GLOB_RECURSE sources ${directory}/*)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${sources})
configure_file(${directory}/pages.hpp.in ${CMAKE_CURRENT_BINARY_DIR}/pages/page_text.hpp @ONLY)
