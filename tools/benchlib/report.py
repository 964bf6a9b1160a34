# SPDX-License-Identifier: MIT
"""One table and one JSON file."""
import json
import statistics

COLUMNS = (  # key, title, format
    ("rate", "events/s", "{:,.0f}"), ("answered", "to answer", "{:,.0f}"),
    ("cpu", "CPU-s/M", "{:.2f}"), ("rss", "RSS MiB", "{:.0f}"),
    ("wal", "WAL B/ev", "{:.0f}"), ("p50", "p50 ms", "{:.2f}"), ("p99", "p99 ms", "{:.2f}"),
    ("worst", "worst", "{:.1f}"))
NOTES = (("sink", "sink {:.0f}% of a core"), ("flight", "{:.0f} in flight"),
         ("idle", "idle CPU {:.2f}%"), ("first", "first byte {:.0f} ms"),
         ("status", "status {:.0f} ms"), ("why", "why {:.0f} ms"), ("list", "list {:.0f} ms"),
         ("failed", "list --status failed {:.0f} ms"))


def short(number):
    return f"{number / 1000:.0f}k" if number >= 10_000 else f"{number / 1000:.1f}k"


class Results:
    """Figures by case and system, in the order they came first."""

    def __init__(self):
        self.figures = {}
        self.keeps = {}

    def add(self, case, system, figures, keeps=""):
        for key, value in figures.items():
            if value is not None:
                self.figures.setdefault((case, system), {}).setdefault(key, []).append(value)
        self.keeps[case, system] = keeps

    def median(self, case, system, key):
        values = self.figures.get((case, system), {}).get(key)
        return statistics.median(values) if values else None

    def as_json(self, machine):
        rows = []
        for (case, system), figures in self.figures.items():
            rows.append({"case": case, "system": system, "keeps": self.keeps[case, system],
                         "figures": {key: {"median": statistics.median(v), "min": min(v),
                                           "max": max(v), "runs": v}
                                     for key, v in figures.items()}})
        return {"machine": machine, "results": rows}

    def _line(self, case, system, first):
        figures = self.figures[case, system]
        words = [case if first else "", system]
        for key, _, form in COLUMNS:
            values = sorted(figures.get(key, ()))
            words.append(form.format(statistics.median(values)) if values else "")
            if key == "rate":
                words.append(f"[{short(values[0])}-{short(values[-1])}]" if values else "")
                words.append(self._ratio(case, system))
        notes = [form.format(statistics.median(figures[key])) for key, form in NOTES
                 if key in figures]
        if self.keeps[case, system]:
            notes.append(self.keeps[case, system])
        return words + ["; ".join(notes)]

    def _ratio(self, case, system):
        """Of this system's rate to convey's in the same case."""
        ours, theirs = self.median(case, "convey", "rate"), self.median(case, system, "rate")
        return f"{theirs / ours:.2f}" if ours and theirs else ""

    def table(self):
        titles = ["case", "system", "events/s", "[min-max]", "ratio",
                  *[title for _, title, _ in COLUMNS[1:]], "notes"]
        lines, before = [titles], None
        for case in dict.fromkeys(case for case, _ in self.figures):
            for system in [s for c, s in self.figures if c == case]:
                lines.append(self._line(case, system, case != before))
                before = case
        widths = [max(len(line[i]) for line in lines) for i in range(len(titles))]
        text = []
        for line in lines:
            cells = [cell.ljust(width) if i < 2 or i == len(line) - 1 else cell.rjust(width)
                     for i, (cell, width) in enumerate(zip(line, widths))]
            text.append("  ".join(cells).rstrip())
        return "\n".join(text)

    def write_json(self, path, machine):
        with open(path, "w", encoding="utf-8") as file:
            json.dump(self.as_json(machine), file, indent=1)
            file.write("\n")
