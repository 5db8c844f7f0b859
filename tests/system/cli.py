#!/usr/bin/env python3
"""The command imagecat, on catalogs that real polls filled.

Usage: python3 tests/system/cli.py BUILD_DIR [NAME]...
"""
import contextlib
import csv
import fcntl
import io
import json
import os
import pty
import re
import select
import signal
import sqlite3
import struct
import subprocess
import sys
import termios
import time
import unicodedata

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import client  # noqa: E402
import cloud as clouds  # noqa: E402
import harness  # noqa: E402
from harness import Skip, case, equal, has, main, row_case  # noqa: E402
from patience import PATIENCE  # noqa: E402

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
NOBODY = 61237
DAY = 86400
OK, ERROR, USAGE, UNHEALTHY, NOT_FOUND, AMBIGUOUS = 0, 1, 2, 3, 5, 6
COMMANDS = ["list", "show x", "search x", "latest", "check -", "history x", "changes", "changes --follow", "status", "polls",
            "coverage", "export --csv -", "schema"]
# Nothing of this may leave in any format; \n and \t are ours.
HARMFUL = re.compile("\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]")


def start(place, *arguments, catalog=None, **more):
    path = ["--catalog", catalog or place.catalog]
    run = harness.Run(place, [*path, *arguments], program="imagecat", **more)
    place.runs.append(run)
    return run


def cat(place, *arguments, status=OK, **more):
    """One command, ended."""
    run = start(place, *arguments, **more)
    equal(run.wait(), status, "imagecat %s: %s" % (" ".join(arguments), run.err))
    return run


def rows(place, *arguments, **more):
    return json.loads(cat(place, *arguments, "-o", "json", **more).out)


def ids(place, *arguments, **more):
    return cat(place, *arguments, "-o", "id", **more).out.split()


def image(name, os_name="Ubuntu 22.04 64位", zone="cn-bj2-02", **more):
    return clouds.uhost_image(0, zone, **{"ImageId": "uimage-" + name, "ImageName": name, "OsName": os_name, **more})


class Filled:
    """A cloud whose uhost images the test says, and a catalog of it."""

    def __init__(self, place, items, poll=True, **config):
        self.place, self.cloud = place, place.cloud()
        self.shelf = self.cloud.put("DescribeImage", items)
        config.setdefault("removal", {"after_complete_polls": 1})
        place.configure([place.account("ucloud", self.cloud.url(), name="prod", cloud="api.ucloud.cn", services=["uhost"])],
                        **config)
        if poll:
            place.once(OK)

    def poll(self, items, status=OK):
        self.shelf.items = [clouds.raw_item(item) for item in items]
        return self.place.once(status)


def simulated(place, images=1200):
    sim = place.stack.enter_context(client.Sim(harness.build, "--images", str(images), "--seed", "11"))
    place.configure([place.account("ucloud", sim.url(), name="prod", cloud="api.ucloud.cn"),
                     place.account("compshare", sim.url(), name="gpu", cloud="api.compshare.cn", regions=["cn-wlcb"]),
                     place.account("qingcloud", sim.url("/iaas/"), name="qc", cloud="api.qingcloud.com",
                                   variants=["system", "self"])])
    place.once(OK)
    return sim


def change(path, sql):
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.executescript(sql)


# ---- help and usage -----------------------------------------------------------------------------------------

@case
def help_of_everything(place):
    overview = cat(place, "help").out
    equal(cat(place, "--help").out, overview)
    names = re.findall(r"^  ([a-z]+) ", overview, re.MULTILINE)
    equal(set(names), {command.split()[0] for command in COMMANDS} | {"poll", "release", "help"})
    for name in names:
        text = cat(place, "help", name).out
        equal(cat(place, name, "--help").out, text)
        has(text, "Usage: imagecat " + name)
        has(text, "--help")
    has(cat(place, "--version").out, "imagecat ")


@row_case([
    ("no_command", [], "Usage: imagecat"),
    ("no_command_but_an_option", ["--catalog", "x"], "Usage: imagecat"),
    ("unknown_view_of_export", ["export", "--csv", "-", "--view", "imagse"], "there is no view 'imagse'; did you mean 'images'?"),
    ("not_a_number", ["list", "--limit", "0"], "--limit: '0' is not a number from 1 on"),
    ("not_a_time", ["list", "--since", "x"], "--since: 'x' is not a time: 2026-11-20, "),
    ("not_an_address", ["poll", "--http", "nowhere", "--token-file", "keys/prod.key"], "'nowhere' is no address: it is HOST:PORT or unix:/PATH"),
    ("json_of_no_column", ["list", "-o", "json", "--sort", "created"], "images has no column 'created'"),
    ("unknown_command", ["shwo"], "unknown command 'shwo'; did you mean 'show'?"),
    ("unknown_help", ["help", "lst"], "unknown command 'lst'; did you mean 'list'?"),
    ("unknown_option", ["list", "--regio", "a", "--zoone", "b"], "list has no option --zoone; did you mean '--zone'?"),
    ("latest_removed", ["latest", "--removed"], "latest has no option --removed"),
    ("unknown_column", ["list", "--columns", "uid,nam"], "images has no column 'nam'; did you mean 'name'?"),
    ("unknown_sort", ["list", "--sort", "created"], "images has no column 'created'"),
    ("unknown_column_of_changes", ["changes", "--columns", "sec"], "changes has no column 'sec'; did you mean 'seq'?"),
    ("unknown_view", ["schema", "imagse"], "there is no view 'imagse'; did you mean 'images'?"),
    ("follow_json", ["changes", "--follow", "-o", "json"], "take -o ndjson"),
    ("raw_at", ["show", "a", "--raw", "--at", "1d"], "leave out --at"),
    ("export_nothing", ["export"], "export needs one of"),
    ("export_two", ["export", "--csv", "a", "--ndjson", "b"], "export needs one of"),
    ("export_filtered_copy", ["export", "--sqlite", "a", "--os", "ubuntu"], "leave out filters"),
    ("export_filtered_view", ["export", "--csv", "-", "--view", "polls", "--os", "ubuntu"], "leave out filters"),
    ("many_words", ["search", " ".join("abcdefghijklmnopq")], "up to 16 words"),
    ("no_words", ["search", "  "], "search needs WORDS"),
], "usage")
def usage(place, arguments, says):
    Filled(place, [image("a")])
    run = cat(place, *arguments, status=USAGE)
    equal(run.out, "")
    has(run.err, says)
    assert not os.path.exists(os.path.join(place.path, "a"))


@row_case([
    ("no_value", ["--catalog"], "imagecat: --catalog needs a value: FILE\n"),
    ("misspelt", ["--catlog", "x", "list"], "imagecat: there is no option --catlog before a command; did you mean '--catalog'?\n"),
    ("unknown", ["--utc", "list"], "imagecat: there is no option --utc before a command; see imagecat --help\n"),
], "before_the_command")
def before_the_command(place, arguments, says):
    run = harness.Run(place, arguments, program="imagecat")
    place.runs.append(run)
    equal(run.wait(), USAGE)
    equal((run.out, run.err), ("", says))


# ---- a catalog that cannot be read --------------------------------------------------------------------------

@row_case([(command.replace(" ", "_").replace("-", ""), command) for command in COMMANDS], "no_catalog")
def no_catalog(place, command):
    run = cat(place, *command.split(), status=ERROR)
    equal(run.out, "")
    equal(run.err, "imagecat: there is no catalog at '%s': start imagecatd, or name it with --catalog\n" % place.catalog)


def make_locked(place):
    """What an old sqlite3 or a backup program may do."""
    db = place.stack.enter_context(contextlib.closing(sqlite3.connect(place.catalog)))
    db.execute("PRAGMA locking_mode = EXCLUSIVE")
    db.execute("BEGIN EXCLUSIVE")


def make_text(place):
    with open(place.catalog, "w") as file:
        file.write("no database\n" * 1000)


def make_foreign(place):
    os.unlink(place.catalog)
    change(place.catalog, "CREATE TABLE t (x)")


