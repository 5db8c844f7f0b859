#include "model/normalize.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/json.h"
#include "model/scratch.h"
#include "tests/test.h"

/* Tables of no cloud: one row or more for every conversion. */
/* clang-format off */
static const struct word states[] = { { "Available", "available" }, { "Making", "pending" }, { "0", "offline" }, { "true", "deleted" }, { 0 } };
static const struct word kinds[] = { { "Base", "system" }, { 0 } };
static const struct word spellings[] = { { "NetEnhnced", "NetEnhanced" }, { 0 } };
static const struct word archs[] = { { "Aarch64*", "aarch64" }, { "X86", "x86_64" }, { 0 } };
static const struct word gpus[] = { { "GPU", "1" }, { "Vgpu_*", "1" }, { 0 } };
static const struct word keys[] = { { "tag_key", "key" }, { "tag_value", "value" }, { 0 } };

static const struct field_map fields[] = {
	{ "Zone",       MAP_LINK(zone) },
	{ "Id",         MAP_ID(image_id) },
	{ "OldId",      MAP_ID(image_id) },
	{ "Name",       MAP_TEXT(name) },
	{ "Alias",      MAP_TEXT(name) },
	{ "Text",       MAP_PROSE(description) },
	{ "Link",       MAP_LINK(link_url) },
	{ "State",      MAP_WORD(state, states) },
	{ "State",      MAP_NATIVE(state_native) },
	{ "State2",     MAP_WORD(state, states), .inferred = true },
	{ "Kind",       MAP_WORD_IF(kind, kinds) },
	{ "Arch",       MAP_WORD(arch, archs) },
	{ "Moving",     MAP_LINK(transition) },
	{ "SizeGiB",    MAP_SCALED(size_bytes, INT64_C(1) << 30) },
	{ "Level",      MAP_INT(author_level) },
	{ "Paid",       MAP_FLAG(is_paid) },
	{ "NoGpu",      MAP_FLAG_NOT(gpu_supported) },
	{ "Price",      MAP_REAL(price) },
	{ "Price",      MAP_PRESENT(price_currency, "CNY") },
	{ "Time",       MAP_TIME(created_at) },
	{ "Day",        MAP_DATE(eol_on) },
	{ "Set",        MAP_SET_AS(features, spellings) },
	{ "Set",        MAP_HAS_WORD(arch, archs) },
	{ "Set",        MAP_HAS_FLAG(gpu_supported, gpus) },
	{ "Gpus",       MAP_SET(gpu_types) },
	{ "Gpus",       MAP_FILLED(gpu_supported) },
	{ "Split",      MAP_SET_SPLIT(scene_categories) },
	{ "Prices",     MAP_OBJECTS(prices, NULL) },
	{ "Tags",       MAP_TAGS(tags, keys) },
	{ "Os",         MAP_OS() },
	{ "Name",       MAP_OS(), .inferred = true },
	{ "Id",         MAP_OS_ID(), .inferred = true },
	{ "Name",       MAP_ARCH_NAME() },
	{ "Name",       MAP_OS_ARCH("x86_64") },
	{ "Soft.Cuda",  MAP_LINK(cuda_version) },
	{ "Soft.Deep.X", MAP_LINK(framework) },
	{ "Group.Note", MAP_LINK(version_name) },
	{ "Kept",       MAP_KNOWN() },
	{ "Soft.Kept",  MAP_KNOWN() },
	{ NULL,         MAP_CONSTANT(visibility, "public"), .inferred = true },
	{ 0 },
};
static const struct field_map metal[] = { { NULL, MAP_CONSTANT(form, "baremetal"), .inferred = true }, { 0 } };
static const struct item_source sources[] = { { "Items" }, { "Metal", "MetalSet", metal }, { "Group[].Data" }, { 0 } };
static const struct service service = {
	.name = "s", .items = sources, .fields = (const struct field_map *const[]){ fields, NULL },
};
static const struct provider provider = { .name = "p" };

