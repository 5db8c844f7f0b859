#!/usr/bin/env python3
"""A key that the cloud refuses: two requests, then one at each step of the back-off, however many listings ask with it.

The cloud's own log says how often it was asked.

Usage: python3 tests/system/lockout.py BUILD_DIR [NAME]...
"""
import os
import signal
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import cloud as clouds  # noqa: E402
from cloud import Answer, ucloud_error  # noqa: E402
from daemon import Daemon, polls, until  # noqa: E402
from harness import Skip, case, equal, has, main, need_root  # noqa: E402
from patience import PATIENCE, STOP_PATIENCE  # noqa: E402
from web import Web  # noqa: E402

REGIONS = ["r%02d" % n for n in range(40)]
# What may be on its way when the second refusal comes: two at this rate, and what the time until then brings.
SLOW = 0.5
BURST = 8
SETTLED_S = 4  # a step takes seven at least
WRONG = "wrong" * 8


def account(place, cloud, name="one", **more):
    return place.account("ucloud", cloud.url(), **{"name": name, "services": ["uhost"], "regions": REGIONS, "interval": "2s",
                                                   "requests_per_second": 100, **more})


def refusing(place, **more):
    """A cloud that has images, and an account with a wrong key."""
    cloud = place.cloud()
    cloud.put("DescribeImage", [clouds.uhost_image(n) for n in range(3)])
    path = place.key_file("one.key", WRONG + "\n")
    return cloud, path, account(place, cloud, private_key_file=path, **more)


def health(place, account="one"):
    return {row["region"]: row["health"] for row in place.rows(
        "SELECT region, health FROM listings WHERE account = ?", account)}


def all_are(place, word, account="one"):
    found = health(place, account)
    return len(found) == len(REGIONS) and set(found.values()) == {word}


def check_quick(place):
    """Every listing was polled within two intervals after the first success: that one had its third poll then at most."""
    order = [row["region"] for row in place.rows(
        "SELECT region FROM polls JOIN listings USING (listing_id) WHERE outcome = 'complete' ORDER BY poll_id")]
    equal(sorted(set(order)), REGIONS)
    last = max(order.index(region) for region in REGIONS)
    assert order[:last].count(order[0]) <= 3, "the last one followed after %d polls of the first" % order[:last].count(order[0])


# ---- how often ------------------------------------------------------------------------------------------------

@case
def one_request_at_each_step(place):
    """The steps last 8 and 32 s, a tenth less at most; each of the forty fails three times meanwhile."""
    cloud, _, one = refusing(place, requests_per_second=SLOW)
    told = []

    def refuse(request, usual):
        told.append(time.monotonic())
    cloud.script("DescribeImage", refuse)
    daemon = Daemon(place, [one])
    until(daemon.run, lambda: place.value(
        "SELECT ifnull(min(n), 0) FROM (SELECT count(*) AS n FROM polls GROUP BY listing_id)") >= 2 and len(cloud.asked()) > 2)
    equal(place.value("SELECT count(DISTINCT listing_id) FROM polls"), len(REGIONS))
    # The two, what was on its way until the second refusal was told, and no more than one for each step after it.
    asked = [r.at for r in cloud.asked()]
    steps = [at for at in asked if at > told[1] + SETTLED_S]
    assert len(asked) - len(steps) <= BURST, "%d requests at once" % len(asked)
    assert steps[0] - asked[1] > 7 and all(b - a > 28 for a, b in zip(steps, steps[1:])), (asked, told)
    equal(place.rows("SELECT DISTINCT outcome, error_class FROM polls"), [{"outcome": "failed", "error_class": "auth"}])
    until(daemon.run, lambda: place.value("SELECT sum(requests) FROM polls") == len(cloud.asked()))
    assert all_are(place, "auth"), health(place)
    # Who waits says so, and who was asked says what the cloud said.
    for row in place.rows("SELECT requests, message, code FROM polls"):
        if row["requests"]:
            has(row["message"], "check private_key")
            equal(row["code"], 171)
        else:
            has(row["message"], ": not asked: ")
            has(row["message"], "the key of account 'one'")
            equal(row["code"], None)
    equal(place.value("SELECT count(*) FROM listings WHERE last_error IS NULL OR last_error = ''"), 0)
    daemon.stop()


