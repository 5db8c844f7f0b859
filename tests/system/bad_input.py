#!/usr/bin/env python3
"""What goes wrong between the program and a cloud: for each fault one clear sentence, the right exit status, the
right row in `polls`, every other listing whole, nothing lost of what was known, no secret anywhere.

Usage: python3 tests/system/bad_input.py BUILD_DIR [NAME]...
"""
import contextlib
import gzip
import os
import re
import socket
import sqlite3
import sys
import zlib

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import cloud as clouds  # noqa: E402
from certificates import Certificates  # noqa: E402
from cloud import Answer, json_answer, qingcloud_error, ucloud_error  # noqa: E402
from harness import case, check_listing, equal, has, main, row_case  # noqa: E402
from patience import PATIENCE  # noqa: E402

UHOST = [clouds.uhost_image(n) for n in range(7)]
CUSTOM = [clouds.custom_image(n) for n in range(5)]
SELF = [clouds.qingcloud_image(n) for n in range(6)]
MIB = 1 << 20


class World:
    """One account that will get into trouble (prod, uhost) and two that must not notice."""

    def __init__(self, place, tls=None, **account):
        self.place = place
        self.cloud = place.cloud(tls=tls)
        self.good = place.cloud()
        self.uhost = self.cloud.put("DescribeImage", UHOST)
        self.custom = self.good.put("DescribeCompShareCustomImages", CUSTOM)
        self.selves = self.good.put("DescribeImages", SELF)
        self.account = place.account("ucloud", self.cloud.url(), name="prod", services=["uhost"], **account)
        self.others = [place.account("compshare", self.good.url(), name="gpu", services=["custom"]),
                       place.account("qingcloud", self.good.url("/iaas/"), name="qc")]

    def configure(self, **more):
        self.place.configure([self.account, *self.others], **more)

    def learn(self):
        """A first run in which all goes well."""
        self.configure()
        self.place.once(0)
        check_listing(self.place, self.uhost.items, "prod")

    def check_others(self):
        for account, shelf in (("gpu", self.custom), ("qc", self.selves)):
            equal(self.place.last_poll(account)["outcome"], "complete", account)
            check_listing(self.place, shelf.items, account)

    def check_nothing_lost(self):
        check_listing(self.place, self.uhost.items, "prod")
        equal(self.place.value("SELECT count(*) FROM changes WHERE kind IN ('missing', 'removed')"), 0)


def sentence(run, part="prod uhost cn-bj2: "):
    """The one line that says what failed."""
    lines = run.line(part)
    equal(len(lines), 1, "lines with %r in %r" % (part, run.err))
    return lines[0]


def check_poll(place, run, outcome="failed", **expected):
    poll = place.last_poll("prod")
    equal(poll["outcome"], outcome, "outcome (%s)" % poll["message"])
    for column, value in expected.items():
        if isinstance(value, (tuple, set)):
            assert poll[column] in value, "%s is %r, not one of %r (%s)" % (column, poll[column], value,
                                                                         poll["message"])
        else:
            equal(poll[column], value, "polls.%s (%s)" % (column, poll["message"]))
    line = sentence(run)
    assert poll["message"] and poll["message"] in line, "polls.message %r is not what stderr says: %r" % (
        poll["message"], line)
    assert poll["message"].startswith("prod uhost cn-bj2: "), poll["message"]
    listing = place.listing("prod")
    equal(listing["last_error"], poll["message"], "listings.last_error")
    equal(listing["last_error_class"], poll["error_class"], "listings.last_error_class")
    return poll


def trouble(place, act, status=3, words=(), requests=None, prepare=None, timeout=PATIENCE, where=None, **expected):
    """Learn, then poll again with `act` in the way."""
    world = World(place)
    if prepare:
        prepare(world)
    world.learn()
    before = len(world.cloud.asked())
    world.cloud.script("DescribeImage", act if callable(act) else lambda request, usual: act, where)
    run = place.once(status, timeout=timeout)
    poll = check_poll(place, run, **expected)
    for word in words:
        has(poll["message"], word)
    if requests:
        equal(len(world.cloud.asked(since=before)), requests, "requests")
        equal(poll["requests"], requests, "polls.requests")
        equal(poll["retries"], requests - 1, "polls.retries")
    world.check_others()
    world.check_nothing_lost()
    return world, run, poll


# ---- errors that the provider tells -----------------------------------------------------------------------------

