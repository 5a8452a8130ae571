"""Loads and stores (Arm DDI 0487, C3.2): from the stack, from constants, and elsewhere, of which nothing is known."""

from __future__ import annotations

from keelback.reports.latency import values
from keelback.reports.latency.machine_code import Instruction, MachineCode, Operand
from keelback.reports.latency.operands import extend, forget, read, write
from keelback.reports.latency.states import State, is_stack
from keelback.reports.latency.values import UNKNOWN, Value, exactly, narrow

LOADS = {"ldr": 0, "ldur": 0, "ldrb": 1, "ldurb": 1, "ldrh": 2, "ldurh": 2, "ldp": 0, "ldnp": 0}
SIGNED_LOADS = {"ldrsb": 1, "ldursb": 1, "ldrsh": 2, "ldursh": 2, "ldrsw": 4, "ldursw": 4}
STORES = {"str": 0, "stur": 0, "strb": 1, "sturb": 1, "strh": 2, "sturh": 2, "stp": 0, "stnp": 0, "stlr": 0}
"""By name: bytes, 0 for the register's."""

WRITES_TOO = ("ldad", "ldcl", "ldeo", "ldse", "ldsm", "ldum")
"""How loads that also store begin."""

WIDEST_BYTES = 64


def address_of(state: State, operand: Operand) -> Value:
    """Where a memory operand points, before anything is written back."""
    base = state.read(operand.register) if operand.register is not None else UNKNOWN
    if operand.index is None:
        return values.add(base, exactly(operand.number & (1 << 64) - 1), 64)
    index = state.read(operand.index, operand.index_bits)
    if operand.extension is not None:
        index = extend(index, *operand.extension, 64)
    return values.add(base, values.shift_left(index, exactly(operand.amount), 64), 64)


def access_memory(code: MachineCode, instruction: Instruction, state: State) -> None:
    """What an instruction with a memory operand does."""
    name, operands = instruction.mnemonic, instruction.operands
    place = next(operand for operand in operands if operand.kind == "memory")
    data = operands[: operands.index(place)]
    address = address_of(state, place)
    if place.register is not None and is_stack(state.read(place.register)) and not is_stack(address):
        state.words.clear()  # somewhere on the stack, nobody knows where
    plain = name in LOADS or name in SIGNED_LOADS or name in STORES
    if not plain or any(operand.register is None for operand in data):
        forget(instruction, state)
        if not name.startswith(("ld", "prf")) or name.startswith(WRITES_TOO):
            state.store(address, WIDEST_BYTES, UNKNOWN)
            state.words.pop(address.low, None)
    elif name in STORES:
        size = STORES[name] or data[0].bits // 8
        for number, operand in enumerate(data):
            place_of = values.add(address, exactly(number * size), 64)
            state.store(place_of, size, narrow(read(state, operand), 8 * size))
    else:
        _load(code, instruction, state, address, data)
    if instruction.writes_back and place.register is not None:
        change = operands[-1].number if instruction.after and operands[-1].kind == "number" else 0
        state.write(place.register, values.add(address, exactly(change & (1 << 64) - 1), 64))


def _load(code: MachineCode, instruction: Instruction, state: State, address: Value, data: tuple[Operand, ...]) -> None:
    name = instruction.mnemonic
    size = SIGNED_LOADS.get(name) or LOADS.get(name) or data[0].bits // 8
    found: list[Value] = []
    for number in range(len(data)):
        place = values.add(address, exactly(number * size), 64)
        loaded = _constants(code, place, size) or state.load(place, size)
        found.append(extend(loaded, 8 * size, True, data[number].bits) if name in SIGNED_LOADS else loaded)
    for operand, value in zip(data, found, strict=True):
        write(state, operand, value)


def _constants(code: MachineCode, address: Value, size_bytes: int) -> Value | None:
    if address.members is None:
        return None
    found = [code.constant(member, size_bytes) for member in address.members]
    known = [number for number in found if number is not None]
    return values.among(known) if len(known) == len(found) else None
