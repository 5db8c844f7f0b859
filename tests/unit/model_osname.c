/*
 * Names and ids in, systems out. The rows of fixtures/os_values.tsv were seen in the clouds or in
 * their documents; the rows below are what people write, and what must not be mistaken for it.
 */
#include "model/osname.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "model/osname_rules.h"
#include "test.h"

#define X64 "x86_64"
#define X86 "i386"
#define ARM "aarch64"

/* "" where the name does not say. */
struct row {
	const char *name, *distro, *version, *arch;
};

/* clang-format off */
static const struct row names[] = {
	{ "Ubuntu 24.04 LTS 64位",                  "ubuntu", "24.04", X64 },
	{ "Ubuntu 24.04 LTS (Noble Numbat)",        "ubuntu", "24.04", "" },
	{ "ubuntu-22.04-server-amd64",              "ubuntu", "22.04", X64 },
	{ "ubuntu-22.04.4-live-server-arm64.iso",   "ubuntu", "22.04.4", ARM },
	{ "Ubuntu22.04",                            "ubuntu", "22.04", "" },
	{ "ubuntu2204",                             "ubuntu", "22.04", "" },
	{ "UBUNTU 2004",                            "ubuntu", "20.04", "" },
	{ "ubuntu_20_04_x64",                       "ubuntu", "20.04", X64 },
	{ "ubuntu-18-04",                           "ubuntu", "18.04", "" },
	{ "Ubuntu v22.04",                          "ubuntu", "22.04", "" },
	{ "Ubuntu 6.06",                            "ubuntu", "6.06", "" },
	{ "Ubuntu 22.10 GPU",                       "ubuntu", "22.10", "" },
	{ "Ubuntu-nvidia 22.04",                    "ubuntu", "22.04", "" },
	{ "Ubuntu 20.04 ARM64",                     "ubuntu", "20.04", ARM },
	{ "Ubuntu 22.04 64位 aarch64",              "ubuntu", "22.04", ARM },
	{ "Ubuntu ARM 22.04",                       "ubuntu", "22.04", ARM },
	{ "Ubuntu 22.04 ARM版 64位",                "ubuntu", "22.04", ARM },
	{ "Ubuntu Server 20.04.1 LTS 64-bit",       "ubuntu", "20.04.1", X64 },
	{ "Ubuntu Kylin 22.04",                     "ubuntu", "22.04", "" },
	{ "优麒麟 22.04",                           "ubuntu", "22.04", "" },
	{ "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-20230516", "ubuntu", "22.04", X64 },
	{ "jammy-server-cloudimg-amd64",            "ubuntu", "22.04", X64 },
	{ "Ubuntu focal",                           "ubuntu", "20.04", "" },
	{ "focal 20.04.6",                          "ubuntu", "20.04.6", "" },
	{ "ubuntu",                                 "ubuntu", "", "" },
	{ "wine-ubuntu",                            "ubuntu", "", "" },
	{ "py312ubuntu22.04",                       "ubuntu", "22.04", "" },
	{ "PyTorch 2.1 (Ubuntu 22.04)",             "ubuntu", "22.04", "" },
	{ "CUDA 12.4 Ubuntu 22.04",                 "ubuntu", "22.04", "" },
	{ "Ubuntu 22.04 CUDA 12.4",                 "ubuntu", "22.04", "" },
	{ "TensorFlow 2.9.0 / Ubuntu 20.04 / Py 3.8", "ubuntu", "20.04", "" },
	{ "ｕｂｕｎｔｕ　２２．０４　６４位",       "ubuntu", "22.04", X64 },
	{ "Ubuntu（22.04）",                        "ubuntu", "22.04", "" },
	{ "【官方】Ubuntu：22.04",                  "ubuntu", "22.04", "" },
	{ "Ub\xE2\x80\x8Buntu\xE2\x80\x8B 22.04",   "ubuntu", "22.04", "" },
	{ "Ubuntu\xC2\xA0" "22.04",                 "ubuntu", "22.04", "" },
	{ "\xF0\x9F\x90\xA7Ubuntu\xE2\x84\xA2 22.04", "ubuntu", "22.04", "" },

	{ "Debian GNU/Linux 12 (bookworm)",         "debian", "12", "" },
	{ "Debian 11.6 64位 EOL",                   "debian", "11.6", X64 },
	{ "Debian 10.0.0 64bit",                    "debian", "10.0.0", X64 },
	{ "debian12",                               "debian", "12", "" },
	{ "debian_12_64bit",                        "debian", "12", X64 },
	{ "debian-11-genericcloud-amd64",           "debian", "11", X64 },
	{ "Debian 12.20231013",                     "debian", "12", "" },
	{ "bookworm",                               "debian", "12", "" },
	{ "Debian trixie",                          "debian", "13", "" },
	{ "高内核Debian 10.9 64位",                 "debian", "10.9", X64 },

	{ "CentOS Linux release 7.9.2009 (Core)",   "centos", "7.9", "" },
	{ "CentOS-7-x86_64-GenericCloud-2009",      "centos", "7", X64 },
	{ "centos8.3",                              "centos", "8.3", "" },
	{ "centos79",                               "centos", "7.9", "" },
	{ "centos_7_9_x64",                         "centos", "7.9", X64 },
	{ "CentOS 7u9",                             "centos", "7.9", "" },
	{ "CentOS 7.x",                             "centos", "7", "" },
	{ "CentOS x86_64 7.6",                      "centos", "7.6", X64 },
	{ "Docker CE on CentOS 7.6",                "centos", "7.6", "" },
	{ "宝塔Linux面板 8.0 CentOS 7.9",           "centos", "7.9", "" },
	{ "CentOS Stream 9 64位",                   "centos-stream", "9", X64 },
	{ "CentOS-Stream-GenericCloud-9-20231113.0.x86_64", "centos-stream", "9", X64 },
	{ "centosstream8",                          "centos-stream", "8", "" },
	{ "CentOS 8 Stream",                        "centos-stream", "8", "" },
	{ "CentOS-8-Stream-GenericCloud-x86_64",    "centos-stream", "8", X64 },
	{ "CentOS 8 (Stream) 64位",                 "centos-stream", "8", X64 },
	{ "CentOS Linux 9 Stream",                  "centos-stream", "9", "" },
	{ "CentOS 7 Stream",                        "centos", "7", "" },
	{ "CentOS 8,Stream 9",                      "centos", "8", "" },
	{ "CentOS 8 Upstream",                      "centos", "8", "" },
	{ "Rocky 8 Stream",                         "rocky", "8", "" },

	{ "Rocky Linux 9.3 64位",                   "rocky", "9.3", X64 },
	{ "RockyLinux 8.6",                         "rocky", "8.6", "" },
	{ "Rocky-9-GenericCloud",                   "rocky", "9", "" },
	{ "CentOS 替代 Rocky Linux 9.3",            "rocky", "9.3", "" },
	{ "AlmaLinux 9.2",                          "almalinux", "9.2", "" },
	{ "AlmaLinux OS 8",                         "almalinux", "8", "" },
	{ "Alma 9",                                 "almalinux", "9", "" },
	{ "Red Hat Enterprise Linux 8.8",           "rhel", "8.8", "" },
	{ "Red Hat\xC2\xAE Enterprise Linux\xC2\xAE 8 (HVM)", "rhel", "8", "" },
	{ "RHEL 7.9",                               "rhel", "7.9", "" },
	{ "red-hat-8",                              "rhel", "8", "" },
	{ "红帽企业版 8.4",                         "rhel", "8.4", "" },
	{ "Oracle Linux 8.8",                       "oraclelinux", "8.8", "" },
	{ "Oracle Linux Server 7 Update 9",         "oraclelinux", "7.9", "" },
	{ "Fedora 39",                              "fedora", "39", "" },
	{ "Fedora-Cloud-Base-39-1.5.x86_64",        "fedora", "39", X64 },
	{ "Scientific Linux 7.6",                   "scientificlinux", "7.6", "" },

	{ "Anolis OS 8.6 RHCK 64位",                "anolis", "8.6", X64 },
	{ "龙蜥 23.1",                              "anolis", "23.1", "" },
	{ "openEuler 22.03 LTS SP3",                "openeuler", "22.03 SP3", "" },
	{ "openEuler-22.03-LTS-SP3-x86_64",         "openeuler", "22.03 SP3", X64 },
	{ "openEuler 20.03",                        "openeuler", "20.03", "" },
	{ "EulerOS 2.0 SP8",                        "euleros", "2.0 SP8", "" },
	{ "EulerOS 2.8",                            "euleros", "2.8", "" },
	{ "Euler 2.8",                              "euleros", "2.8", "" },
	{ "Euler 2.0 SP8 ARM64",                    "euleros", "2.0 SP8", ARM },
	{ "Huawei Cloud Euler 2.0",                 "hce", "2.0", "" },
	{ "Leonhard Euler 的数据",                  "", "", "" },
	{ "ubuntu22",                               "ubuntu", "", "" },
	{ "ubuntu 22",                              "ubuntu", "", "" },
	{ "Ubuntu 22 LTS 64位",                     "ubuntu", "", X64 },
	{ "Huawei Cloud EulerOS 2.0",               "hce", "2.0", "" },
	{ "Alibaba Cloud Linux 3.2104",             "alibaba", "3.2104", "" },
	{ "Alibaba Cloud Linux (Aliyun Linux) 2.1903 LTS 64位", "alibaba", "2.1903", X64 },
	{ "aliyun_3_x64_20G",                       "alibaba", "3", X64 },
	{ "阿里云Linux 3",                          "alibaba", "3", "" },
	{ "TencentOS Server 3.1",                   "tencentos", "3.1", "" },
	{ "OpenCloudOS 9.0",                        "opencloudos", "9.0", "" },
	{ "Kylin V10 SP2",                          "kylin", "10 SP2", "" },
	{ "kylinv10sp3",                            "kylin", "10 SP3", "" },
	{ "银河麒麟 V10",                           "kylin", "10", "" },
	{ "银河麒麟高级服务器操作系统V10 SP3 2403", "kylin", "10 SP3", "" },
	{ "中标麒麟 7.0",                           "neokylin", "7.0", "" },
	{ "统信UOS 20",                             "uos", "20", "" },
	{ "统信服务器操作系统V20（1050e）",         "uos", "20", "" },
	{ "Deepin 20.9",                            "deepin", "20.9", "" },
	{ "Amazon Linux 2",                         "amazonlinux", "2", "" },
	{ "amzn2-ami-hvm-2.0.20230207.0-x86_64-gp2", "amazonlinux", "2", X64 },
	{ "Amazon Linux AMI 2018.03",               "amazonlinux", "2018.03", "" },

	{ "SUSE Linux Enterprise Server 15 SP4",    "sles", "15 SP4", "" },
	{ "SLES15SP4",                              "sles", "15 SP4", "" },
	{ "sles 15.4",                              "sles", "15 SP4", "" },
	{ "SUSE Linux Enterprise Server for SAP 12 SP5", "sles", "12 SP5", "" },
	{ "openSUSE Leap 15.5",                     "opensuse", "15.5", "" },
	{ "openSUSE Tumbleweed",                    "opensuse", "", "" },
	{ "Arch Linux 2024.01.01",                  "arch", "2024.01.01", "" },
	{ "arch-2024-01-01-x64",                    "arch", "2024.01.01", X64 },
	{ "arch",                                   "arch", "", "" },
	{ "CoreOS",                                 "coreos", "", "" },
	{ "CoreOS 1185.5.0",                        "coreos", "1185.5.0", "" },
	{ "Fedora CoreOS 38",                       "coreos", "38", "" },
	{ "Alpine 3.18.4",                          "alpine", "3.18.4", "" },
	{ "Gentoo",                                 "gentoo", "", "" },
	{ "Kali Linux 2023.3",                      "kali", "2023.3", "" },
	{ "Linux Mint 21.2",                        "linuxmint", "21.2", "" },
	{ "FreeBSD 13.2",                           "freebsd", "13.2", "" },
	{ "FreeBSD 13.2-RELEASE amd64",             "freebsd", "13.2", X64 },
	{ "OpenBSD 7.4",                            "openbsd", "7.4", "" },
	{ "macOS 13",                               "macos", "13", "" },

	{ "Windows Server 2022 数据中心版 64位中文版", "windows", "2022", X64 },
	{ "Windows 2012 R2 Datacenter",             "windows", "2012 R2", "" },
	{ "Windows Server 2012R2",                  "windows", "2012 R2", "" },
	{ "win2k12r2",                              "windows", "2012 R2", "" },
	{ "Windows Server 2008 R2 企业版 64位",     "windows", "2008 R2", X64 },
	{ "Windows Server 2008 SP2 32位",           "windows", "2008", X86 },
	{ "Microsoft Windows Server Datacenter 2019", "windows", "2019", "" },
	{ "Windows_Server-2019-English-Full-Base",  "windows", "2019", "" },
	{ "Windows 服务器版 2016",                  "windows", "2016", "" },
	{ "Win2019",                                "windows", "2019", "" },
	{ "Windows 10 专业版",                      "windows", "10", "" },
	{ "win10x64",                               "windows", "10", X64 },
	{ "Windows 7 旗舰版 32 bit",                "windows", "7", X86 },
	{ "Windows 8.1",                            "windows", "8.1", "" },
	{ "Windows XP SP3",                         "windows", "XP", "" },
	{ "WinXP 32位",                             "windows", "XP", X86 },
	{ "SQL Server 2019 on Windows Server 2022", "windows", "2022", "" },
	{ "Windows-nvidia",                         "windows", "", "" },
};

