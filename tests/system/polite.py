#!/usr/bin/env python3
"""What the clouds see of us when they fail: back-off, retries, throttling, and nobody else's listings waiting.

The cloud counts requests; back-off is read from what the catalog stores, not waited for.

Usage: python3 tests/system/polite.py BUILD_DIR [NAME]...
"""
import email.utils
import os
import signal
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import cloud as clouds  # noqa: E402
from cloud import Answer, ucloud_error  # noqa: E402
from daemon import Daemon, polls, until  # noqa: E402
from harness import case, equal, has, main, row_case  # noqa: E402
from patience import PATIENCE  # noqa: E402

HOUR = 3600


def one(place, cloud, **more):
    more = {"services": ["uhost"], "interval": "10m", **more}
    return place.account("ucloud", cloud.url(), name=more.pop("name", "one"), **more)


def ended(place, account="one", **where):
    try:
        listing = place.listing(account, **where)["listing_id"]
    except AssertionError:
        return []
    return place.rows("SELECT * FROM polls WHERE listing_id = ? ORDER BY poll_id", listing)


def wait_of(place, account="one", **where):
    """Seconds from the end of the last poll to the next one, both of one moment."""
    return place.value("SELECT next_due_at - (SELECT finished_at FROM polls AS p WHERE p.listing_id = l.listing_id"
                       " ORDER BY poll_id DESC LIMIT 1) FROM listings AS l WHERE listing_id = ?",
                       place.listing(account, **where)["listing_id"])


def about(got, low, high):
    """Within the jitter; whole seconds on both sides."""
    assert low - 1 <= got <= high + 2, "%d s, expected %d to %d" % (got, low, high)


# ---- the classes ------------------------------------------------------------------------------------------------

# name, answer, class, tries, and the wait after the first failure of a listing polled every 10 minutes
CLASSES = [
    ("network", Answer(how="reset"), "network", 3, (1080, 1320)),
    ("http", Answer(status=404), "http", 1, (1080, 1320)),
    ("http_500", Answer(status=500), "unavailable", 3, (1080, 1320)),
    ("unavailable", ucloud_error(150, "later"), "unavailable", 3, (1080, 1320)),
    ("unknown_code", ucloud_error(4711, "what"), "unavailable", 2, (1080, 1320)),
    ("malformed", Answer("<html>"), "malformed", 2, (1080, 1320)),
    ("auth", ucloud_error(171, "Signature VerifyAC Error"), "auth", 1, (2160, 2640)),
    ("http_401", Answer(status=401), "auth", 1, (2160, 2640)),
    ("permission", ucloud_error(230, "no"), "permission", 1, (3240, HOUR)),
    ("http_403", Answer(status=403), "permission", 1, (3240, HOUR)),
    ("parameter", ucloud_error(160, "Missing Action"), "parameter", 1, (540, 660)),
    ("no_list", Answer('{"RetCode":0}'), "incomplete", 1, (540, 660)),
    ("partial", Answer('{"RetCode":0,"TotalCount":9,"ImageSet":[{"ImageId":"a","ImageName":"b"}]}'), "incomplete",
     None, (540, 660)),
]


@row_case(CLASSES, "class")
def of_class(place, answer, name, tries, wait):
    cloud = place.cloud()
    cloud.always("DescribeImage", answer)
    daemon = Daemon(place, [one(place, cloud)])
    until(daemon.run, lambda: ended(place))
    poll = ended(place)[0]
    equal(poll["error_class"], name)
    if tries:
        equal((poll["requests"], poll["retries"], len(cloud.asked())), (tries, tries - 1, tries))
    about(wait_of(place), *wait)
    daemon.stop()


@case
def of_class_timeout(place):
    cloud = place.cloud()
    cloud.always("DescribeImage", Answer(how="silence"))
    daemon = Daemon(place, [one(place, cloud, timeout="1s")])
    until(daemon.run, lambda: ended(place))
    equal((ended(place)[0]["error_class"], ended(place)[0]["requests"]), ("timeout", 3))
    about(wait_of(place), 1080, 1320)
    daemon.stop()


