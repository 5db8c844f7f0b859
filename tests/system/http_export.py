#!/usr/bin/env python3
"""Metrics, the stream of changes, the description of the API, and what a hostile client gets.

Usage: python3 tests/system/http_export.py BUILD_DIR [NAME]...
"""
import json
import os
import re
import shutil
import socket
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import cloud as clouds  # noqa: E402
from daemon import polls, until  # noqa: E402
from harness import Skip, case, equal, has, main  # noqa: E402
from web import TOKEN, Web  # noqa: E402


def scripted(place, count=5, names=("prod",), interval="1h", **more):
    cloud = place.cloud()
    cloud.put("DescribeImage", [clouds.uhost_image(n) for n in range(count)])
    web = Web(place, [place.account("ucloud", cloud.url(), name=name, services=["uhost"], interval=interval)
                      for name in names], **more)
    until(web.run, lambda: all(polls(place, name) for name in names))
    return cloud, web


# ---- metrics -----------------------------------------------------------------------------------------------------

def samples(text):
    """{name: {labels as a frozenset of pairs: value}}"""
    found = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        name, labels, value = re.fullmatch(r"([a-z_]+)(?:\{(.*)\})? (\S+)", line).groups()
        pairs = re.findall(r'([a-z_]+)="((?:[^"\\]|\\.)*)"', labels or "")
        key = frozenset(pairs)
        assert key not in found.setdefault(name, {}), "twice: " + line
        found[name][key] = float(value)
    return found


