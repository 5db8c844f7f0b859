#!/usr/bin/env python3
"""SIGHUP: all or nothing, and nobody else notices.

Usage: python3 tests/system/reload.py BUILD_DIR [NAME]...
"""
import json
import os
import signal
import sqlite3
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import cloud as clouds  # noqa: E402
from cloud import Answer, json_answer, ucloud_error  # noqa: E402
from daemon import Daemon, polls, until  # noqa: E402
from harness import case, equal, has, main, row_case  # noqa: E402
from patience import PATIENCE  # noqa: E402

SECOND = "ucloudanother@example.com0000000000000000000", "0123456789abcdef0123456789abcdef01234567"


def kinds(place, account):
    return [row["kind"] for row in place.rows(
        "SELECT kind FROM changes WHERE account = ? ORDER BY seq", account) if row["kind"] != "source-drift"]


def two(place, cloud, interval="1s", **more):
    cloud.put("DescribeImage", [clouds.uhost_image(n) for n in range(5)])
    return [place.account("ucloud", cloud.url(), name=name, services=["uhost"], interval=interval, **more)
            for name in ("one", "two")]


# ---- what changes, and what does not ---------------------------------------------------------------------------

@case
def nothing_changed(place):
    cloud = place.cloud()
    daemon = Daemon(place, two(place, cloud))
    until(daemon.run, lambda: polls(place, "one") > 0)
    line = daemon.reload()
    for part in ("unchanged=2", "changed=0", "new=0", "removed=0"):
        has(line, part)
    before = polls(place, "one")
    until(daemon.run, lambda: polls(place, "one") > before + 1)
    daemon.stop()


@case
def an_unchanged_account_keeps_its_timers(place):
    """Of two accounts that wait for an hour only the one that changed is asked at once."""
    cloud = place.cloud()
    daemon = Daemon(place, two(place, cloud, interval="1h"))
    until(daemon.run, lambda: polls(place, "one") and polls(place, "two"))
    due = place.listing("one")["next_due_at"]
    asked = len(cloud.asked())
    daemon.accounts[1]["interval"] = "1s"
    has(daemon.reload(), "changed=1")
    until(daemon.run, lambda: polls(place, "two") > 1)
    equal(polls(place, "one"), 1)
    equal(place.listing("one")["next_due_at"], due)
    equal(place.listing("two")["interval_s"], 1)
    assert len(cloud.asked()) > asked
    daemon.stop()


@case
def an_unchanged_account_keeps_its_back_off(place):
    cloud = place.cloud()
    cloud.always("DescribeImage", ucloud_error(230, "no"))
    daemon = Daemon(place, two(place, cloud, interval="1h"))
    until(daemon.run, lambda: polls(place, "one", "failed") and polls(place, "two", "failed"))
    cloud.clear_scripts()
    daemon.accounts[1]["timeout"] = "9s"
    daemon.reload()
    until(daemon.run, lambda: polls(place, "two") > 0)  # something else is configured: it is tried at once
    equal(polls(place, "one"), 0)
    equal(place.listing("one")["health"], "failing")
    daemon.stop()


@case
def account_added(place):
    cloud = place.cloud()
    accounts = two(place, cloud)
    daemon = Daemon(place, accounts[:1])
    until(daemon.run, lambda: polls(place, "one") > 0)
    daemon.accounts = accounts
    has(daemon.reload(), "new=1")
    until(daemon.run, lambda: polls(place, "two") > 0)
    equal(len(place.images("two")), 5)
    daemon.stop()