@case
def of_class_tls(place):
    cloud = place.cloud()
    url = cloud.url().replace("http:", "https:")
    daemon = Daemon(place, [place.account("ucloud", url, name="one", services=["uhost"], interval="10m")])
    until(daemon.run, lambda: ended(place))
    equal((ended(place)[0]["error_class"], ended(place)[0]["requests"]), ("tls", 1))
    about(wait_of(place), 1080, 1320)
    daemon.stop()


@case
def doubles_and_recovers(place):
    """Every second: 2, 4, 8 s; after one success the interval is as it was."""
    cloud = place.cloud()
    cloud.put("DescribeImage", [clouds.uhost_image(1)])
    looked = threading.Semaphore(1)

    def fail(request, usual):
        assert looked.acquire(timeout=PATIENCE)  # no poll ends before the one before it was looked at
        return Answer(status=404) if request.nth <= 3 else None
    cloud.script("DescribeImage", fail)
    daemon = Daemon(place, [one(place, cloud, interval="1s", timeout="60s")])
    for n, wait in enumerate((2, 4, 8)):
        until(daemon.run, lambda: len(ended(place)) > n)
        equal(place.listing("one")["consecutive_failures"], n + 1)
        about(wait_of(place), wait * 0.9, wait * 1.1)
        looked.release()
    looked.release(1000)
    until(daemon.run, lambda: polls(place, "one") > 2)
    about(wait_of(place), 1, 1)
    asked = [r.at for r in cloud.asked()]
    for n, wait in enumerate((2, 4, 8)):
        assert asked[n + 1] - asked[n] > wait * 0.9, asked
    daemon.stop()


@case
def survives_a_restart(place):
    """Neither what was due nor the failures are forgotten; --once minds neither."""
    cloud = place.cloud()
    cloud.put("DescribeImage", [clouds.uhost_image(1)], where={"Region": "hk"})
    cloud.always("DescribeImage", Answer(status=404), where={"Region": "cn-bj2"})
    account = one(place, cloud, regions=["cn-bj2", "hk"], interval="5m")
    daemon = Daemon(place, [account])
    until(daemon.run, lambda: ended(place, region="cn-bj2") and polls(place, "one", region="hk"))
    due = {row["region"]: row["next_due_at"] for row in place.rows("SELECT * FROM listings")}
    daemon.stop()
    asked = len(cloud.asked())
    daemon = Daemon(place, [account])
    before = time.time()
    daemon.run.kill(signal.SIGUSR1)
    until(daemon.run, lambda: len(daemon.run.line("listing listing=")) == 2)
    after = time.time()
    for line in daemon.run.line("listing listing="):
        region = "hk" if "uhost hk" in line else "cn-bj2"
        left = int(line.split("due_in_s=")[1].split()[0])
        assert before + left - 2 <= due[region] <= after + left + 4, (before, after, left, due)
        has(line, "failures=%d" % (region == "cn-bj2"))
    daemon.stop()
    equal(len(cloud.asked()), asked)
    place.once(3)
    equal(len(ended(place, region="cn-bj2")), 2)
    equal(polls(place, "one", region="hk"), 2)
    # The second failure in a row waits longer than the first.
    about(wait_of(place, region="cn-bj2"), 540, 1320)


@case
def many_overdue_do_not_stampede(place):
    cloud = place.cloud()
    cloud.put("DescribeImage", [clouds.uhost_image(1)])
    regions = ["r%d" % n for n in range(100)]
    account = one(place, cloud, regions=regions, interval="1h")
    started = time.monotonic()  # before the first of them is due: a slow machine does not make it shorter
    daemon = Daemon(place, [account])
    until(daemon.run, lambda: len(cloud.asked()) >= 200)
    cloud_seconds = cloud.asked()[199].at - started
    assert cloud_seconds > 6, "a hundred first polls in %.1f s" % cloud_seconds
    until(daemon.run, lambda: place.value("SELECT count(*) FROM polls") >= 100)
    equal(place.value("SELECT count(DISTINCT listing_id) FROM polls WHERE outcome = 'complete'"), 100)
    waits = [row["next_due_at"] - row["last_attempt_at"] for row in place.rows("SELECT * FROM listings")]
    assert min(waits) < 3500 and max(waits) > 3700, "no jitter: %s" % sorted(waits)
    daemon.stop()


