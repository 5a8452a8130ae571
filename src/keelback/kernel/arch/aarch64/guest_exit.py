"""Why a guest stopped: from the syndrome to the words that its monitor gets (keelback.abi.vcpu).

Nothing a guest does is trusted: every register and syndrome value is possible here, and each ends in an exit or is
answered. ESR encodings: Arm DDI 0487, D17.2.37.
"""

from __future__ import annotations

from typing import Final

from keelback.abi import vcpu as abi
from keelback.kernel.arch.aarch64 import floating_point
from keelback.kernel.arch.aarch64.guest_registers import answer
from keelback.kernel.arch.aarch64.registers import ESR_EL2, FAR_EL2, HPFAR_EL2, PAR_EL1
from keelback.kernel.state import (
    ACCESS_HYPERCALL,
    ACCESS_LOAD,
    ACCESS_NONE,
    ACCESS_REGISTER,
    FIRST_VCPU_OWNER,
    Thread,
    Vcpu,
    vcpus,
)
from keelback.lang import Array, asm, inline, noinline, u8, u32, u64

HANDLED: Final = 0x100
"""Not an exit: the guest runs on."""
IDLE: Final = 0x101
"""The guest executed wfi."""

CLASS_WAIT: Final = 0x01
CLASS_FLOATING_POINT: Final = 0x07
CLASS_HYPERCALL: Final = 0x16
CLASS_SECURE_CALL: Final = 0x17
CLASS_SYSTEM_REGISTER: Final = 0x18
CLASS_FETCH: Final = 0x20
CLASS_DATA: Final = 0x24

LENGTH_BIT: Final = 25
VALID_BIT: Final = 24
SIGN_BIT: Final = 21
SIXTY_FOUR_BIT: Final = 15
WALK_BIT: Final = 7
WRITE_BIT: Final = 6
PERMISSION_FAULT: Final = 3
"""Fault status 0b0011xx; 1 is a translation fault, 2 an access flag fault."""


@inline
def read_syndrome() -> u64:
    """The syndrome of the exception that was taken."""
    return ESR_EL2.read()


@inline
def is_common(syndrome: u64) -> bool:
    """Whether an exception is a hypercall, or an access to memory that is not there."""
    cause = syndrome >> 26 & 63
    kind = syndrome >> 2 & 15
    return cause == CLASS_HYPERCALL or (cause == CLASS_DATA and kind != 0 and kind < PERMISSION_FAULT)


@inline
def explain_common(index: u32, thread: Thread, syndrome: u64) -> u64:
    """As explain, if the exception is_common."""
    vcpu = vcpus[index]
    vcpu.syndrome = syndrome
    if syndrome >> 26 & 63 == CLASS_HYPERCALL:
        return explain_call(vcpu, thread.context.registers, syndrome, u64(abi.HYPERCALL))
    return explain_access(vcpu, thread.context.registers, syndrome, False, fault_page())


@inline
def explain(index: u32, thread: Thread, syndrome: u64) -> u64:
    """Explain a synchronous exception of vcpu `index`: HANDLED, IDLE, or an exit reason with its details in x1..x6 of
    its monitor's thread."""
    vcpu = vcpus[index]
    vcpu.syndrome = syndrome
    cause = syndrome >> 26 & 63
    if cause == CLASS_DATA or cause == CLASS_FETCH:
        return explain_memory(vcpu, thread.context.registers, syndrome, cause == CLASS_FETCH)
    if cause == CLASS_HYPERCALL:
        return explain_call(vcpu, thread.context.registers, syndrome, u64(abi.HYPERCALL))
    if cause == CLASS_SYSTEM_REGISTER:
        return explain_register(vcpu, thread.context.registers, syndrome)
    if cause == CLASS_WAIT:
        skip(vcpu)
        return u64(IDLE) if syndrome & 1 == 0 else u64(HANDLED)
    if cause == CLASS_SECURE_CALL:
        skip(vcpu)
        return explain_call(vcpu, thread.context.registers, syndrome, u64(abi.SECURE_CALL))
    if cause == CLASS_FLOATING_POINT:
        floating_point.take_over(index + FIRST_VCPU_OWNER)
        return u64(HANDLED)
    return explain_other(vcpu, thread.context.registers, syndrome)


def explain_system_error(index: u32, thread: Thread) -> u64:
    """Explain a system error (SError) that was taken while the vcpu ran."""
    vcpus[index].syndrome = ESR_EL2.read()
    return explain_other(vcpus[index], thread.context.registers, ESR_EL2.read())


def undo(index: u32) -> None:
    """Let a guest whose exit nobody waits for any more do again what it stopped for. The return address is behind the
    instruction for `hvc` alone (Arm DDI 0487, D1.3.1.2)."""
    if ESR_EL2.read() >> 26 & 63 == CLASS_HYPERCALL:
        context = vcpus[index].context
        context.program_counter = context.program_counter.wrapping_sub(u64(4))


@inline
def instruction_bytes(syndrome: u64) -> u64:
    """Length of the trapped instruction: ESR.IL says whether it is 4, not 2."""
    return (syndrome >> (LENGTH_BIT - 1) & 2) + 2


@inline
def load_register(syndrome: u64) -> u64:
    """Number of the register that a trapped load fills; 31 is xzr."""
    return syndrome >> 16 & 31


@inline
def system_register_target(syndrome: u64) -> u64:
    """Number of the register that a trapped mrs fills; 31 is xzr."""
    return syndrome >> 5 & 31


