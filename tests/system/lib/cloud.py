"""A scripted cloud on a loopback socket, in place of UCloud, Compshare and QingCloud.

It is written from the providers' documents and shares nothing with the program under test: it verifies
signatures with hashlib and hmac, pages like the clouds do, and logs every request with what it answered.
That log is what the tests take for the truth.
"""
import base64
import calendar
import gzip
import hashlib
import hmac
import json
import select
import socket
import ssl
import struct
import threading
import time
import urllib.parse

UCLOUD_ID = "ucloudsomeone@example.com1296235120854146120"
UCLOUD_SECRET = "46f09bb9fab4f12dfc160dae12273d5332b5debe"
QINGCLOUD_ID = "QYACCESSKEYIDEXAMPLE"
QINGCLOUD_SECRET = "SECRETACCESSKEY"

QINGCLOUD_ACTIONS = ("DescribeImages", "DescribeZones")
ID_KEYS = ("ImageId", "CompShareImageId", "image_id")


# ---- signatures --------------------------------------------------------------------------------

def ucloud_signature(params, secret):
    """The keys in bytewise order, each followed by its value, then the secret; SHA-1 in hex."""
    text = "".join(key + params[key] for key in sorted(params) if key != "Signature")
    return hashlib.sha1((text + secret).encode()).hexdigest()


def qingcloud_signature(method, path, params, secret):
    pairs = "&".join(urllib.parse.quote(key, safe="") + "=" + urllib.parse.quote(params[key], safe="-_.~")
                     for key in sorted(params) if key != "signature")
    kind = {"HmacSHA256": hashlib.sha256, "HmacSHA1": hashlib.sha1}[params["signature_method"]]
    mac = hmac.new(secret.encode(), ("%s\n%s\n%s" % (method, path, pairs)).encode(), kind)
    return base64.b64encode(mac.digest()).decode()


# ---- what is asked and what is answered -------------------------------------------------------------

class Request:
    def __init__(self, method, target, headers, body, connection):
        self.method, self.target, self.headers, self.body = method, target, headers, body
        self.connection = connection
        self.path, _, self.query = target.partition("?")
        text = body.decode("utf-8", "replace") if method == "POST" else self.query
        pairs = urllib.parse.parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text))
        self.params = dict(pairs)
        self.repeated = len(self.params) != len(pairs)
        self.action = self.params.get("Action") or self.params.get("action") or ""
        self.at = time.monotonic()
        self.nth = 0  # of this action, from 1
        self.answer = None

    @property
    def signature(self):
        return self.params.get("Signature") or self.params.get("signature")

    def has(self, where):
        return all(self.params.get(key) == value for key, value in where.items())

    def number(self, name, default):
        return int(self.params.get(name, default))


class Answer:
    """Bytes to send, and how. `items` are the raw items inside, for the log."""

    def __init__(self, body=b"", status=200, headers=None, items=(), framing="length", cut=None,
                 delay=0, pieces=None, pause=0, how="send", note=""):
        self.body = body.encode() if isinstance(body, str) else body
        self.status, self.headers, self.items = status, dict(headers or {}), list(items)
        self.framing = framing  # length, close or chunked
        self.cut = cut          # send that many bytes of the body, then close
        self.delay = delay
        self.pieces = pieces    # an iterator of bytes instead of the body
        self.pause = pause      # between pieces
        self.how = how          # send, reset, close or silence
        self.note = note

    def text(self):
        return self.body.decode("utf-8", "replace")


def json_answer(value, **more):
    return Answer(json.dumps(value, ensure_ascii=False), **more)


def ucloud_error(code, message, **more):
    return json_answer({"RetCode": code, "Message": message}, **more)


def qingcloud_error(code, message, **more):
    return json_answer({"message": message, "ret_code": code}, **more)


def gzip_answer(body, **more):
    return Answer(gzip.compress(body), headers={"Content-Encoding": "gzip"}, **more)


def raw_item(item):
    """An item as it goes over the wire: bytes are sent as they are."""
    return item if isinstance(item, bytes) else json.dumps(item, ensure_ascii=False).encode()


