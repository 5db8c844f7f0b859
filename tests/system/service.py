#!/usr/bin/env python3
"""What the service manager and the journal are told. Both are played by sockets here; the real ones are in tests/nspawn.

Usage: python3 tests/system/service.py BUILD_DIR [NAME]...
"""
import contextlib
import fcntl
import glob
import os
import re
import select
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import cloud as clouds  # noqa: E402
import harness  # noqa: E402
from cloud import json_answer, ucloud_error  # noqa: E402
from daemon import until  # noqa: E402
from harness import Skip, case, equal, has, main, need_root, row_case  # noqa: E402
from patience import PATIENCE, STOP_PATIENCE  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
UNIT = os.path.join(ROOT, "systemd", "imagecatd.service")
USER = 61237
HOSTILE = "x\nREADY=1\nMAINPID=1\r\n<0>panic\x1b[2J\u202e"
LINES = re.compile(r"READY=1|RELOADING=1|STOPPING=1|WATCHDOG=1|MONOTONIC_USEC=[0-9]+|STATUS=[A-Za-z0-9 ._:;,()?-]{1,400}")


class Manager:
    """The socket of a service manager. Every datagram is checked as it is read."""

    def __init__(self, place):
        self.path = os.path.join(place.path, "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.messages = []
        place.stack.callback(self.socket.close)

    def environment(self, **more):
        return {"NOTIFY_SOCKET": self.path, **more}

    def read(self, timeout):
        """The next datagram as its lines, or None."""
        if not select.select([self.socket], [], [], timeout)[0]:
            return None
        text = self.socket.recv(65536).decode()
        lines = text.rstrip("\n").split("\n")
        for line in lines:
            assert LINES.fullmatch(line), "a service manager is told %r" % text
        equal(len({line.split("=")[0] for line in lines}), len(lines), "one of each: " + text)
        self.messages.append(lines)
        return lines

    def wait(self, run, pattern):
        """Reads up to the first datagram of which a line matches."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            lines = self.read(0.05)
            if lines and any(re.fullmatch(pattern, line) for line in lines):
                return lines
            assert lines or not run.wait_quietly(0), "it ended; stderr: " + run.err[-2000:]
        raise AssertionError("no %r in %r; stderr: %s" % (pattern, self.messages[-5:], run.err[-2000:]))

    def drain(self):
        while self.read(0):
            pass

    def pause(self, seconds):
        """Waits for that much silence; False when it did not come."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if self.read(seconds) is None:
                return True
        return False


def start(place, cloud, watchdog_us=None, interval="1s", env=None, account=None, **more):
    manager = Manager(place)
    place.configure([place.account("ucloud", cloud.url(), **{"name": "prod", "services": ["uhost"], "interval": interval,
                                                             **(account or {})})], **more)
    environment = manager.environment(**({"WATCHDOG_USEC": str(watchdog_us)} if watchdog_us else {}), **(env or {}))
    return manager, place.start(env=environment)


def stop(run):
    run.kill(signal.SIGTERM)
    equal(run.wait(STOP_PATIENCE), 0, run.err[-2000:])


def log_of(run):
    """The records on stderr, without what was said of the configuration before there was a log."""
    lines = run.err.splitlines()
    first = [n for n, line in enumerate(lines) if re.match(r"(<\d>)?started ", line)]
    assert first, run.err
    return lines[first[0]:]


def images(place, count=20):
    cloud = place.cloud()
    cloud.put("DescribeImage", [clouds.uhost_image(n) for n in range(count)])
    return cloud


# ---- ready, status, stopping ----------------------------------------------------------------------------------

@case
def ready_before_the_first_poll_ends(place):
    """The catalog is there and has its views; the cloud never answers."""
    cloud = place.cloud()
    cloud.always("DescribeImage", clouds.Answer(how="silence"))
    manager, run = start(place, cloud)
    lines = manager.wait(run, "READY=1")
    equal(lines[0], "READY=1")
    assert any(line.startswith("STATUS=1 listing; 0 images") for line in lines), lines
    equal([row["health"] for row in place.rows("SELECT health FROM listings")], ["new"])
    equal(manager.messages, [lines], "what was said before")
    stop(run)
    manager.drain()
    has(manager.messages[-1], "STOPPING=1")
    equal(sum("STOPPING=1" in lines for lines in manager.messages), 1, "how often")


@case
def never_ready_without_a_catalog(place):
    cloud = images(place)
    manager = Manager(place)
    place.configure([place.account("ucloud", cloud.url())], catalog={"path": place.path + "/nowhere/catalog.db"})
    run = place.start(env=manager.environment())
    equal(run.wait(), 1)
    manager.drain()
    equal(manager.messages, [])


@case
def once_tells_nobody(place):
    cloud = images(place)
    manager = Manager(place)
    place.configure([place.account("ucloud", cloud.url(), services=["uhost"])])
    place.once(0, env=manager.environment(WATCHDOG_USEC="20000"))
    manager.drain()
    equal(manager.messages, [])


@case
def status_follows_the_listings(place):
    cloud = images(place)
    refused = ucloud_error(171, HOSTILE)
    cloud.always("DescribeImage", refused)
    manager, run = start(place, cloud)
    manager.wait(run, r"STATUS=1 listing, 1 failing \(prod uhost cn-bj2: auth\); 0 images.*")
    cloud.clear_scripts()
    run.kill(signal.SIGHUP)  # does not wait for the back-off
    manager.wait(run, r"STATUS=1 listing; 20 images; next poll at \d\d:\d\d:\d\d UTC")
    stop(run)


@case
def status_knows_what_the_last_run_left(place):
    cloud = images(place, 7)
    cloud.always("DescribeImage", ucloud_error(171, "no"), {"Region": "hk"})
    place.configure([place.account("ucloud", cloud.url(), name="prod", services=["uhost"], regions=["cn-bj2", "hk"],
                                   interval="1h")])
    place.once(3)
    cloud.always("DescribeImage", clouds.Answer(how="silence"))
    manager = Manager(place)
    run = place.start(env=manager.environment())
    lines = manager.wait(run, "READY=1")
    assert re.match(r"STATUS=2 listings, 1 failing \(prod uhost hk\); 7 images", lines[1]), lines
    stop(run)


@case
def status_is_sent_once_a_second_at_most(place):
    cloud = images(place)
    started = time.monotonic()  # before the first of them
    manager, run = start(place, cloud)
    manager.wait(run, "READY=1")
    asked = len(cloud.asked("DescribeImage"))
    while len(cloud.asked("DescribeImage")) < asked + 8:
        manager.read(0.1)
    passed = time.monotonic() - started
    told = sum(any(line.startswith("STATUS=") for line in lines) for lines in manager.messages) - 1
    assert 1 <= told <= passed + 2, "%d times in %.1f s" % (told, passed)
    stop(run)


@case
def hostile_places_and_messages_stay_out(place):
    """Manager.read() judges every line; here the clouds do their worst."""
    cloud = images(place)
    cloud.script("GetRegion", lambda request, usual: cloud.refusal(request) or json_answer({
        "RetCode": 0, "Regions": [{"RegionId": 1, "Region": "cn-bj2", "Zone": "cn-bj2-02"},
                                  {"RegionId": 2, "Region": "aa\nMAINPID=1", "Zone": "zz<0>\x07"},
                                  {"RegionId": 3, "Region": "\u96c6\u7fa4", "Zone": "\u4e00"}]}))
    cloud.script("DescribeImage", lambda request, usual: None if request.params["Region"] == "cn-bj2"
                 else ucloud_error(150, HOSTILE))
    manager, run = start(place, cloud, account={"regions": "all"})
    manager.wait(run, r"STATUS=\d listings, \d failing \(prod uhost .*")
    stop(run)
    manager.drain()


# ---- reload --------------------------------------------------------------------------------------------------

@row_case([("done", True), ("refused", False)])
def reload(place, good):
    cloud = images(place)
    manager, run = start(place, cloud, interval="1h")
    manager.wait(run, r"STATUS=1 listing; 20 images.*")
    if good:
        place.configure([place.account("ucloud", cloud.url(), name="prod", services=["uhost"], interval="30m")])
    else:
        place.write_config("accounts: [{name: prod, provider: ucloudd}]\n")
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    manager.drain()
    run.kill(signal.SIGHUP)
    lines = manager.wait(run, "RELOADING=1")
    at = [int(line[15:]) for line in lines if line.startswith("MONOTONIC_USEC=")]
    assert len(at) == 1 and before <= at[0] <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000, (before, lines)
    lines = manager.wait(run, "READY=1")
    assert lines[1].startswith("STATUS=1 listing"), lines
    assert not run.wait_quietly(0), run.err
    stop(run)


@case
def reload_that_is_not_stored(place):
    """The third of four new listings cannot be registered: all or nothing, and what is told is true."""
    cloud = images(place)
    manager = Manager(place)
    regions = ["cn-bj2", "r1", "r2", "r3", "r4"]

    def configure(count, interval):
        place.configure([place.account("ucloud", cloud.url(), name=name, services=["uhost"], interval=interval,
                                       regions=regions[:count if name == "prod" else 1]) for name in ("prod", "other")],
                        http={"listen": "127.0.0.1:0"})
    configure(1, "1h")
    run = place.start(env=manager.environment())
    manager.wait(run, r"STATUS=2 listings; 40 images; next poll .*")
    address = re.search(r"listen=(\S+)", run.line("HTTP is served")[0])[1]

    def metric():
        with urllib.request.urlopen("http://%s/metrics" % address, timeout=PATIENCE) as answer:
            return re.search(r"^imagecatd_config_last_reload_successful (\d)$", answer.read().decode(), re.M)[1]

    def execute(sql):
        with contextlib.closing(sqlite3.connect(place.catalog, isolation_level=None, timeout=PATIENCE)) as db:
            db.execute(sql)

    def stored():
        return place.rows("SELECT * FROM _listings"), place.rows("SELECT * FROM _changes")
    equal(metric(), "1")
    execute("CREATE TRIGGER broken BEFORE INSERT ON _listings WHEN NEW.region = 'r3'"
            " BEGIN SELECT RAISE(ABORT, 'broken'); END")
    before, asked = stored(), len(cloud.asked())
    configure(5, "30m")
    manager.drain()
    run.kill(signal.SIGHUP)
    manager.wait(run, "RELOADING=1")
    lines = manager.wait(run, "READY=1")
    assert lines[1].startswith("STATUS=2 listings; 40 images; next poll "), lines
    equal(len(run.line("reload refused")), 1)
    equal((metric(), stored(), len(cloud.asked())), ("0", before, asked))
    execute("DROP TRIGGER broken")
    run.kill(signal.SIGHUP)
    manager.wait(run, "STATUS=6 listings; 120 images; next poll .*")
    equal(metric(), "1")
    stop(run)


# ---- the watchdog ----------------------------------------------------------------------------------------------

@case
def pings_come_while_it_lives(place):
    cloud = images(place)
    manager, run = start(place, cloud, 400000)
    for _ in range(6):
        manager.wait(run, "WATCHDOG=1")
    run.kill(signal.SIGSTOP)
    assert manager.pause(2), "pings of a stopped process"
    run.kill(signal.SIGCONT)
    manager.wait(run, "WATCHDOG=1")
    stop(run)


@case
def no_ping_while_the_writer_hangs(place):
    """Another program holds the catalog's lock, and polls wait for it."""
    cloud = images(place)
    manager, run = start(place, cloud, 500000)
    manager.wait(run, "WATCHDOG=1")
    blocker = sqlite3.connect(place.catalog, isolation_level=None, timeout=PATIENCE)
    place.stack.callback(blocker.close)
    blocker.execute("BEGIN IMMEDIATE")
    assert manager.pause(2), "pings while the writer waits"
    blocker.execute("ROLLBACK")
    manager.wait(run, "WATCHDOG=1")
    stop(run)


@case
def waiting_for_a_lock_is_no_hang(place):
    """Another program keeps the lock: one poll waits its five seconds, the others do not wait once more each.

    So the pings go on: a third of the watchdog's time is the daemon's to keep quiet, and a wait may come on top.
    """
    cloud = images(place)
    watchdog = 24
    manager, run = start(place, cloud, watchdog * 1000000, account={"regions": ["r%d" % n for n in range(8)]})
    manager.wait(run, r"STATUS=8 listings; 160 images.*")
    blocker = sqlite3.connect(place.catalog, isolation_level=None, timeout=PATIENCE)
    place.stack.callback(blocker.close)
    blocker.execute("BEGIN IMMEDIATE")
    run.await_line("poll could not be stored")
    for _ in range(2):
        asked = time.monotonic()
        manager.wait(run, "WATCHDOG=1")
        assert time.monotonic() - asked < watchdog, "it would have been killed"
    blocker.execute("ROLLBACK")
    before = place.value("SELECT max(poll_id) FROM polls")
    await_polls(place, before + 8, lambda: run.wait_quietly(0))
    stop(run)


@case
def stopped_and_continued(place):
    """Longer than a poll may be late: the first look finds everything overdue, starts it, and pings."""
    cloud = images(place)
    manager, run = start(place, cloud, 1000000)
    manager.wait(run, "WATCHDOG=1")
    run.kill(signal.SIGSTOP)
    time.sleep(11.5)
    manager.drain()
    asked = len(cloud.asked("DescribeImage"))
    run.kill(signal.SIGCONT)
    for _ in range(3):
        manager.wait(run, "WATCHDOG=1")
    while len(cloud.asked("DescribeImage")) < asked + 4:
        manager.wait(run, "WATCHDOG=1")
    stop(run)


@case
def no_watchdog_no_pings(place):
    """Without $WATCHDOG_USEC, and with that of another process."""
    cloud = images(place)
    manager, run = start(place, cloud, 100000, env={"WATCHDOG_PID": "1"})
    asked = 0
    while asked < 3:
        manager.read(0.2)
        asked = len(cloud.asked("DescribeImage"))
    assert ["WATCHDOG=1"] not in manager.messages
    stop(run)


# ---- who may look into it ---------------------------------------------------------------------------------

@case
def the_same_user_cannot_look_into_its_memory(place):
    """What gdb and gcore need is refused; so are its environment and its open files."""
    need_root()
    cloud = images(place)
    place.configure([place.account("ucloud", cloud.url(), name="prod", services=["uhost"])])
    for name in (place.state, place.output, place.keys, os.path.join(place.keys, "prod.key"), place.config_path):
        os.chown(name, USER, USER)
    run = place.start(user=USER)
    run.await_line("listing complete")

    def look(pid, name):
        return subprocess.run(["cat", "/proc/%d/%s" % (pid, name)], user=USER, group=USER, extra_groups=[],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
    other = subprocess.Popen(["sleep", "60"], user=USER, group=USER, extra_groups=[])
    place.stack.callback(other.wait)
    place.stack.callback(other.kill)
    equal((look(other.pid, "environ"), look(other.pid, "status")), (0, 0), "another process of that user")
    equal((look(run.pid, "environ"), look(run.pid, "maps"), look(run.pid, "status")), (1, 1, 0))
    stop(run)


# ---- the log -------------------------------------------------------------------------------------------------

@case
def text_in_the_journal_has_levels(place):
    """format: text, and stderr is the journal: each line says its level, and no provider begins one."""
    cloud = images(place)
    cloud.always("DescribeImage", ucloud_error(150, HOSTILE))
    path = os.path.join(place.output, "run%d.err" % (place.run_count + 1))
    with open(path, "wb") as file:
        st = os.fstat(file.fileno())
    _, run = start(place, cloud, env={"JOURNAL_STREAM": "%d:%d" % (st.st_dev, st.st_ino)}, log={"format": "text"})
    run.await_line("listing not complete")
    stop(run)
    for line in log_of(run):
        assert re.match(r"<[3467]>(error: |warn: |debug: )?[a-z]", line), line
    assert any(line.startswith("<4>warn: listing not complete") for line in run.err.splitlines()), run.err


@case
def text_elsewhere_has_no_levels(place):
    _, run = start(place, images(place), env={"JOURNAL_STREAM": "1:2"})
    run.await_line("listing complete")
    assert log_of(run)[0].startswith("started "), run.err
    stop(run)


def await_polls(place, count, ended):
    """As long as there are more and more of them."""
    deadline = time.monotonic() + PATIENCE
    polls = 0
    while polls < count:
        assert not ended() and time.monotonic() < deadline, "%d polls" % polls
        time.sleep(0.05)
        before = polls
        with contextlib.suppress(sqlite3.OperationalError):  # there is no catalog yet
            polls = place.value("SELECT coalesce(max(poll_id), 0) FROM polls")
        if polls > before:
            deadline = time.monotonic() + PATIENCE


class Journal:
    """journald's socket in a mount namespace of the daemon's own. Who does not read it blocks who writes."""

    def __init__(self, place):
        need_root()
        self.directory = os.path.join(place.path, "journal")
        os.mkdir(self.directory)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(os.path.join(self.directory, "socket"))
        place.stack.callback(self.socket.close)
        self.place = place

    def start(self, env=None):
        mount = "mount --bind %s /run/systemd/journal" % self.directory
        if not os.path.isdir("/run/systemd/journal"):
            mount = "mkdir -p /run/systemd; mount -t tmpfs none /run/systemd && mkdir /run/systemd/journal && " + mount
        script = os.path.join(self.place.path, "in-namespace")
        with open(script, "w") as file:
            file.write("#!/bin/sh\nset -e\n%s\nexec %s \"$@\"\n" % (mount, os.path.join(harness.build, "imagecatd")))
        os.chmod(script, 0o755)
        wrapper = os.path.join(self.place.path, "wrapper")
        with open(wrapper, "w") as file:
            file.write("#!/bin/sh\nexec unshare --mount --propagation private %s \"$@\"\n" % script)
        os.chmod(wrapper, 0o755)
        if subprocess.run(["unshare", "--mount", "true"], stderr=subprocess.DEVNULL).returncode != 0:
            raise Skip("a mount namespace cannot be had here")
        run = harness.Run(self.place, ["--config", self.place.config_path], env=env, program=wrapper)
        self.place.runs.append(run)
        return run

    def records(self, timeout=0.0):
        """What has come, as dictionaries; stops after that much silence."""
        found = []
        while select.select([self.socket], [], [], timeout)[0]:
            data, ancillary, _, _ = self.socket.recvmsg(1 << 20, 1024)
            assert not ancillary, "a record too large for a datagram"
            record = {}
            while data:
                line, data = data.split(b"\n", 1)
                name, equals, value = line.partition(b"=")
                if not equals:
                    size = struct.unpack("<Q", data[:8])[0]
                    value, data = data[8:8 + size], data[9 + size:]
                assert name not in record, name
                record[name.decode()] = value.decode()
            found.append(record)
        return found


@case
def records_have_fields(place):
    cloud = images(place)
    cloud.always("DescribeImage", ucloud_error(150, HOSTILE))
    place.configure([place.account("ucloud", cloud.url(), name="prod", services=["uhost"], interval="1h")],
                    log={"format": "journal", "level": "info"})
    journal = Journal(place)
    run = journal.start()
    records, deadline = [], time.monotonic() + PATIENCE
    while not any("MESSAGE_ID" in r for r in records):
        assert not run.wait_quietly(0) and time.monotonic() < deadline, "%s %s" % (run.err, records)
        records += journal.records(0.1)
    stop(run)
    records += journal.records()
    for record in records:
        has(("3", "4", "6", "7"), record["PRIORITY"])
        for name, value in record.items():
            assert re.fullmatch("MESSAGE|PRIORITY|MESSAGE_ID|SYSLOG_IDENTIFIER|IMAGECAT_[A-Z_]+", name), name
            assert not re.search("[\x00-\x1f\x7f\u202e]", value), (name, value)
    record = [r for r in records if "MESSAGE_ID" in r][0]
    equal(record["MESSAGE_ID"], messages()["LISTING_FAILED"])
    equal(record["IMAGECAT_ACCOUNT"], "prod")
    equal(record["IMAGECAT_LISTING"], "prod uhost cn-bj2")
    equal(record["IMAGECAT_REASON"], "unavailable")
    equal(record["IMAGECAT_POLL_ID"], str(place.last_poll("prod")["poll_id"]))
    assert record["MESSAGE"].startswith("listing not complete: prod uhost cn-bj2: "), record


@case
def a_journal_that_hangs_stops_nothing(place):
    """Nobody reads its socket: polls go on, what does not fit is dropped and counted, and the end comes in time.

    The queue takes about 1,500 records, the socket a few more.
    """
    cloud = images(place)
    accounts = [place.account("ucloud", cloud.url(), name="a" * 56 + "-%03d" % n, services=["uhost"], interval="1s")
                for n in range(200)]
    place.configure(accounts, log={"format": "journal", "level": "debug"})
    journal = Journal(place)
    run = journal.start()
    await_polls(place, 2500, lambda: run.wait_quietly(0))
    # Somebody reads at last.
    records, dropped, deadline = [], [], time.monotonic() + PATIENCE
    while sum(dropped) < 100:
        assert not run.wait_quietly(0) and time.monotonic() < deadline, (run.err, len(records), dropped)
        records += journal.records()
        dropped = [int(r["IMAGECAT_RECORDS"]) for r in records if r["MESSAGE"].startswith("log records were dropped")]
    polls = sum(r["MESSAGE"].startswith("listing complete") for r in records)
    assert polls > 500, polls
    # And again nobody.
    more = place.value("SELECT max(poll_id) FROM polls") + 400
    await_polls(place, more, lambda: run.wait_quietly(0))
    # The end waits for it a second; two hundred polls that end meanwhile are not what is looked at.
    place.configure([dict(account, interval="1h") for account in accounts], log={"format": "journal", "level": "debug"})
    run.kill(signal.SIGHUP)
    until(run, lambda: place.value("SELECT count(*) FROM listings WHERE interval_s = 3600 AND next_due_at > last_attempt_at + 60")
          == len(accounts))
    stop(run)


@case
def a_pipe_that_nobody_reads_stops_nothing(place):
    cloud = images(place)
    place.configure([place.account("ucloud", cloud.url(), name="a%02d" % n, services=["uhost"], interval="1s")
                     for n in range(40)])
    read_end, write_end = os.pipe()
    fcntl.fcntl(write_end, 1031, 16384)  # F_SETPIPE_SZ
    process = subprocess.Popen([os.path.join(harness.build, "imagecatd"), "--config", place.config_path],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=write_end,
                               env={"PATH": "/usr/bin:/bin", **{k: v for k, v in os.environ.items() if "SAN_" in k}})
    os.close(write_end)
    try:
        await_polls(place, 240, lambda: process.poll() is not None)
        text = b""
        while b"log records were dropped records=" not in text:
            assert select.select([read_end], [], [], PATIENCE)[0], text[-2000:]
            text += os.read(read_end, 65536)
        text = text[text.index(b"\nstarted ") + 1:] if b"\nstarted " in text else text
        for line in text.split(b"\n")[:-1]:
            assert re.match(rb"(warn: |error: )?[a-z ]+", line), line
    finally:
        process.kill()
        process.wait(PATIENCE)
        os.close(read_end)


# ---- message catalogs -------------------------------------------------------------------------------------------

def messages():
    with open(os.path.join(ROOT, "daemon", "messages.h")) as file:
        return dict(re.findall(r'X\((\w+), *"([0-9a-f]{32})"', file.read()))


def entries(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    found = dict(re.findall(r"^-- ([0-9a-f]{32})\n(.*?)(?=^-- |\Z)", text, re.M | re.S))
    equal(len(found), len(re.findall(r"^-- ", text, re.M)), "entries of " + path)
    return found


@case
def every_event_is_explained_in_two_languages(place):
    english = entries(os.path.join(ROOT, "systemd", "imagecatd.catalog"))
    chinese = entries(os.path.join(ROOT, "systemd", "imagecatd.zh_CN.catalog"))
    ids = messages()
    assert len(ids) >= 8 and len(set(ids.values())) == len(ids), ids
    equal(set(english), set(ids.values()), "English")
    equal(set(chinese), set(ids.values()), "Chinese")
    known = {"account", "listing", "reason", "error", "poll_id", "images", "clock", "set_by_s"}
    for key in english:
        fields = set(re.findall("@IMAGECAT_([A-Z_]+)@", english[key]))
        equal(set(re.findall("@IMAGECAT_([A-Z_]+)@", chinese[key])), fields, "fields of " + key)
        assert {f.lower() for f in fields} <= known, fields
        for text in (english[key], chinese[key]):
            assert re.match(r"Subject: \S.*\nDefined-By: imagecatd\n\n\S", text), text
        assert re.search("[\u4e00-\u9fff]", chinese[key].split("\n")[0]), chinese[key]


@case
def the_catalogs_compile(place):
    sources = os.path.join(place.path, "usr/lib/systemd/catalog")
    os.makedirs(sources)
    for path in glob.glob(os.path.join(ROOT, "systemd", "*.catalog")):
        shutil.copy(path, sources)
    os.makedirs(os.path.join(place.path, "var/lib/systemd/catalog"))
    tool(["journalctl", "--root", place.path, "--update-catalog"])
    listed = tool(["journalctl", "--root", place.path, "--list-catalog"])
    equal(sorted(line.split(" ")[0] for line in listed.splitlines()), sorted(messages().values()))
    with open(os.path.join(place.path, "var/lib/systemd/catalog/database"), "rb") as file:
        database = file.read()
    equal(struct.unpack("<Q", database[24:32])[0], 2 * len(messages()), "items of both languages")
    has(database.decode("utf-8", "replace"), "云平台拒绝了账号")


# ---- the unit -------------------------------------------------------------------------------------------------

def tool(command, status=0, **more):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=PATIENCE, **more)
    equal(done.returncode, status, "%s: %s" % (" ".join(command), done.stdout[-2000:]))
    return done.stdout


@case
def the_sandbox_scores(place):
    text = tool(["systemd-analyze", "security", "--offline=yes", "--no-pager", "--threshold=12", UNIT])
    score = float(re.search(r"exposure level for imagecatd.service: ([\d.]+)", text)[1])
    assert score <= 1.2, score
    # That the gate can close: without its filter of system calls it is a different unit.
    with open(UNIT) as file:
        weak = re.sub("(?m)^SystemCallFilter=.*\n", "", file.read())
    path = os.path.join(place.path, "weak.service")
    with open(path, "w") as file:
        file.write(weak)
    tool(["systemd-analyze", "security", "--offline=yes", "--no-pager", "--threshold=12", path], status=1)


@case
def the_installed_unit_is_valid(place):
    """Installed elsewhere, its paths follow; systemd itself finds nothing to complain of."""
    prefix = tempfile.mkdtemp(prefix="imagecat-prefix-")
    place.stack.callback(shutil.rmtree, prefix)
    if not os.path.exists(os.path.join(harness.build, "cmake_install.cmake")):
        raise Skip("this build cannot be installed")
    tool(["cmake", "--install", harness.build, "--prefix", prefix])
    unit = os.path.join(prefix, "lib/systemd/system/imagecatd.service")
    with open(unit) as file:
        text = file.read()
    has(text, "ExecStart=%s/bin/imagecatd\n" % prefix)
    has(text, "ExecReload=%s/bin/imagecatd --check\n" % prefix)
    has(text, "ExecPaths=%s/bin/imagecatd " % prefix)
    equal(tool(["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", unit]), "")
    for name in ("bin/imagecat", "lib/sysusers.d/imagecat.conf", "lib/tmpfiles.d/imagecat.conf",
                 "lib/systemd/catalog/imagecatd.zh_CN.catalog", "share/imagecat/imagecat.yaml",
                 "share/doc/imagecat/OPERATIONS.md", "share/doc/imagecat/examples/credentials.conf",
                 "share/doc/imagecat/DASHBOARDS.md", "share/imagecat/datasette.yaml",
                 "share/imagecat/grafana/dashboards/catalog.json", "share/imagecat/prometheus/imagecat.rules.yaml"):
        assert os.path.isfile(os.path.join(prefix, name)), name
    with open(os.path.join(prefix, "share/imagecat/grafana/provisioning/dashboards/imagecat.yaml")) as file:
        has(file.read(), " %s/share/imagecat/grafana/dashboards\n" % prefix)
    with open(os.path.join(prefix, "lib/tmpfiles.d/imagecat.conf")) as file:
        has(file.read(), " %s/share/imagecat/imagecat.yaml\n" % prefix)
    # The configuration as it is shipped starts a daemon, with nothing to poll.
    tool([os.path.join(prefix, "bin/imagecatd"), "--check", "--config", os.path.join(prefix, "share/imagecat/imagecat.yaml")])


@case
def the_user_can_be_made(place):
    os.makedirs(os.path.join(place.path, "etc"))
    tool(["systemd-sysusers", "--root", place.path, os.path.join(ROOT, "systemd", "imagecat.sysusers")])
    with open(os.path.join(place.path, "etc/passwd")) as file:
        line = [line for line in file if line.startswith("imagecat:")]
    assert len(line) == 1 and line[0].rstrip().endswith(":Image catalog daemon:/var/lib/imagecat:/usr/sbin/nologin"), line
    with open(os.path.join(place.path, "etc/group")) as file:
        assert [line for line in file if line.startswith("imagecat:")]


@case
def credentials_are_not_needed_by_the_check(place):
    """ExecReload= does not see $CREDENTIALS_DIRECTORY; the daemon does."""
    cloud = images(place)
    place.configure([place.account("ucloud", cloud.url(), name="prod", services=["uhost"],
                                   private_key_file="${CREDENTIALS_DIRECTORY}/key")])
    run = place.start("--check")
    equal(run.wait(), 0, run.err)
    has(run.err, "warning: ")
    has(run.err, "CREDENTIALS_DIRECTORY")
    run = place.start("--once")
    equal(run.wait(), 78)
    place.key_file("key", clouds.UCLOUD_SECRET)
    place.once(0, env={"CREDENTIALS_DIRECTORY": place.keys})


if __name__ == "__main__":
    main()
