#!/usr/bin/env python3
"""imagecatd is killed with SIGKILL, at random instants and in the middle of chosen system calls, and again while it
recovers. Whatever the instant: the catalog holds whole polls, nothing that a reader was shown is lost, and the next
start goes on. (SIGKILL keeps what the kernel has; power loss is for tests/fault.)

Usage: python3 tests/system/kill.py BUILD_DIR [--kills N] [--seed N] [NAME]...
"""
import collections
import contextlib
import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import client  # noqa: E402
import harness  # noqa: E402
import whole  # noqa: E402
from harness import Skip, case, equal  # noqa: E402
from patience import PATIENCE  # noqa: E402

LANES = 5
SIM = ("--images", "1200", "--churn-every", "7", "--churn-size", "3", "--latency", "70ms")
# The n-th of these calls of a thread is where the daemon dies: (calls, of which file, up to which n).
INJECTIONS = [
    ("pwrite64", "-wal", 240),
    ("pwrite64", "", 60),
    ("fdatasync,fsync", "-wal", 40),
    ("fdatasync,fsync", "", 6),
    ("ftruncate", "", 6),
    ("ftruncate,pwrite64", "-shm", 6),
    ("ftruncate,pwrite64,fdatasync,rename,unlink", None, 320),
]
START_INJECTION = ("ftruncate,pwrite64,fdatasync,fsync", None, 12)
FIRST_START_INJECTION = ("ftruncate,pwrite64,fdatasync,fsync,unlink", None, 120)  # schema and migrations
ENOUGH_POLLS = 25  # five of each listing, and as many calls as there will be
PHASES = {"start": 5, "idle": 5, "fetching": 5, "commit": 5, "checkpoint": 5}  # percent of all kills, at least
SHM_WRITE, SHM_CHECKPOINT, SHM_RECOVER = 120, 121, 122  # bytes of the -shm that SQLite locks

options = {"--kills": 120, "--seed": 1}
phases, ways = collections.Counter(), collections.Counter()
figures = {}
tally_lock = threading.Lock()


def fresh_accounts(place, sim):
    return [place.account("ucloud", sim.url(), interval="1s", regions=["cn-bj2", "cn-sh2", "hk"], cloud="c"),
            place.account("qingcloud", sim.url("/iaas/"), interval="1s", zones=["pek3", "sh1"], cloud="q",
                          variants=["system", "self"])]


# ---- what readers are shown ------------------------------------------------------------------------------------

