"""The kernel's last words."""

from __future__ import annotations

import struct

import pytest

from keelback.kernel import panic, state
from keelback.kernel.arch.aarch64.uart import pl011
from keelback.kernel.lines import put_location
from keelback.kernel.panic import stop_for_ram
from keelback.lang import u64
from keelback.lang.memory import write_bytes
from keelback.lang.registers import system_registers

TABLE = 0x7100_0000


class Ended(Exception):
    """The kernel stands still."""


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What the kernel sends to the UART."""
    bytes_sent: list[int] = []

    def sent(_offset: int, value: int) -> None:
        bytes_sent.append(value)

    monkeypatch.setattr(pl011, "on_write", sent)

    def end() -> None:
        raise Ended

    monkeypatch.setattr(panic, "end", end)
    state.boot.lines_address = u64(0)
    state.cores[0].panicking = False
    return bytes_sent


def install_lines(rows: list[tuple[int, int, int]], names: list[str]) -> None:
    """A line table of one image (docs/reference/line-table.md)."""
    header = 24 + 8 * len(names)
    files, texts = b"", b""
    for name in names:
        files += struct.pack("<II", header + len(texts), len(name))
        texts += name.encode()
    texts += bytes(-len(texts) % 4)
    body = b"".join(struct.pack("<IHH", *row) for row in rows)
    size = header + len(texts) + len(body)
    table = struct.pack("<IIII", 0x314E494C, 1, len(names), size)
    table += struct.pack("<II", header + len(texts), len(rows)) + files + texts + body
    write_bytes(TABLE, table)
    state.boot.lines_address = u64(TABLE)


@pytest.mark.parametrize(
    ("address", "place"),
    [
        (0x4008_0000, "a.py:10"),
        (0x4008_0007, "a.py:10"),
        (0x4008_0008, "bc.py:65535"),
        (0x4008_0FFF, "bc.py:65535"),
        (0x4008_1000, "0000000040081000"),
        (0x4007_FFFF, "000000004007ffff"),
        (0, "0000000000000000"),
    ],
)
def test_addresses_become_lines(said: list[int], address: int, place: str) -> None:
    install_lines([(0x4008_0000, 0, 10), (0x4008_0008, 1, 65535), (0x4008_1000, 0, 0)], ["a.py", "bc.py"])
    put_location(u64(address))
    assert bytes(said).decode() == place


def test_without_a_table_the_address_is_printed(said: list[int]) -> None:
    put_location(u64(0x1234))
    assert bytes(said).decode() == "0000000000001234"


def test_a_trap_is_told_with_its_kind_and_line(said: list[int]) -> None:
    install_lines([(0x4008_0000, 0, 10), (0x4008_1000, 0, 0)], ["a.py"])
    state.panic_context.program_counter = u64(0x4008_0004)
    system_registers["esr_el2"] = 0x3C << 26 | 0x1232
    with pytest.raises(Ended):
        panic.report(u64(4))
    text = bytes(said).decode()
    assert text.startswith("\npanic: INDEX at a.py:10, called from ")
    assert "x30 " in text


def test_another_exception_is_told_as_such(said: list[int]) -> None:
    system_registers.update({"esr_el2": 0x25 << 26, "far_el2": 0x55})
    with pytest.raises(Ended):
        panic.report(u64(4))
    assert "exception in the kernel" in bytes(said).decode()
    assert "address 0000000000000055" in bytes(said).decode()


def test_a_panic_in_a_panic_says_nothing_more(said: list[int]) -> None:
    state.cores[0].panicking = True
    with pytest.raises(Ended):
        panic.report(u64(4))
    assert said == []


def test_too_little_ram_is_told_in_bytes(said: list[int]) -> None:
    with pytest.raises(Ended):
        stop_for_ram(u64(1_234_567), u64(0))
    assert bytes(said).decode() == "\npanic: this system needs 1234567 bytes of RAM, and the device tree tells of 0\n"
