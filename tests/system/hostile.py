#!/usr/bin/env python3
"""Images that community users and drifting services poison: one bad item must not take the others with it.

Usage: python3 tests/system/hostile.py BUILD_DIR [NAME]...
"""
import json
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import cloud as clouds  # noqa: E402
from harness import case, equal, has, main, row_case  # noqa: E402

GOOD = [clouds.uhost_image(n) for n in range(6)]
FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
POISON = "uimage-poison"


def item(text):
    """A poisoned item: what stands in `text` besides the id."""
    head = b'{"ImageId":"%s","OsName":"Debian 12 64bit",' % POISON.encode()
    return head + (text if isinstance(text, bytes) else text.encode()) + b"}"


def check_neighbours(place, rows, shelf):
    """The other items are there as they were sent."""
    for raw in shelf:
        if raw in map(clouds.raw_item, GOOD):
            row = rows[clouds.id_of(raw)]
            equal(row["raw"].encode(), raw, "raw of a neighbour")
            equal(row["warnings"], None, "warnings of a neighbour")
            equal(row["name"], json.loads(raw)["ImageName"], "name of a neighbour")


def check_clean(place, run, rows):
    """No column but the two long texts and raw has a control character; raw is valid JSON and UTF-8."""
    for row in rows.values():
        json.loads(row["raw"])
        for column, value in row.items():
            if isinstance(value, str) and column not in ("description", "readme", "raw"):
                assert not FORBIDDEN.search(value) and "\n" not in value, (column, value[:100])
            if isinstance(value, str) and column in ("description", "readme"):
                assert not FORBIDDEN.search(value), (column, value[:100])
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", run.err), run.err


def poll(place, items, status):
    cloud = place.cloud()
    shelf = cloud.put("DescribeImage", GOOD[:3] + items + GOOD[3:])
    place.configure([place.account("ucloud", cloud.url(), name="prod", services=["uhost"])])
    run = place.once(status)
    rows = place.images("prod")
    check_neighbours(place, rows, shelf.items)
    check_clean(place, run, rows)
    place.check_integrity()
    return run, rows