static const struct row {
	const char *name;
	const char *item;
	const char *want; /* lines "column value"; "-" is absent */
	const char *region, *zone;
	unsigned source;
	const char *group;
	enum verdict verdict;
	const char *drift; /* lines "path type|native", or NULL: none */
	bool repaired;
} rows[] = {
	/* Identity. */
	{ "least", "{\"Id\":\"i\"}", "image_id i\nname -\nform vm\ninferred [\"visibility\",\"form\"]\nwarnings -\nunmapped -\nredacted -\nraw {\"Id\":\"i\"}\nstate -\nlaunchable -\nzone -" },
	{ "no id", "{\"Name\":\"x\"}", .verdict = ITEM_NO_ID },
	{ "empty id", "{\"Id\":\"\"}", .verdict = ITEM_NO_ID },
	{ "blank id", "{\"Id\":\"  \"}", .verdict = ITEM_NO_ID },
	{ "null id", "{\"Id\":null}", .verdict = ITEM_NO_ID },
	{ "id is a list", "{\"Id\":[\"i\"]}", .verdict = ITEM_NO_ID },
	{ "id is true", "{\"Id\":true}", .verdict = ITEM_NO_ID },
	{ "fall-back id", "{\"Id\":\"\",\"OldId\":\"o\"}", "image_id o" },
	{ "first id wins", "{\"OldId\":\"o\",\"Id\":\"i\"}", "image_id i" },
	{ "id is a number", "{\"Id\":42}", "image_id 42\nwarnings [\"Id: a number where text belongs\"]" },
	{ "id is a large number", "{\"Id\":92233720368547758070}", "image_id 92233720368547758070\nwarnings [\"Id: 92233720368547758070 is too large for a number\"]\nraw {\"Id\":92233720368547758070}" },
	{ "id keeps its blanks", "{\"Id\":\" a  b \"}", "image_id  a  b \nwarnings -" },
	{ "id keeps its case and form", "{\"Id\":\"I\xCC\x81i\"}", "image_id I\xCC\x81i" },
	{ "id with control characters", "{\"Id\":\"a\\u001b[2Jb\"}", "image_id a\xEF\xBF\xBD[2Jb\nwarnings [\"Id: characters of the id were replaced\"]" },
	{ "id with a line break", "{\"Id\":\"a\\nb\"}", "image_id a b\nwarnings [\"Id: characters of the id were replaced\"]" },

	/* Text. */
	{ "name is cleaned", "{\"Id\":\"i\",\"Name\":\" Windows  2008 32 \\t\xE4\xBD\x8D \"}", "name Windows 2008 32 \xE4\xBD\x8D\nwarnings -" },
	{ "empty name stays", "{\"Id\":\"i\",\"Name\":\"\",\"Alias\":\"a\"}", "name " },
	{ "null name is absent", "{\"Id\":\"i\",\"Name\":null,\"Alias\":\"a\"}", "name a\nunmapped -" },
	{ "name of another type", "{\"Id\":\"i\",\"Name\":{\"a\":1}}", "name -\nwarnings [\"Name: an object is not a text\"]" },
	{ "name is a number", "{\"Id\":\"i\",\"Name\":5,\"Alias\":\"a\"}", "name a\nwarnings [\"Name: 5 is not a text\"]" },
	{ "escape sequence in a name", "{\"Id\":\"i\",\"Name\":\"a\\u001b]0;x\\u0007b\"}", "name a\xEF\xBF\xBD]0;x\xEF\xBF\xBD" "b\nwarnings [\"Name: control or direction characters were replaced\"]\nraw {\"Id\":\"i\",\"Name\":\"a\\u001b]0;x\\u0007b\"}" },
	{ "direction override in a name", "{\"Id\":\"i\",\"Name\":\"a\xE2\x80\xAE" "b\"}", "name a\xEF\xBF\xBD" "b\nwarnings [\"Name: control or direction characters were replaced\"]" },
	{ "line breaks in prose", "{\"Id\":\"i\",\"Text\":\" a\\r\\n b\\n\"}", "description a\n b" },
	{ "line breaks in a line", "{\"Id\":\"i\",\"Name\":\"a\\nb\"}", "name a b" },
	{ "empty link is absent", "{\"Id\":\"i\",\"Link\":\"\"}", "link_url -\nwarnings -" },
	{ "link", "{\"Id\":\"i\",\"Link\":\"https://a/b\"}", "link_url https://a/b" },

	/* Words. */
	{ "word", "{\"Id\":\"i\",\"State\":\"available\"}", "state available\nstate_native available\nlaunchable 1" },
	{ "other state", "{\"Id\":\"i\",\"State\":\"Making\"}", "state pending\nlaunchable 0" },
	{ "unknown word", "{\"Id\":\"i\",\"State\":\"Frozen\"}", "state unknown\nstate_native Frozen\nlaunchable -\nwarnings -", .drift = "State|Frozen\n" },
	{ "unknown word does not win", "{\"Id\":\"i\",\"State\":\"Frozen\",\"State2\":\"Making\"}", "state pending\nstate_native Frozen\ninferred [\"visibility\",\"form\",\"state\"]", .drift = "State|Frozen\n" },
	{ "unknown after known is drift only", "{\"Id\":\"i\",\"State\":\"Making\",\"State2\":\"Odd\"}", "state pending\ninferred [\"visibility\",\"form\"]", .drift = "State2|Odd\n" },
	{ "empty word", "{\"Id\":\"i\",\"State\":\"\"}", "state -\nstate_native -\nwarnings -" },
	{ "number as a word", "{\"Id\":\"i\",\"State\":0}", "state offline\nstate_native 0\nwarnings -" },
	{ "boolean as a word", "{\"Id\":\"i\",\"State\":true}", "state deleted\nstate_native true" },
	{ "list where a word belongs", "{\"Id\":\"i\",\"State\":[]}", "state -\nstate_native -\nwarnings [\"State: a list is not a word\"]" },
	{ "unknown word, says nothing", "{\"Id\":\"i\",\"Kind\":\"Odd\"}", "kind -\nwarnings -" },
	{ "vocabulary without unknown", "{\"Id\":\"i\",\"Arch\":\"mips\"}", "arch -", .drift = "Arch|mips\n" },
	{ "word by prefix", "{\"Id\":\"i\",\"Arch\":\"aarch64_Type\"}", "arch aarch64" },
	{ "deleting is not launchable", "{\"Id\":\"i\",\"State\":\"Available\",\"Moving\":\"deleting\"}", "launchable 0\ntransition deleting" },
	{ "suspending is not launchable", "{\"Id\":\"i\",\"Moving\":\"suspending\"}", "launchable 0" },
	{ "resuming is", "{\"Id\":\"i\",\"State\":\"Available\",\"Moving\":\"resuming\"}", "launchable 1" },

	/* Numbers. */
	{ "scaled", "{\"Id\":\"i\",\"SizeGiB\":20}", "size_bytes 21474836480" },
	{ "scaled, spelt", "{\"Id\":\"i\",\"SizeGiB\":\" 20\"}", "size_bytes 21474836480" },
	{ "scaled, fraction", "{\"Id\":\"i\",\"SizeGiB\":0.5}", "size_bytes 536870912" },
	{ "scaled too far", "{\"Id\":\"i\",\"SizeGiB\":9223372036854775807}", "size_bytes -\nwarnings [\"SizeGiB: 9223372036854775807 is not an integer\"]" },
	{ "negative size", "{\"Id\":\"i\",\"SizeGiB\":-1}", "size_bytes -\nwarnings [\"SizeGiB: -1 is below 0\"]" },
	{ "exact beyond 2^53", "{\"Id\":\"i\",\"Level\":9007199254740993}", "author_level 9007199254740993" },
	{ "2^63", "{\"Id\":\"i\",\"Level\":9223372036854775808}", "author_level -\nwarnings [\"Level: 9223372036854775808 is too large for a number\",\"Level: '9223372036854775808' is not an integer\"]\nraw {\"Id\":\"i\",\"Level\":9223372036854775808}" },
	{ "least of 64 bits", "{\"Id\":\"i\",\"Level\":-9223372036854775808}", "author_level -" },
	{ "1e400", "{\"Id\":\"i\",\"Price\":1e400}", "price -\nraw {\"Id\":\"i\",\"Price\":1e400}" },
	{ "1e400, spelt", "{\"Id\":\"i\",\"Price\":\"1e400\"}", "price -\nwarnings [\"Price: '1e400' is not a number\"]" },
	{ "NaN", "{\"Id\":\"i\",\"Price\":NaN}", "price -\nraw {\"Id\":\"i\",\"Price\":\"NaN\"}", .repaired = true },
	{ "leading zero", "{\"Id\":\"i\",\"Level\":007}", "author_level 7\nraw {\"Id\":\"i\",\"Level\":\"007\"}", .repaired = true },
	{ "minus zero", "{\"Id\":\"i\",\"Level\":-0}", "author_level 0" },
	{ "exponent", "{\"Id\":\"i\",\"Level\":1E2}", "author_level 100\nwarnings -" },
	{ "fraction where an integer belongs", "{\"Id\":\"i\",\"Level\":1.5}", "author_level -\nwarnings [\"Level: 1.5 is not an integer\"]" },
	{ "empty number", "{\"Id\":\"i\",\"Level\":\"\",\"Price\":\" \"}", "author_level -\nprice -\nwarnings -" },
	{ "boolean where a number belongs", "{\"Id\":\"i\",\"Level\":true}", "author_level -\nwarnings [\"Level: true is not an integer\"]" },
	{ "hexadecimal is no number", "{\"Id\":\"i\",\"Price\":\"0x10\",\"Level\":\"0x10\"}", "price -\nauthor_level -" },
	{ "infinity is no number", "{\"Id\":\"i\",\"Price\":\"-inf\"}", "price -" },
	{ "price", "{\"Id\":\"i\",\"Price\":9.99592}", "price 9.99592\nprice_currency CNY" },
	{ "price, spelt", "{\"Id\":\"i\",\"Price\":\"0.5\"}", "price 0.5" },
	{ "no price, no currency", "{\"Id\":\"i\",\"Price\":null}", "price -\nprice_currency -" },
	{ "flag", "{\"Id\":\"i\",\"Paid\":false}", "is_paid 0" },
	{ "flag, spelt", "{\"Id\":\"i\",\"Paid\":\"True\"}", "is_paid 1" },
	{ "flag, number", "{\"Id\":\"i\",\"Paid\":1}", "is_paid 1" },
	{ "flag, other word", "{\"Id\":\"i\",\"Paid\":\"maybe\"}", "is_paid -\nwarnings [\"Paid: 'maybe' is not true or false\"]" },
	{ "flag, other number", "{\"Id\":\"i\",\"Paid\":2}", "is_paid -\nwarnings [\"Paid: 2 is not true or false\"]" },
	{ "flag, empty", "{\"Id\":\"i\",\"Paid\":\"\"}", "is_paid -\nwarnings -" },
	{ "opposite flag", "{\"Id\":\"i\",\"NoGpu\":true}", "gpu_supported 0" },
	{ "opposite flag, spelt", "{\"Id\":\"i\",\"NoGpu\":\"false\"}", "gpu_supported 1" },

	/* Times. */
	{ "seconds", "{\"Id\":\"i\",\"Time\":1625818055}", "created_at 1625818055" },
	{ "milliseconds", "{\"Id\":\"i\",\"Time\":1625818055123}", "created_at 1625818055" },
	{ "seconds, spelt", "{\"Id\":\"i\",\"Time\":\"1712563200\"}", "created_at 1712563200" },
	{ "seconds, real", "{\"Id\":\"i\",\"Time\":1.6258180559e9}", "created_at 1625818055" },
	{ "zero says nothing", "{\"Id\":\"i\",\"Time\":0,\"Day\":\"\"}", "created_at -\neol_on -\nwarnings -" },
	{ "UTC", "{\"Id\":\"i\",\"Time\":\"2013-08-07T18:16:32Z\"}", "created_at 1375899392" },
	{ "offset", "{\"Id\":\"i\",\"Time\":\"2013-08-08T02:16:32.123+08:00\"}", "created_at 1375899392" },
	{ "no zone", "{\"Id\":\"i\",\"Time\":\"2013-08-07T18:16:32\"}", "created_at -\nwarnings [\"Time: '2013-08-07T18:16:32' is a time without a zone\"]" },
	{ "day as a time", "{\"Id\":\"i\",\"Time\":\"2013/08/07\"}", "created_at 1375833600" },
	{ "random word", "{\"Id\":\"i\",\"Time\":\"IFXxRGPj\"}", "created_at -\nwarnings [\"Time: 'IFXxRGPj' is not a time\"]" },
	{ "out of range", "{\"Id\":\"i\",\"Time\":7}", "created_at -\nwarnings [\"Time: 7 is outside 2000 to 2100\"]" },
	{ "year 56000 is none", "{\"Id\":\"i\",\"Time\":1625818055123456}", "created_at -" },
	{ "before 1970", "{\"Id\":\"i\",\"Time\":-5}", "created_at -\nwarnings [\"Time: -5 is outside 2000 to 2100\"]" },
	{ "time of another type", "{\"Id\":\"i\",\"Time\":[1]}", "created_at -\nwarnings [\"Time: a list is not a time\"]" },
	{ "date", "{\"Id\":\"i\",\"Day\":\"2024/06/30\"}", "eol_on 2024-06-30" },
	{ "date with dashes", "{\"Id\":\"i\",\"Day\":\"2024-02-29\"}", "eol_on 2024-02-29" },
	{ "no such date", "{\"Id\":\"i\",\"Day\":\"2023/02/29\"}", "eol_on -\nwarnings [\"Day: '2023/02/29' is not a date\"]" },

	/* Lists. */
	{ "set", "{\"Id\":\"i\",\"Set\":[\"b\",\"a\",\" b \",\"\",null]}", "features [\"a\",\"b\"]\nwarnings -" },
	{ "empty set", "{\"Id\":\"i\",\"Set\":[]}", "features []" },
	{ "null set", "{\"Id\":\"i\",\"Set\":null}", "features -" },
	{ "spellings", "{\"Id\":\"i\",\"Set\":[\"NetEnhnced\",\"NetEnhanced\"]}", "features [\"NetEnhanced\"]" },
	{ "scalar as a set", "{\"Id\":\"i\",\"Set\":\"a\"}", "features [\"a\"]" },
	{ "empty scalar is no set", "{\"Id\":\"i\",\"Set\":\"\"}", "features -" },
	{ "numbers in a set", "{\"Id\":\"i\",\"Set\":[2,\"a\"]}", "features [\"2\",\"a\"]\nwarnings [\"Set: 2 is not a text\"]" },
	{ "object as a set", "{\"Id\":\"i\",\"Set\":{\"a\":1}}", "features -\nwarnings [\"Set: an object is not a list\"]" },
	{ "set has a word", "{\"Id\":\"i\",\"Set\":[\"x\",\"Aarch64_Type\"]}", "arch aarch64\ngpu_supported -" },
	{ "set has a flag", "{\"Id\":\"i\",\"Set\":[\"Vgpu_AMD\"]}", "gpu_supported 1" },
	{ "said before is not overruled", "{\"Id\":\"i\",\"NoGpu\":true,\"Set\":[\"GPU\"]}", "gpu_supported 0" },
	{ "filled", "{\"Id\":\"i\",\"Gpus\":[\"V100S\",\"V100S\"]}", "gpu_types [\"V100S\"]\ngpu_supported 1" },
	{ "not filled", "{\"Id\":\"i\",\"Gpus\":[\"\"]}", "gpu_types []\ngpu_supported -" },
	{ "split", "{\"Id\":\"i\",\"Split\":[\"b\xEF\xBC\x8C a\",\"c,a,,\"]}", "scene_categories [\"a\",\"b\",\"c\"]" },
	{ "prices keep their digits", "{\"Id\":\"i\",\"Prices\":[{\"Price\":9.99592,\"ChargeType\":\"Year\"},{\"ChargeType\":\"Month\",\"Price\":0.1,\"Old\":null}]}",
	  "prices [{\"ChargeType\":\"Month\",\"Price\":0.1},{\"ChargeType\":\"Year\",\"Price\":9.99592}]\nwarnings -" },
	{ "prices in another order", "{\"Id\":\"i\",\"Prices\":[{\"ChargeType\":\"Month\",\"Price\":0.10},{\"ChargeType\":\"Year\",\"Price\":9.99592}]}",
	  "prices [{\"ChargeType\":\"Month\",\"Price\":0.1},{\"ChargeType\":\"Year\",\"Price\":9.99592}]" },
	{ "word among objects", "{\"Id\":\"i\",\"Prices\":[\"x\",{\"a\":1}]}", "prices [{\"a\":1}]\nwarnings [\"Prices: 'x' is not an object\"]" },
	{ "one object", "{\"Id\":\"i\",\"Prices\":{\"a\":[1,{\"c\":2,\"b\":true}]}}", "prices [{\"a\":[1,{\"b\":true,\"c\":2}]}]" },
	{ "tag", "{\"Id\":\"i\",\"Tags\":\"Default\"}", "tags [\"Default\"]" },
	{ "empty tag", "{\"Id\":\"i\",\"Tags\":\"\"}", "tags -" },
	{ "tags", "{\"Id\":\"i\",\"Tags\":[\"b\",\"a\"]}", "tags [\"a\",\"b\"]" },
	{ "tag objects", "{\"Id\":\"i\",\"Tags\":[{\"tag_value\":\"v\",\"tag_key\":\"k\",\"color\":\"#fff\"}]}", "tags [{\"color\":\"#fff\",\"key\":\"k\",\"value\":\"v\"}]" },
	{ "tags of both kinds", "{\"Id\":\"i\",\"Tags\":[\"b\",{\"tag_key\":\"k\"}]}", "tags [\"b\",{\"key\":\"k\"}]" },
	{ "renamed onto another", "{\"Id\":\"i\",\"Tags\":[{\"key\":\"1\",\"tag_key\":\"2\"}]}", "tags [{\"key\":\"1\"}]" },

	/* Systems. */
	{ "system by its name", "{\"Id\":\"i\",\"Os\":\"Ubuntu 22.04\"}", "os_distro ubuntu\nos_version 22.04\nos_type linux\narch x86_64\ninferred [\"visibility\",\"form\",\"os_type\",\"arch\"]" },
	{ "system by the image's name", "{\"Id\":\"i\",\"Name\":\"CentOS 7.6 64\xE4\xBD\x8D\"}", "os_distro centos\nos_version 7.6\narch x86_64\ninferred [\"visibility\",\"form\",\"os_type\",\"os_distro\",\"os_version\",\"arch\"]" },
	{ "versions are not mixed", "{\"Id\":\"i\",\"Os\":\"ubuntu\",\"Name\":\"CentOS 7.6\"}", "os_distro ubuntu\nos_version -" },
	{ "version from a second name", "{\"Id\":\"i\",\"Os\":\"centos\",\"Name\":\"CentOS 7.6\"}", "os_distro centos\nos_version 7.6\ninferred [\"visibility\",\"form\",\"os_type\",\"os_version\",\"arch\"]" },
	{ "system by id", "{\"Id\":\"centos77x64a\"}", "os_distro centos\nos_version 7.7" },
	{ "no system, no default", "{\"Id\":\"i\",\"Name\":\"cuda128_torch280\"}", "os_distro -\nos_type -\narch -" },

	/* Sources, scope. */
	{ "constants of a source", "{\"Id\":\"i\"}", "image_set MetalSet\nform baremetal", .source = 1 },
	{ "zone asked for", "{\"Id\":\"i\"}", "zone z1", .zone = "z1" },
	{ "its own zone", "{\"Id\":\"i\",\"Zone\":\"z1\"}", "zone z1", .zone = "z1" },
	{ "empty zone", "{\"Id\":\"i\",\"Zone\":\"\"}", "zone z1", .zone = "z1" },
	{ "another zone", "{\"Id\":\"i\",\"Zone\":\"z2\"}", .zone = "z1", .verdict = ITEM_OUT_OF_SCOPE },
	{ "zone not judged", "{\"Id\":\"i\",\"Zone\":\"z2\"}", "zone z2", .region = "r1" },
	{ "another region", "{\"Id\":\"i\",\"Region\":\"r2\"}", .region = "r1", .verdict = ITEM_OUT_OF_SCOPE },
	{ "another region, small", "{\"Id\":\"i\",\"region\":\"r2\"}", .region = "r1", .verdict = ITEM_OUT_OF_SCOPE },
	{ "the region asked for", "{\"Id\":\"i\",\"Region\":\"r1\"}", "unmapped -", .region = "r1" },
	{ "no region asked for", "{\"Id\":\"i\",\"Region\":\"r2\"}", "unmapped -" },

	/* Fields that no table names. */
	{ "unknown field", "{\"Id\":\"i\",\"New\":1.5}", "unmapped [\"New\"]\nwarnings -", .drift = "New number|\n" },
	{ "unknown fields of every type", "{\"Id\":\"i\",\"a\":\"\",\"b\":1,\"c\":true,\"d\":[],\"e\":{},\"f\":null}", "unmapped [\"a\",\"b\",\"c\",\"d\",\"e\"]",
	  .drift = "a string|\nb integer|\nc boolean|\nd array|\ne object|\n" },
	{ "known field", "{\"Id\":\"i\",\"Kept\":1}", "unmapped [\"Kept\"]" },
	{ "inner fields", "{\"Id\":\"i\",\"Soft\":{\"Cuda\":\"12\",\"Kept\":1,\"New\":\"x\",\"Deep\":{\"X\":\"t\",\"Y\":1}}}", "cuda_version 12\nframework t\nunmapped [\"Soft.Kept\",\"Soft.New\",\"Soft.Deep.Y\"]",
	  .drift = "Soft.New string|\nSoft.Deep.Y integer|\n" },
	{ "inner object of another type", "{\"Id\":\"i\",\"Soft\":\"x\"}", "cuda_version -\nunmapped -\nwarnings [\"Soft: 'x' is not an object\"]" },
	{ "inner object is null", "{\"Id\":\"i\",\"Soft\":null}", "cuda_version -\nwarnings -" },
	{ "name with a dot", "{\"Id\":\"i\",\"Soft.Cuda\":\"12\"}", "cuda_version -\nunmapped [\"Soft.Cuda\"]", .drift = "Soft.Cuda string|\n" },
	{ "hostile name", "{\"Id\":\"i\",\"\\u001b[2J\\n\":1}", "unmapped [\"\xEF\xBF\xBD[2J\"]", .drift = "\xEF\xBF\xBD[2J integer|\n" },

	/* Secrets. */
	{ "password", "{\"Id\":\"i\",\"default_passwd\":\"hunter2\"}", "raw {\"Id\":\"i\",\"default_passwd\":\"[redacted]\"}\nredacted [\"default_passwd\"]\nunmapped -\nwarnings -" },
	{ "secrets of every spelling", "{\"Id\":\"i\",\"PASSWORD\" : 1,\"xSecretx\":[{\"a\":1}],\"api-Token\":null,\"Private_Key\":{},\"PrivateKey\":true,\"pass\\u0077ord\":\"x\"}",
	  "raw {\"Id\":\"i\",\"PASSWORD\" : \"[redacted]\",\"xSecretx\":\"[redacted]\",\"api-Token\":\"[redacted]\",\"Private_Key\":\"[redacted]\",\"PrivateKey\":\"[redacted]\",\"pass\\u0077ord\":\"[redacted]\"}\n"
	  "redacted [\"PASSWORD\",\"xSecretx\",\"api-Token\",\"Private_Key\",\"PrivateKey\",\"password\"]\nwarnings -" },
	{ "secrets inside", "{\"Id\":\"i\",\"Soft\":{\"Token\":\"x\"},\"Tags\":[{\"tag_key\":\"k\",\"user_password\":\"x\"}]}", "raw {\"Id\":\"i\",\"Soft\":{\"Token\":\"[redacted]\"},\"Tags\":[{\"tag_key\":\"k\",\"user_password\":\"[redacted]\"}]}\nredacted [\"Soft.Token\",\"Tags[].user_password\"]\ntags [{\"key\":\"k\"}]" },
	{ "secret with rubbish in it", "{\"Id\":\"i\",\"passwd\":{\"x\":[\"}\",\"\xff\",1e999,NaN]},\"Name\":\"n\"}", "raw {\"Id\":\"i\",\"passwd\":\"[redacted]\",\"Name\":\"n\"}\nname n\nwarnings -" },
	{ "no secret", "{\"Id\":\"i\",\"Kept\":\"password\",\"Name\":\"token\"}", "redacted -\nname token" },

	/* Repairs. */
	{ "bad bytes", "{\"Id\":\"i\",\"Name\":\"a\xff\xc0\x80z\"}", "name a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDz\nraw {\"Id\":\"i\",\"Name\":\"a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDz\"}\nwarnings [\"Name: bytes that are no text were replaced\"]", .repaired = true },
	{ "surrogate bytes", "{\"Id\":\"i\",\"Name\":\"\xed\xa0\x80\"}", "name \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", .repaired = true },
	{ "lone surrogates", "{\"Id\":\"i\",\"Name\":\"\\ud800x\\uDC00\"}", "name \xEF\xBF\xBDx\xEF\xBF\xBD\nraw {\"Id\":\"i\",\"Name\":\"\xEF\xBF\xBDx\xEF\xBF\xBD\"}", .repaired = true },
	{ "surrogate pair stays", "{\"Id\":\"i\",\"Name\":\"\\ud83d\\ude00\"}", "name \xF0\x9F\x98\x80\nraw {\"Id\":\"i\",\"Name\":\"\\ud83d\\ude00\"}\nwarnings -" },
	{ "NUL escape hides nothing", "{\"Id\":\"i\",\"Name\":\"a\\u0000b\"}", "name a\xEF\xBF\xBD" "b\nraw {\"Id\":\"i\",\"Name\":\"a\xEF\xBF\xBD" "b\"}", .repaired = true },
	{ "NUL in a name", "{\"Id\":\"i\",\"a\\u0000b\":1}", "unmapped [\"a\xEF\xBF\xBD" "b\"]", .drift = "a\xEF\xBF\xBD" "b integer|\n", .repaired = true },
	{ "raw control characters", "{\"Id\":\"i\",\"Name\":\"a\x01\nb\"}", "name a\xEF\xBF\xBD\xEF\xBF\xBD" "b", .repaired = true },
	{ "unknown escape", "{\"Id\":\"i\",\"Name\":\"a\\qb\\u12\"}", "name a\xEF\xBF\xBDqb\xEF\xBF\xBDu12", .repaired = true },
	{ "only the bad string is repaired", "{\"Id\":\"i\", \"Name\" : \"a\xff\",\"Text\":\"\\u001b\"}", "raw {\"Id\":\"i\", \"Name\" : \"a\xEF\xBF\xBD\",\"Text\":\"\\u001b\"}", .repaired = true },
	{ "the last of two", "{\"Id\":\"i\",\"Name\":\"a\",\"Name\":\"b\"}", "name b\nwarnings [\"Name: there twice, the last one counts\"]\nraw {\"Id\":\"i\",\"Name\":\"a\",\"Name\":\"b\"}" },
	{ "blanks stay in raw", "{ \"Id\" :\t\"i\"\r\n}", "raw { \"Id\" :\t\"i\"\r\n}" },

	/* Groups: the item has its group's fields as one more member. */
	{ "group", "{\"Id\":\"i\",\"Group\": {\"Note\":\"n\",\"Desc\":\"d\",\"Owner\":{\"a\":1},\"token\":\"x\",\"n\":null}}",
	  "version_name n\nunmapped [\"Group.Desc\",\"Group.Owner\"]\nredacted [\"Group.token\"]\nraw {\"Id\":\"i\",\"Group\": {\"Note\":\"n\",\"Desc\":\"d\",\"Owner\":{\"a\":1},\"token\":\"[redacted]\",\"n\":null}}", .source = 2, .group = "Group" },
};
/* clang-format on */

