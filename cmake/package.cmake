# A man page of what --help says, and a Debian package.
find_program(HELP2MAN help2man REQUIRED)
find_program(GZIP gzip REQUIRED)

set(page ${PROJECT_BINARY_DIR}/install/peerjsd.8)
add_custom_command(OUTPUT ${page}.gz
  COMMAND ${HELP2MAN} --no-info --section=8 --include=${PROJECT_SOURCE_DIR}/config/peerjsd.h2m
          --name=${PROJECT_DESCRIPTION} --output=${page}
          $<TARGET_FILE:peerjsd>
  COMMAND ${GZIP} -9nf ${page}
  DEPENDS peerjsd ${PROJECT_SOURCE_DIR}/config/peerjsd.h2m VERBATIM)
add_custom_target(man_page ALL DEPENDS ${page}.gz)
install(FILES ${page}.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "The peerjsd maintainers <peerjsd@peerjsd.invalid>")
set(CPACK_PACKAGING_INSTALL_PREFIX ${CMAKE_INSTALL_PREFIX})
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "systemd | systemd-standalone-sysusers")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY ${PROJECT_DESCRIPTION})
set(CPACK_PACKAGE_DESCRIPTION
"Introduces browsers that use the PeerJS client to each other, by WebSocket or
XHR streaming. A drop-in for the npm package peer, as one native program.")
set(debian ${PROJECT_SOURCE_DIR}/config/debian)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${debian}/postinst ${debian}/prerm ${debian}/postrm ${debian}/conffiles)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

# SOURCE_DATE_EPOCH, if it is set, decides: the same sources make the same package.
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
set(changelog ${PROJECT_BINARY_DIR}/install/changelog)
configure_file(${debian}/changelog.in ${changelog} @ONLY)
execute_process(COMMAND ${GZIP} -9nf ${changelog} COMMAND_ERROR_IS_FATAL ANY)
install(FILES ${changelog}.gz ${debian}/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR})

include(CPack)

enable_testing()
add_test(NAME package COMMAND ${PROJECT_SOURCE_DIR}/tests/package.sh ${PROJECT_BINARY_DIR})
set_tests_properties(package PROPERTIES TIMEOUT 120)
