#!/usr/bin/env python3
"""The whole program: --verify on good, live, spoilt and foreign catalogs; a restored backup.

Usage: python3 tests/system/verify.py BUILD_DIR [NAME]...
"""
import os
import re
import shutil
import signal
import sqlite3
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import client  # noqa: E402
import harness  # noqa: E402
from harness import case, equal, has, main, row_case  # noqa: E402

NOBODY = 61237
WHOLE = re.compile(r"^(\d+) images, (\d+) revisions, (\d+) changes, (\d+) polls: the history is whole\n$")


def simulator(place, **more):
    sim = place.stack.enter_context(client.Sim(harness.build, "--images", "2000", "--seed", "11"))
    place.configure([place.account("ucloud", sim.url(), name="prod", cloud="api.ucloud.cn"),
                     place.account("qingcloud", sim.url("/iaas/"), name="qc")], **more)
    return sim


def verify(place, path=None, **more):
    run = place.start("--verify", path or place.catalog, config=False, **more)
    run.wait()
    return run


def whole(place, **more):
    """The four numbers."""
    run = verify(place, **more)
    equal(run.status, 0, run.out + run.err)
    equal(run.err, "")
    match = WHOLE.match(run.out)
    assert match, run.out
    return [int(number) for number in match.groups()]


def busy_catalog(place, **more):
    """Polls with every sort of change behind them."""
    sim = simulator(place, **more)
    place.once(0)
    for _ in range(4):
        sim.control("churn", changes=200)
        place.once(0)
    return sim


def copy(place, name):
    path = os.path.join(place.path, name)
    shutil.copy(place.catalog, path)
    return path


def change(path, sql):
    db = sqlite3.connect(path)
    with db:
        db.executescript(sql)
    db.close()


# ---- --verify ---------------------------------------------------------------------------------------------

@case
def a_busy_catalog_is_whole(place):
    busy_catalog(place)
    images, revisions, changes, polls = whole(place)
    equal(images, place.value("SELECT count(*) FROM sightings"))
    equal(revisions, place.value("SELECT count(*) FROM revisions"))
    equal(changes, place.value("SELECT count(*) FROM changes"))
    equal(polls, place.value("SELECT count(*) FROM polls"))
    assert revisions > 5 and changes > 20, (revisions, changes)
    equal(whole(place, path=copy(place, "alone.db"))[0], images)  # without its side files


@case
def it_needs_no_write_permission(place):
    busy_catalog(place)
    for name in ("", "-wal", "-shm"):
        os.chmod(place.catalog + name, 0o644)
    before = os.stat(place.catalog).st_mtime_ns
    whole(place, user=NOBODY)
    equal(os.stat(place.catalog).st_mtime_ns, before)


@case
def a_live_daemon(place):
    sim = simulator(place, defaults={"interval": "1s"})
    daemon = place.start()
    daemon.await_line("listing complete")
    for _ in range(5):
        sim.control("churn", changes=200)
        whole(place)
    daemon.kill(signal.SIGTERM)
    equal(daemon.wait(), 0)
    whole(place)


@case
def after_kill_9(place):
    simulator(place, defaults={"interval": "1s"})
    daemon = place.start()
    daemon.await_line("listing complete")
    daemon.kill()
    daemon.wait()
    whole(place)


@row_case([
    ("a_revision", "DELETE FROM _revisions WHERE rowid = (SELECT min(rowid) FROM _revisions)",
     r"^image ucloud|qingcloud/.*: revision \d+ is missing$"),
    ("a_change", "DELETE FROM _changes WHERE seq = 3", r"^changes 3 to 3 are missing from the feed$"),
    ("a_poll", "UPDATE _polls SET added = added + 1 WHERE poll_id = (SELECT max(poll_id) FROM _polls)",
     r"^poll \d+: it counted \d+ added, .* but the feed tells .*$"),
    ("a_name", "UPDATE _images SET name = char(27) || '[31mevil' WHERE image = 3",
     r"^image [^\x1b]*: its row is not what was stored$"),
], "spoilt")
def spoilt(place, sql, says):
    busy_catalog(place)
    path = copy(place, "spoilt.db")
    change(path, sql)
    run = verify(place, path)
    equal(run.status, 1)
    assert re.search(says, run.out, re.MULTILINE), run.out
    assert re.search(r"^\d+ images, .* polls: \d+ problems?\n\Z", run.out, re.MULTILINE), run.out


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def make_damaged(place, path):
    with open(path, "r+b") as file:
        file.seek(8192)
        file.write(b"\xa5" * 20000)


@row_case([
    ("missing", lambda place, path: os.unlink(path), "there is no catalog at '"),
    ("a_directory", lambda place, path: (os.unlink(path), os.mkdir(path)), "is not an imagecat catalog: it is no file"),
    ("empty", lambda place, path: write(path, b""), "is not an imagecat catalog"),
    ("text", lambda place, path: write(path, b"no database\n" * 1000), "is not an SQLite database"),
    ("foreign", lambda place, path: (os.unlink(path), change(path, "CREATE TABLE t (x)")), "is not an imagecat catalog"),
    ("newer", lambda place, path: change(path, "PRAGMA user_version = 99"), "was written by a newer release"),
], "refused")
def refused(place, make, says):
    simulator(place)
    place.once(0)
    path = copy(place, "other.db")
    make(place, path)
    run = verify(place, path)
    equal(run.status, 1)
    equal(run.out, "")
    has(run.err, says)
    equal(len(run.err.splitlines()), 1, run.err)


@case
def damaged(place):
    busy_catalog(place)
    path = copy(place, "damaged.db")
    make_damaged(place, path)
    run = verify(place, path)
    equal(run.status, 1, run.out + run.err)
    assert run.out or run.err


@case
def usage(place):
    run = place.start("--verify", config=False)
    equal(run.wait(), 2)
    run = place.start("--verify", "a", "b", config=False)
    equal(run.wait(), 2)


# ---- going back -------------------------------------------------------------------------------------------

@case
def a_restored_backup(place):
    sim = simulator(place)
    place.once(0)
    backup = copy(place, "backup.db")
    sim.control("churn", changes=200)
    run = place.once(0)
    equal(run.line("went back"), [])
    last_seq, last_poll = place.value("SELECT max(seq) FROM changes"), place.value("SELECT max(poll_id) FROM polls")

    shutil.copy(backup, place.catalog)
    sim.control("churn", changes=200)
    run = place.once(0)
    lines = run.line("the catalog went back")
    equal(len(lines), 1, run.err)
    has(lines[0], "(seq %d back to " % last_seq)
    has(lines[0], "(poll_id %d back to " % last_poll)
    lost = place.rows("SELECT seq FROM changes WHERE seq > (SELECT count(*) FROM changes WHERE kind = 'baseline')"
                      " AND seq <= ?", last_seq)
    equal(lost, [], "numbers given twice")
    assert place.value("SELECT max(seq) FROM changes") > last_seq
    assert place.value("SELECT max(poll_id) FROM polls") > last_poll
    whole(place)
    equal(place.once(0).line("went back"), [])
    whole(place)


@case
def pruned(place):
    sim = busy_catalog(place, catalog={"keep_history": "1s", "keep_polls": "1s"})
    seq = place.value("SELECT value FROM catalog_info WHERE key = 'last_seq'")
    equal(seq, place.value("SELECT max(seq) FROM changes") or seq)
    whole(place)
    sim.control("churn", changes=200)
    place.once(0)
    assert place.value("SELECT max(seq) FROM changes") > seq
    whole(place)


main()
