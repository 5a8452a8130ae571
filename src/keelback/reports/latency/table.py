"""The bounds as a table and as plain data."""

from __future__ import annotations

from typing import Any

from keelback.reports.latency.bounds import CALL_LIMIT, Latency

HEAVIEST_SHOWN = 3


def to_data(latency: Latency) -> dict[str, Any]:
    """The bounds as plain data; counts are instructions."""
    return {
        "entries": [
            {
                "kind": bound.kind,
                "name": bound.name,
                "instructions": bound.instructions,
                "over_limit": bound.is_long,
                "functions": [{"name": name, "instructions": count} for name, count in bound.heaviest],
            }
            for bound in latency.bounds
        ],
        "call_limit": CALL_LIMIT,
        "masked": latency.masked,
        "interrupt_latency": latency.interrupt,
        "waits_for_lock": latency.waits,
    }


def render(latency: Latency, *, where: bool = False) -> str:
    """The bounds as text; with `where`, the functions in which most of each path is."""
    width = max(len(bound.name) for bound in latency.bounds) + 2
    lines = ["Longest path from the exception vector to eret, in instructions"]
    for kind in dict.fromkeys(bound.kind for bound in latency.bounds):
        lines += ["", kind]
        for bound in (bound for bound in latency.bounds if bound.kind == kind):
            mark = f"  over {CALL_LIMIT:,}" if bound.is_long else ""
            lines.append(f"    {bound.name:<{width}}{bound.instructions:>8,}{mark}")
            if where:
                lines += [f"        {count:>6,}  {name}" for name, count in bound.heaviest[:HEAVIEST_SHOWN]]
    lines += ["", f"Interrupts are masked for at most {latency.masked:,} instructions,"]
    lines.append(f"and an interrupt's own way through the kernel ends at most {latency.interrupt:,} after it came.")
    if latency.waits:
        lines.append(
            f"Waiting for the lock is not in it: at most {latency.masked:,} for each time another core goes first."
        )
    return "\n".join(lines)