@case
def account_removed_and_back(place):
    cloud = place.cloud()
    accounts = two(place, cloud)
    daemon = Daemon(place, accounts)
    until(daemon.run, lambda: polls(place, "one") and polls(place, "two"))
    rows = place.rows("SELECT * FROM _images WHERE listing_id = ?", place.listing("two")["listing_id"])
    daemon.accounts = accounts[:1]
    has(daemon.reload(), "removed=1")
    until(daemon.run, lambda: place.listing("two")["health"] == "disabled")
    # One that was in flight is told of as aborted.
    before = polls(place, "one")
    until(daemon.run, lambda: polls(place, "one") > before + 1)
    asked = len(place.rows("SELECT 1 FROM polls WHERE listing_id = ?", place.listing("two")["listing_id"]))
    until(daemon.run, lambda: polls(place, "one") > before + 4)
    equal(len(place.rows("SELECT 1 FROM polls WHERE listing_id = ?", place.listing("two")["listing_id"])), asked)
    equal(place.rows("SELECT * FROM _images WHERE listing_id = ?", place.listing("two")["listing_id"]), rows)
    equal({row["removed_reason"] for row in place.rows(
        "SELECT removed_reason FROM sightings WHERE account = 'two'")}, {"account-removed"})
    equal(place.value("SELECT count(*) FROM images WHERE accounts LIKE '%two%'"), 0)

    cloud.shelves[0].items.pop()
    daemon.accounts = accounts
    has(daemon.reload(), "new=1")
    until(daemon.run, lambda: place.listing("two")["health"] == "ok" and kinds(place, "two")[-1] == "removed")
    # Whole again: the same rows, and what was memory of them is right: what has gone since is found out.
    equal(kinds(place, "two"), ["baseline", "disabled", "enabled", "missing", "removed"])
    equal(len(place.images("two")), 4)
    daemon.stop()


@case
def account_renamed(place):
    cloud = place.cloud()
    accounts = two(place, cloud)
    daemon = Daemon(place, accounts)
    until(daemon.run, lambda: polls(place, "two") > 0)
    accounts[1]["name"] = "three"
    line = daemon.reload()
    has(line, "new=1")
    has(line, "removed=1")
    until(daemon.run, lambda: polls(place, "three") > 0)
    equal(place.listing("two")["health"], "disabled")
    equal(kinds(place, "two"), ["baseline", "disabled"])
    equal(kinds(place, "three"), ["baseline"])
    daemon.stop()


@case
def all_accounts_removed(place):
    cloud = place.cloud()
    daemon = Daemon(place, two(place, cloud))
    until(daemon.run, lambda: polls(place, "one") and polls(place, "two"))
    accounts, daemon.accounts = daemon.accounts, []
    has(daemon.reload(), "removed=2")
    until(daemon.run, lambda: place.value("SELECT count(*) FROM listings WHERE health <> 'disabled'") == 0)
    daemon.accounts = accounts
    has(daemon.reload(), "new=2")
    until(daemon.run, lambda: polls(place, "one") > 1)
    daemon.stop()


@case
def region_and_service_taken_out(place):
    cloud = place.cloud()
    cloud.put("DescribeImage", [clouds.uhost_image(1)])
    account = place.account("ucloud", cloud.url(), name="one", regions=["cn-bj2", "hk"], interval="1s",
                            services=["uhost", "uk8s"])
    daemon = Daemon(place, [account])
    until(daemon.run, lambda: polls(place, "one", service="uhost", region="hk") > 0)
    account["regions"], account["services"] = ["cn-bj2"], ["uhost"]
    daemon.reload()
    until(daemon.run, lambda: place.listing("one", "uhost", region="hk")["health"] == "disabled")
    equal({(row["service"], row["region"]): row["health"] == "disabled" for row in place.rows("SELECT * FROM listings")},
          {("uhost", "cn-bj2"): False, ("uhost", "hk"): True, ("uk8s", "cn-bj2"): True, ("uk8s", "hk"): True})
    equal([row["kind"] for row in place.rows("SELECT kind FROM changes WHERE region = 'hk' AND service = 'uhost'"
                                             " AND kind <> 'source-drift' ORDER BY seq")], ["baseline", "disabled"])
    before = polls(place, "one", service="uhost", region="cn-bj2")
    until(daemon.run, lambda: polls(place, "one", service="uhost", region="cn-bj2") > before)
    daemon.stop()


