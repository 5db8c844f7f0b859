#!/usr/bin/env python3
"""The page at /, as files: compressed or not, tags, who may link to it. What it shows is for tests/browser.

Usage: python3 tests/system/http_page.py BUILD_DIR [NAME]...
"""
import gzip
import hashlib
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import harness  # noqa: E402
from harness import case, equal, has, main, row_case  # noqa: E402
from web import Web  # noqa: E402

WEB = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "web")
TYPES = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8", "svg": "image/svg+xml",
         "txt": "text/plain; charset=utf-8"}


def alone(place):
    """A daemon without any account: the page needs none."""
    return Web(place, [])


def addresses():
    """Of everything that was built into the daemon."""
    with open(os.path.join(harness.build, "generated", "assets.inc")) as file:
        found = re.findall(r'^\t\{ "(/[^"]*)"', file.read(), re.MULTILINE)
    assert len(found) > 5, found
    return found


@case
def every_file_compressed_or_not(place):
    web = alone(place)
    for path in addresses():
        plain, packed = web.get(path), web.get(path, Accept_Encoding="gzip")
        for reply in (plain, packed):
            equal(reply.status, 200, path)
            kind = "svg" if path == "/favicon.ico" else path.rsplit(".", 1)[-1]
            equal(reply.headers["Content-Type"], TYPES.get(kind, "text/html; charset=utf-8"))
            equal(reply.headers["ETag"], 'W/"%s"' % hashlib.sha256(plain.body).hexdigest()[:16])
            equal((reply.headers["Cache-Control"], reply.headers["Vary"]), ("no-cache", "Accept-Encoding"))
        equal((plain.headers["Content-Encoding"], packed.headers["Content-Encoding"]), (None, "gzip"))
        equal(gzip.decompress(packed.body), plain.body, path)
    for path, name in (("/", "index.html"), ("/favicon.svg", "favicon.svg"), ("/favicon.ico", "favicon.svg")):
        with open(os.path.join(WEB, name), "rb") as file:
            equal(web.get(path).body, file.read())
    web.stop()


@case
def files_find_each_other(place):
    """Every file that a file names is served, and every file is named: nothing is left for a browser to guess."""
    web = alone(place)
    wanted, seen = ["/"], set()
    while wanted:
        path = wanted.pop()
        if path in seen:
            continue
        seen.add(path)
        reply = web.get(path)
        equal(reply.status, 200, path)
        text = reply.body.decode()
        if path == "/":
            wanted += re.findall(r'(?:src|href)="(/(?:assets/|favicon)[^"]*)"', text)
        elif path.endswith(".js"):
            assert "sourceMappingURL" not in text, path
            for name in re.findall(r'\b(?:from\s*|import\s*\(?\s*)"([^"]+)"', text):
                assert name.startswith("./"), "%s imports %s" % (path, name)
                wanted.append("/assets/" + name[2:])
        elif path.endswith(".css"):
            wanted += ["/assets/" + name for name in re.findall(r'url\("?(?:\./)?([^")]+)"?\)', text)]
    equal(set(addresses()) - seen, {"/favicon.ico", "/licenses.txt"})
    web.stop()


@case
def licences(place):
    web = alone(place)
    licences = web.get("/licenses.txt")
    equal(licences.headers["Content-Type"], "text/plain; charset=utf-8")
    for part in ("preact 11", "htm 3", "uplot 1", "Jason Miller", "Leon Sorokin", "Apache License"):
        has(licences.body.decode(), part)
    web.stop()


@case
def tags_and_heads(place):
    web = alone(place)
    for path in ("/", "/assets/main.js"):
        for encoding in ("gzip", "identity"):
            whole = web.get(path, Accept_Encoding=encoding)
            head = web.ask("HEAD", path, Accept_Encoding=encoding)
            equal((head.status, head.body), (200, b""))
            equal(head.headers["Content-Length"], str(len(whole.body)))
            tag = whole.headers["ETag"]
            for known in (tag, tag[2:], '"x", ' + tag, "*"):
                reply = web.get(path, Accept_Encoding=encoding, If_None_Match=known)
                equal((reply.status, reply.body, reply.headers["ETag"]), (304, b"", tag), known)
                equal((reply.headers["Content-Encoding"], reply.headers["Vary"]), (None, "Accept-Encoding"))
            equal(web.get(path, If_None_Match='W/"x"').status, 200)
    web.stop()


@row_case([(name.replace("/", "_"), name) for name in
           ("/assets/", "/assets/nothing.js", "/assets/../index.html", "/assets/build.mjs", "/assets/package.json", "/index.html",
            "/assets/main.js/", "/assets/%2e%2e/export.c", "/assets/node_modules/preact/package.json", "/favicon.png")],
          "nothing_else")
def nothing_else(place, path):
    web = alone(place)
    web.get(path).problem(404)
    web.stop()


@case
def links_of_other_sites(place):
    """A link in a chat leads to the page; its files and the catalog are not for other sites' pages."""
    web = alone(place)
    link = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"}
    for path in ("/", "/?os=ubuntu&lang=zh"):
        equal(web.get(path, **link, Sec_Fetch_User="?1").status, 200, path)
        for other in ({"Sec_Fetch_Dest": "iframe"}, {"Sec_Fetch_Dest": "frame"}, {"Sec_Fetch_Dest": "object"},
                      {"Sec_Fetch_Dest": "empty", "Sec_Fetch_Mode": "cors"}, {"Sec_Fetch_Dest": "script", "Sec_Fetch_Mode": "no-cors"},
                      {"Sec_Fetch_Mode": "no-cors"}, {"Sec_Fetch_Dest": ""}):
            web.get(path, **{**link, **other}).problem(403)
        web.get(path, Sec_Fetch_Site="cross-site").problem(403)
        web.ask("POST", path, **link).problem(403)
    for path in ("/assets/main.js", "/favicon.svg", "/licenses.txt", "/api/v1/images", "/api/v1/stats", "/metrics",
                 "/openapi.json", "/api/v1/events", "/livez", "/nowhere"):
        web.get(path, **link).problem(403)
    equal(web.get("/", Host="evil.example", **link).status, 421)
    web.stop()


@case
def served_without_a_catalog(place):
    web = alone(place)
    os.rename(place.catalog, place.catalog + ".away")
    equal(web.get("/").status, 200)
    equal(web.get("/assets/main.js").status, 200)
    os.rename(place.catalog + ".away", place.catalog)
    web.stop()


@case
def the_page_refuses_other_methods(place):
    web = alone(place)
    for path in ("/", "/assets/main.js", "/favicon.ico"):
        for method in ("POST", "PUT", "DELETE", "OPTIONS"):
            reply = web.ask(method, path)
            reply.problem(405)
            equal(reply.headers["Allow"], "GET, HEAD")
    assert not [path for path in web.json("/openapi.json")["paths"] if path == "/" or "asset" in path or "favicon" in path]
    web.stop()


if __name__ == "__main__":
    main()