# name, code, message, class, tries, words of the sentence
CODES = [
    ("110", 110, "timeout", "unavailable", 3, ["RetCode 110"]),
    ("150", 150, "服务不可用", "unavailable", 3, ["RetCode 150", "服务不可用"]),
    ("160", 160, "Missing Action", "parameter", 1, ["RetCode 160"]),
    ("170", 170, "Missing signature", "auth", 1, ["RetCode 170", "private_key"]),
    ("171", 171, "Signature VerifyAC Error", "auth", 1, ["RetCode 171", "check private_key of account 'prod'"]),
    ("172", 172, "User not found", "auth", 1, ["RetCode 172", "check public_key of account 'prod'"]),
    ("174", 174, "Token Not Exists", "auth", 1, ["RetCode 174"]),
    ("210", 210, "Missing parameter", "parameter", 1, ["RetCode 210"]),
    ("230", 230, "Params [Region] not available", "permission", 1, ["RetCode 230"]),
    ("292", 292, "Project not found", "permission", 1, ["RetCode 292", "project_id"]),
    ("299", 299, "IAM denied", "permission", 1, ["RetCode 299"]),
    ("8874", 8874, "获取镜像失败", "unavailable", 3, ["RetCode 8874", "获取镜像失败"]),
    ("9999", 9999, "???", "unavailable", 2, ["RetCode 9999"]),
    ("huge", 2 ** 40, "no", "unavailable", 2, []),
]


@row_case(CODES, "retcode")
def retcode(place, code, message, error_class, tries, words):
    world, _, poll = trouble(place, ucloud_error(code, message), words=words, requests=tries,
                             error_class=error_class, http_status=200, code=code, provider_message=message)
    equal(place.listing("prod")["last_code"], code, "listings.last_code")
    health = place.listing("prod")["health"]
    equal(health, "auth" if error_class == "auth" else "failing", "health")


@case
def retcode_negative(place):
    retcode(place, -1, "no", "unavailable", 2, ["RetCode -1"])


@case
def retcode_as_text(place):
    """RetCode "171" is 171, and "0" is success."""
    trouble(place, json_answer({"RetCode": "171", "Message": "Signature VerifyAC Error"}), error_class="auth",
            code=171)


@case
def retcode_zero_as_text_is_success(place):
    world = World(place)
    world.cloud.script("DescribeImage", lambda request, usual:
                       Answer(usual().body.replace(b'"RetCode":0', b'"RetCode":"0"'), items=usual().items))
    world.learn()


# name, what stands for 0 or for the whole answer
NOT_SUCCESS = [
    ("absent", b""), ("null", b'"RetCode":null,'), ("true", b'"RetCode":true,'), ("zero_float", b'"RetCode":0.0,'),
    ("text", b'"RetCode":"ok",'), ("hex", b'"RetCode":"0x0",'), ("list", b'"RetCode":[0],'),
    ("twice", b'"RetCode":0,"RetCode":171,'), ("escaped_twice", b'"RetCode":0,"Ret\\u0043ode":171,'),
]


@row_case(NOT_SUCCESS, "retcode_is_no_success")
def retcode_is_no_success(place, text):
    def act(request, usual):
        body = usual().body.replace(b'"RetCode":0,', text)
        return Answer(body)
    trouble(place, act, error_class="malformed", http_status=200)


@case
def throttled(place):
    """RetCode 153: one retry after 5 to 20 s; other accounts do not wait for it."""
    world, run, poll = trouble(place, ucloud_error(153, "Too many requests"), requests=2, error_class="throttled",
                               code=153, throttled=2, words=["RetCode 153"])
    assert run.seconds >= 4.9, run.seconds


@case
def throttled_by_status(place):
    world, run, poll = trouble(place, Answer("slow down", 429, {"Retry-After": "1"}), requests=2,
                               error_class="throttled", http_status=429)
    assert run.seconds >= 0.9, run.seconds


@case
def wrong_private_key(place):
    """The only account there is: exit 4, and the sentence of the contract."""
    cloud = place.cloud()
    cloud.put("DescribeImage", UHOST)
    place.secrets.add("0123456789abcdef0123456789abcdef01234567")
    place.configure([place.account("ucloud", cloud.url(), name="prod", services=["uhost"], cloud="api.ucloud.cn",
                                   private_key_file=place.key_file("p", "0123456789abcdef0123456789abcdef01234567"))])
    run = place.once(4)
    has(run.err, "prod uhost cn-bj2: signature refused by api.ucloud.cn (RetCode 171 \"Signature VerifyAC "
                 "Error\"): check private_key of account 'prod'")
    check_poll(place, run, error_class="auth", code=171, requests=1)
    equal(place.listing("prod")["health"], "auth")


