#!/usr/bin/env python3
"""Keys and signatures, echoed by the cloud in every spelling and place: nothing of them in any sink.

The harness itself searches every file of every case for each secret and each signature in seven spellings; here the
cloud does its best to get one there.

Usage: python3 tests/system/secrets.py BUILD_DIR [NAME]...
"""
import base64
import json
import os
import re
import sys
import threading
import urllib.parse

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import cloud as clouds  # noqa: E402
from cloud import Answer, json_answer, ucloud_error  # noqa: E402
from daemon import Daemon, polls, until  # noqa: E402
from harness import case, equal, has, main, row_case  # noqa: E402

# A key with everything that encodings change.
SECRET = "Canary/7Kp+2mQ==x\"y9Zr"

SPELLINGS = [
    ("plain", lambda s: s),
    ("percent", lambda s: urllib.parse.quote(s, safe="")),
    ("base64", lambda s: base64.b64encode(s.encode()).decode()),
    ("hex", lambda s: s.encode().hex()),
    ("upper_hex", lambda s: s.encode().hex().upper()),
    ("reversed", lambda s: s[::-1]),
    ("json", lambda s: json.dumps(s)[1:-1].replace("/", "\\/")),
]


def world(place, debug=False):
    cloud = place.cloud(keys={clouds.UCLOUD_ID: SECRET})
    place.secrets.add(SECRET)
    cloud.put("DescribeImage", [clouds.uhost_image(n) for n in range(3)])
    account = place.account("ucloud", cloud.url(), name="prod", services=["uhost"],
                            private_key_file=place.key_file("canary.key", SECRET + "\n"))
    place.configure([account], **({"log": {"level": "debug"}} if debug else {}))
    return cloud


@row_case(SPELLINGS, "in_a_message")
def in_a_message(place, spell):
    """The key, the signature, and a string to sign that ends where our limit cuts it."""
    cloud = world(place, debug=True)

    def act(request, usual):
        text = "sign %s with %s; " % (spell(request.params["Signature"]), spell(SECRET))
        return ucloud_error(171, text + "x" * (505 - len(text)) + spell(SECRET))
    cloud.script("DescribeImage", act)
    place.once(4)
    message = place.last_poll("prod")["provider_message"]
    has(message, "*******")


@case
def escaped_in_a_message(place):
    r"""Every letter as \u00XX: it is a key again once it was read."""
    cloud = world(place)
    escaped = "".join("\\u%04x" % ord(c) for c in SECRET)
    cloud.always("DescribeImage", Answer('{"RetCode":171,"Message":"your key: %s"}' % escaped))
    place.once(4)
    equal(re.sub(r"\*+", "*", place.last_poll("prod")["provider_message"]), "your key: *")


# name, how the cloud answers
PLACES = [
    ("name", lambda text: {"ImageName": text}),
    ("description", lambda text: {"ImageDescription": "a " + text + " b"}),
    ("unknown_field", lambda text: {"Debug": {"signed": [text]}}),
    ("id", lambda text: {"ImageId": "uimage-" + text}),
    ("word", lambda text: {"State": text}),
    ("key", lambda text: {text: 1}),
]


@row_case(PLACES, "in_an_item")
def in_an_item(place, item):
    """In an image: painted over, and the image is there."""
    cloud = world(place)
    cloud.put("DescribeImage", [dict(clouds.uhost_image(1), **item(SECRET)), clouds.uhost_image(2)])
    place.once(0)
    equal(len(place.images("prod")), 2)
    place.once(0)
    equal(place.value("SELECT count(*) FROM changes WHERE kind = 'changed'"), 0)


def gson(text):
    """As Google's serialiser writes it, which is in front of a page of HTML for all it knows."""
    return re.sub("[<>&='\"]", lambda match: "\\u%04x" % ord(match.group()), text)


def every_letter(text):
    return "".join("\\u%04X" % ord(letter) for letter in text)


@row_case([(place + "_" + name, item, spell) for place, item in PLACES for name, spell in
           (("gson", gson), ("every_letter", every_letter))], "escaped_in")
def escaped_in_an_item(place, item, spell):
    cloud = world(place)
    images = [dict(clouds.uhost_image(1), **item("SECRET")), clouds.uhost_image(2)]

    def act(request, usual):
        shown = images[int(request.params.get("Offset", "0")):]
        text = json.dumps({"RetCode": 0, "Action": "DescribeImageResponse", "TotalCount": 2, "ImageSet": shown})
        return Answer(text.replace("SECRET", spell(SECRET)))
    cloud.script("DescribeImage", act)
    place.once(0)
    equal(len(place.images("prod")), 2)
    text = " ".join(str(value) for row in place.rows("SELECT * FROM images") for value in row.values())
    assert "*" * len(SECRET) in text, text
    for spelled in (SECRET, spell(SECRET)):
        assert spelled not in text, text


TOKEN = "ch_4711-canary"


@row_case([("message", {"ImageName": "x"}, 171), ("name", {"ImageName": "of " + TOKEN}, 0),
           ("unknown_field", {"Channel": [TOKEN]}, 0)], "a_header_in_a")
