#!/usr/bin/env python3
"""The daemon at work for a while: three clouds, churn, faults, reloads, readers; memory and descriptors must not grow.

Usage: python3 tests/system/soak.py BUILD_DIR [--seconds N]
"""
import os
import signal
import statistics
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
seconds = 90
if "--seconds" in sys.argv:
    at = sys.argv.index("--seconds")
    seconds = int(sys.argv[at + 1])
    del sys.argv[at:at + 2]
import client  # noqa: E402
import harness  # noqa: E402
from harness import case, equal, main  # noqa: E402
from patience import PATIENCE  # noqa: E402

# Caches of SQLite and of curl fill at first.
WARM_UP = 0.4
POLLS_A_SECOND = 8  # of the listings below, at least; on a slow machine it takes longer
FAULTS = ("http500=0.02", "retcode150=0.02", "reset=0.01", "empty=0.01", "html=0.005", "shuffle=0.01")


def sample(pid):
    """(resident KiB, descriptors, threads)"""
    values = {}
    with open("/proc/%d/status" % pid) as file:
        for line in file:
            name, _, rest = line.partition(":")
            values[name] = rest.split()
    return int(values["VmRSS"][0]), len(os.listdir("/proc/%d/fd" % pid)), int(values["Threads"][0])


def pages_kib(place):
    """Of the catalog: SQLite's cache holds what it reads and writes of them, up to 16 MiB."""
    return place.value("SELECT page_count * page_size / 1024 FROM pragma_page_count, pragma_page_size")


def slope(points):
    """Theil-Sen: the median of the slopes between all pairs; one odd sample changes nothing."""
    return statistics.median((b - a) / (v - u) for i, (u, a) in enumerate(points) for v, b in points[i + 1:] if v > u)


@case
def grows_not(place):
    options = ["--images", "1500", "--churn", "1s", "--churn-size", "8"]
    for fault in FAULTS:
        options += ["--fail", fault]
    with client.Sim(harness.build, *options) as sim:
        place.configure([
            place.account("ucloud", sim.url(), name="prod", regions=["cn-bj2", "hk"], interval="1s"),
            place.account("compshare", sim.url(), name="gpu", regions=["cn-wlcb"], interval="1s"),
            place.account("qingcloud", sim.url("/iaas/"), name="qc", zones=["pek3", "sh1"], interval="1s"),
        ], catalog={"keep_polls": "20s", "keep_history": "30s"}, log={"level": "error"})
        daemon = place.start()
        place_is_ready(place, daemon)
        samples, end = [], time.monotonic() + seconds
        reads = reloads = 0
        polls = 0
        while time.monotonic() < end or polls < seconds * POLLS_A_SECOND:
            assert not daemon.wait_quietly(0.5), daemon.err[-2000:]
            polls = place.value("SELECT max(poll_id) FROM polls")
            samples.append((polls, *sample(daemon.pid), pages_kib(place)))
            place.value("SELECT count(*) FROM images")
            reads += 1
            if reads % 20 == 0:
                daemon.kill(signal.SIGHUP)
                reloads += 1
        complete = place.rows("SELECT account FROM listings WHERE health <> 'disabled' AND last_complete_at >="
                              " (SELECT max(finished_at) FROM polls) - 30")
        daemon.kill(signal.SIGTERM)
        equal(daemon.wait(), 0)
    place.check_integrity()
    run = place.start("--verify", place.catalog, config=False)
    equal(run.wait(), 0, run.out[-1000:])
    # By polls, not by time: a slow machine makes fewer of them.
    warm = [s for s in samples if s[0] > polls * WARM_UP]
    memory = slope([(s[0], s[1]) for s in warm]) * 1000
    catalog = slope([(s[0], s[4]) for s in warm]) * 1000
    descriptors = slope([(s[0], s[2]) for s in warm]) * 1000
    print("figure: soak %d s, %d polls, %d reloads: %+.0f KiB resident per 1000 polls while the catalog grew by %.0f, "
          "%.1f MiB at the end, %+.1f descriptors, %d threads" % (
              seconds, polls, reloads, memory, catalog, samples[-1][1] / 1024, descriptors, samples[-1][3]))
    assert len(complete) > 5, "listings that are fresh: %s" % complete
    # Connections come and go, at most as many as requests may be in flight; one forgotten in each poll would be hundreds.
    assert max(s[2] for s in warm) < 32 + 30, "descriptors: %s" % [s[2] for s in warm]
    equal(len({s[3] for s in warm}), 1, "threads come and go: %s" % {s[3] for s in warm})
    # What it grows by is the cache of a catalog that grows. A KiB lost in each poll would be more.
    assert memory < catalog + 800, "%.0f KiB for each 1000 polls" % memory


def place_is_ready(place, daemon):
    end = time.monotonic() + PATIENCE
    while True:
        try:
            if place.value("SELECT count(*) FROM polls WHERE outcome = 'complete'") > 10:
                return
        except Exception:  # noqa: BLE001 - not there yet
            pass
        assert not daemon.wait_quietly(0.1) and time.monotonic() < end, daemon.err[-2000:]


if __name__ == "__main__":
    main()
