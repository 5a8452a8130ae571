"""What a component's thread did: from the syndrome to a fault kind (keelback.abi.faults)."""

from __future__ import annotations

from typing import Final

from keelback.abi import faults
from keelback.kernel.arch.aarch64 import floating_point
from keelback.kernel.arch.aarch64.registers import ESR_EL2, FAR_EL2
from keelback.kernel.state import threads
from keelback.lang import inline, noinline, u32, u64

HANDLED: Final = 0
"""Not a fault: the thread runs on."""

CLASS_UNDEFINED: Final = 0x00
CLASS_WAIT: Final = 0x01
CLASS_FLOATING_POINT: Final = 0x07
CLASS_SYSTEM_REGISTER: Final = 0x18
CLASS_SVE: Final = 0x19
CLASS_FETCH: Final = 0x20
CLASS_PC_ALIGNMENT: Final = 0x22
CLASS_DATA: Final = 0x24
CLASS_SP_ALIGNMENT: Final = 0x26
CLASS_BREAK: Final = 0x3C
STATUS_ALIGNMENT: Final = 0x21
WRITE_BIT: Final = 6
CACHE_BIT: Final = 8


@inline
def explain(index: u32) -> tuple[u64, u64, u64, u64]:
    """Fault kind or HANDLED, address, syndrome and immediate of the thread's synchronous exception."""
    syndrome = ESR_EL2.read()
    cause = syndrome >> 26 & 63
    if cause == CLASS_DATA or cause == CLASS_FETCH:
        return memory_kind(syndrome, cause == CLASS_FETCH), FAR_EL2.read(), syndrome, u64(0)
    return explain_other(index, syndrome, cause)


@noinline
def explain_other(index: u32, syndrome: u64, cause: u64) -> tuple[u64, u64, u64, u64]:
    """Everything but aborts."""
    if cause == CLASS_BREAK:
        return u64(faults.TRAP), u64(0), syndrome, syndrome & 0xFFFF
    if cause == CLASS_PC_ALIGNMENT or cause == CLASS_SP_ALIGNMENT:
        return u64(faults.ALIGNMENT), FAR_EL2.read(), syndrome, u64(0)
    if cause == CLASS_UNDEFINED or cause == CLASS_FLOATING_POINT:
        # With CPACR_EL1.FPEN = 0 a use of floating point is as undefined as any other instruction, so a thread gets the
        # registers on its first undefined instruction; one that is undefined even then is a fault.
        if threads[index].coprocessor == 0:
            floating_point.take_over(index)
            return u64(HANDLED), u64(0), syndrome, u64(0)
        return u64(faults.UNDEFINED), u64(0), syndrome, u64(0)
    is_undefined = cause == CLASS_WAIT or cause == CLASS_SYSTEM_REGISTER or cause == CLASS_SVE
    return u64(faults.UNDEFINED) if is_undefined else u64(faults.OTHER), u64(0), syndrome, u64(0)


@inline
def find_call_number() -> u64:
    """The immediate of the `svc` that is being carried out."""
    return ESR_EL2.read() & 0xFFFF


def memory_kind(syndrome: u64, is_fetch: bool) -> u64:
    """Fault kind of an abort."""
    status = syndrome & 63
    if status == STATUS_ALIGNMENT:
        return u64(faults.ALIGNMENT)
    if status >> 2 > 3:
        return u64(faults.OTHER)
    if is_fetch:
        return u64(faults.EXECUTE)
    is_write = syndrome.bit(WRITE_BIT) and not syndrome.bit(CACHE_BIT)
    return u64(faults.MEMORY_WRITE) if is_write else u64(faults.MEMORY_READ)


def explain_system_error() -> tuple[u64, u64, u64, u64]:
    """A system error (SError) while the thread ran."""
    return u64(faults.OTHER), u64(0), ESR_EL2.read(), u64(0)
