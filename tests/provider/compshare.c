#include "tests/provider/replay.h"

extern const struct provider provider_compshare;

/* Compshare: custom, platform, community, shared. */
/* clang-format off */

/* The site's own example. */
static const struct expectation custom_documented[] = {
	IMAGE("compshareImage-xxxx"),
	IS(image_id, "compshareImage-xxxx"),
	IS(name, "my-custom-env"),
	IS(kind, "custom"),
	IS(kind_native, "Custom"),
	IS(origin, "self"),
	IS(state, "available"),
	IS(state_native, "Available"),
	IS(launchable, "1"),
	IS(created_at, "1712563200"),
	IS(form, "vm"),
	IS(inferred, "[\"form\"]"),
	NO_MORE,
	{ 0 },
};

/* The gateway's example: random words where numbers belong. Nothing of it is lost. */
static const struct expectation gateway_documented[] = {
	IMAGE("hjNwBATq"),
	IS(image_id, "hjNwBATq"),
	IS(zone, "cn-zj-01"),
	IS(name, "nFmURawE"),
	IS(author, "CpKmKtmy"),
	IS(author_level, "6"),
	IS(kind, "unknown"),
	IS(kind_native, "AeSmLeoE"),
	IS(origin, "unknown"),
	IS(origin_native, "xWXjOYVE"),
	IS(visibility, "unknown"),
	IS(visibility_native, "2"),
	IS(state, "unknown"),
	IS(state_native, "hlqtbVJG"),
	NONE(launchable),
	IS(tags, "[\"PbbXTujk\"]"),
	IS(cover_url, "PFuhwZhm"),
	IS(readme, "ufXKfxWg"),
	IS(description, "yXiGjmEh"),
	IS(price, "9.99592"),
	IS(price_currency, "CNY"),
	IS(size_bytes, "4194304"),
	IS(form, "vm"),
	NONE(created_count),
	NONE(favorites_count),
	NONE(created_at),
	NONE(published_at),
	HAS(warnings, "CreatedCount"),
	HAS(warnings, "FavoritesCount"),
	HAS(warnings, "CreateTime"),
	HAS(warnings, "PubTime"),
	HAS(raw, "\"Price\": 9.99592"),
	HAS(raw, "\"CreateTime\": \"IFXxRGPj\""),
	IS(inferred, "[\"form\"]"),
	NO_MORE,
	{ 0 },
};

/* What an image with every field says, whichever service lists it. */
#define EVERY_FIELD \
	IS(image_id, "compshareImage-12rjyhwynazd"), \
	IS(zone, "cn-wlcb-01"), \
	IS(name, "my 训练 env"), \
	IS(author, "小明"), \
	IS(author_level, "2"), \
	NONE(origin_native), \
	IS(kind_native, "Custom"), \
	IS(is_official, "0"), \
	IS(form, "vm"), \
	IS(state, "available"), \
	IS(state_native, "Available"), \
	IS(launchable, "1"), \
	IS(size_bytes, "21474836480"), \
	IS(visibility, "private"), \
	IS(visibility_native, "0"), \
	IS(description, "one\ntwo"), \
	IS(tags, "[\"LLM\",\"PyTorch\",\"深度学习\"]"), \
	IS(price, "9.99592"), \
	IS(price_currency, "CNY"), \
	IS(cover_url, "https://cover.example/1.png"), \
	IS(readme, "# title\n\ntext"), \
	IS(os_type, "linux"), \
	IS(os_name, "Ubuntu 22.04"), \
	IS(os_distro, "ubuntu"), \
	IS(os_version, "22.04"), \
	IS(arch, "x86_64"), \
	IS(framework, "PyTorch"), \
	IS(framework_version, "2.8.0"), \
	IS(cuda_version, "12.8"), \
	IS(applications, "[\"ComfyUI\",\"JupyterLab\"]"), \
	IS(created_count, "12"), \
	IS(favorites_count, "3"), \
	IS(use_time, "3600"), \
	IS(failure_reason, ""), \
	IS(created_at, "1712563200"), \
	IS(published_at, "1712563200"), \
	IS(owner_id, "50000001"), \
	IS(owner_name, "某公司"), \
	IS(group_id, "group-1"), \
	IS(version_name, "v2 (py312)"), \
	IS(version_description, "faster\nsmaller"), \
	IS(source_gpu_type, "4090"), \
	IS(auto_start, "1"), \
	IS(is_paid, "1"), \
	IS(gpu_types, "[\"4090\",\"V100S\"]"), \
	IS(gpu_supported, "1"), \
	IS(inferred, "[\"os_type\",\"os_distro\",\"os_version\",\"arch\"]"), \
	IS(unmapped, "[\"UpdateTime\",\"SoftwarePorts\",\"FirewallPorts\",\"QrCodeUrl\",\"ImageSupportZone\",\"RecommendCount\",\"ImageDesc\",\"IsFavorite\"," \
		     "\"Softwares.PythonVersion\",\"Softwares.FrameworkVersionIndex\"]"), \
	IS(redacted, "[\"LoginToken\"]"), \
	NOWHERE("tok-987"), \
	HAS(raw, "\"FirewallPorts\":[22]"), \
	NO_MORE

