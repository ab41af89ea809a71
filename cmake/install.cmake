# What `cmake --install` puts where, and what `cpack` makes a Debian package of. The unit names the
# places of the prefix that was configured: for the package that is /usr.
include(GNUInstallDirs)

set(unit_directory ${CMAKE_INSTALL_PREFIX}/lib/systemd/system)
foreach(unit peerjsd.service peerjsd.socket)
  file(READ ${PROJECT_SOURCE_DIR}/config/${unit} text)
  string(REPLACE "/usr/bin/" "${CMAKE_INSTALL_FULL_BINDIR}/" text "${text}")
  string(REPLACE "/etc/" "${CMAKE_INSTALL_FULL_SYSCONFDIR}/" text "${text}")
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/install/${unit} CONTENT "${text}" @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/install/${unit} DESTINATION ${unit_directory})
endforeach()

install(TARGETS peerjsd RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
# What an operator has written there stays.
set(config_directory ${CMAKE_INSTALL_FULL_SYSCONFDIR}/peerjsd)
install(CODE "
  if(NOT EXISTS \"\$ENV{DESTDIR}${config_directory}/peerjsd.conf\")
    file(INSTALL \"${PROJECT_SOURCE_DIR}/config/peerjsd.conf\" DESTINATION \"${config_directory}\")
  endif()")
install(FILES config/peerjsd.sysusers DESTINATION lib/sysusers.d RENAME peerjsd.conf)
install(FILES README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES config/peerjsd_alerts.yml config/peerjsd_dashboard.json config/peerjsd.logrotate
  DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)

if(PEERJSD_BUILD_PACKAGE)
  include(cmake/package.cmake)
endif()
