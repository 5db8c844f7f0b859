#!/usr/bin/env python3
"""What is wrong before anything is polled: the configuration, the keys, the catalog's file and its directory.

Usage: python3 tests/system/bad_setup.py BUILD_DIR [NAME]...
"""
import hashlib
import os
import re
import sqlite3
import subprocess
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import cloud as clouds  # noqa: E402
from cloud import Answer  # noqa: E402
from harness import Skip, case, check_listing, equal, has, main, row_case  # noqa: E402

UHOST = [clouds.uhost_image(n) for n in range(7)]
NOBODY = 65534


class World:
    def __init__(self, place):
        self.place = place
        self.cloud = place.cloud()
        self.shelf = self.cloud.put("DescribeImage", UHOST)
        self.account = place.account("ucloud", self.cloud.url(), name="prod", services=["uhost"])

    def configure(self, **more):
        self.place.configure([self.account], **more)

    def learn(self):
        self.configure()
        self.place.once(0)
        check_listing(self.place, self.shelf.items, "prod")
        self.cloud.requests.clear()

    def untouched(self):
        """Nothing was polled."""
        equal(self.cloud.requests, [], "requests")
        equal(self.cloud.connections, self.connections, "connections")

    def mark(self):
        self.connections = self.cloud.connections
        return self


# ---- configuration ----------------------------------------------------------------------------------------------

GOOD = """catalog: {path: @STATE@/catalog.db}
accounts:
  - name: prod
    provider: ucloud
    endpoint: @URL@
    regions: [cn-bj2]
    services: [uhost]
    public_key: @ID@
    private_key_file: @KEY@
"""


def write(world, text):
    place = world.place
    for name, value in (("@STATE@", place.state), ("@URL@", world.cloud.url()), ("@ID@", clouds.UCLOUD_ID),
                        ("@KEY@", place.key_file("prod.key", clouds.UCLOUD_SECRET + "\n"))):
        text = text.replace(name, value)
    place.write_config(text)


def refused(world, text, *patterns, status=78, arguments=("--once",), **more):
    """Each pattern is LINE[:COL]: and a regular expression for the rest of one error line."""
    place = world.place
    write(world, text)
    world.mark()
    run = place.start(*arguments, **more)
    equal(run.wait(), status, "exit status; stderr: " + run.err)
    world.untouched()
    equal(os.listdir(place.state), [], "files beside the catalog")
    errors = [line for line in run.err.splitlines() if ": error: " in line]
    for pattern in patterns:
        where, _, rest = pattern.partition(" ")
        found = [line for line in errors if line.startswith("%s:%s" % (place.config_path, where)) and
                 re.search(rest, line)]
        equal(len(found), 1, "lines like %r in:\n%s" % (pattern, run.err))
    equal(len(errors), len(patterns), "number of errors in:\n" + run.err)
    if patterns:
        assert run.err.count("^") >= len(patterns), "a caret for each error:\n" + run.err
    equal(run.out, "", "stdout")
    return run


@case
def good_configuration_is_good(place):
    """The control: without a fault the text that the cases change is accepted."""
    world = World(place)
    write(world, GOOD)
    place.once(0)
    check_listing(place, world.shelf.items, "prod")


