#!/usr/bin/env python3
"""What imagecatd asks of the kernel, with the call stack of each request.

POSIX locks belong to the process: if anything but SQLite opens and closes the catalog, SQLite's locks are gone, the
next reader takes itself for the only one, and later commits vanish without a word. And nothing outside the catalog's
directory is ever written.

Usage: python3 tests/system/syscalls.py BUILD_DIR [NAME]...
"""
import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import client  # noqa: E402
import harness  # noqa: E402
from harness import Skip, case, equal, main  # noqa: E402
from patience import PATIENCE  # noqa: E402

CALLS = ("open,openat,openat2,creat,close,dup,dup2,dup3,rename,renameat,renameat2,unlink,unlinkat,link,linkat,symlink,"
         "symlinkat,mkdir,mkdirat,truncate,ftruncate")
OPENS = ("open", "openat", "openat2", "creat")
CHANGES = ("rename", "renameat", "renameat2", "unlink", "unlinkat", "link", "linkat", "symlink", "symlinkat", "mkdir",
           "mkdirat", "truncate", "ftruncate")
SQLITE = "/libsqlite3.so"
FILES = ("", "-wal", "-shm", "-journal")  # of the catalog: SQLite's alone


class Call:
    def __init__(self, name, text):
        self.name, self.text, self.stack = name, text, []
        # "quoted paths", and what -y says of descriptors: 5</path>
        self.paths = re.findall(r'"((?:[^"\\]|\\.)*)"', text) + \
            [re.sub(r" ?\(deleted\)$", "", path) for path in re.findall(r"(?<![A-Z])\d+<(/[^>]*)>", text)]
        self.failed = re.search(r"= -1 E", text) is not None

    def of_sqlite(self):
        return any(SQLITE in frame for frame in self.stack)

    def writes(self):
        if self.failed:
            return False
        if self.name in OPENS:
            return self.name == "creat" or re.search(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND", self.text)
        return self.name in CHANGES

    def __repr__(self):
        return "%s\n    %s" % (self.text[:200], "\n    ".join(self.stack[:12]) or "(no stack)")


def read_calls(text):
    """The calls of a log of `strace -f -k -y`, each with its stack."""
    calls, unfinished, last = [], {}, None
    for line in text.splitlines():
        if line.startswith(" > "):
            if last:
                last.stack.append(line[3:])
            continue
        begun = re.match(r"(\d+) +(\w+)\((.*)$", line)
        resumed = re.match(r"(\d+) +<\.\.\. (\w+) resumed>(.*)$", line)
        last = None
        if begun and line.endswith("<unfinished ...>"):
            unfinished[begun[1]] = begun[3][:-len("<unfinished ...>")]
        elif begun:
            last = Call(begun[2], "%s(%s" % (begun[2], begun[3]))
        elif resumed and resumed[1] in unfinished:
            last = Call(resumed[2], "%s(%s%s" % (resumed[2], unfinished.pop(resumed[1]), resumed[3]))
        if last:
            calls.append(last)
    return calls


def strangers(calls, catalog):
    """What touches the catalog's files without SQLite."""
    own = {catalog + suffix for suffix in FILES}
    return [c for c in calls if own & set(c.paths) and not c.of_sqlite() and not (c.failed and c.name not in OPENS)]


def writes_elsewhere(calls, directory):
    return [c for c in calls if c.writes() and [
        p for p in c.paths if p.startswith("/") and p != "/dev/null" and p != directory and
        not p.startswith(directory + "/")]]


# ---- running ---------------------------------------------------------------------------------------------------

def need_strace():
    if not os.path.exists("/usr/bin/strace"):
        raise Skip("strace is not installed")
    with tempfile.NamedTemporaryFile() as log:
        tried = subprocess.run(["strace", "-k", "-o", log.name, "-e", "trace=none", "true"], capture_output=True,
                               check=False)
    if tried.returncode != 0:
        raise Skip("strace may not trace here: " + tried.stderr.decode()[-200:])


class Readers(threading.Thread):
    """`imagecat list`, one after the other."""

    def __init__(self, place):
        super().__init__(daemon=True)
        self.place, self.ending, self.count, self.statuses = place, threading.Event(), 0, set()
        self.start()

    def run(self):
        while not self.ending.is_set():
            done = subprocess.run([os.path.join(harness.build, "imagecat"), "--catalog", self.place.catalog, "list",
                                   "-o", "id"], capture_output=True, check=False)
            self.statuses.add(done.returncode)
            self.count += 1

    def end(self):
        self.ending.set()
        self.join(PATIENCE)
        assert self.count and self.statuses == {0}, "imagecat list: %d runs, %s" % (self.count, self.statuses)


def trace(place, *arguments, preload=None):
    log = os.path.join(place.output, "strace%d" % place.run_count)
    extra = ["-E", "LD_PRELOAD=" + preload] if preload else []
    run = harness.Run(place, ["-D", "-f", "-k", "-y", "-qq", "-s", "300", "-o", log, "-e", "trace=" + CALLS, *extra,
                              os.path.join(harness.build, "imagecatd"), "--config", place.config_path, *arguments],
                      program="/usr/bin/strace")
    place.runs.append(run)
    return run, log


def calls_of(run, log):
    """After the end of the run: strace writes on for a moment."""
    until = time.monotonic() + PATIENCE
    while True:
        with open(log) as file:
            text = file.read()
        if re.search(r"^%d +(\+\+\+ |exit_group)" % run.pid, text, re.M) or not tracer_of(log):
            return read_calls(text)
        assert time.monotonic() < until, "strace does not end"
        time.sleep(0.01)


def tracer_of(log):
    """Whether a process still has this log open."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if os.fsencode(log) in open("/proc/%s/cmdline" % pid, "rb").read().split(b"\0"):
                return True
    return False


def configure(place, sim):
    place.configure([
        place.account("ucloud", sim.url(), interval="1s", regions=["cn-bj2"], cloud="u"),
        place.account("compshare", sim.url(), interval="1s", regions=["cn-wlcb"], zones=["cn-wlcb-01"], cloud="c",
                      services=["custom", "community"]),
        place.account("qingcloud", sim.url("/iaas/"), interval="1s", zones="all", cloud="q")])


def await_polls(place, run, count):
    until = time.monotonic() + PATIENCE
    while len(run.line("listing complete")) < count:
        assert not run.wait_quietly(0.05) and time.monotonic() < until, "polls stopped: " + run.err[-1500:]


def live(place, preload=None):
    """A day of a daemon: start, polls with changes, readers, a refused rival, reload, stop; then --once."""
    run, log = trace(place, preload=preload)
    await_polls(place, run, 10)
    readers = Readers(place)
    await_polls(place, run, 25)
    rival = place.start("--once")
    equal(rival.wait(), 1)
    run.kill(signal.SIGHUP)
    await_polls(place, run, 40)
    readers.end()
    run.kill(signal.SIGTERM)
    equal(run.wait(), 0, run.err[-1500:])
    return calls_of(run, log)


@case
def only_sqlite_touches_the_catalog(place):
    need_strace()
    # Enough images at once that a poll's records go to a file.
    with client.Sim(harness.build, "--images", "6000", "--churn-every", "20", "--churn-size", "3") as sim:
        configure(place, sim)
        calls = live(place)
        once, log = trace(place, "--once")
        equal(once.wait(), 0, once.err[-1500:])
        calls += calls_of(once, log)
    # The judge sees: opens of each file with a stack, and their closing.
    for suffix in ("", "-wal", "-shm"):
        for names in (OPENS, ("close",)):
            assert [c for c in calls if c.name in names and place.catalog + suffix in c.paths and c.of_sqlite()], \
                "no %s of catalog.db%s was seen" % ("/".join(names), suffix)
    written = {p for c in calls if c.writes() for p in c.paths}
    for suffix in (".lock", ".witness"):
        assert any(p.startswith(place.catalog + suffix) for p in written), "%s was not written: %s" % (suffix, written)
    assert any("O_TMPFILE" in c.text or (c.name in OPENS and "spool" in c.text) for c in calls), \
        "no poll was large enough for a file"
    found = strangers(calls, place.catalog)
    assert not found, "%d calls touch the catalog without SQLite, such as:\n%r" % (len(found), found[0])
    found = writes_elsewhere(calls, place.state)
    assert not found, "%d writes outside of the catalog's directory, such as:\n%r" % (len(found), found[0])
    print("figure: file calls with their stacks judged %d" % len(calls))


# stat() of the catalog, as it is done before each commit, opens and closes the file; and leaves a file elsewhere.
SHIM = """
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
int stat(const char *path, struct stat *info)
{
	size_t len = strlen(path);
	if (len > 10 && strcmp(path + len - 10, "catalog.db") == 0) {
		close(open(path, O_RDONLY));
		close(open(ELSEWHERE, O_WRONLY | O_CREAT, 0600));
	}
	return fstatat(AT_FDCWD, path, info, 0);
}
"""


@case
def judge_catches_an_innocent_open_and_close(place):
    need_strace()
    shim, source = os.path.join(place.path, "shim.so"), os.path.join(place.path, "shim.c")
    elsewhere = os.path.join(place.path, "elsewhere")
    with open(source, "w") as file:
        file.write(SHIM)
    done = subprocess.run(["cc", "-shared", "-fPIC", "-O1", '-DELSEWHERE="%s"' % elsewhere, "-o", shim, source],
                          capture_output=True, text=True, check=False)
    equal(done.returncode, 0, done.stderr)
    with client.Sim(harness.build, "--images", "600") as sim:
        configure(place, sim)
        run, log = trace(place, "--once", preload=shim)
        equal(run.wait(), 0, run.err[-1500:])
        calls = calls_of(run, log)
    found = strangers(calls, place.catalog)
    names = {c.name for c in found}
    assert names >= {"openat", "close"}, "not noticed: %s" % names
    assert any("shim.so" in frame for c in found for frame in c.stack), found
    polls = place.value("SELECT count(*) FROM polls")
    assert len([c for c in found if c.name == "openat"]) >= polls, "%d opens noticed, %d polls" % (len(found), polls)
    assert [c for c in writes_elsewhere(calls, place.state) if elsewhere in c.paths], "the file elsewhere is missed"
    print("figure: planted opens and closes of the catalog noticed %d" % len(found))


if __name__ == "__main__":
    main()