/* A number that belongs to something else, or can be no version. */
static const struct row unversioned[] = {
	{ "Ubuntu CUDA 12.8",             "ubuntu", "", "" },
	{ "Ubuntu CUDA 12.04",            "ubuntu", "", "" },
	{ "Ubuntu 22.13",                 "ubuntu", "", "" },
	{ "Ubuntu 22.05",                 "ubuntu", "", "" },
	{ "Ubuntu 99.04",                 "ubuntu", "", "" },
	{ "Ubuntu + 22.04",               "ubuntu", "", "" },
	{ "CentOS with Python 3.9",       "centos", "", "" },
	{ "CentOS, 8 GPU",                "centos", "", "" },
	{ "CentOS 宝塔面板 7.9",          "centos", "", "" },
	{ "CentOS 535.54",                "centos", "", "" },
	{ "CentOS 8.64",                  "centos", "", "" },
	{ "CentOS 07",                    "centos", "", "" },
	{ "Debian py312",                 "debian", "", "" },
	{ "Debian 8核16G",                "debian", "", "" },
	{ "Debian 12GB",                  "debian", "", "" },
	{ "Debian 12 GB",                 "debian", "", "" },
	{ "Debian 10%",                   "debian", "", "" },
	{ "Debian 99",                    "debian", "", "" },
	{ "Debian 4294967308",            "debian", "", "" },
	{ "Debian 184467440737095516280", "debian", "", "" },
	{ "Fedora 32位",                  "fedora", "", X86 },
	{ "Fedora 64bit",                 "fedora", "", X64 },
	{ "Rocky Linux 64 位",            "rocky", "", X64 },
	{ "Windows SQL Server 2019",      "windows", "", "" },
	{ "Windows Office 2016",          "windows", "", "" },
	{ "Windows 64位",                 "windows", "", X64 },
	{ "Windows 2024-05-01",           "windows", "", "" },
	{ "Arch Linux 2024.13",           "arch", "", "" },
	{ "Arch Linux 12.8",              "arch", "", "" },
	{ "openEuler 22.04",              "openeuler", "", "" },
	{ "1024x64 Ubuntu",               "ubuntu", "", "" },
	{ "Ubuntu loongarch64 64位",      "ubuntu", "", "" },
};