@case
def promtool_accepts_the_metrics(place):
    if not shutil.which("promtool"):
        raise Skip("promtool is not here")
    cloud, web = scripted(place, names=("prod", "qa"))
    cloud.always("DescribeImage", clouds.Answer(status=503))
    web.poll_all()
    reply = web.get("/metrics")
    equal(reply.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
    check = subprocess.run(["promtool", "check", "metrics"], input=reply.body, capture_output=True)
    equal((check.returncode, check.stdout, check.stderr), (0, b"", b""))
    web.stop()


@case
def metrics_tell_what_happened(place):
    cloud, web = scripted(place, 30)
    cloud.put("DescribeImage", [clouds.uhost_image(n, ImageName="other" if n < 3 else "image %d" % n)
                                for n in range(1, 32)])
    web.poll_all()
    cloud.always("DescribeImage", clouds.ucloud_error(171, "Signature VerifyAC Error"))
    web.poll_all()
    found = samples(web.get("/metrics").body.decode())
    group = {("account", "prod"), ("provider", "ucloud"), ("service", "uhost")}
    labels = frozenset(group | {("listing", "prod uhost cn-bj2")})
    listing = place.listing("prod")
    equal(found["imagecatd_polls_total"], {labels: 3})
    equal(found["imagecatd_poll_failures_total"], {labels | {("reason", "auth")}: 1})
    equal(found["imagecatd_listing_health"], {labels | {("health", "auth"), ("reason", "auth")}: 1})
    equal(found["imagecatd_listing_images"][labels], listing["images_present"])
    equal(found["imagecatd_listing_interval_seconds"], {labels: 3600})
    equal(found["imagecatd_listing_last_attempt_timestamp_seconds"], {labels: listing["last_attempt_at"]})
    equal(found["imagecatd_listing_last_complete_timestamp_seconds"], {labels: listing["last_complete_at"]})
    sums = place.one("SELECT sum(added) AS added, sum(changed) AS changed, sum(missing) AS missing, sum(removed) AS removed, "
                     "sum(returned) AS returned, sum(held) AS held FROM polls")
    equal({dict(key)["kind"]: value for key, value in found["imagecatd_image_changes_total"].items()}, sums)
    assert sums["added"] == 32 and sums["missing"] == 1, sums
    equal(found["imagecatd_poll_duration_seconds_count"], {frozenset(group): 3})
    equal(found["imagecatd_poll_duration_seconds_bucket"][frozenset(group | {("le", "+Inf")})], 3)
    requests = sum(found["imagecatd_http_client_requests_total"].values())
    equal(requests, len(cloud.asked()))
    equal({dict(key)["code"] for key in found["imagecatd_http_client_requests_total"]}, {"200"})
    equal(found["imagecatd_config_last_reload_successful"], {frozenset(): 1})
    assert found["imagecatd_listing_info"] and found["imagecatd_build_info"]
    for name in ("imagecatd_store_wal_bytes", "imagecatd_config_last_reload_success_timestamp_seconds",
                 "process_resident_memory_bytes", "process_open_fds", "process_start_time_seconds",
                 "process_cpu_seconds_total"):
        assert list(found[name].values())[0] > 0, name
    assert "imagecatd_store_checkpoint_busy_total" in found
    place.write_config("accounts: [}")
    web.command("/-/reload").problem(409)
    has(web.get("/metrics").body.decode(), "imagecatd_config_last_reload_successful 0\n")
    for account in place.rows("SELECT uid FROM images"):
        assert account["uid"] not in web.get("/metrics").body.decode()
        break
    web.stop()


@case
def a_disabled_listing_leaves_the_metrics(place):
    _, web = scripted(place, names=("one", "two"))
    has(web.get("/metrics").body.decode(), 'account="two"')
    del web.accounts[1]
    web.reload()
    assert not [line for line in web.get("/metrics").body.decode().splitlines()
                if 'account="two"' in line and "http_client" not in line]
    web.stop()


# ---- events ------------------------------------------------------------------------------------------------------

class Listener:
    def __init__(self, place, web, target="/api/v1/events", last=None):
        self.plain = place.stack.enter_context(web.socket())
        self.rest = b""
        header = "Last-Event-ID: %s\r\n" % last if last is not None else ""
        self.plain.sendall(("GET %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n" % (target, header)).encode())
        head = self.line()
        self.status = int(head.split()[1])
        self.headers = {}
        while True:
            line = self.line()
            if not line:
                break
            name, _, value = line.partition(": ")
            self.headers[name.lower()] = value
        self.text = ""

    def line(self):
        while b"\r\n" not in self.rest:
            part = self.plain.recv(65536)
            assert part, "the stream ended"
            self.rest += part
        line, _, self.rest = self.rest.partition(b"\r\n")
        return line.decode()

    def piece(self):
        """One chunk; empty at the end."""
        size = int(self.line(), 16)
        while len(self.rest) < size + 2:
            part = self.plain.recv(65536)
            assert part, "the stream ended"
            self.rest += part
        data, self.rest = self.rest[:size], self.rest[size + 2:]
        return data.decode()

    def event(self):
        """The next one, as a dictionary of its fields."""
        while True:
            while "\n\n" not in self.text:
                self.text += self.piece()
            block, _, self.text = self.text.partition("\n\n")
            fields = dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":"))
            if "data" in fields:
                return fields

    def events(self, count):
        return [self.event() for _ in range(count)]


def check_events(place, events, sql, *values):
    expected = place.rows(sql, *values)
    equal([int(event["id"]) for event in events], [row["seq"] for row in expected])
    for event, row in zip(events, expected):
        assert "event" not in event
        data = json.loads(event["data"])
        equal((data["seq"], data["kind"], data["uid"], data["name"]), (row["seq"], row["kind"], row["uid"], row["name"]))


@case
def events_as_they_are_committed(place):
    cloud, web = scripted(place)
    listeners = [Listener(place, web) for _ in range(3)]
    equal([(one.status, one.headers["content-type"], one.headers["cache-control"]) for one in listeners],
          [(200, "text/event-stream", "no-store")] * 3)
    equal([one.piece() for one in listeners], ["retry: 3000\n\n"] * 3)
    before = place.value("SELECT max(seq) FROM changes")
    # A listener begins behind what was there when it was taken in: an answer to it later shows that it was.
    until(web.run, lambda: web.get("/livez").status == 200)
    seen = [[] for _ in listeners]
    for turn in range(1, 4):
        cloud.put("DescribeImage", [clouds.uhost_image(n, ImageName="<b>turn\n\n%d" % turn) for n in range(5)])
        web.poll_all()
        for one, events in zip(listeners, seen):
            events += one.events(5)
    for events in seen:
        check_events(place, events, "SELECT * FROM changes WHERE seq > ? ORDER BY seq", before)
    assert "<" not in seen[0][0]["data"]
    web.stop()


