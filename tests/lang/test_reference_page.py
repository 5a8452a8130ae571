"""The examples of docs/reference/language.md run, in order, as one module."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import keelback.lang
from keelback.lang import TrapKind
from keelback.lang.memory import forget_memory

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "language.md"


def example_lines() -> str:
    """The page with everything but its examples blanked, so that line numbers in errors are the page's."""
    kept: list[str] = []
    inside = False
    for line in PAGE.read_text().splitlines():
        if line.startswith("```"):
            inside = line == "```python"
            kept.append("")
        else:
            kept.append(line if inside else "")
    return "\n".join(kept)


def test_the_examples_run() -> None:
    forget_memory()
    namespace: dict[str, Any] = {"__name__": "reference_page"}
    exec(compile(example_lines(), str(PAGE), "exec", dont_inherit=True), namespace)
    assert len(namespace["threads"]) == 8


@pytest.mark.parametrize("name", sorted(set(keelback.lang.__all__) - {"FieldLayout"}))
def test_every_public_name_is_explained(name: str) -> None:
    assert re.search(rf"\b{name}\b", PAGE.read_text())


def test_the_table_of_traps_is_complete() -> None:
    rows = re.findall(r"^\| (\d+) \| ([A-Z]+) \|", PAGE.read_text(), re.MULTILINE)
    assert [(int(number), name) for number, name in rows] == [(kind.value, kind.name) for kind in TrapKind]