# An item whose id can be read becomes a row, and the poll is complete.
# name, the poisoned part, columns of the row (a function judges a value), are there warnings
READABLE = [
    ("lone_surrogate", r'"ImageName":"a\ud800b"', {"name": "a�b"}, True),
    ("low_surrogate_first", r'"ImageName":"\udc00\ud800x"', {"name": lambda v: v.endswith("x")}, True),
    ("surrogate_in_key", r'"x\ud800y":1,"ImageName":"n"', {"name": "n"}, None),
    ("nul_escape", r'"ImageName":"a\u0000b"', {"name": lambda v: v.startswith("a") and v.endswith("b")}, True),
    ("nul_in_key", r'"k\u0000ey":1,"ImageName":"n"', {"name": "n"}, None),
    ("nul_byte", b'"ImageName":"a\x00b"', {"name": lambda v: v.endswith("b")}, True),
    ("bad_utf8", b'"ImageName":"a\xff\xfeb"', {"name": lambda v: v.startswith("a�")}, True),
    ("overlong_utf8", b'"ImageName":"a\xc0\xafb"', {"name": lambda v: "/" not in v and v.endswith("b")}, True),
    ("cut_utf8", b'"ImageName":"a\xe4\xbd"', {"name": lambda v: v.startswith("a�")}, True),
    ("surrogate_in_utf8", b'"ImageName":"a\xed\xa0\x80b"', {"name": lambda v: v.endswith("b")}, True),
    ("control_byte", b'"ImageName":"a\x01\x1bb"', {"name": lambda v: v.startswith("a") and v.endswith("b")}, None),
    ("newline_byte", b'"ImageName":"a\nb"', {"name": lambda v: v.startswith("a") and v.endswith("b")}, None),
    ("escapes", r'"ImageName":"a\u001b[2J\r\u009b\u007f\u202eb"', {"name": lambda v: v.endswith("b")}, None),
    ("forged_line", r'"ImageName":"a\n<0>kernel: panic"', {"name": lambda v: "\n" not in v}, None),
    ("text_types", '"ImageName":17,"ImageDescription":[1],"Vendor":{"a":1},"State":false,"OsType":3.5',
     {"vendor": None, "description": None}, True),
    ("number_types", '"ImageSize":"abc","CreateTime":{"a":1}', {"size_bytes": None, "created_at": None}, True),
    ("number_as_text", '"ImageSize":"20","CreateTime":"1600000000"',
     {"size_bytes": 20 << 30, "created_at": 1600000000}, False),
    ("list_types", '"Features":"GPU","SupportedGPUTypes":{"a":1},"SceneCategories":17,"Tag":[1]', {}, True),
    ("nulls", '"ImageName":null,"Features":null,"ImageSize":null,"State":null,"CreateTime":null,"PriceSet":null',
     {"size_bytes": None, "created_at": None, "features": None}, False),
    ("overflow", '"ImageSize":9223372036854775808,"CreateTime":99999999999999999999',
     {"size_bytes": None, "created_at": None}, True),
    ("negative_overflow", '"ImageSize":-9223372036854775809', {"size_bytes": None}, True),
    ("product_overflow", '"ImageSize":9223372036854775807', {"size_bytes": None}, True),
    ("huge_exponent", '"ImageSize":1e400,"CreateTime":-1e400', {"size_bytes": None, "created_at": None}, True),
    ("odd_numbers", '"ImageSize":2E1,"CreateTime":-0', {"size_bytes": 20 << 30, "created_at": None}, None),
    ("far_future", '"CreateTime":56000000000', {"created_at": None}, True),
    ("milliseconds", '"CreateTime":1600000000000', {"created_at": 1600000000}, None),
    ("duplicate_key", '"ImageName":"one","ImageName":"two"', {"name": lambda v: v in ("one", "two", None)}, True),
    ("unknown_words", '"State":"Frozen","ImageType":"Odd"',
     {"state": "unknown", "state_native": "Frozen", "kind": "unknown", "kind_native": "Odd", "launchable": None},
     None),
    ("unknown_fields", '"NewField":{"a":[1,2]},"Other":null', {"unmapped": lambda v: "NewField" in v}, None),
    ("million_bytes", '"ImageDescription":"%s"' % ("说" * 350000),
     {"description": lambda v: v.startswith("说说") and len(v.encode()) < 1100000}, None),
    ("million_byte_name", '"ImageName":"%s"' % ("n" * 1000000), {"name": lambda v: v.startswith("nnnn")}, True),
    ("million_byte_key", '"%s":1' % ("k" * 1000000), {}, None),
    ("ten_thousand_keys", ",".join('"k%d":%d' % (n, n) for n in range(10000)), {}, None),
    ("sql", '"ImageName":"\'; DROP TABLE _images; --"', {"name": "'; DROP TABLE _images; --"}, False),
    ("format", '"ImageName":"%s%n%x$(id)`id`"', {"name": "%s%n%x$(id)`id`"}, False),
    ("empty_strings", '"ImageName":"","State":"","OsType":"","Links":"","Zone":""', {"link_url": None}, None),
    ("depth_60", '"Other":%s1%s' % ("[" * 55, "]" * 55), {}, None),
]


@row_case(READABLE, "readable")
def readable(place, text, columns, warned):
    run, rows = poll(place, [item(text)], 0)
    equal(len(rows), len(GOOD) + 1, "rows")
    equal(place.last_poll("prod")["outcome"], "complete")
    row = rows[POISON]
    for column, value in columns.items():
        if callable(value):
            assert value(row[column]), "%s is %r" % (column, str(row[column])[:200])
        else:
            equal(row[column], value, column)
    equal(row["os_distro"], "debian", "os_distro")
    if warned is not None:
        equal(bool(row["warnings"]), warned, "warnings %s" % row["warnings"])
    # Once more: what was repaired is the same again.
    changes = place.value("SELECT count(*) FROM changes")
    place.once(0)
    equal(place.value("SELECT count(*) FROM changes"), changes, "changes after an identical poll")


@case
def id_as_number(place):
    run, rows = poll(place, [b'{"ImageId":12345,"ImageName":"n"}'], 0)
    equal(rows["12345"]["name"], "n")


@case
def ids_are_compared_byte_by_byte(place):
    ids = ["same", "Same", "same ", "s\u0061\u0301me", "s\u00e1me"]
    items = [json.dumps({"ImageId": i, "ImageName": "n"}, ensure_ascii=False).encode() for i in ids]
    run, rows = poll(place, items, None)
    assert {"same", "Same", "s\u0061\u0301me", "s\u00e1me"} <= set(rows), sorted(rows)
    equal(len(rows), len(GOOD) + len(ids), "rows of %s" % sorted(rows))


