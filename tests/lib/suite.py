# SPDX-License-Identifier: MIT
"""Builds and runs every test, a job for each test file; tools/test starts it.

A job is named group/file: unit, store, run and fault are C tests in a plain build, asan and tsan
the same in builds with a sanitizer, fuzz hostile bytes for a while, package, e2e, bench, browser,
crash, lint and system are Python; system, and sanitized, more black-box tests in builds with
a sanitizer, run only when they are named."""
import concurrent.futures
import glob
import os
import re
import shutil
import subprocess
import sys
import threading
import time

import canary

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CORES = len(os.sched_getaffinity(0))
CASES = os.path.join(ROOT, "tests", "lib", "cases.py")

# Preloaded by tests of the programs.
PRELOADS = {"tests/lib/libno_memory.so", "tests/lib/liblock_times.so"}

# Asserts stay on everywhere; a sanitizer's report ends the program that earned it.
BUILDS = {
    "plain": ["--werror"],
    "asan": ["-Db_sanitize=address,undefined", "-Db_lundef=false", "-Doptimization=1"],
    "tsan": ["-Db_sanitize=thread", "-Db_lundef=false", "-Doptimization=1"],
    "fuzz": ["-Dfuzz=true", "-Db_sanitize=address,undefined", "-Db_lundef=false",
             "-Doptimization=1", "-Dc_args=-fsanitize=fuzzer-no-link",
             "-Dcpp_args=-fsanitize=fuzzer-no-link"],
}
# binutils' other linker takes a tenth of the time for two hundred programs.
FAST = {"CC_LD": "gold", "CXX_LD": "gold"} if shutil.which("ld.gold") else {}
COMPILERS = {"plain": FAST, "asan": FAST, "tsan": FAST, "fuzz": {"CC": "clang", "CXX": "clang++"}}
SANITIZERS = {
    "ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1",
}


# Black-box tests that are run against a build with a sanitizer, too: each time and when named.
# The whole relay under asan is in the simulation.
SANITIZED = {"tsan": ("relay_rows",)}
SANITIZED_WHEN_NAMED = {
    "asan": ("admin", "admin_page", "cli", "enqueue", "relay", "relay_faults", "relay_rows", "views"),
    "tsan": ("admin_page",),
}
# What else runs would be in its figures.
TIMED = ("test_together.py",)
# It waits for most of its time, and its limits are wide.
BESIDE_BUILDS = ("test_kill.py",)


class Job:
    def __init__(self, group, path, build=None, timeout=600, alone=False, early=False,
                 programs=False, named=False):
        self.group = group
        self.path = os.path.relpath(path, ROOT)
        self.build = build
        self.timeout = timeout
        self.alone = alone          # measures time: nothing but a fuzzer may run beside it
        self.early = early          # run while the other builds are made
        self.programs = programs    # needs convey and convey-sandbox
        self.named = named          # long: only where it is asked for
        stem = os.path.splitext(os.path.basename(path))[0]
        self.name = f"{group}/{stem.removeprefix('test_').removeprefix('fuzz_')}" + \
            (f"-{build}" if group == "sanitized" else "")

    def target(self):
        return os.path.splitext(self.path)[0] if self.path.endswith(".c") else None

    def command(self):
        if self.target():
            words = [os.path.join(folder(self.build), self.target())]
            if self.group == "fuzz":
                words.insert(0, os.path.join(ROOT, "tests", "fuzz", "run"))
        else:
            words = [sys.executable, CASES, os.path.join(ROOT, self.path)]
        if self.group == "fuzz":
            return ["nice", "-n", "19", *words]
        return NO_ASLR + words if self.build == "tsan" else words


def folder(build):
    return os.path.join(ROOT, "build-test", build)


def without_aslr():
    """gcc 12's thread sanitizer stops where the kernel spreads mappings over 32 bits."""
    words = ["setarch", "-R"]
    done = subprocess.run(words + ["true"], capture_output=True) if shutil.which("setarch") else None
    return words if done and done.returncode == 0 else []


NO_ASLR = without_aslr()


def files(group, end):
    return sorted(glob.glob(os.path.join(ROOT, "tests", group, "test_*." + end)))


