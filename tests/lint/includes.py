#!/usr/bin/env python3
"""Who may include whom. The tables are the rule; `includes.py [ROOT]` prints each breach and fails."""

import fnmatch
import os
import re
import sys

from source import Finding, main, sources

# What a folder may include of the project, as patterns of paths. The first row whose pattern
# matches a file is its row. `also` lists what the folder may have from outside although it is
# not harmless; None is everything that RESERVED leaves free.
ABI = ["include/imagecat/*"]
BASE = ["base/*"]
LIBRARIES = BASE + ABI + ["model/*", "config/*", "providers/*", "http/*", "store/*", "export/*"]

FOLDERS = [
    ("include/imagecat/*", ABI),
    ("base/*", BASE),
    ("model/*", BASE + ABI + ["model/*"]),
    ("config/*", BASE + ABI + ["config/*"]),
    ("providers/sign/*", BASE + ABI + ["providers/sign/*"]),
    ("providers/*", ABI),
    ("http/*", BASE + ABI + ["http/*"]),
    ("store/*", BASE + ABI + ["model/*", "store/*"]),
    ("export/*", BASE + ABI + ["model/*", "export/*", "store/reader.h", "store/filters.def", "store/row.h", "http/client.h", "http/server.h"]),
    ("daemon/*", LIBRARIES + ["daemon/*"]),
    ("cli/*", BASE + ABI + ["model/*", "config/*", "cli/*", "store/reader.h", "store/filters.def", "store/row.h"]),
    ("sim/*", BASE + ABI + ["sim/*", "http/server.h"]),
    ("tests/*", ["*"]),
]

# Outside headers that only these files may include; tests may include anything.
RESERVED = [
    ("openssl/*", ["base/crypto.*", "sim/*"]),
    ("systemd/sd-journal.h", ["base/journal.c"]),
    ("systemd/sd-daemon.h", ["daemon/*"]),
    ("utf8proc.h", ["base/text.c"]),
    ("xxhash.h", ["base/hash.c"]),
    ("jansson.h", ["model/*", "export/*"]),
    ("yaml.h", ["config/yaml.c"]),
    ("curl/*", ["http/client*"]),
    ("microhttpd.h", ["http/server*"]),
    ("sqlite3.h", ["store/*"]),
    ("uv.h", ["http/*", "store/writer.*", "export/*", "daemon/*", "sim/*"]),
    ("malloc.h", ["daemon/main.c"]),
    ("getopt.h", ["cli/*", "daemon/main.c", "sim/main.c", "sim/options.c"]),
]

# The only outside headers of the files that must stay free of everything else.
BARE = ["stdbool.h", "stddef.h", "stdint.h"]
ONLY = [
    ("include/imagecat/*", BARE),
    ("providers/sign/*", None),
    ("providers/*", BARE),
]

# Pure code: no clock, no files, no network, whatever the folder may otherwise have.
PURE = [
    ("model/*", ["time.h", "unistd.h", "fcntl.h", "dirent.h", "signal.h", "pthread.h", "sys/*", "netinet/*", "arpa/*"]),
    ("daemon/listing.*", ["time.h", "unistd.h", "fcntl.h", "sys/*", "uv.h", "store/*", "http/*"]),
]

# Of the C library and the kernel; a header from elsewhere needs a row in RESERVED.
SYSTEM = [
    "assert.h", "ctype.h", "errno.h", "float.h", "inttypes.h", "limits.h", "locale.h", "math.h", "setjmp.h", "signal.h",
    "stdalign.h", "stdarg.h", "stdatomic.h", "stdbool.h", "stddef.h", "stdint.h", "stdio.h", "stdlib.h",
    "stdnoreturn.h", "string.h", "strings.h", "time.h", "wchar.h",
    "arpa/*", "dirent.h", "dlfcn.h", "endian.h", "fcntl.h", "fnmatch.h", "fts.h", "grp.h", "ifaddrs.h", "langinfo.h", "link.h", "net/*",
    "netdb.h", "netinet/*", "poll.h", "pthread.h", "pwd.h", "regex.h", "sched.h", "semaphore.h", "spawn.h", "sys/*",
    "syslog.h", "termios.h", "unistd.h",
]

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)


def matches(name, patterns):
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def row_of(path, table):
    for pattern, value in table:
        if fnmatch.fnmatchcase(path, pattern):
            return value
    return None


def includes(source):
    for match in INCLUDE.finditer(source.without("comment")):
        yield source.line_of(match.start(2)), match.group(1) == "<", match.group(2)


def resolve(root, path, name):
    """The included file as a path from the root; None when it is not of the project."""
    beside = os.path.normpath(os.path.join(os.path.dirname(path), name))
    for candidate in (name, os.path.join("include", name), os.path.join("tests", name), beside):
        if os.path.isfile(os.path.join(root, candidate)):
            return candidate
    return None


