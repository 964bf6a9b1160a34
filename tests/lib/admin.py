# SPDX-License-Identifier: MIT
"""Asks the relay's admin listener, as a client that can say anything.

    admin = Admin(relay)                  # by the address that the relay has logged
    answer = admin.get("/metrics")
    assert answer.status == 200
    admin.post("/pause", {"destination": "shop"}, token=admin.token)
"""
import http.client
import re
import socket
from urllib.parse import urlencode, urlsplit

from convey import SLOW, wait_until

FORM = "application/x-www-form-urlencoded"


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Answer:
    def __init__(self, answer):
        self.status, self.headers = answer.status, answer.headers
        self.text = answer.read().decode()

    def __repr__(self):
        return f"{self.status}: {self.text[:300]}"


class Admin:
    def __init__(self, relay):
        found = wait_until(lambda: re.search(r'event=admin_page address="?([^\s"]+)"? '
                                             r"token_file=(\S+)", relay.log())
                           or not relay.running(), what="the admin page")
        self.address, self.token_file = found.groups()
        self.url = self.address if self.address.startswith("http") else None
        self.host = urlsplit(self.url).netloc if self.url else "localhost"

    @property
    def token(self):
        with open(self.token_file, encoding="ascii") as file:
            return file.read().strip()

    def connect(self, timeout=20 * SLOW):
        """A connected socket, for who speaks for himself."""
        if not self.url:
            sock = socket.socket(socket.AF_UNIX)
            sock.connect(self.address)  # waits for a place in the queue
            sock.settimeout(timeout)
            return sock
        parts = urlsplit(self.url)
        return socket.create_connection((parts.hostname, parts.port), timeout)

    def ask(self, method, target, headers=(), body=None):
        """headers: pairs, as they are; Host comes with them or is ours."""
        connection = UnixConnection(self.address, 20 * SLOW)
        connection.sock = self.connect()
        names = [name.lower() for name, _ in headers]
        try:
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in ([] if "host" in names else [("Host", self.host)]) + list(headers):
                if value is not None:
                    connection.putheader(name, value)
            if body is not None and "content-length" not in names:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def get(self, target, token=None, html=False):
        headers = [("Authorization", f"Bearer {token}")] if token else []
        return self.ask("GET", target, headers + ([("Accept", "text/html")] if html else []))

    def post(self, target, form, token=None, html=False):
        headers = [("Content-Type", FORM)] + ([("Accept", "text/html")] if html else [])
        headers += [("Authorization", f"Bearer {token}")] if token else []
        return self.ask("POST", target, headers, urlencode(form).encode())

    def raw(self, data, timeout=20 * SLOW):
        """Sends bytes; all that comes back until the other end hangs up."""
        sock = self.connect(timeout)
        try:
            sock.sendall(data)
            parts = []
            while part := sock.recv(65536):
                parts.append(part)
            return b"".join(parts)
        except (BrokenPipeError, ConnectionResetError):
            return b"".join(parts) if "parts" in locals() else b""
        finally:
            sock.close()


def samples(text):
    """{'name{label="value"}': number} of an exposition."""
    found = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            assert name not in found, f"{name} comes twice"
            found[name] = float(value)
    return found
