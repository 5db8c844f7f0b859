#!/usr/bin/env python3
"""Providers that are not built in: one that works, the built-in ones as plug-ins, and those that must be refused.

Usage: python3 tests/system/plugins.py BUILD_DIR [NAME]...
"""
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import cloud as clouds  # noqa: E402
from cloud import ucloud_error  # noqa: E402
from harness import case, check_listing, equal, has, main, need_root, row_case  # noqa: E402

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")

# A cloud of its own, in as few tables as there can be. MEMBERS is what a row replaces.
SOURCE = r"""
#include "imagecat/provider.h"

static const struct field_map fields[] = {
	{ "ImageId", MAP_ID(image_id) }, { "ImageName", MAP_TEXT(name) }, { "ImageName", MAP_OS() },
	{ NULL, MAP_CONSTANT(state, "available") }, { 0 },
};
static const struct item_source items[] = { { "ImageSet" }, { 0 } };
static const struct service services[] = {
	{ .name = "images", .action = "DescribeImage", .scope = SCOPE_REGION,
	  .paging = { "Offset", "Limit", 100 }, .totals = (const char *const[]){ "TotalCount", NULL },
	  .items = items, .fields = (const struct field_map *const[]){ fields, NULL }, @SERVICE@ },
	{ 0 },
};
static const struct error_code errors[] = { { 171, 171, CLASS_AUTH, "signature refused by", CHECK_SECRET }, { 0 } };

const struct provider @SYMBOL@ = {
	.abi = PROVIDER_ABI, .name = "acme", .title = "Acme Cloud", .endpoint = "https://api.acme.example/",
	.credential_id = "public_key", .credential_secret = "private_key", .method = "GET", .sign = sign_ucloud,
	.action_param = "Action", .region_param = "Region", .code_paths = (const char *const[]){ "RetCode", NULL },
	.message_paths = (const char *const[]){ "Message", NULL }, .errors = errors, .requests_per_second = 100,
	.services = services, @PROVIDER@
};
"""


def build(place, name="acme.so", symbol="provider_acme", provider="", service="", head="", source=None, flags=()):
    folder = os.path.join(place.path, "providers")
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(place.path, "plugin.c")
    text = source or head + SOURCE.replace("@SYMBOL@", symbol).replace("@PROVIDER@", provider).replace("@SERVICE@", service)
    with open(path, "w") as file:
        file.write(text)
    out = os.path.join(folder, name)
    subprocess.run(["cc", "-std=c17", "-shared", "-fPIC", "-Wall", "-Wno-override-init",
                    "-I" + os.path.join(ROOT, "include"), *flags, path, "-o", out], check=True)
    os.chmod(out, 0o755)
    return out


def configure(place, accounts):
    place.configure(accounts)
    with open(place.config_path) as file:
        text = file.read()
    place.write_config(text.rstrip()[:-1] + ',\n "plugin_dir": "%s"\n}' % os.path.join(place.path, "providers"))


def configure_known(place, cloud, accounts=("prod", "acme")):
    known = {"prod": place.account("ucloud", cloud.url(), name="prod", services=["uhost"]),
             "acme": place.account("acme", cloud.url(), name="acme", cloud="acme.example", regions=["eu-1"])}
    configure(place, [known[name] for name in accounts])


def world(place):
    cloud = place.cloud()
    cloud.put("DescribeImage", [clouds.uhost_image(n) for n in range(30)], {"Region": "cn-bj2"})
    shelf = cloud.put("DescribeImage", [{"ImageId": "a-%d" % n, "ImageName": "Ubuntu 22.04 %d" % n}
                                        for n in range(130)], {"Region": "eu-1"})
    return cloud, shelf


