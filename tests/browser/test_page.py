# SPDX-License-Identifier: MIT
"""The admin page in a browser: it shows what the database says, at both widths, in light and
dark, without a fault of accessibility; with script and without; and other pages can do nothing."""
import http.server
import json
import os
import re
import sqlite3
import sys
import threading
import unittest
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from browser_case import DESKTOP, GRANTED, PHONE, BrowserCase, number  # noqa: E402
from convey import ROOT, purchase, wait_until  # noqa: E402

AXE = os.path.join(ROOT, "build-test", "browser", "node_modules", "axe-core", "axe.min.js")
PICTURES = os.environ.get("CONVEY_SCREENSHOTS")
EVIL = "<img src=x onerror='window.hacked=1'><script>window.hacked=1</script>"


class Shows(BrowserCase):
    def counts(self):
        return {status: count for status, count in self.project.query(
            "SELECT status, count(*) FROM delivery_status GROUP BY 1")}

    def test_tiles_and_funnel_are_the_databases(self):
        said = self.counts()
        self.assertEqual(number(self.browser.text("#t-delivered")), said["delivered"])
        self.assertEqual(number(self.browser.text("#t-waiting")), said["pending"])
        self.assertEqual(number(self.browser.text("#t-person")),
                         said["failed"] + said["rejected"] + said.get("held", 0))
        rows = {name: number(amount) for name, amount in zip(
            self.browser.texts(".funnel li :is(b, summary > span:first-child)"),
            self.browser.texts(".funnel .amount"))}
        self.assertEqual(rows["Deliveries"], sum(said.values()))
        self.assertEqual(rows["Delivered"], said["delivered"])
        for name, status in (("rejected",) * 2, ("skipped",) * 2, ("failed",) * 2,
                             ("duplicate",) * 2, ("waiting", "pending")):
            self.assertEqual(rows[name], said[status], name)
        self.browser.click("#loss-skipped summary")
        reasons = zip(self.browser.texts("#loss-skipped[open] .reasons code"),
                      self.browser.texts("#loss-skipped[open] .reasons span"))
        self.assertEqual({word: number(count) for word, count in reasons}, dict(
            self.project.query("SELECT reason, count(*) FROM delivery_status WHERE status = "
                               "'skipped' GROUP BY 1")))
        self.clean()

    def test_hours_add_up(self):
        self.browser.click("#hournumbers summary")
        rows = self.browser.texts("#hournumbers tbody tr td:nth-child(2)")
        self.assertEqual(sum(map(number, rows)), self.counts()["delivered"])
        self.assertEqual(self.browser.text("#h-hours"), "Last 24 hours Europe/Berlin")
        self.assertEqual(len(self.browser.texts("#hours svg[role=img] > g")), 24)
        local = self.project.query(  # when a row was made, in the account's zone
            "SELECT conversion_date_time FROM delivery_status WHERE destination = 'shop' AND "
            "status = 'delivered' LIMIT 1")[0][0]
        last = self.browser.texts("#hournumbers tbody tr th")[-1]
        self.assertIn(int(local[11:13]) - int(last[:2]), (0, -1, 23), (local, last))

    def test_destinations_are_those_of_queue_status(self):
        for row in self.project.rows("SELECT * FROM queue_status"):
            cells = self.browser.run(
                "const r = [...document.querySelectorAll('#destinations tbody tr')].find("
                "r => r.cells[0].textContent.startsWith(arguments[0] + ' '));"
                "return [...r.cells].map(c => c.innerText.trim())", row["destination"])
            self.assertEqual(cells[1].replace(" ", "_"), row["state"])
            self.assertEqual(number(cells[2]), row["pending"] + row["sending"] + row["retrying"])
            self.assertEqual(number(cells[5]), row["delivered"])
            self.assertEqual([number(cell) for cell in cells[6:9]],
                             [row["failed"], row["rejected"], row["held"]])

    def test_problems_are_those_of_the_view(self):
        wanted = {}
        for reason, count, advice in self.project.query(
                "SELECT reason, count, advice FROM problem"):
            wanted[reason] = (wanted.get(reason, (0,))[0] + count, advice)
        self.browser.run("document.querySelector('#leftout').open = true")
        shown = {}
        for name, count, advice in zip(self.browser.texts(".problems h3"),
                                       self.browser.texts(".problems .n"),
                                       self.browser.texts(".problems div:nth-child(2) > p")):
            shown[name] = (number(count), advice)
        self.assertEqual(shown, {reason: (count, re.sub(r"\s+", " ", advice))
                                 for reason, (count, advice) in wanted.items()})

    def test_a_story_is_what_why_tells(self):
        self.search("order-70")
        told = json.loads(self.project.convey("why", "order-70", "--json"))
        steps = self.browser.texts(".story .step")
        texts = self.browser.texts(".story .text")
        self.assertEqual(steps, [row["step"] for row in told])
        self.assertEqual(texts, [re.sub(r"\s+", " ", (row["destination"] + " " if
                                                      row["destination"] else "") + row["text"])
                                 for row in told])
        self.browser.click("#story .actions .link")
        self.until(lambda: self.browser.text("#story") is None)
        self.clean()


