# SPDX-License-Identifier: MIT
"""The admin page from outside, without a browser: what it says, what it changes, who may, and
hostile text in every column."""
import html.parser
import json
import os
import re
import signal
import subprocess
import sys
import time
import unittest
from urllib.parse import quote

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from admin import FORM, Admin  # noqa: E402
from convey import purchase, wait_until  # noqa: E402
from relay_case import Case  # noqa: E402

GRANTED = {"ad_user_data": "GRANTED"}
EVIL = "<script>window.hacked=1</script>\"'><img src=x onerror=window.hacked=1>"
VOID = {"meta", "link", "input", "img", "br", "hr"}


class Page(html.parser.HTMLParser):
    """Balanced, and without anything that is not the page's own."""

    TAGS = {"html", "head", "meta", "title", "link", "style", "script", "body", "header", "main",
            "footer", "section", "div", "span", "h1", "h2", "h3", "p", "form", "label", "input",
            "button", "dl", "dt", "dd", "svg", "g", "rect", "details", "summary", "table", "thead",
            "tbody", "tr", "th", "td", "ul", "ol", "li", "code", "b", "time"}

    def __init__(self, text):
        super().__init__()
        self.open, self.buttons, self.ids, self.scripts = [], [], [], 0
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        assert tag in self.TAGS or (tag == "title" and "svg" in self.open), tag
        assert not any(name.startswith("on") or name == "style" for name in attrs), attrs
        for name in ("href", "src", "action", "formaction"):
            assert re.match(r"\A(/[a-z]*|data:image/svg\+xml,.*)\Z", attrs.get(name, "/")), attrs
        if tag == "button":
            self.buttons.append(attrs)
        if "id" in attrs:
            self.ids.append(attrs["id"])
        self.scripts += tag == "script"
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, (tag, self.open)
        self.open.pop()


def words(text):
    text = re.sub(r"<(style|script)>.*?</\1>", "", text, flags=re.S)
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", text)))


class PageCase(Case):
    def page(self, admin, target="/", **more):
        answer = admin.get(target, html=True, **more)
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.headers["Content-Type"], "text/html; charset=utf-8")
        page = Page(answer.text)
        self.assertEqual(len(set(page.ids)), len(page.ids), "ids are unique")
        self.assertEqual(page.scripts, 1)
        return page, words(answer.text)


