"""The documents' commands and blocks: what each is, who runs it, and what is put in for names that are somebody else's."""
import glob
import os
import re

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", ".."))
CONTRIB = os.path.join(ROOT, "contrib")
PAGES = ["README.md", "README.zh-CN.md", *sorted(os.path.relpath(path, ROOT) for pattern in ("docs/*.md", "docs/man/*.scd")
                                                 for path in glob.glob(os.path.join(ROOT, pattern)))]
PROGRAMS = "imagecatd?|sqlite3|promtool|curl|systemctl|systemd-analyze|journalctl|fuser|usermod|kill|head|cmake|datasette"

# Blocks and commands that are not run here: a pattern of their beginning, and why not.
ELSEWHERE = [
    # blocks
    (r"(docs/CATALOG|docs/DASHBOARDS|README|README\.zh-CN)\.md:sql:", "tests/unit/store_views_page.c runs it"),
    (r"docs/HTTP\.md:(sh|json):", "tests/system/http_api.py runs it"),
    (r"README[^:]*::git clone … ", "tests/system/demo.py runs ./demo"),
    (r"README[^:]*::complete: prod uhost ", "what ./demo prints: tests/system/demo.py"),
    (r"README[^:]*::\./test\n", "this is it"),
    (r"docs/ARCHITECTURE\.md::config ─► ", "a drawing"),
    (r"docs/OPERATIONS\.md::Status: ", "what systemd shows: tests/system/service.py compares the daemon's sentence"),
    # commands
    (r"cmake --(install|workflow) ", "tests/system/service.py installs the tree; ./bootstrap builds it"),
    (r"systemd-(sysusers|tmpfiles)\b", "changes the machine: ./test --system does so in a container"),
    (r"systemctl |journalctl |systemd-analyze |systemd-cat ", "needs systemd as the first process: ./test --system"),
    (r"usermod |editor |kill -HUP|fuser ", "changes the machine, or is a person's"),
    (r"apt-get |install -d -m 0755 /etc/apt|curl -fsS https://apt\.|echo 'deb |grafana cli ", "Grafana's own steps, over the network"),
    (r"datasette ", "Datasette is not in Debian 12; tests/system/dashboards.py compares its file with the catalog"),
    (r"promtool test rules", "tests/system/dashboards.py runs it"),
    (r"sudo install ", "changes the machine; tests/system/plugins.py loads what was installed"),
    (r"imagecatd --config imagecat\.yaml|imagecatd --once$|imagecat +--catalog \S+ status$", "configuration_of_…, below"),
]

# What is put in for names that are somebody else's; in this order.
PUT_IN = [
    (r"\bbuild/(?=imagecat)", ""),
    (r" && systemctl .*", ""),
    (r"/usr/share/imagecat/", CONTRIB + "/"),
    (r"/var/lib/imagecat/", "{state}/"),
    (r"(?<![\w.])/(etc|srv)/", "{path}/{0}/"),
    (r"(sqlite3 -readonly(?: -box)?) ?(\S*)$", "{0} {state}/catalog.db 'SELECT count(*) FROM images'"),
    (r"(sqlite3 .* )(\"\.backup '(.*)'\")$", "{0}{1} && ls {2}"),
    (r"imagecatd --check", "imagecatd --config imagecat.yaml --check"),
    (r"imagecat (poll|release)\b", "imagecat {0} --config imagecat.yaml"),
    (r" \[LISTING\]", ""),
    (r"'prod uhost cn-bj2'|\bLISTING\b", "'held uhost cn-bj2'"),
    (r"--verify CATALOG", "--verify {state}/catalog.db"),
    (r"\bFILE$", "{path}/file-{number} && ls {path}/file-{number}"),
    (r"chgrp imagecat (\S+)$", "chgrp {group} {0} && ls {0}"),
    (r"\|\| exit$", "|| exit; echo $id"),
    (r"^cp (?=\S+ \S+$)", "cp -v "),
    (r"-I/usr/include", "-v -I%s/include" % ROOT),
]
# Exit statuses other than 0, and what is said then.
OTHERWISE = [
    (r"imagecat status", 3, "Signature VerifyAC Error"),
    (r"imagecat check ", 3, "uimage-never"),
    (r"set -o pipefail\nimagecat check ", 3, "::error file=terraform/main.tf,line=2::uimage-never is gone: no poll of this catalog "),
]


def text_of(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def blocks_of(path):
    """[(language, text)]; in a man page a backslash is written twice."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text_of(path), re.MULTILINE | re.DOTALL)
    return [(language, text.replace("\\\\", "\\") if path.endswith(".scd") else text) for language, text in found]


def reason(words):
    return next((why for pattern, why in ELSEWHERE if re.match(pattern, words)), None)


def commands_of(text):
    """One each, without its comment; lines that end in a backslash belong to the next."""
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    return [line for line in (re.sub(r"(^|\s)\s*# .*", "", line).strip() for line in lines) if line]


def is_shell(language, text):
    first = re.sub(r"^(set .*\n|build/|id=\$\()+", "", text)
    return language == "sh" or (not language and re.match(r"(%s)\s" % PROGRAMS, first) is not None)


def inline_of(path):
    """Commands in the middle of a sentence."""
    text = re.sub(r"^```.*?^```$", "", text_of(path), flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"`((?:%s) [^`\n]+)`" % PROGRAMS, text) if path.endswith(".md") else []


def kind_of(path, language, text):
    """What a block is; None when nobody runs it."""
    if reason("%s:%s:%s" % (path, language, text)):
        return "elsewhere"
    if is_shell(language, text):
        return "shell"
    if language in ("promql", "python", "c"):
        return language
    if language in ("", "yaml") and re.search(r"^(accounts|scrape_configs):$", text, re.MULTILINE):
        return "yaml"
    for kind, pattern in (("panel", r"SELECT \$__"), ("mistake", r"imagecat\.yaml:8:5: error")):
        if not language and re.match(pattern, text):
            return kind
    return None


def all_of(kind):
    """[(path, text)], each text once."""
    found = {}
    for path in PAGES:
        for language, text in blocks_of(path):
            if kind_of(path, language, text) == kind:
                found.setdefault(text, path)
    assert found, "no document has one: " + kind
    return [(path, text) for text, path in found.items()]
