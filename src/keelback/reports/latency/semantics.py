"""What an instruction does to what is known (Arm DDI 0487, C6.2). Branches are not here.

Instructions that are not told apart here make what they may write unknown.
"""

from __future__ import annotations

from collections.abc import Callable

from keelback.reports.latency import values
from keelback.reports.latency.conditions import flags_of, outcomes
from keelback.reports.latency.machine_code import ZERO, Instruction, MachineCode, Operand
from keelback.reports.latency.states import Comparison, Derived, State
from keelback.reports.latency.values import UNKNOWN, Value, anything, exactly, narrow, signed, union

LOADS = {"ldr": 0, "ldur": 0, "ldrb": 1, "ldurb": 1, "ldrh": 2, "ldurh": 2, "ldp": 0, "ldnp": 0}
SIGNED_LOADS = {"ldrsb": 1, "ldursb": 1, "ldrsh": 2, "ldursh": 2, "ldrsw": 4, "ldursw": 4}
STORES = {"str": 0, "stur": 0, "strb": 1, "sturb": 1, "strh": 2, "sturh": 2, "stp": 0, "stnp": 0, "stlr": 0}
COMPARISONS = {"cmp": "subtract", "subs": "subtract", "cmn": "add", "adds": "add", "tst": "and", "ands": "and"}
EXTENDS = {"uxtb": (8, False), "uxth": (16, False), "sxtb": (8, True), "sxth": (16, True), "sxtw": (32, True)}
FUNCTIONS = frozenset(("mov", "neg", "mvn", "add", "sub", "and", "orr", "eor", "lsl", "lsr", "ubfx", "ubfiz", *EXTENDS))
DERIVED_LIMIT = 16
READ_ONCE = ("icc_iar1_el1", "icc_iar0_el1")
CALLS_TO_FIRMWARE = ("smc", "hvc")


def _inverted(value: Value, bits: int) -> Value:
    return values.each(lambda number: ~number, value, bits)


CHANGES: dict[str, Callable[[int], int]] = {
    "inc": lambda number: number + 1,
    "inv": lambda number: ~number,
    "neg": lambda number: -number,
    "sel": lambda number: number,
}

Arithmetic = Callable[[Value, Value, int], Value]
BINARY: dict[str, Arithmetic] = {
    "add": values.add,
    "adds": values.add,
    "sub": values.subtract,
    "subs": values.subtract,
    "and": values.conjoin,
    "ands": values.conjoin,
    "orr": values.disjoin,
    "eor": values.differ,
    "bic": lambda one, other, bits: values.conjoin(one, _inverted(other, bits), bits),
    "orn": lambda one, other, bits: values.disjoin(one, _inverted(other, bits), bits),
    "mul": values.multiply,
    "umull": values.multiply,
    "udiv": values.divide,
    "lsl": values.shift_left,
    "lsr": values.shift_right,
}


def execute(code: MachineCode, instruction: Instruction, state: State) -> None:
    """Change `state` as the instruction does."""
    source = _source(instruction, state)
    results = _results(code, instruction, state, source) if source is not None else None
    _execute(code, instruction, state)
    if source is not None and results is not None:
        target = instruction.operands[0].register
        assert target is not None
        state.derived[target] = Derived(source, results)


def _source(instruction: Instruction, state: State) -> int | None:
    """The one register that the result depends on, if it is another and has a few values that are known."""
    operands = instruction.operands
    if instruction.mnemonic not in FUNCTIONS or operands[0].register in (None, ZERO):
        return None
    sources = {operand.register for operand in operands[1:] if operand.register not in (None, ZERO)}
    if len(sources) != 1 or operands[0].register in sources:
        return None
    source = next(iter(sources))
    assert source is not None
    members = state.read(source).members
    return source if members is not None and 1 < len(members) <= DERIVED_LIMIT else None


def _results(code: MachineCode, instruction: Instruction, state: State, source: int) -> dict[int, int] | None:
    results: dict[int, int] = {}
    target = instruction.operands[0].register
    assert target is not None
    for member in state.read(source).members or ():
        tried = State({source: exactly(member)})
        _execute(code, instruction, tried)
        result = tried.read(target).constant
        if result is None:
            return None
        results[member] = result
    return results