def make_damaged(place):
    change(place.catalog, "PRAGMA wal_checkpoint(TRUNCATE)")
    with open(place.catalog, "r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (os.path.getsize(place.catalog) - 4096))


@row_case([
    ("locked", make_locked, "another program holds"),
    ("older", lambda place: change(place.catalog, "PRAGMA user_version = 1"), "start this release's imagecatd on it once"),
    ("newer", lambda place: change(place.catalog, "PRAGMA user_version = 99"), "was written by a newer release"),
    ("foreign", make_foreign, "is not an imagecat catalog"),
    ("text", make_text, "is not an SQLite database"),
    ("empty", lambda place: open(place.catalog, "w").close(), "is not an imagecat catalog"),
    ("directory", lambda place: (os.unlink(place.catalog), os.mkdir(place.catalog)), "it is no file"),
    ("pipe", lambda place: (os.unlink(place.catalog), os.mkfifo(place.catalog)), "it is no file"),
    ("damaged", make_damaged, "damaged"),
], "refused")
def refused(place, make, says):
    Filled(place, [image("a")])
    for name in ("-wal", "-shm"):
        os.unlink(place.catalog + name)
    make(place)
    run = cat(place, "list", status=ERROR)
    equal(run.out, "")
    has(run.err, says)
    equal(len(run.err.splitlines()), 1, run.err)


@case
def unreadable(place):
    Filled(place, [image("a")])
    os.chmod(place.catalog, 0o600)
    run = cat(place, "status", status=ERROR, user=NOBODY)
    has(run.err, "may not be read by this user: join the group that owns it (usermod -aG ")


@case
def read_by_anybody(place):
    """No write permission is needed, and nothing is written."""
    Filled(place, [image("a")])
    for name in ("", "-wal", "-shm"):
        os.chmod(place.catalog + name, 0o644)
    os.chmod(place.state, 0o555)
    before = os.stat(place.catalog).st_mtime_ns
    equal(ids(place, "list", user=NOBODY), ["uimage-a"])
    equal(os.stat(place.catalog).st_mtime_ns, before)
    os.chmod(place.state, 0o755)


@case
def the_environment_names_the_catalog(place):
    Filled(place, [image("a")])
    run = harness.Run(place, ["list", "-o", "id"], program="imagecat", env={"IMAGECAT_CATALOG": place.catalog})
    place.runs.append(run)
    equal(run.wait(), OK)
    equal(run.out, "uimage-a\n")
    equal(ids(place, "list", "--catalog", place.catalog, catalog="/nowhere"), ["uimage-a"])


# ---- list ---------------------------------------------------------------------------------------------------

FILTERS = [
    ("everything", [], "state IS NOT 'purged'"),
    ("provider", ["--provider", "qingcloud"], "provider = 'qingcloud' AND state IS NOT 'purged'"),
    ("account", ["--account", "gpu"], "account = 'gpu'"),
    ("service", ["--service", "uk8s"], "service = 'uk8s'"),
    ("region_and_zone", ["--region", "cn-bj2", "--zone", "cn-bj2-02"], "region = 'cn-bj2' AND zone = 'cn-bj2-02'"),
    ("no_zone", ["--zone", "-"], "zone IS NULL AND state IS NOT 'purged'"),
    ("cloud", ["--cloud", "api.ucloud.cn"], "cloud = 'api.ucloud.cn'"),
    ("os", ["--os", "ubuntu"], "os_distro = 'ubuntu' AND state IS NOT 'purged'"),
    ("os_version", ["--os", "ubuntu:22.04"],
     "os_distro = 'ubuntu' AND (os_version = '22.04' OR os_version LIKE '22.04.%') AND state IS NOT 'purged'"),
    ("arch", ["--arch", "aarch64"], "arch = 'aarch64' AND state IS NOT 'purged'"),
    ("kind", ["--kind", "custom"], "kind = 'custom' AND state IS NOT 'purged'"),
    ("origin", ["--origin", "community"], "origin = 'community'"),
    ("visibility", ["--visibility", "private"], "visibility = 'private' AND state IS NOT 'purged'"),
    ("form", ["--form", "container"], "form = 'container'"),
    ("workload", ["--workload", "gpu"], "workload = 'gpu'"),
    ("no_workload", ["--workload", "-"], "workload IS NULL AND state IS NOT 'purged'"),
    ("state", ["--state", "deprecated"], "state = 'deprecated'"),
    ("gpu", ["--gpu"], "gpu_supported = 1 AND state IS NOT 'purged'"),
    ("no_gpu", ["--gpu=no"], "gpu_supported = 0 AND state IS NOT 'purged'"),
    ("gpu_unknown", ["--gpu=unknown"], "gpu_supported IS NULL AND state IS NOT 'purged'"),
    ("launchable", ["--launchable"], "launchable = 1"),
    ("not_launchable", ["--launchable=no"], "launchable = 0 AND state IS NOT 'purged'"),
    ("stale", ["--stale"], "stale = 1"),
    ("name", ["--name", "*22.04*"], "name GLOB '*22.04*' AND state IS NOT 'purged'"),
    ("since", ["--since", "1h"], "state IS NOT 'purged'"),
    ("since_tomorrow", ["--since", "2099-01-01"], "0"),
]


@case
def filters_agree_with_sql(place):
    simulated(place)
    seen = set()
    found = {row["uid"] for row in rows(place, "search", "u", "--columns", "uid")}
    newest = {row["uid"] for row in place.rows("SELECT uid FROM latest_images")}
    for name, arguments, where in FILTERS:
        expected = [row["uid"] for row in place.rows("SELECT uid FROM images WHERE %s ORDER BY uid" % where)]
        narrow = [*arguments, "--columns", "uid"]
        equal([row["uid"] for row in rows(place, "list", *narrow)], expected, name)
        equal(cat(place, "list", *narrow, "-o", "ndjson").out.count("\n"), len(expected), name)
        equal([row["uid"] for row in rows(place, "search", "u", *narrow)], [uid for uid in expected if uid in found], name)
        chosen = [uid for uid in expected if uid in newest]
        equal([row["uid"] for row in rows(place, "latest", "--all", *narrow, status=OK if chosen else NOT_FOUND)], chosen, name)
        # An export leaves out nothing that was not asked to be.
        every = place.rows("SELECT uid FROM images WHERE %s ORDER BY uid" % where.replace("state IS NOT 'purged'", "1"))
        equal([json.loads(line) for line in cat(place, "export", "--ndjson", "-", *narrow).out.splitlines()], every, name)
        seen.add(len(expected))
    assert len(seen) > 10, "the filters choose alike"


# What else each command takes: a line, how it ends, and a pattern of what it says.
OTHERS = [
    ("list --columns name,uid --sort name:desc --limit 2 -o tsv --utc", OK, r"\Aname\tuid\n[^\n]+\n[^\n]+\n\Z"),
    ("list --removed -o json", OK, r"\A\[\]\n\Z"),
    ("search u --columns uid,name --sort uid --limit 1 -o csv --utc", OK, r"\Auid,name\r\n[^\n]+\r\n\Z"),
    ("search u --removed -o ndjson", OK, r"\A\Z"),
    ("latest --columns uid --sort uid:desc --limit 1 -o tsv --utc --all", OK, r"\Auid\n[^\n]+\n\Z"),
    ("show ID --raw -o json", OK, r'"raw":\{'),
    ("show ID --at 2000-01-01 --utc", OK, r"presence +unseen"),
    ("check ids --eol-within 1d --all --columns id,problem --utc -o csv", UNHEALTHY, r"\Aid,problem\r\nuimage-never,gone\r\n\Z"),
    ("history ID --since 1d --limit 1 --columns seq -o tsv --utc", OK, r"\Aseq\n\Z"),
    ("changes --after 1 --since 1d --kind baseline --account prod --service uhost --region cn-bj2 --zone - --listing 1 --limit 1 "
     "--columns kind,account -o json --utc", OK, r'\A\[(\{"kind":"baseline","account":"prod"\})?\]\n\Z'),
    ("changes --follow -o json", USAGE, r"-o ndjson"),
    ("status --provider ucloud --account prod -o id --utc", OK, r"\A\d+\n"),
    ("polls --provider ucloud --account prod --service uhost --region cn-bj2 --zone - --outcome complete --listing LISTING --since 1h "
     "--limit 1 --columns poll_id,outcome -o tsv --utc", OK, r"\Apoll_id\toutcome\n\d+\tcomplete\n\Z"),
    ("coverage --provider ucloud --region cn-bj2 --zone cn-bj2-02 --os ubuntu:22.04 --arch x86_64 --form vm --limit 1 --columns region,images "
     "-o tsv --utc", OK, r"\Aregion\timages\ncn-bj2\t\d+\n\Z"),
    ("coverage --missing -o csv --columns images", OK, r"\Aimages\r\n(0\r\n)+\Z"),
    ("export --csv - --columns uid --removed", OK, r"\Auid\r\n\Z"),
    ("export --ndjson - --view catalog_info", OK, r'"schema_version"'),
    ("export --sqlite copy.db", OK, r"\A\Z"),
    ("schema images --columns column --limit 1 -o id --utc", OK, r"\Auid\n\Z"),
    ("poll --http 127.0.0.1:1 --token-file keys/prod.key", ERROR, r"does not answer at 127\.0\.0\.1:1"),
    ("poll --config imagecat.yaml", ERROR, r"set http\.token_file in 'imagecat\.yaml'"),
    ("release 1 --http 127.0.0.1:1 --token-file keys/prod.key", ERROR, r"does not answer at 127\.0\.0\.1:1"),
    ("release 1 --config imagecat.yaml", ERROR, r"set http\.token_file in 'imagecat\.yaml'"),
]


@case
def every_option_of_every_command(place):
    """With filters_agree_with_sql: what a command's help names has a row that uses it."""
    simulated(place)
    with open(os.path.join(place.path, "ids"), "w") as file:
        file.write("uimage-never\n")
    words = {"ID": ids(place, "list", "--account", "prod", "--limit", "1")[0],
             "LISTING": str(place.value("SELECT listing_id FROM listings WHERE account = 'prod' AND service = 'uhost'"))}
    used = {("help", "help")}
    for line, status, pattern in OTHERS:
        arguments = [words.get(word, word) for word in line.split()]
        run = cat(place, *arguments, status=status)
        assert re.search(pattern, run.out + run.err), (line, run.out[:500], run.err)
        used |= {(arguments[0], option) for option in re.findall(r"(?<= )--([a-z-]+)", line.replace(" -o ", " --output "))}
    for _, arguments, _ in FILTERS:
        used |= {(command, option.lstrip("-").partition("=")[0]) for command in ("list", "search", "latest", "export")
                 for option in arguments if option.startswith("--")}
    for name in {command.split()[0] for command in COMMANDS} | {"poll", "release", "help"}:
        has(cat(place, name, "--help").out, "Usage: imagecat " + name)
        used |= {(name, "help")}
        if name not in ("poll", "release", "help"):
            run = start(place, name, *{"show": ["x"], "history": ["x"], "search": ["x"], "check": ["ids"], "export": ["--csv", "-"]}.get(name, []),
                        "--catalog", "none.db")
            equal(run.wait(), ERROR)
            has(run.err, "there is no catalog at 'none.db'")
            used |= {(name, "catalog")}
        takes = re.findall(r"^  (?:-\w, |    )--([a-z-]+)", cat(place, "help", name).out, re.MULTILINE)
        equal([option for option in takes if (name, option) not in used], [], "options of %s that no row uses" % name)


@case
def sorted_limited_and_narrowed(place):
    simulated(place)
    got = rows(place, "list", "--sort", "created_at:desc", "--limit", "20", "--columns", "image_id,created_at")
    expected = place.rows("SELECT image_id, created_at FROM images WHERE state IS NOT 'purged'"
                          " ORDER BY created_at DESC NULLS LAST, uid LIMIT 20")
    equal(got, expected)
    equal(list(rows(place, "list", "--limit", "1")[0]), [c["column"] for c in rows(place, "schema", "images")])


@case
def formats_say_the_same(place):
    simulated(place)
    wanted = ["image_id", "name", "size_bytes", "tags"]
    narrow = ["list", "--provider", "ucloud", "--columns", ",".join(wanted)]
    objects = rows(place, *narrow)
    assert len(objects) > 100
    equal([json.loads(line) for line in cat(place, *narrow, "-o", "ndjson").out.splitlines()], objects)
    table = list(csv.DictReader(io.StringIO(cat(place, *narrow, "-o", "csv").out)))
    equal(len(table), len(objects))
    for line, row in zip(table, objects):
        equal(line["image_id"], row["image_id"])
        equal(line["size_bytes"], "" if row["size_bytes"] is None else str(row["size_bytes"]))
        equal(line["name"].lstrip("'"), row["name"])
    lines = cat(place, *narrow, "-o", "tsv").out.splitlines()
    equal(lines[0].split("\t"), wanted)
    equal([line.split("\t")[0] for line in lines[1:]], [row["image_id"] for row in objects])
    equal(ids(place, *narrow), [row["image_id"] for row in objects])


@case
def purged_and_removed(place):
    filled = Filled(place, [image("a"), image("b"), image("c")])
    filled.poll([image("a"), image("c")])
    equal(ids(place, "list"), ["uimage-a", "uimage-c"])
    equal(ids(place, "list", "--removed"), ["uimage-b"])
    equal(ids(place, "list", "--removed", "--since", "1h"), ["uimage-b"])
    equal(ids(place, "list", "--removed", "--since", "2099-01-01"), [])
    equal(rows(place, "list", "--removed")[0]["removed_reason"], "absent")
    change(place.catalog, "UPDATE _images SET state = 'purged', launchable = 0 WHERE image_id = 'uimage-c'")
    equal(ids(place, "list"), ["uimage-a"])
    equal(ids(place, "list", "--state", "purged"), ["uimage-c"])
    equal(ids(place, "show", "uimage-c"), ["uimage-c"])


@case
def nothing_is_no_error(place):
    Filled(place, [image("a")])
    equal(cat(place, "list").err, "")
    nothing = ["list", "--name", "nothing"]
    run = cat(place, *nothing)
    equal((run.out, run.err), ("", "imagecat: there is none\n"))
    equal(cat(place, *nothing, "-o", "json").out, "[]\n")
    run = cat(place, "list", "--region", "cn-bj", "--os", "ubunut:22.04", "--zone", "-", "--account", "nobody")
    equal(run.out, "")
    equal(run.err, "imagecat: there is none\nimagecat: no image of the catalog has account 'nobody'\n"
                   "imagecat: no image of the catalog has region 'cn-bj'; did you mean 'cn-bj2'?\n"
                   "imagecat: no image of the catalog has os_distro 'ubunut'; did you mean 'ubuntu'?\n")
    has(cat(place, "list", "--provider", "uclod").err, "no image of the catalog has provider 'uclod'; did you mean 'ucloud'?")
    has(cat(place, "latest", "--os", "ubunut", "-o", "id", status=NOT_FOUND).err, "did you mean 'ubuntu'?")
    equal(cat(place, *nothing, "-o", "ndjson").out, "")
    equal(cat(place, *nothing, "-o", "csv", "--columns", "uid,name").out, "uid,name\r\n")
    equal(ids(place, *nothing), [])
    equal(cat(place, *nothing, "-o", "tsv").out.split(), [row["column"] for row in rows(place, "schema", "images")])
    equal(cat(place, "changes", "--kind", "held", "-o", "csv").out.strip().split(","),
          [row["column"] for row in rows(place, "schema", "changes")])


# ---- show, search, history ----------------------------------------------------------------------------------

@case
def every_place_newest_first(place):
    cloud = place.cloud()
    for region, created in (("cn-bj2", 1600000000), ("hk", 1700000000), ("cn-sh2", 1650000000)):
        cloud.put("DescribeImage", [image("a", zone=region + "-01", CreateTime=created)], where={"Region": region})
    place.configure([place.account("ucloud", cloud.url(), name="prod", services=["uhost"], regions=["cn-bj2", "hk", "cn-sh2"])],
                    removal={"after_complete_polls": 1})
    place.once(OK)
    equal([row["region"] for row in rows(place, "show", "uimage-a")], ["hk", "cn-sh2", "cn-bj2"])
    text = cat(place, "show", "uimage-a").out
    equal(re.findall(r"^region +(\S+)$", text, re.MULTILINE), ["hk", "cn-sh2", "cn-bj2"])
    has(text, "size_bytes            21474836480 (20 GiB)\n")
    uid = rows(place, "show", "uimage-a")[2]["uid"]
    equal([row["region"] for row in rows(place, "show", uid)], ["cn-bj2"])
    # Gone from the newest place: it is still told, last.
    cloud.put("DescribeImage", [], where={"Region": "hk"})
    place.once(UNHEALTHY)  # an empty answer is not believed at once
    change(place.catalog, "UPDATE _images SET presence = 2, removed_at = 1700000000, removed_reason = 'absent'"
                          " WHERE uid LIKE '%/hk/%'")
    shown = rows(place, "show", "uimage-a")
    equal([(row["region"], row["presence"]) for row in shown],
          [("cn-sh2", "present"), ("cn-bj2", "present"), ("hk", "removed")])


@case
def raw_is_what_was_sent(place):
    item = clouds.raw_item(image("a", Extra="é\u202e\x9b\x7f", Vendor="\x1b[31m"))
    filled = Filled(place, [item])
    raw = cat(place, "show", "uimage-a", "--raw").out
    equal(json.loads(raw), json.loads(filled.shelf.items[0]))
    assert not HARMFUL.search(raw), raw
    equal(rows(place, "show", "uimage-a", "--raw")[0]["raw"], json.loads(item))
    assert "raw" not in rows(place, "show", "uimage-a")[0]
    run = cat(place, "show", "uimage-b", status=NOT_FOUND)
    has(run.err, "no poll ever saw an image 'uimage-b'")
    equal(cat(place, "history", "uimage-b", status=NOT_FOUND).out, "")


@case
def as_it_was(place):
    filled = Filled(place, [image("a"), image("b")])
    filled.poll([image("a", State="Unavailable", ImageName="renamed"), image("b")])
    filled.poll([image("b")])
    # The three polls as if they were a day apart.
    begun = int(time.time()) - 10 * DAY
    change(place.catalog, """
        DROP TRIGGER _changes_are_final;
        UPDATE _changes SET at = %d + CASE kind WHEN 'changed' THEN 86400 WHEN 'removed' THEN 172800 ELSE 0 END;
        UPDATE _images SET first_seen_at = %d, changed_at = %d + CASE revision WHEN 2 THEN 86400 ELSE 0 END;
        UPDATE _revisions SET valid_from_at = %d, valid_to_at = %d + 86400;
        """ % ((begun,) * 5))
    seen = []
    for at in ("@%d" % (begun - 1), "@%d" % begun, "@%d" % (begun + DAY - 1), "@%d" % (begun + DAY), "9d", "@%d" % (begun + 2 * DAY), "1d"):
        row, = rows(place, "show", "uimage-a", "--at", at)
        seen.append((row["presence"], row["name"], row["state"], row["launchable"]))
    first, second = ("a", "available", 1), ("renamed", "unavailable", 0)
    equal(seen, [("unseen", None, None, None), ("present", *first), ("present", *first), ("present", *second),
                 ("present", *second), ("removed", *second), ("removed", *second)])
    has(cat(place, "show", "uimage-a", "--at", "@%d" % begun).out, "presence              present\n")
    cat(place, "show", "uimage-z", "--at", "1d", status=NOT_FOUND)

    assert "pruned" not in cat(place, "show", "uimage-a", "--at", "@%d" % (begun - 1)).err
    change(place.catalog, "DELETE FROM _revisions")
    run = cat(place, "show", "uimage-a", "--at", "@%d" % begun)
    has(run.err, "is pruned")
    has(run.out, "presence              present\n")
    assert "renamed" not in run.out

    history = rows(place, "history", "uimage-a")
    equal([(row["kind"], row["at"] - begun) for row in history], [("changed", DAY), ("removed", 2 * DAY)])
    equal(history[0]["fields"]["name"], ["a", "renamed"])
    has(cat(place, "history", "uimage-a").out, "name: a → renamed")
    equal([row["kind"] for row in rows(place, "history", "uimage-a", "--since", "@%d" % (begun + 2 * DAY))], ["removed"])
    run = cat(place, "history", "uimage-b")
    equal(run.out, "")
    has(run.err, "nothing has changed since")


@row_case([
    ("one_chinese_character", ["学"], ["uimage-a"]),
    ("two_chinese_characters", ["学习"], ["uimage-a"]),
    ("both_words", ["深度", "cuda"], ["uimage-a"]),
    ("words_in_one_argument", ["深度 CUDA"], ["uimage-a"]),
    ("in_the_description", ["nginx"], ["uimage-b"]),
    ("in_software", ["wordpress"], ["uimage-c"]),
    ("in_a_tag", ["batch"], ["uimage-c"]),
    ("percent_is_itself", ["100%"], ["uimage-b"]),
    ("underscore_is_itself", ["a_b"], []),
    ("nowhere", ["深度", "nginx"], []),
    ("with_a_filter", ["64", "--name", "100*"], ["uimage-b"]),
], "search")
def search(place, arguments, expected):
    Filled(place, [image("a", ImageName="Ubuntu 深度学习 CUDA 12"), image("b", ImageName="100% small", ImageDescription="with nginx"),
                   image("c", IntegratedSoftware="WordPress 6", Tag="batch axb")])
    equal(ids(place, "search", *arguments), expected)


# ---- latest -------------------------------------------------------------------------------------------------

def gpu(name, answer, **more):
    """`answer` 1, 0 or None."""
    return image(name, **more, **({"Features": ["GPU"]} if answer else {}))


MATRIX = [
    ("none", [], [image("a")], ["--os", "debian"], NOT_FOUND, None, None),
    ("one", [], [image("a")], ["--os", "ubuntu"], OK, "a", None),
    ("newest", [], [image("a", CreateTime=1600000000), image("b", CreateTime=1700000000), image("c", CreateTime=1650000000)],
     ["--os", "ubuntu:22.04"], OK, "b", None),
    ("a_tie", [], [image("a"), image("c"), image("b")], [], OK, "c", None),
    ("no_time_comes_last", [], [image("a", CreateTime=1600000000), image("b", CreateTime=0)], [], OK, "a", None),
    ("9_before_10", [], [image("a", "Debian 9 64位", CreateTime=1700000000), image("b", "Debian 10 64位")], ["--os", "debian"],
     OK, "b", None),
    ("point_releases", [], [image("a", "Ubuntu 22.04 64位", CreateTime=1700000000), image("b", "Ubuntu 22.04.5 64位"),
                            image("c", "Ubuntu 24.04 64位")], ["--os", "ubuntu"], OK, "c", None),
    ("point_releases_of_one", [], [image("a", "Ubuntu 22.04 64位", CreateTime=1700000000), image("b", "Ubuntu 22.04.5 64位"),
                                   image("c", "Ubuntu 24.04 64位")], ["--os", "ubuntu:22.04"], OK, "b", None),
    ("a_version_that_is_none", [], [image("a", "Ubuntu 22.04 64位")], ["--os", "ubuntu:22.0"], NOT_FOUND, None, None),
    ("several_zones", [], [image("a"), image("b", zone="cn-bj2-05")], ["--os", "ubuntu"], AMBIGUOUS, None,
     "  --zone cn-bj2-02|cn-bj2-05\n"),
    ("a_zone_chosen", [], [image("a"), image("b", zone="cn-bj2-05")], ["--zone", "cn-bj2-05"], OK, "b", None),
    ("several_kinds", [], [image("a"), image("b", ImageType="Custom")], [], AMBIGUOUS, None, "  --kind system|custom\n"),
    ("several_distributions", [], [image("a"), image("b", "Debian 12 64位")], [], AMBIGUOUS, None, "  --os ubuntu|debian\n"),
    ("an_unknown_system", [], [image("a"), image("b", "")], [], AMBIGUOUS, None, "  --os ubuntu|-\n"),
    ("an_unknown_system_chosen", [], [image("a"), image("b", "")], ["--os", "-"], OK, "b", None),
    ("gpu_or_not_known", [], [gpu("a", 1), gpu("b", None)], [], AMBIGUOUS, None, "  --gpu=yes|unknown\n"),
    ("gpu", [], [gpu("a", 1), gpu("b", None)], ["--gpu"], OK, "a", None),
    ("gpu_not_known", [], [gpu("a", 1), gpu("b", None)], ["--gpu=unknown"], OK, "b", None),
    ("gpu_no", [], [gpu("a", 1), gpu("b", None)], ["--gpu=no"], NOT_FOUND, None, None),
    # A place is never chosen for another because that has a newer system.
    ("newer_elsewhere", [], [image("a"), image("b", "Ubuntu 24.04 64位", zone="cn-bj2-05"), image("c", zone="cn-bj2-05")], ["--os", "ubuntu"],
     AMBIGUOUS, None, "  --zone cn-bj2-02|cn-bj2-05\n"),
    ("not_launchable", [], [image("a"), image("b", State="Unavailable", CreateTime=1700000000)], [], OK, "a", None),
    ("name", [], [image("a"), image("b", zone="cn-bj2-05")], ["--name", "b"], OK, "b", None),
]


@row_case([(row[0], *row[2:]) for row in MATRIX], "latest")
def latest(place, items, arguments, status, expected, says):
    Filled(place, items)
    run = cat(place, "latest", *arguments, "-o", "id", status=status)
    equal(run.out, "uimage-%s\n" % expected if expected else "")
    if says:
        has(run.err, "sorts of image are left, and one id was asked for; say which:\n")
        has(run.err, says)
        equal(len(run.err.splitlines()), 2, run.err)
    equal(rows(place, "latest", *arguments, status=NOT_FOUND if status == NOT_FOUND else OK) == [], status == NOT_FOUND)


@case
def latest_tells_why_and_shows_all(place):
    Filled(place, [image("a", "Ubuntu 22.04 64位"), image("b", "Ubuntu 24.04 64位"), image("c", "Ubuntu 24.04 64位")])
    text = cat(place, "latest").out
    has(text, "RANK_REASON")
    has(text, "newest of 2 launchable images")
    equal(ids(place, "latest"), ["uimage-c"])
    equal([row["image_id"] for row in rows(place, "latest")], ["uimage-c"])
    equal(ids(place, "latest", "--all"), ["uimage-a", "uimage-c"])
    equal([row["image_id"] for row in rows(place, "latest", "--all", "--sort", "image_id:desc", "--limit", "1")], ["uimage-c"])
    # One that may be gone is named, and said to be.
    change(place.catalog, "UPDATE _listings SET last_complete_at = 1")
    run = cat(place, "latest", "-o", "id")
    equal(run.out, "uimage-c\n")
    has(run.err, "its listing is stale")


@case
def latest_is_never_of_the_community(place):
    cloud = place.cloud()
    community = clouds.platform_image(9, "Community", ImageOwnerAlias="Community", CreateTime=1790000000)
    cloud.put("DescribeCommunityImages", [community])
    cloud.put("DescribeCompShareImages", [clouds.platform_image(1)], where={"ImageType": "System"})
    place.configure([place.account("compshare", cloud.url(), name="gpu", regions=["cn-wlcb"], services=["platform", "community"])])
    place.once()
    equal(len(ids(place, "list", "--kind", "community")), 1)
    equal(ids(place, "latest"), ["compshareImage-p000001"])
    cat(place, "latest", "--kind", "community", "-o", "id", status=NOT_FOUND)


# ---- check --------------------------------------------------------------------------------------------------

@case
def checks_what_is_used(place):
    soon, late = (time.strftime("%Y-%m-%d", time.gmtime(time.time() + days * DAY)) for days in (30, 120))
    gone, items = image("gone"), [image("good"), image("off", State="Unavailable"), image("soon", MaintainEol=soon),
                                  image("late", MaintainEol=late)]
    filled = Filled(place, [gone, *items])
    filled.poll(items)
    uid = place.value("SELECT uid FROM images WHERE image_id = 'uimage-good'")
    path = os.path.join(place.path, "images.txt")
    with open(path, "w") as file:
        file.write("# what the web team uses\n\nuimage-good # front\n  %s\n\"uimage-late\",\nuimage-soon\nuimage-gone\n"
                   "uimage-off\nuimage-never\n" % uid)
    run = cat(place, "check", path, "-o", "json", status=UNHEALTHY)
    equal([(row["id"], row["problem"]) for row in json.loads(run.out)],
          [("uimage-soon", "eol"), ("uimage-gone", "gone"), ("uimage-off", "not-launchable"), ("uimage-never", "gone")])
    details = {row["id"]: row["detail"] for row in json.loads(run.out)}
    equal(details["uimage-never"], "no poll of this catalog has ever seen it: a typo, another account's or place's, or removed before")
    has(details["uimage-gone"], "removed 20")
    has(details["uimage-soon"], soon)
    has(cat(place, "check", path, status=UNHEALTHY).err, "imagecat: 7 ids checked, 4 with a problem")
    within = cat(place, "check", path, "--eol-within", "150d", "-o", "id", status=UNHEALTHY).out.split()
    equal(within, ["uimage-late", "uimage-soon", "uimage-gone", "uimage-off", "uimage-never"])
    everything = rows(place, "check", path, "--all", status=UNHEALTHY)
    equal([row["problem"] for row in everything], ["ok", "ok", "ok", "eol", "gone", "not-launchable", "gone"])
    change(place.catalog, "UPDATE _listings SET last_complete_at = 1;"
                          "UPDATE _images SET presence = 1, missing_since_at = 5 WHERE image_id = 'uimage-good'")
    with open(path, "w") as file:
        file.write("uimage-good\n")
    equal([row["problem"] for row in rows(place, "check", path, status=UNHEALTHY)], ["missing", "stale"])


@case
def checks_an_id_of_several_places_once(place):
    cloud = place.cloud()
    zones = {name: cloud.put("DescribeImage", [image("a", zone=name + "-01"), image("b", zone=name + "-01")], where={"Region": name})
             for name in ("cn-bj2", "hk", "cn-sh2")}
    place.configure([place.account("ucloud", cloud.url(), name="prod", services=["uhost"], regions=list(zones))],
                    removal={"after_complete_polls": 1})
    place.once(OK)
    with open(os.path.join(place.path, "ids"), "w") as file:
        file.write("uimage-a\n")
    uids = [row["uid"] for row in place.rows("SELECT uid FROM images WHERE image_id = 'uimage-a'")]

    def told(status, *more):
        seen = rows(place, "check", "ids", *more, status=status)
        assert all(row["uid"] in [None, *uids] and row["name"] == "a" for row in seen), seen
        return [(row["problem"], row["detail"], row["uid"] is not None) for row in seen]

    equal(told(OK), [])
    everywhere = "in 3 of 3 places: cn-bj2-01, cn-sh2-01, hk-01"
    equal(told(OK, "--all"), [("ok", everywhere, False)])
    zones["hk"].items = zones["hk"].items[1:]
    place.once(OK)
    (problem, detail, one), = told(UNHEALTHY, "--all")
    equal((problem, detail.partition("; ")[2], one), ("gone", "in 1 of 3 places: hk-01", True))
    change(place.catalog, "UPDATE _listings SET last_complete_at = 1; UPDATE _images SET presence = 1, missing_since_at = 5 "
                          "WHERE uid LIKE '%/cn-bj2/%'")
    equal([(row[0], row[1].partition("; ")[2], row[2]) for row in told(UNHEALTHY)],
          [("missing", "in 1 of 3 places: cn-bj2-01", True), ("stale", "in 2 of 3 places: cn-bj2-01, cn-sh2-01", False),
           ("gone", "in 1 of 3 places: hk-01", True)])


TERRAFORM = """\
variable "image_id" {
  default = "uimage-good01" # uimage-incomment
}
resource "ucloud_instance" "web" {
  name     = "web01"
  image_id = "uimage-never1"
}
data "x" "y" { image_ids = ["uimage-gone01", "centos7x64"] }
"""


@case
def checks_what_files_use(place):
    """Terraform and the like, and directories of them."""
    filled = Filled(place, [image("gone01"), image("good01")])
    filled.poll([image("good01")])
    files = {"main.tf": TERRAFORM, "sub/vars.json": '{"ImageId":"uimage-good01","Name":"uimage"}', ".git/x": "uimage-hidden\n",
             "sub/words": "uimage-listed\nEOF\n", "binary": "uimage-binary \0 x\n"}
    for name, text in files.items():
        path = os.path.join(place.path, "src", name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)
    os.symlink("nowhere", os.path.join(place.path, "src", "link"))
    main_tf = [("uimage-never1", "gone", "src/main.tf", 6), ("uimage-gone01", "gone", "src/main.tf", 8),
               ("centos7x64", "gone", "src/main.tf", 8)]
    key = lambda row: (row["id"], row["problem"], row["file"], row["line"])  # noqa: E731
    run = cat(place, "check", "src/main.tf", "-o", "json", status=UNHEALTHY)
    equal([key(row) for row in json.loads(run.out)], main_tf)
    run = cat(place, "check", "src", "--all", "-o", "json", status=UNHEALTHY)
    equal([key(row) for row in json.loads(run.out)],
          [("uimage-good01", "ok", "src/main.tf", 2), *main_tf, ("uimage-good01", "ok", "src/sub/vars.json", 1),
           ("uimage-listed", "gone", "src/sub/words", 1)])
    # Named, a file of one word a line is a list.
    run = cat(place, "check", "src/sub/words", "src/sub/vars.json", "-o", "id", status=UNHEALTHY)
    equal(run.out, "uimage-listed\nEOF\n")
    has(cat(place, "check", "src", status=UNHEALTHY).err, "imagecat: 6 ids checked in 3 files, 4 with a problem\n")
    equal(cat(place, "check", "src/sub/vars.json").err, "imagecat: 1 id checked, 0 with a problem\n")
    # What cannot be read is no good end, and hides nothing.
    run = cat(place, "check", "src/binary", "src/link", "nowhere", "src/sub/words", status=ERROR)
    has(run.out, "uimage-listed")
    for name, why in (("src/binary", "it is no text"), ("src/link", "No such file"), ("nowhere", "No such file")):
        has(run.err, "imagecat: '%s' cannot be read: %s" % (name, why))


@case
def checks_standard_input(place):
    Filled(place, [image("a")])
    program = os.path.join(harness.build, "imagecat")
    for text, status in ((b"uimage-a\n", OK), (b"", OK), (b"# none\n", OK), (b"uimage-a\nuimage-b", UNHEALTHY), (b"\xff\xfe\x00a\n", ERROR)):
        done = subprocess.run([program, "--catalog", place.catalog, "check", "-"], input=text, capture_output=True, check=False)
        equal(done.returncode, status, repr(text))
        assert not HARMFUL.search(done.stdout.decode()), done.stdout
    has(cat(place, "check", "nowhere.txt", status=ERROR).err, "'nowhere.txt' cannot be read")


# ---- changes ------------------------------------------------------------------------------------------------

@case
def the_feed(place):
    filled = Filled(place, [image("a"), image("b")])
    filled.poll([image("a", ImageName="renamed"), image("c")])
    feed = rows(place, "changes")
    equal([row["seq"] for row in feed], [row["seq"] for row in place.rows("SELECT seq FROM changes ORDER BY seq")])
    equal(sorted(row["kind"] for row in feed), ["added", "baseline", "changed", "removed"])
    last = feed[-1]["seq"]
    equal([row["seq"] for row in rows(place, "changes", "--after", str(feed[1]["seq"]))], [row["seq"] for row in feed[2:]])
    equal(rows(place, "changes", "--after", str(last)), [])
    equal([row["image_id"] for row in rows(place, "changes", "--kind", "removed")], ["uimage-b"])
    equal(len(rows(place, "changes", "--since", "1h")), 4)
    equal(rows(place, "changes", "--since", "2099-01-01"), [])
    equal(rows(place, "changes", "--account", "other"), [])
    equal(len(rows(place, "changes", "--limit", "2")), 2)
    has(cat(place, "changes").out, "name: a → renamed")
    equal(ids(place, "changes", "--kind", "added"), ["uimage-c"])


def await_text(run, part):
    until = time.monotonic() + PATIENCE
    while part not in run.out:
        assert not run.wait_quietly(0.01), run.err
        assert time.monotonic() < until, (part, run.out)


@row_case([("interrupted", signal.SIGINT), ("terminated", signal.SIGTERM)], "follows_until")
def follows(place, number):
    filled = Filled(place, [image("a")])
    filled.poll([image("a"), image("early")])
    people = start(place, "changes", "--follow", "--after", "0")
    programs = start(place, "changes", "-f", "-o", "ndjson", "--since", "1d", "--kind", "added")
    news = start(place, "changes", "--follow", "--kind", "added", "-o", "id")
    await_text(people, "baseline")
    # `news` begins with what is committed after its first look; that it has looked shows by its answer to the second.
    for n in range(200):
        filled.poll([image("a"), image("early"), *(image("new%d" % i) for i in range(n + 1))])
        if news.out:
            break
    await_text(people, "uimage-new%d" % n)
    await_text(programs, "uimage-new%d" % n)
    await_text(news, "uimage-new%d" % n)
    for run in (people, programs, news):
        run.kill(number)
        equal(run.wait(), OK, run.err)
        equal(run.err, "")
    seen = [json.loads(line) for line in programs.out.splitlines()]
    equal([row["image_id"] for row in seen], ["uimage-early"] + ["uimage-new%d" % i for i in range(n + 1)])
    assert "early" not in news.out and news.out.split()[-1] == "uimage-new%d" % n, news.out
    equal(len(people.out.splitlines()), place.value("SELECT count(*) FROM changes"))


@case
def what_was_pruned_is_told(place):
    filled = Filled(place, [image("a")])
    for turn in range(5):
        filled.poll([image("a", ImageName="turn %d" % turn)])
    change(place.catalog, "DELETE FROM _changes WHERE seq < 4")
    for arguments in (["--after", "2"], ["--after", "2", "--follow"], ["--after", "2", "--kind", "added", "-o", "ndjson"]):
        run = cat(place, "changes", *arguments, status=ERROR)
        equal(run.out.strip(), "")
        has(run.err, "what is kept is behind 3")
    has(cat(place, "changes", "--after", "7", status=ERROR).err, "went back to a backup")
    for after, seqs in (("0", [4, 5, 6]), ("3", [4, 5, 6]), ("6", [])):
        equal([row["seq"] for row in rows(place, "changes", "--after", after)], seqs)


@case
def follows_past_what_it_leaves_out(place):
    """It has read what its filter hides: that this was pruned meanwhile is no loss."""
    filled = Filled(place, [image("a")])
    run = start(place, "changes", "--follow", "--kind", "added", "--after", "1", "-o", "id")
    for turn in range(200):
        filled.poll([image("a", ImageName="turn %d" % turn), *(image("new%d" % i) for i in range(turn // 2))])
        if run.out:
            break
    filled.poll([image("seen"), image("a", ImageName="hidden")])
    await_text(run, "uimage-seen")
    change(place.catalog, "DELETE FROM _changes")
    filled.poll([image("a", ImageName="last"), image("last")])
    await_text(run, "uimage-last")
    run.kill(signal.SIGTERM)
    equal((run.wait(), run.err), (OK, ""))


@case
def follows_until_nobody_reads(place):
    Filled(place, [image("a")])
    arguments = [os.path.join(harness.build, "imagecat"), "--catalog", place.catalog, "changes", "--follow", "--after", "0"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        has(run.stdout.readline().decode(), "baseline")
        run.stdout.close()
        equal(run.wait(30), OK)
        equal(run.stderr.read(), b"")


@case
def follows_no_other_catalog(place):
    Filled(place, [image("a")])
    run = start(place, "changes", "--follow", "--after", "0")
    await_text(run, "baseline")
    os.rename(place.catalog, place.catalog + ".old")
    equal(run.wait(), ERROR)
    has(run.err, "is gone")


# ---- status, polls, coverage, schema ------------------------------------------------------------------------

@case
def status_tells_health(place):
    filled = Filled(place, [image("a")])
    run = cat(place, "status")
    has(run.out, "1 listing, all healthy; 1 image\n")
    has(run.out, "prod uhost cn-bj2")
    equal(len(rows(place, "status")), 1)
    filled.cloud.always("DescribeImage", clouds.ucloud_error(171, "Signature VerifyAC Error"))
    place.once(4)
    run = cat(place, "status", status=UNHEALTHY)
    has(run.out, "auth")
    has(run.out, "    ")
    has(run.out, "signature refused")
    for form in ("json", "ndjson", "csv", "tsv", "id"):
        cat(place, "status", "-o", form, status=UNHEALTHY)
    equal(rows(place, "status", status=UNHEALTHY)[0]["health"], "auth")
    cat(place, "status", "--account", "other")
    filled.cloud.clear_scripts()
    place.once(OK)
    cat(place, "status")
    change(place.catalog, "UPDATE _listings SET last_complete_at = 1")
    has(cat(place, "status", status=UNHEALTHY).out, ", stale")


@case
def status_tells_what_is_wrong_first(place):
    cloud = place.cloud()
    cloud.put("DescribeImage", [image("a")])
    place.configure([place.account("ucloud", cloud.url(), name="an-account-whose-name-is-long", services=["uhost"], regions=["cn-bj2", "hk"])])
    place.once()
    change(place.catalog, "UPDATE _listings SET health = 'ok', last_complete_at = unixepoch();"
                          "UPDATE _listings SET health = 'failing', last_error = 'it is broken' WHERE region = 'hk'")
    lines = cat(place, "status", status=UNHEALTHY).out.splitlines()
    has(lines[0], "2 listings: 1 ok, 1 failing")
    equal([line.split("  ")[0] for line in lines[1:]], ["an-account-whose-name-is-long uhost hk", "", "an-account-whose-name-is-long uhost cn-bj2"])
    equal(lines[2], "    it is broken")
    equal(len({width(line[:line.index("image")]) for line in (lines[1], lines[3])}), 1, "columns: %r" % lines)


@case
def the_log_of_polls(place):
    filled = Filled(place, [image("a")])
    filled.cloud.always("DescribeImage", clouds.ucloud_error(160, "Missing Action"))
    place.once(UNHEALTHY)
    polls = rows(place, "polls")
    equal([row["outcome"] for row in polls], ["failed", "complete"])
    equal([row["account"] for row in polls], ["prod", "prod"])
    for row, stored in zip(polls, place.rows("SELECT * FROM polls ORDER BY poll_id DESC")):
        equal({name: row[name] for name in stored}, stored)
    equal(len(rows(place, "polls", "--outcome", "failed")), 1)
    equal(rows(place, "polls", "--account", "other"), [])
    equal(len(rows(place, "polls", "--listing", str(polls[0]["listing_id"]), "--limit", "1")), 1)
    has(cat(place, "polls").out, "MESSAGE")


@case
def coverage_of_places(place):
    simulated(place)
    view = place.rows("SELECT * FROM coverage")
    key = lambda row: json.dumps(row, sort_keys=True)  # noqa: E731
    equal(sorted(rows(place, "coverage"), key=key), sorted(view, key=key))
    for arguments, chosen in ((["--provider", "ucloud"], lambda r: r["provider"] == "ucloud"),
                              (["--missing"], lambda r: r["images"] == 0),
                              (["--os", "ubuntu:22.04"], lambda r: r["os_distro"] == "ubuntu" and
                               (r["os_version"] == "22.04" or r["os_version"].startswith("22.04."))),
                              (["--region", "cn-bj2", "--arch", "x86_64"], lambda r: (r["region"], r["arch"]) == ("cn-bj2", "x86_64"))):
        expected = [row for row in view if chosen(row)]
        assert expected, arguments
        equal(sorted(rows(place, "coverage", *arguments), key=key), sorted(expected, key=key), arguments)


@case
def schema_is_that_of_the_file(place):
    Filled(place, [image("a")])
    everything = rows(place, "schema")
    views = {row["view"] for row in everything}
    for view in views:
        columns = [row[1] for row in sqlite_info(place, view)]
        equal([row["column"] for row in everything if row["view"] == view], columns, view)
        equal([row["column"] for row in rows(place, "schema", view)], columns, view)
        equal(cat(place, "schema", view, "-o", "id").out.split(), columns)
    equal(views, set(place.value("SELECT group_concat(name) FROM sqlite_schema WHERE type = 'view' AND name NOT LIKE '\\_%'"
                                 " ESCAPE '\\'").split(",")))


def sqlite_info(place, view):
    with place.database() as db:
        return [tuple(row) for row in db.execute("SELECT * FROM pragma_table_info(?)", (view,))]


# ---- export -------------------------------------------------------------------------------------------------

def target(place, name):
    directory = os.path.join(place.path, "out")
    os.makedirs(directory, exist_ok=True)
    return os.path.join(directory, name)


@case
def exports(place):
    simulated(place)
    images = place.rows("SELECT * FROM images ORDER BY uid")
    path = target(place, "images.csv")
    equal(cat(place, "export", "--csv", path).out, "")
    with open(path, newline="", encoding="utf-8") as file:
        text = file.read()
    assert not HARMFUL.search(text.replace("\r\n", "\n"))
    lines = list(csv.DictReader(io.StringIO(text, newline="")))
    equal([line["uid"] for line in lines], [row["uid"] for row in images])
    equal(list(lines[0]), list(images[0]))
    path = target(place, "images.ndjson")
    cat(place, "export", "--ndjson", path, "--provider", "ucloud", "--columns", "uid,tags")
    with open(path, encoding="utf-8") as file:
        objects = [json.loads(line) for line in file]
    equal(objects, [{"uid": row["uid"], "tags": row["tags"] and json.loads(row["tags"])} for row in images if row["provider"] == "ucloud"])
    path = target(place, "changes.ndjson")
    cat(place, "export", "--view", "changes", "--ndjson", path)
    with open(path, encoding="utf-8") as file:
        equal([json.loads(line)["seq"] for line in file], [row["seq"] for row in place.rows("SELECT seq FROM changes ORDER BY seq")])
    path = target(place, "copy.db")
    cat(place, "export", "--sqlite", path)
    equal(rows(place, "list", catalog=path), rows(place, "list"))
    with place.database(path) as db:
        equal(db.execute("SELECT count(*) FROM pragma_table_list WHERE strict").fetchone()[0], 0)
        for view in place.rows("SELECT name FROM sqlite_schema WHERE type = 'view'"):
            sql = "SELECT count(*) FROM " + view["name"]
            equal(db.execute(sql).fetchone()[0], place.value(sql), view["name"])
        equal(db.execute("PRAGMA integrity_check").fetchone()[0], "ok")
        equal(db.execute("PRAGMA journal_mode").fetchone()[0], "delete")
    equal(sorted(os.listdir(os.path.join(place.path, "out"))), ["changes.ndjson", "copy.db", "images.csv", "images.ndjson"])
    equal(cat(place, "export", "--csv", "-", "--columns", "uid").out.split(), ["uid"] + [row["uid"] for row in images])
    equal(cat(place, "export", "--csv", "-", "--name", "nothing").out.strip().split(","), list(images[0]))


@row_case([("csv", "--csv"), ("ndjson", "--ndjson"), ("sqlite", "--sqlite")], "export_for_those_of_the_catalog")
def export_for_those_of_the_catalog(place, option):
    """Who may not read the catalog may not read a file made of it."""
    Filled(place, [image("a")])
    old = os.umask(0)
    try:
        # The catalog's mode, the umask, the file's mode.
        for number, (mode, mask, wanted) in enumerate([(0o640, 0, 0o640), (0o600, 0, 0o600), (0o644, 0, 0o644), (0o440, 0, 0o640),
                                                       (0o2750, 0, 0o640), (0o644, 0o77, 0o600)]):
            os.chmod(place.catalog, mode)
            os.umask(mask)
            path = target(place, "%d" % number)
            cat(place, "export", option, path)
            equal(oct(os.stat(path).st_mode & 0o7777), oct(wanted), "of a catalog of mode %o, umask %o" % (mode, mask))
    finally:
        os.umask(old)


@row_case([("csv", "--csv"), ("ndjson", "--ndjson"), ("sqlite", "--sqlite")], "export_spares")
def export_spares(place, option):
    """What is there stays; what cannot be written leaves nothing."""
    Filled(place, [image("a")])
    path = target(place, "there")
    with open(path, "w") as file:
        file.write("mine")
    has(cat(place, "export", option, path, status=ERROR).err, "is there already")
    os.symlink("nowhere", target(place, "link"))
    has(cat(place, "export", option, target(place, "link"), status=ERROR).err, "is there already")
    with open(path) as file:
        equal(file.read(), "mine")
    cat(place, "export", option, os.path.join(place.path, "none", "file"), status=ERROR)
    equal(sorted(os.listdir(os.path.join(place.path, "out"))), ["link", "there"])
    assert not os.path.exists(os.path.join(place.path, "out", "nowhere"))


@case
def export_of_a_full_disk(place):
    """A file-size limit stands in for the disk."""
    simulated(place)
    program = os.path.join(harness.build, "imagecat")
    for option in ("--csv", "--ndjson", "--sqlite"):
        path = target(place, "file")
        done = subprocess.run(["sh", "-c", "trap '' XFSZ; ulimit -f 64; exec \"$0\" \"$@\"", program, "--catalog", place.catalog, "export", option,
                               path], capture_output=True, text=True, check=False)
        equal(done.returncode, ERROR, done.stderr)
        has(done.stderr, "imagecat: ")
        equal(os.listdir(os.path.dirname(path)), [])


@case
def output_that_cannot_be_written(place):
    Filled(place, [image("a")])
    with open(os.path.join(place.path, "ids.txt"), "w") as file:
        file.write("uimage-b\n")
    program = os.path.join(harness.build, "imagecat")
    for command in ("list", "list -o json", "show uimage-a", "show uimage-a --raw", "latest", "status", "changes", "schema", "help",
                    "changes --follow --after 0", "export --csv -", "--version", "--help", "--completion", "check ids.txt"):
        with open("/dev/full", "w") as full:
            done = subprocess.run([program, "--catalog", place.catalog, *command.split()], stdout=full, stderr=subprocess.PIPE,
                                  text=True, check=False, timeout=PATIENCE, cwd=place.path)
        equal(done.returncode, ERROR, command)
        has(done.stderr, "imagecat: ")
        has(done.stderr, "No space left on device")


# ---- terminals and hostile text -----------------------------------------------------------------------------

def on_terminal(place, *arguments, columns=80, **env):
    """What a terminal of that width gets."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {"LC_ALL": "C.UTF-8", "TERM": "xterm", **env}
    with subprocess.Popen([os.path.join(harness.build, "imagecat"), "--catalog", place.catalog, *arguments], stdin=subprocess.DEVNULL,
                          stdout=slave, stderr=slave, env=environment) as run:
        os.close(slave)
        parts = []
        with contextlib.suppress(OSError):  # the terminal's way to say that nobody writes any more
            while select.select([master], [], [], PATIENCE)[0]:
                part = os.read(master, 65536)
                if not part:
                    break
                parts.append(part)
        run.wait(30)
    os.close(master)
    return b"".join(parts).decode("utf-8").replace("\r\n", "\n")


def width(text):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


@case
def tables_fit_the_terminal(place):
    simulated(place)
    for columns in (80, 100, 160, 250):
        for command in (["list"], ["latest"], ["changes"], ["polls"], ["coverage"], ["schema"]):
            text = on_terminal(place, *command, columns=columns, NO_COLOR="1")
            lines = [line for line in text.splitlines() if not line.startswith("imagecat: no room for ")]
            widest = max(lines, key=width)
            assert width(widest) <= columns, (command, columns, width(widest), widest)
            assert len(lines) > 3
            assert len(lines) >= len(text.splitlines()) - 1
    narrow = on_terminal(place, "list", columns=80, NO_COLOR="1")
    has(narrow, "…")
    assert "imagecat: no room for " in narrow, narrow[-200:]
    for image_id in ids(place, "list"):
        assert image_id in narrow, image_id  # never cut
    assert "no room" not in on_terminal(place, "list", columns=250)


@case
def colour_is_for_terminals(place):
    filled = Filled(place, [image("a")])
    filled.cloud.always("DescribeImage", clouds.ucloud_error(171, "Signature VerifyAC Error"))
    place.once(4)
    for command in (["list"], ["status"], ["show", "uimage-a"], ["changes"]):
        assert "\x1b[" in on_terminal(place, *command), command
        for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            assert "\x1b" not in on_terminal(place, *command, **env), (command, env)
        assert "\x1b[" in on_terminal(place, *command, NO_COLOR=""), command
        status = UNHEALTHY if command == ["status"] else OK
        assert "\x1b" not in cat(place, *command, status=status).out, command


@case
def times_are_local_or_not(place):
    Filled(place, [image("a", CreateTime=1600000000)])
    show = ["list", "--columns", "created_at"]
    has(cat(place, *show, env={"TZ": "XST-8"}).out, "2020-09-13 20:26\n")
    has(cat(place, *show, "--utc", env={"TZ": "XST-8"}).out, "2020-09-13 12:26Z\n")
    has(cat(place, "show", "uimage-a", env={"TZ": "XST-8"}).out, "2020-09-13 20:26\n")
    equal(cat(place, *show, "-o", "tsv", env={"TZ": "XST-8"}).out, "created_at\n1600000000\n")


EVIL = ("=1+1\x1b[2J\x1b]0;title\x07\x1b]52;c;eA==\x07\x9b31m\x85\x7f\b\ra\nimagecat: forged\t\u202eevil\u2066\u200f\U000e0041"
        "\u2028x|y,z\"'")


@case
def hostile_text_is_harmless_at_every_exit(place):
    hostile = image("evil", ImageName=EVIL, ImageDescription=EVIL, Vendor=EVIL, Tag=EVIL, FuncType=EVIL, IntegratedSoftware=EVIL,
                    Unmapped=EVIL)
    filled = Filled(place, [hostile, image("b", FuncType="x" + EVIL)])
    filled.poll([{**hostile, "ImageName": EVIL + "2"}, image("b", FuncType="y" + EVIL)])
    # Even what no ingestion would let through.
    text = EVIL.replace("'", "''")
    change(place.catalog, "UPDATE _images SET name = '%s', description = '%s', workload = '%s' || image_id, os_name = '%s';"
                          "UPDATE _listings SET last_error = '%s', health = 'failing';"
                          "DROP TRIGGER _changes_are_final;"
                          "UPDATE _changes SET name = '%s', fields = json_object('name', json_array('%s', 'x')) WHERE image IS NOT NULL"
           % ((text,) * 7))
    forged = re.compile(r"^imagecat: forged", re.MULTILINE)
    commands = ["list", "show uimage-evil", "show uimage-evil --raw", "show uimage-evil --at 1s", "search evil", "latest",
                "latest --all", "history uimage-evil", "changes", "status", "polls", "coverage", "schema", "check -"]
    for command in commands:
        for form in ("table", "json", "ndjson", "csv", "tsv", "id"):
            run = start(place, *command.split(), "-o", form)
            run.wait()
            for stream in (run.out, run.err):
                assert not HARMFUL.search(stream), (command, form, HARMFUL.search(stream), stream)
                assert not forged.search(stream), (command, form, stream)
            if form == "json" and run.status in (OK, UNHEALTHY):
                json.loads(run.out)
        seen = on_terminal(place, *command.split(), NO_COLOR="1")
        assert not HARMFUL.search(seen), (command, seen)
        seen = re.sub(r"\x1b\[(0|1|31|33)m", "", on_terminal(place, *command.split()))
        assert not HARMFUL.search(seen), (command, seen)
    for form in ("table", "ndjson", "csv", "tsv", "id"):
        run = start(place, "changes", "--follow", "--after", "0", "-o", form)
        await_text(run, "uimage-evil")
        run.kill(signal.SIGINT)
        run.wait()
        assert not HARMFUL.search(run.out) and not forged.search(run.out), (form, run.out)
    run = cat(place, "latest", "-o", "id", status=AMBIGUOUS)
    assert not HARMFUL.search(run.err) and not forged.search(run.err), run.err
    for words in (["show", EVIL], ["list", "--kind", EVIL], ["list", "--" + EVIL], [EVIL], ["list", "--sort", EVIL], ["schema", EVIL],
                  ["list", EVIL], ["check", EVIL]):
        run = start(place, *words)
        assert run.wait() in (USAGE, NOT_FOUND, ERROR), words
        assert not HARMFUL.search(run.err) and not forged.search(run.err), (words, run.err)
        equal(len(run.err.splitlines()), 1, str(words))


# ---- completion and man pages -------------------------------------------------------------------------------

COMPLETIONS = [
    ("commands", ["imagecat", "l"], {"list", "latest"}),
    ("global_options", ["imagecat", "--ca"], {"--catalog"}),
    ("options", ["imagecat", "list", "--re"], {"--region", "--removed"}),
    ("options_of_the_command", ["imagecat", "show", "--r"], {"--raw"}),
    ("words", ["imagecat", "list", "--visibility", ""], {"public", "private", "shared", "unknown"}),
    ("providers", ["imagecat", "list", "--provider", ""], {"ucloud"}),
    ("words_of_the_record", ["imagecat", "list", "--form", "c"], {"container"}),
    ("words_of_the_command", ["imagecat", "changes", "--kind", "re"], {"removed", "returned", "released", "remapped"}),
    ("a_letter", ["imagecat", "latest", "-o", "i"], {"id"}),
    ("behind_an_equals_sign", ["imagecat", "list", "--visibility", "=", "pr"], {"private"}),
    ("right_behind_an_equals_sign", ["imagecat", "list", "--gpu", "="], {"yes", "no", "unknown"}),
    ("behind_a_flag", ["imagecat", "list", "--gpu", "--zo"], {"--zone"}),
    ("anything", ["imagecat", "list", "--limit", ""], set()),
    ("what_the_catalog_knows", ["imagecat", "list", "--region", ""], {"cn-bj2"}),
    ("what_that_catalog_knows", ["imagecat", "list", "--catalog", "none", "--region", ""], set()),
    ("systems", ["imagecat", "latest", "--os", "u"], {"ubuntu"}),
    ("zones_that_do_no_harm", ["imagecat", "latest", "--zone", ""], {"cn-bj2-02"}),
    ("columns", ["imagecat", "list", "--sort", "image_"], {"image_id", "image_set"}),
    ("several_columns", ["imagecat", "changes", "--columns", "seq,image"], {"seq,image_id"}),
    ("views", ["imagecat", "schema", "im"], {"images", "image_counts"}),
    ("help", ["imagecat", "help", "st"], {"status"}),
    ("behind_the_catalog", ["imagecat", "--catalog", "x", "sta"], {"status"}),
    ("behind_the_catalog_and_an_equals_sign", ["imagecat", "--catalog", "=", "x", "sta"], {"status"}),
    ("what_a_named_catalog_knows", ["imagecat", "--catalog", "=", "state/catalog.db", "list", "--account", "p"], {"prod"}),
    ("files", ["imagecat", "--catalog", "ima"], {"imagecat.yaml"}),
    ("files_of_check", ["imagecat", "check", "ima"], {"imagecat.yaml"}),
]


@row_case(COMPLETIONS, "completes")
def completes(place, words, expected):
    Filled(place, [image("a"), image("b", zone="$(touch harm)"), image("c", zone="`touch harm`")])
    script = "%s\nCOMP_WORDS=(%s) COMP_CWORD=%d\n_imagecat\nprintf '%%s\\n' \"${COMPREPLY[@]}\"" % (
        cat(place, "--completion").out, " ".join("'%s'" % word for word in words), len(words) - 1)
    done = subprocess.run(["bash", "-u", "-c", script], capture_output=True, text=True, check=False, cwd=place.path,
                          env={**os.environ, "PATH": os.path.abspath(harness.build) + ":" + os.environ["PATH"], "IMAGECAT_CATALOG": place.catalog})
    equal(done.stderr, "")
    equal(set(done.stdout.split()), expected)
    assert not os.path.exists(os.path.join(place.path, "harm"))


@case
def completion_knows_what_the_help_knows(place):
    script = cat(place, "--completion").out
    for name in {command.split()[0] for command in COMMANDS} | {"poll", "release"}:
        block = re.search(r"^\t%s\)\n\t\tnames='([^']*)'" % name, script, re.MULTILINE).group(1).split()
        wanted = re.findall(r"^  (?:-\w, |    )(--[a-z-]+)", cat(place, "help", name).out, re.MULTILINE)
        equal({word.partition("=")[0] for word in block}, set(wanted), name)


@case
def manual_says_what_the_programs_say(_place):
    done = subprocess.run([sys.executable, "-B", os.path.join(ROOT, "docs", "man", "generate.py"), harness.build, "--check"],
                          capture_output=True, text=True, check=False)
    equal((done.stdout, done.stderr, done.returncode), ("", "", 0))


@row_case([(name, name) for name in ("imagecat.1", "imagecatd.8", "imagecat.yaml.5", "imagecat-catalog.7")], "manual_page")
def manual_page(_place, name):
    with open(os.path.join(ROOT, "docs", "man", name + ".scd"), "rb") as file:
        done = subprocess.run(["scdoc"], stdin=file, capture_output=True, check=False)
    equal((done.returncode, done.stderr), (0, b""))
    page = done.stdout.decode()
    title, section = name.rsplit(".", 1)
    has(page, '.TH "%s" "%s"' % (title, section))
    for part in ("NAME", "SEE ALSO"):
        has(page, ".SH " + part)
    assert "; begin" not in page


@case
def documents_are_installed(place):
    if not os.path.exists(os.path.join(harness.build, "man")):
        raise Skip("this build has no man pages")
    prefix = os.path.join(place.path, "prefix")
    subprocess.run(["cmake", "--install", harness.build, "--prefix", prefix, "--component", "documents"], check=True,
                   capture_output=True)
    found = sorted(os.path.relpath(os.path.join(directory, name), prefix) for directory, _, names in os.walk(prefix) for name in names)
    equal(found, ["share/bash-completion/completions/imagecat", "share/man/man1/imagecat.1", "share/man/man5/imagecat.yaml.5",
                  "share/man/man7/imagecat-catalog.7", "share/man/man8/imagecatd.8"])
    with open(os.path.join(prefix, found[0])) as file:
        Filled(place, [])
        equal(file.read(), cat(place, "--completion").out)


main()