/* Not the name of a system at all. */
static const struct row nothing[] = {
	{ "", "", "", "" },                       { "   ", "", "", "" },
	{ "cuda128_torch280_py312", "", "", "" }, { "PyTorch 2.9.1 cuda128", "", "", "" },
	{ "vLLM v0.12.0", "", "", "" },           { "Miniconda3", "", "", "" },
	{ "ComfyUI 纯净版", "", "", "" },         { "archive-server", "", "", "" },
	{ "search engine 3.1", "", "", "" },      { "darwinbox", "", "", "" },
	{ "Starch 2", "", "", "" },               { "redhatter", "", "", "" },
	{ "windowsill", "", "", "" },             { "debianized", "", "", "" },
	{ "my-custom-env", "", "", "" },          { "Python 3.12", "", "", "" },
	{ "CUDA 12.8", "", "", "" },              { "kubuntu 22.04", "", "", "" },
	{ "Focal Loss training", "", "", "" },    { "a stretch of buster keys", "", "", "" },
	{ "multi arch image", "", "", "" },       { "x86 arch", "", "", X86 },
	{ "Robot arm simulation", "", "", "" },   { "Apache Kylin 4.0", "", "", "" },
	{ "Red Hat OpenShift 4.12", "", "", "" }, { "alpine.js 3.13", "", "", "" },
	{ "麒麟芯片 990", "", "", "" },           { "深度学习 20.9", "", "", "" },
	{ "Win 数据", "", "", "" },               { "you win", "", "", "" },
	{ "linux", "", "", "" },                  { "d\xC3\xA9" "debian 12", "", "", "" },
	{ "\xFF\xFE\xC0\xAF", "", "", "" },       { "7win 10", "", "", "" },
	{ "64bit", "", "", X64 },                 { "SD x4 upscaler", "", "", "" },
};

