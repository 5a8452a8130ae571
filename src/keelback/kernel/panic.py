"""Panic: the kernel found a bug in itself, or a board that it cannot run on. Says where on the UART, and ends.

Nothing here is used while the system works; faults of components and guests never come here.
"""

from __future__ import annotations

from typing import Final

from keelback.kernel.arch import interface
from keelback.kernel.lines import put_location
from keelback.kernel.scheduler import this_core
from keelback.kernel.state import panic_context
from keelback.lang import entry, parameter, u32, u64, upto

ON_PANIC: Final = parameter("on_panic", 1)
"""After a panic: 0 = stand still, 1 = power off, 2 = reset."""

CLASS_BREAK: Final = 0x3C
LAST_TRAP: Final = 9


@entry("kernel_panic")
def report(vector: u64) -> None:
    """An exception was taken from EL2 to EL2: say everything that is known. The registers are in `panic_context`."""
    if this_core().panicking:
        end()
    this_core().panicking = True
    syndrome = interface.ESR_EL2.read()
    interface.put_text("\npanic: ")
    if vector == 4 and syndrome >> 26 & 63 == CLASS_BREAK:
        put_trap_name(syndrome & 15)
    else:
        interface.put_text("exception in the kernel")
    interface.put_text(" at ")
    put_location(panic_context.program_counter)
    interface.put_text(", called from ")
    put_location(panic_context.registers[30])
    put_value("\n  vector ", vector)
    put_value(" syndrome ", syndrome)
    put_value(" address ", interface.FAR_EL2.read())
    put_value("\n  thread ", u64(this_core().current))
    put_value(" pc ", panic_context.program_counter)
    put_value(" sp ", panic_context.stack_pointer)
    for index in upto(31):
        interface.put_text("\n  x" if index % 4 == 0 else " x")
        interface.put_decimal(index)
        put_value(" ", panic_context.registers[index])
    interface.put_text("\n")
    end()


def put_trap_name(kind: u64) -> None:
    """Name of a trap (keelback.lang.traps)."""
    if kind == 1:
        interface.put_text("OVERFLOW")
    elif kind == 2:
        interface.put_text("INDEX")
    elif kind == 3:
        interface.put_text("SHIFT")
    elif kind == 4:
        interface.put_text("DIVIDE")
    elif kind == 5:
        interface.put_text("NONE")
    elif kind == 6:
        interface.put_text("ASSERT")
    elif kind == 7:
        interface.put_text("CONVERT")
    elif kind == 8:
        interface.put_text("MEMORY")
    elif kind == LAST_TRAP:
        interface.put_text("UNREACHABLE")
    else:
        interface.put_text("unknown trap")


def put_value(name: str, value: u64) -> None:
    """A name and a number in hexadecimal."""
    interface.put_text(name)
    interface.put_hexadecimal(value)


def stop(reason: str) -> None:
    """End because the board is not what the image was built for."""
    interface.put_text("\npanic: ")
    interface.put_text(reason)
    interface.put_text("\n")
    end()


def stop_for_ram(needed_bytes: u64, found_bytes: u64) -> None:
    """End because the system does not fit into the RAM."""
    interface.put_text("\npanic: this system needs ")
    interface.put_decimal(needed_bytes)
    interface.put_text(" bytes of RAM, and the device tree tells of ")
    interface.put_decimal(found_bytes)
    interface.put_text("\n")
    end()


def stop_for_core(number: u32) -> None:
    """End because the firmware does not start a processor core."""
    interface.put_text("\npanic: the firmware does not start processor core ")
    interface.put_decimal(u64(number))
    interface.put_text(", which this system needs\n")
    end()


def end() -> None:
    """Off, reset, or stand still for good."""
    if ON_PANIC == 1:
        interface.power_off()
    elif ON_PANIC == 2:
        interface.power_reset()
    while True:
        interface.sleep()