def rename_images(cloud, web, turns):
    """Five images have another name at each turn."""
    for turn in range(turns):
        cloud.put("DescribeImage", [clouds.uhost_image(n, ImageName="turn %d" % turn) for n in range(5)])
        web.poll_all()


@case
def events_go_on_where_a_client_was(place):
    cloud, web = scripted(place)
    rename_images(cloud, web, 4)
    last = place.value("SELECT max(seq) FROM changes")
    for after in (0, 1, last // 2, last - 1):
        for listener in (Listener(place, web, last=after), Listener(place, web, "/api/v1/events?after=%d" % after),
                         Listener(place, web, "/api/v1/events?after=1", last=after)):
            check_events(place, listener.events(last - after), "SELECT * FROM changes WHERE seq > ? ORDER BY seq", after)
    listener = Listener(place, web, last=last)
    cloud.put("DescribeImage", [clouds.uhost_image(n, ImageName="new") for n in range(5)])
    web.poll_all()
    check_events(place, listener.events(5), "SELECT * FROM changes WHERE seq > ? ORDER BY seq", last)
    # What another catalog had told it: it must read everything anew.
    newest = place.value("SELECT max(seq) FROM changes")
    for odd in (last + 1000, "x", "-1", "1e3", "1 2", "9223372036854775807", "99999999999999999999999"):
        for target in ("/api/v1/events", "/api/v1/events?after=1"):
            event = Listener(place, web, target, last=odd).event()
            equal((event["event"], event["id"], json.loads(event["data"])["reason"]), ("reset", str(newest), "unknown"), odd)
    # An empty one is none.
    equal(Listener(place, web, "/api/v1/events?after=%d" % (newest - 1), last="").event()["id"], str(newest))
    web.get("/api/v1/events?after=x").problem(400)
    equal(web.ask("HEAD", "/api/v1/events").status, 200)
    web.stop()


@case
def what_was_pruned_is_told(place):
    """Who was away for longer than history is kept gets no part of it for the whole."""
    cloud, web = scripted(place)
    rename_images(cloud, web, 2)
    last = place.value("SELECT max(seq) FROM changes")
    whole = web.get("/api/v1/changes")
    page = web.json("/api/v1/changes?after=1&limit=1")["next_cursor"]
    place.change("DELETE FROM _changes WHERE seq < 5")
    for target, oldest in (("after=3", 5), ("after=1&limit=1&cursor=" + page, 5), ("after=%d" % (last + 1), 5)):
        problem = web.get("/api/v1/changes?" + target).problem(410)
        equal((problem["oldest_seq"], problem["seq"]), (oldest, last), target)
    equal(web.get("/api/v1/changes", If_None_Match=whole.headers["ETag"]).status, 200)
    for after in (0, 4, 7, last):
        equal([item["seq"] for item in web.json("/api/v1/changes?after=%d" % after)["items"]],
              list(range(max(after + 1, 5), last + 1)))
    for after, reason in ((3, "pruned"), (last + 1, "unknown")):
        listener = Listener(place, web, last=after)
        event = listener.event()
        equal((event["event"], event["id"]), ("reset", str(last)))
        equal(json.loads(event["data"]), {"seq": last, "oldest_seq": 5, "reason": reason})
    cloud.put("DescribeImage", [clouds.uhost_image(n, ImageName="new") for n in range(5)])
    web.poll_all()  # and then it goes on
    check_events(place, listener.events(5), "SELECT * FROM changes WHERE seq > ? ORDER BY seq", last)
    web.stop()


@case
def a_slow_listener_gets_everything(place):
    """More than a connection holds; who reads late misses nothing, and the daemon keeps little of it."""
    cloud, web = scripted(place, 1500)
    late = Listener(place, web, last=0)
    for turn in range(3):
        cloud.put("DescribeImage", [clouds.uhost_image(n, ImageName="turn %d" % turn, ImageDescription="%d " % turn +
                                                       "long " * 200) for n in range(1500)])
        web.poll_all()
    count = place.value("SELECT count(*) FROM changes")
    assert count > 4000, count
    check_events(place, late.events(count), "SELECT * FROM changes ORDER BY seq")
    web.stop()


@case
def listeners_leave_room_for_questions(place):
    cloud, web = scripted(place)
    listeners = [Listener(place, web, last=0) for _ in range(32)]
    equal({one.status for one in listeners}, {200})
    web.get("/api/v1/events").problem(503)
    equal(web.get("/api/v1/images").status, 200)
    for one in listeners[:10]:
        one.plain.close()
    listeners[:10] = [Listener(place, web, last=0) for _ in range(10)]
    equal({one.status for one in listeners}, {200})
    web.get("/api/v1/events").problem(503)
    cloud.put("DescribeImage", [clouds.uhost_image(n, ImageName="new") for n in range(5)])
    web.poll_all()
    for one in listeners:
        one.events(6)
    web.stop()  # with streams open


# ---- the description -----------------------------------------------------------------------------------------------

@case
def answers_are_as_described(place):
    try:
        import jsonschema
    except ImportError:
        raise Skip("python3-jsonschema is not here") from None
    cloud, web = scripted(place, 20)
    cloud.put("DescribeImage", [clouds.uhost_image(n) for n in range(19)])
    web.poll_all()
    web.poll_all()
    described = web.json("/openapi.json")
    equal(described["openapi"], "3.1.0")
    uid = place.value("SELECT min(uid) FROM images")
    gone = place.value("SELECT uid FROM sightings WHERE presence = 'removed'")

    def validate(reply, schema):
        jsonschema.Draft202012Validator({**schema, "components": described["components"]}).validate(reply.json)

    asked = 0
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            responses = operation["responses"]
            for real in (uid, gone) if "{uid}" in path else ("",):
                target = path.replace("{uid}", real)
                headers = {p["name"]: p["schema"]["type"] for p in operation["parameters"] if p["in"] == "header"}
                equal(headers, {"Last-Event-ID": "integer"} if path == "/api/v1/events" else {}, path)
                if path == "/api/v1/events":
                    continue
                reply = web.command(target + ("?listing=1" if path == "/-/release" else "")) if method == "post" else \
                    web.get(target)
                content = responses["2XX"].get("content")
                if path == "/-/release":
                    validate(reply, responses["default"]["content"]["application/problem+json"]["schema"])
                elif content:
                    assert reply.status in (200, 202), (path, reply.body)
                    equal(reply.headers["Content-Type"], "application/json")
                    validate(reply, content["application/json"]["schema"])
                asked += 1
                parameters = [p["name"] for p in operation.get("parameters", []) if p["in"] == "query"]
                if parameters and method == "get":
                    problem = web.get(target + "?no-such-parameter=1")
                    validate(problem, responses["default"]["content"]["application/problem+json"]["schema"])
                    for name in parameters:
                        has(problem.json["detail"], name)
                assert ("security" in operation) == path.startswith("/-/")
    assert asked >= 15, asked
    # Rows have all the columns that are described, and no others.
    for name in ("images", "listings", "polls", "changes", "coverage", "image_counts"):
        row = described["components"]["schemas"][name + "_row"]["properties"]
        columns = [r["name"] for r in place.rows("SELECT name FROM pragma_table_info(?)", name)]
        equal(sorted(row), sorted(columns), name)
    web.stop()


# ---- who may ask ---------------------------------------------------------------------------------------------------

HOSTS = [("localhost", 200), ("localhost:8480", 200), ("LOCALHOST", 200), ("127.0.0.1", 200), ("127.0.0.2:1", 200),
         ("[::1]:8480", 200), ("proxy.example", 200), ("Proxy.Example:443", 200),
         ("evil.example", 421), ("evil.example:8480", 421), ("localhost.evil.example", 421), ("127.0.0.1.evil.example", 421),
         ("10.0.0.1", 421), ("[::2]", 421), ("localhost:80x", 421), ("localhost@evil.example", 421), ("[::1", 421),
         ("", 421), ("localhost:80:80", 421), ("0.0.0.0", 421), ("2130706433", 421)]


@case
def addressed_to_another_name(place):
    _, web = scripted(place, http={"names": ["proxy.example"]})
    for target in ("/api/v1/images", "/metrics", "/livez", "/nowhere"):
        for host, status in HOSTS:
            reply = web.send(b"GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" %
                             (target.encode(), host.encode()))
            expected = 404 if status == 200 and target == "/nowhere" else status
            has(reply[:13].decode(), " %d" % expected)
            if status != 200 and host:
                assert host.encode() not in reply, "the name was repeated"
    for none in (b"GET /livez HTTP/1.0\r\n\r\n", b"GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n",
                 b"GET /livez HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
                 b"GET http://evil.example/livez HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"):
        assert re.match(rb"HTTP/1.\d 4(00|21) ", web.send(none)), none
    equal(web.send(b"GET http://localhost/livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")[9:12], b"404")
    web.stop()


@case
def on_all_addresses_any_of_them_is_ours(place):
    _, web = scripted(place, listen="0.0.0.0:0")
    for host, status in (("10.0.0.1:80", 200), ("[fe80::1]", 200), ("evil.example", 421), (socket.gethostname(), 200)):
        equal(web.get("/livez", Host=host).status, status, host)
    web.stop()


@case
def asked_by_a_page_of_another_site(place):
    _, web = scripted(place)
    for site, status in (("cross-site", 403), ("Cross-Site", 403), ("same-origin", 200), ("same-site", 200), ("none", 200)):
        reply = web.get("/api/v1/images", Sec_Fetch_Site=site, Origin="http://evil.example")
        equal(reply.status, status, site)
        assert reply.headers["Access-Control-Allow-Origin"] is None
    equal(web.ask("POST", "/-/poll", Sec_Fetch_Site="cross-site", Authorization="Bearer " + TOKEN).status, 403)
    web.stop()


@case
def methods(place):
    _, web = scripted(place)
    for target in ("/api/v1/images", "/metrics", "/livez", "/openapi.json", "/api/v1/events"):
        for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get", "FOO"):
            reply = web.ask(method, target)
            reply.problem(405)
            equal(reply.headers["Allow"], "GET, HEAD")
        equal(web.ask("HEAD", target).status, 200)
    for target in ("/-/poll", "/-/reload", "/-/release"):
        for method in ("GET", "HEAD", "PUT", "OPTIONS"):
            reply = web.ask(method, target, Authorization="Bearer " + TOKEN)
            equal((reply.status, reply.headers["Allow"]), (405, "POST"))
    web.ask("GET", "/api/v1/images", body="limit=1").problem(400)
    web.ask("POST", "/-/poll?listing=1", body="listing=1", Authorization="Bearer " + TOKEN).problem(400)
    equal(place.value("SELECT count(*) FROM polls"), 1)
    web.stop()


@case
def every_answer_protects_itself(place):
    _, web = scripted(place)
    for target in ("/api/v1/images", "/api/v1/images?format=csv", "/metrics", "/livez", "/nowhere", "/api/v1/images?x",
                   "/openapi.json", "/-/poll"):
        headers = web.get(target).headers
        equal(headers["X-Content-Type-Options"], "nosniff", target)
        has(headers["Content-Security-Policy"], "default-src 'self'")
        assert headers["Access-Control-Allow-Origin"] is None
    web.stop()


PATHS = ["/..", "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//", "//api/v1/images", "/api/v1//images", "/api/v1/images/../stats",
         "/%00", "/livez%00", "/livez/", "/livez;x", "/..;/livez", "/%c0%ae%c0%ae/", "/%ff", "/api", "/api/v2/images", "/api/v1/",
         "/LIVEZ", "/.git/config", "/index.html", "/static/../../x", "/%", "/%zz", "/api/v1/images%3Flimit=1", "*", "livez",
         "/<script>", "/api/v1/" + "x" * 5000]


@case
def paths_that_are_nothing(place):
    _, web = scripted(place)
    for path in PATHS:
        reply = web.send(b"GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % path.encode())
        assert reply[9:12] in (b"404", b"400"), (path, reply[:200])
        if len(path) > 5:
            assert path.encode() not in reply, path
    web.stop()


if __name__ == "__main__":
    main()
