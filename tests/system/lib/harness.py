"""Runs imagecatd as a user would and looks at what it left behind.

A test file collects functions with @case and ends in main(). Each case gets a Place: a directory of its own
with a configuration, keys and a catalog. At the end of each case everything that the program wrote is
searched for secrets.
"""
import base64
import concurrent.futures
import contextlib
import io
import json
import os
import select
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cloud as clouds  # noqa: E402
from patience import PATIENCE  # noqa: E402

FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "fixtures")
WORKERS = 4  # cases mostly wait

cases = []
build = None


def case(function):
    cases.append(function)
    return function


def row_case(rows, name=None):
    """One case for each row of a table; the row's first member is its name."""
    def take(function):
        for row in rows:
            def one(place, row=row):
                function(place, *row[1:])
            one.__name__ = "%s_%s" % (name or function.__name__, row[0])
            cases.append(one)
        return function
    return take


def fixture(name):
    with open(os.path.join(FIXTURES, name), "rb") as file:
        return file.read()


class Skip(Exception):
    """A case that cannot be run here, with the reason."""


def need_root():
    if os.geteuid() != 0:
        raise Skip("only root can run a program as another user")


def equal(got, expected, what=""):
    assert got == expected, "%sgot %r, expected %r" % (what + ": " if what else "", got, expected)


def has(text, part):
    assert part in text, "%r is not in %r" % (part, text)


# ---- a run ------------------------------------------------------------------------------------------------

class Run:
    """One process. stdout and stderr go to files, so that it never waits for a reader."""

    def __init__(self, place, arguments, env=None, user=None, group=None, program="imagecatd", before=()):
        place.run_count += 1
        base = os.path.join(place.output, "run%d" % place.run_count)
        self.paths = base + ".out", base + ".err"
        environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8"}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
            if name in os.environ:
                environment[name] = os.environ[name]
        environment.update(env or {})
        self.started = time.monotonic()
        self.status = self.peak = self.seconds = None
        executable = os.path.join(build, program)
        identity = {}
        if user is not None:
            need_root()
            # The build directory may be in a home that others cannot enter. Copied by a process of its own:
            # another thread's child would inherit a descriptor that keeps the file busy.
            copy = os.path.join(place.path, program)
            if not os.path.exists(copy):
                subprocess.run(["cp", executable, copy], check=True)
            executable = copy
            identity = {"user": user, "group": group if group is not None else user, "extra_groups": []}
        with open(self.paths[0], "wb") as out, open(self.paths[1], "wb") as err:
            self.process = subprocess.Popen([*before, executable, *arguments], stdin=subprocess.DEVNULL,
                                            stdout=out, stderr=err, env=environment, cwd=place.path,
                                            start_new_session=True, **identity)
        self.pid = self.process.pid

    def wait(self, timeout=PATIENCE):
        """The exit status; a run that does not end is killed and an error."""
        if self.status is not None:
            return self.status
        handle = os.pidfd_open(self.pid)
        try:
            ended = select.select([handle], [], [], timeout)[0]
        finally:
            os.close(handle)
        if not ended:
            os.kill(self.pid, signal.SIGKILL)
        _, status, usage = os.wait4(self.pid, 0)
        self.status = self.process.returncode = os.waitstatus_to_exitcode(status)
        self.seconds = time.monotonic() - self.started
        self.peak = usage.ru_maxrss * 1024
        assert ended, "did not end within %d s; stderr: %s" % (timeout, self.err[-2000:])
        assert "Sanitizer" not in self.err and "runtime error:" not in self.err, self.err[-4000:]
        return self.status

    def await_line(self, part, timeout=PATIENCE):
        """Until stderr has a line with `part`."""
        until = time.monotonic() + timeout
        while not self.line(part):
            assert not self.wait_quietly(0.01) and time.monotonic() < until, "no %r in %r" % (part, self.err)

    def wait_quietly(self, seconds):
        """True when it ended by itself in that time."""
        handle = os.pidfd_open(self.pid)
        try:
            return bool(select.select([handle], [], [], seconds)[0])
        finally:
            os.close(handle)

    def kill(self, number=signal.SIGKILL):
        if self.status is None:
            os.kill(self.pid, number)

    @property
    def out(self):
        return self._text(0)

    @property
    def err(self):
        return self._text(1)

    def _text(self, i):
        with open(self.paths[i], "rb") as file:
            return file.read().decode("utf-8", "replace")

    def line(self, part):
        """The lines of stderr that hold `part`."""
        return [line for line in self.err.splitlines() if part in line]