@case
def two_accounts_of_one_key(place):
    """One user to the cloud, one lock."""
    cloud, path, one = refusing(place, requests_per_second=SLOW)
    daemon = Daemon(place, [one, account(place, cloud, "two", private_key_file=path)])
    until(daemon.run, lambda: all_are(place, "auth", "one") and all_are(place, "auth", "two"))
    assert len(cloud.asked()) <= BURST, "%d requests" % len(cloud.asked())
    has(place.last_poll("two", region=REGIONS[-1])["message"], "account 'two'")
    daemon.stop()


@case
def another_key_is_not_held_up(place):
    cloud, _, one = refusing(place)
    other = place.cloud()
    other.put("DescribeImage", [clouds.uhost_image(n) for n in range(3)])
    daemon = Daemon(place, [one, account(place, other, "two")])
    until(daemon.run, lambda: all_are(place, "auth", "one") and all_are(place, "ok", "two"))
    before = polls(place, "two", region=REGIONS[0])
    until(daemon.run, lambda: polls(place, "two", region=REGIONS[0]) > before + 1)
    daemon.stop()


@case
def a_refusal_of_one_listing_is_its_own(place):
    """A region whose gateway refuses every key: the others never wait."""
    cloud = place.cloud()
    cloud.put("DescribeImage", [clouds.uhost_image(n) for n in range(3)])
    cloud.always("DescribeImage", ucloud_error(171, "no"), where={"Region": "r00"})
    daemon = Daemon(place, [account(place, cloud, regions=REGIONS[:6], interval="1s")])
    until(daemon.run, lambda: polls(place, "one", "failed", region="r00") >= 2 and
          min(polls(place, "one", region=r) for r in REGIONS[1:6]) > 0)
    more = polls(place, "one", region="r05")
    until(daemon.run, lambda: polls(place, "one", "failed", region="r00") >= 3)
    equal(place.rows("SELECT message FROM polls WHERE outcome = 'failed' AND requests = 0"), [], "listings that waited")
    assert polls(place, "one", region="r05") > more + 5, (polls(place, "one", region="r05"), more)
    equal({r: h for r, h in health(place).items() if h != "ok"}, {"r00": "auth"})
    daemon.stop()


@case
def a_refusal_that_passes_stops_nobody(place):
    """The first request of all, at a rate at which the others are asked long after it; and who waits at that rate for
    nothing does not wait: the second refusal would be answered to all."""
    cloud = place.cloud()
    cloud.put("DescribeImage", [clouds.uhost_image(n) for n in range(3)])
    cloud.script("DescribeImage", lambda request, usual: ucloud_error(171, "no"), nth=1)
    daemon = Daemon(place, [account(place, cloud, regions=REGIONS[:6], requests_per_second=2, interval="10m")])
    until(daemon.run, lambda: sorted(health(place).values()) == ["auth"] + 5 * ["ok"])
    equal(place.value("SELECT count(*) FROM polls WHERE requests = 0"), 0, "listings that waited")
    daemon.stop()


@case
def who_waits_costs_no_turn(place):
    """Two requests in five seconds; the others would take minutes if each of them waited for its turn to be told."""
    cloud, _, one = refusing(place, requests_per_second=0.2, interval="1h")
    daemon = Daemon(place, [one])
    until(daemon.run, lambda: all_are(place, "auth"))
    equal(len(cloud.asked()), 2, "requests")
    daemon.stop()


@case
def a_retry_that_waits_says_why_it_was_one(place):
    """Throttled, and before it may ask again the key is refused to two others."""
    cloud, _, one = refusing(place, interval="1h", regions=REGIONS[:3])
    cloud.always("DescribeImage", Answer("slow down", 429), where={"Region": "r00"})
    daemon = Daemon(place, [one])
    until(daemon.run, lambda: polls(place, "one", "failed", region="r00") > 0)
    row = place.last_poll("one", region="r00")
    equal((row["error_class"], row["http_status"], row["requests"]), ("throttled", 429, 1))
    has(row["message"], "too many requests")
    daemon.stop()


@case
def once_polls_every_listing(place):
    """It ends by itself, and every listing says what the cloud said to it."""
    cloud, _, one = refusing(place, requests_per_second=4, regions=REGIONS[:8])
    place.configure([one])
    place.once(expected=4)
    equal({r.params["Region"] for r in cloud.asked()}, set(REGIONS[:8]))
    place.key_file("one.key", clouds.UCLOUD_SECRET + "\n")
    for region in REGIONS[:3]:
        cloud.always("DescribeImage", ucloud_error(171, "no"), where={"Region": region})
    place.once(expected=3)
    equal(health(place), dict.fromkeys(REGIONS[:3], "auth") | dict.fromkeys(REGIONS[3:8], "ok"))