static const struct expectation custom_every_field[] = {
	IMAGE("compshareImage-12rjyhwynazd"),
	IS(kind, "custom"), IS(origin, "self"),
	EVERY_FIELD,

	/* The fall-backs. */
	IMAGE("compshareImage-fallback"),
	IS(image_id, "compshareImage-fallback"),
	IS(name, "Windows Server 2022"),
	IS(kind, "custom"),
	IS(kind_native, "custom"),
	IS(origin, "community"),
	IS(origin_native, "Community"),
	IS(form, "container"),
	IS(state, "unavailable"),
	IS(state_native, "UnAvailable"),
	IS(launchable, "0"),
	IS(size_bytes, "1073741824"),
	IS(visibility, "public"),
	IS(visibility_native, "1"),
	IS(version_name, "v1"),
	IS(failure_reason, "disk full"),
	IS(price, "2.5"),
	IS(price_currency, "CNY"),
	IS(auto_start, "1"),
	IS(is_paid, "0"),
	IS(author_level, "1"),
	IS(owner_id, "50000002"),
	HAS(warnings, "Owner.AccountId"),
	IS(os_type, "windows"),
	IS(os_distro, "windows"),
	IS(os_version, "2022"),
	IS(arch, "x86_64"),
	IS(inferred, "[\"os_type\",\"os_distro\",\"os_version\",\"arch\"]"),
	NO_MORE,

	/* null is absent; the service says what the item does not; numbers after cuda and py are no system. */
	IMAGE("compshareImage-nulls"),
	IS(image_id, "compshareImage-nulls"),
	IS(name, "cuda128_torch280_py312"),
	IS(kind, "custom"),
	IS(origin, "self"),
	IS(form, "vm"),
	NONE(is_official),
	NONE(readme),
	IS(inferred, "[\"kind\",\"origin\",\"form\"]"),
	NO_MORE,

	IMAGE("compshareImage-making"),
	IS(state, "pending"),
	IS(state_native, "Making"),
	IS(launchable, "0"),
	IS(form, "container"),
	IS(gpu_types, "[]"),
	NONE(gpu_supported),
	NONE(created_at),
	IS(size_bytes, "536870912"),
	IS(unmapped, "[\"PythonVersion\",\"FrameworkVersionIndex\"]"),
	NONE(published_at),
	NONE(warnings),
	NONE(inferred),

	IMAGE("compshareImage-odd"),
	IS(kind, "unknown"),
	IS(kind_native, "Snapshot"),
	IS(origin, "unknown"),
	IS(origin_native, "Partner"),
	IS(state, "unknown"),
	IS(state_native, "Melting"),
	NONE(launchable),
	IS(form, "unknown"),
	IS(visibility, "unknown"),
	IS(visibility_native, "7"),
	NONE(price),
	NONE(created_count),
	NONE(is_official),
	HAS(warnings, "Price"),
	HAS(warnings, "CreatedCount"),
	HAS(warnings, "IsOfficial"),
	HAS(warnings, "Softwares"),
	HAS(warnings, "Tags"),
	IS(unmapped, "[\"NewField\",\"Softwares2\"]"),
	{ 0 },
};

static const struct expectation custom_through_platform[] = {
	IMAGE("compshareImage-12rjyhwynazd"), IS(kind, "custom"), IS(origin, "self"), EVERY_FIELD,
	IMAGE("compshareImage-fallback"), HAS(warnings, "Owner.AccountId"), IS(origin_native, "Community"),
	IMAGE("compshareImage-nulls"), NONE(kind), IS(origin, "platform"), IS(inferred, "[\"origin\",\"form\"]"),
	{ 0 },
};
static const struct expectation custom_through_community[] = {
	IMAGE("compshareImage-12rjyhwynazd"), IS(kind, "custom"), IS(origin, "self"), EVERY_FIELD,
	IMAGE("compshareImage-fallback"), HAS(warnings, "Owner.AccountId"), IS(origin_native, "Community"),
	IMAGE("compshareImage-nulls"), IS(kind, "community"), IS(origin, "community"), IS(inferred, "[\"kind\",\"origin\",\"form\"]"),
	{ 0 },
};
static const struct expectation custom_through_shared[] = {
	IMAGE("compshareImage-12rjyhwynazd"), IS(kind, "shared"), IS(origin, "shared"), EVERY_FIELD,
	IMAGE("compshareImage-fallback"), IS(kind, "shared"), IS(origin, "shared"), IS(origin_native, "Community"), HAS(warnings, "Owner.AccountId"),
	IMAGE("compshareImage-odd"), IS(kind, "shared"), IS(origin, "shared"), IS(kind_native, "Snapshot"),
	{ 0 },
};

