#!/usr/bin/env python3
"""The whole program on the simulator: three clouds, twice the same, changes, kills, readers, signals.

Usage: python3 tests/system/once.py BUILD_DIR [NAME]...
"""
import contextlib
import hashlib
import json
import os
import pty
import random
import re
import signal
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import client  # noqa: E402
import cloud as clouds  # noqa: E402
import harness  # noqa: E402
from cloud import Answer  # noqa: E402
from daemon import until  # noqa: E402
from harness import case, check_listing, equal, has, main, row_case  # noqa: E402
from patience import PATIENCE, STOP_PATIENCE  # noqa: E402

DAEMON, GROUP, READER = 61234, 61235, 61236


def accounts(place, sim, **more):
    return [
        place.account("ucloud", sim.url(), name="prod", regions=["cn-bj2", "hk"], cloud="api.ucloud.cn", **more),
        place.account("compshare", sim.url(), name="gpu", regions=["cn-wlcb"], zones=["cn-wlcb-01"],
                      services=["custom", "platform", "community", "shared"], cloud="api.compshare.cn", **more),
        place.account("qingcloud", sim.url("/iaas/"), name="qc", zones=["pek3", "sh1"],
                      variants=["system", "self", "shared"], cloud="api.qingcloud.com", **more),
    ]


@contextlib.contextmanager
def simulator(place, *options):
    with client.Sim(harness.build, *options) as sim:
        yield sim


def truth(place, sim):
    """{listing_id: {key: item}} as Python reads it."""
    return {row["listing_id"]: client.keyed(sim.items(row))
            for row in place.rows("SELECT * FROM listings WHERE service <> 'discovery'")}


def stored(place, presence="present"):
    """The same from the catalog."""
    found = {row["listing_id"]: {} for row in place.rows("SELECT listing_id FROM listings WHERE service <> 'discovery'")}
    for row in place.rows("SELECT listing_id, zone_id, image_id, raw FROM sightings WHERE presence = ?", presence):
        key = row["image_id"] if row["zone_id"] is None else "%s/%s" % (row["zone_id"], row["image_id"])
        assert key not in found[row["listing_id"]], "twice: " + key
        found[row["listing_id"]][key] = client.without_secrets(json.loads(row["raw"]))
    return found


def same(got, expected, what):
    equal(sorted(got), sorted(expected), what + ": listings")
    for listing, items in expected.items():
        equal(sorted(got[listing]), sorted(items), "%s: ids of listing %s" % (what, listing))
        for key, item in items.items():
            equal(got[listing][key], item, "%s: %s" % (what, key))


