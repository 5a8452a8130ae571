"""A module ready to run: where its globals lie, what its constants hold, and the plan of each function."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from keelback.lang import Layout
from keelback.prover.encode.addresses import AddressMap
from keelback.prover.encode.flow import Step, plan
from keelback.prover.encode.memory import Field, Indices, Memory, Timeline
from keelback.prover.encode.module import (
    Aggregate,
    CallTarget,
    Data,
    Function,
    Global,
    Instruction,
    Integer,
    Local,
    Module,
    Operand,
    Zero,
)
from keelback.prover.encode.shapes import ArrayShape, Shape, leaves, shape_of_layout, shape_of_type
from keelback.prover.encode.terms import BOOLEAN, Term, add, const, eq, ite, mul, symbol, ult
from keelback.prover.encode.types import ArrayType, IRType, StructType, offsets_of, size_of


@dataclass(frozen=True)
class Plan:
    """`needs`: what must be known where a block begins; `phis`: results of its phis; `counters`: those
    of them that are a sum with a constant on one way in; `deferred`: results that are nothing but alternatives of a
    select of their block, or go into such: undefined ones do no harm unless they are selected."""

    steps: tuple[Step[str], ...]
    needs: Mapping[str, frozenset[str]]
    phis: Mapping[str, frozenset[str]]
    counters: Mapping[str, frozenset[str]]
    deferred: frozenset[str]


class Program:
    """A module, its globals' shapes and addresses. `addresses` gives those of a linked image."""

    def __init__(
        self, module: Module, layouts: Mapping[str, Layout], addresses: Mapping[str, int] | None = None
    ) -> None:
        self.module = module
        self.addresses = AddressMap()
        self.shapes: dict[str, Shape] = {}
        for name, target in module.globals.items():
            shape = shape_of_layout(layouts[name]) if name in layouts else shape_of_type(target.type)
            self.shapes[name] = shape
            self.addresses.place(name, shape, (addresses or {}).get(name))
        self._plans: dict[str, Plan] = {}
        self._waits: dict[str, bool] = {}

    def plan(self, function: Function) -> Plan:
        found = self._plans.get(function.name)
        if found is None:
            found = self._plans[function.name] = make_plan(function)
        return found

    def row_address(self, function: str, number: int) -> tuple[Term, Term] | None:
        """An unknown row of the table that a parameter points into, or None (address 0): the address, and that the row
        is one of the table's. None if there is not exactly one such table."""
        struct = self.module.pointed_at.get((function, number))
        tables = [name for name, target in self.module.globals.items() if _holds(target.type, struct)]
        if struct is None or len(tables) != 1:
            return None
        shape = self.shapes[tables[0]]
        count, stride = (shape.count, shape.stride) if isinstance(shape, ArrayShape) else (1, 0)
        row = symbol(f"row of parameter {number}", 64)
        address = add(const(self.addresses.starts[tables[0]], 64), mul(row, const(stride, 64)))
        is_none = symbol(f"parameter {number} is None", BOOLEAN)
        return ite(is_none, const(0, 64), address), ult(row, const(count, 64))

    def waits(self, function: str, block: str) -> bool:
        """Whether a block, or what it calls, waits for an interrupt."""
        return any(self._waiting(instruction) for instruction in self.module.functions[function].blocks[block])

    def _waiting(self, instruction: Instruction) -> bool:
        target = instruction.detail
        if not isinstance(target, CallTarget):
            return False
        if target.template is not None:
            return "wfi" in target.template
        known = self._waits.get(target.name)
        if known is None:
            self._waits[target.name] = False
            function = self.module.functions.get(target.name)
            known = function is not None and any(self.waits(target.name, block) for block in function.blocks)
            self._waits[target.name] = known
        return known

    def memory_fields(self) -> dict[str, Field]:
        """Every field of the state, nothing written."""
        return self.memory(Timeline()).fields

    def memory(self, timeline: Timeline) -> Memory:
        """Fresh memory with all fields of the state, and readers of the constants."""
        memory = Memory(timeline)
        for name, shape in self.shapes.items():
            for leaf in leaves(shape, name):
                self._add(memory, self.module.globals[name], leaf.name, leaf.counts, leaf.offset, leaf.leaf.size)
                if leaf.name in memory.fields:
                    memory.fields[leaf.name].is_boolean = leaf.leaf.is_boolean
        return memory

    def _add(self, memory: Memory, target: Global, name: str, counts: tuple[int, ...], offset: int, size: int) -> None:
        if target.constant and target.initial is not None:
            data = initial_bytes(target.initial)
            stride = size_of(target.type) // counts[0] if counts else 0
            if len(counts) < 2:
                memory.constants[name] = _reader(data, counts, stride, offset, size)
                return
        memory.fields[name] = Field(name, counts, size * 8)


def _holds(kind: IRType, struct: str | None) -> bool:
    """Whether a global is a table of these structs, or one of them."""
    inner = kind.element if isinstance(kind, ArrayType) else kind
    return isinstance(inner, StructType) and inner.name.rsplit(".", 1)[-1] == struct


