# SPDX-License-Identifier: MIT
"""The history checker: what a producer committed, what the sandbox saw and what the database
says in the end must be one story.

    history.assert_true(self, project, sandbox)

Promises (a name is what a broken one is reported under):

    lost          each committed row has a status of the contract
    unfinished    after a drain nothing waits, and no request is open
    undelivered   delivered means: stored, and answered 2xx with code 0
    invented      what was sent was committed, under the producer's event_id
    two_ids       nothing was stored under two event_ids
    too_late      nothing was sent twice more than 47 hours apart
    resent        nothing is sent again without a fault that explains it
    requests      the log of requests and the wire agree
    counters      queue_status is what a count of delivery_status would be
    least         a row's status is that of its least finished delivery
    corrupt       integrity_check
"""
import collections
from dataclasses import dataclass

from convey import SLOW, sent

STATUSES = ("pending", "sending", "retrying", "held", "failed", "rejected", "cancelled",
            "skipped", "duplicate", "delivered")
OPEN = STATUSES[:3]
RESEND_MAX_MS = 47 * 3600 * 1000
LATE_MS = 250 * SLOW  # a request may lie in the sandbox's socket when its sender is dead
NEVER_LEFT = ("not_sent", "tls")


@dataclass
class History:
    committed: list       # {"outbox_id", "event_id", "tag"}
    ledger: list          # the sandbox's lines
    outbox: list          # rows of outbox_status
    deliveries: list      # of delivery_status
    queue: list           # of queue_status
    attempts: list        # of attempt_log
    integrity: str
    pixels: dict          # destination's name -> event source id
    kills: tuple = ()     # of the relay, Unix ms: what was under way then is sent again
    drained: bool = True


def read(project, ledger, drained=True):
    return History(
        committed=project.committed, ledger=ledger,
        outbox=project.rows("SELECT * FROM outbox_status"),
        deliveries=project.rows("SELECT * FROM delivery_status"),
        queue=project.rows("SELECT * FROM queue_status"),
        attempts=project.rows("SELECT * FROM attempt_log"),
        integrity=project.query("PRAGMA integrity_check")[0][0],
        pixels={name: pixel for name, (_, pixel) in project.destinations.items()},
        kills=tuple(project.kills), drained=drained)


def is_success(line):
    return line["code"] == 0 and 200 <= (line["http_status"] or 0) < 300


def is_clean(line):
    """Whether the client must have known that it was done."""
    return is_success(line) and line["fault"] is None


def lost(h):
    known = {row["id"]: row["status"] for row in h.outbox}
    delivered = {row["outbox_id"] for row in h.deliveries}
    for row in h.committed:
        number = row["outbox_id"]
        if known.get(number) not in STATUSES:
            yield f"row {number} has the status {known.get(number)}"
        elif number not in delivered:
            yield f"row {number} is not in delivery_status"
    for row in h.deliveries:
        if row["status"] not in STATUSES:
            yield f"row {row['outbox_id']} has a delivery with the status {row['status']}"


def unfinished(h):
    if not h.drained:
        return
    for row in h.deliveries:
        if row["status"] in OPEN:
            yield f"row {row['outbox_id']} is {row['status']} ({row['reason']})"
    for row in h.attempts:
        if row["outcome"] in (None, "sending"):
            yield f"request {row['id']} is open"


def undelivered(h):
    stored = collections.defaultdict(set)
    for line, event in sent(h.ledger):
        if line["applied"] and is_success(line):
            stored[line["source_id"]].add(event["event_id"])
    for row in h.deliveries:
        if row["status"] != "delivered":
            continue
        if row["event_id"] not in stored[h.pixels[row["destination"]]]:
            yield f"row {row['outbox_id']} ({row['event_id']}) is delivered and never was"
        if row["api_code"] != 0 or not 200 <= (row["http_status"] or 0) < 300:
            yield f"row {row['outbox_id']} is delivered by {row['http_status']}, code " \
                  f"{row['api_code']}"


def tag(event):
    return event.get("properties", {}).get("order_id")


def invented(h):
    ids = {row["event_id"] for row in h.committed}
    of_tag = collections.defaultdict(set)
    derived = {row["event_id"] for row in h.deliveries}
    for row in h.committed:
        of_tag[row["tag"]].add(row["event_id"])
    for line, event in sent(h.ledger):
        event_id = event["event_id"]
        if event_id not in ids and not (event_id.startswith("g1_") and event_id in derived):
            yield f"request {line['n']} has {event_id}, which nobody committed"
        elif of_tag[tag(event)] and not {event_id, None} & of_tag[tag(event)]:
            yield f"request {line['n']} has {event_id} with the order of another row"


