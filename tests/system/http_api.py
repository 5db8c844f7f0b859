#!/usr/bin/env python3
"""The catalog over HTTP: every list, its filters, pages, formats and tags, compared with SQL on the same file.

Usage: python3 tests/system/http_api.py BUILD_DIR [NAME]...
"""
import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.parse

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import client  # noqa: E402
import cloud as clouds  # noqa: E402
import harness  # noqa: E402
from daemon import polls, until  # noqa: E402
from grafana import Reader  # noqa: E402
from harness import Skip, case, equal, has, main  # noqa: E402
from patience import PATIENCE  # noqa: E402
from web import TOKEN, Web  # noqa: E402

JSON_COLUMNS = {"accounts", "fields", "features", "gpu_types", "scene_categories", "applications", "prices", "tags",
                "data_snapshot_ids", "inferred", "warnings", "unmapped", "raw", "redacted"}


def quoted(parameters):
    return urllib.parse.urlencode(parameters, quote_via=urllib.parse.quote)


def small(place):
    """The simulator's clouds, polled once; nothing changes after that."""
    sim = place.stack.enter_context(client.Sim(harness.build, "--images", "600", "--seed", "5"))
    accounts = [
        place.account("ucloud", sim.url(), name="prod", regions=["cn-bj2", "hk"], cloud="api.ucloud.cn", interval="1h"),
        place.account("ucloud", sim.url(), name="twin", regions=["cn-bj2"], services=["uhost"], cloud="api.ucloud.cn",
                      interval="1h"),
        place.account("compshare", sim.url(), name="gpu", regions=["cn-wlcb"], zones=["cn-wlcb-01"],
                      services=["custom", "platform", "community", "shared"], cloud="api.compshare.cn", interval="1h"),
        place.account("qingcloud", sim.url("/iaas/"), name="qc", zones=["pek3", "sh1"], cloud="api.qingcloud.com",
                      variants=["system", "self"], interval="1h")]
    web = Web(place, accounts)
    until(web.run, lambda: place.rows("SELECT 1 FROM listings") and not
          place.rows("SELECT 1 FROM listings WHERE last_complete_at IS NULL"))
    return web


def scripted(place, count=5, **more):
    cloud = place.cloud()
    cloud.put("DescribeImage", [clouds.uhost_image(n, **more) for n in range(count)])
    web = Web(place, [place.account("ucloud", cloud.url(), name="prod", services=["uhost"], interval="1h")])
    until(web.run, lambda: polls(place, "prod") == 1)
    return cloud, web


def poll(web, count):
    """One more, which begins after this call."""
    web.command("/-/poll")
    until(web.run, lambda: web.place.value("SELECT count(*) FROM polls") >= count)


def as_sent(row):
    """A row of SQLite as JSON has it."""
    return {name: json.loads(value) if name in JSON_COLUMNS and isinstance(value, str) else value
            for name, value in row.items()}


def all_pages(web, target, limit=None):
    """Every item, page by page."""
    items, cursor, pages = [], None, 0
    separator = "&" if "?" in target else "?"
    while True:
        more = ({"limit": limit} if limit else {}) | ({"cursor": cursor} if cursor else {})
        page = web.json(target + (separator + quoted(more) if more else ""))
        equal(sorted(page), ["items", "next_cursor", "seq"])
        assert len(page["items"]) <= (limit or 100)
        items += page["items"]
        cursor = page["next_cursor"]
        pages += 1
        if cursor is None:
            return items


# ---- filters -----------------------------------------------------------------------------------------------------

def searched(word):
    """Plain text anywhere, whatever it means to LIKE."""
    return "(%s)" % " OR ".join("instr(lower(%s), '%s') > 0" % (name, word) for name in (
        "name", "description", "tags", "framework", "applications", "integrated_software", "primary_software", "os_name"))


