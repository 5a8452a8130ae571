"""What each instruction of the IR does in a run; calls are `calls`, arithmetic is `operations`."""

from __future__ import annotations

from collections.abc import Callable

from keelback.prover.encode import operations
from keelback.prover.encode import terms as t
from keelback.prover.encode.calls import call
from keelback.prover.encode.executor import FunctionRun, offset_address
from keelback.prover.encode.module import CallTarget, Instruction
from keelback.prover.encode.terms import FALSE, TRUE, Term, and_, const
from keelback.prover.encode.types import ArrayType, IntegerType, PointerType, StructType, width_of
from keelback.prover.encode.walking import Value, choose

Handler = Callable[[FunctionRun, Instruction], "Value | None"]


def _binary(run: FunctionRun, instruction: Instruction) -> Value:
    a, b = run.terms(instruction)
    run.need(operations.is_defined(instruction.op, instruction.flags, a, b), "undefined", instruction)
    return operations.BINARY[instruction.op](a, b)


def _compare(run: FunctionRun, instruction: Instruction) -> Value:
    a, b = run.terms(instruction)
    if "samesign" in instruction.flags:
        run.need(operations.same_sign(a, b), "undefined", instruction)
    return t.from_bool(operations.COMPARE[str(instruction.detail)](a, b), 1)


def _cast(run: FunctionRun, instruction: Instruction) -> Value:
    (a,) = run.terms(instruction)
    value, defined = operations.cast(instruction.op, a, width_of(instruction.type), instruction.flags)
    run.need(defined, "undefined", instruction)
    return value


def _same(run: FunctionRun, instruction: Instruction) -> Value:
    return run.value(instruction.operands[0])


def _select(run: FunctionRun, instruction: Instruction) -> Value:
    condition = t.to_bool(run.term(instruction.operands[0]))
    run.need_selected(instruction)
    return choose(condition, run.value(instruction.operands[1]), run.value(instruction.operands[2]))


def _phi(run: FunctionRun, instruction: Instruction) -> Value:
    assert instruction.result is not None
    return run.values[instruction.result]


def _address(run: FunctionRun, instruction: Instruction) -> Value:
    kind = instruction.detail
    assert isinstance(kind, IntegerType | ArrayType | StructType | PointerType)
    return offset_address(run.terms(instruction), kind)


def _load(run: FunctionRun, instruction: Instruction) -> Value:
    (address,) = run.terms(instruction)
    width = width_of(instruction.type)
    size = (width + 7) // 8
    value, outside = run.state.load(address, size, run.guard, run.node, run.where(instruction))
    if outside is not FALSE:
        if "volatile" not in instruction.flags:
            run.need(t.not_(outside), "bounds", instruction)
        else:
            seen = run.observe(f"device.read{8 * size}", [address], 8 * size)
            run.happen(f"device.did.read{8 * size}", [address])
            value = t.ite(outside, seen, value)
    return t.extract(value, width - 1, 0)


def _store(run: FunctionRun, instruction: Instruction) -> None:
    value, address = run.terms(instruction)
    size = (value.width + 7) // 8
    wide = t.zext(value, 8 * size)
    outside = run.state.store(address, wide, run.guard, run.node, run.where(instruction))
    if outside is not FALSE:
        if "volatile" not in instruction.flags:
            run.need(t.not_(outside), "bounds", instruction)
        else:
            run.happen(f"device.write{8 * size}", [address, wide])


def _branch(run: FunctionRun, instruction: Instruction) -> None:
    if not instruction.operands:
        run.go_to(instruction.labels[0], TRUE)
        return
    condition = t.to_bool(run.term(instruction.operands[0]))
    if instruction.labels[0] == instruction.labels[1]:
        run.go_to(instruction.labels[0], TRUE)
        return
    run.go_to(instruction.labels[0], condition)
    run.go_to(instruction.labels[1], t.not_(condition))


def _switch(run: FunctionRun, instruction: Instruction) -> None:
    (value,) = run.terms(instruction)
    cases = instruction.detail
    assert isinstance(cases, tuple)
    conditions: dict[str, Term] = {}
    rest = TRUE
    for case, label in zip(cases, instruction.labels[1:], strict=True):
        here = t.eq(value, const(case, value.width))
        conditions[label] = t.or_(conditions.get(label, FALSE), here)
        rest = and_(rest, t.not_(here))
    default = instruction.labels[0]
    conditions[default] = t.or_(conditions.get(default, FALSE), rest)
    for label, condition in conditions.items():
        run.go_to(label, condition)


def _return(run: FunctionRun, instruction: Instruction) -> None:
    run.leave(run.value(instruction.operands[0]) if instruction.operands else None)


def _unreachable(run: FunctionRun, instruction: Instruction) -> None:
    run.need(FALSE, "undefined", instruction)


def _extract(run: FunctionRun, instruction: Instruction) -> Value:
    value = run.value(instruction.operands[0])
    indices = instruction.detail
    assert isinstance(indices, tuple)
    for index in indices:
        assert isinstance(value, tuple)
        value = value[index]
    return value


def _insert(run: FunctionRun, instruction: Instruction) -> Value:
    indices = instruction.detail
    assert isinstance(indices, tuple)

    def put(whole: Value, path: tuple[int, ...], value: Value) -> Value:
        if not path:
            return value
        assert isinstance(whole, tuple)
        return tuple(put(part, path[1:], value) if n == path[0] else part for n, part in enumerate(whole))

    return put(run.value(instruction.operands[0]), indices, run.value(instruction.operands[1]))


def _call(run: FunctionRun, instruction: Instruction) -> Value | None:
    assert isinstance(instruction.detail, CallTarget)
    return call(run, instruction, instruction.detail)


HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(operations.BINARY, _binary),
    **dict.fromkeys(("zext", "sext", "trunc"), _cast),
    **dict.fromkeys(("ptrtoint", "inttoptr", "freeze"), _same),
    "icmp": _compare,
    "select": _select,
    "phi": _phi,
    "getelementptr": _address,
    "load": _load,
    "store": _store,
    "br": _branch,
    "switch": _switch,
    "ret": _return,
    "unreachable": _unreachable,
    "extractvalue": _extract,
    "insertvalue": _insert,
    "call": _call,
}
