"""The fault monitor: what its report says, and that nothing a component does or lacks keeps it from going on."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keelback.abi import faults, syscalls
from keelback.lang import TrapKind, u64
from keelback.lang.memory import write_bytes
from keelback.sdk.image.line_tables import build_line_table, find_line, tidy_rows
from tests.user.host import Component, Ring, Words, load

LOG, LINES = 0x5700_0000, 0x5710_0000
VAULT_SLOT, CLERK_SLOT = 5, 6

TABLE = build_line_table(
    [
        tidy_rows([(0x20_0000, "examples/vault/vault.py", 40), (0x20_0010, "examples/vault/vault.py", 41)], 0x20_0100),
        tidy_rows([(0x20_0000, "examples/vault/clerk.py", 7)], 0x20_0040),
    ]
)


class Monitor:
    """A monitor of two components; `registers` is what their threads hold."""

    def __init__(self, table: bytes = TABLE, size: int | None = None, *, private: bool = False) -> None:
        self.ring = Ring(LOG)
        write_bytes(LINES, table)
        self.registers: dict[tuple[int, int], int] = {}
        parameters: dict[str, int | str] = {
            "log_address": LOG,
            "log_slot": 3,
            "component_count": 2,
            "component_1_name": "vault",
            "component_1_thread_slot": VAULT_SLOT,
            "component_2_name": "clerk",
            "component_2_thread_slot": CLERK_SLOT,
            "lines_address": LINES,
            "lines_size": len(table) if size is None else size,
        }
        if private:
            del parameters["component_1_thread_slot"]
        self.component: Component = load("keelback.user.services.monitor.main", parameters)
        self.component.kernel.handlers[syscalls.THREAD_READ] = self.read_register

    def read_register(self, slot: int, words: Words) -> Words:
        return (0, 0, 0, self.registers.get((slot, words[0]), 0))

    def fault(self, badge: int, *words: int) -> list[str]:
        """Deliver a fault; the lines of the report."""
        message: Any = self.component.module("keelback.user.runtime.messages").Message()
        for index, word in enumerate(words):
            message.words[index] = u64(word)
        assert self.component.root.fault(u64(badge), message) is False
        return self.ring.drain().decode().splitlines()


def test_a_trap_is_reported_with_its_source_line_and_registers() -> None:
    monitor = Monitor()
    monitor.registers = {(VAULT_SLOT, register): register * 0x11 for register in range(32)}
    monitor.registers[VAULT_SLOT, 30] = 0x20_0014
    report = monitor.fault(1, faults.TRAP, 0x20_0004, 0, 0xF200_0011, 0x120 | int(TrapKind.OVERFLOW))
    assert report[:3] == [
        "vault stopped: trap: arithmetic overflow",
        "  in examples/vault/vault.py:40, pc 0x0000000000200004, esr 0x00000000f2000011",
        "  called from examples/vault/vault.py:41",
    ]
    assert report[3] == "  x0  0000000000000000  x1  0000000000000011  x2  0000000000000022  x3  0000000000000033"
    assert report[-1] == "  x28 00000000000001dc  x29 00000000000001ed  x30 0000000000200014  sp  000000000000020f"
    assert len(report) == 11


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (faults.MEMORY_READ, "fault: read of memory it does not have at 0x0000000055000128"),
        (faults.MEMORY_WRITE, "fault: write to memory it does not have or may only read at 0x0000000055000128"),
        (faults.EXECUTE, "fault: execution of memory that is not code"),
        (faults.UNDEFINED, "fault: instruction that a component may not execute"),
        (faults.ALIGNMENT, "fault: misaligned address at 0x0000000055000128"),
        (faults.OVERRUN, "fault: ran longer than its budget"),
        (faults.OTHER, "fault of kind 8"),
        (2**64 - 1, "fault of kind 18446744073709551615"),
    ],
)
def test_every_kind_is_said_in_words(kind: int, words: str) -> None:
    assert Monitor().fault(2, kind, 0x20_0000, 0x5500_0128)[0] == f"clerk stopped: {words}"


@pytest.mark.parametrize("kind", list(TrapKind))
def test_every_trap_has_words(kind: TrapKind) -> None:
    line = Monitor().fault(1, faults.TRAP, 0x20_0000, 0, 0, int(kind))[0]
    assert line.startswith("vault stopped: trap: ")
    assert not line.endswith("brk")


def test_a_breakpoint_of_other_code_is_just_that() -> None:
    assert Monitor().fault(1, faults.TRAP, 0, 0, 0, 0)[0] == "vault stopped: trap: brk"


def test_the_right_image_is_searched() -> None:
    assert "examples/vault/clerk.py:7," in Monitor().fault(2, faults.EXECUTE, 0x20_0020)[1]


@pytest.mark.parametrize("address", [0, 0x1F_FFFF, 0x20_0040, 2**64 - 1])
def test_an_address_outside_the_text_has_no_source(address: int) -> None:
    assert Monitor().fault(2, faults.EXECUTE, address)[1].startswith("  in unknown source, pc ")


@pytest.mark.parametrize("badge", [0, 3, 2**64 - 1])
def test_an_unknown_badge_is_reported_as_such(badge: int) -> None:
    assert Monitor().fault(badge, faults.TRAP) == [f"fault of an unknown component, badge {badge}"]


def test_a_private_component_keeps_its_registers_to_itself() -> None:
    monitor = Monitor(private=True)
    monitor.registers[(0, 0)] = 0x5EC2E7
    report = monitor.fault(1, faults.TRAP, 0x20_0004)
    assert report[0].startswith("vault stopped: ")
    assert report[-1] == "  its registers are private"
    assert len(report) == 3 and "5ec2e7" not in "".join(report)


def test_registers_that_cannot_be_read_cost_the_registers_only() -> None:
    monitor = Monitor()
    monitor.component.kernel.handlers[syscalls.THREAD_READ] = lambda slot, words: (4,)
    report = monitor.fault(1, faults.TRAP, 0x20_0004)
    assert report[-1] == "  registers cannot be read, status 4"
    assert len(report) == 3


def test_without_a_table_the_address_is_left() -> None:
    assert "unknown source, pc 0x0000000000200004" in Monitor(b"", 0).fault(1, faults.TRAP, 0x20_0004)[1]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(TABLE) - 1), st.integers(0, 255), st.integers(0, 2**32))
def test_a_damaged_table_stops_no_report(place: int, value: int, address: int) -> None:
    table = bytearray(TABLE)
    table[place] = value
    assert Monitor(bytes(table)).fault(1, faults.EXECUTE, address)[0].startswith("vault stopped")


@pytest.mark.parametrize("size", range(0, len(TABLE), 3))
def test_a_table_cut_short_stops_no_report(size: int) -> None:
    assert Monitor(TABLE, size).fault(1, faults.EXECUTE, 0x20_0010)[0].startswith("vault stopped")


addresses = st.integers(0, 400).map(lambda place: 0x20_0000 + 4 * place)
rows = st.lists(st.tuples(addresses, st.sampled_from(["a.py", "folder/b.py"]), st.integers(1, 70000)), max_size=30)


@settings(max_examples=30, deadline=None)
@given(rows, st.lists(addresses, max_size=20))
def test_bisection_finds_what_a_plain_search_finds(given_rows: list[tuple[int, str, int]], asked: list[int]) -> None:
    table = build_line_table([tidy_rows(given_rows, 0x20_0000 + 4 * 401)])
    monitor = Monitor(table)
    lines: Any = monitor.component.module("keelback.user.runtime.source_lines")
    where = monitor.component.module("keelback.user.services.monitor.main").table, u64(0), u64(len(table))
    for address in asked:
        row = lines.find_row(*where, u64(0), u64(address))
        expected = find_line(table, 0, address)
        assert (row != lines.NOT_FOUND) == (expected is not None)
        if expected is not None:
            start, count = int(lines.name_offset(*where, row)), int(lines.name_count(*where, row))
            assert (table[start : start + count].decode(), lines.line_of(*where, row)) == expected