@case
def from_all_to_some_and_back(place):
    """Discovery comes and goes; what it once found serves at once when it is back."""
    cloud = place.cloud()
    cloud.put("DescribeImage", [clouds.uhost_image(1)])
    cloud.always("GetRegion", clouds.json_answer({"RetCode": 0, "Regions": [
        {"Region": "cn-bj2", "Zone": "cn-bj2-02"}, {"Region": "hk", "Zone": "hk-02"}, {"Region": "sg", "Zone": "sg-01"}]}))
    account = place.account("ucloud", cloud.url(), name="one", regions="all", interval="1s", services=["uhost"])
    daemon = Daemon(place, [account])
    until(daemon.run, lambda: polls(place, "one", service="uhost", region="sg") > 0)
    account["regions"] = ["hk", "jp"]
    daemon.reload()
    until(daemon.run, lambda: polls(place, "one", service="uhost", region="jp") > 0)
    equal({row["region"]: row["health"] == "disabled" for row in place.rows(
        "SELECT * FROM listings WHERE service = 'uhost'")}, {"cn-bj2": True, "hk": False, "sg": True, "jp": False})
    equal(place.listing("one", "discovery")["health"], "disabled")
    cloud.clear_scripts()
    cloud.always("GetRegion", Answer(status=500))
    account["regions"] = "all"
    daemon.reload()
    until(daemon.run, lambda: place.listing("one", "uhost", region="sg")["health"] == "ok")
    until(daemon.run, lambda: place.listing("one", "uhost", region="jp")["health"] == "ok")  # `all` may find it again
    daemon.stop()


@case
def another_cloud_is_another_listing(place):
    cloud, other = place.cloud(), place.cloud()
    cloud.put("DescribeImage", [clouds.uhost_image(1)])
    other.put("DescribeImage", [clouds.uhost_image(2)])
    account = place.account("ucloud", cloud.url(), name="one", interval="1s", services=["uhost"])
    daemon = Daemon(place, [account])
    until(daemon.run, lambda: polls(place, "one") > 0)
    account["endpoint"] = other.url()
    daemon.reload()
    until(daemon.run, lambda: {row["health"] for row in place.rows("SELECT health FROM listings")} == {"ok", "disabled"})
    equal(place.value("SELECT count(*) FROM changes WHERE kind IN ('missing', 'removed')"), 0)
    daemon.stop()


# ---- keys ---------------------------------------------------------------------------------------------------------

@case
def key_file_replaced(place):
    """The new keys are used from the reload on, and no others."""
    cloud = place.cloud(keys={clouds.UCLOUD_ID: clouds.UCLOUD_SECRET, SECOND[0]: SECOND[1]})
    place.secrets.add(SECOND[1])
    cloud.put("DescribeImage", [clouds.uhost_image(1)])
    account = place.account("ucloud", cloud.url(), name="one", interval="1s", services=["uhost"], public_key=None,
                            public_key_file=place.key_file("one.pub", clouds.UCLOUD_ID))
    daemon = Daemon(place, [account])
    until(daemon.run, lambda: polls(place, "one") > 0)
    place.key_file("one.pub", SECOND[0] + "\n")
    place.key_file("one.key", SECOND[1] + "\n")
    has(daemon.reload(), "changed=1")
    asked = len(cloud.asked())
    before = polls(place, "one")
    until(daemon.run, lambda: polls(place, "one") > before + 1)
    equal({r.params["PublicKey"] for r in cloud.asked(since=asked + 2)}, {SECOND[0]})
    equal(polls(place, "one", "failed"), 0)
    daemon.stop()


@case
def key_file_gone(place):
    cloud = place.cloud()
    daemon = Daemon(place, two(place, cloud))
    until(daemon.run, lambda: polls(place, "one") > 0)
    os.rename(os.path.join(place.keys, "two.key"), os.path.join(place.keys, "two.old"))
    daemon.reload(done=False)
    before = polls(place, "two")
    until(daemon.run, lambda: polls(place, "two") > before + 1)
    os.rename(os.path.join(place.keys, "two.old"), os.path.join(place.keys, "two.key"))
    has(daemon.reload(), "unchanged=2")
    daemon.stop()