# ---- when it is right again -------------------------------------------------------------------------------------

@case
def a_rotated_key_file_is_found(place):
    """Nobody reloads: the next try reads it, and all follow within two intervals."""
    cloud, _, one = refusing(place)
    daemon = Daemon(place, [one])
    until(daemon.run, lambda: all_are(place, "auth"))
    place.key_file("one.key", clouds.UCLOUD_SECRET + "\n")
    until(daemon.run, lambda: all_are(place, "ok"))
    check_quick(place)
    daemon.stop()


@case
def a_replaced_file_is_used_before_the_next_try(place):
    """That would be an hour away; a listing of which nobody asked is the first to try it."""
    cloud, _, one = refusing(place, interval="1h")
    daemon = Daemon(place, [one])
    until(daemon.run, lambda: all_are(place, "auth"))
    asked = len(cloud.asked())
    place.key_file("one.key", clouds.UCLOUD_SECRET + "\n")
    until(daemon.run, lambda: "ok" in health(place).values())
    equal([r for r in cloud.asked()[asked:] if not r.answer.items], [])
    daemon.stop()


def mistaken_cloud(place):
    """It holds another secret than the account's."""
    cloud = place.cloud(keys={clouds.UCLOUD_ID: WRONG})
    cloud.put("DescribeImage", [clouds.uhost_image(n) for n in range(3)])
    return cloud


@case
def a_key_that_is_right_again_is_found(place):
    """The cloud mends it: one try, and all follow long before their own next tries, which are twenty seconds away."""
    cloud = mistaken_cloud(place)
    web = Web(place, [account(place, cloud, interval="5s")])
    until(web.run, lambda: all_are(place, "auth"))
    asked = len(cloud.asked())
    cloud.keys[clouds.UCLOUD_ID] = clouds.UCLOUD_SECRET
    equal(web.command("/-/poll?listing=one+uhost+r07").status, 202)
    until(web.run, lambda: all_are(place, "ok"))
    equal({r.params["Region"] for r in cloud.asked()[asked:asked + 2]}, {"r07"})
    check_quick(place)
    web.run.kill(signal.SIGTERM)
    equal(web.run.wait(), 0)


@case
def a_late_refusal_is_of_the_key_that_signed(place):
    """It comes when another listing was read with the next key already: of that one it says nothing."""
    cloud, _, one = refusing(place, regions=REGIONS[:3], interval="1s", timeout="60s")
    asked, accepted = threading.Event(), threading.Event()

    def slow(request, usual):
        answer = usual()
        asked.set()
        assert accepted.wait(PATIENCE)
        return answer

    def quick(request, usual):
        assert asked.wait(PATIENCE)
        answer = usual()
        if answer.items:
            accepted.set()
        return answer
    cloud.script("DescribeImage", quick)
    cloud.script("DescribeImage", slow, where={"Region": "r00"})
    daemon = Daemon(place, [one])
    until(daemon.run, lambda: polls(place, "one", "failed", region="r01") > 0)
    place.key_file("one.key", clouds.UCLOUD_SECRET + "\n")
    until(daemon.run, lambda: polls(place, "one", "failed", region="r00") > 0)
    late = place.rows("SELECT poll_id, message FROM polls WHERE outcome = 'failed' AND listing_id = ?",
                      place.listing("one", region="r00")["listing_id"])[0]
    has(late["message"], "check private_key")
    before = polls(place, "one", region="r01")
    until(daemon.run, lambda: polls(place, "one", region="r01") > before + 3 and polls(place, "one", region="r00") > 0)
    equal(place.rows("SELECT message FROM polls WHERE outcome = 'failed' AND poll_id > ?", late["poll_id"]), [])
    daemon.stop()


@case
def a_reload_with_another_key_asks_at_once(place):
    """The same public half: to the cloud the same user."""
    cloud, _, one = refusing(place)
    daemon = Daemon(place, [dict(one, interval="1h")])
    until(daemon.run, lambda: all_are(place, "auth"))
    asked = len(cloud.asked())
    place.key_file("one.key", clouds.UCLOUD_SECRET + "\n")
    has(daemon.reload(), "changed=1")
    until(daemon.run, lambda: all_are(place, "ok"))
    equal([r for r in cloud.asked()[asked:] if not r.answer.items], [])
    daemon.stop()


