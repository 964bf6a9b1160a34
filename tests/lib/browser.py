# SPDX-License-Identifier: MIT
"""Headless Chromium through chromedriver's WebDriver protocol; standard library only.

    with Browser() as browser:
        browser.resize(390, 844)
        browser.prefer("dark")
        browser.open("http://127.0.0.1:1234/")
        assert browser.text("#verdict p") == "…"
"""
import base64
import http.client
import json
import os
import re
import shutil
import subprocess
import tempfile
import time

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


def missing():
    """What is not installed, or ''."""
    absent = [name for name in ("chromium", "chromedriver") if not shutil.which(name)]
    return f"{' and '.join(absent)} not installed here" if absent else ""


class Browser:
    def __init__(self, script=True):
        self.folder = tempfile.TemporaryDirectory(prefix="convey-browser-")
        # What Chromium itself says goes to a file: a pipe that nobody reads would stop it.
        self.said = open(os.path.join(self.folder.name, "said"), "w+b")  # noqa: SIM115
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=self.said,
                                       stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                       env=dict(os.environ, HOME=self.folder.name))
        self.port = self._wait_for_port()
        self.session = None
        options = {"args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                            "--no-first-run", "--disable-background-networking", "--disable-sync",
                            "--disable-component-update", "--hide-scrollbars", "--no-proxy-server",
                            f"--user-data-dir={self.folder.name}/profile"]}
        if not script:
            options["prefs"] = {"profile.managed_default_content_settings.javascript": 2}
        try:
            made = self.call("POST", "/session", {"capabilities": {"alwaysMatch": {
                "browserName": "chrome", "goog:chromeOptions": options,
                "goog:loggingPrefs": {"browser": "ALL"}}}})
        except Exception:
            self.close()
            raise
        self.session = made["sessionId"]

    def _wait_for_port(self):
        end = time.monotonic() + 60
        while time.monotonic() < end and self.driver.poll() is None:
            with open(self.said.name, encoding="utf-8", errors="replace") as file:
                found = re.search(r"successfully on port (\d+)", file.read())
            if found:
                return int(found.group(1))
            time.sleep(0.05)
        raise RuntimeError("chromedriver did not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        try:
            if self.session:
                self.call("DELETE", "")
        except (OSError, RuntimeError, http.client.HTTPException):
            pass
        self.driver.terminate()
        self.driver.wait(20)
        self.said.close()
        for _ in range(20):  # Chromium's last processes may still write
            try:
                self.folder.cleanup()
                return
            except OSError:
                time.sleep(0.2)

    def call(self, method, path, body=None):
        prefix = f"/session/{self.session}" if self.session else ""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request(method, prefix + path, json.dumps(body or {}) if method == "POST"
                               else None, {"Content-Type": "application/json"})
            value = json.load(connection.getresponse())["value"]
        finally:
            connection.close()
        if isinstance(value, dict) and "error" in value:
            raise RuntimeError(f"{value['error']}: {value.get('message', '')[:500]}")
        return value

    def devtools(self, command, **params):
        return self.call("POST", "/goog/cdp/execute", {"cmd": command, "params": params})

    def resize(self, width, height, scale=1, mobile=False):
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height,
                      deviceScaleFactor=scale, mobile=mobile)

    def prefer(self, scheme):
        self.devtools("Emulation.setEmulatedMedia",
                      features=[{"name": "prefers-color-scheme", "value": scheme}])

    def open(self, url):
        self.call("POST", "/url", {"url": url})

    def run(self, script, *args):
        """The value that the script returns, a promise's when it is there."""
        return self.call("POST", "/execute/sync", {"script": script, "args": list(args)})

    def element(self, selector):
        return self.call("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def click(self, selector):
        self.call("POST", f"/element/{self.element(selector)}/click")

    def type(self, selector, text):
        self.call("POST", f"/element/{self.element(selector)}/value", {"text": text})

    def text(self, selector):
        """As it is in the document, blanks folded; None where there is no such element."""
        return self.run("const e = document.querySelector(arguments[0]);"
                        "return e && e.textContent.replace(/\\s+/g, ' ').trim()", selector)

    def texts(self, selector):
        return self.run("return [...document.querySelectorAll(arguments[0])].map("
                        "e => e.textContent.replace(/\\s+/g, ' ').trim())", selector)

    def screenshot(self, path, width, height):
        """The upper left part of the page, also beyond the window."""
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        shot = self.devtools("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        with open(path, "wb") as file:
            file.write(base64.b64decode(shot["data"]))

    def log(self):
        """What the console says: errors of the page, refusals by its policy."""
        return [entry["message"] for entry in
                self.call("POST", "/se/log", {"type": "browser"})]