class Looks(BrowserCase):
    def widths(self):
        return self.browser.run("return [document.scrollingElement.scrollWidth, innerWidth]")

    def axe(self):
        with open(AXE, encoding="utf-8") as file:
            # As a devtools script: the page's own policy would not let it in.
            self.browser.devtools("Runtime.evaluate", expression=file.read())
        found = self.browser.devtools(
            "Runtime.evaluate", awaitPromise=True, returnByValue=True,
            expression="axe.run().then(r => r.violations.map(v => v.id + ': ' + "
                       "v.nodes.map(n => n.target + ' ' + n.failureSummary).join('; ')))")
        return found["result"]["value"]

    def each(self):
        for name, size in (("desktop", DESKTOP), ("phone", PHONE)):
            for scheme in ("light", "dark"):
                with self.subTest(f"{name}, {scheme}"):
                    self.browser.resize(*size)
                    self.browser.prefer(scheme)
                    yield name, scheme

    def picture(self, name, width, height):
        path = os.path.join(PICTURES, name)
        self.browser.screenshot(path, width, height)
        # The documentation has no room for more.
        self.assertLess(os.path.getsize(path), 300_000)

    def test_both_widths_in_light_and_dark(self):
        self.browser.run("for (const d of document.querySelectorAll('details')) d.open = true")
        grounds = set()
        for name, scheme in self.each():
            whole, inner = self.widths()
            self.assertLessEqual(whole, inner, "it does not scroll sideways")
            grounds.add((scheme, self.browser.run(
                "return getComputedStyle(document.body).backgroundColor")))
            heights = self.browser.run(
                "return [...document.querySelectorAll('main > section')].map(s => s.offsetHeight)")
            self.assertTrue(all(heights), heights)
        self.assertEqual(len(grounds), 2)
        for width in (700, 859, 860):  # where the layout changes
            self.browser.resize(width, 900)
            whole, inner = self.widths()
            self.assertLessEqual(whole, inner, "it does not scroll sideways")
        self.clean()

    @unittest.skipUnless(os.path.exists(AXE), "axe-core could not be installed here")
    def test_axe_finds_nothing(self):
        for name, scheme in self.each():
            self.sign_in()
            self.assertEqual(self.axe(), [])
            self.search("order-70")
            self.browser.run("for (const d of document.querySelectorAll('details')) d.open = true")
            self.assertEqual(self.axe(), [])

    @unittest.skipUnless(os.path.exists(AXE), "axe-core could not be installed here")
    def test_axe_finds_nothing_at_the_door(self):
        self.browser.run("sessionStorage.clear()")
        for name, scheme in self.each():
            self.browser.open(self.admin.url)
            self.assertIsNotNone(self.browser.text("#door"))
            self.assertEqual(self.axe(), [])

    @unittest.skipUnless(PICTURES, "no pictures were asked for")
    def test_pictures(self):
        spread(self.project)
        self.sign_in()
        self.picture("admin-desktop.png", 1280, 1180)
        self.browser.resize(390, 844, 1.5, True)
        self.browser.prefer("dark")
        self.picture("admin-phone.png", 390, 1500)
        self.browser.resize(*DESKTOP)
        self.search("order-70")
        self.picture("admin-why.png", 1280, 900)


