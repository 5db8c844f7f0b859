"""Whether a catalog holds whole polls only: an outside judge with its own SQL.

Every rule is a query whose rows break it. It asks the tables that the daemon writes, with Python's SQLite.
"""
import contextlib
import os
import sqlite3
import subprocess
import urllib.parse

from patience import PATIENCE

# The listing's first complete poll: what was seen until then enters the feed through one entry.
BASELINES = "SELECT listing_id, min(poll_id) AS poll_id FROM changes WHERE kind = 'baseline' GROUP BY listing_id"

RULES = [
    ("a poll's row says what the feed says", """
        WITH baseline AS (%s), told AS (
            SELECT poll_id, sum(kind = 'added') AS added, sum(kind = 'changed') AS changed,
                sum(kind = 'missing') AS missing, sum(kind = 'removed') AS removed,
                sum(kind = 'returned') AS returned
            FROM changes WHERE poll_id IS NOT NULL GROUP BY poll_id)
        SELECT p.poll_id, p.added, t.added, p.changed, t.changed, p.missing, t.missing, p.removed, t.removed,
            p.returned, t.returned
        FROM polls AS p LEFT JOIN told AS t USING (poll_id) LEFT JOIN baseline AS b USING (listing_id)
        WHERE (p.missing, p.removed, p.returned)
                IS NOT (ifnull(t.missing, 0), ifnull(t.removed, 0), ifnull(t.returned, 0))
            OR ifnull(t.added, 0) <> CASE WHEN p.poll_id > b.poll_id THEN p.added ELSE 0 END
            OR ifnull(t.changed, 0) <> CASE WHEN p.poll_id > b.poll_id THEN p.changed ELSE 0 END""" % BASELINES),
    ("a change belongs to a poll", """
        SELECT seq, poll_id FROM changes WHERE poll_id IS NOT NULL AND poll_id NOT IN (SELECT poll_id FROM polls)"""),
    ("a change belongs to a poll of its listing", """
        SELECT c.seq FROM changes AS c JOIN polls AS p USING (poll_id) WHERE c.listing_id <> p.listing_id"""),
    ("seq has no gap", """
        SELECT count(*), min(seq), max(seq) FROM changes HAVING count(*) > 0 AND (min(seq) <> 1 OR max(seq) <> count(*))"""),
    ("last_seq is the last seq", """
        SELECT value FROM catalog_info WHERE key = 'last_seq' AND value <> (SELECT ifnull(max(seq), 0) FROM changes)"""),
    ("poll_id has no gap", """
        SELECT count(*), max(poll_id) FROM polls HAVING count(*) > 0 AND max(poll_id) <> count(*)"""),
    ("images_present is how many are present", """
        SELECT l.listing_id, l.images_present, count(i.uid) FROM listings AS l
            LEFT JOIN sightings AS i ON i.listing_id = l.listing_id AND i.presence = 'present'
        GROUP BY l.listing_id HAVING l.images_present <> count(i.uid)"""),
    ("last_complete_at is of the newest complete poll", """
        SELECT l.listing_id, l.last_complete_at, max(p.finished_at) FROM listings AS l
            LEFT JOIN polls AS p ON p.listing_id = l.listing_id AND p.outcome = 'complete'
        GROUP BY l.listing_id HAVING l.last_complete_at IS NOT max(p.finished_at)"""),
    ("last_attempt_at is of the newest poll", """
        SELECT l.listing_id, l.last_attempt_at, max(p.finished_at) FROM listings AS l
            LEFT JOIN polls AS p ON p.listing_id = l.listing_id
        GROUP BY l.listing_id HAVING l.last_attempt_at IS NOT max(p.finished_at)"""),
    ("every row was added by a poll", """
        SELECT l.listing_id, (SELECT count(*) FROM sightings AS i WHERE i.listing_id = l.listing_id) AS images,
            (SELECT ifnull(sum(added), 0) FROM polls AS p WHERE p.listing_id = l.listing_id) AS added
        FROM listings AS l WHERE images <> added"""),
    ("a row's times are those of a poll", """
        SELECT i.uid, i.first_seen_at, i.changed_at FROM sightings AS i
        WHERE NOT EXISTS (SELECT 1 FROM polls AS p WHERE p.listing_id = i.listing_id AND p.finished_at = i.first_seen_at)
            OR NOT EXISTS (SELECT 1 FROM polls AS p WHERE p.listing_id = i.listing_id AND p.finished_at = i.changed_at)"""),
    ("every row has its raw text", "SELECT uid FROM sightings WHERE raw IS NULL"),
    ("revisions have no gap", """
        SELECT i.uid, i.revision, count(r.revision), max(r.revision) FROM sightings AS i
            LEFT JOIN revisions AS r ON r.uid = i.uid AND r.listing_id = i.listing_id
        GROUP BY i.listing_id, i.uid HAVING count(r.revision) <> i.revision - 1 OR ifnull(max(r.revision), 0) <> i.revision - 1"""),
    ("every revision was made by a poll", """
        SELECT l.listing_id, (SELECT count(*) FROM revisions AS r WHERE r.listing_id = l.listing_id) AS revisions,
            (SELECT ifnull(sum(changed), 0) FROM polls AS p WHERE p.listing_id = l.listing_id) AS changed
        FROM listings AS l WHERE revisions <> changed"""),
    ("a change's revision follows one that is kept", """
        SELECT c.seq, c.uid, c.revision FROM changes AS c WHERE c.kind = 'changed' AND NOT EXISTS (SELECT 1
            FROM revisions AS r WHERE r.uid = c.uid AND r.listing_id = c.listing_id AND r.revision = c.revision - 1)"""),
    ("a baseline is told once", """
        SELECT listing_id, count(*) FROM changes WHERE kind = 'baseline' GROUP BY listing_id HAVING count(*) > 1"""),
]