static const struct expectation platform_documented[] = {
	IMAGE("QnfeEQhb"), IS(image_id, "QnfeEQhb"), IS(origin, "platform"), IS(form, "vm"), NONE(kind), NONE(state), NONE(launchable),
	IS(inferred, "[\"origin\",\"form\"]"), NO_MORE,
	{ 0 },
};

static const struct expectation platform_site[] = {
	IMAGE("compshareImage-xxxx"),
	IS(image_id, "compshareImage-xxxx"),
	IS(name, "PyTorch 2.1"),
	IS(kind, "system"),
	IS(kind_native, "System"),
	IS(origin, "platform"),
	IS(author, "UCloud"),
	IS(state, "available"),
	IS(state_native, "Available"),
	IS(launchable, "1"),
	IS(tags, "[\"PyTorch\",\"深度学习\"]"),
	IS(form, "vm"),
	IS(inferred, "[\"origin\",\"form\"]"),
	NO_MORE,
	{ 0 },
};

static const struct expectation platform_every_field[] = {
	IMAGE("compshareImage-sys"),
	IS(kind, "system"), IS(kind_native, "System"), IS(origin, "platform"), IS(origin_native, "Official"), IS(is_official, "1"), IS(form, "vm"),
	IS(os_distro, "ubuntu"), IS(os_version, "22.04"), IS(os_type, "linux"), IS(arch, "x86_64"), IS(author_level, "1"), IS(launchable, "1"),
	IS(inferred, "[\"os_type\",\"os_distro\",\"os_version\",\"arch\"]"),
	IMAGE("compshareImage-app"),
	IS(kind, "application"), IS(kind_native, "App"), IS(origin, "platform"), IS(form, "container"),
	IS(os_distro, "ubuntu"), IS(os_version, "22.04"), IS(version_name, "Ubuntu 22.04/12.8/12.8/3.12"),
	IMAGE("compshareImage-game"),
	IS(kind, "application"), IS(kind_native, "Game"), IS(origin, "platform"), IS(form, "vm"), IS(state, "offline"), IS(state_native, "Offline"), IS(launchable, "0"),
	IS(os_type, "windows"), IS(os_distro, "windows"), NONE(os_version),
	IMAGE("compshareImage-other"),
	IS(kind, "application"), IS(kind_native, "Other"), IS(state, "reviewing"), IS(state_native, "Reviewing"), IS(launchable, "0"), NONE(os_distro), NONE(arch),
	IMAGE("compshareImage-strange"), IS(kind, "community"), IS(origin, "community"), IS(inferred, "[\"form\"]"),
	{ 0 },
};

static const struct expectation community_every_field[] = {
	IMAGE("compshareImage-c1"),
	IS(kind, "community"), IS(kind_native, "Community"), IS(origin, "community"), IS(origin_native, "Community"), IS(visibility, "public"),
	/* The group has a state and counters of its own: they are the group's. */
	IS(state, "available"), IS(created_count, "5"), NONE(favorites_count), NONE(use_time),
	IS(name, "SD-WebUI"), IS(group_id, "group-1"), IS(version_name, "v1"), IS(published_at, "1712563200"),
	HAS(raw, "group text"), HAS(unmapped, "ImageDesc"), HAS(unmapped, "RecommendCount"), NONE(warnings),
	IMAGE("compshareImage-c2"),
	IS(kind, "community"), NONE(kind_native), IS(origin, "community"), IS(version_name, "v2"), IS(state, "reviewing"), IS(launchable, "0"),
	IS(inferred, "[\"kind\",\"origin\",\"form\"]"),
	IMAGE("compshareImage-c3"),
	IS(kind, "application"), IS(origin, "community"), NONE(unmapped),
	IMAGE("compshareImage-c5"),
	IS(state, "available"), IS(kind, "community"), NONE(group_id), /* the group's own */
	IMAGE("compshareImage-c4"),
	IS(kind, "community"), IS(origin, "platform"), IS(origin_native, "Official"),
	{ 0 },
};

