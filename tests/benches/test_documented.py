"""The figures in the documentation are the recorded ones."""

from __future__ import annotations

from pathlib import Path

from benches.documented import PAGE, PART, document, figures
from benches.record import load_record


def test_the_page_shows_what_is_recorded() -> None:
    part = PART.search(PAGE.read_text())
    assert part is not None
    assert part[2] == figures(load_record()), "python -m benches --record writes both"


def test_only_the_marked_part_is_rewritten(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- recorded: begin -->\nold\n<!-- recorded: end -->\nafter\n")
    document(load_record(), page)
    text = page.read_text()
    assert text.startswith("before\n<!-- recorded: begin -->\n### Kernel operations")
    assert text.endswith("<!-- recorded: end -->\nafter\n")
    assert "old" not in text