@case
def a_poll_in_flight_ends_under_the_old_keys(place):
    """No poll mixes two keys; nothing is aborted; the new keys are used next."""
    cloud = place.cloud(keys={clouds.UCLOUD_ID: clouds.UCLOUD_SECRET, SECOND[0]: SECOND[1]})
    place.secrets.add(SECOND[1])
    cloud.put("DescribeImage", [clouds.uhost_image(n) for n in range(30)], cap=10)
    held = threading.Event()
    reached = threading.Event()

    def second_page(request, usual):
        if request.nth == 2:
            reached.set()
            held.wait(PATIENCE)
        return None
    cloud.script("DescribeImage", second_page)
    account = place.account("ucloud", cloud.url(), name="one", interval="1s", services=["uhost"], timeout="2m")
    daemon = Daemon(place, [account])
    assert reached.wait(PATIENCE), "no second page was asked for"
    account["public_key"] = SECOND[0]
    account["private_key_file"] = place.key_file("new.key", SECOND[1])
    has(daemon.reload(), "changed=1")
    held.set()
    until(daemon.run, lambda: polls(place, "one") > 2)
    equal(polls(place, "one", "aborted"), 0)
    equal(polls(place, "one", "failed"), 0)
    first = place.value("SELECT min(requests) FROM polls WHERE poll_id = (SELECT min(poll_id) FROM polls)")
    keys = [r.params["PublicKey"] for r in cloud.asked()]
    equal(set(keys[:first]), {clouds.UCLOUD_ID})
    equal(set(keys[first:]), {SECOND[0]})
    daemon.stop()


@case
def a_removed_account_does_not_wait(place):
    """Its poll in flight is ended, recorded as aborted, and its listing disabled."""
    cloud = place.cloud()
    cloud.put("DescribeImage", [clouds.uhost_image(1)])
    cloud.always("DescribeImage", Answer(how="silence"), where={"Region": "hk"})
    accounts = [place.account("ucloud", cloud.url(), name=name, interval="1s", services=["uhost"], regions=[region],
                              timeout="60s") for name, region in (("one", "cn-bj2"), ("two", "hk"))]
    daemon = Daemon(place, accounts)
    until(daemon.run, lambda: cloud.asked(where={"Region": "hk"}) and polls(place, "one"))
    daemon.accounts = accounts[:1]
    daemon.reload()
    until(daemon.run, lambda: polls(place, "two", "aborted") == 1)
    equal(place.listing("two")["health"], "disabled")
    # And back, while nothing is known of it.
    daemon.accounts = accounts
    cloud.clear_scripts()
    daemon.reload()
    until(daemon.run, lambda: polls(place, "two") > 0)
    equal(place.listing("two")["health"], "ok")
    daemon.stop()


# ---- refused ------------------------------------------------------------------------------------------------------

def spoil(key, value):
    def change(config):
        config["accounts"][1][key] = value
    return change


def add_key(config):
    config["accounts"][1]["regoins"] = ["hk"]


def remove_name(config):
    del config["accounts"][0]["name"]


BAD = [
    ("unknown_provider", spoil("provider", "ucluod"), "provider"),
    ("unknown_key", add_key, "did you mean 'regions'"),
    ("bad_interval", spoil("interval", "5"), "interval"),
    ("no_name", remove_name, "missing 'name'"),
    ("two_of_one_name", spoil("name", "one"), "exists already"),
    ("bad_region_list", spoil("regions", []), "regions"),
    ("no_certificate", spoil("ca_file", "imagecat.yaml"), "imagecat.yaml' has no certificate in PEM form"),
]