static const struct expectation shared_site[] = {
	IMAGE("compshareImage-xxxx"),
	IS(image_id, "compshareImage-xxxx"),
	IS(name, "shared-env"),
	IS(kind, "shared"),
	IS(kind_native, "Custom"),
	IS(origin, "shared"),
	NONE(origin_native),
	IS(state, "available"),
	IS(state_native, "Available"),
	IS(launchable, "1"),
	IS(form, "vm"),
	IS(inferred, "[\"form\"]"),
	NO_MORE,
	{ 0 },
};

static const struct expectation shared_every_field[] = {
	IMAGE("compshareImage-s1"), IS(kind, "shared"), IS(kind_native, "Custom"), IS(origin, "shared"), IS(origin_native, "Community"),
	IMAGE("compshareImage-s2"), IS(kind, "shared"), NONE(kind_native), IS(origin, "shared"), NONE(state), NONE(launchable),
	{ 0 },
};

#define SAYS_ARM(id) IMAGE(id), IS(os_distro, "ubuntu"), IS(os_version, "22.04"), IS(arch, "aarch64"), IS(inferred, "[\"kind\",\"origin\",\"form\",\"os_type\",\"os_distro\",\"os_version\",\"arch\"]")

static const struct expectation fallbacks[] = {
	SAYS_ARM("ci-1"), IS(name, "Ubuntu 22.04 arm64"), SAYS_ARM("ci-2"), IS(name, "Ubuntu 22.04 arm64"), SAYS_ARM("ci-3"), SAYS_ARM("ci-4"), SAYS_ARM("ci-5"),
	{ 0 },
};

#define ODD_DRIFTS { "ImageType 'Snapshot'", "ImageOwnerAlias 'Partner'", "Status 'Melting'", "Container 'maybe'", "Visibility '7'", "NewField integer", "Softwares2 object" }

static const struct answer answers[] = {
	{ "compshare site's example", "compshare/custom_documented.json", "custom", "cn-wlcb", .images = 1, .total = 1, .expected = custom_documented },
	{ "compshare documented example", "compshare/gateway_documented.json", "custom", "cn-zj", "cn-zj-01", .images = 1, .total = 4,
	  .drifts = { "Status 'hlqtbVJG'", "ImageOwnerAlias 'xWXjOYVE'", "ImageType 'AeSmLeoE'", "Visibility '2'" }, .expected = gateway_documented },
	{ "custom every field", "compshare/custom_every_field.json", "custom", "cn-wlcb", .images = 5, .total = 5, .drifts = ODD_DRIFTS, .expected = custom_every_field },
	{ "platform every field", "compshare/custom_every_field.json", "platform", "cn-wlcb", .images = 5, .total = 5, .drifts = ODD_DRIFTS, .expected = custom_through_platform },
	{ "community every field", "compshare/custom_every_field.json", "community", "cn-wlcb", .images = 5, .total = 5, .drifts = ODD_DRIFTS, .expected = custom_through_community },
	{ "shared every field", "compshare/custom_every_field.json", "shared", "cn-wlcb", .images = 5, .total = 5, .drifts = ODD_DRIFTS, .expected = custom_through_shared },
	{ "platform documented example", "compshare/platform_documented.json", "platform", "cn-wlcb", .images = 1, .total = 2, .expected = platform_documented },
	{ "platform site's example", "compshare/platform_site.json", "platform", "cn-wlcb", .images = 1, .total = 2, .expected = platform_site },
	{ "platform types", "compshare/platform_every_field.json", "platform", "cn-wlcb", .images = 5, .total = 4, .expected = platform_every_field },
	{ "community groups", "compshare/community_every_field.json", "community", "cn-wlcb", .images = 5, .total = 3, .expected = community_every_field },
	{ "community site's example", "compshare/community_site.json", "community", "cn-wlcb", .total = 50 },
	{ "community of one's own", "compshare/self_community_site.json", "community", "cn-wlcb", .total = 2 },
	{ "shared site's example", "compshare/shared_site.json", "shared", "cn-wlcb", .images = 1, .total = 1, .expected = shared_site },
	{ "shared images", "compshare/shared_every_field.json", "shared", "cn-wlcb", .images = 2, .total = 2, .expected = shared_every_field },
	{ "fall-backs", "compshare/fallbacks.json", "custom", "cn-wlcb", .images = 5, .total = 5, .expected = fallbacks },
	{ "list is null", "compshare/null_list.json", "custom", "cn-wlcb", .total = 0, .has_no_list = true },
	{ "code 226601", "compshare/error_226601.json", "custom", "cn-wlcb", .code = 226601, .message = "欠费", .total = NO_TOTAL, .has_no_list = true },
	{ 0 },
};
/* clang-format on */

int main(void)
{
	return replay_run("compshare", &provider_compshare, answers, NULL, 0);
}
