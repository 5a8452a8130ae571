"""A component that does one wrong thing, chosen by the parameter `misdeed`, as soon as it starts."""

from __future__ import annotations

from typing import Final

from keelback.lang import Array, Memory, array, asm, parameter, u64
from keelback.user.runtime import log

OVERFLOW: Final = 1
INDEX: Final = 2
ASSERTION: Final = 3
READ: Final = 4
WRITE_TO_CODE: Final = 5
HYPERCALL: Final = 6
DEEP_STACK: Final = 7
JUMP: Final = 8

MISDEED: Final = parameter("misdeed", 0)

numbers: Final[Array[u64]] = array(u64, 4)
nothing: Final = Memory(0x70_0000_0000, 4096)
code: Final = Memory(0x20_0000, 4096)


@asm("hvc #0", clobbers=("memory",))
def hypercall() -> None:
    """Model: on the host nobody is there to call."""


@asm("mov sp, {top}\nstr xzr, [sp, #-8]!", clobbers=("memory",))
def push_at(top: u64) -> None:
    """Model: as if the stack had grown down to `top`."""


@asm("br {target}", clobbers=("memory",))
def jump(target: u64) -> None:
    """Model: the host does not jump."""


def init() -> None:
    """Do it. Arguments are read from memory, so that the compiler cannot know them."""
    wanted = numbers[0]
    if MISDEED == OVERFLOW:
        numbers[1] = wanted - 1
    elif MISDEED == INDEX:
        numbers[wanted + 4] = u64(1)
    elif MISDEED == ASSERTION:
        assert wanted == 1
    elif MISDEED == READ:
        numbers[1] = nothing.load_u64(wanted)
    elif MISDEED == WRITE_TO_CODE:
        code.store_u64(wanted, u64(0))
    elif MISDEED == HYPERCALL:
        hypercall()
    elif MISDEED == DEEP_STACK:
        push_at(nothing.address_of(u64(2048)))
    elif MISDEED == JUMP:
        jump(nothing.address_of(wanted))
    log("still here")
