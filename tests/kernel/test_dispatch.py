"""The two ways from a call's number to who serves it: the table that the entry stub uses, and `call_object`."""

from __future__ import annotations

from typing import Any

import pytest

from keelback.abi import syscalls
from keelback.kernel import dispatch
from keelback.kernel.state import cores, threads
from keelback.lang import u64
from keelback.lang.assembly import function_notes

BY_NUMBER = "kernel_call_by_number"


def served() -> list[str]:
    """The table's entries by number: `{module.function}`, or a stub's symbol."""
    naked = function_notes(dispatch.calls).naked
    assert naked is not None
    lines = [line.strip().removeprefix(".quad ") for line in naked.template.strip().splitlines()]
    return [name.strip() for line in lines for name in line.split(",")]


DIRECT = [(number, name.strip("{}")) for number, name in enumerate(served()) if name != BY_NUMBER]


def test_the_table_has_all_numbers_below_the_entries_of_their_own() -> None:
    assert len(served()) == syscalls.REPLY_RECEIVE
    assert served()[syscalls.CALL] == BY_NUMBER, "CALL never gets there"
    assert len(DIRECT) > 30


@pytest.mark.parametrize(("number", "name"), DIRECT)
def test_the_table_names_whom_call_object_calls(number: int, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    where: Any = dispatch
    *modules, function = name.split(".")
    for module in modules:
        where = getattr(where, module)
    asked: list[Any] = []

    def serve(calling: Any) -> u64:
        asked.append(calling)
        return u64(4711)

    monkeypatch.setattr(where, function, serve)
    assert dispatch.call_object(u64(number), cores[0], threads[1]) == 4711
    assert asked == [threads[1]]
