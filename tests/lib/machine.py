# SPDX-License-Identifier: MIT
"""A clean Debian with a systemd of its own, in a container, for tests of what is installed.

    with Machine(packages=["/…/convey_0.1.0_amd64.deb"]) as machine:
        machine.run("apt-get", "install", "-y", "/srv/convey_0.1.0_amd64.deb")

Its disk is an overlay over a root that mmdebstrap makes once (a minute, from the network) and
that is kept in ~/.cache/convey; the container has no network but its own loopback."""
import hashlib
import os
import shutil
import subprocess
import tempfile
import time

CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache")), "convey")
INSTALLED = ["systemd", "systemd-sysv", "dbus", "python3", "sqlite3", "openssl", "strace"]
TOOLS = ("mmdebstrap", "systemd-nspawn", "nsenter", "unshare", "mount")


def missing():
    """Why there can be no machine here; None where there can."""
    if os.geteuid() != 0:
        return "only root can start a container"
    absent = [tool for tool in TOOLS if not shutil.which(tool)]
    if absent:
        return f"no {', '.join(absent)} here; tools/setup system"
    if not os.path.isdir("/sys/fs/cgroup"):
        return "no control groups here"
    return None


def clean_root(later):
    """The folder of a minimal system; `later` are packages that lie ready, not installed."""
    recipe = repr((INSTALLED, sorted(later), "bookworm"))
    path = os.path.join(CACHE, "root-" + hashlib.sha256(recipe.encode()).hexdigest()[:16])
    if os.path.isdir(path):
        return path
    os.makedirs(CACHE, exist_ok=True)
    made = path + f".{os.getpid()}"
    fetch = 'chroot "$1" apt-get install -y -qq --no-install-recommends --download-only ' + \
        " ".join(later)
    done = subprocess.run(
        ["mmdebstrap", "--quiet", "--variant=minbase", "--skip=cleanup/apt", "--format=directory",
         "--include=" + ",".join(INSTALLED), "--customize-hook=" + fetch, "bookworm", made],
        stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        shutil.rmtree(made, ignore_errors=True)
        raise RuntimeError("no root: " + done.stderr[-2000:])
    os.rename(made, path)
    return path


def depends(deb):
    """The first alternative of each package that a .deb needs."""
    said = subprocess.run(["dpkg-deb", "-f", deb, "Depends"], capture_output=True, text=True,
                          check=True).stdout
    return [part.split("|")[0].split()[0] for part in said.split(",")]


class Machine:
    """binds: "OURS:THEIRS", folders of ours that it sees, read-only."""

    def __init__(self, packages, binds=()):
        self.packages = packages
        self.binds = binds
        self.pid = None

    def __enter__(self):
        lower = clean_root(sorted({name for deb in self.packages for name in depends(deb)}))
        self.folder = tempfile.mkdtemp(prefix="convey-machine-", dir="/var/tmp")
        self.root = os.path.join(self.folder, "root")
        for name in ("root", "upper", "work"):
            os.mkdir(os.path.join(self.folder, name))
        options = f"lowerdir={lower},upperdir={self.folder}/upper,workdir={self.folder}/work"
        self.log = open(os.path.join(self.folder, "log"), "wb")
        # In a namespace of mounts of its own: the overlay goes when the container goes.
        self.process = subprocess.Popen(
            ["unshare", "--mount", "sh", "-ec",
             f"mount -t overlay overlay -o {options} {self.root}; exec systemd-nspawn --quiet "
             f"-D {self.root} --boot --register=no --keep-unit --private-network "
             "--console=pipe --kill-signal=SIGRTMIN+4 " +
             " ".join(f"--bind-ro={path}" for path in self.binds)],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        try:
            self.wait_started()
            self.sh("grep -qs localhost /etc/hosts || echo 127.0.0.1 localhost >> /etc/hosts")
            for deb in self.packages:
                self.put(deb, "/srv/" + os.path.basename(deb))
        except BaseException:
            self.__exit__()
            raise
        return self

    def wait_started(self):
        end = time.monotonic() + 300
        while time.monotonic() < end and self.process.poll() is None:
            if self.pid is None or not os.path.isdir(f"/proc/{self.pid}"):
                self.pid = self.first_child()  # it may have been mount's
            elif self.run("systemctl", "is-system-running", check=False).strip() in (
                    "running", "degraded"):
                return
            time.sleep(0.5)
        self.log.flush()
        with open(self.log.name, encoding="utf-8", errors="replace") as file:
            raise RuntimeError("the machine did not start: " + file.read()[-2000:])

    def first_child(self):
        """The container's first process, once it is there."""
        try:
            with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children",
                      encoding="ascii") as file:
                children = file.read().split()
            return int(children[0]) if children else None
        except (OSError, ValueError):
            return None

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def put(self, source, target):
        with open(source, "rb") as file:
            self.run("sh", "-c", f"cat > {target}", data=file.read())

    def run(self, *words, data=None, check=True, status=0, timeout=300):
        """Runs it inside, as root; what it printed, stderr too."""
        done = subprocess.run(["nsenter", "--target", str(self.pid), "--all", "env", "-i",
                               "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8",
                               "DEBIAN_FRONTEND=noninteractive", "HOME=/root", "TERM=dumb", *words],
                              input=data, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=timeout)
        said = done.stdout.decode("utf-8", "replace")
        if check and done.returncode != status:
            raise AssertionError(f"{' '.join(words)}: exit {done.returncode}\n{said}")
        return said

    def sh(self, script, **more):
        return self.run("sh", "-ec", script, **more)