static void show(const struct record *record, enum column column, char *text, size_t size)
{
	if (record_is_absent(record, column)) {
		snprintf(text, size, "-");
		return;
	}
	switch (column_storage(columns[column].type)) {
	case STORED_AS_TEXT: snprintf(text, size, "%s", record_text(record, column)); return;
	case STORED_AS_INT:
		snprintf(text, size, "%lld", (long long)record_int(record, column));
		return;
	case STORED_AS_REAL: snprintf(text, size, "%.15g", record_real(record, column)); return;
	}
}

static enum column column_named(const char *name, size_t len)
{
	for (enum column c = 0; c < COLUMN_COUNT; c++)
		if (strlen(columns[c].name) == len && memcmp(columns[c].name, name, len) == 0)
			return c;
	fail_msg("no column %.*s", (int)len, name);
	return COLUMN_COUNT;
}

/* A line that starts with a column's name begins the next value; others continue a prose. */
static const char *value_end(const char *at)
{
	for (;; at++) {
		at += strcspn(at, "\n");
		if (!*at)
			return at;
		size_t len = strspn(at + 1, "abcdefghijklmnopqrstuvwxyz_");
		if (len > 0 && at[1 + len] == ' ')
			return at;
	}
}

static void check_columns(const struct record *record, const char *want)
{
	char got[4096], wanted[4096];

	while (want && *want) {
		size_t name_len = strcspn(want, " ");
		const char *value = want + name_len + 1, *end = value_end(value);
		enum column column = column_named(want, name_len);
		show(record, column, got, sizeof(got));
		snprintf(wanted, sizeof(wanted), "%.*s", (int)(end - value), value);
		if (strcmp(got, wanted) != 0)
			fail_msg("%s: \"%s\" instead of \"%s\"", columns[column].name, got, wanted);
		want = *end ? end + 1 : end;
	}
}

