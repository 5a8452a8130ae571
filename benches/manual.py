"""The cost of each system call, in the page of the manual that describes it: the bound of its longest path, and what
was measured of it. Measures nothing.

Which page describes a call is said by the table of calls in the manual's first page; NULL stands there itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from benches.calls import CASES
from benches.operations import CALLS, GUEST_CALLS, OPERATIONS

MANUAL = Path(__file__).resolve().parents[1] / "docs" / "reference" / "kernel"
FIRST_PAGE = "README.md"
PART = re.compile(r"(<!-- cost: begin[^\n]*-->\n)(.*?)(<!-- cost: end -->)", re.DOTALL)
CALL_ROW = re.compile(r"^\| (\d+ [A-Z][^|\n]*) \|[^|\n]*\|[^|\n]*\|([^|\n]*)\|$", re.MULTILINE)
PAGE_LINK = re.compile(r"\]\(([a-z-]+\.md)")


def pages_of_calls(folder: Path = MANUAL) -> dict[str, str]:
    """The page of each call, in the order of the manual's table of calls."""
    found: dict[str, str] = {}
    for calls, page in CALL_ROW.findall((folder / FIRST_PAGE).read_text()):
        link = PAGE_LINK.search(page)
        for call in calls.split(", "):
            found[call.split()[1]] = FIRST_PAGE if link is None else link[1]
    return found


def document_calls(recorded: Mapping[str, float], folder: Path = MANUAL) -> None:
    """Put the recorded costs into the pages."""
    for page in sorted(set(pages_of_calls(folder).values())):
        path = folder / page
        before, _, after = split_page(path.read_text())
        path.write_text(before + cost_table(recorded, page, folder) + after)


def split_page(text: str) -> tuple[str, str, str]:
    """What stands before a page's table of costs, the table, and what follows."""
    part = PART.search(text)
    assert part is not None, "a page of the manual without a place for its costs"
    return text[: part.start(2)], part[2], text[part.end(2) :]


def cost_table(recorded: Mapping[str, float], page: str, folder: Path = MANUAL) -> str:
    """The table of a page's calls, in Markdown."""
    calls = [call for call, described in pages_of_calls(folder).items() if described == page]
    rows = [f"| {call} | {measured(recorded, call)} | {recorded[bound_name(call)]:.0f} |" for call in calls]
    return "\n".join(["| call | instructions, measured | at most |", "|---|---|---|", *rows, ""])


def bound_name(call: str) -> str:
    """Under which name the longest path of a call is recorded."""
    return f"bounds.{call}.instructions"


def measured(recorded: Mapping[str, float], call: str) -> str:
    """What was counted of a call: one figure, or one for each case; a dash if nothing was."""
    titles = {f"kernel.{name}.instructions": OPERATIONS[name].title for name, of in CALLS.items() if of == call}
    titles |= {name: title for name, (of, title) in GUEST_CALLS.items() if of == call}
    titles |= {call_name(call): CASES[call]} if call in CASES else {}
    cases = [(int(recorded[name]), title) for name, title in titles.items() if name in recorded]
    return "; ".join(f"{count} ({title})" if title else str(count) for count, title in cases) or "-"


def call_name(call: str) -> str:
    """Under which name what was counted of a call in CASES is recorded."""
    return f"calls.{call}.instructions"
