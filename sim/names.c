#include "sim/names.h"

/* clang-format off */

const struct region regions[] = {
	{ "cn-bj2",  1000003, "华北一（北京）",     false },
	{ "cn-sh2",  1000009, "上海二",             true  },
	{ "cn-gd",   1000007, "华南（广州）",       false },
	{ "hk",      1000004, "香港",               false },
	{ "cn-wlcb", 1000018, "华北二（乌兰察布）", true  },
};
const size_t regions_count = ARRAY_LEN(regions);

const struct zone zones[] = {
	{ "cn-bj2-02",  4002, "cn-bj2",  "北京二可用区B" },
	{ "cn-bj2-05",  4005, "cn-bj2",  "北京二可用区E" },
	{ "cn-sh2-01",  8001, "cn-sh2",  "上海二A" },
	{ "cn-sh2-02",  8200, "cn-sh2",  "上海二" },
	{ "cn-gd-02",   7001, "cn-gd",   "广州B" },
	{ "hk-02",      3002, "hk",      "香港B" },
	{ "hk-03",      3003, "hk",      "香港C" },
	{ "cn-wlcb-01", 10027, "cn-wlcb", "华北二A" },
	{ "cn-wlcb-03", 10029, "cn-wlcb", "华北二C" },
};
const size_t zones_count = ARRAY_LEN(zones);

const char *const qing_zones[] = { "pek3", "sh1", "gd2", "ap2a" };
const size_t qing_zones_count = ARRAY_LEN(qing_zones);

#define PLAIN "NetEnhanced,NetEnhanced_Ultra,RssdAttachable,CloudInit,HotPlug"
#define FULL  "NetEnhanced,NetEnhanced_Ultra,NetEnhanced_Extreme,RssdAttachable,CloudInit,HotPlug,IPv6"
#define ARM   "NetEnhanced_Ultra,RssdAttachable,CloudInit,Aarch64_Type"
#define CUDA  "NetEnhanced,NetEnhanced_Ultra,RssdAttachable,CloudInit,GPU,Vgpu_NVIDIA"

const struct os_row os_rows[] = {
	{ "CentOS 7.9 64位",                   "Linux",   PLAIN, "2024/06/30", "", false },
	{ "高内核CentOS 7.9 64位",             "Linux",   FULL,  "2024/06/30", "", false },
	{ "高内核CentOS 7.6 64位",             "Linux",   FULL,  "2024/06/30", "", false },
	{ "CentOS 7.4 64位",                   "Linux",   "NetEnhnced,CloudInit", "2024/06/30", "Broadwell", false },
	{ "CentOS 7.3 64位",                   "Linux",   "NetEnhnced", "2024/06/30", "Broadwell", false },
	{ "CentOS 6.10 64位",                  "Linux",   "NetEnhnced", "2020/11/30", "", false },
	{ "CentOS 6.5 32位",                   "Liunx",   "", "2020/11/30", "", false },
	{ "CentOS 6.7 64Bit",                  "CentOS",  "NetEnhnced,NetEnhanced", "2020/11/30", "", false },
	{ "CentOS Stream 9 64位",              "Linux",   FULL,  "2027/05/31", "", false },
	{ "CentOS 8.3 64位",                   "Linux",   ARM,   "2021/12/31", "", false },
	{ "Ubuntu 24.04 64位",                 "Linux",   FULL,  "2029/05/31", "", false },
	{ "Ubuntu 22.04 64位",                 "Linux",   FULL,  "2027/04/01", "", false },
	{ "Ubuntu 22.04 64位",                 "Linux",   ARM,   "2027/04/01", "", false },
	{ "Ubuntu 22.04 64位 GPU",             "Linux",   CUDA,  "2027/04/01", "", true },
	{ "Ubuntu 20.04 64位",                 "Linux",   FULL,  "2025/04/02", "", false },
	{ "Ubuntu 20.04 64位",                 "Linux",   ARM,   "2025/04/02", "", false },
	{ "Ubuntu 20.04",                      "Linux",   CUDA,  "2025/04/02", "", true },
	{ "高内核Ubuntu 18.04 64位",           "Linux",   PLAIN, "2023/05/31", "", false },
	{ "Ubuntu 16.04 64位",                 "Ubuntu",  "NetEnhnced,CloudInit", "2021/04/30", "", false },
	{ " Ubuntu 14.04 64位",                "Linux",   "NetEnhnced", "2019/04/25", "", false },
	{ "Debian 12.5 64位",                  "Linux",   FULL,  "2028/06/30", "", false },
	{ "Debian 11.7 64位",                  "Linux",   PLAIN, "2026/08/31", "", false },
	{ "Debian 10.0 64位",                  "Linux",   PLAIN, "2024/06/30", "", false },
	{ "Rocky Linux 9.3 64位",              "Linux",   FULL,  "2032/05/31", "", false },
	{ "Rocky Linux 8.9 64位",              "docky",   FULL,  "2029/05/31", "", false },
	{ "Rocky Linux",                       "Other",   "", "", "", false },
	{ "RedHat 8.3 64位",                   "RedHat",  PLAIN, "2029/05/31", "", false },
	{ "Anolis 8.8 64位",                   "Linux",   FULL,  "2031/06/30", "", false },
	{ "AlmaLinux 9.2 64位",                "Linux",   FULL,  "2032/05/31", "", false },
	{ "openEuler 22.03 64位",              "Linux",   FULL,  "2026/03/30", "", false },
	{ "openEuler 22.03 64位",              "Linux",   ARM,   "2026/03/30", "", false },
	{ "Kylin V10 SP3 64位",                "Linux",   PLAIN, "", "", false },
	{ "Fedora 38 64位",                    "Linux",   PLAIN, "2024/05/21", "", false },
	{ "FreeBSD 13.2 64位",                 "Other",   "", "2026/04/30", "", false },
	{ "Windows Server 2022 数据中心版 64位", "Windows", PLAIN, "2031/10/14", "", false },
	{ "Windows Server 2019 数据中心版 64位", "Windows", PLAIN, "2029/01/09", "", false },
	{ "Windows 2016 64位",                 "Windows", PLAIN, "2027/01/12", "", false },
	{ "Windows 2012 R2 64位 中文版",       "Windows", "NetEnhnced", "2023/10/10", "", false },
	{ " Windows 2008 32 位",               "Windows", "", "2020/01/14", "", false },
};
const size_t os_rows_count = ARRAY_LEN(os_rows);

