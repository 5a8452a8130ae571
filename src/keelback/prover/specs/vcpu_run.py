"""VCPU_RUN."""

from __future__ import annotations

from keelback.abi import errors, objects, rights, vcpu
from keelback.prover.specs.authority import held
from keelback.prover.specs.messaging import take_bits
from keelback.prover.specs.refusal import require
from keelback.prover.state import Access, OpenAccess, State, Thread, Vcpu

ZERO_REGISTER = 31
WORD_MASK = (1 << 64) - 1


def vcpu_run(state: State, caller: Thread) -> None:
    """The guest's last exit is completed as told, and the guest runs, unless its monitor has to hear something."""
    index = held(state, caller, caller.registers[8], objects.VCPU, rights.CONTROL)
    target = state.vcpus[index]
    actions, value = caller.registers[:2]
    require(caller.vcpu == index, errors.STATE)
    require(actions & ~(vcpu.SKIP | vcpu.WRITE_RESULT) == 0, errors.BAD_ARGUMENT)
    require(not actions & vcpu.WRITE_RESULT or target.access is not None, errors.BAD_ARGUMENT)
    if actions & vcpu.WRITE_RESULT and target.access is not None:
        complete(target, target.access, value)
    if actions & vcpu.SKIP:
        target.registers[vcpu.PC] = (target.registers[vcpu.PC] + target.instruction_bytes) & WORD_MASK
    target.access = None
    bits = take_bits(state, caller.notification)
    if bits:
        caller.registers[:2] = [vcpu.NOTIFIED, bits]
    elif target.wants_room and len(target.interrupts) < state.sizes.list_registers:
        target.wants_room = False
        caller.registers[0] = vcpu.MAINTENANCE
    else:
        caller.guest = index


def complete(target: Vcpu, access: OpenAccess, value: int) -> None:
    """Put the value of a trapped access where the guest expects it."""
    if access.kind == Access.HYPERCALL:
        target.registers[0] = value
    elif access.register != ZERO_REGISTER:
        target.registers[access.register] = loaded(access, value) if access.kind == Access.LOAD else value


def loaded(access: OpenAccess, value: int) -> int:
    """What a load puts into its register: the low bytes, sign-extended to the register's width if it says so."""
    width = 8 << access.size
    value &= (1 << width) - 1
    if not access.signed:
        return value
    value -= (value >> (width - 1)) << width
    return value & (WORD_MASK if access.wide else WORD_MASK >> 32)
