#include "tests/provider/replay.h"

extern const struct provider provider_ucloud;

/* UCloud: uhost and uk8s. */
/* clang-format off */

/* The document's own example: random words, a CreateTime of 1970, a total of 4 with one image. */
static const struct expectation uhost_documented[] = {
	IMAGE("DSFagZyu"),
	IS(image_id, "DSFagZyu"),
	IS(zone, "BOUCCxQH"),
	IS(name, "tLrQRsEd"),
	IS(os_type, "unknown"),
	IS(os_name, "NxoYUnar"),
	NONE(os_distro),
	IS(kind, "unknown"),
	IS(kind_native, "qHUuzcMF"),
	IS(origin, "unknown"),
	IS(origin_native, "qHUuzcMF"),
	NONE(visibility),
	IS(features, "[\"fIjpPBic\"]"),
	NONE(gpu_supported),
	IS(arch, "x86_64"),
	IS(workload, "HUUNWmIe"),
	IS(integrated_software, "IHavDZNf"),
	IS(vendor, "JjBqzeus"),
	IS(link_url, "fKLwvSib"),
	IS(state, "unknown"),
	IS(state_native, "eGSoZznP"),
	NONE(launchable),
	IS(description, "HVeLQVxc"),
	NONE(created_at),
	IS(size_bytes, "5368709120"),
	IS(min_cpu_platform, "RDlcZqYK"),
	IS(form, "vm"),
	IS(inferred, "[\"form\",\"arch\"]"),
	HAS(warnings, "CreateTime"),
	HAS(raw, "\"CreateTime\": 7"),
	NO_MORE,
	{ 0 },
};

static const struct expectation uhost_recorded[] = {
	IMAGE("uimage-upznxr"),
	IS(zone, "cn-bj2-05"),
	IS(name, "Debian 10.0 64位"),
	IS(os_type, "linux"),
	IS(os_name, "Debian 10.0 64位"),
	IS(os_distro, "debian"),
	IS(os_version, "10.0"),
	IS(kind, "system"),
	IS(kind_native, "Base"),
	IS(origin, "platform"),
	IS(visibility, "public"),
	NONE(visibility_native),
	IS(features, "[\"CloudInit\",\"NetEnhanced\",\"NetEnhanced_Ultra\",\"RssdAttachable\"]"),
	NONE(gpu_supported),
	IS(gpu_types, "[]"),
	IS(scene_categories, "[]"),
	NONE(workload),
	NONE(link_url),
	IS(description, ""),
	IS(state, "available"),
	IS(launchable, "1"),
	IS(created_at, "1625818055"),
	IS(size_bytes, "21474836480"),
	IS(eol_on, "2024-06-30"),
	IS(tags, "[\"Default\"]"),
	IS(arch, "x86_64"),
	IS(form, "vm"),
	IS(inferred, "[\"arch\",\"form\",\"visibility\"]"),
	IS(unmapped, "[\"ActualSize\"]"),
	NONE(warnings),
	NONE(redacted),
	{ 0 },
};

static const struct expectation uhost_2019[] = {
	IMAGE("0b560b1d-f3b1-43de-a492-08875d79211b"),
	IS(image_id, "0b560b1d-f3b1-43de-a492-08875d79211b"),
	IS(zone, "cn-bj2-04"),
	IS(name, "Windows 2008 32 位"),
	IS(description, "Windows Server 2008 R2 Datacenter 32-bit"),
	IS(os_type, "windows"),
	IS(os_name, "Windows 2008 32 位"),
	IS(os_distro, "windows"),
	IS(os_version, "2008"),
	IS(arch, "i386"),
	IS(kind, "system"),
	IS(kind_native, "Base"),
	IS(origin, "platform"),
	IS(origin_native, "Base"),
	IS(visibility, "public"),
	IS(form, "vm"),
	IS(state, "available"),
	IS(state_native, "Available"),
	IS(launchable, "1"),
	IS(created_at, "1234567890"),
	IS(inferred, "[\"arch\",\"form\",\"visibility\"]"),
	NO_MORE,
	{ 0 },
};

