"""The rows of the table, and docs/BENCH.md."""
import os
import platform
import statistics
import subprocess
import time

# key: what it is, unit, digits, first step, goal, True when more is better. None: no goal, told for the reader.
ROWS = {
    "load-wall": ("first load, wall time ÷ bare insert of the same rows", "×", 2, 1.5, 1.2, False),
    "load-cpu": ("first load, CPU ÷ CPU of the bare insert", "×", 2, None, None, False),
    "load-seconds": ("first load, wall time", "s", 2, None, None, False),
    "bare-seconds": ("the bare insert, wall time", "s", 2, None, None, False),
    "repoll-cpu": ("re-poll by the running daemon, CPU ÷ fetching and hashing the pages", "×", 2, 1.35, 1.1, False),
    "repoll-seconds": ("re-poll by the running daemon, CPU", "s", 3, None, None, False),
    "bare-fetch-seconds": ("fetching and hashing the pages, CPU", "s", 3, None, None, False),
    "restart-cpu": ("whole `--once` on the loaded catalog, CPU more than that re-poll", "s", 2, 0.3, 0.15, False),
    "restart-wall": ("the same, wall time more than that re-poll", "s", 2, 0.3, 0.15, False),
    "unchanged-kib": ("write-ahead log of an unchanged poll, per listing", "KiB", 1, 32, 16, False),
    "changed-kb": ("write-ahead log per changed image", "KB", 1, 20, 20, False),
    "changed-cpu": ("poll with 1 % changed, CPU", "s", 3, None, None, False),
    "load-peak": ("peak memory of `--once`, first load", "MiB", 0, 48, 40, False),
    "restart-peak": ("peak memory of `--once` on the loaded catalog", "MiB", 0, 48, 40, False),
    "resident": ("resident memory of the daemon", "MiB", 0, 48, 40, False),
    "peak": ("peak memory, told for orientation", "MiB", 0, None, None, False),
    "latency": ("50 ms away: sequential client ÷ `--once`, wall time", "×", 1, 6, 6, True),
    "latency-seconds": ("50 ms away: `--once`, wall time", "s", 2, None, None, False),
    "loop-cpu": ("longest work of the loop between two waits, CPU", "ms", 1, 50, 20, False),
    "loop-wall": ("the same, wall time (counts what other processes took)", "ms", 1, None, None, False),
    "overlap": ("50 ms away: sum of the polls' durations ÷ wall time", "×", 1, None, None, True),
    "overlap-seconds": ("50 ms away: wall time", "s", 2, None, None, False),
}

GOAL_IMAGES = 100000

HEAD = ("case", "of", "median", "min – max", "rounds", "first step", "goal", "reached")

NOTES = """\
## How it is measured

- Everything runs in one run on one machine, the two sides of a ratio in each round, one after the other; the median of the
  rounds' ratios counts. Seconds are told for orientation: only ratios, sizes and counts can be compared with another machine.
- The cloud is `imagecat-sim` on the loopback, items of about 1 KiB, pages of 100. It shares the machine's cores with
  what is measured; its CPU time is not counted.
- *First load*: `imagecatd --once` on an empty catalog, from start to exit. The bare insert (`tests/bench/insert.c`) has the same
  rows in memory before its clock starts, and puts them into a file of the same schema, with the same pragmas, in one transaction
  with its commit and checkpoint. CPU is user and system time of the whole process, all threads.
- *Re-poll*: CPU of the running daemon between two moments of rest around a poll. The client it is compared with
  (`tests/bench/fetch.c`) uses the daemon's own HTTP client and signer, asks for as many pages of the same size, with as many
  in flight, and hashes each; the start of that process is not counted.
- *After a restart*: a second `--once` on the loaded catalog, start and exit included, minus the re-poll of the same round.
- *Write-ahead log*: frames of the poll's transaction, counted in the -wal file. 1 % changed: every hundredth image, so that hardly
  two changed rows share a page of the file.
- *Loop*: time of the loop's thread between two calls of epoll_wait. `tests/bench/loop.c` is `imagecatd --once` with that
  stopwatch; first loads and restarts are measured with it.
"""


class Report:
    def __init__(self, images, rounds):
        self.images, self.rounds = images, rounds
        self.values = {}  # (key, of): a value per round
        self.load = os.getloadavg()

    def add(self, key, of, value):
        self.values.setdefault((key, of), []).append(value)

    def _reached(self, key, median):
        _, _, _, step, goal, more = ROWS[key]
        if step is None or self.images != GOAL_IMAGES:
            return ""
        good = (lambda limit: median >= limit) if more else (lambda limit: median <= limit)
        return "goal" if good(goal) else "first step" if good(step) else "no"

    def rows(self):
        for key, (what, unit, digits, step, goal, more) in ROWS.items():
            for (found, of), values in self.values.items():
                if found != key:
                    continue
                median = statistics.median(values)
                sign = "≥" if more else "≤"
                yield (what, of, "%.*f %s" % (digits, median, unit),
                       "%.*f – %.*f" % (digits, min(values), digits, max(values)), str(len(values)),
                       "" if step is None else "%s %g" % (sign, step),
                       "" if goal is None else "%s %g" % (sign, goal), self._reached(key, median))

    def table(self):
        lines = ["| " + " | ".join(HEAD) + " |", "|" + "---|" * len(HEAD)]
        lines += ["| " + " | ".join(row) + " |" for row in self.rows()]
        return "\n".join(lines)

    def document(self, root, folder, seconds):
        facts = ["| %s | %s |" % pair for pair in self._facts(root, folder, seconds)]
        return "\n".join(["# Measured", "",
                          "Written by `tests/bench/run`; run it again instead of editing this. %d images, %d rounds."
                          % (self.images, self.rounds), "",
                          self.table(), "", "| machine | |", "|---|---|", *facts, "", NOTES])

    def _facts(self, root, folder, seconds):
        yield "date", time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
        yield "commit", commit(root)
        yield "processor", "%s, %d cores" % (cpu_model(), os.cpu_count())
        yield "memory", "%.1f GiB" % (os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)
        yield "file system", output("stat", "-f", "-c", "%T", folder)
        yield "system", "%s, Linux %s" % (distribution(), platform.release())
        yield "compiler", output("cc", "--version").split("\n")[0]
        yield "load before, after", "%.1f, %.1f" % (self.load[0], os.getloadavg()[0])
        yield "took", "%d s" % seconds


def output(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else "?"


def commit(root):
    name = output("git", "-C", root, "rev-parse", "--short", "HEAD")
    if name == "?":
        return "none yet"
    return name + (" with changes" if output("git", "-C", root, "status", "--porcelain") else "")


def cpu_model():
    with open("/proc/cpuinfo") as info:
        for line in info:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def distribution():
    with open("/etc/os-release") as release:
        for line in release:
            if line.startswith("PRETTY_NAME="):
                return line.partition("=")[2].strip().strip('"')
    return platform.system()
