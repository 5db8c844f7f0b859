"""Clients that a server should not notice: a thousand that are slow, and requests that are none.

Usage: python3 storm.py PORT CONNECTIONS SEED     until standard input ends; then one line of JSON about what was seen

A process of its own, so that it takes no time from the cloud that the test plays.
"""
import json
import os
import random
import re
import resource
import select
import socket
import sys
import time

HOST = b"Host: localhost\r\n"
CRLF = b"\r\n"
MARK = b"<mark>%s\x1b[31m"  # in everything that is sent: must be in no answer and no log

GOOD = [b"GET /api/v1/images?limit=3&sort=name HTTP/1.1\r\n" + HOST + b"X: " + MARK + CRLF + CRLF,
        b"HEAD /metrics HTTP/1.1\r\n" + HOST + CRLF,
        b"POST /-/poll HTTP/1.1\r\n" + HOST + b"Authorization: Bearer " + MARK + b"\r\nContent-Length: 9\r\n\r\nlisting=1",
        b"GET /api/v1/changes?after=0 HTTP/1.1\r\n" + HOST + b'If-None-Match: W/"x", "y"\r\n\r\n',
        b"GET /api/v1/images?cursor=3fa90c1f&q=" + MARK + b" HTTP/1.1\r\n" + HOST + CRLF]


def mutations(count, seed):
    """Good requests with something wrong."""
    rng = random.Random(seed)
    for _ in range(count):
        data = bytearray(rng.choice(GOOD))
        for _ in range(rng.randint(1, 8)):
            at = rng.randrange(len(data))
            what = rng.randrange(4)
            if what == 0:
                data[at] = rng.randrange(256)
            elif what == 1:
                data[at:at] = bytes(rng.randrange(256) for _ in range(rng.randint(1, 20)))
            elif what == 2:
                del data[at:at + rng.randint(1, 10)]
            else:
                data[at:at] = data[:rng.randint(1, len(data))]
            if not data:
                data = bytearray(b"\n")
        yield bytes(data)


def endless(start, rest=b"a"):
    yield start
    while True:
        yield rest


# What each kind of client sends, a piece every tick; and how much it reads of what comes, None for all.
KINDS = {
    "silent": (lambda rng: iter(()), None),
    "head": (lambda rng: endless(b"GET /livez HTTP/1.1\r\n" + HOST + b"X-" + MARK), None),
    "target": (lambda rng: endless(b"GET /"), None),
    "body": (lambda rng: endless(b"POST /-/poll HTTP/1.1\r\n" + HOST + b"Content-Length: 60000\r\n\r\n"), None),
    "idle": (lambda rng: iter([b"GET /livez HTTP/1.1\r\n" + HOST + CRLF]), None),
    "malformed": (lambda rng: mutations(1, rng.random()), None),
    "reader": (lambda rng: iter([b"GET /api/v1/images?limit=1000 HTTP/1.1\r\n" + HOST + CRLF]), 1),
    "listener": (lambda rng: iter([b"GET /api/v1/events?after=0 HTTP/1.1\r\n" + HOST + CRLF]), 0),
}
# Those that keep their place while they are being answered; the others make way for each other.
FEW = {"reader": 8, "listener": 8}


class Client:
    def __init__(self, port, kind, rng):
        self.kind = kind
        pieces, self.reads = KINDS[kind]
        self.pieces = pieces(rng)
        self.plain = socket.socket()
        self.plain.setblocking(False)
        self.plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.plain.connect_ex(("127.0.0.1", port))
        if kind in FEW:
            self.tick()  # who has not asked yet makes way for the next

    def tick(self):
        """False when it is over."""
        try:
            piece = next(self.pieces, None)
            if piece:
                self.plain.send(piece)
            if self.reads:
                return self.plain.recv(self.reads) != b""
        except BlockingIOError:
            pass
        except OSError as error:
            return error.errno == 107  # not connected yet
        return True


class Storm:
    def __init__(self, port, count, seed):
        self.port, self.count, self.rng = port, count, random.Random(seed)
        self.clients, self.poll, self.of = {}, select.epoll(), dict.fromkeys(KINDS, 0)
        self.seen = {"opened": 0, "closed": 0, "statuses": {}, "marks": 0, "at once": 0}

    def fill(self):
        while len(self.clients) < self.count:
            kind = self.rng.choice([kind for kind in KINDS if self.of[kind] < FEW.get(kind, self.count)])
            client = Client(self.port, kind, self.rng)
            self.clients[client.plain.fileno()] = client
            self.of[kind] += 1
            self.poll.register(client.plain, select.EPOLLIN | select.EPOLLHUP if client.reads is None else select.EPOLLHUP)
            self.seen["opened"] += 1
        self.seen["at once"] = max(self.seen["at once"], len(self.clients))

    def end(self, number):
        client = self.clients.pop(number)
        client.plain.close()
        self.of[client.kind] -= 1
        self.seen["closed"] += 1

    def hear(self, number):
        client = self.clients[number]
        try:
            data = client.plain.recv(65536) if client.reads is None else b""
        except OSError:
            data = b""
        for status in re.findall(rb"HTTP/1\.1 (\d\d\d) ", data):
            self.seen["statuses"][status.decode()] = self.seen["statuses"].get(status.decode(), 0) + 1
        self.seen["marks"] += MARK in data
        if not data:
            self.end(number)

    def run(self):
        tick = 0.0
        # On a slow machine it lasts until there were enough of them.
        while self.seen["opened"] <= 2 * self.count or not select.select([sys.stdin], [], [], 0)[0]:
            self.fill()
            for number, _ in self.poll.poll(0.05):
                self.hear(number)
            if time.monotonic() < tick:
                continue
            tick = time.monotonic() + 0.2
            for number in [n for n, client in self.clients.items() if not client.tick()]:
                self.end(number)
        for number in list(self.clients):
            self.end(number)
        print(json.dumps(self.seen), flush=True)


if __name__ == "__main__":
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    os.nice(5)
    Storm(*(int(argument) for argument in sys.argv[1:])).run()
