"""Collects measurements and prints them as a table with ratios."""

from dataclasses import dataclass


@dataclass
class Line:
    what: str
    here: float | None
    unit: str
    beside: str = ""
    there: float | None = None
    goal: str = ""
    met: bool | None = None


def number(value, unit):
    if value is None:
        return "-"
    if unit == "s":
        return f"{value:.2f} s"
    if unit == "ms":
        return f"{value:.2f} ms"
    return f"{value:,.0f} {unit}".rstrip()


class Report:
    def __init__(self):
        self.lines = []

    def add(self, what, here, unit, *, beside="", there=None, goal="", met=None):
        """One measurement of ours, and the same of `beside`. `met` says whether the goal is reached."""
        line = Line(what, here, unit, beside, there, goal, met)
        self.lines.append(line)
        print(f"   {what}: {number(here, unit)}" + (f"; {beside}: {number(there, unit)}" if beside else ""), flush=True)

    def table(self):
        rows = [("measurement", "tailrace", "beside it", "", "ratio", "goal", "")]
        for line in self.lines:
            ratio = f"{line.there / line.here:.2f}" if line.here and line.there else ""
            met = {True: "met", False: "MISSED", None: ""}[line.met]
            rows.append((line.what, number(line.here, line.unit), line.beside,
                         number(line.there, line.unit) if line.there is not None else "", ratio, line.goal, met))
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        text = []
        for row in rows:
            text.append("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
        text.insert(1, "  ".join("-" * width for width in widths))
        return "\n".join(text) + "\n\nratio: what stands beside it, divided by tailrace"

    def missed(self):
        return [line.what for line in self.lines if line.met is False]