def all_jobs():
    jobs = [Job("lint", path) for path in files("lint", "py")]
    for group in ("unit", "store", "run", "sim"):
        for path in files(group, "c"):
            jobs.append(Job(group, path, "plain"))
            scenarios = path.endswith("/test_scenarios.c")
            jobs.append(Job("sanitized" if scenarios else "asan", path, "asan", named=scenarios))
            if group == "run":
                jobs.append(Job("tsan", path, "tsan"))
    for path in files("package", "py"):
        jobs.append(Job("package", path, "plain", timeout=900, programs=True))
    for path in files("system", "py"):
        jobs.append(Job("system", path, timeout=3600, alone=True, named=True))
    jobs += [Job("fault", path, "plain") for path in files("fault", "c")]
    for path in files("e2e", "py"):
        jobs.append(Job("e2e", path, "plain", programs=True))
    def black_box(stems):
        return [os.path.join(ROOT, "tests", "e2e", f"test_{stem}.py") for stem in stems]
    for sanitizer, stems in SANITIZED.items():
        jobs += [Job(sanitizer, path, sanitizer, programs=True) for path in black_box(stems)]
    for sanitizer, stems in SANITIZED_WHEN_NAMED.items():
        jobs += [Job("sanitized", path, sanitizer, programs=True, named=True)
                 for path in black_box(stems)]
    jobs += [Job("bench", path, "plain") for path in files("bench", "py")]
    jobs += [Job("browser", path, "plain", programs=True)
             for path in files("browser", "py")]
    for path in sorted(glob.glob(os.path.join(ROOT, "tests", "fuzz", "fuzz_*.c"))):
        jobs.append(Job("fuzz", path, "fuzz"))
    for path in files("crash", "py"):
        jobs.append(Job("crash", path, "plain", programs=True,
                        alone=os.path.basename(path) in TIMED,
                        early=os.path.basename(path) in BESIDE_BUILDS))
    return jobs


def chosen(jobs, words):
    return [job for job in jobs if (any(word in job.name for word in words) if words
                                    else not job.named)]


def build(name, jobs, priority=()):
    targets = {job.target() for job in jobs} - {None}
    if any(job.programs for job in jobs):
        targets |= {"convey", "convey-sandbox"} | PRELOADS
    if any(job.group == "package" for job in jobs):
        targets.add("manual")
    if any(job.group == "bench" for job in jobs):
        targets.add("tests/bench/bench_instructions")
    return build_targets(name, targets, priority)


def build_targets(name, targets, priority=()):
    """True when all targets stand; prints the compiler's words otherwise."""
    path, began = folder(name), time.monotonic()
    steps = [[*priority, "ninja", "-C", path, *sorted(targets)]]
    if not os.path.exists(os.path.join(path, "build.ninja")):
        shutil.rmtree(path, ignore_errors=True)
        steps.insert(0, ["meson", "setup", path, ROOT, *BUILDS[name]])
    for words in steps:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace",
                              env=dict(os.environ, **COMPILERS[name]))
        if done.returncode != 0:
            print(re.sub(r"^(\[\d+/\d+\]|ninja: Enter).*\n", "", done.stdout, flags=re.M))
            return False
    print(f"built   {name:40} {time.monotonic() - began:6.1f} s", flush=True)
    return True


def count(job, output, status):
    """(passed, failed, skipped) out of what a job printed."""
    if job.target() and job.group != "fuzz":
        passed = len(re.findall(r"^\[ +OK \] ", output, re.M))
        failed = len(re.findall(r"^\[  FAILED  \] \S+$(?![\s\S]*^\[  FAILED  \] \d+ test)",
                                output, re.M))
        listed = re.search(r"^\[  FAILED  \] (\d+) test", output, re.M)
        failed = int(listed.group(1)) if listed else failed
        skipped = len(re.findall(r"^\[  SKIPPED \] \w+$", output, re.M)) // 2
    else:
        passed, failed, skipped = (len(re.findall(rf"^{word} ", output, re.M))
                                   for word in ("ok", "not ok", "skip"))
    if status != 0 and failed == 0:
        failed = 1
    if status == 0 and passed + skipped == 0:
        failed = 1
    return passed, failed, skipped


def environment(job):
    env = dict(os.environ, **SANITIZERS, LC_ALL="C.UTF-8", PYTHONDONTWRITEBYTECODE="1")
    for name in ("CONVEY_DB", "CONVEY_ENDPOINT", "CONVEY_KEY_FILE", "CREDENTIALS_DIRECTORY"):
        env.pop(name, None)
    env["BUILD"] = folder(job.build or "plain")
    env["CONVEY"] = os.path.join(env["BUILD"], "convey")
    env["CONVEY_SANDBOX"] = os.path.join(env["BUILD"], "convey-sandbox")
    return env