def a_header_that_is_echoed(place, item, code):
    """What a gateway is told beside the keys may be a token."""
    cloud = place.cloud()
    place.secrets.add(TOKEN)
    cloud.put("DescribeImage", [dict(clouds.uhost_image(1), **item)])
    if code:
        cloud.script("DescribeImage", lambda request, usual: ucloud_error(code, "bad channel " + TOKEN))
    place.configure([place.account("ucloud", cloud.url(), name="prod", services=["uhost"],
                                   headers={"channel-key": TOKEN, "x-short": "ch_1"})], log={"level": "debug"})
    place.once(4 if code else 0)
    if code:
        equal(place.last_poll("prod")["provider_message"], "bad channel " + "*" * len(TOKEN))
    else:
        equal(len(place.images("prod")), 1)


@row_case([("html", 200), ("error_page", 500), ("forbidden", 403)], "in_a_body")
def in_a_body(place, status):
    cloud = world(place, debug=True)
    cloud.script("DescribeImage", lambda request, usual:
                 Answer("<h1>%s</h1><p>%s</p>" % (SECRET, request.params["Signature"]), status))
    place.once(3)


@case
def in_headers(place):
    """A redirect that carries the signed request along, and a header of its own."""
    cloud = world(place, debug=True)
    cloud.script("DescribeImage", lambda request, usual:
                 Answer("", 302, {"Location": "http://127.0.0.1:1/?Signature=%s&k=%s" % (
                     urllib.parse.quote(request.params["Signature"]), urllib.parse.quote(SECRET)),
                     "X-Debug": SECRET}))
    place.once(3)


@case
def in_a_place(place):
    """Discovery answers become listings, with names in every row."""
    cloud = world(place)
    account = place.account("ucloud", cloud.url(), name="prod", services=["uhost"], regions="all",
                            private_key_file=os.path.join(place.keys, "canary.key"))
    place.configure([account])
    cloud.always("GetRegion", json_answer({"RetCode": 0, "Regions": [{"Region": "r-" + SECRET, "Zone": "z"}]}))
    place.once()


@case
def of_a_key_that_was_replaced_meanwhile(place):
    """Echoed in the answer to a request that was signed with it, when another poll has taken the next one into use."""
    old, new = "OldCanary" * 4, "NewCanary" * 4
    place.secrets.update((old, new))
    cloud = place.cloud(keys={clouds.UCLOUD_ID: old})
    cloud.put("DescribeImage", [dict(clouds.uhost_image(1), ImageName="echo " + old)])
    path = place.key_file("one.key", old + "\n")
    asked, replaced = threading.Event(), threading.Event()

    def slow(request, usual):
        answer = usual()
        asked.set()
        assert replaced.wait(60)
        return answer

    def refuse(request, usual):
        assert asked.wait(60)
        if len(cloud.asked(where={"Region": "r01"})) > 1:
            cloud.keys[clouds.UCLOUD_ID] = new
            replaced.set()
        return ucloud_error(171, "no")
    cloud.script("DescribeImage", slow, where={"Region": "r00"})
    cloud.script("DescribeImage", refuse, where={"Region": "r01"})
    account = place.account("ucloud", cloud.url(), name="prod", services=["uhost"], regions=["r00", "r01"], interval="1s",
                            timeout="60s", private_key_file=path)
    daemon = Daemon(place, [account])
    until(daemon.run, lambda: polls(place, "prod", "failed", region="r01") > 0)
    place.key_file("one.key", new + "\n")
    until(daemon.run, lambda: place.images("prod", region="r00"))
    equal([row["name"] for row in place.rows("SELECT name FROM images")], ["echo " + "*" * len(old)])
    daemon.stop()


@case
def of_the_process(place):
    """Command line, environment and descriptors of a running daemon; every command's output."""
    world(place, debug=True)
    daemon = place.start()
    daemon.await_line("listing complete")
    sinks = {}
    for name in ("cmdline", "environ", "maps", "status"):
        with open("/proc/%d/%s" % (daemon.pid, name), "rb") as file:
            sinks[name] = file.read()
    for arguments in (["list", "-o", "json"], ["list", "-o", "csv"], ["status"], ["status", "-o", "json"]):
        run = place.start("--catalog", place.catalog, *arguments, config=False, program="imagecat")
        run.wait()
        sinks[" ".join(arguments)] = (run.out + run.err).encode()
    run = place.start("--print-config")
    run.wait()
    has(run.out, "private_key_file")
    sinks["print-config"] = (run.out + run.err).encode()
    inline = place.account("ucloud", "https://api.ucloud.cn/", name="inline", private_key=SECRET)
    place.configure([inline])
    run = place.start("--print-config")
    run.wait()
    has(run.out, "********")
    sinks["print-config inline"] = (run.out + run.err).encode()
    daemon.kill(15)
    equal(daemon.wait(), 0)
    for name, data in sinks.items():
        assert data, name
        for text in place.forbidden():
            assert text not in data, "%s holds %r" % (name, text)


@row_case(SPELLINGS, "a_planted_leak_is_found")
def a_planted_leak_is_found(place, spell):
    """The search itself: a secret in a file, in each spelling."""
    world(place)
    path = os.path.join(place.state, "leak")
    with open(path, "w") as file:
        file.write("some text %s more" % spell(SECRET))
    try:
        place.check_secrets()
    except AssertionError:
        os.unlink(path)
        return
    raise AssertionError("it was not found")


if __name__ == "__main__":
    main()
