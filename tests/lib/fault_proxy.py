# SPDX-License-Identifier: MIT
"""A network between a relay and the sandbox that fails where it is told to, byte by byte.

    with FaultProxy(sandbox) as proxy:
        proxy.next(Fate(request=117))           # 117 bytes of the request pass, then a reset
        proxy.next(Fate(answer=40, reset=False))    # 40 of the answer, then an orderly end
        proxy.next(Fate(own=proxy.flood(b"HTTP/1.1 100 Continue\\r\\n\\r\\n")))
        run_something(proxy.url)
        proxy.seen[0].whole                     # whether the sandbox has the first request

Each request takes the next fate; when there is none, it passes. `ledger()` is the sandbox's,
in which the requests whose answers did not pass as they were are marked as `proxy`."""
import json
import re
import select
import socket
import struct
import threading
import time
from dataclasses import dataclass

LINGER_0 = struct.pack("ii", 1, 0)


@dataclass
class Fate:
    request: int = None    # so many bytes of the request pass, then the connection ends
    answer: int = None     # so many of the answer
    reset: bool = True     # how it ends: by a reset, or as if all were well
    late_s: float = 0      # the answer comes so much later
    chunk: int = 0         # the answer comes so many bytes at a time, 10 ms apart
    twice: bool = False    # the sandbox gets the request twice, the relay the first answer
    own: object = None     # own(client): in the sandbox's place, once the request is read
    early: bool = False    # … once its head is


@dataclass
class Seen:
    fate: Fate
    whole: bool = False       # the request passed
    request: int = 0          # bytes of it that passed
    answer: int = None        # the answer's length
    request_id: str = None
    passed: bool = False      # so did the answer
    line: dict = None         # of the ledger, where the sandbox has none


class Cut(Exception):
    """The connection ends here, by the fate."""


def end(connection, reset):
    try:
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_0)
        else:
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(0.3)
            while connection.recv(65536):
                pass
    except OSError:
        pass
    connection.close()


class Message:
    """Grows until head and body are there."""

    def __init__(self):
        self.bytes = b""

    def missing(self):
        """How many bytes at least; 0: it is whole."""
        head, found, body = self.bytes.partition(b"\r\n\r\n")
        if not found:
            return 1
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        return max(0, (int(length[1]) if length else 0) - len(body))


class FaultProxy:
    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.fates, self.seen = [], []
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()

    def next(self, *fates):
        with self.lock:
            self.fates += fates

    def take(self):
        with self.lock:
            seen = Seen(self.fates.pop(0) if self.fates else Fate())
            self.seen.append(seen)
            return seen

    def ledger(self):
        """For history.assert_true, in the sandbox's place."""
        touched = {seen.request_id for seen in self.seen if not seen.passed or seen.fate.twice}
        lines = [dict(line, fault=line["fault"] or "proxy") if line["request_id"] in touched
                 else line for line in self.sandbox.ledger()]
        return sorted(lines + [seen.line for seen in self.seen if seen.line],
                      key=lambda line: line["at_ms"])

    @staticmethod
    def line_of(request):
        """Of a request that the proxy answers itself."""
        body = json.loads(request.partition(b"\r\n\r\n")[2])
        return {"n": "proxy", "at_ms": int(time.time() * 1000), "events": body["data"],
                "count": len(body["data"]), "source_id": body["event_source_id"],
                "applied": False, "fault": "proxy", "http_status": None, "code": None,
                "request_id": None}

    def accept(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        seen = None
        try:
            while client.recv(1, socket.MSG_PEEK):
                seen = self.take()
                self.one(client, seen)
        except Cut:
            end(client, seen.fate.reset)
        except OSError:
            pass
        client.close()

    def one(self, client, seen):
        if seen.fate.own:
            message = Message()
            while message.missing() and not (seen.fate.early and b"\r\n\r\n" in message.bytes):
                message.bytes += client.recv(65536) or self.gone()
            if not message.missing():
                seen.whole, seen.line = True, self.line_of(message.bytes)
            seen.fate.own(client)
            raise Cut
        with socket.create_connection(("127.0.0.1", self.sandbox.port), timeout=30) as server:
            server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            request = self.pass_request(client, server, seen)
            answer = self.read_answer(server)
        seen.answer = len(answer)
        try:
            seen.request_id = json.loads(answer.partition(b"\r\n\r\n")[2])["request_id"]
        except (ValueError, KeyError, TypeError):
            pass
        if seen.fate.twice:
            with socket.create_connection(("127.0.0.1", self.sandbox.port), timeout=30) as again:
                again.sendall(request)
                self.read_answer(again)
        if seen.fate.request is not None:  # all of it, and no answer
            raise Cut
        self.pass_answer(client, answer, seen)

    @staticmethod
    def gone():
        raise OSError("the relay is gone")

    def pass_request(self, client, server, seen):
        message, limit = Message(), seen.fate.request
        while message.missing():
            left = 65536 if limit is None else limit - seen.request
            if left <= 0:
                end(server, seen.fate.reset)
                raise Cut
            piece = client.recv(min(left, 65536)) or self.gone()
            server.sendall(piece)
            message.bytes += piece
            seen.request += len(piece)
        seen.whole = True
        return message.bytes

    @staticmethod
    def read_answer(server):
        message = Message()
        while message.missing():
            piece = server.recv(65536)
            if not piece:
                break
            message.bytes += piece
        return message.bytes

    @staticmethod
    def pass_answer(client, answer, seen):
        fate = seen.fate
        time.sleep(fate.late_s)
        part = answer if fate.answer is None else answer[:fate.answer]
        for at in range(0, len(part), fate.chunk or len(part) or 1):
            client.sendall(part[at:at + fate.chunk] if fate.chunk else part)
            time.sleep(0.01 if fate.chunk else 0)
        seen.passed = len(part) == len(answer)
        if fate.answer is not None:
            raise Cut

    # What stands in for the sandbox.

    @staticmethod
    def says(*pieces, pause_s=0):
        """These bytes, whatever was asked."""
        def own(client):
            for piece in pieces:
                client.sendall(piece)
                time.sleep(pause_s)
        return own

    @staticmethod
    def flood(piece, first=b"HTTP/1.1 200 OK\r\n", pause_s=0, limit=1 << 32):
        """`first`, then the piece again and again until the relay is gone."""
        def own(client):
            sent, many = 0, piece * (1 if pause_s else max(1, 65536 // len(piece)))
            client.sendall(first)
            while sent < limit:
                client.sendall(many)
                sent += len(many)
                time.sleep(pause_s)
        return own

    @staticmethod
    def black_hole(client):
        """Reads nothing, says nothing, until the relay is gone."""
        while client.fileno() >= 0:
            select.select([client], [], [], 0.05)
            info = client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
            if info != 1:  # not ESTABLISHED
                return
            time.sleep(0.05)