@case
def wrong_private_key_of_one(place):
    """Another account is complete: exit 3."""
    world = World(place)
    world.learn()
    world.account["private_key_file"] = place.key_file("prod.key", "not-the-right-key-of-anybody")
    place.secrets.add("not-the-right-key-of-anybody")
    world.configure()
    run = place.once(3)
    check_poll(place, run, error_class="auth", code=171)
    world.check_others()
    world.check_nothing_lost()


@case
def unknown_account(place):
    cloud = place.cloud()
    place.configure([place.account("ucloud", cloud.url(), name="prod", services=["uhost"], public_key="nobody")])
    run = place.once(4)
    check_poll(place, run, error_class="auth", code=172)
    has(sentence(run), "check public_key of account 'prod'")


@case
def wrong_qingcloud_secret(place):
    cloud = place.cloud()
    cloud.put("DescribeImages", SELF)
    place.secrets.add("WRONGSECRETACCESSKEY")
    place.configure([place.account("qingcloud", cloud.url("/iaas/"), name="qc",
                                   secret_access_key_file=place.key_file("q", "WRONGSECRETACCESSKEY"))])
    run = place.once(4)
    poll = place.last_poll("qc")
    equal((poll["outcome"], poll["error_class"], poll["code"]), ("failed", "auth", 1200))
    has(sentence(run, "qc images pek3"), "check secret_access_key of account 'qc'")


@case
def auth_and_network_is_3(place):
    """Not all failures are authentication."""
    cloud = place.cloud()
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    place.configure([place.account("ucloud", cloud.url(), name="prod", services=["uhost"], public_key="nobody"),
                     place.account("ucloud", "http://127.0.0.1:%d/" % port, name="off", services=["uhost"])])
    place.once(3)


@case
def qingcloud_expired_is_signed_again_once(place):
    """The cloud's clock is ahead by an hour: 1300, one fresh signature, then it is what it is."""
    cloud = place.cloud()
    cloud.put("DescribeImages", SELF)
    cloud.skew = 3600
    place.configure([place.account("qingcloud", cloud.url("/iaas/"), name="qc")])
    run = place.once(4)
    poll = place.last_poll("qc")
    equal((poll["outcome"], poll["error_class"], poll["code"], poll["requests"]), ("failed", "auth", 1300, 2))
    has(sentence(run, "qc images pek3"), "clock")


@case
def qingcloud_expired_once(place):
    """A signature that was refused as too old is made anew and accepted."""
    cloud = place.cloud()
    shelf = cloud.put("DescribeImages", SELF)
    cloud.script("DescribeImages", lambda request, usual: qingcloud_error(1300, "RequestHasExpired"), nth=1)
    place.configure([place.account("qingcloud", cloud.url("/iaas/"), name="qc")])
    place.once(0)
    check_listing(place, shelf.items, "qc")


# name, code, message, class, tries
QINGCLOUD_CODES = [
    ("1100", 1100, "bad", "parameter", 1), ("1400", 1400, None, "permission", 1), ("1503", 1503, "x", "permission", 1),
    ("2000", 2000, "x", "auth", 1), ("2100", 2100, "x", "parameter", 1), ("5100", 5100, "busy", "unavailable", 3),
    ("7777", 7777, "?", "unavailable", 2),
]


@row_case(QINGCLOUD_CODES, "qingcloud_code")
def qingcloud_code(place, code, message, error_class, tries):
    cloud = place.cloud()
    shelf = cloud.put("DescribeImages", SELF)
    place.configure([place.account("qingcloud", cloud.url("/iaas/"), name="qc")])
    place.once(0)
    cloud.always("DescribeImages", qingcloud_error(code, message))
    place.once(4 if error_class == "auth" else 3)
    poll = place.last_poll("qc")
    equal((poll["outcome"], poll["error_class"], poll["code"], poll["requests"]),
          ("failed", error_class, code, tries))
    check_listing(place, shelf.items, "qc")