# name, change, patterns
CONFIGS = [
    ("unknown_key", ("services:", "servces:"), ["7:5: 'servces'.*did you mean 'services'"]),
    ("unknown_needed_key", ("regions:", "regons:"), ["6:5: 'regons'.*did you mean 'regions'", "3: missing 'regions'"]),
    ("unknown_section", ("catalog:", "catalogue:"), ["1:1: 'catalogue'.*did you mean 'catalog'"]),
    ("unknown_provider", ("provider: ucloud", "provider: uclod"), ["4:15: 'uclod'.*did you mean 'ucloud'"]),
    ("unknown_service", ("[uhost]", "[uhst]"), ["7: 'uhst'.*did you mean 'uhost'"]),
    ("duplicate_key", ("    regions: [cn-bj2]", "    regions: [cn-bj2]\n    regions: [hk]"), ["7: regions"]),
    ("missing_name", ("- name: prod\n    provider", "- provider"), ["3: 'name'"]),
    ("missing_provider", ("    provider: ucloud\n", ""), ["3: 'provider'"]),
    ("missing_secret", ("    private_key_file: @KEY@\n", ""), ["3: private_key"]),
    ("both_secrets", ("    private_key_file: @KEY@", "    private_key_file: @KEY@\n    private_key: abcdefgh"),
     ["9: exclude each other"]),
    ("plain_http", ("@URL@", "http://api.example.com/"), ["5: http://"]),
    ("bad_url", ("@URL@", "api.ucloud.cn"), ["5: "]),
    ("url_with_password", ("@URL@", "https://user:hunter22@api.ucloud.cn/"), ["5: "]),
    ("url_with_query", ("@URL@", "https://api.ucloud.cn/?a=b"), ["5: "]),
    ("file_url", ("@URL@", "file:///etc/passwd"), ["5: "]),
    ("interval_zero", ("    regions", "    interval: 0s\n    regions"), ["6: interval"]),
    ("interval_long", ("    regions", "    interval: 31d\n    regions"), ["6: interval"]),
    ("interval_negative", ("    regions", "    interval: -5m\n    regions"), ["6: interval"]),
    ("interval_unit", ("    regions", "    interval: 5\n    regions"), ["6: interval.*did you mean '5s'"]),
    ("interval_case", ("    regions", "    interval: 5M\n    regions"), ["6: interval"]),
    ("rate_zero", ("    regions", "    requests_per_second: 0\n    regions"), ["6: requests_per_second"]),
    ("unset_variable", ("@URL@", "${IMAGECAT_TEST_UNSET}"), ["5: IMAGECAT_TEST_UNSET"]),
    ("tab", ("    regions: [cn-bj2]", "\tregions: [cn-bj2]"), ["6: "]),
    ("unclosed", ("[cn-bj2]", "[cn-bj2"), ["7: "]),
    ("no_ca_file", ("    regions", "    ca_file: /nonexistent/ca.pem\n    regions"), ["6: ca_file.*/nonexistent/ca.pem"]),
    ("root_is_a_list", (GOOD, "- a\n- b\n"), ["1: "]),
    ("accounts_is_text", (GOOD[GOOD.index("accounts"):], "accounts: none\n"), ["2: accounts"]),
]


@row_case(CONFIGS, "configuration")
def configuration(place, change, patterns):
    assert change[0] in GOOD
    place.secrets.add("hunter22")
    refused(World(place), GOOD.replace(change[0], change[1], 1), *patterns)


