# SPDX-License-Identifier: MIT
"""What a person does on the admin page while it refreshes itself: no click is lost, and the
keyboard stays where it was."""
import os
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from browser_case import BrowserCase  # noqa: E402

# Refreshes wait to be let go, changes do not.
HOLD = """
const fetch = window.fetch;
window.held = [];
window.fetch = (url, options) => options.method === "POST" ? fetch(url, options) :
  new Promise((done, failed) => {
    options.signal?.addEventListener("abort", () => failed(options.signal.reason));
    window.held.push(() => fetch(url, options).then(done, failed));
  });"""
GO = "window.held.splice(0).forEach(go => go())"
FOCUS = """
const e = document.activeElement;
return e.localName + "#" + (e.id || e.closest("[id]")?.id) + " " + (e.value ?? "")"""


def button(verb, name):
    return f"button[formaction='/{verb}'][value='{name}']"


class OnThePage(BrowserCase):
    def paused(self):
        return [name for name, in self.project.query(
            "SELECT name FROM destination WHERE paused <> 0 ORDER BY name")]

    def tearDown(self):
        for name in self.paused():
            self.project.convey("destination", "resume", name)


class Clicks(OnThePage):
    def wait_for_refresh(self):
        self.browser.run(HOLD)
        self.until(lambda: self.browser.run("return window.held.length"))

    def test_a_click_during_a_refresh(self):
        self.wait_for_refresh()
        self.browser.click(button("pause", "stores"))
        self.until(lambda: self.browser.text("#notice") == "'stores' is paused; its rows wait.")
        self.assertEqual(self.paused(), ["stores"])
        self.browser.run(GO)  # what was asked before tells nothing any more
        time.sleep(0.5)
        self.assertIsNotNone(self.browser.text(button("resume", "stores")))
        self.assertTrue(self.browser.text("#asof").startswith("as of "))
        self.until(lambda: self.browser.run("return window.held.length"))  # and it goes on
        self.clean()

    def test_one_click_after_the_other(self):
        before = self.relay.log().count("event=admin_change")
        self.browser.run("for (const one of arguments) document.querySelector(one).click()",
                         button("pause", "shop"), button("pause", "us"), button("pause", "us"))
        self.until(lambda: self.browser.text(button("resume", "us")))
        self.assertEqual(self.paused(), ["shop", "us"])
        self.assertIsNotNone(self.browser.text(button("resume", "shop")))
        self.assertEqual(self.relay.log().count("event=admin_change") - before, 2)
        self.clean()

    def test_a_search_during_a_refresh(self):
        self.wait_for_refresh()
        self.browser.run("document.querySelector('#q').value = 'order-70'")
        self.browser.click("#nav button")
        self.until(lambda: self.browser.run("return window.held.length") == 2)
        self.browser.run(GO)
        self.until(lambda: (self.browser.text("#story h2") or "").endswith("order-70"))
        self.clean()

    def test_a_refresh_between_press_and_release(self):
        self.wait_for_refresh()
        at = self.browser.run("const e = document.querySelector(arguments[0]);"
                              "e.scrollIntoView({block: 'center'});"
                              "const r = e.getBoundingClientRect();"
                              "return [r.x + r.width / 2, r.y + r.height / 2]",
                              button("pause", "stores"))

        def mouse(kind):
            self.browser.devtools("Input.dispatchMouseEvent", type=kind, x=at[0], y=at[1],
                                  button="left", clickCount=1)
        mouse("mousePressed")
        self.browser.run(GO)
        time.sleep(0.5)
        mouse("mouseReleased")
        self.until(lambda: self.paused() == ["stores"], 3)
        self.clean()


class Keyboard(OnThePage):
    def refresh(self):
        self.browser.run("document.querySelector('#verdict').old = true;"
                         "document.querySelector('#nav').requestSubmit()")
        self.until(lambda: not self.browser.run("return document.querySelector('#verdict').old"))

    def focus(self, selector):
        self.browser.run("document.querySelector(arguments[0]).focus()", selector)
        focus = self.browser.run(FOCUS)
        self.assertNotIn("body", focus, selector)
        return focus

    def press(self, key, code):
        for kind, more in (("keyDown", {"text": "\r"}), ("keyUp", {})):
            self.browser.devtools("Input.dispatchKeyEvent", type=kind, key=key, code=key,
                                  windowsVirtualKeyCode=code, **more)

    def test_a_refresh_leaves_it(self):
        self.browser.run("document.querySelector('#replay-missing_page_url').open = true;"
                         "document.querySelector('#leftout').open = true")
        for selector in ("#verdict button[form=nav]", "#liveswitch", "#loss-skipped summary",
                         "#hournumbers summary", "#hours button[value=us]",
                         button("pause", "stores"), button("pause", "us"),
                         "#problems .places button", "#leftout .places button",
                         "#replay-missing_page_url button"):
            with self.subTest(selector):
                focus = self.focus(selector)
                self.refresh()
                self.assertEqual(self.browser.run(FOCUS), focus)
                self.assertTrue(self.browser.run(
                    "return document.activeElement === document.querySelector(arguments[0])",
                    selector))
        self.clean()

    def test_so_does_a_change(self):
        for verb, other in (("pause", "resume"), ("resume", "pause")):
            self.focus(button(verb, "stores"))
            self.press("Enter", 13)
            self.until(lambda: self.browser.text(button(other, "stores")))
            self.assertTrue(self.browser.run(
                "return document.activeElement === document.querySelector(arguments[0])",
                button(other, "stores")))
        self.clean()

    def test_what_has_gone_leaves_it_to_what_it_stood_in(self):
        self.search("order-70")
        self.focus("#story .actions .link")
        self.press("Enter", 13)
        self.until(lambda: self.browser.text("#story") is None)
        self.assertEqual(self.browser.run(FOCUS), "main#live ")
        self.refresh()
        self.assertEqual(self.browser.run(FOCUS), "main#live ")
        self.clean()


if __name__ == "__main__":
    unittest.main()
