"""The table of what is proven, from results as data: nothing that is not known to be proven is called so."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

from keelback.reports.proof import read_cell, render, render_page, to_data


def result(status: str, **more: Any) -> dict[str, Any]:
    known: dict[str, Any] = {"status": status, "seconds": 1.25, "solver": "cvc5", "obligations": 3, "reason": ""}
    known["clauses"] = {}
    return known | {"findings": [], "assumed": ["the core's register is right"]} | more


CELLS = [
    read_cell("map::no-trap", result("proven")),
    read_cell("map::ranges", result("counterexample", findings=[{"where": "map.py:7: <index>"}])),
    read_cell("unmap::no-trap", result("unknown", assumed=["only what is open assumes this"])),
    read_cell("unmap::ranges", None),
    read_cell("keelback.kernel.queues.first::machine", result("not modelled", reason="fadd", solver="")),
]


def test_cells_say_what_is_known() -> None:
    assert [cell.status for cell in CELLS] == ["proven", "counterexample", "unknown", "not run", "not modelled"]
    assert (CELLS[4].subject, CELLS[4].kind, CELLS[4].reason) == ("keelback.kernel.queues.first", "machine", "fadd")


def test_the_text_has_a_row_for_each_subject() -> None:
    lines = render(CELLS).splitlines()
    assert lines[0].split() == ["call,", "entry", "or", "function", "no-trap", "ranges", "machine"]
    assert [line.split() for line in lines[1:4]] == [
        ["map", "yes", "1.2", "s", "cvc5", "no", "1.2", "s", "cvc5", "-"],
        ["unmap", "open", "1.2", "s", "cvc5", "not", "run", "-"],
        ["keelback.kernel.queues.first", "-", "-", "not", "modelled"],
    ]
    assert "no-trap: 1 of 2 proven (1 proven, 1 unknown)" in lines
    assert "ranges: 0 of 2 proven (1 counterexample, 1 not run)" in lines


def test_only_what_is_proven_assumes() -> None:
    assert "assumed: the core's register is right" in render(CELLS)
    assert "only what is open" not in render(CELLS)


def test_the_data_goes_through_json() -> None:
    data = json.loads(json.dumps(to_data(CELLS)))
    assert data["totals"]["no-trap"] == {"proven": 1, "unknown": 1}
    assert data["goals"][1]["reason"] == "map.py:7: <index>"
    assert data["assumed"] == ["the core's register is right"]


def test_what_is_open_of_a_goal_is_named() -> None:
    clauses = {"used_slots": "proven", "rights_exist": "proven", "owned": "unknown", "users": "counterexample"}
    cells = [*CELLS, read_cell("map::invariants", result("counterexample", clauses=clauses))]
    lines = render(cells).splitlines()
    assert "map::invariants leaves open: owned (open), users (no)" in lines
    assert "invariants, each by itself: 2 of 4 pairs proven, of goals that have been run" in lines
    assert lines[1].split()[-5:] == ["no", "2/4", "1.2", "s", "cvc5"]
    assert to_data(cells)["clauses"] == {"invariants": {"proven": 2, "unknown": 1, "counterexample": 1}}
    assert "map::invariants leaves open: owned (open), users (no)" in render_page(cells, "Proof", "")


class Cells(HTMLParser):
    """Collects the classes of table cells, and checks that tags are closed."""

    def __init__(self) -> None:
        super().__init__()
        self.classes: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "td":
            self.classes.append(dict(attrs).get("class") or "")
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_escaped() -> None:
    page = render_page(CELLS, "What & why", "about")
    cells = Cells()
    cells.feed(page)
    assert cells.open == []
    named = [name for name in cells.classes if name]
    assert named == ["proven", "counterexample", "unknown", "not-run", "not-modelled"]
    assert 'title="map.py:7: &lt;index&gt;"' in page and "<h1>What &amp; why</h1>" in page