const struct market_row market_rows[] = {
	{ "宝塔Linux面板 7.9.10",              "CentOS 7.9 64位",   "宝塔面板 7.9.10,Nginx 1.22",  "堡塔科技",   "uhost", "" },
	{ "WordPress 6.4 平台",                "Ubuntu 22.04 64位", "WordPress 6.4,PHP 8.1,MySQL 8.0", "WordPress.org", "app", "" },
	{ "LNMP 全能环境（PHP7.4）",           "CentOS 7.9 64位",   "Nginx 1.20,MySQL 5.7,PHP 7.4", "云市场",     "app",   "" },
	{ "Docker CE 24.0 运行环境",           "Debian 12.5 64位",  "Docker CE 24.0.7",           "UCloud",     "app",   "Featured" },
	{ "JumpServer 堡垒机 v3.10",           "Rocky Linux 9.3 64位", "JumpServer 3.10",         "飞致云",     "uhost", "" },
	{ "GitLab CE 16.8 代码仓库",           "Ubuntu 22.04 64位", "GitLab CE 16.8",             "GitLab Inc.", "app",  "" },
	{ "PyTorch 2.3 CUDA 12.1 预装驱动",    "Ubuntu 22.04 64位", "PyTorch 2.3.0,CUDA 12.1",    "UCloud",     "gpu",   "PreInstalledDrivers" },
	{ "Stable Diffusion WebUI 一键部署",   "Ubuntu 22.04 64位", "SD-WebUI 1.9,CUDA 11.8",     "UCloud",     "gpu",   "AIPainting" },
	{ "ChatGLM3-6B 大模型",                "Ubuntu 22.04 64位", "ChatGLM3-6B",                "智谱AI",     "gpu",   "AIModels" },
	{ "Llama-3 8B Instruct (vLLM)",        "Ubuntu 22.04 64位", "vLLM 0.4.2",                 "Meta",       "gpu",   "AIModels" },
	{ "HPC 高性能计算环境 OpenMPI",        "CentOS 7.9 64位",   "OpenMPI 4.1,Slurm 22.05",    "UCloud",     "uhost", "HPC" },
	{ "ThinkPHP 开发环境",                 "CentOS 7.6 64位",   "ThinkPHP 6.1",               "顶想科技",   "app",   "" },
	{ "Windows Server 2019 + IIS + SQL Server", "Windows Server 2019 数据中心版 64位", "IIS 10,SQL Server 2019", "Microsoft", "uhost", "" },
	{ "Nextcloud 28 私有网盘",             "Debian 12.5 64位",  "Nextcloud 28.0",             "Nextcloud GmbH", "app", "Featured" },
};
const size_t market_rows_count = ARRAY_LEN(market_rows);