class Shelf:
    """The images that answer one action in one place."""

    def __init__(self, action, where, items, total="true", cap=100, array=None, total_key=None):
        self.action, self.where = action, where
        self.items = [raw_item(item) for item in items]
        self.total = total  # "true", None for no total, or a number that lies
        self.cap = cap
        qingcloud = action in QINGCLOUD_ACTIONS
        self.array = array or ("image_set" if qingcloud else "ImageSet")
        self.total_key = total_key or ("total_count" if qingcloud else "TotalCount")
        self.lower = qingcloud

    def count(self):
        return len(self.items) if self.total == "true" else self.total

    def page(self, request, items=None):
        items = self.items if items is None else items
        names = ("offset", "limit") if self.lower else ("Offset", "Limit")
        offset = request.number(names[0], 0)
        limit = min(request.number(names[1], 20), self.cap)
        part = items[offset:offset + limit]
        return Answer(self.body(part), items=part)

    def body(self, part):
        head = b'"action":"%sResponse","ret_code":0' if self.lower else b'"Action":"%sResponse","RetCode":0'
        body = b"{" + head % self.action.encode()
        if self.count() is not None:
            body += b',"%s":%d' % (self.total_key.encode(), self.count())
        return body + b',"%s":[' % self.array.encode() + b",".join(part) + b"]}"


class Fixed(Shelf):
    """One body at every offset."""

    def __init__(self, action, where, body):
        super().__init__(action, where, [])
        self.fixed = body if isinstance(body, bytes) else body.encode()

    def page(self, request, items=None):
        return Answer(self.fixed)


# ---- the cloud ------------------------------------------------------------------------------------

