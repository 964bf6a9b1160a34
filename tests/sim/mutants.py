#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Breaks the relay on purpose, one way at a time, and sees a test find each.

    tests/sim/mutants.py                  all of them
    tests/sim/mutants.py dedup '49 hours' some
    tests/sim/mutants.py --list           what they are

Works in build-test/mutants, on a copy of the tree as it stands; the exit status is 1 where one
is not found, or where what it changes is no longer there.
"""
import filecmp
import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PLACE = os.path.join(ROOT, "build-test", "mutants")
TREE, BUILD = os.path.join(PLACE, "tree"), os.path.join(PLACE, "build")
SEEDS = "2000"
RELAY = "tests/sim/test_relay"

# name, file, what is there, what comes in its place, …
MUTANTS = [
    ("the claim is committed after the send", "src/run/writer.c",
     "db_commit(&w->db, e) != ERR_OK) {",
     "(++w->late % 2 == 0 && db_commit(&w->db, e) != ERR_OK)) {",
     "	if (db_begin(&w->db, e) != ERR_OK)\n		return e->code;\n	if (intact_check(",
     "	e->code = ERR_OK;\n"
     "	if (sqlite3_get_autocommit(w->db.handle))\n		e->code = db_begin(&w->db, e);\n"
     "	if (e->code != ERR_OK)\n		return e->code;\n	if (intact_check(",
     "src/run/writer.h", "	bool cut_wal;", "	int late;\n	bool cut_wal;"),
    ("synchronous is NORMAL", "src/run/writer.c",
     "migrate_check(&w->db, e) == ERR_OK &&",
     'db_exec(&w->db, "PRAGMA synchronous = NORMAL", e) == ERR_OK &&\n'
     "	    migrate_check(&w->db, e) == ERR_OK &&"),
    ("what a failed sync has left is built upon", "src/run/writer.c",
     " && keep(w, e) == ERR_OK &&", " && (w->has_kinship || keep(w, e) == ERR_OK) &&"),
    ("retries for 49 hours", "src/store/queue.h", "INT64_C(47)", "INT64_C(49)"),
    ("dedup is off", "src/store/admit.c", "*ended = owner != n->outbox_id;",
     "*ended = false;"),
    ("checkpoints are not guarded", "src/store/checkpoint.c",
     "	if (db_begin(c->writer, e) != ERR_OK)\n		return e->code;\n	if (c->intact",
     "	if (c->intact"),
    ("each request is settled twice", "src/run/shipment.c",
     "if (queue_settle(&w->queue, &s->load->lot, &s->settlement, e) != ERR_OK)",
     "if (queue_settle(&w->queue, &s->load->lot, &s->settlement, e) != ERR_OK ||\n"
     "	    queue_settle(&w->queue, &s->load->lot, &s->settlement, e) != ERR_OK)"),
    ("a done is lost", "src/run/lane.c", "		jobs->done(jobs);",
     "		static int n;\n		if (++n % 97)\n			jobs->done(jobs);"),
    ("parked rows are not woken", "src/store/admit.c",
     "				  REASON_NONE, q->now_ms, 0, e);",
     "				  REASON_NONE, 0, 0, e);"),
    ("reading goes on a row too far", "src/run/reading.c",
     "load->lot.last_id > r->reading.next_after) {\n"
     "		r->reading.next_after = load->lot.last_id;",
     "load->lot.last_id > r->reading.next_after) {\n"
     "		r->reading.next_after = load->lot.last_id + 1;"),
    ("reading goes back over what is being admitted", "src/run/reading.c",
     "r->reading.next_after = r->reading.taken;", "r->reading.next_after = r->reading.admitted;"),
    ("a load is stored behind one that was not", "src/run/admission.c",
     "cursor == a->standing)", "cursor >= 0)"),
    ("the cursor goes a row too far", "src/store/admit.c",
     "sqlite3_bind_int64(q->cursor, 1, lot->last_id);",
     "sqlite3_bind_int64(q->cursor, 1, lot->last_id + 1);"),
    ("partial success is success", "src/core/verdict.c",
     "{20001, 20001, VERDICT_UNKNOWN},", "{20001, 20001, VERDICT_DELIVERED},"),
    ("code 0 is success under any status", "src/core/verdict.c",
     "(http_status < 200 || http_status > 299))", "http_status > 999)"),
    ("a dead relay's requests are forgotten", "src/store/recover.c",
     "if (wait_again(r, outbox_id, attempt, e) != ERR_OK)",
     "if (0 && wait_again(r, outbox_id, attempt, e) != ERR_OK)"),
    ("nothing is looked at unless woken", "src/run/relay.c",
     "LOOK_MS = 1000,", "LOOK_MS = 100000000,"),
    ("a refused request fails whole", "src/run/shipment.c",
     "if (s->opening.events > 1) {", "if (s->opening.events > 100000) {"),
    ("a late refusal blocks a new token", "src/run/site.c",
     "	if (site_is_outdated(s, verdict, started_ms))\n		return;", ""),
    ("as many requests as there are rows", "src/run/site.c", ": SITE_SLOTS;", ": 1000;"),
    ("a failed admission is not read again", "src/run/admission.c",
     "	r->reading.taken = r->reading.admitted;\n"
     "	r->reading.standing = r->reading.claimed;\n	reading_restart(r);", ""),
    ("an answer that is lost counts as none", "src/core/verdict.c",
     "case TRANSPORT_LOST: return VERDICT_UNKNOWN;",
     "case TRANSPORT_LOST: return VERDICT_DELIVERED;"),
    ("a rollback keeps what it entered", "src/run/writer.c",
     "	dedup_rollback(&w->queue.dedup);", ""),
    ("old rows go though they wait", "src/store/prune.c",
     "while (db_step(p->db, p->kept_waiting, &row, e) == ERR_OK && row)",
     "while (0 && db_step(p->db, p->kept_waiting, &row, e) == ERR_OK && row)",
     "	return keep_members(p, p->kept_plain, first, last, e);",
     "	return first < 0 ? keep_members(p, p->kept_plain, first, last, e) : ERR_OK;"),
    ("a slice that is undone is left out", "src/store/prune.c", "	p->next = p->at;\n", ""),
    ("what an earlier relay sent gets younger", "src/store/shift.c",
     "WHEN ?1 > 0 AND first_sent_at", "WHEN 0 AND first_sent_at"),
    ("a step does not wait for what is on its way", "src/run/step.c",
     "	if (r->shipping.unsettled > 0 || r->reading.waiting_loads > 0 ||\n"
     "	    r->reading.admitting > 0)", "	if (r->closing)"),
    ("a sleep of the machine is a step", "src/run/step.c",
     "return clock_wall_ms() - (int64_t)clock_boot_ms();",
     "return clock_wall_ms() - (int64_t)clock_mono_ms();"),
    ("a kill during a retry begins the 47 hours anew", "src/store/recover.c",
     "first_sent_at = coalesce(first_sent_at, ?4)", "first_sent_at = ?4"),
    ("a restart forgets the ids of what waits", "src/store/dedup.c",
     '"WHERE event_hash IS NOT NULL AND key >= ?1"', '"WHERE event_hash IS NOT NULL AND key < ?1"'),
    ("a cancelled row that was sent gives its id up", "src/store/queue.c",
     "coalesce(attempts, attempt_id IS NOT NULL) > 0", "0"),
    ("eight requests probe", "src/run/site.c", "s->state == SITE_PROBING || s->unproven ?",
     "s->unproven ?"),
    ("an answer from before the fault ends the pause", "src/run/site.c",
     "if (s->state == SITE_OPEN || started_ms > s->blocked_ms)", "if (s->blocked_ms <= now_ms)"),
    ("a row's Retry-After is ignored", "src/run/shipment.c",
     "v, request->retry_after_ms, s->started_ms,", "v, 0, s->started_ms,"),
    ("unknown is forgotten at settlement", "src/run/shipment.c",
     "t->unknown = verdict_is_unsure(v, &s->request.answer);", "t->unknown = false;"),
    ("a redirect is followed", "src/net/http.c",
     "CURLOPT_FOLLOWLOCATION, 0L", "CURLOPT_FOLLOWLOCATION, 1L"),
    ("a request is as large as its rows", "src/run/admission.c",
     " ||\n	    s->plan.bytes + n->body_len > LOAD_REQUEST_MAX", ""),
    ("success before the body was sent counts", "src/net/http.c",
     "if (r->sent < r->body_len && status", "if (0 && r->sent < r->body_len && status"),
    ("a row that was sent gets too old", "src/run/judge.c",
     "rule(j, d, sent ? 0 : now_ms, t, out, e)", "rule(j, d, sent ? now_ms : now_ms, t, out, e)"),
    ("an outcome that cannot be stored is dropped", "src/run/shipment.c",
     "		if (!trouble_give_up(r)) {\n			store_later(s);\n			return;\n"
     "		}\n		trouble_note_loss(r, s->opening.events, &job->err);\n",
     "		if (0)\n			store_later(s);\n"),
    ("a retry waits longer than the cap", "src/core/backoff.h",
     "	if (ceiling > cap_ms)\n		ceiling = cap_ms;\n", ""),
]

# The simulation has one thread at a time: what needs two is found by another test; and so is what
# takes a failure at one call of thousands, what curl does, and what a small test sees as well.
ELSEWHERE = {"checkpoints are not guarded": "tests/store/test_checkpoint",
             "a rollback keeps what it entered": "tests/fault/test_sweep",
             "old rows go though they wait": "tests/fault/test_sweep",
             "a slice that is undone is left out": "tests/fault/test_sweep",
             "what an earlier relay sent gets younger": "tests/store/test_shift",
             "a step does not wait for what is on its way": "tests/sim/test_scenarios",
             "a load is stored behind one that was not": "tests/sim/test_scenarios",
             "a kill during a retry begins the 47 hours anew": "tests/store/test_queue",
             "a restart forgets the ids of what waits": "tests/store/test_dedup",
             "a cancelled row that was sent gives its id up": "tests/store/test_dedup",
             "eight requests probe": "tests/run/test_site",
             "an answer from before the fault ends the pause": "tests/run/test_site",
             "a row's Retry-After is ignored": "tests/sim/test_scenarios",
             "unknown is forgotten at settlement": "tests/sim/test_scenarios",
             "a redirect is followed": "tests/e2e/test_endpoint.py Endpoint",
             "a request is as large as its rows": "tests/e2e/test_relay_rows.py -k 4_mib",
             "success before the body was sent counts":
                 "tests/e2e/test_relay_cuts.py -k success_before",
             "a row that was sent gets too old": "tests/sim/test_scenarios",
             "an outcome that cannot be stored is dropped": "tests/sim/test_scenarios",
             "a retry waits longer than the cap": "tests/unit/test_verdict",
             "code 0 is success under any status": "tests/unit/test_verdict"}


def edits(mutant):
    """(file, before, after) of each."""
    words, path, found = list(mutant[1:]), None, []
    while words:
        if words[0].startswith("src/") and "\n" not in words[0]:
            path = words.pop(0)
        found.append((path, words.pop(0), words.pop(0)))
    return found


def prepare():
    """The tree as it stands, apart: nobody else's build is touched."""
    listed = subprocess.run(["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT,
                            capture_output=True, check=True).stdout.decode().split("\0")
    for path in filter(None, listed):
        source, copy = os.path.join(ROOT, path), os.path.join(TREE, path)
        if not os.path.isfile(source):
            continue
        os.makedirs(os.path.dirname(copy), exist_ok=True)
        if not os.path.exists(copy) or not filecmp.cmp(source, copy, shallow=False):
            shutil.copyfile(source, copy)  # newer than what was built of the one before
            shutil.copymode(source, copy)
    if not os.path.exists(os.path.join(BUILD, "build.ninja")):
        subprocess.run(["meson", "setup", BUILD, TREE], check=True, stdout=subprocess.DEVNULL)


def apply(mutant):
    """The files' former texts; None where one of them is not what it was."""
    kept = {}
    for path, before, after in edits(mutant):
        full = os.path.join(TREE, path)
        with open(full, encoding="utf-8") as file:
            text = file.read()
        kept.setdefault(full, text)
        if text.count(before) != 1:
            return restore(kept)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text.replace(before, after))
    return kept