@case
def permission_of_places_found_by_all(place):
    """A region that `all` found and the account may not use does not count; a named one does."""
    cloud = place.cloud()
    shelf = cloud.put("DescribeImage", UHOST, {"Region": "cn-bj2"})
    cloud.script("GetRegion", lambda request, usual: cloud.refusal(request) or json_answer({
        "RetCode": 0, "Regions": [{"RegionId": 1, "Region": "cn-bj2", "Zone": "cn-bj2-02"},
                                  {"RegionId": 2, "Region": "us-ca", "Zone": "us-ca-01"}]}))
    cloud.always("DescribeImage", ucloud_error(230, "Params [Region] not available"), {"Region": "us-ca"})
    place.configure([place.account("ucloud", cloud.url(), name="prod", services=["uhost"], regions="all")])
    place.once(0)
    check_listing(place, shelf.items, "prod", "uhost", region="cn-bj2")
    poll = place.last_poll("prod", "uhost", region="us-ca")
    equal((poll["outcome"], poll["error_class"], poll["code"]), ("failed", "permission", 230))
    equal(place.last_poll("prod", "discovery")["outcome"], "complete")
    place.configure([place.account("ucloud", cloud.url(), name="prod", services=["uhost"],
                                   regions=["cn-bj2", "us-ca"])])
    place.once(3)


@case
def message_that_echoes_the_key(place):
    """A provider that prints our key and string-to-sign, with escapes, a newline and a megabyte."""
    def act(request, usual):
        text = "key %s sign %s\x1b[2J\r\n<0>fake " % (clouds.UCLOUD_SECRET, request.params["Signature"])
        return ucloud_error(171, text + "x" * MIB)
    world, run, poll = trouble(place, act, error_class="auth", code=171)
    assert len(poll["provider_message"].encode()) <= 600, len(poll["provider_message"])
    for text in (poll["provider_message"], poll["message"]):
        assert not re.search(r"[\x00-\x1f\x7f-\x9f]", text), text[:200]
    assert not re.search(r"^<0>", run.err, re.M), run.err[:300]
    assert "\x1b" not in run.err


# ---- HTTP ---------------------------------------------------------------------------------------------------------

# name, status, class, tries
STATUSES = [
    ("204", 204, "http", 1), ("206", 206, "http", 1), ("304", 304, "http", 1), ("400", 400, "http", 1),
    ("401", 401, "auth", 1), ("403", 403, "permission", 1), ("404", 404, "http", 1), ("500", 500, "unavailable", 3),
    ("502", 502, "unavailable", 3), ("503", 503, "unavailable", 3),
]


@row_case(STATUSES, "status")
def status(place, code, error_class, tries):
    """The body is a good answer: it must not be read as one."""
    def act(request, usual):
        body = b"" if code in (204, 304) else usual().body
        return Answer(body, code)
    trouble(place, act, error_class=error_class, http_status=code, requests=tries, words=["HTTP %d" % code])


@row_case([("301", 301), ("302", 302), ("307", 307), ("308", 308)], "redirect")
def redirect(place, code):
    other = place.cloud()
    other.put("DescribeImage", [clouds.uhost_image(n) for n in range(100, 105)])

    def act(request, usual):
        return Answer("", code, {"Location": other.url("/?" + request.body.decode())})
    trouble(place, act, error_class="http", http_status=code, requests=1, words=["HTTP %d" % code, "redirect"])
    equal(other.connections, 0, "connections to the target")


@case
def redirect_loop(place):
    trouble(place, Answer("", 302, {"Location": "/"}), error_class="http", http_status=302, requests=1)


# name, answer, class
BODIES = [
    ("html", Answer("<!DOCTYPE html><html><body>Please log in</body></html>",
                    headers={"Content-Type": "text/html"}), "malformed"),
    ("empty", Answer(""), "malformed"),
    ("blank", Answer("  \n "), "malformed"),
    ("null", Answer("null"), "malformed"),
    ("list", Answer("[]"), "malformed"),
    ("number", Answer("17"), "malformed"),
    ("empty_object", Answer("{}"), "malformed"),
    ("deep", Answer('{"RetCode":0,"TotalCount":1,"ImageSet":' + "[" * 100000), "malformed"),
    ("deep_closed", Answer('{"RetCode":0,"TotalCount":1,"Other":' + "[" * 50000 + "]" * 50000 + "}"),
     "malformed"),
    ("utf16", Answer('{"RetCode":0}'.encode("utf-16")), "malformed"),
    ("nul_bytes", Answer(b"\0" * 1000), "malformed"),
    ("bad_gzip", Answer(b"this is not gzip", headers={"Content-Encoding": "gzip"}), "malformed"),
    ("other_encoding", Answer(b"\x0b\x02\x80", headers={"Content-Encoding": "br"}), ("http", "malformed")),
]


