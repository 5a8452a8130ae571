"""The fault monitor: says in plain words which component did what and where, and leaves it stopped.

Handles the faults of all components that the system description gives it; their badges are 1 to `component_count`. It
cannot be made to wait or to fault by what a component did: it reads registers, never the component's memory. Does not
restart.
"""

from __future__ import annotations

from typing import Final

from keelback.abi import errors
from keelback.lang import Memory, constants, parameter, text_parameter, u8, u64, upto
from keelback.user.runtime import (
    Message,
    end_line,
    put_character,
    put_hex,
    put_hex_digits,
    put_number,
    put_text,
    source_lines,
    thread_read,
)
from keelback.user.runtime.fault_words import put_fault

COMPONENT_COUNT: Final = parameter("component_count", 1)
LINES_ADDRESS: Final = parameter("lines_address", 0)
LINES_SIZE: Final = parameter("lines_size", 0)
NAME_BYTES: Final = 32
NAMES: Final = [
    text_parameter(f"component_{number}_name", "component").encode()[:NAME_BYTES]
    for number in range(1, COMPONENT_COUNT + 1)
]

names: Final = constants(u8, tuple(b"".join(name.ljust(NAME_BYTES, b"\0") for name in NAMES)))
thread_slots: Final = constants(
    u64, tuple(parameter(f"component_{number}_thread_slot", 0) for number in range(1, COMPONENT_COUNT + 1))
)

REGISTER_COUNT: Final = 31
REGISTERS_PER_LINE: Final = 4
LINK_REGISTER: Final = 30
STACK_POINTER: Final = 31

table: Final = Memory(LINES_ADDRESS, max(LINES_SIZE, source_lines.HEADER_BYTES))


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
    address = message.words[1]
    put_name(component)
    put_text(" stopped: ")
    put_fault(message)
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
    if status == errors.OK and link >= 4 and is_known(component, link - 4):
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


def is_known(component: u64, address: u64) -> bool:
    """The table knows the source line of an address."""
    row = source_lines.find_row(table, u64(0), u64(LINES_SIZE), component, address)
    return row != source_lines.NOT_FOUND


def put_place(component: u64, address: u64) -> None:
    """`file:line` of an address of code, or that the table does not know it."""
    source_lines.put_place(table, u64(0), u64(LINES_SIZE), component, address)