# An item without a readable id is put aside: the others are stored, and the poll is partial.
UNREADABLE = [
    ("no_id", b'{"ImageName":"n"}'), ("empty_id", b'{"ImageId":"","ImageName":"n"}'),
    ("null_id", b'{"ImageId":null,"ImageName":"n"}'), ("object_id", b'{"ImageId":{"a":1},"ImageName":"n"}'),
    ("list_id", b'{"ImageId":["a"],"ImageName":"n"}'), ("true_id", b'{"ImageId":true,"ImageName":"n"}'),
    ("blank_id", b'{"ImageId":"   ","ImageName":"n"}'), ("number", b"17"), ("text", b'"text"'), ("null", b"null"),
    ("list", b"[1,2]"), ("empty", b"{}"),
]


@row_case(UNREADABLE, "unreadable")
def unreadable(place, raw):
    run, rows = poll(place, [raw], 3)
    equal(len(rows), len(GOOD), "rows")
    row = place.last_poll("prod")
    equal((row["outcome"], row["error_class"]), ("partial", "incomplete"))
    has(row["message"], "id")


# Not said what becomes of the item; the others must be there and the program alive.
WHATEVER = [
    ("two_ids", b'{"ImageId":"one","ImageId":"two"}'),
    ("long_id", b'{"ImageId":"%s"}' % (b"i" * 10240)),
    ("id_with_nul", rb'{"ImageId":"a\u0000b"}'),
    ("id_with_control", rb'{"ImageId":"a\u001b[2Jb\n"}'),
    ("id_with_bad_utf8", b'{"ImageId":"a\xffb"}'),
    ("id_with_surrogate", rb'{"ImageId":"a\ud800b"}'),
    ("id_is_a_path", b'{"ImageId":"../../etc/passwd"}'),
    ("id_is_huge_number", b'{"ImageId":123456789012345678901234567890}'),
]


@row_case(WHATEVER, "whatever")
def whatever(place, raw):
    run, rows = poll(place, [raw], None)
    assert run.status in (0, 3), run.status
    row = place.last_poll("prod")
    equal(row["outcome"], "complete" if run.status == 0 else "partial", row["message"])
    assert len(rows) >= len(GOOD), sorted(rows)


@case
def many_poisoned_items(place):
    """All at once in one page."""
    items = []
    for n, row in enumerate(READABLE):
        raw = item(row[1])
        items.append(raw.replace(POISON.encode(), b"%s-%d" % (POISON.encode(), n), 1))
    run, rows = poll(place, items, 0)
    equal(len(rows), len(GOOD) + len(items))
    assert run.peak < 200 << 20, run.peak


# ---- secrets inside images -------------------------------------------------------------------------------------------

SECRETS = [
    ("default_passwd", '"default_passwd":"%s"'), ("escaped_key", r'"default_pass\u0077d":"%s"'),
    ("upper_case", '"Default_PassWD":"%s"'), ("password", '"rootPassword":"%s"'), ("token", '"access_token":"%s"'),
    ("secret", '"SecretAccessKey":"%s"'), ("private_key", '"my_private_key_pem":"%s"'),
    ("nested", '"settings":{"deep":[{"db_password":"%s"}]}'), ("object", '"passwds":{"root":"%s"}'),
    ("list", '"passwords":["%s"]'), ("twice", '"default_passwd":"x","default_passwd":"%s"'),
    ("poisoned_key", r'"default_passwd\u0000":"%s"'), ("poisoned_value", r'"default_passwd":"\ud800%s"'),
    ("in_tag", '"tags":[{"tag_key":"a","tag_value":"b","token":"%s"}]'),
]


@row_case(SECRETS, "redacted")
def redacted(place, text):
    word = "canary-Zq7-of-the-test"
    place.secrets.add(word)
    image = clouds.raw_item(clouds.qingcloud_image(1))[:-1] + b"," + (text % word).encode() + b"}"
    cloud = place.cloud()
    cloud.put("DescribeImages", [clouds.qingcloud_image(2), image])
    place.configure([place.account("qingcloud", cloud.url("/iaas/"), name="qc")])
    place.once(0)
    rows = place.images("qc")
    equal(len(rows), 2)
    row = rows["img-00000001"]
    assert row["redacted"], "redacted is %r, raw is %s" % (row["redacted"], row["raw"])
    json.loads(row["raw"])
    equal(rows["img-00000002"]["redacted"], None)
    # check_secrets() of the harness now looks for the word in every file.


@case
def redacted_in_a_page_that_fails(place):
    """What an answer held is not shown when it cannot be used."""
    word = "canary-Zq8-of-the-test"
    place.secrets.add(word)
    cloud = place.cloud()
    cloud.always("DescribeImages", clouds.Answer('{"ret_code":0,"total_count":1,"image_set":[{"default_passwd":"%s"' %
                                                 word))
    place.configure([place.account("qingcloud", cloud.url("/iaas/"), name="qc")])
    place.once(3)


if __name__ == "__main__":
    main()
