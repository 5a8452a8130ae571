"""The kernel's manual names every call, status, kind and right of the source, with its number, and no other."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import pytest

from keelback.abi import errors, objects, rights, signatures, syscalls

PAGES = Path(__file__).resolve().parents[2] / "docs" / "reference" / "kernel"
NO_CALLS = {"SYSTEM_CALL_COUNT", "OFF", "RESET"}
KIND_WORDS = {"scheduling context": "TIME", "capability table": "CAPABILITY_TABLE", "page table": "PAGE_TABLE"}
LINK = re.compile(r"\[([^\]]*)\]\(([^)#]*)[^)]*\)")


def constants_of(module: ModuleType, without: set[str]) -> dict[str, int]:
    """The numbers that a module of the ABI names."""
    return {name: value for name, value in vars(module).items() if isinstance(value, int) and name not in without}


def rows(page: str) -> list[list[str]]:
    """The cells of all rows of a page's tables."""
    lines = (PAGES / page).read_text().splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]


def numbered(cells: list[str]) -> dict[str, int]:
    """`7 NAME` in the first cell of rows, several in one with commas."""
    pairs = (item.split() for cell in cells for item in cell.split(","))
    return {pair[1]: int(pair[0]) for pair in pairs if len(pair) == 2 and pair[0].isdigit()}


def call_rows() -> list[list[str]]:
    return [row for row in rows("README.md") if len(row) == 4 and row[0][:1].isdigit()]


def test_every_call_is_in_the_table_of_calls() -> None:
    assert numbered([row[0] for row in call_rows()]) == constants_of(syscalls, NO_CALLS)


def test_every_status_is_in_the_table_of_statuses() -> None:
    found = numbered([row[0] for row in rows("README.md") if len(row) == 2])
    assert found == constants_of(errors, set())


@pytest.mark.parametrize("row", call_rows(), ids=lambda row: row[0].split()[1])
def test_a_calls_row_says_what_its_slot_must_hold(row: list[str]) -> None:
    names = list(numbered([row[0]]))
    needs = [need.strip() for need in row[2].split(",")]
    kinds = {KIND_WORDS.get(word, word.upper()) for word in LINK.sub(r"\1", row[1]).split(", ")}
    for name, need in zip(names, needs * len(names) if len(needs) == 1 else needs, strict=False):
        kind, right = signatures.SLOTS.get(getattr(syscalls, name), {}).get(8, (objects.NONE, 0))
        assert (getattr(rights, need) if need != "-" else 0) == right, name
        expected = {signatures.ANY: "ANY", objects.NONE: "-"}.get(kind) or name_of(objects, kind)
        assert expected in kinds, name
    assert len(needs) in (1, len(names))


def name_of(module: ModuleType, value: int) -> str:
    return next(name for name, number in constants_of(module, {"KIND_COUNT"}).items() if number == value)


@pytest.mark.parametrize("row", call_rows(), ids=lambda row: row[0].split()[1])
def test_a_calls_page_describes_it(row: list[str]) -> None:
    for _, target in LINK.findall(row[3]):
        text = (PAGES / target).read_text()
        assert [name for name in numbered([row[0]]) if name not in text] == []


def test_numbers_in_headings_are_the_calls() -> None:
    for page in PAGES.glob("*.md"):
        for heading in re.findall(r"^#+ (.*\(\d+\).*)$", page.read_text(), re.MULTILINE):
            for name, number in re.findall(r"([A-Z_]+) \((\d+)\)", heading):
                assert getattr(syscalls, name) == int(number), f"{page.name}: {heading}"


def test_every_kind_is_in_the_table_of_kinds() -> None:
    kinds = constants_of(objects, {"NONE", "KIND_COUNT"})
    assert numbered([row[0] for row in rows("pool.md")]) == kinds


def test_every_right_is_in_the_table_of_rights() -> None:
    named = constants_of(rights, {"ALL"})
    assert {row[0]: int(row[1]) for row in rows("capability.md") if row[0] in named} == named