@case
def a_cloud_of_its_own(place):
    """One file, no change here: pages, signature, fields, errors."""
    build(place)
    cloud, shelf = world(place)
    configure_known(place, cloud)
    place.once(0)
    check_listing(place, shelf.items, "acme")
    row = place.images("acme")["a-7"]
    equal((row["provider"], row["service"], row["os_distro"], row["os_version"], row["state"]),
          ("acme", "images", "ubuntu", "22.04", "available"))
    equal(row["uid"], "acme/acme.example/images/eu-1/-/a-7")
    cloud.always("DescribeImage", ucloud_error(171, "Signature VerifyAC Error"), {"Region": "eu-1"})
    place.once(3)
    has(place.last_poll("acme")["message"], "signature refused by")
    docs = place.rows("SELECT source FROM column_docs WHERE view = 'images' AND column = 'name'")
    has(docs[0]["source"], "acme")


# name, its listing, the call that lists it, an image
BUILT_IN = [
    ("ucloud", {"services": ["uhost"]}, "DescribeImage", clouds.uhost_image),
    ("compshare", {"services": ["custom"]}, "DescribeCompShareCustomImages", clouds.custom_image),
    ("qingcloud", {"variants": ["self"]}, "DescribeImages", clouds.qingcloud_image),
]
AVAILABLE = re.compile(r'(\{ "[Aa]vailable", )"available"')


@row_case([(row[0], *row) for row in BUILT_IN], "built_in_as_a_plugin")
def built_in_as_a_plugin(place, name, listing, action, image):
    """The file of a built-in provider, with one word changed: it takes the other's place, says so, and the word is in
    each record of its account."""
    with open(os.path.join(ROOT, "providers", name + ".c")) as file:
        source, count = AVAILABLE.subn(r'\1"deprecated"', file.read())
    equal(count, 1, "words for an available image in " + name + ".c")
    build(place, name + ".so", source=source)
    cloud = place.cloud()
    shelf = cloud.put(action, [image(n) for n in range(30)])
    configure(place, [place.account(name, cloud.url(), name="prod", **listing)])
    run = place.once(0)
    has(run.err, "plug-in '%s' takes the place of the built-in provider" % name)
    check_listing(place, shelf.items, "prod")
    equal(place.rows("SELECT provider, state, count(*) AS n FROM images GROUP BY 1, 2"),
          [{"provider": name, "state": "deprecated", "n": 30}])


def writable_file(place, path):
    os.chmod(path, 0o775)


def writable_by_others(place, path):
    os.chmod(path, 0o757)


def writable_folder(place, path):
    os.chmod(os.path.dirname(path), 0o775)


def writable_parent(place, path):
    os.chmod(place.path, 0o777)


def symlink(place, path):
    os.rename(path, path + ".real")
    os.symlink(path + ".real", path)


def anothers_file(place, path):
    need_root()
    os.chown(path, 12345, 12345)


def anothers_folder(place, path):
    need_root()
    os.chown(os.path.dirname(path), 12345, 12345)


def text_file(place, path):
    with open(path, "w") as file:
        file.write("this is no library\n")


def cut_short(place, path):
    os.truncate(path, 3000)


def empty(place, path):
    os.truncate(path, 0)


def directory(place, path):
    os.unlink(path)
    os.mkdir(path)


def fifo(place, path):
    os.unlink(path)
    os.mkfifo(path)