const struct gpu_app_row gpu_app_rows[] = {
	{ "PyTorch 2.9.1 cuda128",     "PyTorch",    "2.9.1",  "12.8", "深度学习|PyTorch" },
	{ "cuda128_torch280_py312",    "PyTorch",    "2.8.0",  "12.8", "PyTorch|CUDA" },
	{ "cuda130_torch291_py312",    "PyTorch",    "2.9.1",  "13.0", "PyTorch,CUDA" },
	{ "ComfyUI 纯净版",            "ComfyUI",    "0.3.40", "12.4", "AI绘画，ComfyUI|图像生成" },
	{ "vLLM v0.12.0",              "vLLM",       "0.12.0", "12.8", "大模型|推理" },
	{ "vLLM-DeepSeek-R1-Distill",  "vLLM",       "0.7.2",  "12.4", "大模型|DeepSeek,R1" },
	{ "SD-WebUI",                  "PyTorch",    "2.1.2",  "11.8", "AI绘画" },
	{ "Stable Diffusion WebUI Forge", "PyTorch", "2.3.1",  "12.1", "AI绘画|SD" },
	{ "Miniconda3",                "Miniconda",  "",       "12.1", "基础环境" },
	{ "Tensorflow",                "TensorFlow", "2.9.0",  "11.2", "深度学习|TensorFlow" },
	{ "Ubuntu 22.04/12.8/12.8/3.12", "",         "",       "12.8", "基础环境" },
	{ "Ubuntu 22.04/11.8/23.9.0/3.10", "",       "",       "11.8", "基础环境" },
	{ "Ubuntu 24.04",              "",           "",       "",     "系统镜像" },
	{ "Ubuntu-nvidia 22.04",       "",           "",       "12.4", "系统镜像|驱动" },
	{ "Windows-nvidia",            "",           "",       "",     "Windows" },
	{ "Windows Server 2022",       "",           "",       "",     "Windows" },
	{ "LLaMA-Factory 微调",        "PyTorch",    "2.6.0",  "12.4", "微调|大模型" },
	{ "Ollama + Open WebUI",       "Ollama",     "0.5.7",  "12.4", "大模型，对话" },
	{ "GPT-SoVITS 语音克隆",       "PyTorch",    "2.5.1",  "12.1", "语音" },
	{ "Whisper 语音识别",          "PyTorch",    "2.4.0",  "12.1", "语音|ASR" },
	{ "HunyuanVideo 文生视频",     "PyTorch",    "2.6.0",  "12.4", "视频生成" },
	{ "Wan2.1 I2V 14B",            "PyTorch",    "2.7.0",  "12.8", "视频生成|ComfyUI" },
	{ "Kohya_ss LoRA 训练",        "PyTorch",    "2.1.0",  "11.8", "LoRA|训练" },
	{ "Isaac Sim 4.2 robotics",    "Isaac",      "4.2",    "12.2", "robotics|simulation" },
};
const size_t gpu_app_rows_count = ARRAY_LEN(gpu_app_rows);

