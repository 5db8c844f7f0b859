"""What is measured: one function per case, in the order of the table. Both sides of a ratio run in each round."""
import math
import os

from processes import (Daemon, Simulator, last_transaction_bytes, numbers, query, remove_catalog, run,
                       write_config)

BIG = "uhost/cn-bj2/platform"  # every uhost listing of a region begins with it
REGIONS = ("cn-bj2", "cn-sh2", "cn-gd", "hk", "cn-wlcb")
PROJECTS = ("org-sim1", "org-sim2")
PAGE_STEP = 99  # pages of 100 of which each repeats the last item of the one before
IN_FLIGHT = 16  # of imagecatd, per listing (daemon/poll.c)


class Bench:
    def __init__(self, folder, work, images, rounds, results):
        self.folder, self.work = folder, work
        self.images, self.rounds, self.results = images, rounds, results

    def program(self, name):
        return os.path.join(self.folder, name)

    def path(self, name):
        return os.path.join(self.work, name)

    def simulator(self, *arguments):
        return Simulator(self.program("imagecat-sim"), *arguments)

    def one_listing(self, *arguments, images=None):
        return self.simulator("--spread", "%s=%d" % (BIG, images or self.images), *arguments)

    def many_listings(self, images_each, *arguments):
        """Ten listings for each account."""
        spread = []
        for region in REGIONS:
            for project in PROJECTS:
                spread += ["--spread", "uhost/%s/%s=%d" % (region, project, images_each)]
        return self.simulator(*spread, *arguments)

    def once(self, config):
        return run([self.program("imagecatd"), "--config", config, "--once"])

    def once_watched(self, config, of):
        """The same by bench_loop, whose stopwatch on the loop costs a few milliseconds in all."""
        cost = run([self.program("bench_loop"), config])
        seen = numbers(cost.output)
        self.results.add("loop-cpu", of, seen["longest_cpu"] * 1000)
        self.results.add("loop-wall", of, seen["longest_wall"] * 1000)
        return cost

    def fetch(self, simulator, pages, total, in_flight):
        return numbers(run([self.program("bench_fetch"), simulator.url + "/", "cn-bj2", str(pages),
                            str(PAGE_STEP), str(total), str(in_flight)]).output)

    def insert(self, catalog):
        fresh = self.path("fresh.db")
        remove_catalog(fresh)
        return numbers(run([self.program("bench_insert"), catalog, fresh]).output)


def expect(what, is_value, should_be):
    """A number that was got by doing something else is worse than none."""
    if is_value != should_be:
        raise RuntimeError("%s: %s instead of %s" % (what, is_value, should_be))


def requests_of(catalog):
    return query(catalog, "SELECT requests FROM polls ORDER BY poll_id DESC LIMIT 1")[0][0]


# ---- first load -----------------------------------------------------------------------------------

def _first_load(bench, name, config, catalog):
    add = bench.results.add
    for _ in range(bench.rounds):
        remove_catalog(catalog)
        load = bench.once_watched(config, "first load, " + name)
        expect("images after the first load", query(catalog, "SELECT count(*) FROM sightings")[0][0],
               bench.images)
        bare = bench.insert(catalog)
        expect("rows of the bare insert", int(bare["rows"]), bench.images)
        add("load-wall", name, load.wall_s / bare["wall"])
        add("load-cpu", name, load.cpu_s / bare["cpu"])
        add("load-seconds", name, load.wall_s)
        add("bare-seconds", name, bare["wall"])
        add("load-peak", name, load.peak_mib)


def first_load(bench):
    catalog = bench.path("first.db")
    with bench.one_listing() as simulator:
        config = write_config(bench.path("first.yaml"), catalog, simulator.url, 1)
        _first_load(bench, "one listing", config, catalog)
    remove_catalog(catalog)