@row_case(BAD, "refused")
def refused(place, change, sentence):
    """One mistake: nothing changes, not even what is right in the file."""
    cloud = place.cloud()
    daemon = Daemon(place, two(place, cloud))
    until(daemon.run, lambda: polls(place, "one") and polls(place, "two"))
    good = open(place.config_path).read()
    config = json.loads(good)
    config["accounts"][0]["interval"] = "1h"
    config["removal"] = {"after_complete_polls": 7}
    change(config)
    place.write_config(json.dumps(config, indent=1))
    daemon.reload(done=False, write=False)
    problems = [line for line in daemon.run.line("imagecat.yaml:") if ": error: " in line]
    assert problems and sentence in "".join(problems), problems
    assert all(line.split("imagecat.yaml:")[1].split(":")[0].isdigit() for line in problems), problems
    before = polls(place, "one")
    until(daemon.run, lambda: polls(place, "one") > before + 2)  # at the old interval
    place.write_config(good)
    has(daemon.reload(write=False), "unchanged=2")
    daemon.stop()


@case
def refused_no_yaml(place):
    cloud = place.cloud()
    daemon = Daemon(place, two(place, cloud))
    until(daemon.run, lambda: polls(place, "one") > 0)
    for text in ("accounts: [", "", "- a\n- b\n", "a: b: c\n", "\x00", "accounts:\n  - name: x\n   provider: y\n"):
        place.write_config(text)
        daemon.reload(done=False, write=False)
    os.unlink(place.config_path)
    daemon.reload(done=False, write=False)
    os.mkfifo(place.config_path)
    daemon.reload(done=False, write=False)
    os.unlink(place.config_path)
    before = polls(place, "two")
    until(daemon.run, lambda: polls(place, "two") > before + 1)
    has(daemon.reload(), "unchanged=2")
    daemon.stop()


@case
def refused_all_problems_at_once(place):
    cloud = place.cloud()
    daemon = Daemon(place, two(place, cloud))
    until(daemon.run, lambda: polls(place, "one") > 0)
    daemon.accounts[0]["interval"] = "never"
    daemon.accounts[1]["timeout"] = "soon"
    daemon.reload(done=False)
    lines = [line for line in daemon.run.line("imagecat.yaml:") if ": error: " in line]
    equal(len(lines), 2, str(lines))
    daemon.stop()


FIXED = [
    ("catalog_path", {"catalog": {"path": "/tmp/elsewhere.db"}}, "catalog.path"),
    ("http_listen", {"http": {"listen": "127.0.0.1:1"}}, "http.listen"),
]


@row_case(FIXED, "needs_a_restart")
def needs_a_restart(place, change, name):
    cloud = place.cloud()
    accounts = two(place, cloud)
    daemon = Daemon(place, accounts[:1])
    until(daemon.run, lambda: polls(place, "one") > 0)
    daemon.accounts, daemon.more = accounts, change
    line = daemon.reload(done=False)
    has(line, name)
    has(line, "restart")
    equal(place.rows("SELECT * FROM listings WHERE account = 'two'"), [])
    daemon.more = {}
    has(daemon.reload(), "new=1")
    daemon.stop()


