#!/usr/bin/env python3
"""The parts of the man pages that the programs know better.

Usage: generate.py BUILD_DIR            writes the blocks between '; begin' and '; end' anew
       generate.py BUILD_DIR --check    says which page is not what it would write; exit status 1

imagecat.1 from 'imagecat help', imagecatd.8 from 'imagecatd --help', imagecat.yaml.5 from config/options.def,
imagecat-catalog.7 from the descriptions in a catalog.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
OPTIONS_DEF = os.path.join(HERE, "..", "..", "config", "options.def")


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={"LC_ALL": "C.UTF-8"})
    assert done.returncode == 0, "%s: %s" % (" ".join(command), done.stderr)
    return done.stdout


def plain(text):
    """Text in which nothing is markup."""
    return re.sub(r"([\\*_#;<>\[\]`])", r"\\\1", text)


# ---- commands and options ----------------------------------------------------------------------------------

OPTION = re.compile(r"^  (?:-(\w), |    )?--([a-z-]+)(?:(\[=)([\w|]+)\]| (\S+))?(?:  +(.*))?$")


def options_of(text):
    """[(letter, name, optional, argument, help)] of the lines of a help."""
    found = []
    for line in text.splitlines():
        match = OPTION.match(line)
        if match:
            letter, name, optional, maybe, argument, help_text = match.groups()
            found.append([letter, name, bool(optional), maybe or argument, help_text or ""])
        elif found and line.startswith("     ") and line.strip():
            found[-1][4] = (found[-1][4] + " " + line.strip()).strip()
        elif found and not line.strip():
            break
    return found


def put_options(options):
    out = []
    for letter, name, optional, argument, help_text in options:
        head = ("*-%s*, " % letter if letter else "") + "*--%s*" % name
        if argument:
            head += "\\[=_%s_\\]" % plain(argument) if optional else " _%s_" % plain(argument)
        if help_text.strip():
            help_text = help_text[0].upper() + help_text[1:]
        out += [head, "\t%s." % plain(help_text).replace("|", ", "), ""]
    return out


def commands(build):
    program = os.path.join(build, "imagecat")
    overview = run(program, "--help")
    names = [line.split()[0] for line in overview.splitlines() if re.match(r"^  [a-z]", line)]
    out = ["# OPTIONS", ""] + put_options(options_of(overview)) + ["# COMMANDS", ""]
    for name in names:
        usage, _, rest = run(program, "help", name).partition("\n\n")
        paragraphs = [p for p in rest.split("\n\n") if not p.startswith("  ")]
        usage = usage.replace("Usage: imagecat ", "").split()
        out += ["## " + name, "", " ".join(["*imagecat %s*" % usage[0]] + [plain(word) for word in usage[1:]]), ""]
        for paragraph in paragraphs:
            out += [re.sub(r"^-", r"\\-", plain(" ".join(paragraph.split()))), ""]
        out += put_options(options_of(rest))
    return out


def daemon_options(build):
    return put_options(options_of(run(os.path.join(build, "imagecatd"), "--help")))


# ---- the configuration -------------------------------------------------------------------------------------

def definitions():
    """The rows of options.def, each a list of arguments; texts are strings, all else as it is written."""
    with open(OPTIONS_DEF, encoding="utf-8") as file:
        text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.DOTALL)
    token = re.compile(r'"(?:[^"\\]|\\.)*"|[(),]|[^\s(),"]+|\s+')
    rows, row, parts, depth = [], None, [], 0
    for match in token.finditer(text):
        word = match.group()
        if word == "OPTION" and depth == 0:
            row, parts = [], []
        elif word == "(" and row is not None:
            depth += 1
        elif word in ",)" and depth == 1:
            row.append(json.loads('"%s"' % "".join(p[1:-1] for p in parts)) if parts and parts[0].startswith('"')
                       else " ".join(parts))
            parts = []
            if word == ")":
                rows.append(row)
                row, depth = None, 0
        elif word == ")":
            depth -= 1
        elif row is not None and depth and word.strip():
            parts.append(word)
    return rows


TITLES = [("catalog", "THE CATALOG"), ("removal", "REMOVAL"), ("limits", "LIMITS"), ("http", "HTTP"), ("log", "LOG"), ("", "TOP LEVEL"),
          ("accounts", "ACCOUNTS")]
# Keys that each provider has names of its own for.
CREDENTIALS = {"ID": "public_key, access_key_id", "SECRET": "private_key, secret_access_key"}


def config_options(_build):
    out = []
    rows = definitions()
    assert {row[1] for row in rows} == {section for section, _ in TITLES}, {row[1] for row in rows}
    for section, title in TITLES:
        out += ["# " + title, ""]
        if section == "accounts":
            out += ["A list under the key _accounts_. What is marked as shared may stand under _defaults_ as well and then holds for all.", ""]
        elif section:
            out += ["Under the key _%s_." % section, ""]
        help_text = ""
        for identity, place, key, _kind, _struct, _member, default, _low, _high, flags, example, text in rows:
            if place != section:
                continue
            if key == "NULL":
                key = CREDENTIALS[identity]
            help_text = text if text != "NULL" else "See above."
            notes = [word for flag, word in (("REQUIRED", "required"), ("FIXED", "fixed: a reload cannot change it"),
                                             ("SHARED", "shared")) if flag in flags.split()]
            if default != "NULL":
                notes.append("default %s" % default)
            elif example != "NULL":
                notes.append("for example %s" % example)
            out += ["*%s*" % plain(key), "\t%s%s" % (plain(help_text.replace("\n", " ")),
                                                     " (" + plain("; ".join(notes)) + ")" if notes else ""), ""]
    return out


# ---- the views ---------------------------------------------------------------------------------------------

VIEW_TITLES = {
    "images": "an image that a cloud lists, once, however many accounts see it",
    "sightings": "an image as one listing sees it, removed ones included",
    "latest_images": "the newest image of each sort that can be launched",
    "families": "a name, with its ids and places",
    "coverage": "a system in a place, with the number of its images, also when that is 0",
    "changes": "a change; the feed",
    "revisions": "an older version of an image",
    "listings": "what is polled, and how it is",
    "polls": "an attempt to read a listing, whatever came of it",
    "drift": "a field or a word that no mapping names",
    "image_counts": "a day's number of images of one sort",
    "column_docs": "a column of a view",
    "catalog_info": "a fact about the file",
}


def empty_catalog(build, directory):
    catalog, config = os.path.join(directory, "catalog.db"), os.path.join(directory, "imagecat.yaml")
    with open(config, "w", encoding="utf-8") as file:
        json.dump({"catalog": {"path": catalog}, "http": {"listen": "off"}, "accounts": []}, file)
    run(os.path.join(build, "imagecatd"), "--config", config, "--once")
    return catalog


def column_docs(build):
    with tempfile.TemporaryDirectory() as directory:
        catalog = empty_catalog(build, directory)
        return json.loads(run(os.path.join(build, "imagecat"), "--catalog", catalog, "schema", "-o", "json"))


def views(build):
    rows = column_docs(build)
    assert {row["view"] for row in rows} == set(VIEW_TITLES), {row["view"] for row in rows} ^ set(VIEW_TITLES)
    images = {row["column"]: row for row in rows if row["view"] == "images"}
    out = []
    for view, title in VIEW_TITLES.items():
        out += ["# " + view, "", "A row is %s." % plain(title), ""]
        same = []
        for row in rows:
            column = row["column"]
            if row["view"] != view or column.endswith("_utc"):
                continue
            known = images.get(column)
            if view != "images" and known and known["description"] == row["description"]:
                same.append(column)
                continue
            unit = ", %s" % row["unit"] if row["unit"] else ""
            out += ["*%s* (%s%s)" % (plain(column), row["type"], unit), "\t%s" % plain(row["description"]).replace("|", ", "), ""]
        if same:
            out += ["As in _images_: " + ", ".join("*%s*" % plain(column) for column in same) + ".", ""]
    return out


# ---- pages -------------------------------------------------------------------------------------------------

PAGES = [("imagecat.1.scd", "commands", commands), ("imagecatd.8.scd", "options", daemon_options),
         ("imagecat.yaml.5.scd", "options", config_options), ("imagecat-catalog.7.scd", "views", views)]


def page(build, name, block, make):
    """The page as it is and as it should be."""
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        old = file.read()
    begin, end = "; begin %s\n" % block, "; end %s\n" % block
    head, _, rest = old.partition(begin)
    _, _, tail = rest.partition(end)
    assert tail, "%s has no block '%s'" % (name, block)
    body = "\n".join(make(build)).strip("\n")
    return old, head + begin + "\n" + body + "\n\n" + end + tail


def main():
    build = os.path.abspath(sys.argv[1])
    status = 0
    for name, block, make in PAGES:
        old, new = page(build, name, block, make)
        if old == new:
            continue
        if sys.argv[2:] == ["--check"]:
            print("docs/man/%s is not what the programs say: run docs/man/generate.py BUILD_DIR" % name)
            status = 1
        else:
            with open(os.path.join(HERE, name), "w", encoding="utf-8") as file:
                file.write(new)
    return status


if __name__ == "__main__":
    sys.exit(main())