class Witness(threading.Thread):
    """Reads all the time and remembers what it was shown: that must never be taken back."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.path, self.seen, self.complete = path, {}, 0
        self.broken, self.reads = None, 0
        self.changed, self.ending = threading.Condition(), threading.Event()
        self.start()

    def run(self):
        try:
            while not self.ending.is_set():
                try:
                    with contextlib.closing(whole.open_catalog(self.path)) as db:
                        self._read(db)
                except sqlite3.OperationalError:
                    self.ending.wait(0.005)  # not there yet, or without its views
        except BaseException as error:  # it is told to whoever waits
            self.broken = repr(error)
            raise

    def _read(self, db):
        while not self.ending.is_set():
            db.execute("BEGIN")
            polls, seq = whole.last_seen(db)
            complete, torn = db.execute(
                "SELECT (SELECT ifnull(max(poll_id), 0) FROM _polls WHERE outcome = 'complete'),"
                " (SELECT ifnull(sum(added), 0) FROM _polls) - (SELECT count(*) FROM _images)").fetchone()
            db.execute("COMMIT")
            with self.changed:
                self.reads += 1
                if torn or self.seen.setdefault(polls, seq) != seq or polls < max(self.seen):
                    self.broken = "poll %d: seq %d after %d, %d rows that no poll added" % (
                        polls, seq, self.seen.get(polls, seq), -torn)
                self.complete = complete
                self.changed.notify_all()
            self.ending.wait(0.008)

    def await_complete(self, after):
        with self.changed:
            self.changed.wait_for(lambda: self.broken or self.complete > after, PATIENCE)
            return self.complete > after and not self.broken

    def end(self):
        self.ending.set()
        self.join(PATIENCE)
        assert not self.broken, "a reader was shown half a poll: %s" % self.broken
        return sorted(self.seen.items())[-200:]


# ---- one killed daemon ------------------------------------------------------------------------------------------

class Traced:
    """imagecatd under strace, which kills it when the n-th of some calls begins."""

    def __init__(self, place, calls, suffix, n):
        self.log = os.path.join(place.output, "strace%d" % place.run_count)
        path = [] if suffix is None else ["-P", place.catalog + suffix]
        self.run = harness.Run(place, ["-D", "-f", "-qq", "-y", "-s", "0", "-o", self.log, "-e", "trace=" + calls,
                                       "-e", "inject=%s:signal=KILL:when=%d" % (calls, n), *path,
                                       os.path.join(harness.build, "imagecatd"), "--config", place.config_path],
                               program="/usr/bin/strace")
        place.runs.append(self.run)

    def last_calls(self):
        """(thread is the main one, [(call, file), …]) of the thread that made the deadly call."""
        until = time.monotonic() + PATIENCE
        while True:
            with contextlib.suppress(FileNotFoundError):
                with open(self.log) as file:
                    text = file.read()
                if re.search(r"^%d +\+\+\+ " % self.run.pid, text, re.M):
                    break
            assert time.monotonic() < until, "strace does not tell the end of %d" % self.run.pid
            time.sleep(0.002)
        calls = re.findall(r"^(\d+) +(\w+)\((?:\d+<([^>]*)>)?", text, re.M)
        if not calls:
            return True, []
        thread = calls[-1][0]
        return int(thread) == self.run.pid, [(c, f) for t, c, f in calls if t == thread]

    def phase(self, place):
        main, calls = self.last_calls()
        if main:
            return "start"
        call, path = calls[-1]
        suffix = path[len(place.catalog):] if path.startswith(place.catalog) else None
        if suffix == "-wal":
            if call == "pwrite64":
                return "commit"
            before = calls[-2] if len(calls) > 1 else None
            # A commit's frames are synced once; once more, or cut, when their pages move into the file.
            return "commit" if call != "ftruncate" and before == ("pwrite64", path) else "checkpoint"
        if suffix == "-shm":
            return "commit"
        return "checkpoint" if suffix == "" else "witness"


def shm_locks(place, pid):
    """The bytes of the -shm that this process has locked for writing."""
    try:
        inode = os.stat(place.catalog + "-shm").st_ino
    except FileNotFoundError:
        return set()
    held = set()
    with open("/proc/locks") as file:
        for line in file:
            words = line.split()
            if words[1] == "POSIX" and words[3] == "WRITE" and words[4] == str(pid) and \
                    words[5].endswith(":%d" % inode):
                held |= set(range(int(words[6]), int(words[7]) + 1))
    return held


class Lane:
    """One catalog, killed again and again."""

    def __init__(self, place, number):
        self.place, self.random = place, random.Random("%s/%d" % (options["--seed"], number))
        self.sim = place.stack.enter_context(client.Sim(harness.build, "--seed", str(number), *SIM))
        place.configure(fresh_accounts(place, self.sim))
        self.scratch = os.path.join(place.path, "scratch")
        self.seen, self.kills = {}, 0
        self.injected = 0

    # -- the ways

    def random_kill(self):
        """Recovers, completes a poll, and is killed at any instant after it."""
        place = self.place
        asked_before, stored_before = self.requests(), self.stored_requests()
        witness = Witness(place.catalog)
        run = place.start()
        after = max(self.seen, default=0)
        done = witness.await_complete(after)
        assert done, "no complete poll after the kill (%s): %s" % (witness.broken, run.err[-1500:])
        assert not run.wait_quietly(self.random.uniform(0, 1.1)), "it ended by itself: " + run.err[-1500:]
        phase = None
        if self.random.random() < 0.75:  # looked at while it stands still
            run.kill(signal.SIGSTOP)
            while not stands_still(run.pid):
                pass
            held = shm_locks(place, run.pid)
            phase = "start" if SHM_RECOVER in held else "checkpoint" if SHM_CHECKPOINT in held else \
                "commit" if SHM_WRITE in held else None
        self.kill(run)
        self.after_kill("random", witness, run)
        if not phase:
            asked = self.requests() - asked_before
            stored = self.stored_requests() - stored_before
            phase = "fetching" if asked > stored else "idle"
        self.count(phase)

    def injected_kill(self, calls, suffix, most, way="injected"):
        witness = Witness(self.place.catalog)
        n = self.random.randint(1, most)
        traced = Traced(self.place, calls, suffix, n)
        # Of work, not of time: a slow machine makes as many calls.
        end = time.monotonic() + PATIENCE
        while not traced.run.wait_quietly(0.05) and len(traced.run.line("listing complete")) < ENOUGH_POLLS:
            assert time.monotonic() < end, "it does not poll: " + traced.run.err[-1500:]
        if traced.run.wait_quietly(0):
            traced.run.wait()
            equal(traced.run.status, -signal.SIGKILL, "imagecatd under strace: " + traced.run.err[-500:])
            phase = traced.phase(self.place)
        else:  # there were not so many
            self.kill(traced.run)
            phase = "idle"
        self.after_kill(way, witness, traced.run)
        self.count(phase)

    def early_kill(self):
        """In the first instants of a start, while it may still recover from the kill before."""
        witness = Witness(self.place.catalog)
        run = self.place.start()
        run.wait_quietly(self.random.uniform(0.002, 0.03))
        started = run.line("listing ")
        self.kill(run)
        self.after_kill("early", witness, run)
        self.count("fetching" if started else "start")

    # -- after each

    def kill(self, run):
        run.kill()
        run.wait()
        equal(run.status, -signal.SIGKILL)

    def after_kill(self, way, witness, run):
        """What was acknowledged (to readers, and in the log) is there, and nothing is there by halves."""
        if self.random.random() < 0.5:
            self.note(witness.end())
            witness = None
        self.kills += 1
        problems = whole.judge(self.place.catalog, self.scratch, sorted(self.seen.items()))
        if witness:  # its connection outlived the daemon
            self.note(witness.end())
            problems += whole.judge(self.place.catalog, self.scratch, sorted(self.seen.items()))
        told = len(run.line("listing complete"))
        if whole_catalog(self.place):
            before = getattr(self, "complete", 0)
            self.complete = self.place.value("SELECT count(*) FROM polls WHERE outcome = 'complete'")
            if self.complete - before < told:
                problems.append("%d complete polls were logged, %d are stored" % (told, self.complete - before))
        assert not problems, "after kill %d (%s): %s" % (self.kills, way, problems)
        with tally_lock:
            ways[way] += 1

    def note(self, pairs):
        for polls, seq in pairs:
            assert self.seen.setdefault(polls, seq) == seq, "poll %d had seq %d and then %d" % (
                polls, self.seen[polls], seq)
        for polls in sorted(self.seen)[:-200]:
            del self.seen[polls]

    def count(self, phase):
        with tally_lock:
            phases[phase] += 1

    def requests(self):
        status, body = self.sim.raw("GET", "/_sim/health")
        equal(status, 200)
        return int(re.search(rb'"requests": ?(\d+)', body).group(1))

    def stored_requests(self):
        return self.place.value("SELECT ifnull(sum(requests), 0) FROM polls") if whole_catalog(self.place) else 0

    def live(self, kills):
        calls, suffix, most = FIRST_START_INJECTION
        while self.kills < max(1, kills // 12):
            self.injected_kill(calls, suffix, most, "first start")
        while self.kills < kills:
            self.random_kill()
            for _ in range(self.random.choice((0, 0, 1, 2))):
                self.early_kill()
            injection = INJECTIONS[self.injected % len(INJECTIONS)]
            self.injected += 1
            self.injected_kill(*injection)
            if self.random.random() < 0.4:
                self.injected_kill(*START_INJECTION, "recovering")
        self.end()

    def end(self):
        """A last start that completes, and stops as it should."""
        place = self.place
        witness = Witness(place.catalog)
        run = place.start()
        run.await_line("started ")  # a poll may have been committed by the run before, and seen only now
        assert witness.await_complete(max(self.seen, default=0)), run.err[-1500:]
        run.kill(signal.SIGTERM)
        equal(run.wait(), 0, run.err[-1500:])
        self.note(witness.end())
        problems = whole.judge(place.catalog, self.scratch, sorted(self.seen.items()))
        assert not problems, "at the end: %s" % problems
        check = place.start("--verify", place.catalog, config=False)
        check.wait()
        if "unknown" not in check.err and "unrecognized" not in check.err:
            equal(check.status, 0, "--verify: " + check.err[-1500:] + check.out[-1500:])
        with tally_lock:
            figures["readers' acknowledged polls kept"] = figures.get("readers' acknowledged polls kept", 0) + \
                place.value("SELECT count(*) FROM polls")


def whole_catalog(place):
    try:
        return bool(place.rows("SELECT 1 FROM sqlite_schema WHERE name = 'catalog_info'"))
    except sqlite3.OperationalError:
        return False


def stands_still(pid):
    with open("/proc/%d/stat" % pid) as file:
        return file.read().rpartition(")")[2].split()[0] in "Tt"


def need_strace():
    if not os.path.exists("/usr/bin/strace"):
        raise Skip("strace is not installed")
    with tempfile.NamedTemporaryFile() as log:
        tried = subprocess.run(["strace", "-o", log.name, "-e", "trace=none", "true"], capture_output=True, check=False)
    if tried.returncode != 0:
        raise Skip("strace may not trace here: " + tried.stderr.decode()[-200:])


def lane_case(number):
    def one(place):
        need_strace()
        share = options["--kills"] // LANES + (number <= options["--kills"] % LANES)
        Lane(place, number).live(share)
    one.__name__ = "killed_lane_%d" % number
    case(one)


for lane in range(1, LANES + 1):
    lane_case(lane)


# ---- --once ------------------------------------------------------------------------------------------------------

@case
def once_killed_between_two(place):
    rng = random.Random(options["--seed"])
    with client.Sim(harness.build, "--images", "600", "--churn-every", "5", "--churn-size", "3") as sim:
        place.configure(fresh_accounts(place, sim))
        place.once(0)
        polls = place.value("SELECT count(*) FROM polls")
        for _ in range(6):
            seen = [(polls, place.value("SELECT value FROM catalog_info WHERE key = 'last_seq'"))]
            run = place.start("--once")
            run.wait_quietly(rng.uniform(0.005, 0.08))
            run.kill()
            run.wait()
            problems = whole.judge(place.catalog, os.path.join(place.path, "scratch"), seen)
            assert not problems, problems
            place.once(0)
            before, polls = polls, place.value("SELECT count(*) FROM polls")
            listings = place.value("SELECT count(*) FROM listings")
            assert polls >= before + listings, "%d polls after %d" % (polls, before)
        problems = whole.judge(place.catalog, os.path.join(place.path, "scratch"), seen)
        assert not problems, problems


# ---- the judge is judged ----------------------------------------------------------------------------------------

STEPS = {  # what a poll of one added image writes
    "poll": ["INSERT INTO _polls (listing_id, started_at, finished_at, outcome, added, changed, missing, removed,"
             " returned, held, requests) VALUES (1, :at, :at, 'complete', 1, 0, 0, 0, 0, 0, 2)"],
    "image": ["INSERT INTO _images SELECT * FROM new_image", "INSERT INTO _raw SELECT image, '{}' FROM new_image"],
    "change": ["INSERT INTO _changes (at, kind, listing_id, poll_id, image, revision)"
               " SELECT :at, 'added', 1, :poll, image, 1 FROM new_image"],
    "listing": ["UPDATE _listings SET images_present = images_present + 1, last_complete_at = :at,"
                " last_attempt_at = :at WHERE listing_id = 1"],
}
ORDERS = [["poll", "image", "change", "listing"], ["image", "change", "listing", "poll"],
          ["listing", "change", "image", "poll"], ["change", "poll", "listing", "image"]]

# Writes the steps in the order given, each in a transaction of its own, and kills itself before the n-th.
WRITER = """
import os, signal, sqlite3, sys, json
path, steps, n = sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3])
db = sqlite3.connect(path, isolation_level=None)
at, poll, image = db.execute("SELECT (SELECT max(finished_at) + 1 FROM _polls), (SELECT max(poll_id) + 1 FROM _polls),"
                             " (SELECT max(image) + 1 FROM _images)").fetchone()