def open_catalog(path, mode="ro"):
    db = sqlite3.connect("file:%s?mode=%s" % (urllib.parse.quote(path), mode), uri=True, isolation_level=None,
                         check_same_thread=False)
    db.execute("PRAGMA busy_timeout = %d" % (PATIENCE * 1000))
    return db


def last_seen(db):
    """(newest poll_id, last_seq), as any reader sees them."""
    return db.execute("SELECT (SELECT ifnull(max(poll_id), 0) FROM polls),"
                      " (SELECT value FROM catalog_info WHERE key = 'last_seq')").fetchone()


def has_views(db):
    """False while the first start has not come to them."""
    names = {name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'view'")}
    return {"polls", "changes", "listings", "sightings", "revisions", "catalog_info"} <= names


def problems_of(db, seen=()):
    """What is wrong, as sentences. `seen`: pairs of poll_id and last_seq that a reader was shown before."""
    found = []
    verdict = [row[0] for row in db.execute("PRAGMA integrity_check")]
    if verdict != ["ok"]:
        return ["integrity_check: " + "; ".join(verdict[:3])]
    if not has_views(db):
        return ["the catalog has no views, and polls were seen"] if seen else []
    for name, sql in RULES:
        rows = db.execute(sql).fetchmany(4)
        if rows:
            found.append("%s: %s" % (name, rows[:3]))
    polls, seq = last_seen(db)
    for seen_poll, seen_seq in seen:
        if seen_poll > polls or seen_seq > seq:
            found.append("lost: a reader saw poll %d and seq %d, there are %d and %d" % (
                seen_poll, seen_seq, polls, seq))
            break
        then = db.execute("SELECT ifnull(max(seq), 0) FROM changes WHERE poll_id <= ? OR (poll_id IS NULL AND seq <= ?)",
                          (seen_poll, seen_seq)).fetchone()[0]
        if then != seen_seq:
            found.append("a reader saw poll %d with seq %d, it was stored with %d" % (seen_poll, seen_seq, then))
            break
    return found


def copy_catalog(path, directory):
    """The files as they lie there, by another process: closing them in this one would drop its locks."""
    os.makedirs(directory, exist_ok=True)
    target = os.path.join(directory, os.path.basename(path))
    for suffix in ("", "-wal", "-shm", "-journal"):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(target + suffix)
        if os.path.exists(path + suffix):
            subprocess.run(["cp", path + suffix, target + suffix], check=True)
    return target


def judge(path, scratch, seen=()):
    """Of a catalog that nobody writes: read-only as it lies there, then a copy that is opened for writing."""
    found = []
    if not os.path.exists(path):
        return ["there is no catalog, and polls were seen"] if seen else []
    copy = copy_catalog(path, scratch)
    if not os.path.exists(path + "-journal"):  # only before there is a -wal; a reader may not roll it back
        with contextlib.closing(open_catalog(path)) as db:
            found += ["read-only: " + problem for problem in problems_of(db, seen)]
    with contextlib.closing(open_catalog(copy, "rw")) as db:
        found += ["recovered: " + problem for problem in problems_of(db, seen)]
        checkpoint = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if checkpoint[0] != 0:
            found.append("the recovered -wal cannot be checkpointed: %s" % (checkpoint,))
        found += ["checkpointed: " + problem for problem in problems_of(db, seen)]
    return found
