#!/usr/bin/env python3
"""Signals: stopped in every phase of a poll, twice, in storms; and what SIGUSR1 tells.

Usage: python3 tests/system/signals.py BUILD_DIR [NAME]...
"""
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import cloud as clouds  # noqa: E402
from cloud import Answer, ucloud_error  # noqa: E402
from daemon import Daemon, polls, until  # noqa: E402
from harness import Skip, case, equal, main, row_case  # noqa: E402
from patience import PATIENCE, STOP_PATIENCE  # noqa: E402

PAGE = Answer(b'{"RetCode":0,"TotalCount":900,"ImageSet":[' +
              b",".join(clouds.raw_item(clouds.uhost_image(n)) for n in range(100)) + b"]}")


def stop(run, number=signal.SIGTERM, again=0):
    run.kill(number)
    for _ in range(again):
        run.kill(number)
        time.sleep(0.001)  # so that they arrive as more than one
    equal(run.wait(STOP_PATIENCE), 0, run.err[-1500:])


def check_aborted(place, account="one", count=1):
    equal([row["outcome"] for row in place.rows(
        "SELECT outcome FROM polls JOIN listings USING (listing_id) WHERE account = ? ORDER BY poll_id", account)],
        ["aborted"] * count)
    listing = place.listing(account)
    equal((listing["health"], listing["consecutive_failures"], listing["images_present"]), ("new", 0, 0))
    equal(place.value("SELECT count(*) FROM sightings"), 0)  # nothing half-written
    assert listing["next_due_at"] <= time.time() + 1, "an aborted poll is still to be done"
    place.check_integrity()


def has_open(pid, path):
    """Whether the process has that file open."""
    folder = "/proc/%d/fd" % pid
    return any(os.path.realpath(os.path.join(folder, name)) == os.path.realpath(path) for name in os.listdir(folder))


