# SPDX-License-Identifier: MIT
"""The admin page of a relay with something of everything, open in a browser."""
import unittest

import browser
from admin import Admin
from browser import Browser
from convey import Project, purchase, wait_until
from sandbox import Sandbox

GRANTED = {"ad_user_data": "GRANTED"}
DESKTOP, PHONE = (1280, 900, 1, False), (390, 844, 2, True)


def number(text):
    return int(text.replace(",", "").replace("−", ""))


@unittest.skipIf(browser.missing(), browser.missing())
class BrowserCase(unittest.TestCase):
    """One relay and one browser for all tests of a class."""
    script = True

    @classmethod
    def setUpClass(cls):
        cls.project = Project({"shop": ("web", "PIXEL1"), "stores": ("offline", "PIXEL2"),
                               "us": ("web", "PIXEL3")}, token=None)
        cls.addClassCleanup(cls.project.close)
        cls.project.convey("destination", "set", "shop", "--timezone", "Europe/Berlin")
        cls.project.set_token("token", "shop")
        cls.project.set_token("token", "stores")
        cls.sandbox = Sandbox(token="token").start()
        cls.addClassCleanup(cls.sandbox.stop)
        cls.fill()
        cls.relay = cls.project.start(cls.sandbox, "--admin", "127.0.0.1:0")
        cls.admin = Admin(cls.relay)
        cls.settle()
        cls.browser = Browser(cls.script)
        cls.addClassCleanup(cls.browser.close)

    @classmethod
    def fill(cls):
        cls.sandbox.set_faults([f"poison-named:id=order-{n}" for n in (3, 70, 81)])
        rows = [purchase(n, consent=GRANTED, prefix="order", user={"email": f"p{n}@shop.example"})
                for n in range(140)]
        rows += [purchase(n, event="newsletter opened", prefix="mail") for n in range(12)]
        rows += [purchase(n, event="video_50", prefix="video") for n in range(3)]
        rows += [purchase(n, page=None, consent=GRANTED, prefix="nopage") for n in range(4)]
        rows += [purchase(n, prefix="den", consent=dict(GRANTED, ad_storage="DENIED"))
                 for n in range(5)]
        rows += [purchase(n, prefix="order") for n in range(6)]
        cls.project.insert(rows)

    @classmethod
    def settle(cls):
        # Rows wait for the one without a token; everything else has ended.
        wait_until(lambda: cls.project.query(
            "SELECT count(*) FROM delivery_status WHERE status NOT IN ('pending') OR "
            "destination <> 'us'")[0][0] > 0 and not cls.project.query(
                "SELECT 1 FROM delivery_status WHERE (destination IS NULL OR destination <> 'us') "
                "AND status IN ('pending', 'sending', 'retrying') LIMIT 1"), 60)

    def setUp(self):
        self.browser.resize(*DESKTOP)
        self.browser.prefer("light")
        self.sign_in()

    def sign_in(self):
        self.browser.open(self.admin.url)
        self.until(lambda: self.browser.text("#verdict p") or self.knock())
        self.browser.log()

    def knock(self):
        """A tab that has the token already leaves the door by itself, perhaps under our hands."""
        try:
            self.browser.type("#door [name=token]", self.admin.token)
            self.browser.click("#door button")
        except RuntimeError as e:
            if not str(e).startswith(("no such element", "stale element")):
                raise

    def until(self, condition, seconds=20):
        return wait_until(condition, seconds, "what the page should show")

    def search(self, event_id):
        self.browser.run("document.querySelector('#q').value = ''")
        self.browser.type("#q", event_id)
        self.browser.click("#nav button")
        self.until(lambda: (self.browser.text("#story h2") or "").endswith(event_id))

    def clean(self):
        """No complaint of the browser, above all none about the page's policy."""
        self.assertEqual(self.browser.log(), [])