static const struct row ids[] = {
	{ "centos77x64a",    "centos", "7.7", X64 },      { "centos7x64b",     "centos", "7", X64 },
	{ "centos610x64",    "centos", "6.10", X64 },     { "centos8x64",      "centos", "8", X64 },
	{ "debian91x64",     "debian", "9.1", X64 },      { "debian12x64",     "debian", "12", X64 },
	{ "debian113x64a",   "debian", "11.3", X64 },     { "bookworm5x64",    "debian", "12.5", X64 },
	{ "fedora18x86a",    "fedora", "18", X86 },       { "opensuse12x64",   "opensuse", "12", X64 },
	{ "opensuse423x64",  "opensuse", "42.3", X64 },   { "arch201609x64a",  "arch", "2016.09", X64 },
	{ "trustysrvx64c",   "ubuntu", "14.04", X64 },    { "xenial5x64b",     "ubuntu", "16.04.5", X64 },
	{ "bionic1x64c",     "ubuntu", "18.04.1", X64 },  { "focal1x64",       "ubuntu", "20.04.1", X64 },
	{ "jammyx64",        "ubuntu", "22.04", X64 },    { "ubuntu2204x64a",  "ubuntu", "22.04", X64 },
	{ "freebsd10u1x64",  "freebsd", "10.1", X64 },    { "rocky9x64a",      "rocky", "9", X64 },
	{ "rocky93x64",      "rocky", "9.3", X64 },       { "win2k12r2",       "windows", "2012 R2", "" },
	{ "winsvr2019",      "windows", "2019", "" },     { "winsvr2019x64",   "windows", "2019", X64 },
	{ "win10x86",        "windows", "10", X86 },      { "rocky9arm64",     "rocky", "9", ARM },
	{ "coreos4",         "coreos", "", X64 },         { "coreose",         "coreos", "", X64 },
	{ "archx64",         "arch", "", X64 },
	{ "win2012r2dcx64",  "windows", "2012 R2", X64 }, { "winsrv2016dcchs", "windows", "2016", "" },
	{ "win2k8r2eechsx64", "windows", "2008 R2", X64 }, { "winsrv2003stdchtx86", "windows", "2003", X86 },
	{ "winsrv2016dcx",   "", "", "" },                { "winsrv2016dc5chs", "", "", "" },
	{ "centos77dcx64",   "", "", "" },
	/* Random letters, and what is not the grammar. */
	{ "img-3x2k9b1m",    "", "", "" },  { "img-win10",       "", "", "" },
	{ "img-centos77x64a", "", "", "" }, { "uimage-win10",    "", "", "" },
	{ "uimage-debian12x64", "", "", "" }, { "compshareImage-12rjyhwynazd", "", "", "" },
	{ "f43736e1-65a5-4bea-ad2e-8a46e18883c2", "", "", "" },
	{ "centos-77x64",    "", "", "" },  { "win-10",          "", "", "" },
	{ "centos77",        "", "", "" },  { "centos77x64a9",   "", "", "" },
	{ "centos77foox64",  "", "", "" },  { "xcentos77x64",    "", "", "" },
	{ "centos99999x64",  "", "", "" },  { "x64",             "", "", "" },
	{ "coreosing",       "", "", "" },  { "win10abc",        "", "", "" },
	{ "focal123x64",     "", "", "" },  { "",                "", "", "" },
	{ "centos77x64aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "", "", "" },
};
/* clang-format on */

static void assert_member(const char *what, const char *name, const char *got, const char *want)
{
	if (strcmp(got ? got : "", want) != 0)
		fail_msg("%s of '%s' is '%s' and not '%s'", what, name, got ? got : "", want);
	if (!*want)
		assert_null(got);
}

static void assert_system(const struct row *row, const struct osname *os)
{
	assert_member("distro", row->name, os->distro, row->distro);
	assert_member("version", row->name, os->version, row->version);
	assert_member("arch", row->name, os->arch, row->arch);
	assert_true((os->os_type != NULL) == (os->distro != NULL));
}

static void name_is_read(void **state)
{
	const struct row *row = *state;
	struct arena arena;
	struct osname os;

	arena_init(&arena);
	osname_from_name(&arena, row->name, &os);
	assert_system(row, &os);
	arena_finish(&arena);
}

static void id_is_read(void **state)
{
	const struct row *row = *state;
	struct arena arena;
	struct osname os;

	arena_init(&arena);
	osname_from_id(&arena, row->name, &os);
	assert_system(row, &os);
	arena_finish(&arena);
}

/* ---- fixtures/os_values.tsv ---------------------------------------------------------------- */

enum { SEEN_MAX = 400, COLUMNS = 7 };

static struct seen {
	struct row row;
	const char *cloud, *field;
	char line[512];
} seen[SEEN_MAX];
static size_t seen_count;

enum reading { NOT_READ, AS_NAME, AS_ID, ARCH_ONLY };

static enum reading reading_of(const char *field)
{
	/* clang-format off */
	static const struct { const char *field; enum reading reading; } rows[] = {
		{ "OsName|ImageName", AS_NAME }, { "OsType", AS_NAME }, { "OcType", AS_NAME },
		{ "image_name", AS_NAME }, { "Name", AS_NAME }, { "os_family", AS_NAME },
		{ "image_id", AS_ID }, { "ImageId", AS_ID }, { "CompShareImageId", AS_ID },
		{ "processor_type", ARCH_ONLY },
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strcmp(rows[i].field, field) == 0)
			return rows[i].reading;
	return NOT_READ;
}

static void seen_value_is_read(void **state)
{
	const struct seen *value = *state;
	struct row row = value->row;
	struct arena arena;
	struct osname os;

	arena_init(&arena);
	if (reading_of(value->field) == AS_ID)
		osname_from_id(&arena, row.name, &os);
	else
		osname_from_name(&arena, row.name, &os);
	/* Compshare's x86_64 is the provider's default, not in the name. */
	if (strcmp(value->cloud, "compshare") == 0 && !os.arch)
		row.arch = "";
	assert_system(&row, &os);
	arena_finish(&arena);
}

static void load_seen(void)
{
	FILE *file = fopen(FIXTURES "/os_values.tsv", "r");

	while (file && seen_count < SEEN_MAX &&
	       fgets(seen[seen_count].line, sizeof(seen[0].line), file)) {
		struct seen *value = &seen[seen_count];
		char *column[COLUMNS] = { 0 }, *rest = value->line;
		rest[strcspn(rest, "\n")] = '\0';
		for (size_t i = 0; i < COLUMNS; i++)
			column[i] = strsep(&rest, "\t");
		if (!column[COLUMNS - 1] || reading_of(column[1]) == NOT_READ)
			continue;
		value->cloud = column[0];
		value->field = column[1];
		value->row = (struct row){ column[2], column[3], column[4], column[5] };
		seen_count++;
	}
	if (file)
		fclose(file);
}

static void fixture_is_whole(void **state)
{
	(void)state;
	assert_in_range(seen_count, 100, SEEN_MAX - 1);
}

/* ---- what holds for every row --------------------------------------------------------------- */

/* The id of a distribution is a name of it: a stored record is read again by its id. */
static void every_id_names_itself(void **state)
{
	struct arena arena;
	struct osname os;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < osname_distro_count; i++) {
		if (!osname_distros[i].id)
			continue;
		osname_from_name(&arena, osname_distros[i].id, &os);
		assert_member("distro", osname_distros[i].id, os.distro, osname_distros[i].id);
		assert_string_equal(os.os_type, osname_distros[i].os_type);
	}
	arena_finish(&arena);
}