@case
def catalog_cannot_be_written(place):
    """Nothing is put in force that is not stored."""
    cloud = place.cloud()
    accounts = two(place, cloud, interval="1h")
    daemon = Daemon(place, accounts[:1])
    until(daemon.run, lambda: polls(place, "one") > 0)
    lock = sqlite3.connect(place.catalog, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    daemon.accounts = accounts
    daemon.reload(done=False)
    equal(len(cloud.asked(where={})), len(cloud.asked()))
    lock.execute("ROLLBACK")
    lock.close()
    has(daemon.reload(), "new=1")
    until(daemon.run, lambda: polls(place, "two") > 0)
    daemon.stop()


# ---- the rest of the file ---------------------------------------------------------------------------------------------

@case
def options_apply(place):
    """K, log level."""
    cloud = place.cloud()
    daemon = Daemon(place, two(place, cloud)[:1], removal={"after_complete_polls": 100})
    until(daemon.run, lambda: polls(place, "one") > 0)
    cloud.shelves[0].items.pop()
    until(daemon.run, lambda: len(place.images("one")) == 4)
    before = polls(place, "one")
    until(daemon.run, lambda: polls(place, "one") > before + 2)
    equal(len(place.images("one", presence=("missing",))), 1)
    daemon.more = {"removal": {"after_complete_polls": 2}, "log": {"level": "error"}}
    before = len(daemon.run.line("listing complete"))
    daemon.write()
    daemon.run.kill(signal.SIGHUP)
    until(daemon.run, lambda: len(place.images("one", presence=("removed",))) == 1)
    told = len(daemon.run.line("listing complete"))
    before = polls(place, "one")
    until(daemon.run, lambda: polls(place, "one") > before + 1)
    equal(len(daemon.run.line("listing complete")), told)
    daemon.stop()


@case
def the_command_line_has_the_last_word(place):
    cloud = place.cloud()
    accounts = two(place, cloud)
    place.configure(accounts[:1], log={"level": "error"})
    run = place.start("--log-level", "info")
    run.await_line("listing complete")
    place.configure(accounts, log={"level": "error"})
    run.kill(signal.SIGHUP)
    until(run, lambda: polls(place, "two") > 0)
    run.await_line("two uhost")
    run.kill(signal.SIGTERM)
    equal(run.wait(), 0)


# ---- load -----------------------------------------------------------------------------------------------------------

def descriptors(pid):
    return len(os.listdir("/proc/%d/fd" % pid))


def resident(pid):
    with open("/proc/%d/statm" % pid) as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


@case
def twenty_reloads_while_polling(place):
    cloud = place.cloud()
    cloud.put("DescribeImage", [clouds.uhost_image(n) for n in range(40)], cap=10)
    accounts = [place.account("ucloud", cloud.url(), name="a%d" % n, interval="1s", services=["uhost"],
                              regions=["cn-bj2", "hk", "sg"]) for n in range(4)]
    daemon = Daemon(place, accounts)
    until(daemon.run, lambda: polls(place, "a0", region="hk") > 0)
    for n in range(20):
        daemon.accounts = [dict(a, timeout="%ds" % (10 + n)) if (n + k) % 3 == 0 else a
                           for k, a in enumerate(accounts) if (n + k) % 4 != 1]
        daemon.reload()
    daemon.accounts = accounts
    daemon.reload()
    for account in accounts:
        for region in account["regions"]:
            before = polls(place, account["name"], region=region)
            until(daemon.run, lambda: polls(place, account["name"], region=region) > before)
            listing = place.listing(account["name"], region=region)
            equal((listing["health"], listing["images_present"]), ("ok", 40))
    equal(place.value("SELECT count(*) FROM polls WHERE outcome NOT IN ('complete', 'aborted')"), 0)
    equal(place.rows("SELECT kind FROM changes WHERE kind IN ('missing', 'removed', 'returned', 'changed', 'added')"), [])
    daemon.stop()


@case
def a_storm_is_one_reload_and_one_more(place):
    cloud = place.cloud()
    daemon = Daemon(place, two(place, cloud))
    until(daemon.run, lambda: polls(place, "one") > 0)
    daemon.reload()
    files, memory = descriptors(daemon.run.pid), resident(daemon.run.pid)
    begun = len(daemon.run.line("reloading"))
    for _ in range(1000):
        daemon.run.kill(signal.SIGHUP)
    until(daemon.run, lambda: len(daemon.ended()) == len(daemon.run.line("reloading")) > begun)
    before = polls(place, "one")
    until(daemon.run, lambda: polls(place, "one") > before + 1)
    equal(len(daemon.ended()), len(daemon.run.line("reloading")))
    assert len(daemon.ended()) < 500, "%d reloads for 1000 signals" % len(daemon.ended())
    # A poll in flight has some more; what is left of reloads stays.
    until(daemon.run, lambda: descriptors(daemon.run.pid) <= files + 2)
    assert resident(daemon.run.pid) < memory + (64 << 20), (memory, resident(daemon.run.pid))
    daemon.stop()


@case
def stopped_while_reloading(place):
    cloud = place.cloud()
    for _ in range(8):
        daemon = Daemon(place, two(place, cloud))
        until(daemon.run, lambda: polls(place, "one") > 0)
        daemon.accounts[1]["timeout"] = "9s"
        daemon.write()
        daemon.run.kill(signal.SIGHUP)
        daemon.stop()


# ---- places that discovery finds no more -----------------------------------------------------------------------

def with_zones(place, cloud):
    """An account of which discovery finds pek3 and sh1. The list is what it will find from now on."""
    zones = ["pek3", "sh1"]
    for zone in zones:
        cloud.put("DescribeImages", [clouds.qingcloud_image(n) for n in range(5)], {"zone": zone})
    cloud.script("DescribeZones", lambda request, usual: cloud.refusal(request) or json_answer(
        {"ret_code": 0, "action": "DescribeZonesResponse",
         "zone_set": [{"zone_id": zone, "status": "active"} for zone in zones]}))
    account = place.account("qingcloud", cloud.url("/iaas/"), name="qc", interval="1s", zones="all")
    daemon = Daemon(place, [account], removal={"hold": "0s", "hold_polls": 1})
    until(daemon.run, lambda: polls(place, "qc", zone="pek3") and polls(place, "qc", zone="sh1"))
    return daemon, zones


def lose(place, daemon, zones, zone):
    """Returns when the daemon no longer asks for it."""
    zones.remove(zone)
    seen = polls(place, "qc", service="discovery")
    until(daemon.run, lambda: polls(place, "qc", service="discovery") > seen + 1)


@case
def a_vanished_place_goes_stale(place):
    """It is not asked any more, so that an empty answer cannot empty it; and asked again when it is found again."""
    cloud = place.cloud()
    daemon, zones = with_zones(place, cloud)
    lose(place, daemon, zones, "sh1")
    cloud.put("DescribeImages", [], {"zone": "sh1"})
    asked, seen = len(cloud.asked("DescribeImages", {"zone": "sh1"})), polls(place, "qc", service="discovery")
    until(daemon.run, lambda: polls(place, "qc", service="discovery") > seen + 3)
    assert len(cloud.asked("DescribeImages", {"zone": "sh1"})) <= asked + 2, "it is still asked"
    row = place.listing("qc", zone="sh1")
    equal((row["health"], row["images_present"]), ("ok", 5))
    equal({r["presence"] for r in place.images("qc", zone="sh1").values()}, {"present"})
    assert "removed" not in kinds(place, "qc") and "disabled" not in kinds(place, "qc")
    daemon.run.kill(signal.SIGUSR1)
    daemon.run.await_line('phase="not found" due_in_s=0')

    cloud.put("DescribeImages", [clouds.qingcloud_image(n) for n in range(6)], {"zone": "sh1"})
    zones.append("sh1")
    until(daemon.run, lambda: place.listing("qc", zone="sh1")["images_present"] == 6)
    daemon.stop()


@case
def a_vanished_place_that_is_configured_is_asked(place):
    """Who names a zone wants it, whatever discovery says."""
    cloud = place.cloud()
    daemon, zones = with_zones(place, cloud)
    lose(place, daemon, zones, "sh1")
    cloud.put("DescribeImages", [clouds.qingcloud_image(n) for n in range(6)], {"zone": "sh1"})
    daemon.accounts[0]["zones"] = ["pek3", "sh1"]
    daemon.reload()
    until(daemon.run, lambda: place.listing("qc", zone="sh1")["images_present"] == 6)
    before = polls(place, "qc", zone="sh1")
    until(daemon.run, lambda: polls(place, "qc", zone="sh1") > before + 2)
    daemon.stop()


if __name__ == "__main__":
    main()
