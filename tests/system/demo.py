#!/usr/bin/env python3
"""./demo, as a newcomer runs it: it ends with addresses that answer, whoever has the port; Ctrl-C leaves nothing behind.

Usage: python3 tests/system/demo.py BUILD_DIR [NAME]...   (BUILD_DIR is what ./demo builds: build)
"""
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
import urllib.request

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
import harness  # noqa: E402
from harness import Skip, case, equal, has, main  # noqa: E402
from patience import PATIENCE  # noqa: E402

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
PORT = 8480


class Demo:
    """./demo in a process group of its own, as a terminal has it."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(["./demo", *arguments], cwd=ROOT, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
                                        preexec_fn=self.hear_signals)
        self.text = ""

    @staticmethod
    def hear_signals():
        """Under nohup and in the background of a script they are ignored, and a shell cannot trap what was ignored when it
        began."""
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    def read_until(self, part):
        end = time.monotonic() + 3 * PATIENCE  # it may build
        while part not in self.text:
            assert select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))[0], self.text[-3000:]
            data = os.read(self.process.stdout.fileno(), 65536)
            assert data, "ended: " + self.text[-3000:]
            self.text += data.decode()

    def members(self):
        """What of the group still runs."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/stat" % pid) as file:
                    fields = file.read().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == self.process.pid and fields[0] != "Z":
                found.append(pid)
        return found

    def interrupt(self, number=signal.SIGINT):
        os.killpg(self.process.pid, number)
        equal(self.process.wait(PATIENCE), 128 + number)
        self.process.stdout.close()
        equal(self.members(), [], "processes that were left")
        equal([name for name in os.listdir(os.path.join(ROOT, "build/demo")) if name.endswith(".pipe")], [])

    def end(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def of_this_tree():
    if os.path.realpath(harness.build) != os.path.join(ROOT, "build"):
        raise Skip("./demo runs what is in build/")


def try_it(demo):
    """Every command that it shows, and the page."""
    address = re.search(r"live in a browser: +(http://127\.0\.0\.1:\d+)/\n", demo.text).group(1)
    with urllib.request.urlopen(address + "/") as reply:
        has(reply.read().decode(), "<title>imagecat</title>")
    commands = demo.text.split("To try in another terminal:")[1].split("Ctrl-C")[0].replace("\\\n", " ").split("\n")
    commands = [command.strip() for command in commands if command.strip()]
    assert len(commands) > 3, commands
    for command in commands:
        endless = "--follow" in command or "/events" in command
        run = subprocess.run("timeout 2 " + command if endless else command, shell=True, cwd=ROOT, capture_output=True,
                             timeout=PATIENCE, check=False)
        equal(run.returncode, 124 if endless else 0, "%s: %s" % (command, run.stderr))
        assert run.stdout or endless, command
    return int(address.rsplit(":", 1)[1])


def await_change(demo):
    """The catalog moves while one looks."""
    address = re.search(r"live in a browser: +(http://\S+)/\n", demo.text).group(1)
    with urllib.request.urlopen(address + "/api/v1/events", timeout=PATIENCE) as events:
        while not events.readline().startswith(b"id: "):
            pass


@case
def the_demo(place):
    of_this_tree()
    started = []
    place.stack.callback(lambda: [demo.end() for demo in started])
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", PORT))
            taken.listen()
        except OSError:
            pass  # somebody else has it: as well
        started.append(Demo())
        started[0].read_until("Ctrl-C ends the demo.")
        assert try_it(started[0]) != PORT
        # Another one beside it has a catalog of its own; a terminal that is closed ends it.
        started.append(Demo())
        started[1].read_until("Ctrl-C ends the demo.")
        try_it(started[1])
        started[1].interrupt(signal.SIGHUP)
        await_change(started[0])
        try_it(started[0])
        started[0].interrupt()
        equal([name for name in os.listdir(os.path.join(ROOT, "build")) if name.startswith("demo-")], [])
        once = Demo("--once")
        started.append(once)
        once.read_until("all healthy")
        once.process.stdout.read()
        equal(once.process.wait(PATIENCE), 0)
        equal(once.members(), [])


if __name__ == "__main__":
    main()
