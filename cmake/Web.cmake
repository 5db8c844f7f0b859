# The page at `/`: npm's libraries by web/package-lock.json, then files and libraries as one C table.
option(IMAGECAT_WEB "the dashboard page; needs node and npm to build" ON)
set(assets ${PROJECT_BINARY_DIR}/generated/assets.inc)

if(IMAGECAT_WEB)
	find_program(NODE NAMES node nodejs)
	if(NOT NODE)
		message(FATAL_ERROR "node and npm build the dashboard page: install them (./bootstrap does), "
			"or leave the page out with -DIMAGECAT_WEB=OFF")
	endif()
	set(web ${PROJECT_SOURCE_DIR}/web)
	set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${web}/package-lock.json)
	execute_process(COMMAND ${web}/packages ${web} RESULT_VARIABLE failed
		OUTPUT_VARIABLE said ERROR_VARIABLE said)
	if(failed)
		message(FATAL_ERROR "the page's libraries could not be fetched by npm:\n${said}\n"
			"-DIMAGECAT_WEB=OFF leaves the page out.")
	endif()
	file(GLOB web_files CONFIGURE_DEPENDS ${web}/*.html ${web}/*.css ${web}/*.js ${web}/*.svg)
	add_custom_command(OUTPUT ${assets}
		COMMAND ${NODE} ${web}/build.mjs ${assets}
		DEPENDS ${web_files} ${web}/build.mjs ${web}/package.json ${web}/node_modules/.lock VERBATIM)
else()
	file(CONFIGURE OUTPUT ${assets} CONTENT "const struct asset assets[] = { { 0 } };\n")
endif()
add_custom_target(web DEPENDS ${assets})
add_dependencies(export web)