static void check_drifts(const struct drifts *drifts, const char *want)
{
	char got[4096] = "";

	for (size_t i = 0; i < drifts->count; i++) {
		const struct page_drift *drift = &drifts->list[i];
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%s%s|%s\n", drift->path,
			 drift->json_type ? " " : "", drift->json_type ? drift->json_type : "",
			 drift->native ? drift->native : "");
	}
	assert_string_equal(got, want ? want : "");
}

/* Whatever came in: raw is JSON, and no column shows a control character. */
static void check_always(const struct record *record)
{
	const char *raw_end = record->raw + strlen(record->raw);
	json_error_t error;
	json_t *raw = json_loads(record->raw, 0, &error);

	/* Numbers stay as they were sent, also those that this parser cannot hold. */
	if (!raw)
		assert_int_equal(json_error_code(&error), json_error_numeric_overflow);
	json_decref(raw);
	assert_ptr_equal(json_value_end(record->raw, raw_end, JSON_DEPTH_MAX), raw_end);
	assert_true(text_is_utf8(record->raw, strlen(record->raw)));
	for (enum column c = 0; c < COLUMN_COUNT; c++) {
		if (c == COLUMN_raw || record_is_absent(record, c) ||
		    column_storage(columns[c].type) != STORED_AS_TEXT)
			continue;
		const char *text = record_text(record, c);
		assert_true(text_is_utf8(text, strlen(text)));
		for (const char *at = text; *at; at++)
			if ((unsigned char)*at < 0x20 || *at == 0x7f)
				assert_true(*at == '\n' && columns[c].type == COLUMN_PROSE);
	}
}