@case
def the_sixth_key_is_tried_as_well(place):
    cloud, _, one = refusing(place, regions=REGIONS[:3])
    daemon = Daemon(place, [dict(one, interval="1h")])
    for n in range(5):
        place.key_file("one.key", ("wrong%d" % n) * 6 + "\n")
        before = len(cloud.asked())
        has(daemon.reload(), "changed=1")
        until(daemon.run, lambda: len(cloud.asked()) > before)
        until(daemon.run, lambda: set(health(place).values()) == {"auth"})
    place.key_file("one.key", clouds.UCLOUD_SECRET + "\n")
    has(daemon.reload(), "changed=1")
    until(daemon.run, lambda: set(health(place).values()) == {"ok"})
    daemon.stop()


@case
def a_changed_account_gets_a_try(place):
    """Who changes anything of it wants to see what comes of it; the key is the same."""
    cloud = mistaken_cloud(place)
    daemon = Daemon(place, [account(place, cloud, interval="1h")])
    until(daemon.run, lambda: all_are(place, "auth"))
    asked = len(cloud.asked())
    daemon.accounts = [account(place, cloud, interval="10s")]
    has(daemon.reload(), "changed=1")
    until(daemon.run, lambda: len(cloud.asked()) > asked)
    cloud.keys[clouds.UCLOUD_ID] = clouds.UCLOUD_SECRET
    daemon.accounts = [account(place, cloud, interval="9s")]
    has(daemon.reload(), "changed=1")
    until(daemon.run, lambda: all_are(place, "ok"))
    daemon.stop()


@case
def a_new_start_with_the_right_key_asks_at_once(place):
    """A credential of systemd is rotated that way; and one that is still wrong costs two requests."""
    cloud, _, one = refusing(place, interval="1h", requests_per_second=SLOW)
    daemon = Daemon(place, [one])
    until(daemon.run, lambda: all_are(place, "auth"))
    daemon.stop()
    asked, rows = len(cloud.asked()), len(place.rows("SELECT 1 FROM polls"))
    daemon = Daemon(place, [one])
    until(daemon.run, lambda: len(place.rows("SELECT 1 FROM polls")) == rows + len(REGIONS))
    assert 2 <= len(cloud.asked()) - asked <= BURST, "%d requests" % (len(cloud.asked()) - asked)
    daemon.stop()
    asked = len(cloud.asked())
    place.key_file("one.key", clouds.UCLOUD_SECRET + "\n")
    daemon = Daemon(place, [dict(one, requests_per_second=100)])
    until(daemon.run, lambda: all_are(place, "ok"))
    equal([r for r in cloud.asked()[asked:] if not r.answer.items], [])
    daemon.stop()


@case
def an_account_that_comes_back_with_the_right_key_asks_at_once(place):
    cloud, _, one = refusing(place, interval="1h")
    other = account(place, place.cloud(), "two", regions=["r00"])
    daemon = Daemon(place, [one, other])
    until(daemon.run, lambda: all_are(place, "auth"))
    daemon.accounts = [other]
    has(daemon.reload(), "removed=1")
    place.key_file("one.key", clouds.UCLOUD_SECRET + "\n")
    daemon.accounts = [one, other]
    has(daemon.reload(), "new=1")
    until(daemon.run, lambda: all_are(place, "ok"))
    daemon.stop()


@case
def a_denied_permission_is_an_accepted_key(place):
    """Once one listing has heard of it all are asked, and all say so."""
    cloud = place.cloud(keys={clouds.UCLOUD_ID: WRONG})
    web = Web(place, [account(place, cloud, interval="10s")])
    until(web.run, lambda: all_are(place, "auth"))
    cloud.keys[clouds.UCLOUD_ID] = clouds.UCLOUD_SECRET
    cloud.always("DescribeImage", ucloud_error(299, "IAM permission error"))
    equal(web.command("/-/poll?listing=one+uhost+r07").status, 202)
    until(web.run, lambda: {row["last_error_class"] for row in place.rows("SELECT last_error_class FROM listings")} ==
          {"permission"})
    web.run.kill(signal.SIGTERM)
    equal(web.run.wait(), 0)


@case
def who_asks_for_a_poll_gets_a_try(place):
    """Of all listings: one request, and no storm."""
    cloud, _, one = refusing(place, interval="1h")
    web = Web(place, [one])
    until(web.run, lambda: all_are(place, "auth"))
    asked, waited = len(cloud.asked()), len(place.rows("SELECT 1 FROM polls"))
    equal(web.command("/-/poll").status, 202)
    until(web.run, lambda: len(place.rows("SELECT 1 FROM polls")) == waited + len(REGIONS))
    equal(len(cloud.asked()) - asked, 1, "requests")
    web.run.kill(signal.SIGTERM)
    equal(web.run.wait(), 0)