@case
def the_alarm_rings_in_time(place):
    """It ends, with status 1, what has not ended in order: so a status of 0 says that the end came before it. Read from
    the daemon's own call, since a clock of ours would measure the machine as well."""
    log = os.path.join(place.path, "strace")
    cloud = place.cloud()
    daemon = Daemon(place, [place.account("ucloud", cloud.url(), name="one", services=["uhost"], interval="1h")])
    try:
        tracer = subprocess.Popen(["strace", "-f", "-o", log, "-e", "trace=setitimer", "-p", str(daemon.run.pid)],
                                  stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    except FileNotFoundError:
        raise Skip("strace is not installed") from None
    with tracer:
        line = tracer.stderr.readline()
        if b"attached" not in line:
            daemon.stop()
            raise Skip("strace may not trace here: " + line.decode())
        stop(daemon.run)
    with open(log) as file:
        alarms = re.findall(r"setitimer\(ITIMER_REAL, .*it_value=\{tv_sec=(\d+),", file.read())
    assert len(alarms) == 1 and 0 < int(alarms[0]) < 5, alarms


@case
def stopped_while_it_starts(place):
    """Somebody holds the catalog's lock: there is nothing to finish, and the start is not waited for."""
    cloud = place.cloud()
    daemon = Daemon(place, [place.account("ucloud", cloud.url(), name="one")])
    daemon.run.await_line("listing complete")
    daemon.stop()
    lock = sqlite3.connect(place.catalog, isolation_level=None, timeout=PATIENCE)
    place.stack.callback(lock.close)
    lock.execute("BEGIN IMMEDIATE")
    for number in (signal.SIGTERM, signal.SIGINT):
        run = place.start()
        until(run, lambda: has_open(run.pid, place.catalog + "-wal"))
        run.kill(number)
        equal(run.wait(STOP_PATIENCE), -number)
    lock.execute("ROLLBACK")
    place.check_integrity()


# ---- stopped, and where the poll is then -----------------------------------------------------------------------

PHASES = [
    ("waiting_for_the_first_byte", Answer(how="silence")),
    ("in_the_middle_of_a_body", Answer(PAGE.body, pieces=[PAGE.body[:500], PAGE.body[500:]], pause=100,
                                       framing="chunked")),
    ("pausing_before_a_retry", Answer(status=500)),  # or in the retry, when the machine is slow
    ("throttled_and_waiting", ucloud_error(153, "too many")),
    ("waiting_as_it_was_told", Answer(status=429, headers={"Retry-After": "25"})),
]


@row_case(PHASES, "stopped")
def stopped(place, answer):
    cloud = place.cloud()
    cloud.always("DescribeImage", Answer(how="silence"))
    cloud.script("DescribeImage", lambda request, usual: answer, nth=1)
    daemon = Daemon(place, [place.account("ucloud", cloud.url(), name="one", services=["uhost"], timeout="60s")])
    until(daemon.run, lambda: cloud.asked())
    answered = len(cloud.asked())
    until(daemon.run, lambda: cloud.asked()[answered - 1].answer)
    stop(daemon.run)
    check_aborted(place)


@case
def stopped_in_a_handshake(place):
    """The server takes the connection and says nothing more."""
    listener = socket.create_server(("127.0.0.1", 0))
    place.stack.callback(listener.close)
    url = "https://127.0.0.1:%d/" % listener.getsockname()[1]
    daemon = Daemon(place, [place.account("ucloud", url, name="one", services=["uhost"])])
    peer, _ = listener.accept()
    place.stack.callback(peer.close)
    assert peer.recv(100)[:1] == b"\x16", "no TLS"
    stop(daemon.run)
    check_aborted(place)


@case
def stopped_while_it_waits_for_its_turn(place):
    """One request in a hundred seconds: the second page waits for the limiter."""
    cloud = place.cloud()
    cloud.put("DescribeImage", [clouds.uhost_image(n) for n in range(30)], cap=10)
    daemon = Daemon(place, [place.account("ucloud", cloud.url(), name="one", services=["uhost"],
                                          requests_per_second=0.01)])
    until(daemon.run, lambda: cloud.asked())
    until(daemon.run, lambda: cloud.asked()[0].answer)
    stop(daemon.run)
    check_aborted(place)


# Where the daemon is when it is stopped: in the first wait for the lock, or between two tries.
LOCKED = [("in_its_first_wait", "listing complete"), ("between_two_tries", "poll could not be stored")]


@row_case(LOCKED, "stopped_while_another_program_writes")
def stopped_while_another_program_writes(place, line):
    """The lock is never given up: no row is written, and the end comes in time."""
    cloud = place.cloud()
    cloud.put("DescribeImage", [clouds.uhost_image(n) for n in range(20)])
    daemon = Daemon(place, [place.account("ucloud", cloud.url(), name="one", services=["uhost"], interval="1s",
                                          regions=["r%d" % n for n in range(6)])])
    until(daemon.run, lambda: place.value("SELECT count(DISTINCT listing_id) FROM polls") == 6)
    lock = sqlite3.connect(place.catalog, isolation_level=None, timeout=PATIENCE)
    place.stack.callback(lock.close)
    lock.execute("BEGIN IMMEDIATE")
    before = contents(place)
    cloud.put("DescribeImage", [clouds.uhost_image(n) for n in range(40)])
    # Every listing has a poll that cannot be stored.
    until(daemon.run, lambda: daemon.run.line(line) and
          {fields["phase"] for fields in survey(daemon).values()} <= {"storing", "waiting"})
    stop(daemon.run)
    # In order, and not by the last resort: each poll said what became of it.
    after = daemon.run.err.partition("stopping signal=SIGTERM")[2]
    equal(after.count("poll could not be stored"), 6, daemon.run.err[-3000:])
    equal(contents(place), before)
    lock.execute("ROLLBACK")
    place.check_integrity()
    daemon = Daemon(place, daemon.accounts)
    until(daemon.run, lambda: place.value("SELECT count(*) FROM listings WHERE images_present = 40") == 6)
    daemon.stop()


def contents(place):
    """Every row of what polls write."""
    return {table: place.rows("SELECT * FROM " + table) for table in ("_images", "_listings", "_polls", "_changes")}


@case
def stopped_while_it_reads_and_commits(place):
    """At a random moment of a poll of many images: all of it is there, or nothing."""
    for n in range(12):
        cloud = place.cloud()
        cloud.put("DescribeImage", [clouds.uhost_image(i) for i in range(3000)])
        daemon = Daemon(place, [place.account("ucloud", cloud.url(), name="run%d" % n, services=["uhost"],
                                              cloud="run%d" % n)])
        until(daemon.run, lambda: len(cloud.asked()) > 2 * n)
        stop(daemon.run)
        listing = place.listing("run%d" % n)
        outcome = place.last_poll("run%d" % n)["outcome"]
        equal(listing["images_present"], 3000 if outcome == "complete" else 0, outcome)
        place.check_integrity()


@case
def stopped_with_hundreds_in_flight(place):
    cloud = place.cloud()
    cloud.always(None, Answer(how="silence"))
    accounts = [place.account("ucloud", cloud.url(), name="a%d" % n, services=["uhost"],
                              timeout="60s", regions=["r%d" % r for r in range(50)]) for n in range(6)]
    daemon = Daemon(place, accounts, limits={"requests_in_flight": 64})
    until(daemon.run, lambda: len(cloud.asked()) >= 60)
    stop(daemon.run)
    assert place.value("SELECT count(*) FROM polls WHERE outcome = 'aborted'") >= 60
    equal(place.value("SELECT count(*) FROM polls WHERE outcome <> 'aborted'"), 0)
    place.check_integrity()


@row_case([("SIGTERM", signal.SIGTERM), ("SIGINT", signal.SIGINT)], "many_times")
def many_times(place, number):
    cloud = place.cloud()
    cloud.put("DescribeImage", [clouds.uhost_image(i) for i in range(2000)])
    daemon = Daemon(place, [place.account("ucloud", cloud.url(), name="one", services=["uhost"])])
    until(daemon.run, lambda: len(cloud.asked()) > 5)
    stop(daemon.run, number, again=200)
    equal(len(daemon.run.line("stopping signal=")), 1)
    place.check_integrity()


@case
def others_are_ignored(place):
    cloud = place.cloud()
    cloud.put("DescribeImage", [clouds.uhost_image(1)])
    daemon = Daemon(place, [place.account("ucloud", cloud.url(), name="one", services=["uhost"], interval="1s")])
    for number in (signal.SIGUSR2, signal.SIGPIPE, signal.SIGCHLD, signal.SIGWINCH, signal.SIGURG):
        for _ in range(50):
            daemon.run.kill(number)
    before = polls(place, "one")
    until(daemon.run, lambda: polls(place, "one") > before + 1)
    daemon.stop()


@case
def stopped_process_goes_on(place):
    """SIGSTOP for a while, then SIGCONT: one poll, not all that were missed."""
    cloud = place.cloud()
    cloud.put("DescribeImage", [clouds.uhost_image(1)])
    daemon = Daemon(place, [place.account("ucloud", cloud.url(), name="one", services=["uhost"], interval="1s")])
    until(daemon.run, lambda: polls(place, "one") > 1)
    daemon.run.kill(signal.SIGSTOP)
    time.sleep(6)
    before = place.value("SELECT max(poll_id) FROM polls")
    daemon.run.kill(signal.SIGCONT)
    until(daemon.run, lambda: place.value("SELECT max(poll_id) FROM polls") >= before + 9)
    # By its own clock; the first of them may have begun before. Made up for, six of them would be at once.
    begun = [row["started_at"] for row in place.rows(
        "SELECT started_at FROM polls WHERE poll_id BETWEEN ? AND ? ORDER BY poll_id", before + 2, before + 9)]
    assert begun[-1] - begun[0] >= 4, begun
    daemon.stop()


# ---- SIGUSR1 ---------------------------------------------------------------------------------------------------------

def survey(daemon):
    """{listing: {field: value}} of one SIGUSR1."""
    count = len(daemon.run.line("listing listing="))
    expected = daemon.place.value("SELECT count(*) FROM listings WHERE health <> 'disabled'")
    daemon.run.kill(signal.SIGUSR1)
    until(daemon.run, lambda: len(daemon.run.line("listing listing=")) >= count + expected)
    lines = daemon.run.line("listing listing=")[count:]
    found = {}
    for line in lines:
        fields = {key: quoted or plain for key, quoted, plain in re.findall(r'(\w+)=(?:"([^"]*)"|(\S*))', line)}
        found[fields["listing"]] = fields
    equal(len(found), len(lines))
    return found


@case
def survey_of_all(place):
    cloud = place.cloud()
    cloud.put("DescribeImage", [clouds.uhost_image(n) for n in range(7)])
    cloud.always("DescribeImage", Answer(how="silence"), where={"Region": "hk"})
    cloud.always("DescribeImage", ucloud_error(230, "no"), where={"Region": "sg"})
    daemon = Daemon(place, [place.account("ucloud", cloud.url(), name="one", services=["uhost"], timeout="60s",
                                          regions=["cn-bj2", "hk", "sg"], interval="10m")])
    until(daemon.run, lambda: polls(place, "one", region="cn-bj2") and polls(place, "one", "failed", region="sg"))
    found = survey(daemon)
    equal(sorted(found), ["one uhost cn-bj2", "one uhost hk", "one uhost sg"])
    good, hanging, refused = (found["one uhost " + region] for region in ("cn-bj2", "hk", "sg"))
    equal((good["outcome"], good["phase"], good["images"], good["failures"], good["overruns"], good["interval_s"]),
          ("complete", "idle", "7", "0", "0", "600"))
    assert 500 <= int(good["due_in_s"]) <= 660, good
    equal((hanging["outcome"], hanging["phase"]), ("new", "fetching"))
    equal((refused["outcome"], refused["reason"], refused["failures"]), ("failed", "permission", "1"))
    assert 3000 <= int(refused["due_in_s"]) <= 3600, refused
    daemon.stop()


@case
def overruns_are_counted(place):
    """A poll that takes longer than the interval: never two at a time, and none is made up for."""
    cloud = place.cloud()
    cloud.put("DescribeImage", [clouds.uhost_image(1)])
    busy, most = [0], [0]
    lock = threading.Lock()

    def slow(request, usual):
        with lock:
            busy[0] += 1
            most[0] = max(most[0], busy[0])
        time.sleep(1.3)
        with lock:
            busy[0] -= 1
        return usual()
    cloud.script("DescribeImage", slow)
    daemon = Daemon(place, [place.account("ucloud", cloud.url(), name="one", services=["uhost"], interval="1s")])
    until(daemon.run, lambda: polls(place, "one") > 2)
    found = survey(daemon)["one uhost cn-bj2"]
    assert int(found["overruns"]) >= 4, found
    equal(most[0], 1)
    daemon.stop()


if __name__ == "__main__":
    main()