def check_project(root):
    """Includes of the project's own files, folder by folder."""
    found = []
    for source in sources(root):
        allowed = row_of(source.path, FOLDERS)
        for line, angle, name in includes(source):
            target = resolve(root, source.path, name)
            if target is None:
                if not angle and not name.endswith(".inc"):
                    found.append(Finding(source.path, line, f"'{name}' is not a file of the project"))
                continue
            if allowed is None:
                found.append(Finding(source.path, line, "its folder has no row in tests/lint/includes.py"))
            elif not matches(target, allowed):
                folder = os.path.dirname(source.path)
                found.append(Finding(source.path, line, f"{folder}/ may not include '{target}' (DESIGN, who includes whom)"))
    return found


def check_outside(root):
    """Headers of libraries, each kept behind one folder or file."""
    found = []
    for source in sources(root):
        if source.path.startswith("tests/"):
            continue
        for line, _, name in includes(source):
            if resolve(root, source.path, name) or name.endswith(".inc"):
                continue
            owners = row_of(name, RESERVED)
            if owners is not None and not matches(source.path, owners):
                found.append(Finding(source.path, line, f"<{name}> belongs to {', '.join(owners)} alone"))
            elif owners is None and not matches(name, SYSTEM):
                found.append(Finding(source.path, line, f"<{name}> is not known: give it a row in tests/lint/includes.py"))
    return found


def check_bare(root):
    """Plug-ins and their headers are data: they include nothing of the outside but plain types."""
    found = []
    for source in sources(root):
        allowed = row_of(source.path, ONLY)
        for line, _, name in includes(source):
            if allowed and not resolve(root, source.path, name) and name not in allowed:
                found.append(Finding(source.path, line, f"<{name}>: only {', '.join(allowed)} may be included here"))
    return found


def check_pure(root):
    """Pure code has no door to the clock, to files or to the network."""
    found = []
    for source in sources(root):
        forbidden = row_of(source.path, PURE) or []
        for line, _, name in includes(source):
            if matches(name, forbidden):
                found.append(Finding(source.path, line, f"'{name}' has no place in pure code"))
    return found


CHECKS = [
    ("includes: the project's own", check_project),
    ("includes: libraries stay behind their folder", check_outside),
    ("includes: providers are data", check_bare),
    ("includes: pure code is pure", check_pure),
]

PROJECT, OUTSIDE, PROVIDERS, PURE_CODE = (name for name, _ in CHECKS)

# title, check, file, its text, line of the finding (None: nothing is to be found)
BREACHES = [
    ("base including model", PROJECT, "base/planted.c", '#include "base/base.h"\n#include "model/record.h"\n', 2),
    ("model including http", PROJECT, "model/planted.h", '\n\n#include "http/client.h"\n', 3),
    ("a provider including base", PROJECT, "providers/planted.c", '#include "base/text.h"\n', 1),
    ("sim including a provider's signer", PROJECT, "sim/planted.c", '#include "providers/sign/sign.h"\n', 1),
    ("sim including the record", PROJECT, "sim/planted.c", '#include "model/record.h"\n', 1),
    ("cli including the writer", PROJECT, "cli/planted.c", '#  include <store/store.h>\n', 1),
    ("export including the database", PROJECT, "export/planted.c", '#include "store/db.h"\n', 1),
    ("a way around by ..", PROJECT, "base/planted.c", '#include "../model/record.h"\n', 1),
    ("a file that is not there", PROJECT, "base/planted.c", '#include "base/nowhere.h"\n', 1),
    ("a folder without a row", PROJECT, "newfolder/planted.c", '#include "base/base.h"\n', 1),
    ("no include in a comment", PROJECT, "base/planted.c", '/*\n#include "model/record.h"\n*/\n', None),
    ("nothing wrong in a good file", PROJECT, "export/planted.c", '#include "store/reader.h"\n#include "base/buf.h"\n', None),
    ("sqlite outside the store", OUTSIDE, "daemon/planted.c", "#include <sqlite3.h>\n", 1),
    ("openssl outside crypto", OUTSIDE, "http/planted.c", "#include <openssl/evp.h>\n", 1),
    ("curl outside the client", OUTSIDE, "http/planted.c", "#include <curl/curl.h>\n", 1),
    ("jansson outside the model", OUTSIDE, "store/planted.c", "#include <jansson.h>\n", 1),
    ("yaml beside the parser", OUTSIDE, "config/planted.c", "#include <yaml.h>\n", 1),
    ("uv in the model", OUTSIDE, "model/planted.c", "#include <uv.h>\n", 1),
    ("uv in the reader", OUTSIDE, "store/planted.c", "#include <uv.h>\n", 1),
    ("getopt in a library", OUTSIDE, "base/planted.c", "#include <getopt.h>\n", 1),
    ("a library nobody knows", OUTSIDE, "base/planted.c", "#include <glib.h>\n", 1),
    ("stdio in a provider", PROVIDERS, "providers/planted.c", "#include <stdint.h>\n#include <stdio.h>\n", 2),
    ("string.h in the ABI", PROVIDERS, "include/imagecat/planted.h", "#include <string.h>\n", 1),
    ("string.h in a signer is fine", PROVIDERS, "providers/sign/planted.c", "#include <string.h>\n", None),
    ("a clock in the model", PURE_CODE, "model/planted.c", "#include <time.h>\n", 1),
    ("files in the model", PURE_CODE, "model/planted.c", "#include <sys/stat.h>\n", 1),
]

if __name__ == "__main__":
    sys.exit(main(CHECKS, BREACHES))