def execute(job):
    """(what it printed, its exit status, the CPU seconds of it and all it waited for)"""
    try:
        child = subprocess.Popen(job.command(), cwd=ROOT, env=environment(job),
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT)
    except OSError as e:
        return str(e).encode(), 127, 0
    late = threading.Event()
    timer = threading.Timer(job.timeout, lambda: (late.set(), child.kill()))
    timer.start()
    with child.stdout:
        output = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    timer.cancel()
    child.returncode = os.waitstatus_to_exitcode(status)
    if late.is_set():
        return output + b"\nended after its time\n", 124, usage.ru_utime + usage.ru_stime
    return output, child.returncode, usage.ru_utime + usage.ru_stime


def run(job):
    began = time.monotonic()
    output, status, cpu = execute(job)
    text = output.decode(errors="replace")
    leak = canary.find(output)
    if leak and status == 0:
        text, status = f"{text}\nit printed a secret: {leak}", 1
    return job, text, status, count(job, text, status), time.monotonic() - began, cpu


def report(result, totals):
    job, output, status, counts, seconds, cpu = result
    passed, failed, skipped = counts
    for i, number in enumerate(counts):
        totals[i] += number
    words = f"{passed} passed" + (f", {failed} FAILED" if failed else "") + \
        (f", {skipped} skipped" if skipped else "")
    if failed:
        print(f"--- {job.name}: exit {status}\n{output.rstrip()[-20000:]}\n---")
    print(f"{'FAILED' if failed else 'ok':7} {job.name:30} {words:24} {seconds:6.1f} s, "
          f"{cpu:5.1f} of CPU", flush=True)
    for line in re.findall(r"^skip .*", output, re.M):
        print("        " + line)


def turn(job):
    """The longest begin: whole programs under a sanitizer, the simulation, the package. The parts by
    themselves under a sanitizer, which take a second each, are last."""
    whole = job.programs or "/sim/" in job.path
    if job.build in SANITIZED_WHEN_NAMED:
        return 0 if whole else 2
    return 0 if job.group in ("sim", "package") else 1


def run_all(jobs, totals):
    """First what measures time, one by one; then the others, two more at a time than there are
    cores, as the black-box tests wait half of their time, so that none runs alone at the end. The
    fuzzers, of the lowest priority, take what is left."""
    others = sorted((job for job in jobs if not job.alone and job.group != "fuzz"), key=turn)
    with concurrent.futures.ThreadPoolExecutor(CORES + 2) as pool, \
            concurrent.futures.ThreadPoolExecutor(CORES) as beside:
        running = [beside.submit(run, job) for job in jobs if job.group == "fuzz"]
        for job in jobs:
            if job.alone:
                report(run(job), totals)
        running += [pool.submit(run, job) for job in others]
        for done in concurrent.futures.as_completed(running):
            report(done.result(), totals)


def build_all(names, jobs, priority=()):
    """The jobs whose builds stand."""
    ready = []
    for name in names:
        wanted = [job for job in jobs if job.build == name]
        if not wanted:
            continue
        if build(name, wanted, priority):
            ready += wanted
        else:
            print(f"FAILED  {name}: does not build; {len(wanted)} test files not run", flush=True)
    return ready


def build_others(jobs, priority, setup):
    """What the first build is not needed for; clang is among what the setup installs."""
    ready = build_all(["asan", "tsan"], jobs, priority)
    return ready + build_all(["fuzz"], jobs, priority) if setup.wait() == 0 else ready


def main(words):
    jobs = chosen(all_jobs(), [word for word in words if not word.startswith("-")])
    if "--list" in words:
        print("\n".join(job.name for job in jobs))
        return 0
    totals = [0, 0, 0]
    # The first build and the tests beside the others need nothing of it.
    setup = subprocess.Popen([os.path.join(ROOT, "tools", "setup"), "test"],
                             stdin=subprocess.DEVNULL)
    ready = [job for job in jobs if job.build is None] + build_all(["plain"], jobs)
    early = [job for job in ready if job.early]
    # The other builds take the time in which those wait.
    with concurrent.futures.ThreadPoolExecutor(1) as builder:
        others = builder.submit(build_others, jobs, ("nice", "-n", "19") if early else (), setup)
        for job in early:
            report(run(job), totals)
        ready += others.result()
    if setup.returncode != 0:
        return setup.returncode
    totals[1] += len(jobs) - len(ready)
    run_all([job for job in ready if not job.early], totals)
    if totals[2]:
        print(f"({totals[2]} skipped)")
    print(f"{totals[0]} passed, {totals[1]} failed", flush=True)
    return 1 if totals[1] or not totals[0] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