# ---- a place ------------------------------------------------------------------------------------------------

class Place:
    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="imagecat-system-")
        os.chmod(self.path, 0o755)
        self.config_path = os.path.join(self.path, "imagecat.yaml")
        self.keys = os.path.join(self.path, "keys")
        self.state = os.path.join(self.path, "state")
        self.output = os.path.join(self.path, "output")
        for directory in (self.keys, self.state, self.output):
            os.mkdir(directory)
        self.catalog = os.path.join(self.state, "catalog.db")
        self.run_count = 0
        self.secrets = {clouds.UCLOUD_SECRET, clouds.QINGCLOUD_SECRET}
        self.runs, self.stack = [], contextlib.ExitStack()

    def close(self):
        for run in self.runs:
            if run.status is None:
                run.kill()
                run.wait()
        self.stack.close()
        shutil.rmtree(self.path, ignore_errors=True)

    def cloud(self, **more):
        cloud = self.stack.enter_context(clouds.Cloud(**more))
        self.clouds = getattr(self, "clouds", []) + [cloud]
        return cloud

    # -- configuration

    def key_file(self, name, text, mode=0o600):
        path = os.path.join(self.keys, name)
        with open(path, "w") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def configure(self, accounts, **more):
        """JSON is YAML. A section given here is merged into the defaults of the tests."""
        config = {"catalog": {"path": self.catalog}, "http": {"listen": "off"}, "accounts": accounts}
        for name, value in more.items():
            config[name] = {**config.get(name, {}), **value}
        self.write_config(json.dumps(config, indent=1, ensure_ascii=False))

    def write_config(self, text):
        with open(self.config_path, "w") as file:
            file.write(text)

    def account(self, provider, endpoint, name=None, **more):
        qingcloud = provider == "qingcloud"
        kind = ("access_key_id", "secret_access_key") if qingcloud else ("public_key", "private_key")
        values = (clouds.QINGCLOUD_ID, clouds.QINGCLOUD_SECRET) if qingcloud else \
            (clouds.UCLOUD_ID, clouds.UCLOUD_SECRET)
        account = {"name": name or provider, "provider": provider, "endpoint": endpoint,
                   "requests_per_second": 1000, "timeout": "10s", kind[0]: values[0]}
        if kind[1] not in more and kind[1] + "_file" not in more:
            account[kind[1] + "_file"] = self.key_file(account["name"] + ".key", values[1] + "\n")
        account.update({"zones": ["pek3"], "variants": ["self"]} if qingcloud else {"regions": ["cn-bj2"]})
        account.update(more)
        return {key: value for key, value in account.items() if value is not None}

    # -- running

    def start(self, *arguments, config=True, **more):
        config_arguments = ["--config", self.config_path] if config else []
        run = Run(self, [*config_arguments, *arguments], **more)
        self.runs.append(run)
        return run

    def once(self, expected=None, timeout=PATIENCE, **more):
        run = self.start("--once", **more)
        run.wait(timeout)
        if expected is not None:
            assert run.status == expected, "exit status %d, expected %d; stderr:\n%s" % (
                run.status, expected, run.err[-3000:])
        return run

    # -- the catalog, by Python's own SQLite

    @contextlib.contextmanager
    def database(self, path=None):
        connection = sqlite3.connect("file:%s?mode=ro" % urllib.parse.quote(path or self.catalog), uri=True, timeout=PATIENCE)
        connection.row_factory = sqlite3.Row
        try:
            yield connection
        finally:
            connection.close()

    def rows(self, sql, *values):
        with self.database() as db:
            return [dict(row) for row in db.execute(sql, values)]

    def one(self, sql, *values):
        rows = self.rows(sql, *values)
        equal(len(rows), 1, sql)
        return rows[0]

    def value(self, sql, *values):
        return next(iter(self.one(sql, *values).values()))

    def listing(self, account, service=None, **where):
        sql = "SELECT * FROM listings WHERE account = ?" + (" AND service = ?" if service else "")
        rows = self.rows(sql, account, *([service] if service else []))
        rows = [row for row in rows if all(row[key] == value for key, value in where.items())]
        equal(len(rows), 1, "listings of %s %s %s" % (account, service, where))
        return rows[0]

    def last_poll(self, account, service=None, **where):
        listing = self.listing(account, service, **where)
        rows = self.rows("SELECT * FROM polls WHERE listing_id = ? ORDER BY poll_id DESC LIMIT 1",
                         listing["listing_id"])
        equal(len(rows), 1, "polls of %s" % account)
        return rows[0]

    def images(self, account, service=None, presence=("present",), **where):
        listing = self.listing(account, service, **where)
        rows = self.rows("SELECT * FROM sightings WHERE listing_id = ?", listing["listing_id"])
        return {row["image_id"]: row for row in rows if row["presence"] in presence}

    def change(self, sql):
        """Behind the daemon's back."""
        with contextlib.closing(sqlite3.connect(self.catalog, timeout=PATIENCE)) as db, db:
            db.executescript(sql)

    def check_integrity(self):
        equal(self.value("PRAGMA integrity_check"), "ok")

    # -- secrets

    def forbidden(self):
        """Every secret and every signature that was sent, in the ways that they could be written."""
        words = set(self.secrets)
        for cloud in getattr(self, "clouds", []):
            words |= cloud.signatures()
        found = {}
        for word in words:
            raw = word.encode()
            for text in (raw, urllib.parse.quote(word, safe="").encode(), base64.b64encode(raw),
                         raw.hex().encode(), raw.hex().upper().encode(), raw[::-1],
                         json.dumps(word)[1:-1].encode(), json.dumps(word)[1:-1].replace("/", "\\/").encode()):
                found[text] = word
        return found

    def check_secrets(self):
        forbidden = self.forbidden()
        for directory, _, names in os.walk(self.path):
            if directory == self.keys:
                continue
            for name in names:
                path = os.path.join(directory, name)
                if path == self.config_path or not os.path.isfile(path) or os.path.islink(path):
                    continue
                with open(path, "rb") as file:
                    data = file.read()
                for text, word in forbidden.items():
                    assert text not in data, "%s holds the secret %s… as %r" % (name, word[:6], text)


