#include "tests/provider/replay.h"

extern const struct provider provider_qingcloud;

/* QingCloud. */
/* clang-format off */

static const struct expectation documented[] = {
	IMAGE("img-37amqany"),
	IS(image_id, "img-37amqany"),
	IS(zone, "pek3"),
	IS(name, ""),
	NONE(description),
	IS(kind, "custom"),
	IS(kind_native, "self"),
	IS(origin, "self"),
	IS(origin_native, "self"),
	IS(visibility, "private"),
	IS(visibility_native, "private"),
	IS(form, "vm"),
	IS(state, "purged"),
	IS(state_native, "ceased"),
	NONE(transition),
	IS(launchable, "0"),
	IS(os_type, "linux"),
	IS(os_name, "centos"),
	IS(os_distro, "centos"),
	NONE(os_version),
	IS(arch, "x86_64"),
	IS(recommended_type, "small_b"),
	IS(owner_id, "usr-1234abcd"),
	IS(size_bytes, "21474836480"),
	IS(created_at, "1375899392"),
	IS(state_changed_at, "1376727393"),
	IS(tags, "[{\"color\":\"#c096e0\",\"id\":\"tag-rj6nhkn1\",\"key\":\"test-tag\",\"name\":\"test-tag\",\"owner\":\"admin\",\"value\":\"test-tag\"}]"),
	IS(inferred, "[\"form\",\"arch\"]"),
	IS(unmapped, "[\"sub_code\"]"),
	NO_MORE,
	{ 0 },
};

#define RECORDED(id, name_, distro, version) \
	IMAGE(id), IS(image_id, id), IS(zone, "ap2a"), IS(name, name_), IS(os_distro, distro), IS(os_version, version), IS(os_name, distro), \
	IS(os_type, "linux"), IS(arch, "x86_64"), IS(kind, "system"), IS(kind_native, "system"), IS(origin, "platform"), \
	IS(origin_native, "system"), IS(size_bytes, "21474836480"), IS(form, "vm"), IS(inferred, "[\"form\",\"arch\"]"), \
	NONE(state), NONE(launchable), NONE(visibility), NONE(warnings)

static const struct expectation recorded[] = {
	RECORDED("centos77x64a", "CentOS 7.7 64bit", "centos", "7.7"),
	IS(unmapped, "[\"ui_type\",\"agent_type\",\"features_supported\",\"f_resetpwd\",\"default_user\",\"features\"]"),
	IS(redacted, "[\"default_passwd\"]"),
	NOWHERE("REDACTED"),
	NO_MORE,
	RECORDED("focal1x64", "Ubuntu Server 20.04.1 LTS 64bit", "ubuntu", "20.04.1"),
	IS(unmapped, "[\"ui_type\",\"features_supported\",\"features\"]"), NONE(redacted), NO_MORE,
	RECORDED("xenial5x64b", "Ubuntu Server 16.04.5 LTS 64bit", "ubuntu", "16.04.5"),
	RECORDED("xenial4x64a", "Ubuntu Server 16.04.4 LTS 64bit", "ubuntu", "16.04.4"),
	{ 0 },
};

static const struct expectation every_field[] = {
	IMAGE("centos77x64a"),
	IS(image_id, "centos77x64a"),
	IS(zone, "sh1"),
	IS(name, "CentOS 7.7 64bit"),
	IS(description, "one\ntwo"),
	IS(size_bytes, "21474836480"),
	IS(arch, "x86_64"),
	IS(os_type, "linux"),
	IS(os_name, "centos"),
	IS(os_distro, "centos"),
	IS(os_version, "7.7"),
	IS(visibility, "public"),
	IS(visibility_native, "public"),
	IS(kind, "system"),
	IS(kind_native, "system"),
	IS(origin, "platform"),
	IS(origin_native, "system"),
	IS(owner_id, "system"),
	IS(recommended_type, "small_b"),
	IS(state, "available"),
	IS(state_native, "available"),
	NONE(transition),
	IS(launchable, "1"),
	IS(created_at, "1375899392"),
	IS(state_changed_at, "1376727393"),
	IS(tags, "[]"),
	IS(form, "vm"),
	IS(inferred, "[\"form\"]"),
	IS(unmapped, "[\"sub_code\",\"default_user\",\"hypervisor\",\"features\",\"feature\",\"features_supported\",\"f_resetpwd\",\"ui_type\",\"agent_type\","
		     "\"root_id\",\"instance_ids\",\"billing_id\",\"app_billing_id\"]"),
	IS(redacted, "[\"default_passwd\"]"),
	HAS(raw, "\"default_passwd\""),
	NOWHERE("Zhu88jie"),
	NO_MORE,

	/* A system without a name: the version is in the id, in which 18 is no 1.8. */
	IMAGE("fedora18x86a"),
	IS(name, ""), IS(os_distro, "fedora"), IS(os_version, "18"), IS(arch, "i386"), IS(state, "deprecated"), IS(state_native, "deprecated"), IS(launchable, "0"),
	IS(size_bytes, "8589934592"), IS(inferred, "[\"form\",\"arch\"]"),

	IMAGE("img-shared01"),
	IS(kind, "shared"), IS(kind_native, "shared"), IS(origin, "shared"), IS(visibility, "shared"), IS(owner_id, "12345"), HAS(warnings, "owner"),
	IS(arch, "aarch64"), IS(inferred, "[\"form\"]"), IS(os_distro, "ubuntu"), IS(os_version, "20.04.1"),
	IS(state, "suspended"), IS(transition, "resuming"), IS(launchable, "0"), IS(size_bytes, "21474836480"),
	IS(tags, "[{\"color\":\"#fff\",\"id\":\"tag-1\",\"key\":\"env\",\"name\":\"prod\",\"owner\":\"usr-a\",\"value\":\"prod\"},{\"key\":\"app\",\"value\":\"web\"}]"),

	IMAGE("img-deleted1"),
	IS(state, "deleted"), IS(launchable, "0"), IS(os_type, "windows"), IS(os_distro, "windows"), IS(tags, "[\"a\",\"b\"]"), IS(kind, "custom"), IS(origin, "self"),

	IMAGE("img-ceased01"), IS(state, "purged"), IS(state_native, "ceased"), IS(launchable, "0"), NONE(arch), NONE(warnings),
	IMAGE("img-pending1"), IS(state, "pending"), IS(transition, "creating"), IS(launchable, "0"),
	IMAGE("img-leaving1"), IS(state, "available"), IS(transition, "deleting"), IS(launchable, "0"),

	IMAGE("img-broke001"),
	IS(state, "available"), IS(transition, "suspending"), IS(launchable, "0"),
	IS(redacted, "[\"credentials.root_password\",\"credentials.ssh_private_key\",\"access_token\",\"api_secret\",\"default_passwd\"]"),
	HAS(raw, "\"user\":\"root\""), HAS(unmapped, "\"credentials\""),
	NOWHERE("hunter2"), NOWHERE("-----BEGIN"), NOWHERE("tok-987"), NOWHERE("s1\""), NOWHERE("deep"),

	IMAGE("img-odd00001"),
	IS(state, "unknown"), IS(state_native, "frozen"), NONE(launchable), IS(kind, "unknown"), IS(kind_native, "partner"), IS(origin, "unknown"),
	IS(origin_native, "partner"), IS(visibility, "unknown"), IS(visibility_native, "galaxy"), IS(os_type, "unknown"), NONE(arch), IS(os_name, "plan9"),
	NONE(created_at), NONE(state_changed_at), NONE(size_bytes),
	HAS(warnings, "create_time"), HAS(warnings, "status_time"), HAS(warnings, "size"), IS(unmapped, "[\"image_key\",\"quota\"]"),
	HAS(raw, "\"quota\":{\"max\":3}"),
	{ 0 },
};