# ---- a file system that hangs -----------------------------------------------------------------------------------

def need_strace():
    need_root()
    if not os.path.exists("/usr/bin/strace"):
        raise Skip("strace is not installed")


def hang(place, run, path):
    """strace holds every thread of the run that opens the file."""
    tracer = subprocess.Popen(["strace", "-f", "-p", str(run.pid), "-P", path, "-e", "trace=openat", "-e",
                               "inject=openat:delay_enter=600000000"], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    place.stack.callback(tracer.wait)
    place.stack.callback(tracer.kill)
    line = tracer.stderr.readline()
    place.stack.callback(tracer.stderr.close)
    if b"attached" not in line:
        raise Skip("strace may not trace here: " + line.decode())
    return tracer


def has_ended(run):
    """Whether it has exited; a thread that strace holds keeps it a zombie until strace is gone."""
    with open("/proc/%d/stat" % run.pid) as file:
        return file.read().rpartition(")")[2].split()[0] == "Z"


def stop_while_it_hangs(run, tracer):
    """By the alarm, as one that could not end everything; signals.py sees when it rings."""
    end = time.monotonic() + STOP_PATIENCE
    run.kill(signal.SIGTERM)
    while not has_ended(run) and time.monotonic() < end:
        time.sleep(0.02)
    ended = has_ended(run)
    tracer.kill()
    equal((ended, run.wait()), (True, 1), run.err[-1500:])


@case
def a_key_file_that_hangs_stops_nobody_else(place):
    """From now on an open of it takes ten minutes; other accounts are read and stored, and the end comes in time."""
    need_strace()
    cloud, path, one = refusing(place, regions=REGIONS[:3], interval="1s")
    other = place.cloud()
    other.put("DescribeImage", [clouds.uhost_image(n) for n in range(3)])
    place.configure([one, account(place, other, "two", regions=["cn-bj2"], interval="1s")])
    run = place.start()
    run.await_line("started")
    until(run, lambda: polls(place, "one", "failed", region="r00") > 0 and polls(place, "two") > 0)
    tracer = hang(place, run, path)
    # The next try of the first account reads its key; it does not wait for ever, and goes on with the old one.
    failed = place.value("SELECT count(*) FROM polls WHERE outcome = 'failed'")
    before = polls(place, "two")
    until(run, lambda: place.value("SELECT count(*) FROM polls WHERE outcome = 'failed'") > failed + 2)
    assert polls(place, "two") > before + 5, "%d polls of the other account" % (polls(place, "two") - before)
    stop_while_it_hangs(run, tracer)
    place.check_integrity()


@case
def a_key_file_that_hangs_holds_up_no_other_key(place):
    """The other account's file is read again, and what it says is used, long before the first one can be opened."""
    need_strace()
    cloud, path, one = refusing(place, regions=REGIONS[:2], interval="1s")
    other = place.cloud()
    other.put("DescribeImage", [clouds.uhost_image(n) for n in range(3)])
    place.configure([one, account(place, other, "two", regions=["cn-bj2"], interval="2s",
                                  private_key_file=place.key_file("two.key", WRONG + "\n"))])
    run = place.start()
    run.await_line("started")
    until(run, lambda: polls(place, "one", "failed", region="r00") > 0 and polls(place, "two", "failed") > 0)
    tracer = hang(place, run, path)
    # Of the first account somebody has given up waiting for the file.
    asked = len(cloud.asked())
    until(run, lambda: len(cloud.asked()) > asked)
    place.key_file("two.key", clouds.UCLOUD_SECRET + "\n")
    until(run, lambda: polls(place, "two") > 0)
    assert tracer.poll() is None
    stop_while_it_hangs(run, tracer)


@case
def a_fifo_in_place_of_a_key_file_stops_nobody(place):
    """It is no file; the old key is tried."""
    cloud, path, one = refusing(place, regions=REGIONS[:2], interval="1s")
    daemon = Daemon(place, [one])
    until(daemon.run, lambda: len(cloud.asked()) > 0)
    os.unlink(path)
    os.mkfifo(path)
    asked = len(cloud.asked())
    until(daemon.run, lambda: len(cloud.asked()) > asked)
    os.unlink(path)
    place.key_file("one.key", clouds.UCLOUD_SECRET + "\n")
    until(daemon.run, lambda: polls(place, "one", region="r00") > 0 and polls(place, "one", region="r01") > 0)
    daemon.stop()


if __name__ == "__main__":
    main()