static void every_code_name_has_a_distro(void **state)
{
	struct arena arena;
	struct osname os;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < osname_code_name_count; i++) {
		osname_from_name(&arena, osname_code_names[i].word, &os);
		assert_member("distro", osname_code_names[i].word, os.distro,
			      osname_code_names[i].distro);
		assert_member("version", osname_code_names[i].word, os.version,
			      osname_code_names[i].version);
	}
	arena_finish(&arena);
}

/* Tables are matched against folded text: a capital letter in them would never match. */
static void every_word_is_folded(void **state)
{
	(void)state;
	for (size_t i = 0; i < osname_distro_count; i++)
		for (size_t w = 0; w < DISTRO_WORDS_MAX && osname_distros[i].words[w]; w++)
			for (const char *c = osname_distros[i].words[w]; *c; c++)
				assert_false((*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9'));
	for (size_t i = 0; i < osname_filler_count; i++)
		for (const char *c = osname_fillers[i]; *c; c++)
			assert_true(*c >= 'a' && *c <= 'z');
}

static void os_type_follows_distro(void **state)
{
	static const struct {
		const char *name, *os_type;
	} rows[] = { { "Ubuntu 22.04", "linux" },
		     { "Win2019", "windows" },
		     { "FreeBSD 13", "other" } };
	struct arena arena;
	struct osname os;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		osname_from_name(&arena, rows[i].name, &os);
		assert_string_equal(os.os_type, rows[i].os_type);
	}
	arena_finish(&arena);
}

/* ---- hostile names -------------------------------------------------------------------------- */

/* Every heap byte behind the name is poisoned by the sanitizer: reading on would be seen. */
static void read_bytes(const char *bytes, size_t len)
{
	char *name = malloc(len + 1);
	struct arena arena;
	struct osname os;

	assert_non_null(name);
	memcpy(name, bytes, len);
	name[len] = '\0';
	arena_init(&arena);
	osname_from_name(&arena, name, &os);
	osname_from_id(&arena, name, &os);
	assert_false(arena.failed);
	arena_finish(&arena);
	free(name);
}

static void broken_bytes_are_survived(void **state)
{
	/* What a mutation is made of: the bytes that mean something, whole and torn. */
	static const char *const pieces[] = {
		"ubuntu", "2",        "20",       "k",        "r2",        "sp",
		"4",      ".",        "_",        "-",        " ",         "x64",
		"x86",    "64",       "位",       "\xE4\xBD", "\xFF",      "\xF0\x9F",
		"win",    "银河麒麟", "v",        "10",       "000000000", "99999999999",
		"u",      "update",   "arch",     "2024",     "jammy",     "red",
		"hat",    "aarch64",  "\xC3\xA9", ",",        "%",         "\x01",
	};
	uint64_t random = 20261121;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		char bytes[1024];
		size_t len = 0;
		for (int i = 0; i < 1 + round % 40; i++) {
			random = random * UINT64_C(6364136223846793005) +
				 UINT64_C(1442695040888963407);
			const char *piece = pieces[(random >> 33) % ARRAY_LEN(pieces)];
			memcpy(bytes + len, piece, strlen(piece));
			len += strlen(piece);
		}
		read_bytes(bytes, len);
	}
}