static const struct expectation total_sum[] = { IMAGE("xenial5x64b"), IS(os_distro, "ubuntu"), IS(os_version, "16.04.5"), IS(arch, "x86_64"), { 0 } };

static const struct expectation fallbacks[] = { IMAGE("img-captured"), IS(os_distro, "centos"), IS(os_version, "6.5"), IS(os_type, "linux"), IS(arch, "i386"), NONE(kind), { 0 } };

/* `architecture` is believed, not processor_type beside it. */
static const struct expectation architectures[] = {
	IMAGE("img-amd64"), IS(arch, "x86_64"), IS(inferred, "[\"form\"]"),
	IMAGE("img-x64"), IS(arch, "x86_64"), IS(inferred, "[\"form\"]"),
	IMAGE("img-i386"), IS(arch, "i386"), IS(inferred, "[\"form\"]"),
	IMAGE("img-i686"), IS(arch, "i386"), IS(inferred, "[\"form\"]"),
	IMAGE("img-x86"), IS(arch, "i386"), IS(inferred, "[\"form\"]"),
	IMAGE("img-arm64"), IS(arch, "aarch64"), IS(inferred, "[\"form\"]"),
	IMAGE("img-aarch64"), IS(arch, "aarch64"), IS(inferred, "[\"form\"]"),
	IMAGE("img-X86_64"), IS(arch, "x86_64"), IS(inferred, "[\"form\"]"),
	{ 0 },
};

static const struct answer answers[] = {
	{ "qingcloud documented example", "qingcloud/documented.json", "images", NULL, "pek3", .images = 1, .total = 9, .expected = documented },
	{ "qingcloud recorded", "qingcloud/recorded.json", "images", NULL, "ap2a", .images = 4, .total = 4, .expected = recorded },
	{ "qingcloud every field", "qingcloud/every_field.json", "images", NULL, "sh1", .images = 9, .total = 9,
	  .drifts = { "status 'frozen'", "provider 'partner'", "visibility 'galaxy'", "platform 'beos'", "processor_type '128bit'", "image_key string", "quota object",
		      "credentials object" }, .expected = every_field },
	{ "architectures", "qingcloud/architectures.json", "images", NULL, "pek3", .images = 8, .total = 8, .expected = architectures },
	{ "fall-backs", "qingcloud/fallbacks.json", "images", NULL, "pek3", .images = 1, .total = 1, .expected = fallbacks },
	{ "total_sum", "qingcloud/total_sum.json", "images", NULL, "pek3", .images = 1, .total = 1, .expected = total_sum },
	{ "code in another member, list is null", "qingcloud/null_list.json", "images", NULL, "pek3", .total = 0, .has_no_list = true },
	{ "code 1200", "qingcloud/error_1200.json", "images", NULL, "pek3", .code = 1200, .message = "AuthFailure, signature not matched", .total = NO_TOTAL, .has_no_list = true },
	{ "code 1400 without message", "qingcloud/error_1400.json", "images", NULL, "pek3", .code = 1400, .total = NO_TOTAL, .has_no_list = true },
	{ 0 },
};
/* clang-format on */

int main(void)
{
	return replay_run("qingcloud", &provider_qingcloud, answers, NULL, 0);
}
