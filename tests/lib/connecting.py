# SPDX-License-Identifier: MIT
"""`convey connect` with a person in a browser: reads the address, follows it, comes back.

    with Connecting(project, sandbox) as connecting:
        assert connecting.browse()[0] == 200
        assert connecting.wait() == 0
"""
import http.client
import os
import subprocess
from urllib.parse import parse_qs, urlsplit

import convey
import relay_case
from canary import SECRET

APP = "7000000000000000001"


def get(url, host=None, method="GET", timeout=30, context=None):
    """(status, headers, text); redirections are not followed. context: of TLS."""
    parts = urlsplit(url)
    if context:
        connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=timeout,
                                                 context=context)
    else:
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
    try:
        path = parts.path + ("?" + parts.query if parts.query else "")
        connection.request(method, path, headers={"Host": host} if host else {})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        connection.close()


class Connecting:
    def __init__(self, project, sandbox, name="shop", words=("--port", "0"), secret=SECRET,
                 **files):
        """files: what stdin, stderr are instead of pipes."""
        self.secret_file = os.path.join(project.directory, "app-secret.txt")
        with open(self.secret_file, "w", encoding="ascii") as file:
            file.write(secret + "\n")
        environment = dict(os.environ, CONVEY_ENDPOINT=getattr(sandbox, "url", sandbox))
        environment.pop("DISPLAY", None)
        environment.pop("WAYLAND_DISPLAY", None)
        self.process = subprocess.Popen(
            [convey.binary(), "connect", name, "--app-id", APP, "--secret-file",
             self.secret_file, "--db", project.db, *words], env=environment, text=True,
            stdout=subprocess.PIPE,
            **dict({"stdin": subprocess.PIPE, "stderr": subprocess.PIPE}, **files))
        self.url = self.process.stdout.readline().strip()
        query = parse_qs(urlsplit(self.url).query)
        self.state = query.get("state", [""])[0]
        self.callback = query.get("redirect_uri", [""])[0]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def authorize(self):
        """What the browser is sent to after the person has said yes or no."""
        status, headers, text = get(self.url)
        assert status == 302, (status, text)
        return headers["Location"]

    def browse(self):
        return get(self.authorize())

    def wait(self, data=None, timeout=30):
        """The exit status; output and errors are kept."""
        self.output, self.errors = self.process.communicate(data, timeout * convey.SLOW)
        assert not any(mark in self.errors for mark in convey.SANITIZER), self.errors
        return self.process.returncode


class Case(relay_case.Case):
    token = None
    sandbox_options = {"args": ["--oauth", f"app={APP}:{SECRET}"], "token": "none"}

    def connecting(self, **more):
        connecting = Connecting(self.project, self.sandbox, **more)
        self.addCleanup(connecting.__exit__)
        return connecting

    def connect(self):
        connecting = self.connecting()
        self.assertEqual(connecting.browse()[0], 200)
        self.assertEqual(connecting.wait(), 0, connecting.errors)
        return connecting

    def fields(self):
        return {row[0] for row in self.project.query("SELECT field FROM credential")}

    def codes(self):
        return [grant["code"] for grant in self.sandbox.oauth()["grants"]]

    def set_destination(self, *words):
        self.project.convey("destination", "set", "shop", *words)
