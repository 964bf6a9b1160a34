#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""convey-sandbox as TikTok's OAuth: the portal, the exchange, refresh, revocation."""
import http.client
import json
import os
import sys
import unittest
from urllib.parse import parse_qs, urlencode, urlsplit

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from sandbox import TRACK, Sandbox  # noqa: E402
from sandbox_case import HEADERS, request  # noqa: E402

API = "/open_api/v1.3"
BACK = "http://127.0.0.1:9/callback"


class Oauth(unittest.TestCase):
    settings = ("app=app:secret", "advertisers=71,72", "pixels=P1,P2", "life=100")

    def setUp(self):
        self.sandbox = Sandbox(args=[word for s in self.settings for word in ("--oauth", s)])
        self.sandbox.start()
        self.addCleanup(self.sandbox.stop)

    def send(self, method, path, body=None, token=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.sandbox.port, timeout=10)
        self.addCleanup(connection.close)
        connection.request(method, path, None if body is None else json.dumps(body),
                           {"Access-Token": token} if token else {})
        answer = connection.getresponse()
        return answer, answer.read()

    def call(self, path, body=None, token=None, **query):
        path = API + path + ("?" + urlencode(query) if query else "")
        answer = json.loads(self.send("GET" if body is None else "POST", path, body, token)[1])
        return answer["code"], answer["data"]

    def authorize(self, **more):
        query = dict({"app_id": "app", "state": "a b&c", "redirect_uri": BACK}, **more)
        answer, _ = self.send("GET", "/portal/auth?" + urlencode(query))
        where = answer.headers["Location"]
        return answer.status, parse_qs(urlsplit(where).query) if where else None

    def exchange(self, code, secret="secret"):
        return self.call("/oauth2/access_token/",
                         {"app_id": "app", "secret": secret, "auth_code": code})

    def grant(self):
        return self.exchange(self.authorize()[1]["auth_code"][0])[1]

    def track(self, token):
        connection = http.client.HTTPConnection("127.0.0.1", self.sandbox.port, timeout=10)
        self.addCleanup(connection.close)
        connection.request("POST", TRACK, json.dumps(request()),
                           dict(HEADERS, **{"Access-Token": token}))
        answer = connection.getresponse()
        return json.load(answer)["code"]

    def test_the_portal_answers_with_code_and_state(self):
        status, query = self.authorize()
        self.assertEqual(status, 302)
        self.assertEqual(query["state"], ["a b&c"])
        self.assertEqual(query["code"], query["auth_code"])
        self.assertEqual(self.authorize(app_id="other"), (400, None))
        self.sandbox.set_oauth("deny=1")
        self.assertEqual(self.authorize()[1], {"error": ["access_denied"], "state": ["a b&c"]})

    def test_a_code_is_good_once_and_for_the_app(self):
        code = self.authorize()[1]["code"][0]
        self.assertEqual(self.exchange(code, secret="wrong")[0], 40101)
        status, data = self.exchange(code)
        self.assertEqual(status, 0)
        self.assertEqual(data["advertiser_ids"], ["71", "72"])
        self.assertEqual(data["expires_in"], 100)
        self.assertEqual(self.exchange(code)[0], 40110)
        self.assertEqual(self.exchange("guess")[0], 40110)

    def test_tokens_for_ever_have_nothing_to_refresh_with(self):
        self.sandbox.set_oauth("life=0")
        self.assertNotIn("refresh_token", self.grant())

    def refresh(self, token):
        return self.call("/tt_user/oauth2/refresh_token/",
                         {"client_id": "app", "client_secret": "secret",
                          "grant_type": "refresh_token", "refresh_token": token})

    def test_a_refresh_makes_a_new_pair_and_ends_the_old_one(self):
        old = self.grant()
        status, new = self.refresh(old["refresh_token"])
        self.assertEqual(status, 0)
        self.assertNotEqual(new["access_token"], old["access_token"])
        self.assertEqual(self.refresh(old["refresh_token"])[0], 40107)
        self.assertEqual((self.track(old["access_token"]), self.track(new["access_token"])),
                         (40105, 0))

    def test_a_revoked_or_expired_token_is_refused_everywhere(self):
        for end, code in ((lambda g: self.call("/oauth2/revoke_token/", {
                "app_id": "app", "secret": "secret", "access_token": g["access_token"]}), 40105),
                (lambda g: self.sandbox.set_oauth("revoke=all"), 40105),
                (lambda g: self.sandbox.set_oauth("expire=all"), 40102)):
            grant = self.grant()
            self.assertEqual(self.track(grant["access_token"]), 0)
            end(grant)
            self.assertEqual(self.track(grant["access_token"]), code)
            self.assertEqual(self.call("/pixel/list/", token=grant["access_token"],
                                       advertiser_id="71")[0], code)

    def test_what_an_account_has(self):
        token = self.grant()["access_token"]
        code, data = self.call("/oauth2/advertiser/get/", token=token, app_id="app",
                               secret="secret")
        self.assertEqual((code, [row["advertiser_id"] for row in data["list"]]),
                         (0, ["71", "72"]))
        code, data = self.call("/advertiser/info/", token=token, advertiser_ids='["71"]')
        self.assertEqual((code, data["list"][0]["timezone"]), (0, "Europe/Berlin"))
        code, data = self.call("/pixel/list/", token=token, advertiser_id="71")
        self.assertEqual((code, [row["pixel_code"] for row in data["pixels"]]),
                         (0, ["P1", "P2"]))
        self.assertEqual(self.call("/pixel/list/", token=token, advertiser_id="72")[1]["pixels"],
                         [])
        self.sandbox.set_oauth("narrow=1")
        self.assertEqual(self.call("/advertiser/info/", token=token,
                                   advertiser_ids='["71"]')[0], 40001)
        self.assertEqual(self.call("/pixel/list/", token=token, advertiser_id="71")[0], 40001)

    def test_pixels_come_in_pages(self):
        self.sandbox.set_oauth("pixels=" + ",".join(f"P{n}" for n in range(25)))
        token, seen = self.grant()["access_token"], []
        for page, count in ((1, 10), (2, 10), (3, 5), (4, 0)):
            data = self.call("/pixel/list/", token=token, advertiser_id="71", page=page)[1]
            self.assertEqual(len(data["pixels"]), count)
            self.assertEqual((data["page_info"]["total_page"],
                              data["page_info"]["total_number"]), (3, 25))
            seen += [row["pixel_code"] for row in data["pixels"]]
        self.assertEqual(seen, [f"P{n}" for n in range(25)])
        self.assertEqual(self.call("/pixel/list/", token=token, advertiser_id="71",
                                   page_size=21)[0], 40002)

    def test_requests_that_fail_change_nothing_and_lost_answers_do(self):
        grant = self.grant()
        self.sandbox.set_oauth("fails=1")
        self.assertEqual(self.refresh(grant["refresh_token"])[0], 50000)
        self.assertEqual(self.sandbox.oauth()["refreshed"], 0)
        self.sandbox.set_oauth("loses=1")
        with self.assertRaises((OSError, http.client.HTTPException)):
            self.refresh(grant["refresh_token"])
        self.assertEqual(self.sandbox.oauth()["refreshed"], 1)


if __name__ == "__main__":
    unittest.main()