FILTERS = [
    ("", "1"),
    ("provider=ucloud", "provider = 'ucloud'"),
    ("provider=a_plug_in", "0"),
    ("cloud=api.qingcloud.com", "cloud = 'api.qingcloud.com'"),
    ("account=prod", "EXISTS (SELECT 1 FROM json_each(accounts) WHERE value = 'prod')"),
    ("account=twin", "EXISTS (SELECT 1 FROM json_each(accounts) WHERE value = 'twin')"),
    ("service=community", "service = 'community'"),
    ("region=cn-bj2", "region = 'cn-bj2'"),
    ("zone=pek3", "zone = 'pek3'"),
    ("zone=-", "zone IS NULL"),
    ("os=ubuntu", "os_distro = 'ubuntu'"),
    ("os=ubuntu:22.04", "os_distro = 'ubuntu' AND (os_version = '22.04' OR os_version LIKE '22.04.%')"),
    ("arch=aarch64", "arch = 'aarch64'"),
    ("arch=-", "arch IS NULL"),
    ("kind=system", "kind = 'system'"),
    ("origin=self", "origin = 'self'"),
    ("visibility=private", "visibility = 'private'"),
    ("visibility=public", "visibility = 'public'"),
    ("form=container", "form = 'container'"),
    ("state=available", "state = 'available'"),
    ("state=purged", "state = 'purged'"),
    ("name=*Ubuntu*", "name GLOB '*Ubuntu*'"),
    ("gpu", "gpu_supported = 1"),
    ("gpu=0", "gpu_supported = 0"),
    ("gpu=unknown", "gpu_supported IS NULL"),
    ("launchable=1", "launchable = 1"),
    ("launchable=no", "launchable = 0"),
    ("stale", "stale = 1"),
    ("stale=false", "stale = 0"),
    ("since=1h", "1"),
    ("since=4000000000", "0"),
    ("q=pytorch", searched("pytorch")),
    ("q=pytorch cuda", "%s AND %s" % (searched("pytorch"), searched("cuda"))),
    ("q=%", searched("%")),
    ("q=_", searched("_")),
    ("q=' OR 1=1 --", "0"),
    ("name=x' OR '1'='1", "0"),
    ("provider=qingcloud&zone=sh1&kind=system", "provider = 'qingcloud' AND zone = 'sh1' AND kind = 'system'"),
]


@case
def filters_are_those_of_sql(place):
    web = small(place)
    empty = []
    for query, where in FILTERS:
        purged = "" if "state=" in query else " AND state IS NOT 'purged'"
        expected = place.rows("SELECT * FROM images WHERE (%s)%s ORDER BY uid" % (where, purged))
        parts = [part.partition("=") for part in query.split("&") if part]
        target = "/api/v1/images?" + "&".join(
            name + (mark + urllib.parse.quote(value) if mark else "") for name, mark, value in parts + [("columns", "=", "*")])
        got = all_pages(web, target, 1000)
        equal([item["uid"] for item in got], [row["uid"] for row in expected], query)
        for item, row in zip(got, expected):
            equal(item, as_sent(row), query)
        if not expected and where != "0":
            empty.append(query)
    equal(empty, [query for query, _ in FILTERS if query in ("stale", "state=purged") and query in empty],
          "filters that found nothing prove nothing")
    web.stop()


@case
def every_filter_of_imagecat_is_there(place):
    """Also those that a later imagecat learns."""
    web = small(place)
    run = harness.Run(place, ["list", "--help"], program="imagecat")
    place.runs.append(run)
    equal(run.wait(), 0)
    options = {word.split("=")[0].split("[")[0][2:] for word in run.out.split() if word.startswith("--")}
    options -= {"output", "utc", "help", "catalog", "all"}
    assert {"provider", "os", "gpu", "since", "sort", "limit", "columns"} <= options, run.out
    problem = web.get("/api/v1/images?nonsense=1").problem(400)
    known = set(problem["detail"].split(": ")[1].split(", "))
    equal(options - known, set())
    assert "nonsense" not in problem["detail"]
    web.stop()


# ---- order and pages ---------------------------------------------------------------------------------------------

@case
def sorted_by_any_column_in_pages(place):
    web = small(place)
    names = [row["name"] for row in place.rows("SELECT name FROM pragma_table_info('images')")]
    for name in names:
        for direction in ("", ":desc"):
            target = "/api/v1/images?columns=uid,%s&sort=%s%s" % (name, name, direction)
            if name in JSON_COLUMNS:
                web.get(target).problem(400)
                continue
            expected = [row["uid"] for row in place.rows(
                "SELECT uid FROM images WHERE state IS NOT 'purged' ORDER BY "
                "CASE typeof(%s) WHEN 'text' THEN substr(%s, 1, 256) ELSE %s END %s NULLS LAST, uid"
                % (name, name, name, "DESC" if direction else ""))]
            got = [item["uid"] for item in all_pages(web, target, 190)]
            equal(got, expected, name + direction)
    web.stop()


