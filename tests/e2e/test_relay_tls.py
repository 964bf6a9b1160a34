# SPDX-License-Identifier: MIT
"""TLS: to whom a conversion may be told, and to whom not one byte of it goes."""
import os
import socket
import ssl
import sys
import tempfile
import threading
import time
import unittest
import warnings

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import tls  # noqa: E402
from convey import Project, purchase, wait_until  # noqa: E402
from relay_case import Case  # noqa: E402
from sandbox import Sandbox  # noqa: E402


class Served(Case):
    """A project and an authority that it trusts; serve() starts the sandbox."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.authority = tls.Authority(cls.folder.name)
        cls.stranger = tls.Authority(cls.folder.name, "stranger")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def setUp(self):
        self.project = Project()
        self.addCleanup(self.project.close)

    def serve(self, pair):
        self.sandbox = Sandbox(ledger=os.path.join(self.project.directory, "ledger.jsonl"),
                               tls=pair).start()
        self.addCleanup(self.sandbox.stop)

    def trust(self):
        return "--ca-file", self.authority.cert


class Certificates(Served):
    def test_a_good_one(self):
        self.serve(self.authority.server())
        self.project.insert(purchase(n) for n in range(2502))
        self.assertEqual(self.drain(*self.trust()), 0)
        self.assertEqual(self.project.statuses(), {"delivered": 2502})
        self.assertLessEqual(len(self.sandbox.ledger()), 6)
        self.check()

    def test_cuts_on_the_way(self):
        self.serve(self.authority.server())
        self.sandbox.set_faults(["reset-after:nth=1", "reset-within:nth=2", "cut-answer:nth=3",
                                 "reset-before:nth=4"])
        self.project.insert(purchase(n) for n in range(100))
        self.assertEqual(self.drain(*self.trust()), 0)
        self.assertEqual(self.project.statuses(), {"delivered": 100})
        self.assertEqual(self.sandbox.stats()["new"], 100)
        self.check()

    def refuse(self, pair):
        self.serve(pair)
        self.project.insert(purchase(n) for n in range(100))
        relay = self.start(*self.trust())
        wait_until(lambda: self.project.queue()["state"] == "tls", what="the reason tls")
        time.sleep(0.3)

        def waits():  # between two probes
            row = self.project.delivery("id-7")
            return (row["status"], row["reason"], row["attempts"]) == ("pending", "tls", 0)
        wait_until(waits, what="waiting for a good certificate")
        self.assertTrue(self.project.queue()["last_error"])
        self.assertEqual(self.sandbox.ledger(), [])
        self.assertEqual(self.sandbox.stats()["bytes"], 0)
        self.assertEqual({row[0] for row in self.project.query(
            "SELECT outcome FROM attempt_log WHERE outcome <> 'sending'")}, {"tls"})
        return relay

    def test_a_stranger_s(self):
        self.refuse(self.stranger.server())

    def test_self_signed(self):
        self.refuse(tls.self_signed(self.project.directory))

    def test_of_another_host(self):
        self.refuse(self.authority.wrong_host())

    def test_not_yet_valid(self):
        self.refuse(self.authority.not_yet_valid())

    def test_expired_and_mended(self):
        relay = self.refuse(self.authority.expired())
        self.sandbox.stop()
        self.sandbox.tls = self.authority.server()
        self.sandbox.start()
        self.project.wait_for({"delivered": 100})
        self.assertEqual(relay.stop(), 0)
        self.assertEqual(self.project.delivery("id-7")["attempts"], 1)

    def test_the_system_s_authorities_do_not_know_ours(self):
        self.serve(self.authority.server())
        self.project.insert([purchase(1)])
        self.start()
        wait_until(lambda: self.project.queue()["state"] == "tls", what="the reason tls")
        self.assertEqual(self.sandbox.ledger(), [])


class Listener:
    """A TLS server that says what it was sent, and answers nothing."""

    def __init__(self, context):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.settimeout(10)
        self.context = context
        self.received = []
        self.failed = threading.Event()
        threading.Thread(target=self.serve, daemon=True).start()

    @property
    def url(self):
        return f"https://127.0.0.1:{self.socket.getsockname()[1]}"

    def serve(self):
        while True:
            try:
                plain, _ = self.socket.accept()
            except OSError:
                return
            try:
                with self.context.wrap_socket(plain, server_side=True) as connection:
                    connection.settimeout(1)
                    self.received.append(connection.recv(65536))
            except OSError:
                self.failed.set()

    def close(self):
        self.socket.close()


class Versions(Served):
    def listen(self, version=ssl.TLSVersion.TLSv1_3, pair=None):
        """A server that is not particular."""
        warnings.simplefilter("ignore", DeprecationWarning)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.load_cert_chain(*(pair or self.authority.server()))
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = version
        listener = Listener(context)
        self.addCleanup(listener.close)
        return listener

    def refuse(self, listener, words):
        self.project.insert([purchase(1)])
        self.project.start(listener.url, *self.trust())
        wait_until(lambda: self.project.queue()["state"] == "tls", what="the reason tls")
        wait_until(listener.failed.is_set, what="a handshake that fails")
        time.sleep(0.2)
        self.assertEqual([piece for piece in listener.received if piece], [])
        self.assertRegex(self.project.queue()["last_error"], words)
        self.assertEqual(self.project.delivery("id-1")["attempts"], 0)

    def test_tls_1_1_is_too_old(self):
        self.refuse(self.listen(ssl.TLSVersion.TLSv1_1), "version|protocol")

    def test_a_certificate_for_clients(self):
        self.refuse(self.listen(pair=self.authority.for_clients()), "purpose")

    def test_a_key_of_1024_bits(self):
        self.refuse(self.listen(pair=self.authority.weak_key()), "key too (weak|small)")

    def test_signed_over_sha_1(self):
        self.refuse(self.listen(pair=self.authority.weak_digest()), "too weak")

    def test_signed_by_one_that_may_not(self):
        self.refuse(self.listen(pair=self.authority.of_no_authority()), "invalid CA|issuer")

    def test_tls_1_2_will_do(self):
        listener = self.listen(ssl.TLSVersion.TLSv1_2)
        self.project.insert([purchase(1)])
        self.project.start(listener.url, *self.trust())
        wait_until(lambda: listener.received, what="a request")
        self.assertTrue(listener.received[0].startswith(b"POST /open_api/v1.3/event/track/ "))


if __name__ == "__main__":
    unittest.main()