static void normalizes(void **state)
{
	const struct row *row = *state;
	struct page_scope scope = { &provider, &service, row->region, row->zone, 7, NULL };
	static struct normalizer normalizer; /* larger than a stack frame should be */
	struct normalized got;
	struct arena arena;

	arena_init(&arena);
	assert_int_equal(normalizer_init(&normalizer, &arena, &scope), 0);
	assert_int_equal(normalize_item(&normalizer, row->item, strlen(row->item), row->source,
					row->group, &got),
			 0);
	assert_int_equal(got.verdict, row->verdict);
	assert_int_equal(got.record != NULL, row->verdict == ITEM_READ);
	assert_int_equal(got.key == 0, row->verdict == ITEM_NO_ID);
	if (got.record) {
		check_columns(got.record, row->want);
		check_drifts(&normalizer.drifts, row->drift);
		check_always(got.record);
		assert_int_equal(got.was_repaired, row->repaired);
		assert_null(strstr(got.record->raw, "hunter2"));
	}
	normalizer_finish(&normalizer);
	arena_finish(&arena);
}

static struct record *normalize_text(struct normalizer *normalizer, struct arena *arena,
				     const struct page_scope *scope, const char *item)
{
	struct normalized got;

	arena_init(arena);
	assert_int_equal(normalizer_init(normalizer, arena, scope), 0);
	assert_int_equal(normalize_item(normalizer, item, strlen(item), 0, NULL, &got), 0);
	assert_non_null(got.record);
	check_always(got.record);
	return got.record;
}