class Cloud:
    """Serves until closed. Use it in a `with`."""

    def __init__(self, tls=None, keys=None):
        self.keys = keys or {UCLOUD_ID: UCLOUD_SECRET, QINGCLOUD_ID: QINGCLOUD_SECRET}
        self.tls = tls
        self.shelves = []
        self.scripts = []
        self.requests = []       # in order of arrival
        self.counts = {}         # of requests by action
        self.handshakes = []     # of TLS: None or what went wrong
        self.clear_bytes = 0     # received after TLS, or without it
        self.connections = 0
        self.skew = 0            # of its clock
        self.lock = threading.Lock()
        self.closing = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.threads = []
        self.acceptor = threading.Thread(target=self._accept, daemon=True)
        self.acceptor.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.closing.set()
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        self.acceptor.join(10)
        for thread in self.threads:
            thread.join(10)

    def url(self, path="/", host="127.0.0.1"):
        return "%s://%s:%d%s" % ("https" if self.tls else "http", host, self.port, path)

    # -- what it has

    def put(self, action, items, where=None, **more):
        shelf = Shelf(action, where or {}, items, **more)
        self.shelves.insert(0, shelf)
        return shelf

    def put_body(self, action, body, where=None):
        shelf = Fixed(action, where or {}, body)
        self.shelves.insert(0, shelf)
        return shelf

    def script(self, action, act, where=None, nth=None):
        """`act(request, usual)` answers instead; usual() is what would have been answered, and None from act
        leaves it to the next script."""
        self.scripts.insert(0, (action, where or {}, nth, act))

    def always(self, action, answer, where=None):
        self.script(action, lambda request, usual: answer, where)

    def clear_scripts(self):
        self.scripts.clear()

    # -- the log

    def asked(self, action=None, where=None, since=0):
        with self.lock:
            return [r for r in self.requests[since:]
                    if (action is None or r.action == action) and r.has(where or {})]

    def sent(self, action, where=None, since=0):
        """The raw items that were sent, page by page."""
        return [r.answer.items for r in self.asked(action, where, since) if r.answer]

    def signatures(self):
        return {r.signature for r in self.asked() if r.signature}

    # -- answering

    def refusal(self, request):
        if request.action in QINGCLOUD_ACTIONS or request.path.startswith("/iaas"):
            return self._refuse_qingcloud(request)
        return self._refuse_ucloud(request)

    def _refuse_ucloud(self, request):
        params = request.params
        if request.repeated:
            return ucloud_error(160, "a parameter is repeated")
        if "PublicKey" not in params:
            return ucloud_error(170, "Missing signature")
        if params["PublicKey"] not in self.keys:
            return ucloud_error(172, "User not found")
        if "Signature" not in params:
            return ucloud_error(170, "Missing signature")
        if ucloud_signature(params, self.keys[params["PublicKey"]]) != params["Signature"]:
            return ucloud_error(171, "Signature VerifyAC Error")
        return None

    def _refuse_qingcloud(self, request):
        params = request.params
        for name in ("action", "time_stamp", "access_key_id", "version", "signature_method",
                     "signature_version", "zone", "signature"):
            if not params.get(name) and not (name == "zone" and request.action == "DescribeZones"):
                return qingcloud_error(1100, "MissingParameter, [%s]" % name)
        if params["access_key_id"] not in self.keys:
            return qingcloud_error(1200, "AuthFailure, access key not found")
        stamp = calendar.timegm(time.strptime(params["time_stamp"], "%Y-%m-%dT%H:%M:%SZ"))
        if abs(stamp - (time.time() + self.skew)) > 60:
            return qingcloud_error(1300, "RequestHasExpired, [%s] is too old" % params["time_stamp"])
        expected = qingcloud_signature(request.method, request.path, params,
                                       self.keys[params["access_key_id"]])
        if expected != params["signature"]:
            return qingcloud_error(1200, "AuthFailure, signature not matched")
        return None

    def usual(self, request):
        refused = self.refusal(request)
        if refused:
            return refused
        with self.lock:
            for shelf in self.shelves:
                if shelf.action == request.action and request.has(shelf.where):
                    return shelf.page(request)
        # A place without images.
        return Shelf(request.action, {}, []).page(request)

    def answer(self, request):
        for action, where, nth, act in list(self.scripts):
            if action not in (None, request.action) or not request.has(where):
                continue
            if nth is not None and request.nth != nth:
                continue
            answer = act(request, lambda: self.usual(request))
            if answer is not None:
                return answer
        return self.usual(request)

    # -- sockets

    def _accept(self):
        while not self.closing.is_set():
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(peer,), daemon=True)
            self.threads.append(thread)
            thread.start()

    def _serve(self, peer):
        with self.lock:
            self.connections += 1
            number = self.connections
        try:
            peer.settimeout(30)
            if self.tls:
                peer = self._handshake(peer)
                if not peer:
                    return
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            pending = b""
            while not self.closing.is_set():
                request, pending = self._read(peer, pending, number)
                if not request or not self._reply(peer, request):
                    return
        except (OSError, ValueError):
            pass
        finally:
            if peer:
                peer.close()

    def _handshake(self, peer):
        try:
            secured = self.tls.wrap_socket(peer, server_side=True, do_handshake_on_connect=False)
            secured.do_handshake()
            # In TLS 1.3 the client may refuse after the server is done: the first read tells.
            with self.lock:
                self.handshakes.append(None)
            return secured
        except (ssl.SSLError, OSError) as error:
            with self.lock:
                self.handshakes.append(str(error))
            return None

    def _receive(self, peer):
        if not (isinstance(peer, ssl.SSLSocket) and peer.pending()):
            while not select.select([peer], [], [], 0.1)[0]:
                if self.closing.is_set():
                    return b""
        data = peer.recv(65536)
        with self.lock:
            self.clear_bytes += len(data)
        return data

    def _read(self, peer, pending, number):
        while b"\r\n\r\n" not in pending:
            data = self._receive(peer)
            if not data:
                return None, b""
            pending += data
            if pending[:2] == b"\x16\x03":  # TLS to a plain server
                peer.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return None, b""
        head, _, pending = pending.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        method, target, _ = lines[0].split(" ", 2)
        headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}
        length = int(headers.get("content-length", 0))
        while len(pending) < length:
            data = self._receive(peer)
            if not data:
                return None, b""
            pending += data
        return Request(method, target, headers, pending[:length], number), pending[length:]

    def _reply(self, peer, request):
        """False when the connection is over."""
        with self.lock:
            request.nth = self.counts[request.action] = self.counts.get(request.action, 0) + 1
            self.requests.append(request)
        answer = self.answer(request)
        request.answer = answer
        if answer.delay and not self._wait(peer, answer.delay):
            return False
        if answer.how == "silence":
            self._wait(peer, 600)
            return False
        if answer.how == "reset":
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        if answer.how == "close":
            return False
        return self._send(peer, answer)

    def _wait(self, peer, seconds):
        """False when the peer went away or the cloud is closing."""
        until = time.monotonic() + seconds
        while not self.closing.is_set():
            left = until - time.monotonic()
            if left <= 0:
                return True
            if select.select([peer], [], [], min(left, 0.1))[0]:
                return False
        return False

    def _send(self, peer, answer):
        headers = {"Content-Type": "application/json", **answer.headers}
        if answer.framing == "length":
            headers.setdefault("Content-Length", str(len(answer.body)))
        elif answer.framing == "chunked":
            headers["Transfer-Encoding"] = "chunked"
        else:
            headers["Connection"] = "close"
        head = "HTTP/1.1 %d %s\r\n" % (answer.status, "OK" if answer.status == 200 else "Other")
        head += "".join("%s: %s\r\n" % pair for pair in headers.items()) + "\r\n"
        body = answer.body if answer.cut is None else answer.body[:answer.cut]
        peer.sendall(head.encode("latin-1"))
        for piece in answer.pieces if answer.pieces is not None else [body]:
            if self.closing.is_set():
                return False
            if answer.framing == "chunked":
                piece = b"%x\r\n%s\r\n" % (len(piece), piece)
            peer.sendall(piece)
            if answer.pause and not self._wait(peer, answer.pause):
                return False
        if answer.cut is not None:
            return False
        if answer.framing == "chunked":
            peer.sendall(b"0\r\n\r\n")
        return answer.framing != "close"