static const struct expectation uhost_every_field[] = {
	IMAGE("uimage-every1"),
	IS(image_id, "uimage-every1"),
	IS(zone, "cn-bj2-05"),
	IS(name, "高内核CentOS 7.6 64 位"),
	IS(os_type, "linux"),
	IS(os_name, "CentOS 7.6 64位"),
	IS(os_distro, "centos"),
	IS(os_version, "7.6"),
	IS(arch, "x86_64"),
	IS(kind, "system"),
	IS(kind_native, "Base"),
	IS(origin, "platform"),
	IS(origin_native, "Base"),
	IS(visibility, "public"),
	IS(form, "vm"),
	/* NetEnhnced is a spelling of NetEnhanced: it is there once. */
	IS(features, "[\"CloudInit\",\"GPU\",\"HotPlug\",\"IPv6\",\"NetEnhanced\",\"NetEnhanced_Extreme\",\"NetEnhanced_Ultra\",\"RssdAttachable\",\"Vgpu_NVIDIA\"]"),
	IS(gpu_supported, "1"),
	IS(gpu_types, "[\"T4\",\"V100S\"]"),
	IS(workload, "gpu"),
	IS(integrated_software, "CUDA 12.2"),
	IS(primary_software, "PyTorch 2.1"),
	IS(vendor, "优刻得"),
	IS(link_url, "https://market.example/1"),
	IS(state, "available"),
	IS(state_native, "Available"),
	IS(launchable, "1"),
	IS(description, "one\ntwo"),
	IS(created_at, "1625818055"),
	IS(size_bytes, "42949672960"),
	IS(min_cpu_platform, "Broadwell"),
	IS(eol_on, "2024-06-30"),
	IS(data_snapshot_ids, "[\"bsi-a\",\"bsi-b\"]"),
	IS(scene_categories, "[\"Featured\",\"PreInstalledDrivers\"]"),
	IS(prices, "[{\"ChargeType\":\"Dynamic\",\"OriginalPrice\":1,\"Price\":0.5},{\"ChargeType\":\"Month\",\"OriginalPrice\":20,\"Price\":9.99592}]"),
	IS(tags, "[\"Default\"]"),
	IS(inferred, "[\"arch\",\"form\",\"visibility\"]"),
	IS(unmapped, "[\"ActualSize\"]"),
	HAS(raw, "\"NetEnhnced\""),
	HAS(raw, "\"Price\":9.99592"),
	NO_MORE,

	IMAGE("uimage-arm001"),
	IS(kind, "marketplace"),
	IS(kind_native, "Business"),
	IS(origin, "platform"),
	IS(origin_native, "Business"),
	IS(visibility, "public"),
	IS(os_type, "linux"),
	IS(os_distro, "ubuntu"),
	IS(os_version, "20.04"),
	IS(arch, "aarch64"),
	IS(features, "[\"Aarch64_Type\",\"CloudInit\"]"),
	NONE(gpu_supported),
	IS(gpu_types, "[]"),
	NONE(scene_categories),
	NONE(data_snapshot_ids),
	IS(prices, "[]"),
	NONE(tags),
	NONE(workload),
	NONE(link_url),
	NONE(eol_on),
	IS(description, ""),
	IS(state, "pending"),
	IS(state_native, "Making"),
	IS(launchable, "0"),
	IS(created_at, "1625818055"),
	IS(size_bytes, "21474836480"),
	IS(inferred, "[\"form\",\"visibility\"]"),
	NONE(warnings),
	NONE(unmapped),

	IMAGE("f43736e1-65a5-4bea-ad2e-8a46e18883c2"),
	IS(kind, "custom"),
	IS(kind_native, "Custom"),
	IS(origin, "self"),
	IS(visibility, "private"),
	IS(os_type, "linux"),
	IS(os_name, "Other"),
	IS(os_distro, "centos"),
	IS(os_version, "6.5"),
	IS(arch, "i386"),
	IS(state, "copying"),
	IS(state_native, "Copying"),
	IS(launchable, "0"),
	IS(created_at, "1625818055"),
	IS(size_bytes, "21474836480"),
	IS(gpu_supported, "1"),
	IS(tags, "[\"db\",\"web\"]"),
	IS(inferred, "[\"visibility\",\"form\",\"os_distro\",\"os_version\",\"arch\"]"), /* OsName did not say */
	NONE(features),
	NONE(warnings),

	IMAGE("b2689fc412ee5fa108fa5b23ed2e00e6"),
	NONE(zone),
	IS(kind, "custom"),
	IS(kind_native, "custom"),
	IS(os_type, "windows"),
	IS(os_distro, "windows"),
	IS(os_version, "2016"),
	IS(arch, "x86_64"),
	IS(gpu_supported, "1"),
	NONE(gpu_types),
	IS(state, "unavailable"),
	IS(launchable, "0"),
	IS(created_at, "1625818055"),
	IS(eol_on, "2027-01-12"),

	IMAGE("uimage-words1"),
	IS(name, "我的镜像"),
	IS(os_type, "unknown"),
	NONE(os_distro),
	IS(kind, "unknown"),
	IS(kind_native, "Mystery"),
	IS(origin, "unknown"),
	IS(origin_native, "Mystery"),
	IS(state, "unknown"),
	IS(state_native, "Exploded"),
	NONE(launchable),
	NONE(created_at),
	NONE(size_bytes),
	NONE(eol_on),
	NONE(features),
	IS(gpu_types, "[\"V100\"]"),
	IS(gpu_supported, "1"),
	HAS(warnings, "ImageSize"),
	HAS(warnings, "MaintainEol"),
	HAS(warnings, "Features"),
	IS(unmapped, "[\"BootMode\",\"Cpu\"]"),
	IS(redacted, "[\"InitPassword\"]"),
	HAS(raw, "\"Cpu\":{\"Min\":2}"),
	NOWHERE("hunter2"),

	IMAGE("uimage-types1"),
	NONE(name),
	NONE(os_name),
	IS(os_type, "linux"),
	IS(os_distro, "ubuntu"),
	NONE(os_version),
	IS(state, "available"),
	IS(state_native, "AVAILABLE"),
	IS(launchable, "1"),
	NONE(created_at),
	NONE(size_bytes),
	NONE(prices),
	NONE(link_url),
	IS(gpu_supported, "1"),
	HAS(features, "\"GPU\""),
	HAS(warnings, "ImageName"),
	HAS(warnings, "OsName"),
	HAS(warnings, "CreateTime"),
	HAS(warnings, "ImageSize"),
	HAS(warnings, "PriceSet"),
	HAS(warnings, "Links"),
	HAS(warnings, "Features"),
	{ 0 },
};

