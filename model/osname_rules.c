#include "model/osname_rules.h"

#define MONTH(m) (1u << (m))

/* clang-format off */
#define ID(text)                .id = (text), .os_type = "linux"
#define POINT(low_, high_, minor_, keep_) \
	.shape = VERSION_POINT, .low = (low_), .high = (high_), .minor_high = (minor_), .keep = (keep_)
#define MONTHS(low_, high_, months_) \
	.shape = VERSION_MONTH, .low = (low_), .high = (high_), .minor_high = (months_), .keep = 3
#define OR(low_, high_)         .other_low = (low_), .other_high = (high_)

/*
 * Ids are those of libosinfo or /etc/os-release where these know the system. CentOS Stream is
 * not CentOS: it is no rebuild of RHEL, and its versions do not continue those of CentOS Linux.
 */
const struct distro osname_distros[] = {
	{ ID("almalinux"),  POINT(8, 12, 10, 2),   .words = { "alma linux", "~alma" } },
	{ ID("alibaba"),    POINT(2, 4, 9999, 2),  .words = { "alibaba cloud linux", "alibaba linux", "aliyun linux",
	                                                      "阿里云 linux", "alinux", "~aliyun", "~alibaba" } },
	{ ID("alpine"),     POINT(3, 3, 40, 3),    .words = { "alpine linux", "alpine" } },
	{ ID("amazonlinux"), POINT(1, 2, 12, 2), OR(2011, 2040), .words = { "amazon linux", "amzn linux", "amzn" } },
	{ ID("anolis"),     POINT(7, 8, 10, 2), OR(23, 30), .words = { "anolis os", "anolis", "龙蜥" } },
	{ ID("arch"),       .shape = VERSION_DATE, .words = { "arch linux", "~arch" } },
	{ ID("bclinux"),    POINT(6, 8, 10, 2), OR(21, 30), .words = { "bclinux", "bigcloud enterprise linux", "bigcloud linux" } },
	{ ID("centos"),     POINT(3, 10, 10, 2),   .words = { "cent os", "cent os linux" },
	                    .behind = "stream", .becomes = "centos-stream" },
	{ ID("centos-stream"), POINT(8, 12, 0, 1), .words = { "cent os stream", "cent os linux stream" } },
	{ ID("coreos"),     POINT(30, 9999, 99, 3), .flags = DISTRO_BARE_ID | DISTRO_ID_X86_64,
	                    .words = { "coreos", "fedora coreos", "red hat coreos", "rhcos", "fcos",
	                               "red hat enterprise linux coreos", "coreos container linux" } },
	{ ID("ctyunos"),    POINT(2, 4, 10, 2), OR(22, 30), .words = { "ctyunos" } },
	{ ID("debian"),     POINT(3, 20, 15, 3),   .words = { "debian", "debian gnu linux" } },
	{ ID("deepin"),     POINT(15, 30, 11, 2),  .words = { "deepin", "深度操作系统" } },
	{ ID("euleros"),    POINT(2, 3, 15, 2), .flags = DISTRO_PACKS, .words = { "euler os", "~euler" } },
	{ ID("fedora"),     POINT(1, 60, 0, 1),    .words = { "fedora", "fedora linux" } },
	{ ID("flatcar"),    POINT(1000, 9999, 99, 3), .words = { "flatcar", "flatcar container linux" } },
	{ ID("gentoo"),     .words = { "gentoo", "gentoo linux" } },
	{ ID("hce"),        POINT(1, 3, 10, 2),    .words = { "huawei cloud euler os", "huawei cloud euler", "hce os", "~hce" } },
	{ ID("kali"),       POINT(2016, 2099, 4, 2), .words = { "kali linux", "kali" } },
	{ ID("kylin"),      POINT(3, 12, 9, 2), .flags = DISTRO_PACKS,
	                    .words = { "kylin", "kylin os", "kylin linux", "kylin sec", "银河麒麟", "~麒麟" } },
	{ ID("linuxmint"),  POINT(13, 30, 3, 2),   .words = { "linux mint" } },
	{ ID("loongnix"),   POINT(1, 30, 10, 2),   .words = { "loongnix" } },
	{ ID("manjaro"),    .words = { "manjaro", "manjaro linux" } },
	{ ID("neokylin"),   POINT(5, 10, 9, 2), .flags = DISTRO_PACKS, .words = { "neo kylin", "中标麒麟" } },
	{ ID("nixos"),      MONTHS(13, 40, MONTH(3) | MONTH(5) | MONTH(9) | MONTH(11)), .words = { "nix os" } },
	{ ID("opencloudos"), POINT(7, 9, 10, 2), OR(23, 30), .words = { "open cloud os" } },
	{ ID("openeuler"),  MONTHS(20, 40, MONTH(3) | MONTH(9)), .flags = DISTRO_PACKS, .words = { "open euler", "~欧拉" } },
	{ ID("openkylin"),  POINT(1, 5, 10, 2),    .words = { "open kylin", "开放麒麟" } },
	{ ID("opensuse"),   POINT(10, 16, 9, 2), OR(42, 42),
	                    .words = { "open suse", "open suse leap", "open suse tumbleweed" } },
	{ ID("openwrt"),    POINT(15, 30, 12, 3),  .words = { "openwrt" } },
	{ ID("oraclelinux"), POINT(5, 12, 10, 2),  .words = { "oracle linux", "oracle linux server", "oracle enterprise linux" } },
	{ ID("photon"),     POINT(1, 6, 0, 2),     .words = { "photon os", "vmware photon", "~photon" } },
	{ ID("rhel"),       POINT(4, 12, 10, 2),   .words = { "red hat", "red hat linux", "red hat enterprise linux", "rhel", "红帽" } },
	{ ID("rocky"),      POINT(8, 12, 10, 2),   .words = { "rocky linux", "rocky", "~docky" } },
	{ ID("scientificlinux"), POINT(5, 7, 11, 2), .words = { "scientific linux" } },
	{ ID("slackware"),  POINT(13, 16, 9, 2),   .words = { "slackware", "slackware linux" } },
	{ ID("sles"),       POINT(9, 16, 7, 2), .flags = DISTRO_PACKS | DISTRO_DOTTED_PACKS,
	                    .words = { "sles", "sled", "suse", "suse linux", "suse linux enterprise", "suse linux enterprise server",
	                               "suse linux enterprise server for sap", "suse enterprise", "sles for sap" } },
	{ ID("tencentos"),  POINT(1, 5, 10, 2),    .words = { "tencent os", "tencent os server", "tencent linux", "tlinux" } },
	{ ID("ubuntu"),     MONTHS(6, 40, MONTH(4) | MONTH(6) | MONTH(10)),
	                    .words = { "ubuntu", "ubuntu server", "ubuntu kylin", "优麒麟" } },
	{ ID("uos"),        POINT(15, 30, 9999, 2),  .words = { "uos", "uniontech", "uniontech os", "统信" } },
	{ ID("velinux"),    POINT(1, 4, 10, 2),    .words = { "velinux" } },

	{ .id = "windows", .os_type = "windows", .shape = VERSION_WINDOWS, .flags = DISTRO_BARE_ID,
	  .words = { "windows", "windows server", "win server", "win svr", "win srv", "~win" } },

	{ .id = "dragonflybsd", .os_type = "other", POINT(3, 9, 10, 2),   .words = { "dragonfly bsd" } },
	{ .id = "freebsd", .os_type = "other", POINT(4, 20, 10, 2),  .words = { "free bsd" } },
	{ .id = "macos",   .os_type = "other", POINT(10, 30, 16, 3), .words = { "mac os", "mac os x" } },
	{ .id = "netbsd",  .os_type = "other", POINT(2, 12, 10, 2),  .words = { "net bsd" } },
	{ .id = "openbsd", .os_type = "other", POINT(3, 9, 9, 2),    .words = { "open bsd" } },

	/* Products that bear the name of a system, or of its maker. */
	{ .words = { "apache kylin", "kylin olap", "alpine js", "red hat openshift", "red hat ansible", "red hat satellite",
	             "suse rancher", "suse manager", "rocky mountain", "windows subsystem" } },
};
const size_t osname_distro_count = ARRAY_LEN(osname_distros);