static void only_the_beginning_is_read(void **state)
{
	size_t len = MIB(1);
	char *name = malloc(len + 1);
	struct arena arena;
	struct osname os;

	(void)state;
	assert_non_null(name);
	memset(name, 'a', len);
	name[len] = '\0';
	arena_init(&arena);
	memcpy(name, "Ubuntu 22.04 ", 13);
	osname_from_name(&arena, name, &os);
	assert_member("distro", "a long name", os.distro, "ubuntu");
	assert_member("version", "a long name", os.version, "22.04");

	/* Cut inside a word: half a word is no word. */
	memset(name, ' ', len);
	memcpy(name + 507, "archive", 7);
	osname_from_name(&arena, name, &os);
	assert_null(os.distro);
	memcpy(name + 500, "debian 12.11", 12);
	osname_from_name(&arena, name, &os);
	assert_member("version", "a name that is cut", os.version, "");
	memcpy(name + 490, "debian 12.11", 12);
	osname_from_name(&arena, name, &os);
	assert_member("version", "a name that just fits", os.version, "12.11");

	memset(name, '\xE4', len);
	osname_from_name(&arena, name, &os);
	assert_null(os.distro);
	arena_finish(&arena);
	free(name);
}

static void add_rows(struct CMUnitTest *tests, size_t *count, CMUnitTestFunction function,
		     const struct row *rows, size_t len)
{
	for (size_t i = 0; i < len; i++)
		tests[(*count)++] = (struct CMUnitTest)TEST_ROW(function, &rows[i]);
}