static const struct page_scope plain_scope = { &provider, &service, NULL, NULL, 7, NULL };

/* "{"Id":"i","FIELD":"aaaa…é"}" with `count` letters before the last one, which has two bytes. */
static char *long_item(const char *field, size_t count)
{
	struct buf out;

	buf_init(&out);
	buf_printf(&out, "{\"Id\":\"i\",\"%s\":\"", field);
	for (size_t i = 0; i < count; i++)
		buf_putc(&out, 'a');
	buf_puts(&out, "\xC3\xA9\"}");
	assert_false(out.failed);
	return out.bytes;
}

static void long_texts_are_cut(void **state)
{
	static const struct {
		const char *field;
		enum column column;
		size_t limit;
	} limits[] = { { "Name", COLUMN_name, LINE_BYTES_MAX },
		       { "Text", COLUMN_description, PROSE_BYTES_MAX } };
	static struct normalizer normalizer;
	struct arena arena;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		for (size_t over = 0; over < 4; over++) {
			size_t letters = limits[i].limit - 2 + over;
			char *item = long_item(limits[i].field, letters);
			struct record *record =
				normalize_text(&normalizer, &arena, &plain_scope, item);
			const char *text = record_text(record, limits[i].column);
			size_t want = over == 0 ? letters + 2 : letters;
			assert_int_equal(strlen(text),
					 want < limits[i].limit ? want : limits[i].limit);
			assert_int_equal(record->warnings != NULL, over > 0);
			normalizer_finish(&normalizer);
			arena_finish(&arena);
			free(item);
		}
	}
}