const struct code_name osname_code_names[] = {
	{ "lucid",    "ubuntu", "10.04" }, { "precise",  "ubuntu", "12.04" }, { "trusty",   "ubuntu", "14.04" },
	{ "xenial",   "ubuntu", "16.04" }, { "bionic",   "ubuntu", "18.04" }, { "focal",    "ubuntu", "20.04" },
	{ "hirsute",  "ubuntu", "21.04" }, { "impish",   "ubuntu", "21.10" }, { "jammy",    "ubuntu", "22.04" },
	{ "kinetic",  "ubuntu", "22.10" }, { "lunar",    "ubuntu", "23.04" }, { "mantic",   "ubuntu", "23.10" },
	{ "noble",    "ubuntu", "24.04" }, { "oracular", "ubuntu", "24.10" }, { "plucky",   "ubuntu", "25.04" },
	{ "questing", "ubuntu", "25.10" },
	{ "squeeze",  "debian", "6" },     { "wheezy",   "debian", "7" },     { "jessie",   "debian", "8" },
	{ "stretch",  "debian", "9" },     { "buster",   "debian", "10" },    { "bullseye", "debian", "11" },
	{ "bookworm", "debian", "12" },    { "trixie",   "debian", "13" },    { "forky",    "debian", "14" },
	{ "winxp",    "windows", "XP" },   { "windowsxp", "windows", "XP" },  { "xp",       "windows", "XP" },
	{ "vista",    "windows", "Vista" },
};
const size_t osname_code_name_count = ARRAY_LEN(osname_code_names);