@inline
def load_value(syndrome: u64, value: u64) -> u64:
    """What a trapped load puts into its register: cut to the access's size, and extended as its instruction says."""
    spare = u64(64) - (u64(8) << (syndrome >> 22 & 3))
    value = value << spare >> spare
    if not syndrome.bit(SIGN_BIT):
        return value
    sign = u64(1) << (u64(63) - spare)
    value = (value ^ sign).wrapping_sub(sign)
    return value if syndrome.bit(SIXTY_FOUR_BIT) else value & 0xFFFF_FFFF


@inline
def skip(vcpu: Vcpu) -> None:
    """Move the guest behind the trapped instruction."""
    length = instruction_bytes(vcpu.syndrome)
    vcpu.context.program_counter = vcpu.context.program_counter.wrapping_add(length)


@inline
def register_of(vcpu: Vcpu, number: u64) -> u64:
    """Value of x0..x30 or xzr."""
    return vcpu.context.registers[number] if number < 31 else u64(0)


@inline
def explain_memory(vcpu: Vcpu, details: Array[u64], syndrome: u64, is_fetch: bool) -> u64:
    """A stage-2 fault. Anything else that comes as an abort is a FAULT."""
    kind = syndrome >> 2 & 15
    if kind == 0 or kind > PERMISSION_FAULT:
        return explain_other(vcpu, details, syndrome)
    return explain_access(vcpu, details, syndrome, is_fetch, find_page(syndrome))


@inline
def explain_access(vcpu: Vcpu, details: Array[u64], syndrome: u64, is_fetch: bool, page: u64) -> u64:
    """An access to guest memory, in this guest physical page, that stage 2 does not allow."""
    is_valid = syndrome.bit(VALID_BIT) and not is_fetch
    is_write = syndrome.bit(WRITE_BIT) and not is_fetch
    size = syndrome >> 22 & 3
    details[1] = page | (FAR_EL2.read() & 0xFFF)
    details[4] = vcpu.context.program_counter
    details[5] = syndrome
    flags = u64(abi.MEMORY_WRITE) if is_write else u64(0)
    if is_fetch:
        flags = flags | abi.MEMORY_FETCH
    if not is_valid:
        details[2] = flags
        details[3] = u64(0)
        vcpu.access = u8(ACCESS_NONE)
        return u64(abi.MEMORY)
    details[2] = (
        flags
        | abi.MEMORY_SYNDROME
        | size << abi.MEMORY_SIZE_LOW
        | (u64(abi.MEMORY_SIGN_EXTEND) if syndrome.bit(SIGN_BIT) else u64(0))
        | (u64(abi.MEMORY_SIXTY_FOUR) if syndrome.bit(SIXTY_FOUR_BIT) else u64(0))
    )
    spare = u64(64) - (u64(8) << size)
    details[3] = register_of(vcpu, load_register(syndrome)) << spare >> spare if is_write else u64(0)
    vcpu.access = u8(ACCESS_NONE) if is_write else u8(ACCESS_LOAD)
    return u64(abi.MEMORY)


@inline
def fault_page() -> u64:
    """Guest physical page of a translation fault, or of one on a table walk."""
    return (HPFAR_EL2.read() & ~u64(15)) << 8


def find_page(syndrome: u64) -> u64:
    """Guest physical page of a stage-2 fault. HPFAR_EL2 has it, except for a permission fault that is not on a table
    walk: then stage 1 is asked (Arm DDI 0487, HPFAR_EL2)."""
    if syndrome >> 2 & 15 == PERMISSION_FAULT and not syndrome.bit(WALK_BIT):
        return translate(FAR_EL2.read(), fault_page())
    return fault_page()


@asm("at s1e1r, {address}\nisb", clobbers=("memory",))
def translate_stage1(address: u64) -> None:
    """Translate by stage 1 of the loaded guest, into PAR_EL1."""


@noinline
def translate(address: u64, otherwise: u64) -> u64:
    """Guest physical page of a virtual address; `otherwise` if stage 1 has none (any more)."""
    saved = PAR_EL1.read()
    translate_stage1(address)
    found = PAR_EL1.read()
    PAR_EL1.write(saved)
    return otherwise if found.bit(0) else found & 0xF_FFFF_FFFF_F000


@inline
def explain_call(vcpu: Vcpu, details: Array[u64], syndrome: u64, reason: u64) -> u64:
    """A hypercall or secure call."""
    registers = vcpu.context.registers
    details[1] = registers[0]
    details[2] = registers[1]
    details[3] = registers[2]
    details[4] = registers[3]
    details[5] = registers[4]
    details[6] = syndrome & 0xFFFF
    vcpu.access = u8(ACCESS_HYPERCALL)
    return reason


@noinline
def explain_register(vcpu: Vcpu, details: Array[u64], syndrome: u64) -> u64:
    """A system register. Identification and debug registers are answered here."""
    number = system_register_target(syndrome)
    is_read = syndrome.bit(0)
    value, is_known = answer(syndrome)
    if is_known:
        if is_read and number < 31:
            vcpu.context.registers[number] = value
        skip(vcpu)
        return u64(HANDLED)
    details[1] = syndrome & 0x1FF_FFFF
    details[2] = u64(is_read)
    details[3] = u64(0) if is_read else register_of(vcpu, number)
    details[4] = vcpu.context.program_counter
    vcpu.access = u8(ACCESS_REGISTER) if is_read else u8(ACCESS_NONE)
    return u64(abi.SYSTEM_REGISTER)


@noinline
def explain_other(vcpu: Vcpu, details: Array[u64], syndrome: u64) -> u64:
    """Everything that has no words of its own."""
    details[1] = syndrome
    details[2] = FAR_EL2.read()
    details[3] = vcpu.context.program_counter
    details[4] = fault_page()
    vcpu.access = u8(ACCESS_NONE)
    return u64(abi.FAULT)