const struct qing_row qing_rows[] = {
	{ "centos77x64",     "CentOS 7.7 64bit",                  "centos",   "64bit" },
	{ "centos79x64",     "CentOS 7.9 64bit",                  "centos",   "64bit" },
	{ "centos75x64",     "CentOS 7.5 64 bit",                 "centos",   "64bit" },
	{ "centos73x64",     "CentOS 7.3 64bitpub",               "centos",   "64bit" },
	{ "centos68x64",     "CentOS 6.8 64bit",                  "centos",   "64bit" },
	{ "centos58x86",     "CentOS 5.8 32bit",                  "centos",   "32bit" },
	{ "focal1x64",       "Ubuntu Server 20.04.1 LTS 64bit",   "ubuntu",   "64bit" },
	{ "jammy3x64",       "Ubuntu Server 22.04.3 LTS 64bit",   "ubuntu",   "64bit" },
	{ "bionic1x64",      "Ubuntu Server 18.04.1 LTS 64bit  ", "ubuntu",   "64bit" },
	{ "xenial5x64",      "Ubuntu Server 16.04.5 LTS 64bit",   "ubuntu",   "64bit" },
	{ "trustysrvx64",    "Ubuntu Server 14.04.5 LTS 64bit",   "ubuntu",   "64bit" },
	{ "debian8x64",      "Debian Jessie 8.0 64bit",           "debian",   "64bit" },
	{ "debian91x64",     "Debian Stretch 9.1 64bit",          "debian",   "64bit" },
	{ "debian12x64",     "Debian 12.1 64bit",                 "debian",   "64bit" },
	{ "fedora18x86",     "Fedora 18 32bit",                   "fedora",   "32bit" },
	{ "fedora24x64",     "Fedora 24 64bit",                   "fedora",   "64bit" },
	{ "opensuse12x64",   "openSUSE 12.3 64bit",               "opensuse", "64bit" },
	{ "arch201609x64",   "Arch Linux 2016.09 64bit",          "arch",     "64bit" },
	{ "freebsd10u1x64",  "FreeBSD 10.1 64bit",                "freebsd",  "64bit" },
	{ "coreos4",         "CoreOS 4 64bit",                    "coreos",   "64bit" },
	{ "win2k12r2stdchs", "Windows Server 2012 R2 简体中文 标准版 64位  ", "windows", "64bit" },
	{ "win2k19dcchs",    "Windows Server 2019 简体中文 数据中心版 64位",  "windows", "64bit" },
	{ "win2k16dceng",    "Windows Server 2016 Datacenter 64bit",          "windows", "64bit" },
	{ "kylinv10x64",     "银河麒麟 V10 64bit",                "kylin",    "64bit" },
};
const size_t qing_rows_count = ARRAY_LEN(qing_rows);

const char *const custom_names[] = {
	"web-前端", "生产环境-nginx", "my-custom-env", "golden-ubuntu-22.04", "数据库备机镜像",
	"k8s-node-v1.28", "训练环境 torch2.4", "build-agent", "回滚备份", "jenkins-runner",
	"风控服务 基线", "redis-cluster-node", "测试环境", "batch worker (spot)", "电商大促-应用",
	"CI 运行器 arm64", "grafana-monitor", "shared-env", "dev box · 开发机", "mysql8 主库",
};
const size_t custom_names_count = ARRAY_LEN(custom_names);

const char *const descriptions[] = {
	"", "",
	"官方基础镜像，已安装云监控插件",
	"Official base image with cloud-init",
	"开箱即用的深度学习环境，含 CUDA、cuDNN 与 JupyterLab",
	"Ready to run: start the instance and open port 8188",
	"内核已升级，支持网络增强与 RSSD 云盘",
	"从生产环境制作，勿删！联系人：运维组",
	"Created by the nightly build; safe to delete after 30 days",
	"第一行：安装说明\n第二行：默认端口 7860\n第三行：<b>请勿</b>修改 /root/start.sh",
	"本镜像包含 \"stable\" 与 'nightly' 两个分支, 100% 开源 & 免费",
	"Naïve café — résumé, emoji 🚀, 简体與繁體",
};
const size_t descriptions_count = ARRAY_LEN(descriptions);

const char *const authors[] = {
	"UCloud", "优云智算官方", "秋葉aaaki", "AI小白", "deepseek-fan", "张三", "云上炼丹师", "lab_412",
	"赛博菩萨", "Zoe·Chen", "麦橘", "user_8f3a21",
};
const size_t authors_count = ARRAY_LEN(authors);

const char *const gpu_types[] = {
	"4090", "3080Ti", "V100S", "A100", "A800", "H20", "P40", "T4S", "5090", "2080Ti",
};
const size_t gpu_types_count = ARRAY_LEN(gpu_types);

const char *const game_names[] = {
	"幻兽帕鲁 服务端", "Minecraft 1.20 服务器", "雾锁王国", "Counter-Strike 2 Server",
	"方舟：生存进化", "Factorio headless", "饥荒联机版",
};
const size_t game_names_count = ARRAY_LEN(game_names);

const char *const hostile_names[] = {
	"<script>alert(1)</script>",
	"=HYPERLINK(\"http://evil.example/\",\"click\")",
	"'; DROP TABLE images; --",
	"right\u202Eot\u202C left",
	"bell\a and escape\033[31m red",
	"line one\nline two\ttabbed",
	"[click](javascript:alert(1)) | `rm -rf`",
	"长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长",
	"👨‍👩‍👧‍👦 family ZWJ",
	"e\u0301\u0301\u0301\u0301\u0301 stacked marks",
	"   leading and trailing   ",
	"\\\"quoted\\\" \\u0041",
};
const size_t hostile_names_count = ARRAY_LEN(hostile_names);
/* clang-format on */