const char *const osname_fillers[] = {
	"linux", "gnu", "os", "server", "srv", "release", "version", "ver", "v", "lts", "eol", "stream", "leap",
	"desktop", "workstation", "minimal", "cloud", "cloudimg", "cloudinit", "base", "core", "full", "live",
	"image", "images", "img", "generic", "genericcloud", "edition", "advanced", "enterprise", "standard", "datacenter",
	"professional", "pro", "home", "ultimate", "education", "english", "chinese", "cn", "en", "zh",
	"official", "public", "std", "nvidia", "gpu", "vgpu", "amd", "hvm", "ami", "uefi", "bios", "microsoft",
	"rhck", "anck", "jellyfish", "fossa", "numbat", "beaver", "xerus", "tahr",
};
const size_t osname_filler_count = ARRAY_LEN(osname_fillers);

const char *const osname_han_fillers[] = {
	"操作系统", "系统", "服务器", "桌面", "数据中心", "专业", "企业", "标准", "高级", "旗舰", "家庭", "教育",
	"简体", "繁体", "中文", "英文", "版本", "版", "镜像", "公共", "官方", "发行", "社区", "最小化", "纯净",
	"基础", "通用", "原生", "高内核", "微软", "位", "架构",
};
const size_t osname_han_filler_count = ARRAY_LEN(osname_han_fillers);

const char *const osname_editions[] = {
	"dc", "ee", "ent", "se", "std", "web", "chs", "cht", "cn", "eng", "en",
};
const size_t osname_edition_count = ARRAY_LEN(osname_editions);

const struct unit osname_units[] = {
	{ "g", false }, { "gb", true }, { "gib", true }, { "m", false }, { "mb", true }, { "mib", true }, { "t", false },
	{ "tb", true }, { "tib", true }, { "c", false }, { "core", false }, { "cores", true }, { "cpu", false },
	{ "cpus", true }, { "vcpu", true }, { "vcpus", true }, { "k", false }, { "w", false }, { "gpus", true },
	{ "days", true }, { "users", true },
	{ "核", true }, { "卡", true }, { "天", true }, { "月", true }, { "年", true }, { "个", true }, { "元", true },
	{ "张", true }, { "台", true }, { "倍", true }, { "小时", true }, { "分钟", true }, { "人", true }, { "线程", true },
};
const size_t osname_unit_count = ARRAY_LEN(osname_units);
/* clang-format on */
