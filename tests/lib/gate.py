# SPDX-License-Identifier: MIT
"""A door between a client and the sandbox that keeps requests or answers back.

    with Gate(sandbox, "/oauth2/refresh_token/") as gate:
        gate.hold("request")        # or "answer": TikTok has it, the client does not know
        run_something(gate.url)
        wait_until(lambda: gate.held)
        gate.release()

Only requests whose path ends with the word are kept back. It counts how many of those were
under way at once."""
import http.client
import http.server
import select
import threading
from urllib.parse import urlsplit


class Gate:
    def __init__(self, sandbox, end):
        self.sandbox, self.end = sandbox, end
        self.opened = threading.Event()
        self.lock = threading.Lock()
        self.hold(None)
        self.held = self.asked = self.now = self.most = 0
        gate = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                gate.pass_on(self, body)

            do_GET = do_POST

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.opened.set()
        self.server.shutdown()
        self.server.server_close()

    def hold(self, what):
        """"request", "answer" or None; what is held already stays so until release()."""
        self.what = what
        self.held = 0
        self.opened.clear()

    def release(self):
        self.what = None
        self.opened.set()

    def pass_on(self, handler, body):
        kept = urlsplit(handler.path).path.endswith(self.end)
        what = self.what if kept else None
        with self.lock:
            self.asked += kept
            self.now += kept
            self.most = max(self.most, self.now)
        try:
            if what == "request" and not self.wait(handler):
                return
            connection = http.client.HTTPConnection("127.0.0.1", self.sandbox.port, timeout=30)
            headers = {name: value for name, value in handler.headers.items()
                       if name.lower() not in ("host", "content-length")}
            connection.request(handler.command, handler.path, body or None, headers)
            answer = connection.getresponse()
            status, content = answer.status, answer.read()
            connection.close()
            if what == "answer" and not self.wait(handler):
                return
            handler.send_response(status)
            for name in ("Content-Type", "Location"):
                if answer.headers.get(name):
                    handler.send_header(name, answer.headers[name])
            handler.send_header("Content-Length", str(len(content)))
            handler.end_headers()
            handler.wfile.write(content)
        except OSError:
            handler.close_connection = True
        finally:
            with self.lock:
                self.now -= kept

    def wait(self, handler):
        """Until release(); False where the client is gone by then."""
        self.held += 1
        while not self.opened.wait(0.02):
            if select.select([handler.connection], [], [], 0)[0]:  # its end, or a reset
                handler.close_connection = True
                return False
        return True
