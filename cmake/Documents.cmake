# Man pages, where scdoc is installed, and completion for bash. Optional, so that a build of some programs only can be
# installed as well.
find_program(SCDOC scdoc)
file(GLOB pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/docs/man/*.scd)
set(documents)
if(SCDOC)
	foreach(page ${pages})
		get_filename_component(name ${page} NAME_WLE)
		string(REGEX REPLACE "^.*\\." "" section ${name})
		set(document ${PROJECT_BINARY_DIR}/man/${name})
		add_custom_command(OUTPUT ${document}
			COMMAND ${CMAKE_COMMAND} -E make_directory ${PROJECT_BINARY_DIR}/man
			COMMAND sh -c "'${SCDOC}' < '${page}' > '${document}'"
			DEPENDS ${page} VERBATIM)
		install(FILES ${document} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section}
			COMPONENT documents OPTIONAL)
		list(APPEND documents ${document})
	endforeach()
else()
	message(STATUS "scdoc is not installed: no man pages")
endif()

set(completion ${PROJECT_BINARY_DIR}/completion/imagecat)
add_custom_command(OUTPUT ${completion}
	COMMAND ${CMAKE_COMMAND} -E make_directory ${PROJECT_BINARY_DIR}/completion
	COMMAND sh -c "'$<TARGET_FILE:imagecat>' --completion > '${completion}'"
	DEPENDS imagecat VERBATIM)
install(FILES ${completion} DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
	COMPONENT documents OPTIONAL)
add_custom_target(documents ALL DEPENDS ${documents} ${completion})