def _execute(code: MachineCode, instruction: Instruction, state: State) -> None:
    name, operands = instruction.mnemonic, instruction.operands
    if any(operand.kind == "memory" for operand in operands):
        _memory(code, instruction, state)
    elif name in COMPARISONS:
        _compare(instruction, state)
    elif name in BINARY and len(operands) == 3 and operands[0].register is not None:
        first, second = read(state, operands[1]), read(state, operands[2], operands[0].bits)
        _write(state, operands[0], BINARY[name](first, second, operands[0].bits))
    elif name in SINGLE and operands and operands[0].register is not None:
        SINGLE[name](instruction, state)
    else:
        _forget(instruction, state)


def read(state: State, operand: Operand, bits: int | None = None) -> Value:
    """An operand's value, extended and shifted as it says."""
    bits = operand.bits if bits is None else bits
    if operand.register is None:
        value = exactly(operand.number & (1 << bits) - 1) if operand.kind == "number" else anything(bits)
    else:
        value = state.read(operand.register, operand.bits)
    if operand.extension is not None:
        value = _extend(value, *operand.extension, bits)
    if operand.amount and operand.shift in ("lsl", ""):
        return values.shift_left(value, exactly(operand.amount), bits)
    if operand.amount and operand.shift == "lsr":
        return values.shift_right(value, exactly(operand.amount), bits)
    return anything(bits) if operand.amount else value


def _extend(value: Value, width: int, is_signed: bool, bits: int) -> Value:
    value = narrow(value, width)
    if not is_signed or value.high < 1 << (width - 1):
        return value
    return values.each(lambda number: signed(number, width), value, bits)


def _write(state: State, operand: Operand, value: Value) -> None:
    if operand.register is not None:
        state.write(operand.register, narrow(value, operand.bits))


def _compare(instruction: Instruction, state: State) -> None:
    operands = instruction.operands
    target = None
    if len(operands) == 3:
        target, operands = operands[0], operands[1:]
    first, second = operands[0], operands[1]
    bits = first.bits
    one, other = read(state, first), read(state, second, bits)
    plain = second.register if second.extension is None and not second.amount and second.bits == bits else None
    found = Comparison(COMPARISONS[instruction.mnemonic], bits, one, other, _named(first.register), _named(plain))
    state.comparison = found
    if target is not None and target.register is not None:
        _write(state, target, BINARY[instruction.mnemonic](one, other, bits))


def _named(register: int | None) -> int | None:
    return None if register == ZERO else register


def address_of(state: State, operand: Operand) -> Value:
    """Where a memory operand points, before anything is written back."""
    base = state.read(operand.register) if operand.register is not None else UNKNOWN
    if operand.index is None:
        return values.add(base, exactly(operand.number & (1 << 64) - 1), 64)
    index = state.read(operand.index, operand.index_bits)
    if operand.extension is not None:
        index = _extend(index, *operand.extension, 64)
    return values.add(base, values.shift_left(index, exactly(operand.amount), 64), 64)


def _memory(code: MachineCode, instruction: Instruction, state: State) -> None:
    name, operands = instruction.mnemonic, instruction.operands
    place = next(operand for operand in operands if operand.kind == "memory")
    data = operands[: operands.index(place)]
    address = address_of(state, place)
    plain = name in LOADS or name in SIGNED_LOADS or name in STORES
    if not plain or any(operand.register is None for operand in data):
        _forget(instruction, state)
        if not name.startswith(("ld", "prf")) or name[:4] in ("ldad", "ldcl", "ldeo", "ldse", "ldsm", "ldum"):
            state.store(address, 64, UNKNOWN)
            if address.constant is not None:
                state.words.pop(address.constant, None)
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
        found.append(_extend(loaded, 8 * size, True, data[number].bits) if name in SIGNED_LOADS else loaded)
    for operand, value in zip(data, found, strict=True):
        _write(state, operand, value)


def _constants(code: MachineCode, address: Value, size_bytes: int) -> Value | None:
    if address.members is None:
        return None
    found = [code.constant(member, size_bytes) for member in address.members]
    known = [number for number in found if number is not None]
    return values.among(known) if len(known) == len(found) else None


def _forget(instruction: Instruction, state: State) -> None:
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


def _move(instruction: Instruction, state: State) -> None:
    _write(state, instruction.operands[0], read(state, instruction.operands[1], instruction.operands[0].bits))


def _negate(instruction: Instruction, state: State) -> None:
    target, source = instruction.operands
    _write(state, target, values.subtract(exactly(0), read(state, source, target.bits), target.bits))


def _move_inverted(instruction: Instruction, state: State) -> None:
    target, source = instruction.operands
    _write(state, target, _inverted(read(state, source, target.bits), target.bits))