int main(void)
{
	static struct CMUnitTest tests[SEEN_MAX + ARRAY_LEN(names) + ARRAY_LEN(unversioned) +
				       ARRAY_LEN(nothing) + ARRAY_LEN(ids) + 10];
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(fixture_is_whole),
		cmocka_unit_test(every_id_names_itself),
		cmocka_unit_test(every_code_name_has_a_distro),
		cmocka_unit_test(every_word_is_folded),
		cmocka_unit_test(os_type_follows_distro),
		cmocka_unit_test(broken_bytes_are_survived),
		cmocka_unit_test(only_the_beginning_is_read),
	};
	size_t count = 0;

	load_seen();
	for (size_t i = 0; i < seen_count; i++)
		tests[count++] = (struct CMUnitTest){ .name = seen[i].row.name,
						      .test_func = seen_value_is_read,
						      .initial_state = &seen[i] };
	add_rows(tests, &count, name_is_read, names, ARRAY_LEN(names));
	add_rows(tests, &count, name_is_read, unversioned, ARRAY_LEN(unversioned));
	add_rows(tests, &count, name_is_read, nothing, ARRAY_LEN(nothing));
	add_rows(tests, &count, id_is_read, ids, ARRAY_LEN(ids));
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		tests[count++] = others[i];
	return _cmocka_run_group_tests("model_osname", tests, count, NULL, NULL);
}