class Says(PageCase):
    def test_the_policy_allows_only_the_pages_own(self):
        policy = Admin(self.start()).get("/", html=True).headers["Content-Security-Policy"]
        rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
        self.assertEqual(rules["default-src"], "'none'")
        self.assertRegex(rules["script-src"], r"\A'sha256-[\w+/]{43}='\Z")
        self.assertRegex(rules["style-src"], r"\A'sha256-[\w+/]{43}='\Z")
        self.assertEqual(rules["connect-src"], "'self'")
        self.assertEqual(rules["img-src"], "data:")
        for rule in ("frame-ancestors", "base-uri"):
            self.assertEqual(rules[rule], "'none'")

    def test_numbers_problems_and_a_story(self):
        self.project.convey("destination", "set", "shop", "--timezone", "Europe/Berlin")
        self.project.insert([purchase(n, consent=GRANTED) for n in range(12)] +
                            [purchase(n, event="unheard of", prefix="u") for n in range(3)] +
                            [purchase(1, page=None, prefix="r")])
        admin = Admin(self.start())
        self.project.wait_for({"delivered": 12, "skipped": 3, "rejected": 1})
        page, said = self.page(admin)
        for part in ("Needs you: 1 rejected delivery.", "Delivered 12 12 in these 24 hours",
                     "Waiting 0 nothing to send", "0 failed, 1 rejected, 0 held",
                     "Deliveries 16 100 %", "rejected −1", "skipped −3", "Delivered 12 75 %",
                     "Last 24 hours Europe/Berlin", "missing_page_url", "r-1",
                     "most often: unheard of 3"):
            self.assertIn(part, said)
        self.assertIn({"form": "act", "formaction": "/pause", "name": "destination",
                       "value": "shop"}, page.buttons)
        _, said = self.page(admin, "/?event_id=id-7")
        for row in json.loads(self.project.convey("why", "id-7", "--json")):
            self.assertIn(re.sub(r"\s+", " ", row["text"]), said)
        _, said = self.page(admin, "/?event_id=nobody")
        self.assertIn("no conversion has the event_id 'nobody'", said)

    def test_it_counts_deliveries_and_says_so(self):
        self.add_destination("us", "PIXEL2")
        self.project.insert([purchase(n, consent=GRANTED) for n in (1, 2, 3, 3)] +
                            [purchase(n, page=None, prefix="r") for n in range(2)])
        admin = Admin(self.start())
        self.project.wait_for({"delivered": 3, "duplicate": 1, "rejected": 2})
        _, said = self.page(admin)
        for part in ("Needs you: 4 rejected deliveries.", "Delivered 6 6 in these 24 hours",
                     "Deliveries that need you 4 0 failed, 4 rejected, 0 held",
                     "one a row and destination", "Deliveries 11 100 %", "duplicate −1",
                     "rejected −4", "To be sent 6", "Delivered 6 55 %"):
            self.assertIn(part, said)
        self.assertEqual(json.loads(self.project.convey("status", "--json", status=1))["verdict"],
                         "Needs you: 4 rejected deliveries.")
        self.assertEqual(sum(int(count) for count in re.findall(
            r"^convey_deliveries\{.*\} (\d+)$", admin.get("/metrics").text, re.M)), 11)

    def test_a_destination_that_takes_nothing_does_not_look_idle(self):
        self.add_destination("app", "APP1", source="app", token=None)
        self.project.insert([purchase(n, consent=GRANTED) for n in range(3)])  # no app.app_id
        admin = Admin(self.start())
        self.project.wait_for({"rejected": 3})
        answer = admin.get("/", html=True).text
        self.assertEqual(re.findall(r'data-name="failed">([^<]*)</td><td data-name="rejected">'
                                    r'([^<]*)</td><td data-name="held">([^<]*)</td>', answer),
                         [("0", "3", "0"), ("0", "0", "0")])
        said = words(answer)
        self.assertIn("Needs you: 1 destination cannot send, 3 rejected deliveries.", said)
        self.assertIn("Deliveries that need you 3 ", said)
        self.assertIn("0 failed, 3 rejected, 0 held; and 1 destination", said)

    def test_an_advice_names_each_destination(self):
        for name in ("eu", "us"):
            self.project.convey("destination", "add", name, "--source", "web", "--id", name)
        self.project.insert([purchase(1, page=None), purchase(2)])
        admin = Admin(self.start())
        self.project.wait_for({"rejected": 1, "pending": 1})
        _, said = self.page(admin)
        for name in ("eu", "us"):
            self.assertIn(f"then: convey token set {name} < token.txt", said)
        self.assertEqual(said.count("A web event needs page.url, which"), 1)

    def test_hours_are_those_of_the_database(self):
        self.add_destination("us", "PIXEL2", options=("--timezone", "America/New_York"))
        admin = Admin(self.start())
        now = int(time.time())
        db = self.project.connect()
        for hours, destination, status, count in ((2, 1, 10, 70), (2, 2, 10, 5), (3, 1, 8, 9),
                                                  (30, 1, 10, 1000)):
            db.execute("INSERT INTO quarter VALUES (?, ?, ?, ?)",
                       ((now - hours * 3600) // 900, destination, status, count))
        db.close()
        for target, zone, delivered, skipped in (("/", "UTC", 75, 9), ("/?hours=us", "us, "
                                                 "America/New_York", 5, 0)):
            answer = admin.get(target, html=True).text
            self.assertIn(f"Last 24 hours {zone}", words(answer))
            rows = re.findall(r'<th scope="row">(\d\d:\d\d)</th><td>(\d+)</td><td>(\d+)</td>',
                              answer)
            self.assertEqual(len(rows), 24)
            self.assertEqual(sum(int(row[1]) for row in rows), delivered)
            self.assertEqual(sum(int(row[2]) for row in rows), skipped)
            at = {row[0]: row for row in rows}
            shift = 0 if zone == "UTC" else int(subprocess.run(
                ["date", "-d", f"@{now}", "+%z"], capture_output=True, text=True, check=True,
                env={"TZ": "America/New_York"}).stdout[:3]) * 3600
            hour = time.strftime("%H:00", time.gmtime(now - 2 * 3600 + shift))
            self.assertEqual(int(at[hour][1]), delivered, rows)

    def test_its_zone_is_that_of_the_destination_first_added(self):
        self.project.convey("destination", "set", "shop", "--timezone", "Europe/Berlin")
        self.add_destination("app", "PIXEL2", options=("--timezone", "America/New_York"))
        admin = Admin(self.start())
        for target, zone in (("/", "Europe/Berlin"), ("/?hours=app", "app, America/New_York")):
            self.assertIn(f"Last 24 hours {zone}", self.page(admin, target)[1])

    def ended(self, admin):
        """delivered, skipped, failed or rejected: the sums of the 24 hours."""
        rows = re.findall(r'<th scope="row">\d\d:\d\d</th><td>(\d+)</td><td>(\d+)</td><td>(\d+)</td>',
                          admin.get("/", html=True).text)
        self.assertEqual(len(rows), 24)
        return [sum(int(row[column]) for row in rows) for column in range(3)]

    def test_a_replay_is_counted_once(self):
        self.project.insert([purchase(n, event="unheard of") for n in range(3)] +
                            [purchase(n, prefix="r", page=None) for n in range(4)])
        admin = Admin(self.start())
        self.project.wait_for({"skipped": 3, "rejected": 4})
        self.assertEqual(self.ended(admin), [0, 3, 4])
        for _ in range(2):  # in vain
            self.project.convey("retry", "--status", "rejected")
            self.project.wait_for({"skipped": 3, "rejected": 4})
            self.assertEqual(self.ended(admin), [0, 3, 4])
        self.project.convey("map", "set", "unheard of", "Purchase")
        self.project.convey("retry", "--status", "skipped")
        self.project.convey("cancel", "r-1")
        self.project.wait_for({"delivered": 3, "rejected": 3, "cancelled": 1})
        self.assertEqual(self.ended(admin), [3, 0, 3])
        self.project.convey("destination", "set", "shop", "--default-url", "https://shop.example/")
        self.project.convey("retry", "--status", "rejected")
        self.project.convey("retry", "r-1")
        self.project.wait_for({"delivered": 7})
        self.assertEqual(self.ended(admin), [7, 0, 0])


class Hostile(PageCase):
    def test_text_in_every_column(self):
        self.sandbox.set_faults("poison:id=*")
        self.project.insert([purchase(1, consent=GRANTED)])
        admin = Admin(self.start())
        self.project.wait_for({"failed": 1})
        self.project.insert([dict(purchase(2), event_id=EVIL, event=EVIL),
                             dict(purchase(3, page=None), event_id=EVIL + "3")])
        self.project.wait_for({"failed": 1, "skipped": 1, "rejected": 1})
        db = self.project.connect()
        db.execute("UPDATE destination SET name = ?1, source = ?1, timezone = ?1, last_error = ?1",
                   (EVIL,))
        db.execute("UPDATE reason SET advice = ?", (EVIL,))
        db.execute("UPDATE attempt SET api_message = ?1, request_id = ?1, outcome = ?1", (EVIL,))
        db.execute("UPDATE outbox SET event_id = ?1, event = ?1 WHERE id = 1", (EVIL + "1",))
        db.execute("UPDATE unmapped SET event = ?1", (EVIL,))
        db.execute("UPDATE event_name SET name = id || ?1", (EVIL,))
        db.close()
        for target in ("/", "/?event_id=" + quote(EVIL + "1"), "/?event_id=" + quote(EVIL),
                       "/?hours=" + quote(EVIL)):
            text = admin.get(target, html=True).text
            self.assertNotIn(EVIL[:20], text)
            self.assertNotIn("<img", text)
            page, said = self.page(admin, target)
            self.assertIn("window.hacked=1", said)
        self.assertEqual(admin.get("/metrics").status, 200)

    def test_bytes_that_are_no_text(self):
        db = self.project.connect()
        db.execute("INSERT INTO outbox (event_id, event) VALUES ('id-1', 'known to nobody')")
        admin = Admin(self.start())
        self.project.wait_for({"skipped": 1})
        db.execute("UPDATE outbox SET event_id = CAST(x'ff00feff3c62' AS TEXT)")
        db.execute("UPDATE unmapped SET event = CAST(x'1b5b33316dff00' AS TEXT)")
        db.close()
        _, said = self.page(admin)
        self.assertIn("\ufffd[31m\ufffd\ufffd", said)

    def test_a_database_that_is_gone(self):
        relay = self.start()
        admin = Admin(relay)
        self.page(admin)
        os.rename(self.project.db, self.project.db + ".away")
        try:
            answer = admin.get("/", html=True)
            self.assertIn("Needs you: the database cannot be used" if answer.status == 200 else
                          "The relay is stopping.", words(answer.text))
        except (ConnectionError, FileNotFoundError):
            self.assertEqual(relay.wait(), 66)  # it has noticed before


class Changes(PageCase):
    def paused(self, name="shop"):
        return self.project.query("SELECT paused FROM destination WHERE name = ?", name)[0][0]

    def test_only_with_the_token(self):
        admin = Admin(self.start())
        good, wrong = admin.token, "0" * 64
        form = {"destination": "shop"}
        for headers, body, status in (
                ([], form, 401),
                ([("Authorization", f"Bearer {wrong}")], form, 401),
                ([("Authorization", f"Bearer {good[:-1]}")], form, 401),
                ([("Cookie", f"token={good}")], form, 401),
                ([], dict(form, token=wrong), 401),
                ([("Authorization", f"Bearer {good}"), ("Origin", "http://evil.example")], form,
                 403),
                ([("Origin", "null")], dict(form, token=good), 403),
                ([("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate")],
                 dict(form, token=good), 403),
                ([("Host", "evil.example")], dict(form, token=good), 421)):
            with self.subTest(f"{headers} {body}"):
                data = "&".join(f"{key}={value}" for key, value in body.items()).encode()
                answer = admin.ask("POST", "/pause", headers + [("Content-Type", FORM)], data)
                self.assertEqual(answer.status, status, answer)
        self.assertEqual(admin.ask("GET", f"/pause?destination=shop&token={good}").status, 405)
        self.assertEqual(admin.ask("POST", "/pause", [("Content-Type", "text/plain")],
                                   f"destination=shop&token={good}".encode()).status, 415)
        self.assertEqual(self.paused(), 0)
        self.assertEqual(admin.post("/pause", form, token=good).status, 200)
        self.assertEqual(self.paused(), 1)

    def test_pause_and_resume_reach_the_relay(self):
        relay = self.start()
        admin = Admin(relay)
        answer = admin.post("/pause", {"destination": "shop"}, token=admin.token)
        self.assertEqual((answer.status, answer.text), (200, "'shop' is paused; its rows wait.\n"))
        self.project.insert([purchase(1, consent=GRANTED)])
        time.sleep(0.5)
        self.assertEqual(self.project.statuses(), {"pending": 1})
        self.assertEqual(self.project.queue()["state"], "paused")
        answer = admin.post("/resume", {"destination": "shop", "token": admin.token}, html=True)
        self.assertIn("'shop' is sent to again.", words(answer.text))
        Page(answer.text)
        self.project.wait_for({"delivered": 1})
        self.assertIn("event=admin_change verb=pause destination=shop", relay.log())
        self.assertNotIn(admin.token, relay.log())

    def test_mistakes_are_answered(self):
        admin = Admin(self.start())
        self.project.insert([purchase(1, consent=GRANTED)])
        self.project.wait_for({"delivered": 1})
        for target, form, status, text in (
                ("/pause", {}, 400, "Which?"),
                ("/pause", {"destination": "nobody"}, 66, "nobody"),
                ("/pause", {"destination": "x" * 5000}, 400, "Which?"),
                ("/retry", {}, 400, "Which?"),
                ("/retry", {"reason": "nonsense"}, 400, "Which?"),
                ("/retry", {"reason": "needs_token"}, 400, "Which?"),
                ("/retry", {"reason": "not_mapped", "event_id": "id-1"}, 400, "Which? Either"),
                ("/retry", {"event_id": "nobody"}, 404, "no conversion has"),
                ("/retry", {"event_id": "id-1"}, 409, "was delivered; that is final")):
            with self.subTest(f"{target} {form}"):
                answer = admin.post(target, form, token=admin.token)
                self.assertEqual(answer.status, 404 if status == 66 else status, answer)
                self.assertIn(text, answer.text)
        self.project.insert([purchase(2, consent=GRANTED)])
        self.project.wait_for({"delivered": 2})  # the writer went on

    def test_replay_of_one_and_of_a_reason(self):
        self.project.insert([purchase(n, event="thanks", consent=GRANTED) for n in range(2500)])
        relay = self.start()
        admin = Admin(relay)
        self.project.wait_for({"skipped": 2500}, 30)
        self.project.convey("map", "set", "thanks", "Purchase")
        answer = admin.post("/retry", {"event_id": "id-3"}, token=admin.token)
        self.assertEqual(answer.text, "1 delivery is back to the queue.\n")
        self.project.wait_for({"skipped": 2499, "delivered": 1}, 30)
        answer = admin.post("/retry", {"reason": "not_mapped"}, token=admin.token)
        self.assertEqual(answer.text, "2499 deliveries are back to the queue.\n")
        self.project.wait_for({"delivered": 2500}, 30)
        self.assertEqual(relay.stop(), 0)
        self.check()

    def test_asked_while_it_stops(self):
        """Requests that arrive in its last turns are answered or hung up on."""
        for _ in range(5):
            relay = self.start()
            relay.wait_started()
            admin = Admin(relay)
            body = f"destination=shop&token={admin.token}".encode()
            data = (b"POST /resume HTTP/1.1\r\nHost: localhost\r\nContent-Type: " +
                    FORM.encode() + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            relay.process.send_signal(signal.SIGSTOP)
            socks = [admin.connect() for _ in range(8)]
            for sock in socks:
                sock.sendall(data)
            relay.process.send_signal(signal.SIGTERM)
            relay.process.send_signal(signal.SIGCONT)
            for sock in socks:
                with sock, sock.makefile("rb") as file:
                    try:
                        said = file.read()
                    except ConnectionResetError:
                        said = b""
                self.assertTrue(said == b"" or b" 200 " in said[:20] or b" 503 " in said[:20], said)
            self.assertEqual(relay.wait(), 0)

    def test_a_stop_in_the_middle_of_a_replay(self):
        self.project.insert([purchase(n, event="thanks") for n in range(20000)])
        relay = self.start()
        admin = Admin(relay)
        self.project.wait_for({"skipped": 20000}, 60)
        # Mapped, and the relay knows it: what is moved is not skipped once more.
        self.project.convey("map", "set", "thanks", "Purchase")
        self.project.insert([purchase(20000, event="thanks")])
        self.project.wait_for({"skipped": 20000, "delivered": 1}, 60)
        sock = admin.connect()
        body = f"reason=not_mapped&token={admin.token}".encode()
        sock.sendall(b"POST /retry HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + FORM.encode() +
                     b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        wait_until(lambda: self.project.query("SELECT count(*) FROM waiting")[0][0] > 0)
        self.assertEqual(relay.stop(), 0)
        with sock, sock.makefile("rb") as file:
            said = file.read()
        self.assertIn(b"back to the queue", said)
        moved = int(re.search(rb"(\d+) deliver", said).group(1))
        left = self.project.query("SELECT count FROM counter WHERE state = 129")[0][0]
        self.assertEqual(moved + left, 20000)


class OverTcp(PageCase):
    def test_reading_needs_the_token_and_forms_carry_it(self):
        admin = Admin(self.start("--admin", "127.0.0.1:0"))
        answer = admin.get("/", html=True)
        self.assertEqual(answer.status, 401)
        self.assertIn("This page needs the token", words(answer.text))
        self.assertNotIn("shop", words(answer.text))
        Page(answer.text)
        self.assertEqual(admin.get("/").text, "The bearer token is missing.\n")
        self.assertIn("That is not the token", words(
            admin.post("/", {"token": "0" * 64}, html=True).text))
        self.page(admin, token=admin.token)
        answer = admin.post("/", {"token": admin.token}, html=True)
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.text.count(admin.token), 2)
        self.assertIn('method="post" action="/"', answer.text)
        answer = admin.post("/", {"token": admin.token, "event_id": "nobody"}, html=True)
        self.assertIn("no conversion has the event_id", words(answer.text))

    def test_head_tells_the_length(self):
        admin = Admin(self.start())
        answer = admin.ask("HEAD", "/", [("Accept", "text/html")])
        self.assertEqual((answer.status, answer.text), (200, ""))
        self.assertGreater(int(answer.headers["Content-Length"]), 5000)


class Busy(PageCase):
    def test_looking_does_not_slow_the_relay_nor_hold_the_wal(self):
        relay = self.start()
        admin = Admin(relay)
        looker = subprocess.Popen(
            [sys.executable, "-c", "import sys, time\nsys.path.insert(0, sys.argv[1])\n"
             "from admin import UnixConnection\n"
             "end = time.time() + 4\n"
             "while time.time() < end:\n"
             "  c = UnixConnection(sys.argv[2], 20)\n"
             "  c.request('GET', '/', headers={'Accept': 'text/html'})\n"
             "  assert c.getresponse().status == 200\n",
             os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"), admin.address])
        try:
            for batch in range(4):
                self.project.insert([purchase(n, consent=GRANTED, prefix=f"b{batch}")
                                     for n in range(500)])
                time.sleep(0.3)
            self.project.wait_for({"delivered": 2000}, 30)
        finally:
            self.assertEqual(looker.wait(60), 0)
        self.assertEqual(relay.stop(), 0)
        self.check()


if __name__ == "__main__":
    unittest.main()
