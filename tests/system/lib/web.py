"""What the daemon serves over HTTP, asked as programs ask it."""
import contextlib
import http.client
import json
import os
import re
import socket
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import Daemon, until  # noqa: E402,F401
from harness import equal  # noqa: E402
from patience import PATIENCE  # noqa: E402

TOKEN = "a-token-of-the-tests-31415926"


class Reply:
    def __init__(self, response):
        self.status, self.headers = response.status, response.headers
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)

    def problem(self, status):
        """An answer that says in the agreed form what is wrong."""
        equal((self.status, self.headers["Content-Type"]), (status, "application/problem+json"), repr(self.body))
        problem = self.json
        equal((problem["status"], problem["type"]), (status, "about:blank"))
        assert problem["title"] and problem["detail"], problem
        return problem


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=PATIENCE)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(self.path)


class Web(Daemon):
    """A daemon that serves HTTP; `listen` may be a unix socket."""

    def __init__(self, place, accounts, listen="127.0.0.1:0", token=True, **more):
        place.secrets.add(TOKEN)
        section = {"listen": listen, **more.pop("http", {})}
        if token:
            self.token_file = place.key_file("token", TOKEN + "\n")
            section["token_file"] = self.token_file
        super().__init__(place, accounts, http=section, **more)
        self.address = re.search(r"listen=(\S+)", self.run.line("HTTP is served")[0]).group(1)

    @property
    def port(self):
        return int(self.address.rsplit(":", 1)[1])

    def connection(self):
        if self.address.startswith("unix:"):
            return UnixConnection(self.address[5:])
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)

    def ask(self, method, target, body=None, **headers):
        connection = self.connection()
        try:
            connection.request(method, target, body=body,
                               headers={name.replace("_", "-"): value for name, value in headers.items()})
            return Reply(connection.getresponse())
        finally:
            connection.close()

    def get(self, target, **headers):
        return self.ask("GET", target, **headers)

    def json(self, target, **headers):
        reply = self.get(target, **headers)
        equal(reply.status, 200, "%s: %s" % (target, reply.body[:500]))
        return reply.json

    def command(self, target, body=None, token=TOKEN):
        headers = {"Authorization": "Bearer " + token} if token is not None else {}
        return self.ask("POST", target, body=body, **headers)

    def poll_all(self):
        """Every listing, in a poll that begins after this call."""
        running = 1
        while running:  # those had begun before
            before = self.place.value("SELECT max(poll_id) FROM polls")
            running = self.command("/-/poll").json["running"]
            until(self.run, lambda: self.place.value(
                "SELECT count(*) FROM listings AS l WHERE health <> 'disabled' AND NOT EXISTS"
                " (SELECT 1 FROM polls AS p WHERE p.listing_id = l.listing_id AND p.poll_id > ?)", before) == 0)

    @contextlib.contextmanager
    def socket(self):
        """A plain connection, for bytes that no library would send."""
        if self.address.startswith("unix:"):
            plain = socket.socket(socket.AF_UNIX)
            plain.connect(self.address[5:])
        else:
            plain = socket.create_connection(("127.0.0.1", self.port))
        plain.settimeout(PATIENCE)
        try:
            yield plain
        finally:
            plain.close()

    def send(self, data):
        """Everything that comes back until the daemon closes the connection."""
        with self.socket() as plain:
            try:
                plain.sendall(data)
                plain.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # refused while it was being sent
            return receive(plain)


def receive(plain):
    parts = []
    try:
        while True:
            part = plain.recv(65536)
            if not part:
                break
            parts.append(part)
    except OSError:
        pass
    return b"".join(parts)
