# Every providers/<name>.c must define `const struct provider provider_<name>`. The registry is the
# one list of them: adding a file is adding a provider.
function(provider_registry out)
	set(declarations "")
	set(rows "")
	foreach(file ${ARGN})
		get_filename_component(name ${file} NAME_WE)
		string(APPEND declarations "extern const struct provider provider_${name};\n")
		string(APPEND rows "\t&provider_${name},\n")
	endforeach()
	file(CONFIGURE OUTPUT ${out} @ONLY CONTENT
"#include \"providers/registry.h\"

@declarations@
const struct provider *const builtin_providers[] = {
@rows@	NULL,
};
")
endfunction()
