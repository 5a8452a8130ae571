"""The operands of an instruction: their values, what is written to them, and what is not known any more."""

from __future__ import annotations

from keelback.reports.latency import values
from keelback.reports.latency.machine_code import Instruction, Operand
from keelback.reports.latency.states import State
from keelback.reports.latency.values import UNKNOWN, Value, anything, exactly, narrow, signed

CALLS_TO_FIRMWARE = ("smc", "hvc")


def read(state: State, operand: Operand, bits: int | None = None) -> Value:
    """An operand's value, extended and shifted as it says."""
    bits = operand.bits if bits is None else bits
    if operand.register is None:
        value = exactly(operand.number & (1 << bits) - 1) if operand.kind == "number" else anything(bits)
    else:
        value = state.read(operand.register, operand.bits)
    if operand.extension is not None:
        value = extend(value, *operand.extension, bits)
    if operand.amount and operand.shift in ("lsl", ""):
        return values.shift_left(value, exactly(operand.amount), bits)
    if operand.amount and operand.shift == "lsr":
        return values.shift_right(value, exactly(operand.amount), bits)
    return anything(bits) if operand.amount else value


def extend(value: Value, width: int, is_signed: bool, bits: int) -> Value:
    """The low `width` bits, with zeros or copies of the sign in front."""
    value = narrow(value, width)
    if not is_signed or value.high < 1 << (width - 1):
        return value
    return values.each(lambda number: signed(number, width), value, bits)


def write(state: State, operand: Operand, value: Value) -> None:
    """Set a register; nothing for other operands."""
    if operand.register is not None:
        state.write(operand.register, narrow(value, operand.bits))


def forget(instruction: Instruction, state: State) -> None:
    """The general way: whatever may be written is unknown."""
    name = instruction.mnemonic
    if name in CALLS_TO_FIRMWARE:
        for register in range(18):  # SMC Calling Convention, Arm DEN 0028, 2.6
            state.write(register, UNKNOWN)
        return
    for register in instruction.written:
        state.write(register, UNKNOWN)
    for operand in instruction.operands[:2]:
        if operand.register is not None and operand.kind == "register" and name not in ("msr",):
            state.write(operand.register, anything(operand.bits))
    if name not in ("msr", "isb", "dsb", "dmb", "nop"):
        state.comparison = None