static void long_ids_are_none(void **state)
{
	static struct normalizer normalizer;

	(void)state;
	for (size_t over = 0; over < 2; over++) {
		struct normalized got;
		struct arena arena;
		char *item = long_item("OldId", ID_BYTES_MAX - 2 + over);
		memcpy(strstr(item, "\"Id\""), "\"Kd\"", 4); /* no other id */
		arena_init(&arena);
		assert_int_equal(normalizer_init(&normalizer, &arena, &plain_scope), 0);
		assert_int_equal(normalize_item(&normalizer, item, strlen(item), 0, NULL, &got), 0);
		assert_int_equal(got.verdict, over ? ITEM_NO_ID : ITEM_READ);
		normalizer_finish(&normalizer);
		arena_finish(&arena);
		free(item);
	}
}

/* Much of what is wrong: the record still ends, and says that there was more. */
static void notes_are_bounded(void **state)
{
	static struct normalizer normalizer;
	struct arena arena;
	struct buf item;

	(void)state;
	buf_init(&item);
	buf_puts(&item, "{\"Id\":\"i\"");
	for (int i = 0; i < 5000; i++)
		buf_printf(&item, ",\"f%d\":1,\"token%d\":1,\"big%d\":1e999,\"bad%d\":\"\xff\"", i,
			   i, i, i);
	buf_puts(&item, "}");
	struct record *record = normalize_text(&normalizer, &arena, &plain_scope, item.bytes);
	assert_non_null(strstr(record->warnings, "\"and 9872 more\"]"));
	assert_non_null(strstr(record->redacted, "\"and 4872 more\"]"));
	assert_non_null(strstr(record->unmapped, "\"and 14872 more\"]"));
	assert_int_equal(normalizer.drifts.count, DRIFTS_MAX);
	assert_null(strstr(record->raw, "\xff"));
	normalizer_finish(&normalizer);
	arena_finish(&arena);
	buf_finish(&item);
}