def _reader(data: bytes, counts: tuple[int, ...], stride: int, offset: int, size: int) -> Callable[[Indices], Term]:
    def value(number: int) -> Term:
        start = offset + number * stride
        return const(int.from_bytes(data[start : start + size], "little"), 8 * size)

    def read(indices: Indices) -> Term:
        if not indices:
            return value(0)
        if indices[0].is_constant:
            return value(indices[0].value)
        result = value(counts[0] - 1)
        for number in reversed(range(counts[0] - 1)):
            result = ite(eq(indices[0], const(number, indices[0].width)), value(number), result)
        return result

    return read


def initial_bytes(operand: Operand) -> bytes:
    """A constant as it lies in memory; undefined bytes are zero here."""
    size, value = size_of(operand.type), operand.value
    if isinstance(value, Data):
        return value.data
    if isinstance(value, Integer):
        return (value.value & ((1 << (8 * size)) - 1)).to_bytes(size, "little")
    if isinstance(value, Aggregate):
        if isinstance(operand.type, ArrayType):
            return b"".join(initial_bytes(member) for member in value.members)
        assert isinstance(operand.type, StructType)
        made = bytearray(size)
        for start, member in zip(offsets_of(operand.type)[0], value.members, strict=True):
            data = initial_bytes(member)
            made[start : start + len(data)] = data
        return bytes(made)
    if isinstance(value, Zero):
        return bytes(size)
    return bytes(size)  # undefined, or an address, which no constant of the kernel holds


def make_plan(function: Function) -> Plan:
    successors = {label: list(block[-1].labels) for label, block in function.blocks.items()}
    phis = {
        label: frozenset(i.result for i in block if i.op == "phi" and i.result is not None)
        for label, block in function.blocks.items()
    }
    sums = {i.result for block in function.blocks.values() for i in block if _is_step(i)}
    counters = {
        label: frozenset(i.result for i in block if i.op == "phi" and i.result and sums & set(i.reads()))
        for label, block in function.blocks.items()
    }
    needs = _needs(function, successors, phis)
    return Plan(plan(function.entry, successors), needs, phis, counters, _deferred(function))


_SPECULATED = frozenset(("add", "sub", "mul", "shl", "lshr", "ashr", "and", "or", "xor", "zext", "sext", "trunc"))
_SELECTED = re.compile(r"llvm\.[us](min|max)\.i\d+")


def _is_speculated(instruction: Instruction) -> bool:
    """Whether the instruction only computes: what is undefined in it is its result (LLVM: poison)."""
    target = instruction.detail
    called = isinstance(target, CallTarget) and target.template is None and _SELECTED.fullmatch(target.name)
    return instruction.op in _SPECULATED or bool(called)


def _deferred(function: Function) -> frozenset[str]:
    made: set[str] = set()
    uses: dict[str, list[tuple[str, Instruction]]] = {}
    for label, block in function.blocks.items():
        for instruction in block:
            for read in instruction.reads():
                uses.setdefault(read, []).append((label, instruction))
    for label, block in function.blocks.items():
        for instruction in reversed(block):
            result = instruction.result
            if result is not None and _is_speculated(instruction):
                users = uses.get(result, [])
                if users and all(where == label and _defers(user, result, made) for where, user in users):
                    made.add(result)
    return frozenset(made)


def _defers(user: Instruction, name: str, known: set[str]) -> bool:
    if user.op == "select":
        condition = user.operands[0].value
        return not (isinstance(condition, Local) and condition.name == name)
    return user.result in known


def _is_step(instruction: Instruction) -> bool:
    return instruction.op == "add" and isinstance(instruction.operands[1].value, Integer)


def _needs(
    function: Function, successors: Mapping[str, list[str]], phis: Mapping[str, frozenset[str]]
) -> dict[str, frozenset[str]]:
    """Liveness, phis counted as known where their block begins."""
    uses: dict[str, set[str]] = {}
    defined: dict[str, set[str]] = {}
    for label, block in function.blocks.items():
        plain = [i for i in block if i.op != "phi"]
        uses[label] = {name for i in plain for name in i.reads()}
        defined[label] = {i.result for i in plain if i.result is not None}
        for other in successors[label]:
            uses[label] |= _phi_uses(function, label, other)
    needs = {label: frozenset(uses[label] - defined[label]) for label in function.blocks}
    changed = True
    while changed:
        changed = False
        for label in reversed(list(function.blocks)):
            later = set(needs[label])
            for other in successors[label]:
                later |= (needs[other] - phis[other]) - defined[label]
            if len(later) != len(needs[label]):
                needs[label] = frozenset(later)
                changed = True
    return needs


def _phi_uses(function: Function, source: str, target: str) -> set[str]:
    found: set[str] = set()
    for instruction in function.blocks[target]:
        if instruction.op != "phi":
            break
        one = instruction.operands[instruction.labels.index(source)]
        found |= set(type(instruction)("", None, one.type, (one,), frozenset(), (), None, "", None).reads())
    return found
