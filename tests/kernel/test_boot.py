"""Booting, and why the kernel does not boot, in CPython with modelled devices."""

from __future__ import annotations

import struct
from collections.abc import Callable

import libfdt
import pytest

from keelback.kernel import boot, entry, panic, state
from keelback.kernel.arch import interface
from keelback.kernel.arch.aarch64 import gic, uart
from keelback.kernel.arch.aarch64.start import WINDOW_BASE
from keelback.kernel.objects import interrupt
from keelback.lang import PhysAddr, address_of, u8, u32, u64
from keelback.lang.memory import write_bytes
from keelback.lang.registers import system_registers
from tests.kernel.support import LINE, SERVER

TREE = 0x4820_1000
KERNEL = 0x4008_0000
RAM_END = 0x5000_0000
FEATURES = "s3_4_c12_c11_1"
CONTROL_WAITS = 1 << 31
LINES = 64 // 32 - 1


class Ended(Exception):
    """The kernel stands still."""


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What the kernel sends to the UART; it cannot sleep."""
    bytes_sent: list[int] = []

    def sent(_offset: int, value: int) -> None:
        bytes_sent.append(value)

    def sleep() -> None:
        raise Ended

    monkeypatch.setattr(uart.pl011, "on_write", sent)
    monkeypatch.setattr(interface, "sleep", sleep)
    return bytes_sent


def reads(values: dict[int, int]) -> Callable[[int], int]:
    """A device that always answers so, by offset."""
    return lambda offset: values.get(offset, 0)


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> None:
    """RAM, a device tree that tells of it, and an interrupt controller; the threads wait to run already."""
    tree = libfdt.FdtSw()
    tree.finish_reservemap()
    with tree.add_node(""):
        tree.property_u32("#address-cells", 2)
        tree.property_u32("#size-cells", 2)
        with tree.add_node("memory@40000000"):
            tree.property("reg", struct.pack(">QQ", 0x4000_0000, 0x1000_0000))
    write_bytes(WINDOW_BASE + (TREE & 0x1F_FFFF), bytes(tree.as_fdt().as_bytearray()))
    state.boot.el2_table, state.boot.window_table = PhysAddr(KERNEL), PhysAddr(0x4010_0000)
    state.boot.needed_ram_end = u64(RAM_END)
    for device in (gic.gicd, gic.gicr):
        monkeypatch.setattr(device, "bus", {})
    gic.gicd.bus[4] = LINES
    system_registers[FEATURES] = 4 << 26 | 3
    monkeypatch.setattr(boot, "commit_start_all", lambda: None)
    monkeypatch.setattr(gic, "WAIT_LIMIT", 3)


def test_the_best_thread_runs_first(board: None) -> None:
    assert entry.start(u64(TREE)) == address_of(state.threads[SERVER])
    assert state.cores[0].online
    assert gic.gicd.bus[0] == 0x12
    assert gic.gicd.bus[0x184] == u32.MAX and 0x180 not in gic.gicd.bus, "private lines are the redistributors'"
    assert gic.gicd.bus[0x100 + LINE // 32 * 4] == 1 << LINE % 32


def test_an_interrupt_for_nobody_stays_off(board: None) -> None:
    state.interrupts[1].notification = u32(0)
    interrupt.line_owners[LINE] = type(interrupt.line_owners[LINE])(0)
    entry.start(u64(TREE))
    assert interrupt.line_owners[LINE] == 1
    assert 0x100 + LINE // 32 * 4 not in gic.gicd.bus


def test_another_core_starts_with_its_own_best(board: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert entry.start_secondary() == address_of(state.threads[SERVER])
    assert state.cores[0].online and 0 not in gic.gicd.bus, "the distributor is the first core's"


def test_too_little_ram_ends_it(board: None, said: list[int]) -> None:
    state.boot.needed_ram_end = u64(RAM_END + 1)
    with pytest.raises(Ended):
        entry.start(u64(TREE))
    assert "needs 268435457 bytes of RAM, and the device tree tells of 268435456" in bytes(said).decode()


def test_a_distributor_that_does_not_answer_ends_it(
    board: None, said: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gic.gicd, "on_read", reads({0: CONTROL_WAITS, 4: LINES}))
    with pytest.raises(Ended):
        entry.start(u64(TREE))
    assert bytes(said).decode() == "\npanic: the interrupt controller does not answer\n"


def test_a_redistributor_that_sleeps_on_ends_it(board: None, said: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gic.gicr, "on_read", reads({0x14: 4}))
    with pytest.raises(Ended):
        entry.start_secondary()
    assert bytes(said).decode() == "\npanic: the interrupt controller is not a GICv3 as expected\n"


def test_a_core_that_does_not_start_is_told(said: list[int]) -> None:
    with pytest.raises(Ended):
        panic.stop_for_core(u32(3))
    assert bytes(said).decode() == "\npanic: the firmware does not start processor core 3, which this system needs\n"


@pytest.mark.parametrize(("action", "asked"), [(0, []), (1, ["off"]), (2, ["reset"])])
def test_a_panic_ends_as_the_description_says(
    said: list[int], monkeypatch: pytest.MonkeyPatch, action: int, asked: list[str]
) -> None:
    done: list[str] = []

    def note(what: str) -> Callable[[], None]:
        return lambda: done.append(what)

    monkeypatch.setattr(panic, "ON_PANIC", action)
    monkeypatch.setattr(interface, "power_off", note("off"))
    monkeypatch.setattr(interface, "power_reset", note("reset"))
    with pytest.raises(Ended):
        panic.end()
    assert done == asked


NAMES = ("OVERFLOW", "INDEX", "SHIFT", "DIVIDE", "NONE", "ASSERT", "CONVERT", "MEMORY", "UNREACHABLE", "unknown trap")


@pytest.mark.parametrize(("kind", "name"), list(enumerate(NAMES, start=1)))
def test_traps_have_names(said: list[int], kind: int, name: str) -> None:
    panic.put_trap_name(u64(kind))
    assert bytes(said).decode() == name


@pytest.mark.parametrize("count", [2, 5])
def test_a_uart_that_is_full_is_waited_for_and_then_given_up(
    said: list[int], monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    asked: list[int] = []

    def status(offset: int) -> int:
        asked.append(offset)
        return 0 if len(asked) > count else 1 << uart.TRANSMIT_FULL

    monkeypatch.setattr(uart, "WAIT_LIMIT", 4)
    monkeypatch.setattr(uart.pl011, "on_read", status)
    uart.put(u8(65))
    assert len(asked) == min(count + 1, 4) and said == [65]
