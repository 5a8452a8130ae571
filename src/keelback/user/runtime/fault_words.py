"""What a thread did, in words, from the message that its handler gets (keelback.abi.faults). Adds to the log line."""

from __future__ import annotations

from typing import Final

from keelback.abi import faults
from keelback.lang import TrapKind, u64
from keelback.user.runtime.log import put_hex, put_number, put_text
from keelback.user.runtime.messages import Message

TRAP_KIND_MASK: Final = 15  # low bits of the immediate of `brk`
OVERFLOW: Final = int(TrapKind.OVERFLOW)
INDEX: Final = int(TrapKind.INDEX)
SHIFT: Final = int(TrapKind.SHIFT)
DIVIDE: Final = int(TrapKind.DIVIDE)
NONE: Final = int(TrapKind.NONE)
ASSERT: Final = int(TrapKind.ASSERT)
CONVERT: Final = int(TrapKind.CONVERT)
MEMORY: Final = int(TrapKind.MEMORY)
UNREACHABLE: Final = int(TrapKind.UNREACHABLE)


def put_fault(message: Message) -> None:
    """The kind of fault, and the address of the memory if it is about memory."""
    kind = message.words[0]
    put_kind(kind, message.words[4])
    if kind == faults.MEMORY_READ or kind == faults.MEMORY_WRITE or kind == faults.ALIGNMENT:
        put_text(" at ")
        put_hex(message.words[2])


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