def _move_part(instruction: Instruction, state: State) -> None:
    target, source = instruction.operands
    kept = values.conjoin(
        read(state, target), exactly(~(0xFFFF << source.amount) & (1 << target.bits) - 1), target.bits
    )
    _write(state, target, values.disjoin(kept, exactly(source.number << source.amount), target.bits))


def _extract(instruction: Instruction, state: State) -> None:
    target, source, low, width = instruction.operands
    value = values.shift_right(read(state, source), exactly(low.number), 64)
    _write(state, target, values.conjoin(value, exactly((1 << width.number) - 1), 64))


def _place(instruction: Instruction, state: State) -> None:
    target, source, low, width = instruction.operands
    value = narrow(read(state, source), width.number)
    _write(state, target, values.shift_left(value, exactly(low.number), target.bits))


def _extend_register(instruction: Instruction, state: State) -> None:
    target, source = instruction.operands
    width, is_signed = EXTENDS[instruction.mnemonic]
    _write(state, target, _extend(read(state, source), width, is_signed, target.bits))


def _multiply_add(instruction: Instruction, state: State) -> None:
    target, one, other, added = instruction.operands
    product = values.multiply(read(state, one), read(state, other), target.bits)
    combine = values.subtract if instruction.mnemonic == "msub" else values.add
    _write(state, target, combine(read(state, added), product, target.bits))


def _zeros(instruction: Instruction, state: State) -> None:
    target, source = instruction.operands
    value = read(state, source)
    if value.members is None:
        _write(
            state, target, values.between(source.bits - value.high.bit_length(), source.bits - value.low.bit_length())
        )
    else:
        _write(state, target, values.each(lambda number: source.bits - number.bit_length(), value, target.bits))


def _select(instruction: Instruction, state: State) -> None:
    """Conditional selects and their other names, by what each way gives."""
    name, operands = instruction.mnemonic, instruction.operands
    target = operands[0]
    condition = instruction.text.rsplit(" ", 1)[1]
    bits, mask = target.bits, (1 << target.bits) - 1
    change = CHANGES.get(name[-3:], CHANGES["sel"])
    if name in ("cset", "csetm"):
        ways = {True: exactly(1 if name == "cset" else mask), False: exactly(0)}
    elif name in ("cinc", "cinv", "cneg"):
        value = read(state, operands[1])
        ways = {True: values.each(change, value, bits), False: value}
    else:
        other = read(state, operands[2])
        ways = {True: read(state, operands[1]), False: other if name == "csel" else values.each(change, other, bits)}
    possible = [ways[outcome] for outcome in outcomes(state, condition)]
    _write(state, target, possible[0] if len(possible) == 1 else union(*possible))


def _compare_if(instruction: Instruction, state: State) -> None:
    """A comparison if a condition holds, given flags otherwise."""
    first, second, flags = instruction.operands[:3]
    condition = instruction.text.rsplit(" ", 1)[1]
    possible = outcomes(state, condition)
    operation = "subtract" if instruction.mnemonic == "ccmp" else "add"
    one, other = read(state, first), read(state, second, first.bits)
    compared = Comparison(operation, first.bits, one, other, _named(first.register), _named(second.register))
    given = Comparison("flags", 64, exactly(flags.number), exactly(0), None, None)
    if False not in possible:
        state.comparison = compared
    elif True not in possible:
        state.comparison = given
    else:
        found = values.combine(lambda a, b: flags_of(compared, a, b), one, other, 4)
        either = None if found is None else given._replace(first=union(found, given.first))
        state.comparison = either


def _read_system(instruction: Instruction, state: State) -> None:
    register = instruction.text.rsplit(" ", 1)[1]
    _write(state, instruction.operands[0], state.system.get(register, UNKNOWN))
    if register in READ_ONCE:
        state.system.pop(register, None)


SINGLE: dict[str, Callable[[Instruction, State], None]] = {
    "mov": _move,
    "movz": _move,
    "adr": _move,
    "adrp": _move,
    "mvn": _move_inverted,
    "neg": _negate,
    "movk": _move_part,
    "ubfx": _extract,
    "ubfiz": _place,
    "madd": _multiply_add,
    "umaddl": _multiply_add,
    "msub": _multiply_add,
    "clz": _zeros,
    "mrs": _read_system,
    "ccmp": _compare_if,
    "ccmn": _compare_if,
    **dict.fromkeys(EXTENDS, _extend_register),
    **dict.fromkeys(("csel", "csinc", "csinv", "csneg", "cset", "csetm", "cinc", "cinv", "cneg"), _select),
}