/* Where a zone was asked for, an image of another zone is none of this listing. */
static const struct expectation uhost_of_zone[] = {
	IMAGE("uimage-arm001"), IS(zone, "cn-bj2-02"),
	IMAGE("b2689fc412ee5fa108fa5b23ed2e00e6"), IS(zone, "cn-bj2-02"),
	{ 0 },
};

static const struct expectation uhost_hostile[] = {
	IMAGE("uimage-nul001"),
	IS(name, "a\xEF\xBF\xBD" "b"), IS(state, "available"), IS(launchable, "1"), HAS(warnings, "ImageName"),
	IMAGE("uimage-sur001"),
	IS(name, "a\xEF\xBF\xBD" "b"), IS(state, "available"), HAS(warnings, "ImageName"),
	IMAGE("uimage-utf001"),
	IS(name, "a\xEF\xBF\xBD\xEF\xBF\xBD" "b"), IS(state, "available"), HAS(warnings, "ImageName"),
	IMAGE("uimage-esc001"),
	IS(name, "a\xEF\xBF\xBD[31mb\xEF\xBF\xBD" "c"), HAS(raw, "a\\u001b[31mb\\u202Ec"),
	IS(description, "<script>\xEF\xBF\xBD\nx"), HAS(warnings, "ImageName"), HAS(warnings, "ImageDescription"),
	{ 0 },
};

static const struct expectation uhost_no_total[] = { IMAGE("uimage-upznxr"), NONE(state), NONE(launchable), NONE(name), { 0 } };