@row_case(BODIES, "body")
def body(place, answer, error_class):
    trouble(place, answer, error_class=error_class)


# name, what becomes of a good body, class
DAMAGES = [
    ("cut", lambda b: b[:len(b) // 2], "malformed"),
    ("trailing_brace", lambda b: b + b"}", "malformed"),
    ("two_documents", lambda b: b + b, "malformed"),
    ("no_list", lambda b: b'{"RetCode":0,"TotalCount":7}', ("malformed", "incomplete")),
    ("no_list_no_total", lambda b: b'{"RetCode":0}', ("malformed", "incomplete")),
    ("null_list", lambda b: b'{"RetCode":0,"TotalCount":7,"ImageSet":null}', ("malformed", "incomplete")),
    ("list_is_object", lambda b: b'{"RetCode":0,"TotalCount":7,"ImageSet":{"a":1}}', ("malformed", "incomplete")),
    ("list_is_text", lambda b: b'{"RetCode":0,"TotalCount":7,"ImageSet":"no"}', ("malformed", "incomplete")),
    ("list_of_lists", lambda b: b'{"RetCode":0,"TotalCount":1,"ImageSet":[[1]]}', ("malformed", "incomplete")),
    ("unescaped_quote", lambda b: b.replace(b"Ubuntu", b'Ub"untu', 1), "malformed"),
    ("list_twice", lambda b: b[:-1] + b',"ImageSet":[]}', "malformed"),
    ("total_twice", lambda b: b[:-1] + b',"TotalCount":0}', "malformed"),
]


@row_case(DAMAGES, "damage")
def damage(place, change, error_class):
    trouble(place, lambda request, usual: Answer(change(usual().body)), error_class=error_class, http_status=200)


@case
def content_type_does_not_matter(place):
    world = World(place)
    world.cloud.script("DescribeImage", lambda request, usual:
                       Answer(usual().body, headers={"Content-Type": "text/html"}, items=usual().items))
    world.learn()


@case
def good_gzip(place):
    world = World(place)
    world.cloud.script("DescribeImage", lambda request, usual:
                       Answer(gzip.compress(usual().body), headers={"Content-Encoding": "gzip"},
                              items=usual().items))
    world.learn()


def bomb(total):
    """Gzip of a list that begins well and goes on with blanks, in small pieces."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    yield squeeze.compress(b'{"RetCode":0,"TotalCount":1,"ImageSet":[')
    blanks = b" " * MIB
    for _ in range(total // MIB):
        piece = squeeze.compress(blanks)
        if piece:
            yield piece
    yield squeeze.flush()


BOMB = b"".join(bomb(1 << 30))


@case
def gzip_bomb(place):
    """1 MiB on the wire is 1 GiB of blanks."""
    assert len(BOMB) < 2 * MIB
    world, run, poll = trouble(place, lambda request, usual:
                               Answer(BOMB, headers={"Content-Encoding": "gzip"}), error_class="oversized",
                               words=["16 MiB"])
    assert run.peak < 200 * MIB, "%d MiB resident" % (run.peak // MIB)


@case
def gzip_bomb_in_gzip(place):
    world, run, poll = trouble(place, lambda request, usual:
                               Answer(gzip.compress(BOMB), headers={"Content-Encoding": "gzip, gzip"}),
                               error_class=("oversized", "http", "malformed"))
    assert run.peak < 200 * MIB, "%d MiB resident" % (run.peak // MIB)


@case
def endless_body(place):
    """Chunks for ever."""
    def chunks():
        while True:
            yield b'{"RetCode":0,"a":"' + b"x" * 65536
    world, run, poll = trouble(place, lambda request, usual: Answer(framing="chunked", pieces=chunks()),
                               error_class="oversized")
    assert run.peak < 200 * MIB, "%d MiB resident" % (run.peak // MIB)


@case
def promised_oversized_body(place):
    """Content-Length names more than is allowed."""
    trouble(place, lambda request, usual: Answer(b"{", headers={"Content-Length": str(1 << 40)}, cut=1),
            error_class=("oversized", "network"))


@case
def limit_is_configurable(place):
    world = World(place)
    world.configure(limits={"max_body": "64KiB"})
    big = clouds.uhost_image(900, ImageDescription="x" * 100000)
    world.cloud.put("DescribeImage", [big])
    run = place.once(3)
    check_poll(place, run, error_class="oversized")
    world.check_others()


@case
def endless_header(place):
    def act(request, usual):
        return Answer(usual().body, headers={"X-Long": "y" * (2 * MIB)})
    world, run, poll = trouble(place, act, error_class=("oversized", "http", "network", "internal"))
    assert run.peak < 200 * MIB


@case
def ten_thousand_headers(place):
    def act(request, usual):
        return Answer(usual().body, headers={"X-%d" % i: "z" * 20 for i in range(10000)})
    trouble(place, act, error_class=("oversized", "http", "network"))


# ---- connections -----------------------------------------------------------------------------------------------

# name, answer, class, tries
BROKEN = [
    ("cut_length", dict(cut=200), ("network", "malformed"), None),
    ("cut_close", dict(framing="close", cut=200), "malformed", 2),
    ("cut_before_body", dict(cut=0), ("network", "malformed"), None),
    ("reset", dict(how="reset"), "network", 3),
    ("closed", dict(how="close"), "network", 3),
]


@row_case(BROKEN, "broken")
def broken(place, how, error_class, tries):
    trouble(place, lambda request, usual: Answer(usual().body, **how), error_class=error_class, requests=tries)


@case
def broken_once_is_tried_again(place):
    world = World(place)
    world.cloud.script("DescribeImage", lambda request, usual: Answer(how="reset"), nth=1)
    world.learn()
    equal(place.last_poll("prod")["retries"], 1, "retries")


@case
def nobody_listens(place):
    world = World(place)
    world.learn()
    world.cloud.close()
    run = place.once(3)
    check_poll(place, run, error_class="network", http_status=None, code=None, requests=3)
    has(sentence(run), "connection refused")
    world.check_others()
    world.check_nothing_lost()


@case
def no_such_host(place):
    world = World(place)
    world.account["endpoint"] = "https://nowhere.invalid/"
    world.configure()
    run = place.once(3)
    check_poll(place, run, error_class="network")
    has(sentence(run), "nowhere.invalid")
    world.check_others()


def check_waited(poll, seconds):
    """For its time-out, and not for the ten seconds that others have: what it measured itself is in the sentence."""
    waited = float(re.search(r" within ([0-9.]+) s", poll["message"])[1])
    assert seconds <= waited < 10, poll["message"]


@case
def silent_server(place):
    def prepare(world):
        world.account["timeout"] = "1s"
    world, run, poll = trouble(place, Answer(how="silence"), prepare=prepare, requests=3, error_class="timeout")
    check_waited(poll, 1)


@case
def slow_drip(place):
    """A byte every 0.2 s never ends within the time-out."""
    def prepare(world):
        world.account["timeout"] = "2s"

    def act(request, usual):
        body = usual().body
        return Answer(headers={"Content-Length": str(len(body))},
                      pieces=(body[i:i + 1] for i in range(len(body))), pause=0.2)
    world, run, poll = trouble(place, act, prepare=prepare, requests=3, error_class="timeout")
    check_waited(poll, 2)


@case
def slow_but_in_time(place):
    """Sliced into single bytes, the same result as in one piece."""
    world = World(place)

    def act(request, usual):
        answer = usual()
        return Answer(headers={"Content-Length": str(len(answer.body))}, items=answer.items,
                      pieces=(answer.body[i:i + 1] for i in range(len(answer.body))))
    world.cloud.script("DescribeImage", act)
    world.learn()


@case
def half_of_the_pages(place):
    """Page 3 fails: what pages 1 and 2 brought is stored, nothing moves towards removal."""
    world = World(place)
    old = [clouds.uhost_image(n) for n in range(1000, 1250)]
    world.uhost = world.cloud.put("DescribeImage", old)
    world.learn()
    fresh = [clouds.uhost_image(n) for n in range(1, 4)] + old[:240]
    shelf = world.cloud.put("DescribeImage", fresh)
    world.cloud.script("DescribeImage", lambda request, usual:
                       Answer("", 500) if request.number("Offset", 0) > 150 else None)
    run = place.once(3)
    poll = check_poll(place, run, outcome="partial", error_class="unavailable", http_status=500, missing=0, removed=0,
                      added=3)
    rows = place.images("prod")
    everything = {clouds.id_of(raw) for raw in shelf.items + world.uhost.items}
    equal(set(rows), everything, "images")
    equal(place.listing("prod")["health"], "partial")
    world.check_others()


# ---- TLS -----------------------------------------------------------------------------------------------------------

# name, certificate, ca_file is given, accepted
TLS = [
    ("private_ca", "good", True, True),
    ("unknown_ca", "good", False, False),
    ("other_ca", "other-ca", True, False),
    ("wrong_host", "wrong-host", True, False),
    ("wrong_address", "wrong-address", True, False),
    ("expired", "expired", True, False),
    ("not_yet_valid", "not-yet-valid", True, False),
    ("short_key", "short-key", True, False),
    ("no_alternative_name", "no-names", True, False),
]


@row_case(TLS, "tls")
def tls(place, certificate, with_ca, accepted):
    certificates = Certificates(os.path.join(place.path, "certificates"))
    extra = {"ca_file": certificates.ca()} if with_ca else {}
    world = World(place, tls=certificates.server(certificate), **extra)
    world.configure()
    run = place.once(0 if accepted else 3)
    world.check_others()
    if accepted:
        check_listing(place, world.uhost.items, "prod")
        return
    check_poll(place, run, error_class="tls", http_status=None)
    has(sentence(run), "account 'prod'")
    equal(world.cloud.clear_bytes, 0, "bytes that the server could read")
    equal(world.cloud.asked(), [], "requests")
    assert world.cloud.connections >= 1


# name, certificate, the catalog knows a time that is by so many days later, polls.clock_jump
CLOCKS = [
    ("behind", "not-yet-valid", 2, 1),
    ("ahead", "expired", -2, 0),
]


@row_case(CLOCKS, "tls_clock")
def tls_clock(place, certificate, days, flag):
    """A certificate is out of date by a clock; where that one is in doubt, it is the first to look at."""
    certificates = Certificates(os.path.join(place.path, "certificates"))
    world = World(place, tls=certificates.server(certificate), ca_file=certificates.ca())
    world.configure()
    run = place.once(3)
    poll = check_poll(place, run, error_class="tls", clock_jump=0)
    has(poll["message"], "check endpoint and ca_file of account 'prod'")
    equal(run.line("the clock of this machine was set"), [], "lines about the clock")
    with contextlib.closing(sqlite3.connect(place.catalog)) as db, db:
        db.execute("UPDATE _clock SET time_ms = time_ms + ?", (days * 86400000,))
    run = place.once(3)
    poll = check_poll(place, run, error_class="tls", clock_jump=flag)
    has(poll["message"], ": check the clock of this machine: it says 20")
    equal(len(run.line("the clock of this machine was set, or is wrong")), flag, "lines about the clock")
    equal(world.cloud.clear_bytes, 0, "bytes that the server could read")
    world.check_others()


@case
def tls_old_version(place):
    certificates = Certificates(os.path.join(place.path, "certificates"))
    context = certificates.server("good")
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = 0x0301
    context.maximum_version = 0x0302
    world = World(place, tls=context, ca_file=certificates.ca())
    world.configure()
    run = place.once(3)
    check_poll(place, run, error_class="tls")
    equal(world.cloud.clear_bytes, 0)


@case
def tls_to_a_plain_server(place):
    world = World(place)
    world.account["endpoint"] = world.cloud.url().replace("http:", "https:")
    world.configure()
    run = place.once(3)
    check_poll(place, run, error_class="tls")
    equal(world.cloud.asked(), [])
    world.check_others()


# ---- proxies --------------------------------------------------------------------------------------------------------

@case
def proxies_of_the_environment_are_ignored(place):
    world = World(place)
    proxy = place.cloud()
    names = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy")
    world.configure()
    place.once(0, env={name: proxy.url() for name in names})
    equal(proxy.connections, 0, "connections to the proxy")
    world.check_others()


@case
def proxy_of_the_configuration_is_used(place):
    world = World(place)
    proxy = place.cloud()
    proxy.put("DescribeImage", UHOST)
    world.account["proxy"] = proxy.url("")
    world.account["endpoint"] = "http://127.0.0.1:9/"
    world.configure()
    place.once(0)
    check_listing(place, world.uhost.items, "prod")
    assert proxy.asked("DescribeImage")[0].target.startswith("http://127.0.0.1:9/")


if __name__ == "__main__":
    main()
