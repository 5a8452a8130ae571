"""What an instruction does to what is known (Arm DDI 0487, C6.2). Branches are not here.

Instructions that are not told apart here make what they may write unknown.
"""

from __future__ import annotations

from collections.abc import Callable

from keelback.reports.latency import values
from keelback.reports.latency.conditions import flags_of, outcomes
from keelback.reports.latency.machine_code import ZERO, Instruction, MachineCode
from keelback.reports.latency.memory import access_memory
from keelback.reports.latency.operands import extend, forget, read, write
from keelback.reports.latency.states import Comparison, Derived, State
from keelback.reports.latency.values import UNKNOWN, Value, exactly, narrow, union

COMPARISONS = {"cmp": "subtract", "subs": "subtract", "cmn": "add", "adds": "add", "tst": "and", "ands": "and"}
EXTENDS = {"uxtb": (8, False), "uxth": (16, False), "sxtb": (8, True), "sxth": (16, True), "sxtw": (32, True)}
FUNCTIONS = frozenset(("mov", "neg", "mvn", "add", "sub", "and", "orr", "eor", "lsl", "lsr", "ubfx", "ubfiz", *EXTENDS))
DERIVED_LIMIT = 16
READ_ONCE = ("icc_iar1_el1", "icc_iar0_el1")


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
        access_memory(code, instruction, state)
    elif name in COMPARISONS:
        _compare(instruction, state)
    elif name in BINARY and len(operands) == 3 and operands[0].register is not None:
        first, second = read(state, operands[1]), read(state, operands[2], operands[0].bits)
        write(state, operands[0], BINARY[name](first, second, operands[0].bits))
    elif name in SINGLE and operands and operands[0].register is not None:
        SINGLE[name](instruction, state)
    else:
        forget(instruction, state)


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
        write(state, target, BINARY[instruction.mnemonic](one, other, bits))


def _named(register: int | None) -> int | None:
    return None if register == ZERO else register


def _move(instruction: Instruction, state: State) -> None:
    write(state, instruction.operands[0], read(state, instruction.operands[1], instruction.operands[0].bits))


def _negate(instruction: Instruction, state: State) -> None:
    target, source = instruction.operands
    write(state, target, values.subtract(exactly(0), read(state, source, target.bits), target.bits))


def _move_inverted(instruction: Instruction, state: State) -> None:
    target, source = instruction.operands
    write(state, target, _inverted(read(state, source, target.bits), target.bits))


def _move_part(instruction: Instruction, state: State) -> None:
    target, source = instruction.operands
    kept = values.conjoin(
        read(state, target), exactly(~(0xFFFF << source.amount) & (1 << target.bits) - 1), target.bits
    )
    write(state, target, values.disjoin(kept, exactly(source.number << source.amount), target.bits))


def _extract(instruction: Instruction, state: State) -> None:
    target, source, low, width = instruction.operands
    value = values.shift_right(read(state, source), exactly(low.number), 64)
    write(state, target, values.conjoin(value, exactly((1 << width.number) - 1), 64))


def _place(instruction: Instruction, state: State) -> None:
    target, source, low, width = instruction.operands
    value = narrow(read(state, source), width.number)
    write(state, target, values.shift_left(value, exactly(low.number), target.bits))


def _extend_register(instruction: Instruction, state: State) -> None:
    target, source = instruction.operands
    width, is_signed = EXTENDS[instruction.mnemonic]
    write(state, target, extend(read(state, source), width, is_signed, target.bits))


def _multiply_add(instruction: Instruction, state: State) -> None:
    target, one, other, added = instruction.operands
    product = values.multiply(read(state, one), read(state, other), target.bits)
    combine = values.subtract if instruction.mnemonic == "msub" else values.add
    write(state, target, combine(read(state, added), product, target.bits))


def _zeros(instruction: Instruction, state: State) -> None:
    target, source = instruction.operands
    value = read(state, source)
    if value.members is None:
        write(
            state, target, values.between(source.bits - value.high.bit_length(), source.bits - value.low.bit_length())
        )
    else:
        write(state, target, values.each(lambda number: source.bits - number.bit_length(), value, target.bits))


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
    write(state, target, possible[0] if len(possible) == 1 else union(*possible))


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
    write(state, instruction.operands[0], state.system.get(register, UNKNOWN))
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
