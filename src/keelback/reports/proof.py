"""What is proven of a kernel: a cell for each call or entry and each property, from results that are given as data.

It knows nothing of how results come about. A goal without a result is not proven, whatever the reason.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

NOT_RUN = "not run"
PROVEN = "proven"
MARKS = {PROVEN: "yes", "counterexample": "no", "unknown": "open", "not modelled": "not modelled", NOT_RUN: "not run"}
"""In tables. A counterexample is a state from which the property fails; it need not be one that can come about."""


@dataclass(frozen=True)
class Cell:
    """One goal: its subject (a call, an entry, a function), its property, and what is known of it; `clauses`: of each
    invariant that it could break."""

    subject: str
    kind: str
    status: str
    seconds: float = 0.0
    solver: str = ""
    obligations: int = 0
    reason: str = ""
    assumed: tuple[str, ...] = ()
    clauses: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def share(self) -> str:
        """How many of the invariants are shown to be kept, or nothing where a goal has no such parts."""
        shown = sum(status == PROVEN for status in self.clauses.values())
        return f"{shown}/{len(self.clauses)}" if self.clauses else ""


def read_cell(goal: str, result: Mapping[str, Any] | None) -> Cell:
    """The cell of a goal `subject::kind`, with its result as the prover stores it, or none."""
    subject, _, kind = goal.rpartition("::")
    if result is None:
        return Cell(subject, kind, NOT_RUN)
    findings = [found["where"] for found in result["findings"]]
    reason = result["reason"] or "; ".join(findings[:1])
    numbers = (float(result["seconds"]), result["solver"], int(result["obligations"]))
    return Cell(subject, kind, result["status"], *numbers, reason, tuple(result["assumed"]), result["clauses"])


def to_data(cells: Sequence[Cell]) -> dict[str, Any]:
    """Everything as plain data."""
    goals = [
        {
            "subject": cell.subject,
            "property": cell.kind,
            "status": cell.status,
            "seconds": round(cell.seconds, 3),
            "solver": cell.solver,
            "places": cell.obligations,
            "reason": cell.reason,
            "assumed": list(cell.assumed),
            "clauses": dict(cell.clauses),
        }
        for cell in cells
    ]
    return {"totals": totals(cells), "clauses": clause_totals(cells), "assumed": assumptions(cells), "goals": goals}


def totals(cells: Iterable[Cell]) -> dict[str, dict[str, int]]:
    """How many goals of each property have which status."""
    counts = Counter((cell.kind, cell.status) for cell in cells)
    kinds = dict.fromkeys(kind for kind, _ in counts)
    return {kind: {status: counts[kind, status] for status in MARKS if counts[kind, status]} for kind in kinds}


def clause_totals(cells: Iterable[Cell]) -> dict[str, dict[str, int]]:
    """Per property, how many pairs of a goal and an invariant that it could break have which status."""
    made: dict[str, Counter[str]] = {}
    for cell in cells:
        if cell.clauses:
            made.setdefault(cell.kind, Counter()).update(cell.clauses.values())
    return {kind: dict(counts) for kind, counts in made.items()}


def open_clauses(cells: Iterable[Cell]) -> list[str]:
    """Of each goal, the invariants that it is not shown to keep."""
    made: list[str] = []
    for cell in cells:
        left = [f"{name} ({MARKS.get(status, status)})" for name, status in cell.clauses.items() if status != PROVEN]
        made += [f"{cell.subject}::{cell.kind} leaves open: {', '.join(left)}"] if left else []
    return made


def assumptions(cells: Iterable[Cell]) -> list[str]:
    """What proven goals assume of the machine, beside the invariants among their hypotheses."""
    return sorted({text for cell in cells if cell.status == PROVEN for text in cell.assumed})


def _table(cells: Sequence[Cell]) -> tuple[list[str], dict[str, dict[str, Cell]]]:
    """Properties, and cells by subject and property; what has the same properties stands together."""
    kinds = list(dict.fromkeys(cell.kind for cell in cells))
    rows: dict[str, dict[str, Cell]] = {}
    for cell in cells:
        rows.setdefault(cell.subject, {})[cell.kind] = cell
    order = sorted(rows, key=lambda subject: [kind not in rows[subject] for kind in kinds])
    return kinds, {subject: rows[subject] for subject in order}


def render(cells: Sequence[Cell]) -> str:
    """The table as text, with totals and assumptions."""
    kinds, rows = _table(cells)
    width = max(map(len, rows), default=0)
    lines = [f"{'call, entry or function':{width}}  " + "  ".join(f"{kind:21}" for kind in kinds)]
    for subject, row in rows.items():
        texts = [_text(row.get(kind)) for kind in kinds]
        lines.append((f"{subject:{width}}  " + "  ".join(f"{text:21}" for text in texts)).rstrip())
    lines.append("")
    for kind, counts in totals(cells).items():
        told = ", ".join(f"{count} {status}" for status, count in counts.items())
        lines.append(f"{kind}: {counts.get(PROVEN, 0)} of {sum(counts.values())} proven ({told})")
    for kind, counts in clause_totals(cells).items():
        told = f"{counts.get(PROVEN, 0)} of {sum(counts.values())} pairs proven"
        lines.append(f"{kind}, each by itself: {told}, of goals that have been run")
    lines += open_clauses(cells)
    lines += [f"{cell.subject}: {cell.reason}" for cell in cells if cell.status == PROVEN and cell.reason]
    lines += [f"assumed: {text}" for text in assumptions(cells)]
    return "\n".join(lines)


def _text(cell: Cell | None) -> str:
    if cell is None:
        return "-"
    mark = f"{MARKS.get(cell.status, cell.status)} {cell.share}".rstrip()
    return f"{mark} {cell.seconds:.1f} s {cell.solver}".rstrip() if cell.solver else mark


STYLE = """body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#222}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.2rem .6rem;border-bottom:1px solid #ddd}
th{position:sticky;top:0;background:#fff}td.proven{background:#e3f4e3}td.counterexample{background:#fbe3e3}
td.unknown,td.not-modelled{background:#fff5d6}td.not-run{color:#777}small{color:#555}
@media(prefers-color-scheme:dark){body{background:#181818;color:#ddd}th{background:#181818}td{border-color:#333}
td.proven{background:#1d3a1d}td.counterexample{background:#472222}td.unknown,td.not-modelled{background:#453a17}
small{color:#aaa}}"""


def render_page(cells: Sequence[Cell], title: str, about: str) -> str:
    """The same as a page that stands alone; reasons are shown where the pointer rests on a cell."""
    kinds, rows = _table(cells)
    sums = [
        f"<li><b>{html.escape(kind)}</b>: {counts.get(PROVEN, 0)} of {sum(counts.values())} proven "
        f"<small>({html.escape(', '.join(f'{count} {status}' for status, count in counts.items()))})</small></li>"
        for kind, counts in totals(cells).items()
    ]
    head = "".join(f"<th>{html.escape(kind)}</th>" for kind in kinds)
    body = "\n".join(
        f"<tr><td><code>{html.escape(subject)}</code></td>{''.join(_html_cell(row.get(kind)) for kind in kinds)}</tr>"
        for subject, row in rows.items()
    )
    sums += [f"<li>{html.escape(text)}</li>" for text in open_clauses(cells)]
    sums += [
        f"<li><b>{html.escape(cell.subject)}</b>: {html.escape(cell.reason)}</li>"
        for cell in cells
        if cell.status == PROVEN and cell.reason
    ]
    assumed = "".join(f"<li>{html.escape(text)}</li>" for text in assumptions(cells)) or "<li>nothing</li>"
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>{html.escape(title)}</title><style>{STYLE}</style></head><body>
<h1>{html.escape(title)}</h1>
<p>{html.escape(about)}</p>
<ul>{"".join(sums)}</ul>
<table><thead><tr><th>call, entry or function</th>{head}</tr></thead><tbody>
{body}
</tbody></table>
<h2>Assumed of the machine by what is proven</h2>
<ul>{assumed}</ul>
</body></html>
"""


def _html_cell(cell: Cell | None) -> str:
    if cell is None:
        return "<td></td>"
    kind, told = cell.status.replace(" ", "-"), f"{cell.status} {cell.share}".rstrip()
    effort = f" <small>{cell.seconds:.1f} s {html.escape(cell.solver)}</small>" if cell.solver else ""
    return f'<td class="{kind}" title="{html.escape(cell.reason)}">{html.escape(told)}{effort}</td>'