#define UK8S_SYSTEM(id, set, zone_, name_, gpu, form_) \
	IMAGE(id), IS(image_id, id), IS(image_set, set), IS(zone_id, zone_), IS(name, name_), IS(gpu_supported, gpu), \
	IS(kind, "system"), IS(origin, "platform"), IS(visibility, "public"), IS(form, form_), IS(state, "available"), \
	IS(launchable, "1"), IS(arch, "x86_64"), NONE(state_native), NONE(kind_native), NONE(zone), NONE(created_at), \
	IS(inferred, "[\"kind\",\"origin\",\"visibility\",\"form\",\"state\",\"arch\"]"), NO_MORE

static const struct expectation uk8s_documented[] = {
	UK8S_SYSTEM("SOqcWTEJ", "ImageSet", "5", "hIscEgwy", "1", "vm"),
	UK8S_SYSTEM("KeQfHnUL", "ImageSetnew", "5", "itWRmsMy", "0", "vm"),
	UK8S_SYSTEM("yFeQPFUL", "PHostImageSet", "9", "OlgivCjk", "0", "baremetal"),
	{ 0 },
};

static const struct expectation uk8s_every_field[] = {
	IMAGE("uimage-k8s001"),
	IS(image_set, "ImageSet"),
	IS(image_id, "uimage-k8s001"),
	IS(zone_id, "5001"),
	IS(zone, "cn-bj2-05"),
	IS(name, "CentOS 7.6 64位"),
	IS(gpu_supported, "1"),
	IS(gpu_types, "[\"T4\",\"V100S\"]"),
	IS(os_type, "linux"),
	IS(os_name, "CentOS 7.6 64位"),
	IS(os_distro, "centos"),
	IS(os_version, "7.6"),
	IS(arch, "x86_64"),
	IS(features, "[\"CloudInit\",\"GPU\",\"NetEnhanced\",\"RssdAttachable\"]"),
	IS(size_bytes, "21474836480"),
	IS(integrated_software, "containerd"),
	IS(kind, "system"), IS(origin, "platform"), IS(visibility, "public"), IS(form, "vm"), IS(state, "available"), IS(launchable, "1"),
	IS(inferred, "[\"kind\",\"origin\",\"visibility\",\"form\",\"state\",\"arch\"]"),
	NO_MORE,

	/* The same id in another zone is another image; names stand in for what is not there. */
	IMAGE_NTH("uimage-k8s001", 1),
	IS(zone_id, "5002"),
	IS(gpu_supported, "0"),
	IS(os_distro, "anolis"),
	IS(os_version, "8.6"),
	IS(os_type, "linux"),
	NONE(os_name),
	IS(inferred, "[\"kind\",\"origin\",\"visibility\",\"form\",\"state\",\"os_type\",\"os_distro\",\"os_version\",\"arch\"]"),
	NONE(warnings),

	IMAGE("uimage-k8sarm"),
	IS(arch, "aarch64"),
	IS(gpu_supported, "1"),
	IS(features, "[\"Aarch64_Type\",\"Vgpu_NVIDIA\"]"),
	IS(os_distro, "ubuntu"),
	IS(unmapped, "[\"Kernel\"]"),
	IS(redacted, "[\"NodePassword\"]"),
	HAS(raw, "\"Kernel\":\"5.15\""),
	NOWHERE("hunter2"),

	IMAGE_NTH("uimage-k8s001", 2), IS(image_set, "ImageSetnew"), IS(zone_id, "5001"),

	IMAGE("pimg-cs-aqxttl"),
	IS(image_set, "PHostImageSet"), IS(form, "baremetal"), IS(kind, "system"), IS(origin, "platform"), IS(visibility, "public"),
	IS(gpu_supported, "0"), IS(os_distro, "rocky"), NONE(os_version),

	IMAGE("uimage-custom"),
	IS(image_set, "CustomImageSet"), IS(form, "vm"), IS(kind, "custom"), IS(origin, "self"), IS(visibility, "private"),
	NONE(gpu_supported), HAS(warnings, "NotSupportGPU"), IS(state, "available"), NONE(os_distro),
	IS(inferred, "[\"kind\",\"origin\",\"visibility\",\"form\",\"state\",\"arch\"]"),

	IMAGE("pimg-cs-custom"),
	IS(image_set, "CustomPHostImageSet"), IS(form, "baremetal"), IS(kind, "custom"), IS(origin, "self"), IS(visibility, "private"), IS(gpu_supported, "1"),
	IS(inferred, "[\"kind\",\"origin\",\"visibility\",\"form\",\"state\",\"arch\"]"),

	IMAGE("uimage-twin01"),
	IS(image_set, "CustomIImageSet"), IS(form, "vm"), IS(kind, "custom"), IS(origin, "self"), IS(visibility, "private"), IS(gpu_supported, "0"),

	IMAGE("pimg-twin01"),
	IS(image_set, "PHostCustomIImageSet"), IS(form, "baremetal"), IS(kind, "custom"), IS(origin, "self"), IS(visibility, "private"),
	{ 0 },
};

