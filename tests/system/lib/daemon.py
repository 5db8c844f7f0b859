"""The daemon at work: started, reloaded, stopped, and waited for."""
import os
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import equal  # noqa: E402
from patience import PATIENCE, STOP_PATIENCE  # noqa: E402


def until(run, what, seconds=PATIENCE):
    """Until what() is true; it is asked again and again, since a catalog tells nobody that it changed."""
    end = time.monotonic() + seconds
    while not what():
        assert not run.wait_quietly(0.02), "ended: " + run.err[-2000:]
        assert time.monotonic() < end, "never came true; stderr: " + run.err[-2000:]


class Daemon:
    def __init__(self, place, accounts, **more):
        self.place, self.accounts, self.more = place, accounts, more
        self.write()
        self.run = self.start()
        self.run.await_line("started")
        self.reloads = 0

    def start(self):
        return self.place.start()

    def write(self):
        self.place.configure(self.accounts, **self.more)

    def ended(self):
        return [line for line in self.run.err.splitlines()
                if "configuration reloaded" in line or "reload refused" in line]

    def reload(self, done=True, write=True):
        """Returns the line that tells how it ended."""
        if write:
            self.write()
        before = len(self.ended())
        self.run.kill(signal.SIGHUP)
        until(self.run, lambda: len(self.ended()) > before)
        line = self.ended()[-1]
        equal("refused" not in line, done, line)
        return line

    def stop(self):
        self.run.kill(signal.SIGTERM)
        equal(self.run.wait(STOP_PATIENCE), 0, self.run.err[-1000:])
        self.place.check_integrity()


def polls(place, account, outcome="complete", **where):
    try:
        listing = place.listing(account, **where)["listing_id"]
    except AssertionError:
        return 0
    return place.value("SELECT count(*) FROM polls WHERE listing_id = ? AND outcome = ?", listing, outcome)
