#!/usr/bin/env python3
"""The examples of the five API documents, fed to the program as answers.

Usage: python3 tests/system/answers.py BUILD_DIR [NAME]...
"""
import json
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import cloud as clouds  # noqa: E402
from harness import equal, fixture, main, row_case  # noqa: E402

GIB, MIB = 1 << 30, 1 << 20


def items_of(text, arrays):
    """The items as they stand in the text, byte for byte, in the order of the arrays."""
    text, items = text.decode(), []
    for array in arrays:
        at = text.index('"%s"' % array)
        at = text.index("[", at) + 1
        while True:
            while text[at] in " \n\r\t,":
                at += 1
            if text[at] == "]":
                break
            _, end = json.JSONDecoder().raw_decode(text, at)
            items.append(text[at:end].encode())
            at = end
    return items


class Document:
    def __init__(self, file, provider, service, action, arrays, total, account, expected):
        self.text, self.provider, self.service = fixture(file), provider, service
        self.action, self.total, self.account, self.expected = action, total, account, expected
        self.items = items_of(self.text, arrays)

    def body(self, true_total):
        if not true_total or not self.total:
            return self.text
        return self.text.replace(b'%s' % self.total[0], self.total[1], 1)


UHOST = Document(
    "ucloud/uhost_documented.json", "ucloud", "uhost", "DescribeImage", ["ImageSet"],
    (b'"TotalCount": 4', b'"TotalCount": 1'), {"services": ["uhost"]},
    {"DSFagZyu": dict(
        name="tLrQRsEd", zone="BOUCCxQH", created_at=None, features='["fIjpPBic"]', workload="HUUNWmIe",
        description="HVeLQVxc", size_bytes=5 * GIB, kind="unknown", kind_native="qHUuzcMF",
        integrated_software="IHavDZNf", link_url="fKLwvSib", min_cpu_platform="RDlcZqYK", os_name="NxoYUnar",
        state="unknown", state_native="eGSoZznP", launchable=None, vendor="JjBqzeus", region="cn-bj2",
        form="vm", os_distro=None)})
UK8S = Document(
    "ucloud/uk8s_documented.json", "ucloud", "uk8s", "DescribeUK8SImage",
    ["ImageSet", "ImageSetnew", "PHostImageSet"], None, {"services": ["uk8s"]},
    {"SOqcWTEJ": dict(name="hIscEgwy", gpu_supported=1, zone_id=5, image_set="ImageSet", form="vm",
                      kind="system", origin="platform", state="available", launchable=1),
     "KeQfHnUL": dict(name="itWRmsMy", gpu_supported=0, zone_id=5, image_set="ImageSetnew", form="vm",
                      kind="system", state="available"),
     "yFeQPFUL": dict(name="OlgivCjk", gpu_supported=0, zone_id=9, image_set="PHostImageSet",
                      form="baremetal", kind="system", visibility="public")})
CUSTOM = Document(
    "compshare/custom_documented.json", "compshare", "custom", "DescribeCompShareCustomImages", ["ImageSet"],
    None, {"services": ["custom"], "regions": ["cn-wlcb"]},
    {"compshareImage-xxxx": dict(
        name="my-custom-env", kind="custom", origin="self", kind_native="Custom", state="available",
        state_native="Available", launchable=1, created_at=1712563200, region="cn-wlcb", zone=None,
        size_bytes=None)})
GATEWAY = Document(
    "compshare/gateway_documented.json", "compshare", "custom", "DescribeCompShareCustomImages", ["ImageSet"],
    (b'"TotalCount": 4', b'"TotalCount": 1'), {"services": ["custom"], "zones": ["cn-zj-01"], "regions": ["cn-zj"]},
    {"hjNwBATq": dict(
        name="nFmURawE", author="CpKmKtmy", created_count=None, favorites_count=None, tags='["PbbXTujk"]',
        cover_url="PFuhwZhm", visibility="unknown", visibility_native="2", created_at=None, published_at=None,
        author_level=6, origin_native="xWXjOYVE", readme="ufXKfxWg", description="yXiGjmEh", price=9.99592,
        price_currency="CNY", kind_native="AeSmLeoE", size_bytes=4 * MIB, state="unknown",
        state_native="hlqtbVJG", region="cn-zj", zone="cn-zj-01")})
