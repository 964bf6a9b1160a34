# SPDX-License-Identifier: MIT
"""Certificates for tests, made by the openssl command line.

    ca = Authority(directory)
    good = ca.server()                    # (certificate, key) for 127.0.0.1 and localhost
    bad = ca.expired(), ca.wrong_host(), self_signed(directory), ca.not_yet_valid()
"""
import os
import subprocess

LOOPBACK = "DNS:localhost,IP:127.0.0.1"


def openssl(*words):
    done = subprocess.run(["openssl", *words], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {words[0]}: {done.stderr}")


EC = ("EC", "ec_paramgen_curve:P-256")


def new_key(path, kind=EC):
    openssl("genpkey", "-algorithm", kind[0], "-pkeyopt", kind[1], "-out", path)


def self_signed(directory, name="self_signed", subject="/CN=127.0.0.1", names=LOOPBACK,
                authority=False):
    """A certificate that vouches for itself; (certificate, key)."""
    cert, key = (os.path.join(directory, name + end) for end in (".crt", ".key"))
    new_key(key)
    openssl("req", "-x509", "-new", "-sha256", "-key", key, "-subj", subject, "-days", "30",
            "-addext", f"subjectAltName={names}",
            "-addext", f"basicConstraints=critical,CA:{'TRUE' if authority else 'FALSE'}",
            "-out", cert)
    return cert, key


class Authority:
    """A CA of its own; `.cert` is what a client has to trust."""

    def __init__(self, directory, name="ca"):
        self.directory = os.fspath(directory)
        self.name = name
        self.made = 0
        self.cert, self.key = self_signed(self.directory, name, f"/CN=Test authority {name}",
                                          f"DNS:{name}.invalid", authority=True)

    def _file(self, name):
        return os.path.join(self.directory, name)

    def issue(self, name, names=LOOPBACK, start=None, end=None, kind=EC, digest="sha256",
              more="", issuer=None):
        """start, end: YYYYMMDDHHMMSSZ; from now on, for 30 days. issuer: another pair that
        signs. (certificate, key)"""
        name = f"{self.name}-{name}"
        cert, key, request = (self._file(name + end_) for end_ in (".crt", ".key", ".csr"))
        config, index = self._file(name + ".cnf"), self._file(name + ".index")
        with open(config, "w", encoding="ascii") as file:
            file.write(f"[ca]\ndefault_ca=d\n[d]\ndefault_md={digest}\npolicy=p\nunique_subject=no\n"
                       f"rand_serial=yes\ndatabase={index}\nnew_certs_dir={self.directory}\n"
                       f"[p]\ncommonName=supplied\n[e]\nsubjectAltName={names}\n"
                       f"basicConstraints=critical,CA:FALSE\n{more}\n")
        open(index, "w", encoding="ascii").close()
        new_key(key, kind)
        openssl("req", "-new", "-key", key, "-subj", f"/CN={name}", "-out", request)
        by_cert, by_key = issuer or (self.cert, self.key)
        words = ["-startdate", start] if start else []
        words += ["-enddate", end] if end else ["-days", "30"]
        openssl("ca", "-batch", "-notext", "-config", config, "-extensions", "e", "-in", request,
                "-cert", by_cert, "-keyfile", by_key, "-out", cert, *words)
        return cert, key

    def server(self):
        return self.issue("server")

    def expired(self):
        return self.issue("expired", start="20200101000000Z", end="20200201000000Z")

    def not_yet_valid(self):
        return self.issue("not_yet_valid", start="20900101000000Z", end="20900201000000Z")

    def wrong_host(self):
        return self.issue("wrong_host", names="DNS:example.org,IP:192.0.2.1")

    def for_clients(self):
        return self.issue("for_clients", more="extendedKeyUsage=clientAuth")

    def weak_key(self):
        return self.issue("weak_key", kind=("RSA", "rsa_keygen_bits:1024"))

    def weak_digest(self):
        return self.issue("weak_digest", digest="sha1")

    def of_no_authority(self):
        """Signed by a good certificate, which may sign none; its chain is there."""
        middle = self.issue("middle")
        cert, key = self.issue("of_no_authority", issuer=middle)
        with open(middle[0], "rb") as chain, open(cert, "ab") as file:
            file.write(chain.read())
        return cert, key