@case
def pages_stay_whole_while_images_come_and_go(place):
    """No image that is there all the time is missed or shown twice, whatever is removed and added in between."""
    web = None
    cloud, web = scripted(place, 60)
    for target, number in (("/api/v1/images?limit=7", 0), ("/api/v1/images?limit=7&sort=name:desc", 1)):
        seen, cursor, turn = [], None, 0
        steady = {clouds.id_of(clouds.raw_item(clouds.uhost_image(n))) for n in range(0, 60, 2)}
        while True:
            page = web.json(target + ("&cursor=" + cursor if cursor else ""))
            seen += [item["image_id"] for item in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
            turn += 1
            there = [n for n in range(120) if n % 2 == 0 and n < 60 or (n * 7 + turn + number) % 3 == 0]
            cloud.put("DescribeImage", [clouds.uhost_image(n) for n in there])
            poll(web, place.value("SELECT count(*) FROM polls") + 1)
        equal(len(seen), len(set(seen)), "an image was shown twice")
        equal(steady - set(seen), set())
        cloud.put("DescribeImage", [clouds.uhost_image(n) for n in range(60)])
        poll(web, place.value("SELECT count(*) FROM polls") + 1)
    web.stop()


@case
def cursors_that_do_not_fit(place):
    _, web = scripted(place, 5)
    cursor = web.json("/api/v1/images?limit=2")["next_cursor"]
    equal(len(web.json("/api/v1/images?limit=3&format=json&cursor=" + cursor)["items"]), 3)
    for target in ("/api/v1/images?sort=name&cursor=", "/api/v1/images?kind=system&cursor=", "/api/v1/polls?cursor="):
        web.get(target + cursor).problem(400)
    plain = bytes.fromhex(cursor)
    pieces = plain.split(b"\x1f")
    for forged in (cursor[:-1], cursor[:-2], cursor + "00", "zz", "0" * 10, "x" * 20000, cursor.upper(),
                   b"\x1f".join(pieces[:3]).hex(), b"\x1f".join(pieces[1:]).hex(), (plain + b"\x1fi1").hex(),
                   b"\x1f".join(pieces[:2] + [b"1"] + pieces[3:]).hex(), b"\x1f".join(pieces[:3] + [b"i1"]).hex(),
                   (b"\x1f".join(pieces[:3]) + b"\x1fn" * 9).hex(), (b"2\x1f" + plain).hex()):
        web.get("/api/v1/images?cursor=" + forged).problem(400)
    web.stop()
    # A catalog that began at another time is another one.
    place.change("UPDATE _meta SET value = value + 1 WHERE key = 'created_at'")
    web = Web(place, web.accounts)
    web.get("/api/v1/images?cursor=" + cursor).problem(410)
    web.stop()


@case
def links_lead_through_all_pages(place):
    web = small(place)
    for form in ("csv", "ndjson", "json"):
        target, found = "/api/v1/images?name=*%2A*&limit=90&sort=name&format=" + form, []
        while target:
            reply = web.get(target)
            equal(reply.status, 200)
            if form == "csv":
                found += [row["uid"] for row in csv.DictReader(io.StringIO(reply.body.decode()))]
            elif form == "json":
                found += [item["uid"] for item in reply.json["items"]]
            else:
                found += [json.loads(line)["uid"] for line in reply.body.decode().split("\n") if line]
            link = reply.headers["Link"]
            target = link[1:link.index(">")] if link else None
        equal(found, [row["uid"] for row in place.rows(
            "SELECT uid FROM images WHERE state IS NOT 'purged' ORDER BY name NULLS LAST, uid")])
    web.stop()


# ---- the other lists -----------------------------------------------------------------------------------------------

# Of a catalog that is older than the test: days with more and fewer images, a sort that came, words that are not said.
SECOND_DAY = 1790035200
DAYS = """INSERT INTO _image_counts (time, provider, region, kind, state, images) VALUES
    (1789948800, 'ucloud', 'cn-bj2', 'system', 'available', 7), (1789948800, 'qingcloud', 'pek3', 'custom', 'available', 2),
    (1790035200, 'ucloud', 'cn-bj2', 'system', 'pending', 1), (1790035200, 'ucloud', 'cn-bj2', 'system', 'available', 9),
    (1790035200, 'qingcloud', NULL, NULL, NULL, 4)"""
BY_DAY = "time, provider, region NULLS LAST, kind NULLS LAST, state NULLS LAST"

LISTS = [
    ("listings", "/api/v1/listings", "SELECT * FROM listings ORDER BY listing_id"),
    ("listings_of", "/api/v1/listings?account=qc&zone=sh1",
     "SELECT * FROM listings WHERE account = 'qc' AND zone = 'sh1' ORDER BY listing_id"),
    ("polls", "/api/v1/polls", "SELECT * FROM polls ORDER BY poll_id DESC"),
    ("polls_of", "/api/v1/polls?listing_id=2&outcome=complete",
     "SELECT * FROM polls WHERE listing_id = 2 AND outcome = 'complete' ORDER BY poll_id DESC"),
    ("changes", "/api/v1/changes", "SELECT * FROM changes ORDER BY seq"),
    ("changes_after", "/api/v1/changes?after=5", "SELECT * FROM changes WHERE seq > 5 ORDER BY seq"),
    ("changes_of", "/api/v1/changes?kind=baseline&account=gpu",
     "SELECT * FROM changes WHERE kind = 'baseline' AND account = 'gpu' ORDER BY seq"),
    ("changes_back", "/api/v1/changes?sort=-seq", "SELECT * FROM changes ORDER BY seq DESC"),
    ("changes_forth", "/api/v1/changes?sort=seq", "SELECT * FROM changes ORDER BY seq"),
    ("changes_back_to", "/api/v1/changes?sort=-seq&after=5&since=1h", "SELECT * FROM changes WHERE seq > 5 ORDER BY seq DESC"),
    ("changes_back_of", "/api/v1/changes?kind=baseline&account=gpu&sort=-seq",
     "SELECT * FROM changes WHERE kind = 'baseline' AND account = 'gpu' ORDER BY seq DESC"),
    ("columns", "/api/v1/polls?columns=outcome,poll_id", "SELECT outcome, poll_id FROM polls ORDER BY poll_id DESC"),
    ("counts", "/api/v1/counts", "SELECT * FROM image_counts ORDER BY %s" % BY_DAY),
    ("counts_of_a_provider", "/api/v1/counts?provider=qingcloud", "SELECT * FROM image_counts WHERE provider = 'qingcloud' ORDER BY " + BY_DAY),
    ("counts_of_a_sort", "/api/v1/counts?region=cn-bj2&kind=system&state=available&columns=time,images",
     "SELECT time, images FROM image_counts WHERE region = 'cn-bj2' AND kind = 'system' AND state = 'available' ORDER BY " + BY_DAY),
    ("counts_of_no_region", "/api/v1/counts?region=-", "SELECT * FROM image_counts WHERE region IS NULL ORDER BY " + BY_DAY),
    ("counts_since", "/api/v1/counts?since=%d" % SECOND_DAY, "SELECT * FROM image_counts WHERE time >= %d ORDER BY %s" % (SECOND_DAY, BY_DAY)),
    ("coverage", "/api/v1/coverage", "SELECT * FROM coverage ORDER BY provider, os_distro NULLS LAST, os_version NULLS "
     "LAST, arch NULLS LAST, form NULLS LAST, region NULLS LAST, zone NULLS LAST"),
    ("coverage_gaps", "/api/v1/coverage?missing&provider=ucloud&os_distro=ubuntu",
     "SELECT * FROM coverage WHERE images = 0 AND provider = 'ucloud' AND os_distro = 'ubuntu' ORDER BY provider, "
     "os_distro NULLS LAST, os_version NULLS LAST, arch NULLS LAST, form NULLS LAST, region NULLS LAST, zone NULLS LAST"),
    ("latest", "/api/v1/images?latest&kind=system", "SELECT * FROM latest_images WHERE kind = 'system' ORDER BY uid"),
]


@case
def lists_are_the_views(place):
    web = small(place)
    place.change(DAYS)
    for name, target, sql in LISTS:
        expected = [as_sent(row) for row in place.rows(sql)]
        if name == "latest":
            expected = [without_long(row) for row in expected if row["state"] != "purged"]
        assert expected, name
        for limit in (3, 100, 1000):
            equal(all_pages(web, target, limit), expected, "%s, %d a page" % (name, limit))
        for form in ("csv", "ndjson"):
            text = web.get(target + ("&" if "?" in target else "?") + "limit=1000&format=" + form).body.decode()
            rows = list(csv.DictReader(io.StringIO(text))) if form == "csv" else [json.loads(line) for line in text.splitlines()]
            equal([list(row) for row in rows], [list(row) for row in expected], name)
            if form == "ndjson":
                equal(rows, expected, name)
    web.stop()


@case
def counts_are_those_of_the_images(place):
    """Of today: counted when the first listing of the day was read, they are what the images were then."""
    cloud, web = scripted(place, 7)
    row = web.json("/api/v1/counts")["items"]
    equal(row, place.rows("SELECT time, provider, region, kind, state, images FROM image_counts"))
    equal([(one["provider"], one["images"]) for one in row], [("ucloud", 7)])
    equal(row[0]["time"] % 86400, 0)
    web.stop()


LONG = ("raw", "readme", "unmapped")


def without_long(row):
    return {name: value for name, value in row.items() if name not in LONG}


@case
def lists_leave_out_what_is_long_unless_it_is_named(place):
    web = small(place)
    columns = [row["name"] for row in place.rows("SELECT name FROM pragma_table_info('images')")]
    removed = [row["name"] for row in place.rows("SELECT name FROM pragma_table_info('sightings')")]
    brief = [name for name in columns if name not in LONG]
    assert len(brief) == len(columns) - len(LONG) > 60
    stored = [as_sent(row) for row in place.rows("SELECT * FROM images WHERE state IS NOT 'purged' ORDER BY uid LIMIT 100")]
    sizes = {}
    for asked, names in (("", brief), ("&columns=*", columns), ("&columns=raw,uid", ["raw", "uid"]), ("&columns=uid,readme,unmapped",
                         ["uid", "readme", "unmapped"]), ("&columns=%2C", brief), ("&latest", brief + ["rank_reason"]), ("&sort=name", brief)):
        for form in ("json", "ndjson", "csv"):
            reply = web.get("/api/v1/images?format=%s%s" % (form, asked))
            text = reply.body.decode()
            rows = reply.json["items"] if form == "json" else list(csv.DictReader(io.StringIO(text))) if form == "csv" else \
                [json.loads(line) for line in text.splitlines()]
            equal(list(rows[0]), names, asked + form)
            if form == "json" and "sort" not in asked and "latest" not in asked:
                equal(rows, [{name: row[name] for name in names} for row in stored], asked)
                sizes[asked] = len(text)
    print("figure: a page of %d images takes %d bytes, %d with raw, readme and unmapped" % (len(stored), sizes[""], sizes["&columns=*"]))
    assert sizes[""] < 0.75 * sizes["&columns=*"], sizes
    uid = stored[0]["uid"]
    equal(list(web.json("/api/v1/images/" + uid)), columns)
    # A cursor is of the question, whatever is shown of the answer.
    cursor = web.json("/api/v1/images?limit=2")["next_cursor"]
    equal(web.json("/api/v1/images?limit=1&columns=*&cursor=" + cursor)["items"], stored[2:3])
    place.change("UPDATE _images SET presence = 2, removed_at = 1, removed_reason = 'absent' WHERE image = (SELECT min(image) FROM _images)")
    equal(list(web.json("/api/v1/images?removed")["items"][0]), [name for name in removed if name not in LONG])
    described = web.json("/openapi.json")["paths"]["/api/v1/images"]["get"]["parameters"]
    told = next(one["description"] for one in described if one["name"] == "columns")
    assert all(name in told for name in LONG), told
    web.stop()


@case
def the_newest_changes_first_while_others_come(place):
    """Each change that was there at the first page once, in order, down to the first; what comes meanwhile is in none of them."""
    cloud, web = scripted(place, 9)
    for number in range(2, 5):
        cloud.put("DescribeImage", [clouds.uhost_image(n, ImageName="name %d" % number) for n in range(9)])
        poll(web, number)
    for filters in ("", "&kind=changed", "&after=3"):
        first = place.value("SELECT max(seq) FROM changes")
        where = {"": "1", "&kind=changed": "kind = 'changed'", "&after=3": "seq > 3"}[filters]
        expected = [row["seq"] for row in place.rows("SELECT seq FROM changes WHERE seq <= %d AND %s ORDER BY seq DESC" % (first, where))]
        seen, cursor, known = [], None, first
        while True:
            page = web.json("/api/v1/changes?sort=-seq&limit=7" + filters + ("&cursor=" + cursor if cursor else ""))
            seen += [item["seq"] for item in page["items"]]
            equal(seen, expected[:len(seen)], filters)
            assert page["seq"] >= known, "the catalog's newest is told with each page"
            cursor, known = page["next_cursor"], page["seq"]
            if cursor is None:
                break
            number = place.value("SELECT count(*) FROM polls") + 1
            cloud.put("DescribeImage", [clouds.uhost_image(n, ImageName="name %d" % number) for n in range(9)])
            poll(web, number)
        equal(seen, expected, filters)
        assert known > first, "nothing came in between"
    web.stop()


@case
def newest_first_ends_where_history_was_pruned(place):
    cloud, web = scripted(place, 9)
    cloud.put("DescribeImage", [clouds.uhost_image(n, ImageName="new") for n in range(9)])
    poll(web, 2)
    last = place.value("SELECT max(seq) FROM changes")
    page = web.json("/api/v1/changes?sort=-seq&limit=3")
    bound = web.json("/api/v1/changes?sort=-seq&limit=3&after=1")
    equal([[item["seq"] for item in one["items"]] for one in (page, bound)], [[last, last - 1, last - 2]] * 2)
    place.change("DELETE FROM _changes WHERE seq < %d" % (last - 3))
    rest = web.json("/api/v1/changes?sort=-seq&limit=3&cursor=" + page["next_cursor"])
    equal(([item["seq"] for item in rest["items"]], rest["next_cursor"]), ([last - 3], None))
    # Who asked for all behind a number does not get a part of it for the whole.
    for target in ("&after=1&limit=3&cursor=" + bound["next_cursor"], "&after=1"):
        problem = web.get("/api/v1/changes?sort=-seq" + target).problem(410)
        equal((problem["oldest_seq"], problem["seq"]), (last - 3, last))
    for target in ("sort=-seq&kind=added&cursor=", "sort=seq&cursor=", "cursor="):
        web.get("/api/v1/changes?" + target + page["next_cursor"]).problem(400)
    place.change("DELETE FROM _changes WHERE seq < %d" % last)
    rest = web.json("/api/v1/changes?sort=-seq&limit=3&cursor=" + page["next_cursor"])
    equal((rest["items"], rest["next_cursor"]), ([], None))
    web.stop()


@case
def honest_questions_cost_far_less_than_they_may(place):
    """In steps of SQLite's machine, which are the same on every machine; what they may is in export/export.c."""
    web = small(place)
    images = place.value("SELECT sum(images_present) FROM listings")
    place.change(DAYS)
    reader = Reader(place.catalog)
    cost = {name: reader.run(sql)[2] for name, _, sql in LISTS}
    cost.update({asked: reader.run("SELECT * FROM images WHERE %s ORDER BY name NULLS LAST, uid" % where)[2]
                 for asked, where in FILTERS})
    reader.close()
    dearest = max(cost, key=cost.get)
    print("figure: the dearest question, %s, takes %d steps for each of %d images" % (
        dearest, cost[dearest] / images, images))
    assert cost[dearest] < (2000000 + 250 * images) / 4, cost
    web.stop()


@case
def one_image_and_its_history(place):
    cloud, web = scripted(place, 30)
    cloud.put("DescribeImage", [clouds.uhost_image(n, ImageName="renamed" if n == 3 else "image %d" % n)
                                for n in range(29)])
    poll(web, 2)
    poll(web, 3)
    for row in place.rows("SELECT uid FROM images"):
        reply = web.get("/api/v1/images/" + row["uid"])
        equal((reply.status, reply.json), (200, as_sent(place.one("SELECT * FROM images WHERE uid = ?", row["uid"]))))
    gone = place.one("SELECT * FROM sightings WHERE presence = 'removed'")
    equal(web.json("/api/v1/images/" + gone["uid"]), as_sent(gone))
    for uid in (gone["uid"], place.value("SELECT uid FROM images WHERE name = 'renamed'")):
        expected = [as_sent(row) for row in place.rows("SELECT * FROM changes WHERE uid = ? ORDER BY seq", uid)]
        assert expected
        equal(all_pages(web, "/api/v1/images/%s/history" % uid, 1), expected)
        equal(all_pages(web, "/api/v1/images/%s/history?sort=-seq" % uid, 1), expected[::-1])
        link = web.get("/api/v1/images/%s/history?limit=1" % uid).headers["Link"]
        if link:
            equal(web.json(link[1:link.index(">")])["items"], expected[1:])
    equal([item["uid"] for item in all_pages(web, "/api/v1/images?removed")], [gone["uid"]])
    for nothing in ("x", gone["image_id"], gone["uid"] + "x", "a/b/c/d/e/f", "%27%20OR%201=1", gone["uid"] + "/"):
        web.get("/api/v1/images/" + nothing).problem(404)
    equal(web.json("/api/v1/images/x/history")["items"], [])
    web.get("/api/v1/images/").problem(404)
    web.stop()


@case
def stats_count(place):
    web = small(place)
    stats = web.json("/api/v1/stats")
    equal(stats["images"], place.value("SELECT count(*) FROM images"))
    equal(stats["seq"], place.value("SELECT max(seq) FROM changes"))
    equal(stats["listings"], place.value("SELECT count(*) FROM listings"))
    equal({entry["value"]: entry["listings"] for entry in stats["health"]},
          {row["health"]: row["n"] for row in place.rows("SELECT health, count(*) AS n FROM listings GROUP BY 1")})
    for name, entries in stats["by"].items():
        word = "CASE %s WHEN 1 THEN 'yes' WHEN 0 THEN 'no' END" % name if name == "launchable" else name
        expected = {row["word"]: row["n"] for row in place.rows(
            "SELECT %s AS word, count(*) AS n FROM images GROUP BY 1" % word)}
        equal({entry["value"]: entry["images"] for entry in entries}, expected, name)
    web.stop()


# ---- bad parameters ------------------------------------------------------------------------------------------------

BAD = ["/api/v1/images?limit=0", "/api/v1/images?limit=1001", "/api/v1/images?limit=1e9", "/api/v1/images?limit=-1",
       "/api/v1/images?limit=", "/api/v1/images?limit=10&limit=10", "/api/v1/images?limit=99999999999999999999",
       "/api/v1/images?removed=1&latest=1", "/api/v1/images?latest&removed&limit=1", "/api/v1/images?provider=AWS", "/api/v1/images?visibility=no",
      
       "/api/v1/images?provider=ucloud%7Cqingcloud", "/api/v1/images?columns=*,uid", "/api/v1/polls?columns=nothing",
       "/api/v1/counts?account=prod", "/api/v1/counts?kind=odd", "/api/v1/counts?columns=seq", "/api/v1/counts?sort=-time",
       "/api/v1/changes?sort=at", "/api/v1/changes?sort=seq:desc", "/api/v1/changes?sort=", "/api/v1/changes?sort=-seq&sort=seq", "/api/v1/images?state=",
       "/api/v1/images?gpu=maybe", "/api/v1/images?since=yesterday", "/api/v1/images?since=-5", "/api/v1/images?sort=nothing",
       "/api/v1/images?sort=name:down", "/api/v1/images?sort=raw", "/api/v1/images?columns=uid,nothing",
       "/api/v1/images?format=xml", "/api/v1/images?Limit=3", "/api/v1/images?cursor=", "/api/v1/changes?after=x",
       "/api/v1/changes?after=-1", "/api/v1/changes?kind=exploded", "/api/v1/polls?outcome=odd",
       "/api/v1/polls?listing_id=0", "/api/v1/polls?sort=poll_id", "/api/v1/listings?uid=1", "/api/v1/coverage?arch=z80",
       "/api/v1/stats?x=1"]


@case
def bad_parameters(place):
    _, web = scripted(place)
    for target in BAD:
        problem = web.get(target).problem(400)
        for part in ("AWS", "nothing", "exploded", "z80", "yesterday"):
            assert part not in json.dumps(problem), problem
    errors = web.get("/api/v1/images?limit=0").problem(400)["errors"]
    equal(errors, [{"parameter": "limit", "detail": "must be a whole number from 1 to 1000"}])
    web.stop()


# ---- tags ----------------------------------------------------------------------------------------------------------

@case
def tags_change_when_answers_do(place):
    cloud, web = scripted(place)
    targets = ["/api/v1/images", "/api/v1/changes", "/api/v1/polls", "/api/v1/listings", "/api/v1/stats",
               "/api/v1/coverage", "/api/v1/counts", "/api/v1/images/" + place.value("SELECT min(uid) FROM images")]
    tags = {target: web.get(target).headers["ETag"] for target in targets}
    for target, tag in tags.items():
        assert tag.startswith('W/"'), tag
        for known in (tag, tag[2:], "*", '"x", ' + tag, tag + ', "y"', '"a","b" , ' + tag):
            reply = web.get(target, If_None_Match=known)
            equal((reply.status, reply.body, reply.headers["ETag"]), (304, b"", tag), known)
        for other in ('"x"', 'W/"x"', tag[:-2] + '"', "", "garbage", '"'):
            equal(web.get(target, If_None_Match=other).status, 200, other)
    poll(web, 2)  # nothing changed but that there was a poll
    for target, tag in tags.items():
        equal(web.get(target, If_None_Match=tag).status, 200)
    assert web.get("/api/v1/images?since=1h").headers["ETag"] is None
    web.stop()


@case
def staleness_changes_the_tag_without_a_poll(place):
    """Nobody polls; the listing becomes stale by the time that passes."""
    cloud = place.cloud()
    cloud.put("DescribeImage", [clouds.uhost_image(1)])
    web = Web(place, [place.account("ucloud", cloud.url(), name="prod", services=["uhost"], interval="5s", timeout="2m")])
    until(web.run, lambda: polls(place, "prod") > 0)
    cloud.always("DescribeImage", clouds.Answer(how="silence"))
    seen = len(cloud.asked())
    until(web.run, lambda: len(cloud.asked()) > seen)
    tag = web.get("/api/v1/images").headers["ETag"]
    number = place.value("SELECT max(poll_id) FROM polls")
    until(web.run, lambda: web.get("/api/v1/images", If_None_Match=tag).status == 200)
    equal(place.value("SELECT max(poll_id) FROM polls"), number)
    equal([item["stale"] for item in web.json("/api/v1/images")["items"]], [1])
    web.stop()


# ---- hostile names -------------------------------------------------------------------------------------------------

NAMES = ['<script>alert(1)</script>', '=HYPERLINK("http://x","y")', "+1+1", "-2+3", "@SUM(1)", '"quoted"', "a,b;c", "＝1+1",
         "'; DROP TABLE images; --", "line\nbreak\rand\ttab", "\x1b[2Jescape", "‮reversed", 'x"} 1\nup{job="fake"} 0',
         "%s%n%n", "</title>", "镜像 深度学习", "\\u003cnot\\u003e", "&amp;", "a\x00b", "𝔘𝔫𝔦"]


@case
def hostile_names_in_every_format(place):
    cloud = place.cloud()
    cloud.put("DescribeImage", [clouds.uhost_image(n, ImageName=name, ImageDescription=name)
                                for n, name in enumerate(NAMES)])
    web = Web(place, [place.account("ucloud", cloud.url(), name="prod", services=["uhost"], interval="1h")])
    until(web.run, lambda: polls(place, "prod") + polls(place, "prod", "partial") == 1)
    stored = {row["uid"]: row["name"] for row in place.rows("SELECT uid, name FROM images")}
    equal(len(stored), len(NAMES))
    for target in ("/api/v1/images", "/api/v1/images?format=ndjson", "/api/v1/images?format=csv", "/metrics"):
        reply = web.get(target)
        equal(reply.status, 200)
        text = reply.body.decode()
        assert not [c for c in text if ord(c) < 32 and c not in "\r\n" or 0x7f <= ord(c) < 0xa0 or c == "‮"], target
        equal(reply.headers["X-Content-Type-Options"], "nosniff")
        if target == "/metrics":
            assert "fake" not in text
        elif not target.endswith("csv"):
            assert "<" not in text, target
    equal({item["uid"]: item["name"] for item in web.json("/api/v1/images")["items"]}, stored)
    body = web.get("/api/v1/images?format=csv&columns=uid,name").body.decode()
    rows = list(csv.DictReader(io.StringIO(body, newline="")))
    for row in rows:
        name = stored[row["uid"]]
        formula = name[0] in "=+-@＝"
        equal(row["name"], ("'" if formula else "") + name)
    equal(len(rows), len(NAMES))
    for uid, name in stored.items():
        equal(web.json("/api/v1/images/" + urllib.parse.quote(uid))["name"], name)
        found = web.json("/api/v1/images?" + quoted({"name": name.replace("[", "[[]").replace("*", "[*]")}))["items"]
        assert uid in [item["uid"] for item in found], name
    web.stop()


@case
def a_page_ends_where_it_would_be_too_long(place):
    cloud = place.cloud()
    cloud.put("DescribeImage", [clouds.uhost_image(n, ImageDescription="x%d " % n + "long " * 60000) for n in range(30)])
    web = Web(place, [place.account("ucloud", cloud.url(), name="prod", services=["uhost"], interval="1h")],
              limits={"max_body": "64MiB"})
    until(web.run, lambda: polls(place, "prod") == 1)
    page = web.get("/api/v1/images?limit=1000")
    assert 4 << 20 < len(page.body) < 6 << 20, len(page.body)
    assert page.json["next_cursor"]
    equal(len(all_pages(web, "/api/v1/images", 1000)), 30)
    web.stop()


@case
def seq_is_of_the_snapshot(place):
    cloud, web = scripted(place)
    for number in range(2, 6):
        cloud.put("DescribeImage", [clouds.uhost_image(n, ImageName="name %d" % number) for n in range(5)])
        poll(web, number)
        reply = web.get("/api/v1/changes?limit=1000")
        equal(reply.json["seq"], max(item["seq"] for item in reply.json["items"]))
        equal(reply.headers["X-Catalog-Seq"], str(reply.json["seq"]))
    web.stop()


@case
def the_examples_of_the_documentation(place):
    """Every command of docs/HTTP.md, run by a shell."""
    if not shutil.which("curl"):
        raise Skip("curl is not here")
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "HTTP.md")) as file:
        text = file.read()
    lines = [line for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
    assert len(lines) > 15, lines
    web = small(place)
    # UID is a variable of the shell's own.
    variables = {"URL": "http://127.0.0.1:%d" % web.port, "IMAGE": place.value("SELECT min(uid) FROM images"), "TOKEN": TOKEN}
    for line in lines:
        run = subprocess.run(["sh", "-ec", line.replace("curl ", "curl -sS --fail-with-body ").replace("$UID", "$IMAGE")],
                             capture_output=True, env={**os.environ, **variables}, timeout=PATIENCE)
        equal(run.returncode, 0, "%s: %s %s" % (line, run.stdout[:300], run.stderr[:300]))
        assert run.stdout, line
    # The answers that are shown have the form that they have.
    shown = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    equal(sorted(json.loads(shown[0])), sorted(web.json("/api/v1/images?limit=1")))
    equal(json.loads(shown[1]), web.get("/api/v1/images?limit=0").json)
    web.stop()


if __name__ == "__main__":
    main()
