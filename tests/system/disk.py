#!/usr/bin/env python3
"""A disk that fills up, one that may not be written, a catalog that another program writes.

Usage: python3 tests/system/disk.py BUILD_DIR [NAME]...
"""
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import cloud as clouds  # noqa: E402
import harness  # noqa: E402
import whole  # noqa: E402
from harness import Skip, case, check_listing, equal, has, main  # noqa: E402
from patience import PATIENCE  # noqa: E402

NAME = "DescribeImage"
FULL, OTHER = {"Region": "cn-bj2"}, {"Region": "hk"}
SIZE = 16 << 20


def mount(place, *more):
    """A disk of its own for the catalog."""
    if os.geteuid() != 0:
        raise Skip("only root can mount a small disk")
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", ",".join(["size=%d" % SIZE, *more]), "imagecat-test",
                           place.state], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Skip("no disk can be mounted here: " + done.stderr.strip())
    place.stack.callback(subprocess.run, ["umount", "-l", place.state], check=False)


def fill(place):
    filler = os.path.join(place.state, "filler")
    with open(filler, "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return filler


def until(condition, run, what, timeout=PATIENCE):
    end = time.monotonic() + timeout
    while not condition():
        assert not run.wait_quietly(0.02) and time.monotonic() < end, "%s; stderr: %s" % (what, run.err[-2000:])


def images(first, count):
    return [clouds.raw_item(clouds.uhost_image(n, ImageDescription="说明 %d " % n + "x" * 1500))
            for n in range(first, first + count)]


def start(place, cloud):
    place.configure([place.account("ucloud", cloud.url(), regions=["cn-bj2", "hk"], services=["uhost"],
                                   interval="1s")])
    return place.start()


def finish(place, run, cloud, shelf):
    """Room again: everything is stored without a restart, and each attempt has left one row."""
    os.unlink(place.filler)
    until(lambda: place.value("SELECT images_present FROM listings WHERE region = 'cn-bj2'") == len(shelf.items), run,
          "not stored although there is room again", 2 * PATIENCE)
    until(lambda: place.value("SELECT images_present FROM listings WHERE region = 'hk'") == 51, run, "the other one")
    run.kill(signal.SIGTERM)
    equal(run.wait(), 0, run.err[-1500:])
    check_listing(place, shelf.items, "ucloud", region="cn-bj2")
    # Together the rows tell of all the requests that the cloud saw.
    for where in (FULL, OTHER):
        listing = place.listing("ucloud", region=where["Region"])
        equal(place.value("SELECT sum(requests) FROM polls WHERE listing_id = ?", listing["listing_id"]),
              len(cloud.asked(NAME, where)), "requests told of")
    equal(whole.judge(place.catalog, os.path.join(place.path, "scratch")), [])


def start_and_fill(place, cloud, more):
    """A daemon that has stored few images, a disk without room, and then `more` new images to store."""
    shelf = cloud.put(NAME, images(0, 30), FULL)
    other = cloud.put(NAME, [clouds.uhost_image(n) for n in range(5000, 5050)], OTHER)
    run = start(place, cloud)
    until(lambda: len(run.line("listing complete")) >= 4, run, "the first polls")
    place.filler = fill(place)
    with cloud.lock:
        shelf.items = shelf.items + images(1000, more)
    return run, shelf, other


def others_go_on(place, run, cloud, other):
    asked = len(cloud.asked(NAME, OTHER))
    until(lambda: len(cloud.asked(NAME, OTHER)) >= asked + 5, run, "the other listing is not read any more")
    listed = place.start("--catalog", place.catalog, "list", "-o", "id", config=False, program="imagecat")
    equal(listed.wait(), 0, listed.err)
    equal(len(listed.out.split()), 80)
    equal(place.value("SELECT images_present FROM listings WHERE region = 'cn-bj2'"), 30)
    with cloud.lock:
        other.items = other.items + [clouds.raw_item(clouds.uhost_image(6000))]


@case
def full_disk_at_commit_is_waited_out(place):
    """What was read is kept in memory and tried again."""
    mount(place)
    cloud = place.cloud()
    run, shelf, other = start_and_fill(place, cloud, 200)
    until(lambda: run.line("poll could not be stored"), run, "the disk was not full")
    line = run.line("poll could not be stored")[0]
    for part in ("error: ", "cn-bj2", "disk is full", "retry_ms=1000"):
        has(line, part)
    asked = len(cloud.asked(NAME, FULL))
    others_go_on(place, run, cloud, other)
    equal(len(cloud.asked(NAME, FULL)), asked, "requests for what cannot be stored")
    finish(place, run, cloud, shelf)


@case
def full_disk_under_the_spool_fails_the_poll(place):
    """More than is kept in memory: the poll says that it failed, and why; the next one is on time."""
    mount(place)
    cloud = place.cloud()
    run, shelf, other = start_and_fill(place, cloud, 600)
    until(lambda: run.line("could not be kept"), run, "the disk was not full")
    others_go_on(place, run, cloud, other)
    poll = place.last_poll("ucloud", region="cn-bj2")
    equal((poll["outcome"], poll["error_class"], poll["added"]), ("failed", "internal", 0))
    has(poll["message"], "No space left on device")
    finish(place, run, cloud, shelf)


@case
def full_disk_refuses_a_reload(place):
    """Nothing of it is stored; the old listings go on, and with room again the same file is put in force."""
    mount(place)
    cloud = place.cloud()
    cloud.put(NAME, [clouds.uhost_image(n) for n in range(20)])
    run = start(place, cloud)
    until(lambda: len(run.line("listing complete")) >= 4, run, "the first polls")
    place.filler = fill(place)
    before = place.rows("SELECT listing_id, region, interval_s FROM _listings")
    place.configure([place.account("ucloud", cloud.url(), regions=["r%04d" % n for n in range(2000)], services=["uhost"],
                                   interval="1h")])
    run.kill(signal.SIGHUP)
    until(lambda: run.line("reload refused"), run, "the disk was not full")
    has(run.line("reload refused")[0], "disk is full")
    equal(place.rows("SELECT listing_id, region, interval_s FROM _listings"), before)
    asked = len(cloud.asked(NAME, FULL))
    until(lambda: len(cloud.asked(NAME, FULL)) > asked or run.line("poll could not be stored"), run, "it is not polled")
    equal([r for r in cloud.asked() if r.params.get("Region") not in ("cn-bj2", "hk")], [])
    os.unlink(place.filler)
    run.kill(signal.SIGHUP)
    until(lambda: run.line("configuration reloaded"), run, "it is still refused")
    equal(place.value("SELECT count(*) FROM listings WHERE interval_s = 3600"), 2000)
    run.kill(signal.SIGTERM)
    equal(run.wait(), 0, run.err[-1500:])


@case
def read_only_disk_is_said(place):
    mount(place)
    cloud = place.cloud()
    cloud.put(NAME, [clouds.uhost_image(n) for n in range(20)], FULL)
    place.configure([place.account("ucloud", cloud.url(), services=["uhost"])])
    place.once(0)
    done = subprocess.run(["mount", "-o", "remount,ro", place.state], capture_output=True, text=True, check=False)
    equal(done.returncode, 0, done.stderr)
    before = len(cloud.asked(NAME))
    run = place.once(1)
    has(run.err, "read-only")
    equal(len(cloud.asked(NAME)), before, "requests although nothing can be stored")
    listed = place.start("--catalog", place.catalog, "list", "-o", "id", config=False, program="imagecat")
    equal(listed.wait(), 0, listed.err)
    equal(len(listed.out.split()), 20)


@case
def foreign_lock_is_waited_for(place):
    """Another program writes for a moment: the poll is stored when it is done, and no sooner."""
    cloud = place.cloud()
    cloud.put(NAME, [clouds.uhost_image(n) for n in range(20)], FULL)
    place.configure([place.account("ucloud", cloud.url(), services=["uhost"])])
    place.once(0)
    rival = sqlite3.connect(place.catalog, isolation_level=None, check_same_thread=False)
    answered = threading.Event()

    def act(request, usual):
        if not answered.is_set():
            rival.execute("BEGIN IMMEDIATE")
            threading.Timer(1.0, rival.execute, ("ROLLBACK",)).start()
            answered.set()
    cloud.script(NAME, act, FULL)
    run = place.once(0)
    assert answered.is_set() and run.seconds > 1, "the lock was not there: %.2f s" % run.seconds
    rival.close()
    equal(place.value("SELECT count(*) FROM polls WHERE outcome = 'complete'"), 2)


if __name__ == "__main__":
    main()
