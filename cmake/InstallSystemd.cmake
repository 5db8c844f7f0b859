# What an installed file says of other installed files follows the prefix, which is known only when it is
# installed. In the sources it is /usr, so that the files can be read, checked and used as they are.
set(target "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}")
function(install_at_prefix from to)
	file(READ "${from}" text)
	string(REPLACE "/usr/bin/imagecatd" "${CMAKE_INSTALL_PREFIX}/bin/imagecatd" text "${text}")
	string(REPLACE "/usr/share/" "${CMAKE_INSTALL_PREFIX}/share/" text "${text}")
	message(STATUS "Installing: ${target}/${to}")
	file(WRITE "${target}/${to}" "${text}")
	file(CHMOD "${target}/${to}" PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
	list(APPEND CMAKE_INSTALL_MANIFEST_FILES "${CMAKE_INSTALL_PREFIX}/${to}")
	set(CMAKE_INSTALL_MANIFEST_FILES "${CMAKE_INSTALL_MANIFEST_FILES}" PARENT_SCOPE)
endfunction()

install_at_prefix("${CMAKE_CURRENT_LIST_DIR}/../systemd/imagecatd.service" lib/systemd/system/imagecatd.service)
install_at_prefix("${CMAKE_CURRENT_LIST_DIR}/../systemd/imagecat.tmpfiles" lib/tmpfiles.d/imagecat.conf)
foreach(name grafana/provisioning/dashboards/imagecat.yaml prometheus/imagecat.rules.yaml
		prometheus/imagecat.rules.test.yaml)
	install_at_prefix("${CMAKE_CURRENT_LIST_DIR}/../contrib/${name}" share/imagecat/${name})
endforeach()