# ---- authentication and permission ------------------------------------------------------------------------------------

@case
def key_is_read_again_before_each_try(place):
    cloud = place.cloud()
    cloud.put("DescribeImage", [clouds.uhost_image(1)])
    path = place.key_file("one.key", "wrong" * 8 + "\n")
    account = one(place, cloud, interval="3s", private_key_file=path)
    daemon = Daemon(place, [account])
    until(daemon.run, lambda: ended(place))
    equal(ended(place)[0]["error_class"], "auth")
    equal(place.listing("one")["health"], "auth")
    about(wait_of(place), 10.8, 13.2)
    place.key_file("one.key", clouds.UCLOUD_SECRET + "\n")
    until(daemon.run, lambda: polls(place, "one") > 1)
    equal(len([row for row in ended(place) if row["outcome"] == "failed"]), 1)
    daemon.stop()


@case
def a_wrong_key_is_asked_ever_less(place):
    cloud = place.cloud(keys={clouds.UCLOUD_ID: "another"})
    daemon = Daemon(place, [one(place, cloud, interval="1s")])
    until(daemon.run, lambda: len(ended(place)) > 1)
    equal([row["requests"] for row in ended(place)], [1, 1])
    about(wait_of(place), 14.4, 17.6)
    daemon.stop()


@case
def permission_is_said_once(place):
    """Once in the log for an episode, which is told from the restart on; the other region goes on."""
    cloud = place.cloud()
    cloud.put("DescribeImage", [clouds.uhost_image(1)])
    cloud.always("DescribeImage", ucloud_error(299, "no"), where={"Region": "hk"})
    account = one(place, cloud, interval="1s", regions=["cn-bj2", "hk"])
    daemon = Daemon(place, [account])
    until(daemon.run, lambda: ended(place, region="hk") and polls(place, "one", region="cn-bj2") > 3)
    equal(len(ended(place, region="hk")), 1)
    equal(len(daemon.run.line("permission")), 1, str(daemon.run.line("permission")))
    equal(place.listing("one", region="hk")["health"], "failing")
    about(wait_of(place, region="hk"), 3240, HOUR)
    # A changed account is tried at once; it is the same episode.
    account["timeout"] = "9s"
    daemon.reload()
    until(daemon.run, lambda: len(ended(place, region="hk")) == 2)
    before = polls(place, "one", region="cn-bj2")
    until(daemon.run, lambda: polls(place, "one", region="cn-bj2") > before)
    equal(len(daemon.run.line("permission")), 1, str(daemon.run.line("permission")))
    daemon.stop()


# ---- throttled ---------------------------------------------------------------------------------------------------------

def http_date(seconds):
    return email.utils.formatdate(time.time() + seconds, usegmt=True)


# name, the header, and the wait until the next poll of a listing polled every 10 minutes; None: retried within it
RETRY_AFTER = [
    ("seconds", lambda: "1800", (1800, 1860)),
    ("a_date", lambda: http_date(2400), (2370, 2462)),
    ("ten_years", lambda: "315360000", (HOUR, HOUR + 60)),
    ("ten_years_as_a_date", lambda: http_date(315360000), (HOUR, HOUR + 60)),
    ("huge", lambda: "9" * 40, (HOUR, HOUR + 60)),
    ("now", lambda: "0", None),
    ("soon", lambda: "1", None),
    ("a_date_that_has_passed", lambda: http_date(-1000), None),
]