#define SAYS_I386(id) IMAGE(id), IS(os_distro, "centos"), IS(os_version, "6.5"), IS(arch, "i386"), HAS(inferred, "\"arch\"")

static const struct expectation uhost_fallbacks[] = { SAYS_I386("uimage-osname"), SAYS_I386("uimage-imgname"), { 0 } };
static const struct expectation uk8s_fallbacks[] = {
	SAYS_I386("uimage-osname"), SAYS_I386("uimage-imgname"),
	IMAGE("uimage-ostype"), IS(os_type, "linux"), IS(os_distro, "ubuntu"), NONE(os_version), IS(gpu_supported, "1"), IS(gpu_types, "[\"T4\"]"),
	{ 0 },
};

/* What imported, older and other products' images say for OsType. */
static const struct expectation uhost_os_types[] = {
	IMAGE("unix"), IS(os_type, "linux"),
	IMAGE("Other"), IS(os_type, "other"),
	IMAGE("Others"), IS(os_type, "other"),
	IMAGE("RedHat"), IS(os_type, "linux"), IS(os_distro, "rhel"),
	IMAGE("Debian"), IS(os_type, "linux"),
	IMAGE("docky"), IS(os_type, "linux"), IS(os_distro, "rocky"),
	IMAGE("Rocky Linux"), IS(os_type, "linux"),
	IMAGE("AlmaLinux"), IS(os_type, "linux"),
	IMAGE("Anolis OS"), IS(os_type, "linux"),
	IMAGE("openEuler"), IS(os_type, "linux"),
	IMAGE("SUSE"), IS(os_type, "linux"),
	IMAGE("openSUSE"), IS(os_type, "linux"),
	IMAGE("Fedora"), IS(os_type, "linux"),
	IMAGE("Gentoo"), IS(os_type, "linux"),
	IMAGE("Arch Linux"), IS(os_type, "linux"),
	IMAGE("CoreOS"), IS(os_type, "linux"),
	IMAGE("FreeBSD"), IS(os_type, "other"),
	IMAGE("Windows"), IS(os_type, "windows"),
	IMAGE("liunx"), IS(os_type, "linux"),
	{ 0 },
};

