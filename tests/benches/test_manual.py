"""Each page of the kernel's manual tells the recorded cost of each of its calls."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from benches.calls import CASES, UNMEASURED
from benches.manual import MANUAL, call_name, cost_table, document_calls, measured, pages_of_calls, split_page
from benches.operations import CALLS, EXCEPTIONS, GUEST_CALLS, OPERATIONS
from benches.record import load_record
from keelback.abi import syscalls

PAGES = pages_of_calls()
NO_CALLS = {"SYSTEM_CALL_COUNT", "OFF", "RESET"}


def test_every_call_has_a_page() -> None:
    assert PAGES.keys() == {name for name in vars(syscalls) if name.isupper()} - NO_CALLS


@pytest.mark.parametrize("page", sorted(set(PAGES.values())))
def test_a_page_shows_what_is_recorded(page: str) -> None:
    _, table, _ = split_page((MANUAL / page).read_text())
    assert table == cost_table(load_record(), page), "python -m benches --record writes both"


def test_every_operation_is_of_a_call_or_of_another_entry() -> None:
    assert CALLS.keys() | EXCEPTIONS.keys() == {name for name, row in OPERATIONS.items() if row.visits == 1}
    assert set(CALLS.values()) <= PAGES.keys()


def test_no_measured_call_costs_more_than_at_most() -> None:
    recorded = load_record()
    for name, call in CALLS.items():
        assert recorded[f"kernel.{name}.instructions"] <= recorded[f"bounds.{call}.instructions"], name
    for call in CASES:
        assert recorded[call_name(call)] <= recorded[f"bounds.{call}.instructions"], call


def test_every_call_was_measured_but_two() -> None:
    guests = {call for call, _ in GUEST_CALLS.values()}
    assert sorted([*set(CALLS.values()), *guests, *CASES, *UNMEASURED]) == sorted(PAGES)
    assert [call for call in PAGES if measured(load_record(), call) == "-"] == list(UNMEASURED)


def test_all_cases_of_a_call_are_told() -> None:
    recorded = {"kernel.signal_waiter.instructions": 7.0, "kernel.signal_no_waiter.instructions": 5.0}
    assert measured(recorded, "SIGNAL") == "7 (signal, a higher priority waits); 5 (signal, nobody waits)"
    assert measured(recorded, "WAIT") == "-"
    assert measured({call_name("ACCEPT"): 40.0}, "ACCEPT") == "40"
    assert measured({call_name("POLL"): 50.0}, "POLL") == "50 (nothing is there)"


def test_only_the_table_is_rewritten(tmp_path: Path) -> None:
    folder = tmp_path / "kernel"
    shutil.copytree(MANUAL, folder)
    recorded = {**load_record(), "bounds.NULL.instructions": 4711.0}
    document_calls(recorded, folder)
    changed = [path.name for path in MANUAL.glob("*.md") if path.read_text() != (folder / path.name).read_text()]
    assert changed == ["README.md"]
    assert "| 4711 |" in (folder / "README.md").read_text()