@row_case(RETRY_AFTER, "retry_after")
def retry_after(place, header, wait):
    for status in (429, 503):
        cloud = place.cloud()
        name = "s%d" % status
        cloud.put("DescribeImage", [clouds.uhost_image(1)])
        cloud.script("DescribeImage", lambda request, usual: Answer(
            status=status, headers={"Retry-After": header()}), nth=1)
        daemon = Daemon(place, [one(place, cloud, name=name)])
        until(daemon.run, lambda: ended(place, name))
        poll = ended(place, name)[0]
        if wait:
            equal((poll["outcome"], poll["error_class"], poll["requests"]), ("failed", "throttled", 1))
            about(wait_of(place, name), *wait)
            equal(place.listing(name)["health"], "new")  # it waits its turn, nobody is to blame
        else:
            equal((poll["outcome"], poll["retries"], poll["throttled"]), ("complete", 1, 1))
        daemon.stop()


@row_case([("negative", "-5"), ("garbage", "soon, my friend"), ("empty", ""), ("a_fraction", "1.5x")], "no_hint")
def no_hint(place, header):
    """As if nothing had been said: our own pause of 5 to 20 s, then once more."""
    cloud = place.cloud()
    cloud.put("DescribeImage", [clouds.uhost_image(1)])
    cloud.script("DescribeImage", lambda request, usual: Answer(status=429, headers={"Retry-After": header}), nth=1)
    daemon = Daemon(place, [one(place, cloud)])
    until(daemon.run, lambda: ended(place))
    equal((ended(place)[0]["outcome"], ended(place)[0]["retries"]), ("complete", 1))
    first, second = cloud.asked()[0].at, cloud.asked()[1].at
    assert 4.9 < second - first, second - first
    daemon.stop()


@case
def throttled_keeps_its_health(place):
    """And no other listing waits: not of the account, not of another one."""
    cloud = place.cloud()
    cloud.put("DescribeImage", [clouds.uhost_image(1)])
    account = one(place, cloud, interval="1s", regions=["cn-bj2", "hk"])
    daemon = Daemon(place, [account])
    until(daemon.run, lambda: polls(place, "one", region="hk") and polls(place, "one", region="cn-bj2"))
    cloud.always("DescribeImage", ucloud_error(153, "too many"), where={"Region": "hk"})
    throttled = len(cloud.asked(where={"Region": "hk"}))
    until(daemon.run, lambda: len(cloud.asked(where={"Region": "hk"})) > throttled)
    before = polls(place, "one", region="cn-bj2")
    until(daemon.run, lambda: polls(place, "one", region="cn-bj2") > before + 1)
    until(daemon.run, lambda: ended(place, region="hk")[-1]["error_class"] == "throttled")
    equal(place.listing("one", region="hk")["health"], "ok")
    about(wait_of(place, region="hk"), 1.8, 2.2)
    daemon.stop()


@case
def six_listings_of_a_throttled_account(place):
    """Never more than the rate allows, half of it after the first refusal; all are polled."""
    cloud = place.cloud()
    cloud.put("DescribeImage", [clouds.uhost_image(1)])
    limit, window, refused = 6, [], []

    def bucket(request, usual):
        now = time.monotonic()
        window[:] = [at for at in window if at > now - 1]
        window.append(now)
        if len(window) > limit:
            refused.append(now)
            return ucloud_error(153, "too many")
        return None
    cloud.script("DescribeImage", bucket)
    regions = ["r%d" % n for n in range(6)]
    daemon = Daemon(place, [one(place, cloud, regions=regions, interval="4s", requests_per_second=10)])
    until(daemon.run, lambda: refused)
    until(daemon.run, lambda: all(polls(place, "one", region=r) > 1 for r in regions))
    after = [r.at for r in cloud.asked() if r.at > refused[0] + 0.2]
    for n, at in enumerate(after):
        within = [other for other in after[n:] if other < at + 4]
        assert len(within) <= 4 * 5 + 5 + 1, "%d requests in 4 s at half of 10 a second" % len(within)
    equal(place.value("SELECT count(*) FROM listings WHERE health NOT IN ('ok', 'new', 'partial')"), 0)
    daemon.stop()