QINGCLOUD = Document(
    "qingcloud/documented.json", "qingcloud", "images", "DescribeImages", ["image_set"],
    (b'"total_count":9', b'"total_count":1'), {},
    {"img-37amqany": dict(
        state="purged", state_native="ceased", launchable=0, arch="x86_64", recommended_type="small_b",
        visibility="private", os_type="linux", created_at=1375899392, state_changed_at=1376727393,
        os_distro="centos", kind="custom", kind_native="self", origin="self", owner_id="usr-1234abcd",
        size_bytes=20 * GIB, description=None, region="pek3", zone="pek3")})

# name, document, total made true, the cloud gives the same body at every offset, outcome, are there warnings
ROWS = [
    ("uhost_as_printed_paged", UHOST, False, False, "partial", True),
    ("uhost_as_printed_naive", UHOST, False, True, "partial", True),
    ("uhost_true_total_paged", UHOST, True, False, "complete", True),
    ("uhost_true_total_naive", UHOST, True, True, "complete", True),
    ("uk8s_as_printed", UK8S, False, True, "complete", False),
    ("custom_as_printed_paged", CUSTOM, False, False, "complete", False),
    ("custom_as_printed_naive", CUSTOM, False, True, "complete", False),
    ("gateway_as_printed_paged", GATEWAY, False, False, "partial", True),
    ("gateway_as_printed_naive", GATEWAY, False, True, "partial", True),
    ("gateway_true_total_paged", GATEWAY, True, False, "complete", True),
    ("gateway_true_total_naive", GATEWAY, True, True, "complete", True),
    ("qingcloud_as_printed_paged", QINGCLOUD, False, False, "partial", False),
    ("qingcloud_as_printed_naive", QINGCLOUD, False, True, "partial", False),
    ("qingcloud_true_total_paged", QINGCLOUD, True, False, "complete", False),
    ("qingcloud_true_total_naive", QINGCLOUD, True, True, "complete", False),
]


def empty_beyond_first(document, body):
    """The body at offset 0, its list empty beyond."""
    empty = body
    for item in document.items:
        empty = empty.replace(item, b"", 1)
    json.loads(empty)

    def act(request, _usual):
        offset = request.number("offset", 0) or request.number("Offset", 0)
        return clouds.Answer(body if offset < len(document.items) else empty)
    return act


@row_case(ROWS, "document")
def document(place, document, true_total, naive, outcome, warned):
    cloud = place.cloud()
    body = document.body(true_total)
    if true_total:
        assert body != document.text
    cloud.put_body(document.action, body)
    if not naive:
        act = empty_beyond_first(document, body)
        cloud.script(document.action, lambda request, usual: cloud.refusal(request) or act(request, usual))
    path = "/iaas/" if document.provider == "qingcloud" else "/"
    place.configure([place.account(document.provider, cloud.url(path), name="docs", **document.account)])
    run = place.once(0 if outcome == "complete" else 3)

    poll = place.last_poll("docs", document.service)
    equal(poll["outcome"], outcome, "outcome (%s)" % poll["message"])
    equal(poll["code"], 0, "code")
    equal(poll["http_status"], 200, "status")
    equal(poll["items"], len(document.items), "items")
    if outcome == "partial":
        equal(poll["error_class"], "incomplete", "class")
        assert poll["message"] in run.err, run.err
    else:
        equal((poll["error_class"], poll["message"]), (None, None), "class and message")
    rows = place.images("docs", document.service)
    equal(sorted(rows), sorted(document.expected), "images")
    for image_id, columns in document.expected.items():
        row = rows[image_id]
        for column, value in columns.items():
            equal(row[column], value, "%s.%s" % (image_id, column))
        equal(bool(row["warnings"]), warned, "%s.warnings %s" % (image_id, row["warnings"]))
    equal({row["raw"].encode() for row in rows.values()}, set(document.items), "raw")
    total = json.loads(body).get(document.total[0].split(b'"')[1].decode()) if document.total else None
    if total is not None:
        equal(poll["total_reported"], total, "total_reported")
    # Every image of a complete poll is on the public face as well.
    equal(place.value("SELECT count(*) FROM images"), len(document.items), "images in the view")


if __name__ == "__main__":
    main()