static const struct answer answers[] = {
	{ "uhost documented example", "ucloud/uhost_documented.json", "uhost", "cn-bj2", .images = 1, .total = 4,
	  .drifts = { "OsType 'DxLQCAes'", "ImageType 'qHUuzcMF'", "State 'eGSoZznP'" }, .expected = uhost_documented },
	{ "uhost recorded", "ucloud/uhost_recorded.json", "uhost", "cn-bj2", .images = 1, .total = 1, .expected = uhost_recorded },
	{ "uhost example of 2019", "ucloud/uhost_2019.json", "uhost", "cn-bj2", .images = 1, .total = 1, .expected = uhost_2019 },
	{ "uhost every field", "ucloud/uhost_every_field.json", "uhost", "cn-bj2", .images = 6, .total = 6,
	  .drifts = { "OsType 'BeOS'", "ImageType 'Mystery'", "State 'Exploded'", "BootMode string", "Cpu object" }, .expected = uhost_every_field },
	{ "uhost of a zone", "ucloud/uhost_every_field.json", "uhost", "cn-bj2", "cn-bj2-02", .images = 5, .elsewhere = 1, .total = 6,
	  .drifts = { "OsType 'BeOS'", "ImageType 'Mystery'", "State 'Exploded'", "BootMode string", "Cpu object" }, .expected = uhost_of_zone },
	{ "uhost of another region", "ucloud/uhost_every_field.json", "uhost", "hk", .images = 5, .elsewhere = 1, .total = 6,
	  .drifts = { "OsType 'BeOS'", "ImageType 'Mystery'", "State 'Exploded'", "BootMode string", "Cpu object" } },
	{ "uhost hostile names", "ucloud/uhost_hostile.json", "uhost", "cn-bj2", .images = 4, .quarantined = 2, .total = 4, .expected = uhost_hostile },
	{ "uhost list is null", "ucloud/uhost_null_list.json", "uhost", "cn-bj2", .total = NO_TOTAL, .has_no_list = true },
	{ "uhost list is no list", "ucloud/uhost_no_list.json", "uhost", "cn-bj2", .total = 1, .has_no_list = true, .class = CLASS_MALFORMED },
	{ "uhost without total", "ucloud/uhost_no_total.json", "uhost", "cn-bj2", .images = 1, .total = NO_TOTAL, .expected = uhost_no_total },
	{ "uhost words of OsType", "ucloud/uhost_os_types.json", "uhost", "cn-bj2", .images = 19, .total = 19, .expected = uhost_os_types },
	{ "uhost fall-backs", "ucloud/uhost_fallbacks.json", "uhost", "cn-bj2", .images = 2, .total = 2, .expected = uhost_fallbacks },
	{ "uk8s fall-backs", "ucloud/uk8s_fallbacks.json", "uk8s", "cn-bj2", .images = 3, .total = NO_TOTAL, .expected = uk8s_fallbacks },
	{ "code 171", "ucloud/error_171.json", "uhost", "cn-bj2", .code = 171, .message = "签名错误", .total = NO_TOTAL, .has_no_list = true },
	{ "code 171 spelt as text", "ucloud/error_171_string.json", "uk8s", "cn-bj2", .code = 171, .message = "Signature VerifyAC Error", .total = NO_TOTAL, .has_no_list = true },
	{ "uk8s documented example", "ucloud/uk8s_documented.json", "uk8s", "cn-zj", .images = 3, .total = NO_TOTAL, .message = "RcXlEGbn", .expected = uk8s_documented },
	{ "uk8s SDK's example", "ucloud/uk8s_sdk_documented.json", "uk8s", "cn-zj", .images = 3, .skipped = 2, .total = NO_TOTAL, .message = "RcXlEGbn", .expected = uk8s_documented },
	{ "uk8s every field", "ucloud/uk8s_every_field.json", "uk8s", "cn-bj2", "cn-bj2-05", .images = 9, .skipped = 2, .total = NO_TOTAL,
	  .drifts = { "Kernel string" }, .expected = uk8s_every_field },
	{ "uk8s lists are null", "ucloud/uk8s_null_lists.json", "uk8s", "cn-bj2", .total = NO_TOTAL, .has_no_list = true },
	{ 0 },
};
/* clang-format on */

/* An image that twin arrays hold is one row; the same id in another zone is not. */
static void twins_are_one_image(void **state)
{
	struct replay replay;

	(void)state;
	for (const struct answer *answer = answers; answer->name; answer++) {
		if (strcmp(answer->name, "uk8s every field") != 0)
			continue;
		replay_start(&replay, &provider_ucloud, answer);
		uint64_t first = find_image(&replay.page, "uimage-k8s001", 0)->key;
		uint64_t elsewhere = find_image(&replay.page, "uimage-k8s001", 1)->key;
		uint64_t twin = find_image(&replay.page, "uimage-k8s001", 2)->key;
		assert_true(first == twin);
		assert_true(first != elsewhere);
		replay_end(&replay);
		return;
	}
	fail();
}

int main(void)
{
	const struct CMUnitTest more[] = { cmocka_unit_test(twins_are_one_image) };

	return replay_run("ucloud", &provider_ucloud, answers, more, ARRAY_LEN(more));
}