# name, what is made, what is said of it
CA_FILES = [
    ("empty", lambda path: put(path, ""), "has no certificate in PEM form"),
    ("garbage", lambda path: put(path, "no pem\n"), "has no certificate in PEM form"),
    ("damaged", lambda path: put(path, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
     "has a certificate that cannot be read"),
    ("directory", os.mkdir, "is a directory"),
    ("fifo", os.mkfifo, "is not a regular file"),
]


def put(path, text):
    with open(path, "w") as file:
        file.write(text)


@row_case(CA_FILES, "ca_file")
def ca_file(place, make, sentence):
    """Certificates that no connection could use are refused before there is one; --check says it as well."""
    path = os.path.join(place.path, "ca.pem")
    make(path)
    text = GOOD.replace("    regions", "    ca_file: %s\n    regions" % path, 1)
    for arguments in (("--once",), ("--check",)):
        refused(World(place), text, "6: ca_file: '%s' %s" % (path, sentence), arguments=arguments)


@case
def all_errors_at_once(place):
    text = """catalog: {path: @STATE@/catalog.db, keep_histroy: 10d}
limits: {max_body: 16 parsecs}
accounts:
  - name: prod
    provider: uclod
  - name: prod
    provider: qingcloud
    zones: pek3
    interval: never
"""
    run = refused(World(place), text, "1: keep_history", "2:20: parsecs", "5:15: 'ucloud'", "6: exists already",
                  "6:5: access_key_id' or", "6:5: secret_access_key", "8: zones", "9: interval")
    has(run.err, "8 errors")


@case
def check_polls_nothing(place):
    world = World(place)
    refused(world, GOOD.replace("services", "servces"), "7:5: services", arguments=["--check"])
    write(world, GOOD.replace("@URL@", "${IMAGECAT_TEST_URL}").replace("@KEY@", "/nonexistent/key"))
    run = place.start("--check")
    equal(run.wait(), 0, "an unset variable and a missing secret are no errors of --check: " + run.err)
    has(run.err, "IMAGECAT_TEST_URL")
    equal(os.listdir(place.state), [])
    world.mark().untouched()


@case
def variables(place):
    world = World(place)
    write(world, GOOD.replace("@URL@", "${IMAGECAT_TEST_URL}").replace("cn-bj2", '"${IMAGECAT_TEST_NO:-cn-bj2}"'))
    place.once(0, env={"IMAGECAT_TEST_URL": world.cloud.url()})
    check_listing(place, world.shelf.items, "prod")


@case
def print_config_masks(place):
    world = World(place)
    inline = "inline-secret-of-the-test-0123456789"
    place.secrets.add(inline)
    text = GOOD.replace("private_key_file: @KEY@", "private_key: " + inline)
    write(world, text)
    run = place.start("--print-config")
    equal(run.wait(), 0, run.err)
    has(run.out, "prod")
    has(run.out, world.cloud.url())
    equal(os.listdir(place.state), [])
    world.mark().untouched()


@case
def error_lines_show_no_secret(place):
    """The line under an error may be the one with the secret."""
    secret = "another-inline-secret-0123456789"
    place.secrets.add(secret)
    world = World(place)
    refused(world, GOOD.replace("private_key_file: @KEY@", "privat_key: " + secret), "9:5: privat_key", "3: private_key")
    refused(world, GOOD.replace("private_key_file: @KEY@", "private_key: " + secret + "\n    private_key: " + secret),
            "10: private_key")
    refused(world, GOOD.replace("private_key_file: @KEY@", "private_key: [%s" % secret), "10: ")
    refused(world, GOOD.replace("    private_key_file: @KEY@", "\tprivate_key: " + secret), "9: ")


@case
def usage_is_2(place):
    for arguments in (["--onse"], ["--once", "extra"], ["--log-level", "loud"], ["--config"]):
        run = place.start(*arguments, config=False)
        equal(run.wait(), 2, "exit status of %r" % arguments)
        assert run.err and not run.out, (run.err, run.out)
    for arguments in (["--help"], ["--version"]):
        run = place.start(*arguments, config=False)
        equal(run.wait(), 0)
        assert run.out and not run.err, (run.err, run.out)


@case
def no_configuration_file(place):
    run = place.start("--once")
    equal(run.wait(), 78, run.err)
    has(run.err, place.config_path)


@case
def no_accounts(place):
    """None configured: exit 0."""
    place.write_config("catalog: {path: %s}\naccounts: []\n" % place.catalog)
    place.once(0)


# ---- secret files -----------------------------------------------------------------------------------------------

def secret_case(place, make, status, word=""):
    world = World(place)
    path = os.path.join(place.keys, "secret")
    make(path)
    world.account["private_key_file"] = path
    world.configure()
    world.mark()
    run = place.once(status)
    if status:
        has(run.err, path)
        has(run.err, word)
        world.untouched()
        equal(os.listdir(place.state), [], "files beside the catalog")
    else:
        check_listing(place, world.shelf.items, "prod")
    return run


def text_file(text, mode=0o600):
    def make(path):
        with open(path, "wb") as file:
            file.write(text)
        os.chmod(path, mode)
    return make


SECRET = clouds.UCLOUD_SECRET.encode()
SECRET_FILES = [
    ("missing", lambda path: None, 78, "No such file"),
    ("empty", text_file(b""), 78, "empty"),
    ("only_newline", text_file(b"\n"), 78, "empty"),
    ("directory", os.mkdir, 78, "directory"),
    ("fifo", os.mkfifo, 78, ""),
    ("device", lambda path: os.symlink("/dev/zero", path), 78, ""),
    ("huge", text_file(b"x" * (1 << 20)), 78, ""),
    ("nul_inside", text_file(SECRET[:10] + b"\0" + SECRET[10:]), 78, ""),
    ("newline", text_file(SECRET + b"\n"), 0, ""),
    ("crlf", text_file(SECRET + b"\r\n"), 0, ""),
    ("bom", text_file(b"\xef\xbb\xbf" + SECRET), 0, ""),
]


@row_case(SECRET_FILES, "secret_file")
def secret_file(place, make, status, word):
    secret_case(place, make, status, word)


@case
def secret_file_readable_by_all_is_a_warning(place):
    run = secret_case(place, text_file(SECRET, 0o644), 0)
    assert re.search(r"imagecat.yaml:\d+:\d+: warning: .*keys/secret", run.err), run.err


# ---- the catalog's file --------------------------------------------------------------------------------------------

def fingerprint(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def refused_catalog(world, *words, **more):
    """Exit 1, one line that names the file, nothing polled."""
    place = world.place
    world.mark()
    run = place.once(1, **more)
    lines = run.line(place.catalog)
    equal(len(lines), 1, "lines that name the catalog in " + run.err)
    for word in words:
        has(lines[0].lower(), word)
    world.untouched()
    return run


@case
def directory_is_missing(place):
    world = World(place)
    os.rmdir(place.state)
    world.configure()
    refused_catalog(world, "directory")
    assert not os.path.exists(place.state)


def hand_to_nobody(place):
    """The keys and the configuration must be readable for whoever runs the program."""
    for name in os.listdir(place.keys):
        os.chown(os.path.join(place.keys, name), NOBODY, NOBODY)


@case
def directory_is_not_writable(place):
    world = World(place)
    world.configure()
    hand_to_nobody(place)
    refused_catalog(world, "write", user=NOBODY)
    equal(os.listdir(place.state), [])


@case
def file_is_not_writable(place):
    world = World(place)
    world.learn()
    before = fingerprint(place.catalog)
    hand_to_nobody(place)
    os.chown(place.state, NOBODY, NOBODY)
    for name in os.listdir(place.state):
        os.chmod(os.path.join(place.state, name), 0o444)
    refused_catalog(world, user=NOBODY)
    equal(fingerprint(place.catalog), before, "bytes of the catalog")


@case
def catalog_is_a_directory(place):
    world = World(place)
    os.mkdir(place.catalog)
    world.configure()
    refused_catalog(world)


def damaged(place, act, *words):
    world = World(place)
    world.learn()
    with place.database() as db:
        equal(db.execute("PRAGMA journal_mode").fetchone()[0], "wal")
    act(place.catalog)
    before = fingerprint(place.catalog)
    refused_catalog(world, *words)
    equal(fingerprint(place.catalog), before, "bytes of the catalog")


def overwrite(offset, data):
    def act(path):
        for side in ("-wal", "-shm"):
            if os.path.exists(path + side):
                os.unlink(path + side)
        with open(path, "r+b") as file:
            file.seek(offset)
            file.write(data)
    return act


def truncate(size):
    def act(path):
        with open(path, "r+b") as file:
            file.truncate(size)
    return act


def sql(*statements):
    def act(path):
        with sqlite3.connect(path, isolation_level=None) as db:
            for statement in statements:
                db.execute(statement)
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.close()
    return act


DAMAGES = [
    ("text_file", lambda path: [os.unlink(path), open(path, "w").write("hello " * 1000)], []),
    ("header", overwrite(0, b"garbage in place of a header"), []),
    ("first_page", overwrite(100, b"\xff" * 3000), []),
    ("middle", overwrite(40960, b"\xa5" * 65536), []),
    ("truncated", truncate(20000), []),
    ("newer_schema", sql("PRAGMA user_version = 1000"), ["newer"]),
    ("foreign", lambda path: [[os.unlink(path + s) for s in ("", "-wal", "-shm") if os.path.exists(path + s)],
                              sql("CREATE TABLE people (name)", "INSERT INTO people VALUES ('me')")(path)], []),
    ("other_application", sql("PRAGMA application_id = 7"), []),
]


@row_case(DAMAGES, "catalog")
def catalog(place, act, words):
    damaged(place, act, *words)


@case
def empty_file_becomes_a_catalog(place):
    world = World(place)
    world.configure()
    open(place.catalog, "w").close()
    place.once(0)
    check_listing(place, world.shelf.items, "prod")


@case
def second_daemon_names_the_first(place):
    world = World(place)
    held = threading.Event()
    arrived = threading.Event()

    def act(request, usual):
        arrived.set()
        assert held.wait(30)
        return usual()
    world.cloud.script("DescribeImage", act)
    world.configure()
    first = place.start("--once")
    assert arrived.wait(20), first.err
    asked = len(world.cloud.requests)
    second = place.start("--once")
    equal(second.wait(), 1, second.err)
    has(second.err, str(first.pid))
    has(second.err, place.catalog)
    equal(len(world.cloud.requests), asked, "requests")
    held.set()
    equal(first.wait(), 0, first.err)
    # The lock is free again, also for one that was killed.
    world.cloud.clear_scripts()
    place.once(0)
    check_listing(place, world.shelf.items, "prod")


@case
def lock_is_free_after_kill(place):
    world = World(place)
    arrived = threading.Event()

    def act(request, usual):
        arrived.set()
        return Answer(how="silence")
    world.cloud.script("DescribeImage", act)
    world.configure()
    first = place.start("--once")
    assert arrived.wait(20), first.err
    first.kill()
    equal(first.wait(), -9)
    world.cloud.clear_scripts()
    place.once(0)
    check_listing(place, world.shelf.items, "prod")


@case
def foreign_writer_for_a_moment(place):
    """Somebody's sqlite3 shell holds the write lock while the poll wants to commit: it waits."""
    world = World(place)
    world.learn()
    world.cloud.put("DescribeImage", UHOST + [clouds.uhost_image(50)])
    other = sqlite3.connect(place.catalog, isolation_level=None, check_same_thread=False)
    release = threading.Timer(1.5, other.rollback)

    def act(request, usual):
        if not release.is_alive() and not release.finished.is_set():
            other.execute("BEGIN IMMEDIATE")
            release.start()
        return usual()
    world.cloud.script("DescribeImage", act)
    place.once(0)
    release.join()
    other.close()
    equal(len(place.images("prod")), 8)


@case
def reader_for_ever_does_not_stop_polls(place):
    world = World(place)
    world.learn()
    reader = sqlite3.connect("file:%s?mode=ro" % place.catalog, uri=True, isolation_level=None)
    reader.execute("BEGIN")
    equal(reader.execute("SELECT count(*) FROM images").fetchone()[0], 7)
    world.cloud.put("DescribeImage", UHOST + [clouds.uhost_image(50)])
    place.once(0)
    equal(reader.execute("SELECT count(*) FROM images").fetchone()[0], 7, "a snapshot stays")
    reader.close()
    equal(len(place.images("prod")), 8)


@case
def disk_is_full(place):
    """The poll is rolled back and said so; what was there is readable; with space it goes on."""
    world = World(place)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place.state],
                             capture_output=True, check=False)
    if mounted.returncode != 0:
        raise Skip("mount: " + mounted.stderr.decode().strip())
    try:
        world.learn()
        big = world.cloud.put("DescribeImage", [clouds.uhost_image(n, ImageDescription="x" * 5000)
                                                for n in range(1000)])
        run = place.once()
        assert run.status in (1, 3), (run.status, run.err)
        assert re.search(r"full|space", run.err), run.err
        check_listing(place, world.shelf.items, "prod")
        place.check_integrity()
        subprocess.run(["mount", "-o", "remount,size=64m", place.state], check=True)
        place.once(0)
        equal(len(place.images("prod")), 1000)
        place.check_integrity()
    finally:
        subprocess.run(["umount", place.state], check=True)


# ---- threads ----------------------------------------------------------------------------------------------------

@case
def no_threads_to_be_had(place):
    """Said while starting: later libuv could only end the process, without a word."""
    world = World(place).mark()
    world.configure()
    hand_to_nobody(place)
    os.chown(place.state, NOBODY, NOBODY)
    for arguments in (["--once"], []):
        run = place.start(*arguments, user=NOBODY, before=["prlimit", "--nproc=4"])
        equal(run.wait(), 1, run.err)
        has(run.err, "cannot start 8 threads: ")
        has(run.err, "raise TasksMax or RLIMIT_NPROC")
    world.untouched()
    equal(os.listdir(place.state), [])


if __name__ == "__main__":
    main()