# ---- comparing with the cloud --------------------------------------------------------------------------------

def check_listing(place, shelf_items, account, service=None, raw=True, **where):
    """The catalog holds exactly these items, each as it was sent."""
    rows = place.images(account, service, **where)
    expected = {clouds.id_of(item): item for item in shelf_items}
    equal(sorted(rows), sorted(expected), "images of %s" % account)
    for image_id, item in expected.items():
        if raw:
            equal(rows[image_id]["raw"].encode(), item, "raw of " + image_id)


# ---- main -----------------------------------------------------------------------------------------------------

print_lock = threading.Lock()


def run_case(function):
    name = function.__name__
    out = io.StringIO()
    print("[ RUN      ] " + name, file=out)
    place = Place()
    started = time.monotonic()
    good, skip = False, None
    try:
        function(place)
        place.check_secrets()
        for run in place.runs:
            if run.status is None:
                raise AssertionError("a run was left behind")
        good = True
    except Skip as reason:
        good, skip = True, str(reason)
    except AssertionError as error:
        print("%s: %s" % (traceback.extract_tb(error.__traceback__)[-1].name, error), file=out)
        for frame in traceback.extract_tb(error.__traceback__):
            if "harness.py" not in frame.filename:
                print("  at %s:%d: %s" % (os.path.basename(frame.filename), frame.lineno, frame.line), file=out)
    except Exception:  # a test must not take the others with it
        traceback.print_exc(file=out)
    if not good:
        for run in place.runs:
            print("--- stderr of %s: %s" % (os.path.basename(run.paths[1]), run.err[-2500:]), file=out)
    try:
        place.close()
    except Exception:
        traceback.print_exc(file=out)
        good = False
    if skip and good:
        print("[  SKIPPED ] %s: %s" % (name, skip), file=out)
    else:
        print("%s %s (%.1f s)" % ("[       OK ]" if good else "[  FAILED  ]", name,
                                  time.monotonic() - started), file=out)
    with print_lock:
        sys.stdout.write(out.getvalue())
        sys.stdout.flush()
    return good


def main():
    global build
    if len(sys.argv) < 2 or not os.path.isfile(os.path.join(sys.argv[1], "imagecatd")):
        sys.exit("usage: %s BUILD_DIR [PART_OF_A_NAME]...  (BUILD_DIR holds imagecatd)" % sys.argv[0])
    build = os.path.abspath(sys.argv[1])
    wanted = sys.argv[2:]
    chosen = [c for c in cases if not wanted or any(part in c.__name__ for part in wanted)]
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        results = list(pool.map(run_case, chosen))
    print("[==========] %d tests, %d failed" % (len(results), results.count(False)))
    sys.exit(0 if results and all(results) else 1)