# name, what is compiled, what is done to it, a part of the sentence
REFUSED = [
    ("other_abi", {"provider": ".abi = 4711,"}, None, "built for provider ABI 4711"),
    ("no_abi", {"provider": ".abi = 0,"}, None, "built for provider ABI 0"),
    ("no_sign", {"provider": ".sign = 0,"}, None, "has no 'sign'"),
    ("no_name", {"provider": ".name = 0,"}, None, "has no 'name'"),
    ("no_endpoint", {"provider": ".endpoint = 0,"}, None, "has no 'endpoint'"),
    ("no_credential", {"provider": ".credential_secret = 0,"}, None, "has no 'credential_secret'"),
    ("no_services", {"provider": ".services = 0,"}, None, "has no 'services'"),
    ("no_errors", {"provider": ".errors = 0,"}, None, "has no 'errors'"),
    ("no_codes", {"provider": ".code_paths = 0,"}, None, "has no 'code_paths'"),
    ("no_action", {"service": ".action = 0,"}, None, "service 'images' has no 'action'"),
    ("no_items", {"service": ".items = 0,"}, None, "service 'images' has no 'items'"),
    ("no_fields", {"service": ".fields = 0,"}, None, "service 'images' has no 'fields'"),
    ("no_scope", {"service": ".scope = 0,"}, None, "has no 'scope'"),
    ("no_limit", {"service": ".paging.page_items = 0,"}, None, "has no 'paging.limit'"),
    ("another_name", {"provider": '.name = "other",'}, None, "calls itself 'other'"),
    ("plain_http", {"provider": '.endpoint = "http://api.acme.example/",'}, None, "not https"),
    ("odd_method", {"provider": '.method = "DELETE",'}, None, "neither GET nor POST"),
    ("no_symbol", {"symbol": "provider_elsewhere"}, None, "has no symbol 'provider_acme'"),
    ("writable_by_group", {}, writable_file, "writable by others"),
    ("writable_by_others", {}, writable_by_others, "writable by others"),
    ("folder_writable", {}, writable_folder, "writable by others"),
    ("parent_writable", {}, writable_parent, "writable by others"),
    ("symlink", {}, symlink, "symbolic link"),
    ("anothers_file", {}, anothers_file, "belongs to another user"),
    ("anothers_folder", {}, anothers_folder, "belongs to another user"),
    ("no_library", {}, text_file, "no library"),
    ("cut_short", {}, cut_short, "cut short"),
    ("empty", {}, empty, "no library"),
    ("unknown_symbol", {"provider": ".title = (const char *)&not_there,", "head": "extern int not_there;"}, None,
     "cannot be loaded"),
    ("directory", {}, directory, "not a regular file"),
    ("fifo", {}, fifo, "not a regular file"),
    ("own_sqlite", {"flags": ("-Wl,--no-as-needed", "-lsqlite3")}, None, "SQLite"),
]


@row_case([(row[0], row) for row in REFUSED], "refused")
def refused(place, row):
    """Told in one line; the account that needs it is left out, the others are polled, no row is touched."""
    _, how, after, sentence = row
    cloud, _ = world(place)
    good = build(place)
    configure_known(place, cloud)
    place.once(0)
    os.unlink(good)
    path = build(place, **how)
    if after:
        after(place, path)
    run = place.once(0)
    has(run.err, sentence)
    assert len([line for line in run.err.splitlines() if "refused" in line]) == 1, run.err
    has(run.err, "account 'acme': no provider 'acme'")
    has(run.err, "is left out")
    equal(len(place.images("acme")), 130, "rows of the account that is left out")
    equal(place.listing("acme")["health"], "ok", "it is not disabled, it goes stale")
    equal(place.value("SELECT count(*) FROM polls WHERE listing_id = ?", place.listing("prod")["listing_id"]), 2)
    os.chmod(place.path, 0o755)


@case
def absent(place):
    """The folder is not there: as above. A check and a slip of the pen are errors all the same."""
    cloud, _ = world(place)
    configure_known(place, cloud)
    run = place.once(0)
    has(run.err, "no provider 'acme' is built in or a plug-in of")
    equal(len(place.images("prod")), 30)
    check = place.start("--check")
    equal(check.wait(), 78)
    has(check.err, "unknown provider 'acme'")
    place.configure([place.account("uclod", cloud.url(), name="slip", services=["uhost"])])
    run = place.start("--once")
    equal(run.wait(), 78)
    has(run.err, "did you mean 'ucloud'?")


@case
def files_that_are_none(place):
    """Other files in the folder are no plug-ins; one with an odd name is told."""
    build(place)
    folder = os.path.join(place.path, "providers")
    for name in ("README", "acme.c", ".hidden.so", "notes.txt"):
        with open(os.path.join(folder, name), "w") as file:
            file.write("x")
    with open(os.path.join(folder, "Acme-2.so"), "w") as file:
        file.write("x")
    cloud, shelf = world(place)
    configure_known(place, cloud)
    run = place.once(0)
    equal(len([line for line in run.err.splitlines() if "plug-in" in line]), 1, run.err)
    has(run.err, "Acme-2.so is refused: a provider's name is of a-z")
    check_listing(place, shelf.items, "acme")


if __name__ == "__main__":
    main()