def restore(kept):
    for path, text in kept.items():
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


def command(test):
    """A program, or a file of Python and what of it."""
    path, *words = test.split()
    if path.endswith(".py"):
        return [sys.executable, os.path.join(TREE, path), *words]
    return [os.path.join(BUILD, path), *words]


def found_by(test):
    """What the first seed, or case, said that failed; None: none did."""
    programs = ["convey", "convey-sandbox"] if ".py" in test else [test]
    done = subprocess.run(["ninja", "-C", BUILD, *programs], capture_output=True, text=True)
    if done.returncode != 0:
        print("does not even compile:\n" + done.stdout[-2000:])
        return None
    env = {name: value for name, value in os.environ.items()
           if name not in ("CONVEY_COUNT", "CONVEY_FIRST", "CONVEY_SEED")}
    env.update(CONVEY=os.path.join(BUILD, "convey"),
               CONVEY_SANDBOX=os.path.join(BUILD, "convey-sandbox"))
    if test == RELAY:
        env.update(CONVEY_COUNT=SEEDS, CONVEY_ENOUGH="1", CONVEY_FIRST="0", CONVEY_SEED="1")
    done = subprocess.run(command(test), env=env, capture_output=True, text=True)
    said = re.search(r"^(seed \d+: .*)|^(?:\[  FAILED  \]|FAIL:|ERROR:) (\w+)",
                     done.stdout + done.stderr, re.M)
    return said and (said.group(1) or said.group(2))


def chosen_by(words):
    """tools/torture asks for some by their numbers."""
    if "CONVEY_COUNT" in os.environ:
        first = int(os.environ.get("CONVEY_FIRST", 0))
        return MUTANTS[first:first + int(os.environ["CONVEY_COUNT"])]
    return [m for m in MUTANTS if not words or any(word in m[0] for word in words)]


def main():
    words = sys.argv[1:]
    if words == ["--list"]:
        print("\n".join(mutant[0] for mutant in MUTANTS))
        return 0
    chosen = chosen_by(words)
    prepare()
    survived = 0
    for mutant in chosen:
        kept = apply(mutant)
        said = found_by(ELSEWHERE.get(mutant[0], RELAY)) if kept else None
        restore(kept or {})
        if not kept:
            said = None
        survived += said is None
        print(f"{'found' if said else 'NOT FOUND' if kept else 'NO LONGER THERE':10} {mutant[0]}"
              + (f" ({said})" if said else ""), flush=True)
    print(f"{len(chosen) - survived} found, {survived} not")
    return 1 if survived or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
