#!/usr/bin/env python3
"""contrib/datasette.yaml, from the descriptions that a catalog has of itself.

Usage: generate.py BUILD_DIR            writes it anew
       generate.py BUILD_DIR --check    says whether it is not what it would write; exit status 1
"""
import contextlib
import json
import os
import sqlite3
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(HERE, "..", "docs", "man"))
from generate import VIEW_TITLES, column_docs, empty_catalog  # noqa: E402

TARGET = os.path.join(HERE, "datasette.yaml")
HEAD = """\
# What Datasette shows of a catalog: datasette --metadata datasette.yaml catalog.db (docs/DASHBOARDS.md).
# Made by contrib/generate.py from the descriptions in the catalog itself.
title: Image catalog
description: Every machine image of UCloud, Compshare and QingCloud
databases:
  catalog:
    description: Times are Unix seconds, UTC; each *_at has a twin *_at_utc as text. NULL means that the cloud does not say.
    tables:
"""
# How a view is first shown.
SHOWN = {"images": {"size": 50, "label_column": "name"}, "sightings": {"size": 50}, "latest_images": {"size": 50},
         "changes": {"size": 100, "sort_desc": "seq"}, "polls": {"size": 100, "sort_desc": "poll_id"},
         "drift": {"sort_desc": "last_seen_at"}, "image_counts": {"sort_desc": "time"}}


def text(value):
    return json.dumps(value, ensure_ascii=False)


def described(row):
    return row["description"].replace("|", ", ") + (" (%s)" % row["unit"] if row["unit"] else "")


def private_tables(build):
    with tempfile.TemporaryDirectory() as directory:
        catalog = empty_catalog(build, directory)
        with contextlib.closing(sqlite3.connect("file:%s?mode=ro" % catalog, uri=True)) as db:
            return [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')"
                                                   " AND name LIKE '\\_%' ESCAPE '\\' ORDER BY 1")]


def datasette(build):
    rows = column_docs(build)
    out = [HEAD.rstrip("\n")]
    for view, title in VIEW_TITLES.items():
        out += ["      %s:" % view, "        description: %s" % text("A row is %s." % title)]
        out += ["        %s: %s" % pair for pair in SHOWN.get(view, {}).items()]
        out.append("        columns:")
        out += ["          %s: %s" % (row["column"], text(described(row))) for row in rows
                if row["view"] == view and not row["column"].endswith("_utc")]
    for name in private_tables(build):
        out += ["      %s:" % name, "        hidden: true"]
    return "\n".join(out) + "\n"


def main():
    new = datasette(os.path.abspath(sys.argv[1]))
    with contextlib.suppress(FileNotFoundError), open(TARGET, encoding="utf-8") as file:
        if file.read() == new:
            return 0
    if sys.argv[2:] == ["--check"]:
        print("contrib/datasette.yaml is not what the catalog says: run contrib/generate.py BUILD_DIR")
        return 1
    with open(TARGET, "w", encoding="utf-8") as file:
        file.write(new)
    return 0


if __name__ == "__main__":
    sys.exit(main())