def dump(place, leave_out=("_clock", "_polls", "_listings", "_meta")):
    """A hash for each private table, and the rows of _listings without what every poll writes."""
    tables = [row["name"] for row in place.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    hashes = {}
    for table in tables:
        if table not in leave_out:
            rows = place.rows("SELECT * FROM %s ORDER BY 1, 2" % table)
            hashes[table] = len(rows), hashlib.sha256(repr(rows).encode()).hexdigest()
    return hashes


# ---- three clouds ------------------------------------------------------------------------------------------------

@case
def three_clouds(place):
    with simulator(place, "--images", "1500", "--seed", "3") as sim:
        place.configure(accounts(place, sim))
        run = place.once(0)
        same(stored(place), truth(place, sim), "first run")
        listings = place.rows("SELECT * FROM listings")
        equal({row["health"] for row in listings}, {"ok"})
        equal(len(listings), 2 * 2 + 1 + 4 + 1 + 1 + 2 * 3)
        equal(sum(line.startswith("complete: ") for line in run.err.splitlines()), len(listings), "lines of " + run.err)
        equal(run.out, "")
        place.check_integrity()

        # Again: not a byte of an image, a change or a revision is written.
        before = dump(place)
        polls = place.value("SELECT count(*) FROM polls")
        changes = place.value("SELECT max(seq) FROM changes")
        run = place.once(0)
        equal(dump(place), before, "tables after an unchanged run")
        equal(place.value("SELECT max(seq) FROM changes"), changes)
        equal(place.value("SELECT count(*) FROM polls"), polls + len(listings))
        for row in place.rows("SELECT * FROM polls WHERE poll_id > ?", polls):
            equal((row["added"], row["changed"], row["missing"], row["removed"]), (0, 0, 0, 0), str(row["listing_id"]))

        # The view shows each uid once, and knows who sees it.
        equal(place.value("SELECT count(*) FROM images"), place.value("SELECT count(DISTINCT uid) FROM sightings"))


@case
def everything_by_discovery(place):
    with simulator(place, "--images", "1000", "--seed", "4", "--forbidden-region") as sim:
        config = accounts(place, sim)
        config[0].update(regions="all", projects="all")
        config[1].update(regions="all", zones="all")
        config[2].update(zones="all")
        place.configure(config)
        place.once(0)
        regions = {row["region"] for row in place.rows("SELECT region FROM listings WHERE service = 'uhost'")}
        equal(regions, {"cn-bj2", "cn-sh2", "cn-gd", "hk", "cn-wlcb", "us-ca"})
        equal({row["zone"] for row in place.rows("SELECT zone FROM listings WHERE provider = 'qingcloud' AND "
                                                 "service = 'images'")}, {"pek3", "sh1", "gd2", "ap2a"})
        equal({row["project"] for row in place.rows("SELECT project FROM listings WHERE service = 'uhost'")},
              {"org-sim1", "org-sim2"})
        forbidden = place.rows("SELECT * FROM listings WHERE region = 'us-ca'")
        assert forbidden and {row["last_error_class"] for row in forbidden} == {"permission"}, forbidden
        held = {row["listing_id"] for row in forbidden}
        catalog = {k: v for k, v in stored(place).items() if k not in held}
        allowed = {row["listing_id"]: client.keyed(sim.items(row)) for row in
                   place.rows("SELECT * FROM listings WHERE service <> 'discovery'") if row["listing_id"] not in held}
        same(catalog, allowed, "discovered")


@case
def changes_between_runs(place):
    with simulator(place, "--images", "800", "--seed", "5") as sim:
        place.configure(accounts(place, sim))
        place.once(0)
        last = place.value("SELECT max(seq) FROM changes")
        equal({row["kind"] for row in place.rows("SELECT DISTINCT kind FROM changes")} - {"source-drift"}, {"baseline"})
        before = stored(place)
        sim.control("add", segment="uhost/cn-bj2/platform", count=2)
        sim.control("change", segment="uhost/hk/platform", count=3)
        sim.control("change", segment="custom/cn-wlcb", count=1, what="state")
        sim.control("remove", segment="images/pek3/self", count=1)
        place.once(0)
        now = truth(place, sim)
        same(stored(place), now, "after changes")
        added = sum(len(set(now[k]) - set(before[k])) for k in now)
        missing = sum(len(set(before[k]) - set(now[k])) for k in now)
        changed = sum(now[k][i] != before[k][i] for k in now for i in set(now[k]) & set(before[k]))
        assert added >= 2 and missing >= 1 and changed >= 4, (added, missing, changed)
        rows = place.rows("SELECT * FROM changes WHERE seq > ? ORDER BY seq", last)
        kinds = [row["kind"] for row in rows]
        equal(kinds.count("added"), added, "added in %s" % kinds)
        equal(kinds.count("missing"), missing, "missing")
        assert 4 <= kinds.count("changed") <= changed, (kinds, changed)
        for row in rows:
            equal(row["fields"] is not None, row["kind"] == "changed", "fields of " + row["kind"])
        seqs = [row["seq"] for row in rows]
        equal(seqs, list(range(last + 1, last + 1 + len(seqs))), "seq")
        # A revision of what was superseded for each change of an image.
        equal(place.value("SELECT count(*) FROM revisions"), kinds.count("changed"))
        place.once(0)
        equal(place.value("SELECT count(*) FROM changes WHERE kind = 'removed'"), missing)


@case
def counters_are_no_change(place):
    with simulator(place, "--images", "600", "--seed", "6") as sim:
        place.configure(accounts(place, sim))
        place.once(0)
        last = place.value("SELECT max(seq) FROM changes")
        sim.control("change", segment="community", count=20, what="counters")
        place.once(0)
        equal(place.value("SELECT max(seq) FROM changes"), last)
        equal(place.value("SELECT count(*) FROM revisions"), 0)
        columns = place.rows("SELECT image_id, created_count FROM sightings WHERE service = 'community'")
        items = {key: item for row in place.rows("SELECT * FROM listings WHERE service = 'community'")
                 for key, item in client.keyed(sim.items(row)).items()}
        equal({row["image_id"]: row["created_count"] for row in columns},
              {key: item.get("CreatedCount") for key, item in items.items()}, "counters")


@case
def faults_of_the_network(place):
    """With a few faults of every kind: whatever is complete is what the cloud has."""
    with simulator(place, "--images", "600", "--seed", "8", "--fail", "reset=0.05", "--fail", "http502=0.05", "--fail",
                   "retcode150=0.05", "--fail", "cut=0.05") as sim:
        place.configure(accounts(place, sim))
        run = place.once()
        assert run.status in (0, 3), (run.status, run.err)
        sim.control("fail", clear=1)
        now, got = truth(place, sim), stored(place)
        for row in place.rows("SELECT * FROM listings WHERE service <> 'discovery'"):
            if row["health"] == "ok":
                equal(got[row["listing_id"]], now[row["listing_id"]], "listing %(service)s %(region)s" % row)
        assert place.value("SELECT sum(retries) FROM polls") > 0
        place.once(0)
        same(stored(place), truth(place, sim), "after the faults")


# ---- places to run in ----------------------------------------------------------------------------------------------

# name, environment
ENVIRONMENTS = [
    {"TZ": "Asia/Shanghai", "LC_ALL": "zh_CN.UTF-8"}, {"TZ": "America/St_Johns", "LC_ALL": "de_DE.UTF-8"},
    {"TZ": "Not/A_Zone", "LC_ALL": "tr_TR.UTF-8", "LC_NUMERIC": "de_DE"}, {"TZ": ":garbage", "LANG": "C", "HOME": "/nonexistent"},
]
MOMENTS = ("first_seen_at", "last_seen_at", "changed_at", "missing_since_at")


@case
def same_rows_everywhere(place):
    with simulator(place, "--images", "400", "--seed", "9") as sim:
        results = []
        for number, env in enumerate([{}, *ENVIRONMENTS]):
            path = os.path.join(place.state, "catalog%d.db" % number)
            place.configure(accounts(place, sim), catalog={"path": path})
            umask = os.umask(0 if number == 1 else 0o22)
            try:
                place.once(0, env=env)
            finally:
                os.umask(umask)
            equal(os.stat(path).st_mode & 0o777, 0o640, "mode of the catalog")
            with place.database(path) as db:
                rows = [dict(row) for row in db.execute("SELECT * FROM sightings ORDER BY uid, listing_id")]
            started = time.time()
            for row in rows:
                assert abs(row["first_seen_at"] - started) < 120, row["first_seen_at"]
                for name in MOMENTS:
                    row.pop(name), row.pop(name + "_utc")
                row.pop("listing_id")
            results.append(sorted(rows, key=lambda row: (row["uid"], row["account"])))
        for env, rows in zip(ENVIRONMENTS, results[1:]):
            equal(rows == results[0], True, "the same rows under %s" % env)


@case
def progress_on_a_terminal(place):
    with simulator(place, "--images", "300", "--seed", "10", "--latency", "60ms") as sim:
        place.configure(accounts(place, sim))
        screen, terminal = pty.openpty()
        process = subprocess.Popen([os.path.join(harness.build, "imagecatd"), "--config", place.config_path, "--once"],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=terminal,
                                   env={"TERM": "xterm", "LC_ALL": "C.UTF-8"})
        os.close(terminal)
        shown = b""
        while True:
            try:
                data = os.read(screen, 65536)
            except OSError:
                break
            if not data:
                break
            shown += data
        os.close(screen)
        equal(process.wait(PATIENCE), 0, shown.decode("utf-8", "replace")[-2000:])
        text = shown.decode("utf-8", "replace")
        for name in ("prod uhost cn-bj2", "gpu community", "qc images pek3"):
            has(text, name)
        assert re.search(r"\d+%", text), text[-2000:]
        assert "\x1b[" in text


# ---- kills ------------------------------------------------------------------------------------------------------------

@case
def kill_at_random_moments(place):
    """20 times kill -9: the catalog opens, holds whole polls only, and nothing that was acknowledged is lost."""
    dice = random.Random(11)
    with simulator(place, "--images", "1200", "--seed", "11", "--latency", "3ms") as sim:
        place.configure(accounts(place, sim), removal={"brake_percent": 100, "brake_rows": 100000})
        started = time.monotonic()
        place.once(0)
        length = time.monotonic() - started
        states = [truth(place, sim)]
        seq, polls = place.value("SELECT max(seq) FROM changes"), place.value("SELECT max(poll_id) FROM polls")
        killed = 0
        attempts = 0
        while killed < 20:
            attempts += 1
            assert attempts < 100, "%d of %d runs were killed in time" % (killed, attempts)
            sim.control("churn", changes=40)
            states.append(truth(place, sim))
            run = place.start("--once")
            if run.wait_quietly(dice.uniform(0, length)):
                length = time.monotonic() - run.started
            run.kill()
            killed += run.wait() == -signal.SIGKILL
            place.check_integrity()
            got = stored(place)
            for listing, items in got.items():
                assert any(items == state[listing] for state in states), "listing %s holds no state of the cloud" % listing
            now_seq = place.value("SELECT max(seq) FROM changes")
            now_polls = place.value("SELECT max(poll_id) FROM polls")
            assert now_seq >= seq and now_polls >= polls, (seq, now_seq, polls, now_polls)
            seq, polls = now_seq, now_polls
            equal(place.value("SELECT count(*) FROM changes"), now_seq, "no gap in the feed")
            # Every listing that says so holds what it held when its last complete poll ended.
            for row in place.rows("SELECT * FROM listings WHERE service <> 'discovery'"):
                equal(row["images_present"], len(got[row["listing_id"]]), "images_present")
        place.once(0)
        same(stored(place), truth(place, sim), "in the end")


# ---- readers -----------------------------------------------------------------------------------------------------------

READ = """
import sqlite3, sys
db = sqlite3.connect("file:%s?mode=ro" % sys.argv[1], uri=True)
print(db.execute("SELECT count(*) FROM images").fetchone()[0])
"""


def read_as_reader(place, group=GROUP):
    python = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable
    return subprocess.run([python, "-I", "-c", READ, place.catalog], user=READER, group=group, extra_groups=[],
                          capture_output=True, text=True, check=False)


@case
def reader_in_the_group(place):
    """Read-only, with no write permission anywhere: while it runs, after it stopped, after it was killed."""
    harness.need_root()
    cloud = place.cloud()
    shelf = cloud.put("DescribeImage", [clouds.uhost_image(n) for n in range(250)])
    place.configure([place.account("ucloud", cloud.url(), name="prod", services=["uhost"], interval="1s")])
    for name in os.listdir(place.keys):
        os.chown(os.path.join(place.keys, name), DAEMON, GROUP)
    os.chown(place.state, DAEMON, GROUP)
    os.chmod(place.state, 0o750)

    def check(when):
        done = read_as_reader(place)
        equal((done.returncode, done.stdout.strip()), (0, "250"), "%s: %s" % (when, done.stderr))
        other = read_as_reader(place, group=READER)
        assert other.returncode != 0, "%s: somebody outside the group could read" % when

    run = place.start("--once", user=DAEMON, group=GROUP)
    equal(run.wait(), 0, run.err)
    check("after --once")
    seen = threading.Semaphore(0)

    def act(request, usual):
        seen.release()
        return usual()
    cloud.script("DescribeImage", act)
    daemon = place.start(user=DAEMON, group=GROUP)
    for _ in range(8):
        assert seen.acquire(timeout=PATIENCE), daemon.err
    check("while it runs")
    daemon.kill(signal.SIGTERM)
    equal(daemon.wait(), 0, daemon.err)
    check("after it stopped")
    while seen.acquire(blocking=False):
        pass
    daemon = place.start(user=DAEMON, group=GROUP)
    for _ in range(8):
        assert seen.acquire(timeout=PATIENCE), daemon.err
    daemon.kill()
    equal(daemon.wait(), -9)
    check("after kill -9")
    for name in os.listdir(place.state):
        mode = os.stat(os.path.join(place.state, name)).st_mode & 0o777
        assert mode & 0o027 == 0, "%s has mode %o" % (name, mode)
    check_listing(place, shelf.items, "prod")


# ---- signals and the daemon ------------------------------------------------------------------------------------------------

class Daemon:
    """A daemon that polls a cloud every second; `seen` counts requests."""

    def __init__(self, place, interval="1s"):
        self.place, self.cloud = place, place.cloud()
        self.shelf = self.cloud.put("DescribeImage", [clouds.uhost_image(n) for n in range(20)])
        self.seen = threading.Semaphore(0)
        self.cloud.script("DescribeImage", self.count)
        place.configure([place.account("ucloud", self.cloud.url(), name="prod", services=["uhost"], interval=interval)])
        self.run = place.start()

    def count(self, request, usual):
        self.seen.release()
        return None

    def await_requests(self, n):
        for _ in range(n):
            assert self.seen.acquire(timeout=PATIENCE), self.run.err

    def stop(self, number):
        self.run.kill(number)
        equal(self.run.wait(STOP_PATIENCE), 0, "exit status; " + self.run.err)


@row_case([("SIGINT", signal.SIGINT), ("SIGTERM", signal.SIGTERM)], "idle")
def idle(place, number):
    daemon = Daemon(place, "1h")
    daemon.run.await_line("listing complete")
    daemon.stop(number)
    check_listing(place, daemon.shelf.items, "prod")


@row_case([("SIGINT", signal.SIGINT), ("SIGTERM", signal.SIGTERM)], "in_a_poll")
def in_a_poll(place, number):
    """The poll that was cut off is recorded as aborted and changes nothing."""
    daemon = Daemon(place)
    daemon.await_requests(6)
    silent = threading.Event()

    def act(request, usual):
        silent.set()
        return Answer(how="silence")
    daemon.cloud.script("DescribeImage", act)
    assert silent.wait(PATIENCE), daemon.run.err
    daemon.stop(number)
    equal(place.last_poll("prod")["outcome"], "aborted")
    check_listing(place, daemon.shelf.items, "prod")


@case
def twice_the_signal(place):
    daemon = Daemon(place, "1h")
    daemon.await_requests(1)
    daemon.run.kill(signal.SIGTERM)
    daemon.stop(signal.SIGTERM)


@case
def once_can_be_stopped(place):
    """Ctrl-C in --once: it ends soon, and says that not all was read."""
    cloud = place.cloud()
    arrived = threading.Event()

    def act(request, usual):
        arrived.set()
        return Answer(how="silence")
    cloud.script("DescribeImage", act)
    place.configure([place.account("ucloud", cloud.url(), name="prod", services=["uhost"], timeout="5m")])
    run = place.start("--once")
    assert arrived.wait(PATIENCE), run.err
    run.kill(signal.SIGINT)
    status = run.wait(STOP_PATIENCE)
    assert status in (0, 3), status
    equal(place.last_poll("prod")["outcome"], "aborted")


@case
def daemon_follows_the_cloud(place):
    daemon = Daemon(place)
    daemon.await_requests(4)
    daemon.shelf.items.append(clouds.raw_item(clouds.uhost_image(99)))
    until(daemon.run, lambda: len(place.images("prod")) == len(daemon.shelf.items))
    daemon.stop(signal.SIGTERM)
    check_listing(place, daemon.shelf.items, "prod")
    kinds = [row["kind"] for row in place.rows("SELECT kind FROM changes WHERE kind <> 'source-drift' ORDER BY seq")]
    equal(kinds, ["baseline", "added"])
    # Polls of one listing never overlap.
    rows = place.rows("SELECT started_at, finished_at FROM polls ORDER BY poll_id")
    for a, b in zip(rows, rows[1:]):
        assert a["finished_at"] <= b["started_at"], (a, b)


@case
def daemon_outlives_an_outage(place):
    daemon = Daemon(place)
    daemon.await_requests(4)
    outage = threading.Semaphore(0)

    def act(request, usual):
        outage.release()
        return Answer(how="reset")
    daemon.cloud.script("DescribeImage", act)
    for _ in range(4):
        assert outage.acquire(timeout=PATIENCE), daemon.run.err
    daemon.cloud.scripts.pop(0)
    daemon.shelf.items.append(clouds.raw_item(clouds.uhost_image(99)))
    while daemon.seen.acquire(blocking=False):
        pass
    daemon.await_requests(5)
    daemon.stop(signal.SIGTERM)
    check_listing(place, daemon.shelf.items, "prod")
    outcomes = [row["outcome"] for row in place.rows("SELECT outcome FROM polls ORDER BY poll_id")]
    assert "failed" in outcomes and "complete" in outcomes[outcomes.index("failed"):], outcomes


@case
def two_daemons(place):
    daemon = Daemon(place)
    daemon.await_requests(4)
    second = place.start()
    equal(second.wait(), 1, second.err)
    has(second.err, str(daemon.run.pid))
    has(second.err, place.catalog)
    daemon.await_requests(2)
    daemon.stop(signal.SIGTERM)


if __name__ == "__main__":
    main()
