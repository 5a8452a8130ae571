"""The fault monitor: says in plain words which component did what and where, and leaves it stopped.

Handles the faults of all components that the system description gives it; their badges are 1 to `component_count`. It
cannot be made to wait or to fault by what a component did: it reads registers, never the component's memory. Does not
restart.
"""

from __future__ import annotations

from typing import Final

from keelback.abi import errors, faults
from keelback.lang import TrapKind, constants, parameter, text_parameter, u8, u64, upto
from keelback.user.runtime import (
    Message,
    end_line,
    put_character,
    put_hex,
    put_hex_digits,
    put_number,
    put_text,
    thread_read,
)
from keelback.user.services.monitor.lines import NOT_FOUND, find_row, line_of, name_count, name_offset, table

COMPONENT_COUNT: Final = parameter("component_count", 1)
NAME_BYTES: Final = 32
NAMES: Final = [
    text_parameter(f"component_{number}_name", "component").encode()[:NAME_BYTES]
    for number in range(1, COMPONENT_COUNT + 1)
]

names: Final = constants(u8, tuple(b"".join(name.ljust(NAME_BYTES, b"\0") for name in NAMES)))
thread_slots: Final = constants(
    u64, tuple(parameter(f"component_{number}_thread_slot", 0) for number in range(1, COMPONENT_COUNT + 1))
)

TRAP_KIND_MASK: Final = 15  # low bits of the immediate of `brk`
REGISTER_COUNT: Final = 31
REGISTERS_PER_LINE: Final = 4
LINK_REGISTER: Final = 30
STACK_POINTER: Final = 31

OVERFLOW: Final = int(TrapKind.OVERFLOW)
INDEX: Final = int(TrapKind.INDEX)
SHIFT: Final = int(TrapKind.SHIFT)
DIVIDE: Final = int(TrapKind.DIVIDE)
NONE: Final = int(TrapKind.NONE)
ASSERT: Final = int(TrapKind.ASSERT)
CONVERT: Final = int(TrapKind.CONVERT)
MEMORY: Final = int(TrapKind.MEMORY)
UNREACHABLE: Final = int(TrapKind.UNREACHABLE)


def fault(badge: u64, message: Message) -> bool:
    """Report, and leave the thread stopped."""
    if badge == 0 or badge > COMPONENT_COUNT:
        put_text("fault of an unknown component, badge ")
        put_number(badge)
        end_line()
        return False
    report(badge - 1, message)
    return False


def report(component: u64, message: Message) -> None:
    """All there is to say about one fault, most important first."""
    kind = message.words[0]
    address = message.words[1]
    put_name(component)
    put_text(" stopped: ")
    put_kind(kind, message.words[4])
    if kind == faults.MEMORY_READ or kind == faults.MEMORY_WRITE or kind == faults.ALIGNMENT:
        put_text(" at ")
        put_hex(message.words[2])
    end_line()
    put_text("  in ")
    put_place(component, address)
    put_text(", pc ")
    put_hex(address)
    put_text(", esr ")
    put_hex(message.words[3])
    end_line()
    if thread_slots[component] == 0:
        put_text("  its registers are private")
        end_line()
        return
    report_caller(component)
    report_registers(component)


def report_caller(component: u64) -> None:
    """Where the function that faulted returns to, as far as the link register still says so."""
    status, link = thread_read(thread_slots[component], u64(LINK_REGISTER))
    if status == errors.OK and link >= 4 and find_row(component, link - 4) != NOT_FOUND:
        put_text("  called from ")
        put_place(component, link - 4)
        end_line()


def report_registers(component: u64) -> None:
    """x0 to x30 and sp, four to a line."""
    for register in upto(REGISTER_COUNT + 1):
        status, value = thread_read(thread_slots[component], register)
        if status != errors.OK:
            put_text("  registers cannot be read, status ")
            put_number(status)
            end_line()
            return
        put_register(register, value)
        if register % REGISTERS_PER_LINE == REGISTERS_PER_LINE - 1:
            end_line()


def put_register(register: u64, value: u64) -> None:
    """Name and value, in a fixed width."""
    if register == STACK_POINTER:
        put_text("  sp  ")
    else:
        put_text("  x")
        put_number(register)
        put_text(" ")
        if register < 10:
            put_text(" ")
    put_hex_digits(value, u64(16))


def put_name(component: u64) -> None:
    """The component's name."""
    for place in upto(NAME_BYTES):
        value = names[component * NAME_BYTES + place]
        if value != 0:
            put_character(value)


def put_place(component: u64, address: u64) -> None:
    """`file:line` of an address of code, or the address if the table does not know it."""
    row = find_row(component, address)
    start = name_offset(row) if row != NOT_FOUND else u64(NOT_FOUND)
    if start == NOT_FOUND:
        put_text("unknown source")
        return
    for place in upto(name_count(row)):
        put_character(table.load_u8(start + place))
    put_text(":")
    put_number(line_of(row))


def put_kind(kind: u64, immediate: u64) -> None:
    """The kind of fault in words."""
    if kind == faults.MEMORY_READ:
        put_text("fault: read of memory it does not have")
    elif kind == faults.MEMORY_WRITE:
        put_text("fault: write to memory it does not have or may only read")
    elif kind == faults.EXECUTE:
        put_text("fault: execution of memory that is not code")
    elif kind == faults.UNDEFINED:
        put_text("fault: instruction that a component may not execute")
    elif kind == faults.TRAP:
        put_text("trap: ")
        put_trap(immediate & TRAP_KIND_MASK)
    elif kind == faults.ALIGNMENT:
        put_text("fault: misaligned address")
    elif kind == faults.OVERRUN:
        put_text("fault: ran longer than its budget")
    else:
        put_text("fault of kind ")
        put_number(kind)


def put_trap(kind: u64) -> None:
    """The kind of trap in words; the kinds are keelback.lang's."""
    if kind == OVERFLOW:
        put_text("arithmetic overflow")
    elif kind == INDEX:
        put_text("index out of range")
    elif kind == SHIFT:
        put_text("shift by the width or more")
    elif kind == DIVIDE:
        put_text("division by zero")
    elif kind == NONE:
        put_text("use of None")
    elif kind == ASSERT:
        put_text("assertion failed")
    elif kind == CONVERT:
        put_text("value does not fit the type it is converted to")
    elif kind == MEMORY:
        put_text("access outside a memory window")
    elif kind == UNREACHABLE:
        put_text("reached what was meant to be unreachable")
    else:
        put_text("brk")