def two_ids(h):
    ids = collections.defaultdict(set)
    asked = collections.defaultdict(set)
    for row in h.committed:
        asked[row["tag"]].add(row["event_id"])
    for line, event in sent(h.ledger):
        if line["applied"] and tag(event) is not None:
            ids[line["source_id"], tag(event)].add(event["event_id"])
    for (_, which), found in ids.items():
        # A producer that commits one order under two ids has asked for it.
        if len(found) > max(1, len(asked[which])):
            yield f"{which} was stored as {sorted(found)}"


def sends(h):
    found = collections.defaultdict(list)
    for line, event in sent(h.ledger):
        found[line["source_id"], event["event"], event["event_id"]].append(line)
    return found


def too_late(h):
    for key, lines in sends(h).items():
        times = [line["at_ms"] for line in lines]
        if max(times) - min(times) > RESEND_MAX_MS:
            yield f"{key} was sent again after {(max(times) - min(times)) / 3600000:.1f} hours"


def resent(h):
    for key, lines in sends(h).items():
        for before, after in zip(lines, lines[1:]):
            killed = any(before["at_ms"] - LATE_MS <= kill <= after["at_ms"]
                         for kill in h.kills)
            if is_clean(before) and not killed:
                yield f"{key} was sent by request {before['n']} and, " \
                      f"{after['at_ms'] - before['at_ms']} ms later, by {after['n']}"


def requests(h):
    by_id = {line["request_id"]: line for line in h.ledger if line["request_id"]}
    answered = 0
    for row in h.attempts:
        line = by_id.get(row["request_id"])
        answered += row["http_status"] is not None
        if row["outcome"] in NEVER_LEFT and row["http_status"] is not None:
            yield f"request {row['id']} was answered and is {row['outcome']}"
        if row["request_id"] is None:
            continue
        if line is None:
            yield f"request {row['id']} has an answer that nobody gave"
        elif (line["http_status"], line["code"], line["count"]) != (
                row["http_status"], row["api_code"], row["events"]):
            yield f"request {row['id']} says HTTP {row['http_status']}, code " \
                  f"{row['api_code']}, {row['events']} events; the wire " \
                  f"{line['http_status']}, {line['code']}, {line['count']}"
    # What was claimed may not have left; what has left was claimed.
    if not answered <= len(h.ledger) <= len(h.attempts):
        yield f"{len(h.ledger)} requests on the wire, {len(h.attempts)} recorded, " \
              f"{answered} of them answered"


def counters(h):
    counted = collections.Counter()
    everywhere = collections.Counter()
    for row in h.deliveries:
        if row["destination"] is None:
            everywhere[row["status"]] += 1
        else:
            counted[row["destination"], row["status"]] += 1
    for row in h.queue:
        for status in STATUSES:
            right = counted[row["destination"], status] + everywhere[status]
            if row[status] != right:
                yield f"{row['destination']} has {right} {status} and says {row[status]}"


def least(h):
    found = collections.defaultdict(list)
    for row in h.deliveries:
        if row["status"] in STATUSES:
            found[row["outbox_id"]].append(row["status"])
    for row in h.outbox:
        rows = found[row["id"]]
        if rows and row["status"] != min(rows, key=STATUSES.index):
            yield f"row {row['id']} is {row['status']}, its deliveries are {rows}"


def corrupt(h):
    if h.integrity != "ok":
        yield h.integrity


PROMISES = (lost, unfinished, undelivered, invented, two_ids, too_late, resent, requests,
            counters, least, corrupt)


def check(history):
    """The broken promises: (name, what is wrong), a few of each."""
    found = []
    for promise in PROMISES:
        wrong = list(promise(history))
        found += [(promise.__name__, text) for text in wrong[:5]]
        if len(wrong) > 5:
            found.append((promise.__name__, f"… {len(wrong)} in all"))
    return found


def assert_true(case, project, sandbox, drained=True):
    """Fails the unittest.TestCase where a promise is broken; the relay must have ended."""
    for relay in project.relays:
        case.assertFalse(relay.running(), "the history is read after the relay's end")
    broken = check(read(project, sandbox.ledger(), drained))
    case.assertEqual(broken, [], "\n".join(f"{name}: {text}" for name, text in broken))