def first_load_20(bench):
    catalog = bench.path("first.db")
    with bench.many_listings(bench.images // 20) as simulator:
        config = write_config(bench.path("first.yaml"), catalog, simulator.url, 2, PROJECTS, REGIONS)
        _first_load(bench, "20 listings", config, catalog)
    remove_catalog(catalog)


# ---- what a running daemon does -------------------------------------------------------------------

def _resident_after_load(bench, simulator):
    catalog = bench.path("resident.db")
    config = write_config(bench.path("resident.yaml"), catalog, simulator.url, 1)
    with Daemon(bench.program("imagecatd"), config, catalog) as daemon:
        row, _ = daemon.poll()
        expect("added by the first load", row["added"], row["items"])
        bench.results.add("resident", "after the first load", daemon.memory_mib("VmRSS"))
        bench.results.add("peak", "first load", daemon.memory_mib("VmHWM"))
    remove_catalog(catalog)


def _changes(bench, simulator, daemon):
    """One in a hundred, scattered over the listing. Bytes hardly vary and the simulator looks long for an id: two
    rounds are enough."""
    add = bench.results.add
    ids = simulator.ids(BIG)
    measured = 0
    for n in range(5 * bench.rounds):
        some = ids[n::100]
        for image in some:
            simulator.control("POST", "change", segment=BIG, id=image, what="text")
        row, cpu = daemon.poll()
        if row["changed"] == 0:
            continue  # on a busy machine: this is the try after the one that saw them
        expect("changed", row["changed"], len(some))
        add("changed-kb", "1 % changed", last_transaction_bytes(daemon.catalog) / 1000 / len(some))
        add("changed-cpu", "1 % changed", cpu)
        measured += 1
        if measured == 2:
            return
    raise RuntimeError("the machine is too busy")


def repoll(bench):
    """The daemon is stopped (SIGSTOP) while the client and the restart are measured."""
    add = bench.results.add
    catalog, other = bench.path("repoll.db"), bench.path("restart.db")
    with bench.one_listing() as simulator:
        _resident_after_load(bench, simulator)
        other_config = write_config(bench.path("restart.yaml"), other, simulator.url, 1)
        bench.once(other_config)
        restart = bench.once(other_config)
        # Long enough that no second poll is due before the daemon is stopped.
        interval = "%ds" % math.ceil(3 * restart.wall_s + 2)
        config = write_config(bench.path("repoll.yaml"), catalog, simulator.url, 1, interval=interval)
        bench.once(config)
        pages = requests_of(catalog)
        first = query(catalog, "SELECT max(poll_id) FROM polls")[0][0]
        with Daemon(bench.program("imagecatd"), config, catalog) as daemon:
            daemon.polls = first
            daemon.poll()  # after this one it knows every page
            daemon.forget_peak()
            for _ in range(bench.rounds):
                row, cpu = daemon.poll()
                expect("outcome", row["outcome"], "complete")
                expect("added and changed", (row["items"], row["added"], row["changed"]), (bench.images, 0, 0))
                written = last_transaction_bytes(catalog)
                bare = bench.fetch(simulator, pages, bench.images, IN_FLIGHT)
                expect("requests", row["requests"], int(bare["pages"]))
                restart = bench.once_watched(other_config, "after a restart")
                add("repoll-cpu", "unchanged", cpu / bare["cpu"])
                add("repoll-seconds", "unchanged", cpu)
                add("bare-fetch-seconds", "unchanged", bare["cpu"])
                add("restart-cpu", "after a restart", restart.cpu_s - cpu)
                add("restart-wall", "after a restart", restart.wall_s - row["duration_ms"] / 1000)
                add("restart-peak", "after a restart", restart.peak_mib)
                add("unchanged-kib", "unchanged", written / 1024)
                add("resident", "after re-polls", daemon.memory_mib("VmRSS"))
            add("peak", "re-polls", daemon.memory_mib("VmHWM"))
            _changes(bench, simulator, daemon)
    remove_catalog(catalog)
    remove_catalog(other)


# ---- latency ---------------------------------------------------------------------------

def latency(bench):
    images = min(5000, bench.images)
    catalog = bench.path("latency.db")
    with bench.one_listing("--latency", "50ms", images=images) as simulator:
        config = write_config(bench.path("latency.yaml"), catalog, simulator.url, 1)
        for _ in range(bench.rounds):
            remove_catalog(catalog)
            for of in ("first load", "unchanged"):
                ahead = bench.once(config)
                one_by_one = bench.fetch(simulator, requests_of(catalog), images, 1)
                of = "%s of %d" % (of, images)
                bench.results.add("latency", of, one_by_one["wall"] / ahead.wall_s)
                bench.results.add("latency-seconds", of, ahead.wall_s)
    remove_catalog(catalog)


def overlap(bench):
    catalog = bench.path("overlap.db")
    images = max(1, min(200, bench.images // 100))
    with bench.many_listings(images, "--latency", "50ms") as simulator:
        config = write_config(bench.path("overlap.yaml"), catalog, simulator.url, 10, PROJECTS, REGIONS)
        for _ in range(bench.rounds):
            remove_catalog(catalog)
            cost = bench.once(config)
            polls, total_ms = query(catalog, "SELECT count(*), sum(duration_ms) FROM polls")[0]
            expect("polls", polls, 100)
            bench.results.add("overlap", "100 listings", total_ms / 1000 / cost.wall_s)
            bench.results.add("overlap-seconds", "100 listings", cost.wall_s)
    remove_catalog(catalog)


def million(bench):
    catalog = bench.path("million.db")
    with bench.one_listing(images=1000000) as simulator:
        config = write_config(bench.path("million.yaml"), catalog, simulator.url, 1)
        cost = bench.once_watched(config, "first load of 1,000,000")
        bench.results.add("peak", "first load of 1,000,000", cost.peak_mib)
        bench.results.add("load-seconds", "1,000,000 in one listing", cost.wall_s)
        cost = bench.once_watched(config, "re-poll of 1,000,000")
        bench.results.add("peak", "re-poll of 1,000,000", cost.peak_mib)
    remove_catalog(catalog)


CASES = [first_load, first_load_20, repoll, latency, overlap, million]