def spread(project):
    """A day's worth of bars, for the pictures alone."""
    with sqlite3.connect(project.db, timeout=30) as db:
        for back in range(96):
            share = max(0.05, 1 - abs(back / 4 - 6) / 14) * (0.8 + zlib.crc32(b"%d" % back) % 40 / 100)
            for destination, status, most in ((1, 10, 90), (2, 10, 25), (1, 8, 9)):
                count = int(most * share)
                db.execute("INSERT OR REPLACE INTO quarter VALUES (strftime('%s') / 900 - ?, ?, ?, ?)",
                           (back, destination, status, count))
                db.execute("UPDATE counter SET count = count + ? WHERE destination_id = ? AND "
                           "state = ?", (count, destination, 160 if status == 10 else 129))


class Acts(BrowserCase):
    def paused(self, name):
        return self.project.query("SELECT paused FROM destination WHERE name = ?", name)[0][0]

    def button(self, verb, name):
        return f"button[formaction='/{verb}'][value='{name}']"

    def test_pause_and_resume(self):
        self.browser.click(self.button("pause", "stores"))
        self.until(lambda: self.browser.text("#notice") == "'stores' is paused; its rows wait.")
        self.assertEqual(self.paused("stores"), 1)
        self.until(lambda: self.browser.text(self.button("resume", "stores")))
        self.browser.click(self.button("resume", "stores"))
        self.until(lambda: self.browser.text("#notice") == "'stores' is sent to again.")
        self.assertEqual(self.paused("stores"), 0)
        self.clean()

    def test_replay_asks_first(self):
        selector = "button[formaction='/retry'][value='missing_page_url']"
        before = self.project.query("SELECT count(*) FROM delivery_status WHERE status = "
                                    "'rejected'")[0][0]
        self.assertGreater(before, 0)
        self.assertEqual(self.browser.run(
            "return document.querySelector(arguments[0]).checkVisibility()", selector), False)
        self.browser.click("#replay-missing_page_url summary")
        self.browser.click(selector)
        self.until(lambda: "back to the queue" in (self.browser.text("#notice") or ""))
        self.assertIn(f"{before} deliveries", self.browser.text("#notice"))
        self.clean()

    def test_it_refreshes_itself_and_keeps_what_is_open(self):
        if not self.script:
            self.skipTest("without script a person refreshes")
        self.browser.run("window.same = 1; document.querySelector('#loss-skipped').open = true")
        before = number(self.browser.text("#t-delivered"))
        self.project.insert([purchase(1, consent=GRANTED, prefix=f"live{before}")])
        self.until(lambda: number(self.browser.text("#t-delivered")) > before)
        self.assertEqual(self.browser.run(
            "return [window.same, document.querySelector('#loss-skipped').open]"), [1, True])
        self.browser.click("#liveswitch")
        self.assertEqual(self.browser.text("#liveswitch"), "resume updates")
        self.clean()

    def test_a_reload_of_the_tab_asks_for_nothing(self):
        if not self.script:
            self.skipTest("the script keeps the token for the tab")
        self.browser.open(self.admin.url)
        self.until(lambda: self.browser.text("#verdict p"))
        self.assertEqual(self.browser.run("return document.cookie"), "")
        self.assertEqual(self.browser.run("return localStorage.length"), 0)

    def test_a_relay_that_has_gone_is_told(self):
        if not self.script:
            self.skipTest("without script the browser says so itself")
        self.browser.run("window.fetch = () => Promise.reject(new Error('gone'))")
        self.browser.click("#verdict button[form=nav]")
        self.until(lambda: "does not answer" in self.browser.text("#asof"))
        self.assertIsNotNone(self.browser.text("#t-delivered"))  # as it was