/* A small generator: the same sequence in every run. */
static uint32_t step(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

static void order_is_no_change(void **state)
{
	static struct normalizer normalizer;
	const char *elements[] = { "{\"tag_key\":\"a\",\"tag_value\":\"1\"}",
				   "{\"tag_value\":\"2\",\"tag_key\":\"a\"}", "{\"tag_key\":\"b\"}",
				   "\"plain\"" };
	const char *words[] = { "\"NetEnhnced\"", "\"GPU\"", "\"CloudInit\"", "\"GPU\"" };
	uint32_t seed = 20261121;
	uint64_t first = 0;

	(void)state;
	for (int round = 0; round < 1000; round++) {
		for (size_t i = 3; i > 0; i--) {
			size_t a = step(&seed) % (i + 1), b = step(&seed) % (i + 1);
			const char *t = elements[i], *w = words[i];
			elements[i] = elements[a];
			elements[a] = t;
			words[i] = words[b];
			words[b] = w;
		}
		char item[512];
		snprintf(item, sizeof(item),
			 "{\"Id\":\"i\",\"Tags\":[%s,%s,%s,%s],\"Set\":[%s,%s,%s,%s]}", elements[0],
			 elements[1], elements[2], elements[3], words[0], words[1], words[2],
			 words[3]);
		struct arena arena;
		struct record *record = normalize_text(&normalizer, &arena, &plain_scope, item);
		uint64_t hash = record_hash(record, 1);
		if (round == 0)
			first = hash;
		assert_int_equal(hash, first);
		normalizer_finish(&normalizer);
		arena_finish(&arena);
	}
}

int main(void)
{
	enum { FIXED = 4 };
	struct CMUnitTest tests[ARRAY_LEN(rows) + FIXED] = {
		cmocka_unit_test(long_texts_are_cut),
		cmocka_unit_test(long_ids_are_none),
		cmocka_unit_test(notes_are_bounded),
		cmocka_unit_test(order_is_no_change),
	};

	scratch_install();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		tests[FIXED + i] = (struct CMUnitTest)TEST_ROW(normalizes, &rows[i]);
	return _cmocka_run_group_tests("normalize", tests, FIXED + ARRAY_LEN(rows), NULL, NULL);
}