@case
def one_key_in_two_accounts(place):
    """One user to the cloud: one bucket, at the lower of the rates."""
    cloud, other = place.cloud(), place.cloud()
    for each in (cloud, other):
        each.put("DescribeImage", [clouds.uhost_image(1)])
    accounts = [one(place, cloud, name=name, regions=["r%d" % n for n in range(10)], requests_per_second=rate)
                for name, rate in (("a", 4), ("b", 50))]
    accounts.append(place.account("ucloud", other.url(), name="c", services=["uhost"], interval="10m",
                                  regions=["r%d" % n for n in range(10)], requests_per_second=50))
    started = time.monotonic()  # before the first: a slow machine does not make it shorter
    daemon = Daemon(place, accounts)
    until(daemon.run, lambda: len(cloud.asked()) >= 24)
    at = [r.at for r in cloud.asked()]
    assert at[23] - started > 4.5, "24 requests in %.2f s at 4 a second" % (at[23] - started)
    equal({r.params["Region"] for r in other.asked()}, {"r%d" % n for n in range(10)})  # not held up by it
    assert other.asked()[19].at < at[23]
    daemon.stop()


# ---- retries ---------------------------------------------------------------------------------------------------------

@case
def retries_have_a_budget(place):
    """Thirty listings of a cloud that is down: ten retries and no more, and every listing is tried."""
    cloud = place.cloud()
    cloud.always("DescribeImage", Answer(status=500))
    daemon = Daemon(place, [one(place, cloud, regions=["r%d" % n for n in range(30)])])
    until(daemon.run, lambda: place.value("SELECT count(*) FROM polls") == 30)
    equal(place.value("SELECT sum(retries) FROM polls"), 10)
    equal(len(cloud.asked()), 40)
    daemon.stop()


@case
def timeouts_cost_double(place):
    cloud = place.cloud()
    cloud.always("DescribeImage", Answer(how="silence"))
    daemon = Daemon(place, [one(place, cloud, regions=["r%d" % n for n in range(8)], timeout="1s")])
    until(daemon.run, lambda: place.value("SELECT count(*) FROM polls") == 8)
    equal(place.value("SELECT sum(retries) FROM polls"), 5)
    daemon.stop()


@case
def half_of_all_requests_fail(place):
    """It gets there, and no more than a tenth of the requests are retries, or ten."""
    cloud = place.cloud()
    cloud.put("DescribeImage", [clouds.uhost_image(1)])
    cloud.script("DescribeImage", lambda request, usual: Answer(status=500) if request.nth % 2 else None)
    daemon = Daemon(place, [one(place, cloud, regions=["r%d" % n for n in range(8)], interval="1s")])
    until(daemon.run, lambda: len({row["listing_id"] for row in place.rows(
        "SELECT listing_id FROM polls WHERE outcome = 'complete'")}) == 8)
    until(daemon.run, lambda: len(cloud.asked()) > 60)
    requests, retries = place.one("SELECT sum(requests) AS a, sum(retries) AS b FROM polls").values()
    assert retries <= max(10, requests / 10), (requests, retries)
    daemon.stop()


# ---- one that is stuck -------------------------------------------------------------------------------------------------

@case
def a_hanging_cloud_delays_no_other(place):
    """Forty requests that hang in a limit of eight: another account's listings are polled all the same."""
    dead, alive = place.cloud(), place.cloud()
    dead.always(None, Answer(how="silence"))
    alive.put("DescribeImage", [clouds.uhost_image(n) for n in range(20)], cap=5)
    accounts = [one(place, dead, name="dead", regions=["r%d" % n for n in range(40)], timeout="5m"),
                one(place, alive, name="alive", interval="1s")]
    daemon = Daemon(place, accounts, limits={"requests_in_flight": 8})
    until(daemon.run, lambda: len(dead.asked()) == 4)
    before = polls(place, "alive")
    until(daemon.run, lambda: polls(place, "alive") > before + 3)
    equal(len(dead.asked()), 4)  # half, and no more
    daemon.stop()


if __name__ == "__main__":
    main()
