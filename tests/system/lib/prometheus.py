"""Debian's Prometheus, scraping a daemon for a test."""
import contextlib
import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402
from daemon import until  # noqa: E402
from patience import PATIENCE  # noqa: E402

PROGRAM = "/usr/bin/prometheus"


def need(program=PROGRAM):
    if not shutil.which(program):
        raise harness.Skip("%s is not here" % program)


def promtool(*arguments, data=None):
    """(exit status, what it printed)"""
    done = subprocess.run(["promtool", *arguments], input=data, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def free_port():
    """Below those that the kernel gives to connections, which come and go until it is used."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as file:
        first = int(file.read().split()[0])
    while True:
        port = random.randrange(first // 2, first)
        with socket.socket() as plain:
            with contextlib.suppress(OSError):
                plain.bind(("127.0.0.1", port))
                return port


class Prometheus:
    """`scrape` is the text of a list of scrape configurations."""

    def __init__(self, place, scrape, rules=()):
        need()
        self.directory = place.stack.enter_context(tempfile.TemporaryDirectory(prefix="imagecat-prometheus-"))
        config = os.path.join(self.directory, "prometheus.yml")
        with open(config, "w") as file:
            json.dump({"global": {"scrape_interval": "1s", "evaluation_interval": "1s"}, "rule_files": list(rules),
                       "scrape_configs": scrape}, file)
        self.port = free_port()
        self.run = harness.Run(place, ["--config.file", config, "--storage.tsdb.path", os.path.join(self.directory, "data"),
                                       "--web.listen-address", "127.0.0.1:%d" % self.port, "--log.level", "warn"],
                               program=PROGRAM)
        place.runs.append(self.run)
        until(self.run, lambda: self._get("/-/ready")[0] == 200)

    def _get(self, target):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", target)
            response = connection.getresponse()
            return response.status, response.read()
        except ConnectionRefusedError:
            return None, b""
        finally:
            connection.close()

    def api(self, path, **parameters):
        status, body = self._get("/api/v1/%s?%s" % (path, urllib.parse.urlencode(parameters, doseq=True)))
        answer = json.loads(body)
        assert status == 200 and answer["status"] == "success", (path, parameters, answer.get("error", status))
        return answer["data"]

    def query(self, expression):
        """[(labels, value)] of now."""
        found = self.api("query", query=expression)
        if found["resultType"] == "scalar":
            return [({}, float(found["result"][1]))]
        return [(row["metric"], float(row["value"][1])) for row in found["result"]]

    def value(self, expression):
        """Of a lone sample; None when there is none."""
        found = self.query(expression)
        assert len(found) <= 1, found
        return found[0][1] if found else None

    def series(self, selector):
        """The labels of each series that there was in the last hours."""
        return self.api("series", **{"match[]": selector})

    def until(self, expression, holds):
        until(self.run, lambda: holds(self.value(expression)))

    def stop(self):
        self.run.kill(signal.SIGTERM)
        self.run.wait()