db.execute("CREATE TEMP TABLE new_image AS SELECT * FROM _images WHERE listing_id = 1 AND revision = 1 LIMIT 1")
db.execute("UPDATE new_image SET image = ?, uid = uid || '-new', first_seen_at = ?, changed_at = ?, presence = 0",
           (image, at, at))
for i, step in enumerate(steps + [None]):
    if i == n:
        os.kill(os.getpid(), signal.SIGKILL)
    if step:
        db.execute("BEGIN")
        for sql in step:
            db.execute(sql, {"at": at, "poll": poll})
        db.execute("COMMIT")
"""


def write_torn(path, order, n):
    done = subprocess.run([sys.executable, "-c", WRITER, path, json.dumps([STEPS[name] for name in order]), str(n)],
                          capture_output=True, text=True, check=False)
    equal(done.returncode, -signal.SIGKILL, done.stderr)


@case
def judge_catches_polls_in_several_transactions(place):
    """A writer that does what must not be done is caught each time; one that is done with its poll is not."""
    with client.Sim(harness.build, "--images", "600") as sim:
        place.configure(fresh_accounts(place, sim))
        place.once(0)
    good, scratch = os.path.join(place.path, "good"), os.path.join(place.path, "scratch")
    equal(whole.judge(place.catalog, scratch), [])
    tried = caught = 0
    for order in ORDERS:
        for n in range(0, len(order) + 1):
            path = whole.copy_catalog(place.catalog, good)
            write_torn(path, order, n)
            problems = whole.judge(path, scratch)
            if n in (0, len(order)):
                equal(problems, [], "%d of %s" % (n, order))
                continue
            tried += 1
            caught += bool(problems)
            assert problems, "not noticed: killed after %d of %s" % (n, order)
    figures["torn polls of a bad writer caught"] = "%d of %d" % (caught, tried)


@case
def judge_catches_lost_commits(place):
    """What a lost lock leads to: the -wal is gone, and integrity_check says ok."""
    with client.Sim(harness.build, "--images", "600") as sim:
        place.configure(fresh_accounts(place, sim))
        place.once(0)
    good, scratch = os.path.join(place.path, "good"), os.path.join(place.path, "scratch")
    path = whole.copy_catalog(place.catalog, good)
    write_torn(path, ORDERS[0], 4)
    with contextlib.closing(whole.open_catalog(path)) as db:
        seen = [whole.last_seen(db)]
    equal(whole.judge(path, scratch, seen), [])
    for suffix in ("-wal", "-shm"):
        os.unlink(path + suffix)
    problems = whole.judge(path, scratch, seen)
    assert problems and all("lost: " in problem for problem in problems), problems


# ---- main ---------------------------------------------------------------------------------------------------------

def report():
    """The figures; False when a phase was hit too seldom to prove anything."""
    kills = sum(ways.values())
    if not kills:
        return True
    print("figure: kills %d" % kills)
    print("figure: kills by way: " + ", ".join("%s %d" % pair for pair in sorted(ways.items())))
    print("figure: kills by phase: " + ", ".join("%s %d" % pair for pair in sorted(phases.items())))
    for name, value in sorted(figures.items()):
        print("figure: %s %s" % (name, value))
    seldom = [name for name, percent in PHASES.items() if phases[name] * 100 < percent * kills]
    verdict = "[  FAILED  ]" if seldom else "[       OK ]"
    print("%s every_phase_was_hit%s" % (verdict, ": too seldom: " + ", ".join(seldom) if seldom else ""))
    return not seldom


def main():
    arguments = sys.argv[1:]
    for name in options:
        while name in arguments:
            at = arguments.index(name)
            options[name] = int(arguments[at + 1])
            del arguments[at:at + 2]
    sys.argv[1:] = arguments
    harness.WORKERS = LANES + 1
    print("seed %d" % options["--seed"], flush=True)
    status = 1
    try:
        harness.main()
    except SystemExit as ended:
        status = ended.code
    whole_runs = len(arguments) == 1
    if not report() and whole_runs and status == 0:
        status = 1
    sys.exit(status)


if __name__ == "__main__":
    main()
