"""The processes that are measured, and what the kernel and SQLite's log tell of them."""
import collections
import http.client
import json
import os
import signal
import sqlite3
import struct
import subprocess
import time
import urllib.parse

PUBLIC_KEY = "ucloudsomeone@example.com1296235120854146120"  # published as an example
PRIVATE_KEY = "46f09bb9fab4f12dfc160dae12273d5332b5debe"
PATIENCE_S = 600

Cost = collections.namedtuple("Cost", "wall_s cpu_s peak_mib output")


def run(command):
    """One process from start to end; its status must be 0."""
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    output = process.stdout.read().decode()
    complaint = process.stderr.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    process.stderr.close()
    if process.returncode != 0:
        raise RuntimeError("%s: status %d\n%s" % (" ".join(command), process.returncode, complaint))
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output)


def numbers(line):
    """"pages=5 wall=0.1" as a dictionary; what is no number is left out."""
    found = {}
    for word in line.split():
        name, _, value = word.partition("=")
        try:
            found[name] = float(value)
        except ValueError:
            pass
    return found


class Simulator:
    def __init__(self, program, *arguments):
        ready, told = os.pipe()
        self.process = subprocess.Popen(
            [program, "--listen", "127.0.0.1:0", "--images", "0", "--ready-fd", str(told), *arguments],
            pass_fds=[told], stdout=subprocess.DEVNULL)
        os.close(told)
        with os.fdopen(ready) as pipe:
            self.url = pipe.readline().strip().rstrip("/")
        if not self.url:
            raise RuntimeError("%s did not start" % program)
        parts = urllib.parse.urlsplit(self.url)
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)

    def control(self, method, path, **query):
        self.connection.request(method, "/_sim/" + path + "?" + urllib.parse.urlencode(query))
        answer = self.connection.getresponse()
        text = answer.read().decode()
        if answer.status != 200:
            raise RuntimeError("/_sim/%s: %s" % (path, text))
        return text

    def ids(self, segment):
        return [json.loads(line)["id"] for line in self.control("GET", "truth", segment=segment).splitlines()]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()
        self.process.terminate()
        self.process.wait()


def write_config(path, catalog, url, accounts, projects=(), regions=("cn-bj2",), interval="1h"):
    """Accounts of one cloud each, so that no two of them see the same image."""
    lines = ["catalog: {path: %s}" % catalog,
             "defaults: {interval: %s, requests_per_second: 1000000, timeout: 60s}" % interval,
             "http: {listen: 'off'}", "accounts:"]
    for n in range(accounts):
        lines += ["  - name: account%d" % n, "    provider: ucloud", "    endpoint: %s/" % url,
                  "    cloud: cloud%d.example" % n, "    public_key: %s" % PUBLIC_KEY,
                  "    private_key: %s" % PRIVATE_KEY, "    regions: [%s]" % ", ".join(regions),
                  "    services: [uhost]"]
        if projects:
            lines.append("    projects: [%s]" % ", ".join(projects))
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write("\n".join(lines) + "\n")
    return path


def remove_catalog(path):
    for suffix in ("", "-wal", "-shm", ".lock"):
        if os.path.exists(path + suffix):
            os.remove(path + suffix)


def query(catalog, sql):
    db = sqlite3.connect("file:%s?mode=ro" % urllib.parse.quote(catalog), uri=True, timeout=10)
    try:
        return db.execute(sql).fetchall()
    finally:
        db.close()


def last_transaction_bytes(catalog):
    """What the newest transaction wrote into the write-ahead log, from the frames in it.

    A frame of the present round of the log carries the header's salts; the last of a transaction, the size of
    the file. The file itself tells nothing: it is used again from its beginning and does not shrink.
    """
    with open(catalog + "-wal", "rb") as wal:
        header = wal.read(32)
        if len(header) < 32:
            raise RuntimeError("%s-wal is empty" % catalog)
        page_bytes = struct.unpack(">I", header[8:12])[0]
        salts = header[16:24]
        frames, finished = 0, 0
        while True:
            frame = wal.read(24)
            if len(frame) < 24 or frame[8:16] != salts:
                break
            frames += 1
            if struct.unpack(">I", frame[4:8])[0]:
                finished, frames = frames, 0
            wal.seek(page_bytes, os.SEEK_CUR)
    if not finished:
        raise RuntimeError("%s-wal holds no whole transaction" % catalog)
    return finished * (24 + page_bytes)


class Daemon:
    """imagecatd that goes on running. It is stopped between two polls, so that nothing overlaps with it."""

    def __init__(self, program, config, catalog):
        self.catalog = catalog
        self.process = subprocess.Popen([program, "--config", config, "--log-level", "error"],
                                        stdout=subprocess.DEVNULL)
        self.polls = 0

    def cpu_s(self):
        # The kernel's clock of another process: MAKE_PROCESS_CPUCLOCK(pid, CPUCLOCK_SCHED)
        return time.clock_gettime((~self.process.pid) << 3 | 2)

    def memory_mib(self, name):
        with open("/proc/%d/status" % self.process.pid) as status:
            for line in status:
                if line.startswith(name + ":"):
                    return int(line.split()[1]) / 1024
        raise RuntimeError("the kernel does not tell " + name)

    def forget_peak(self):
        with open("/proc/%d/clear_refs" % self.process.pid, "w") as out:
            out.write("5")

    def _newest_poll(self):
        if not os.path.exists(self.catalog):
            return None
        try:
            rows = query(self.catalog, "SELECT poll_id, outcome, items, added, changed, requests, duration_ms"
                                       " FROM polls ORDER BY poll_id DESC LIMIT 1")
        except sqlite3.OperationalError:  # not there yet, or not with all its views
            return None
        return rows[0] if rows else None

    def _settle(self):
        before = self.cpu_s()
        while True:
            time.sleep(0.2)  # longer than the disk is waited for
            now = self.cpu_s()
            if now - before < 0.001:
                return now
            before = now

    def poll(self):
        """Lets it poll once more. The row of `polls` as a dictionary, and the CPU seconds it took; on a machine so
        busy that a second poll began before the first had settled, the same of another try."""
        while True:
            before = self.cpu_s()
            self.process.send_signal(signal.SIGCONT)
            self._await(lambda row: row[0] > self.polls)
            after = self._settle()
            self.process.send_signal(signal.SIGSTOP)
            row = self._newest_poll()
            one_more = row[0] == self.polls + 1
            self.polls = row[0]
            if one_more:
                names = ("poll_id", "outcome", "items", "added", "changed", "requests", "duration_ms")
                return dict(zip(names, row)), after - before

    def _await(self, is_it):
        limit = time.monotonic() + PATIENCE_S
        while True:
            row = self._newest_poll()
            if row and is_it(row):
                return
            if self.process.poll() is not None or time.monotonic() > limit:
                raise RuntimeError("imagecatd did not poll")
            time.sleep(0.02)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        self.process.wait()