class ActsWithoutScript(Acts):
    """The same by forms alone."""
    script = False

    def clean(self):
        # Chromium says that it does not run the page's script, as it was told.
        self.assertEqual([line for line in self.browser.log()
                          if "script" not in line.lower() and "401" not in line], [])

    def test_search_and_back(self):
        self.browser.click(".places button[name=event_id]")
        self.until(lambda: self.browser.text("#story"))
        self.search("order-70")
        self.assertGreater(len(self.browser.texts(".story li")), 10)
        self.browser.click("#story .actions .link")
        self.until(lambda: self.browser.text("#story") is None)
        self.assertIsNotNone(self.browser.text("#verdict"))


class Attacker(http.server.BaseHTTPRequestHandler):
    """A page of another origin that tries what such a page can try."""

    def do_GET(self):
        target = self.server.target
        body = (f"""<!doctype html><title>evil</title><iframe id=f src="{target}"></iframe>
<img src="{target}pause?destination=shop"><script src="{target}metrics"></script>
<form id=a method=post action="{target}pause" target=hole><input name=destination value=shop></form>
<iframe name=hole></iframe>
<script>
window.tried = [];
const note = (what) => window.tried.push(what);
const post = (more) => fetch("{target}pause", Object.assign({{method: "POST", credentials: "include",
  body: new URLSearchParams("destination=shop")}}, more)).then(
  r => note(r.type === "opaque" ? "opaque" : "read " + r.status), () => note("blocked"));
(async () => {{
  await post({{}});
  await post({{mode: "no-cors"}});
  await post({{headers: {{Authorization: "Bearer {'0' * 64}"}}}});
  await fetch("{target}", {{credentials: "include"}}).then(r => note("read " + r.status), () => note("blocked"));
  await fetch("{target}metrics", {{mode: "no-cors"}}).then(r => note(r.type), () => note("blocked"));
  document.getElementById("a").submit();
  await new Promise(done => setTimeout(done, 1000));
  let seen = "nothing";
  try {{ seen = document.getElementById("f").contentDocument ? "document" : "nothing"; }} catch {{ }}
  note("frame " + seen);
  window.over = true;
}})();
</script>""").encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Attacks(BrowserCase):
    def attack(self, host):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Attacker)
        server.target = self.admin.url
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.browser.open(f"http://{host}:{server.server_address[1]}/")
        self.until(lambda: self.browser.run("return window.over"))
        return self.browser.run("return window.tried")

    def test_another_origin_reads_and_changes_nothing(self):
        before = self.relay.log().count("admin_change")
        for host in ("localhost", "127.0.0.1"):  # another site, and another port of ours
            with self.subTest(host):
                tried = self.attack(host)
                self.assertEqual(len(tried), 6)
                self.assertFalse([what for what in tried if what.startswith("read")], tried)
                self.assertEqual(self.project.query("SELECT sum(paused) FROM destination"), [(0,)])
        self.assertEqual(self.relay.log().count("admin_change"), before)

    def test_text_of_producers_does_not_run(self):
        self.project.insert([dict(purchase(1), event_id=EVIL, event=EVIL)])
        wait_until(lambda: self.project.query(
            "SELECT 1 FROM outbox_status WHERE event_id = ? AND status = 'skipped'", EVIL))
        self.sign_in()
        self.search(EVIL)
        self.assertIn(EVIL, self.browser.text(".story"))
        self.assertIsNone(self.browser.run("return window.hacked ?? null"))
        self.clean()


if __name__ == "__main__":
    unittest.main()