# ---- images like the clouds' ----------------------------------------------------------------------------

def uhost_image(n, zone="cn-bj2-02", **more):
    return {"ImageId": "uimage-%06d" % n, "ImageName": "Ubuntu 22.04 64位 %d" % n, "OsName": "Ubuntu 22.04 64位",
            "OsType": "Linux", "ImageType": "Base", "State": "Available", "Zone": zone, "ImageSize": 20,
            "CreateTime": 1600000000 + n, "Features": ["NetEnhanced", "CloudInit"],
            "ImageDescription": "说明 %d" % n, **more}


def custom_image(n, **more):
    return {"CompShareImageId": "compshareImage-%06d" % n, "Name": "my env %d" % n, "ImageType": "Custom",
            "Status": "Available", "Container": "False", "Size": 20480, "Visibility": 0,
            "CreateTime": 1712563200 + n, **more}


def platform_image(n, kind="System", **more):
    return {"CompShareImageId": "compshareImage-p%06d" % n, "Name": "PyTorch 2.9.1 cuda128 %d" % n,
            "ImageType": kind, "ImageOwnerAlias": "Official", "Status": "Available", "Container": "True",
            "Size": 30720, "Visibility": 1, "CreateTime": 1712563200 + n, **more}


def qingcloud_image(n, provider="self", **more):
    return {"image_id": "img-%08d" % n, "image_name": "CentOS 7.7 64bit %d" % n, "platform": "linux",
            "os_family": "centos", "processor_type": "64bit", "provider": provider, "status": "available",
            "visibility": "private", "transition_status": "", "size": 20, "owner": "usr-1234abcd",
            "create_time": "2013-08-07T18:16:32Z", "status_time": "2013-08-17T08:16:33Z",
            "description": None, **more}


def id_of(raw):
    """The id of a raw item, by Python's own parser."""
    item = json.loads(raw)
    return next(str(item[key]) for key in ID_KEYS if key in item)
