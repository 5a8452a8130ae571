"""Runs functions of the IR on unknowns: all paths at once, calls followed, each place where it could go wrong recorded.

What the processor does beside computing (system registers, devices, barriers) is an *effect*: fresh unknowns, or, when
a run starts with an effect, a term that stands for the whole history and on which what is read depends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from keelback.prover.encode import operations
from keelback.prover.encode import terms as t
from keelback.prover.encode.addresses import WORD, Place
from keelback.prover.encode.flow import Loop
from keelback.prover.encode.memory import Field, Memory, Timeline, Write
from keelback.prover.encode.module import (
    Aggregate,
    CallTarget,
    Expression,
    Function,
    GlobalName,
    Instruction,
    Integer,
    Local,
    Operand,
    Undefined,
    UnsupportedError,
)
from keelback.prover.encode.program import Program
from keelback.prover.encode.shapes import ArrayShape
from keelback.prover.encode.shaping import any_of
from keelback.prover.encode.terms import EFFECT, FALSE, TRUE, Term, all_of, and_, const, symbol
from keelback.prover.encode.types import (
    ArrayType,
    IRType,
    StructType,
    offsets_of,
    size_of,
    width_of,
)
from keelback.prover.encode.walking import EFFECT_KEY, Edge, Environment, Value, Walker, choose


@dataclass(frozen=True)
class Obligation:
    """Where `guard` holds, `condition` must. `kind`: trap, bounds or undefined."""

    guard: Term
    condition: Term
    kind: str
    where: str


@dataclass(frozen=True)
class Outcome:
    """How a function ended: under `guard` it returned `value`; the effects so far, and the node behind it."""

    guard: Term
    value: Value | None
    effect: Term | None
    node: int


@dataclass(frozen=True)
class Stop:
    """A path that ends in a trap (`number` of its `brk`), at a stub that leaves the kernel (0), or in another round of
    waiting (-1)."""

    guard: Term
    effect: Term | None
    number: int
    node: int


AssemblyModel: TypeAlias = "Callable[[FunctionRun, Instruction, CallTarget, list[Term]], Value | None]"


@dataclass
class Run:
    """Everything that one run makes."""

    program: Program
    open_calls: bool = False  # calls are effects, not followed
    timeline: Timeline = field(default_factory=Timeline)
    obligations: list[Obligation] = field(default_factory=list[Obligation])
    hypotheses: list[Term] = field(default_factory=list[Term])
    stops: list[Stop] = field(default_factory=list[Stop])
    callers: list[str] = field(default_factory=list[str])
    seen_fields: frozenset[str] = frozenset()  # whose contents open calls are told
    assembly: AssemblyModel | None = None  # what inline assembly does, where its effects must be those of machine code
    between: Callable[[Term, int], None] | None = None  # told where others may have the kernel, before they change it
    changes: int = 0
    assumed: set[str] = field(default_factory=set[str])
    _numbers: dict[str, int] = field(default_factory=dict[str, int])
    _contexts: set[str] = field(default_factory=set[str])

    def __post_init__(self) -> None:
        self.memory: Memory = self.program.memory(self.timeline)

    def assume_component(self) -> None:
        """Let `Core.context` be the address of some entry of `threads`, from the start and after each call; reading it
        in assembly is then a load like any other."""
        self.assumed.add("Core.context is the address of an entry of threads wherever the kernel asks for it")
        for name, found in self.memory.fields.items():
            if name.endswith(".cores.context"):
                self._contexts.add(name)
                found.known_first = lambda indices, name=name: self._thread_at(f"thread of {name}", indices)

    def _thread_at(self, name: str, given: Sequence[Term]) -> Term:
        return self._thread_address(t.apply(name, given, 32))

    @property
    def follows_contexts(self) -> bool:
        return bool(self._contexts)

    def _thread_address(self, index: Term) -> Term:
        start, shape = self.table("threads")
        return t.add(const(start, WORD), t.mul(t.zext(index, WORD), const(shape.stride, WORD)))

    def assume_caller(self, caller: Term | None = None) -> None:
        """Let `Core.context` be the address of the present thread from the start, or of the row `caller`."""
        for name, found in self.memory.fields.items():
            if name.endswith(".cores.context"):
                current = self.memory.fields[f"{name.rsplit('.', 1)[0]}.current"]

                def first(indices: tuple[Term, ...], current: Field = current) -> Term:
                    return self._thread_address(current.first(indices) if caller is None else caller)

                found.known_first = first

    def fresh(self, hint: str, width: int) -> Term:
        """A new unknown; equal runs name them equally."""
        number = self._numbers[hint] = self._numbers.get(hint, 0) + 1
        return symbol(f"{hint}!{number}", width)

    def need(self, guard: Term, condition: Term, kind: str, where: str) -> None:
        if condition is not TRUE and guard is not FALSE:
            self.obligations.append(Obligation(guard, condition, kind, where))

    def start(self, name: str, arguments: list[Value], effect: Term | None = None) -> Outcome:
        """Run a function of the module from the first state."""
        return self.call(name, arguments, TRUE, effect, self.timeline.after([]))

    def call(self, name: str, arguments: list[Value], guard: Term, effect: Term | None, node: int) -> Outcome:
        if name in self.callers:
            raise UnsupportedError(f"{name} calls itself")
        self.callers.append(name)
        try:
            return FunctionRun(self, self.program.module.functions[name]).run_function(arguments, guard, effect, node)
        finally:
            self.callers.pop()

    # ------------------------------------------------------------------------------------------------ memory

    def places(self, address: Term, guard: Term, where: str) -> list[tuple[Term, Place | None, Term]]:
        """What an address can name: conditions, places (None: outside all globals), and the address then."""
        found: list[tuple[Term, Place | None, Term]] = []
        for alternative in self.program.addresses.alternatives(address):
            places = self.program.addresses.resolve(alternative.address, alternative.condition)
            if places is None:
                found.append((alternative.condition, None, address))
                continue
            for condition, place in places:
                both = and_(alternative.condition, condition)
                for index, count in place.bounds:
                    inside = t.ult(index, const(count, WORD))
                    self.need(and_(guard, both), inside, "bounds", f"index of {place.name} below {count}: {where}")
                found.append((both, place, address))
        return found

    def load(self, address: Term, size: int, guard: Term, node: int, where: str) -> tuple[Term, Term]:
        """`size` bytes, and the condition under which the address lies outside all globals."""
        result: Term | None = None
        outside = FALSE
        for condition, place, _ in reversed(self.places(address, guard, where)):
            if place is None:
                outside = t.or_(outside, condition)
                continue
            value = self._load_from(address, place, size, and_(guard, condition), node, where)
            result = value if result is None else t.ite(condition, value, result)
        return (result if result is not None else const(0, 8 * size)), outside

    def _load_from(self, address: Term, place: Place, size: int, guard: Term, node: int, where: str) -> Term:
        count = min(size, place.room)
        value = self.fresh("padding", 8 * count) if place.leaf is None else self.memory.read_bytes(place, count, node)
        if count == size:
            return value
        rest, _ = self.load(t.add(address, const(count, WORD)), size - count, guard, node, where)
        return t.concat(rest, value)

    def store(self, address: Term, value: Term, guard: Term, node: int, where: str, alone: Term = TRUE) -> Term:
        """Write whole bytes; the condition under which the address lies outside all globals."""
        outside = FALSE
        self.changes += 1
        for condition, place, _ in self.places(address, guard, where):
            if place is None:
                outside = t.or_(outside, condition)
                continue
            size = value.width // 8
            count = min(size, place.room)
            inner, own = and_(guard, condition), and_(alone, condition)
            if place.leaf is not None:
                self.memory.write_bytes(place, t.extract(value, 8 * count - 1, 0), inner, own, node)
            if count < size:
                rest = t.extract(value, value.width - 1, 8 * count)
                self.store(t.add(address, const(count, WORD)), rest, inner, node, where, own)
        return outside

    def fill(self, address: Term, count: int, byte: Term, guard: Term, node: int, where: str) -> None:
        """`count` bytes become `byte`: a stretch of a table of integers."""
        for condition, place, _ in self.places(address, guard, where):
            if place is None or place.leaf is None or len(place.indices) != 1 or place.offset:
                raise UnsupportedError(f"filling {place.name if place else 'memory'}: {where}")
            found = self.memory.fields[place.name]
            entries = count // place.leaf.size
            index, length = place.bounds[-1]
            self.need(and_(guard, condition), t.ule(index, const(length - entries, WORD)), "bounds", where)
            value = byte
            for _ in range(place.leaf.size - 1):
                value = t.concat(value, byte)
            start = place.indices[0]
            self.changes += 1

            def covers(indices: tuple[Term, ...], start: Term = start, entries: int = entries) -> Term:
                return t.ult(t.sub(indices[0], start), const(entries, start.width))

            if entries >= length:
                raise UnsupportedError(f"filling all of {place.name}: {where}")
            both = and_(guard, condition)
            found.writes.append(Write(both, condition, place.indices, value, node, covers))

    def scramble(self, address: Term, guard: Term, node: int, where: str, effect: Term | None) -> None:
        """Assembly stored at `address`: the whole row of the table that it points into is unknown afterwards."""
        self.changes += 1
        for condition, place, _ in self.places(address, guard, where):
            if place is None:
                raise UnsupportedError(f"assembly stores outside the kernel's tables: {where}")
            table = max((n for n in self.program.shapes if place.name.startswith(n)), key=len)
            both = and_(guard, condition)
            self._scramble_row(table, place.indices[:1], both, condition, node, effect)

    def _scramble_row(
        self, table: str, row: tuple[Term, ...], guard: Term, alone: Term, node: int, effect: Term | None
    ) -> None:
        number = self._numbers["assembly"] = self._numbers.get("assembly", 0) + 1
        for found in self.memory.fields.values():
            if found.name != table and not found.name.startswith(table + "."):
                continue

            def value(indices: tuple[Term, ...], found: Field = found) -> Term:
                if effect is None:
                    return t.apply(f"assembly!{number}.{found.name}", indices, found.width)
                return t.apply(f"assembly.{found.name}", [effect, *indices], found.width)

            def covers(indices: tuple[Term, ...]) -> Term:
                return t.eq(indices[0], row[0]) if row else TRUE

            found.writes.append(Write(guard, alone, (), value, node, covers))

    def forget_memory(self, effect: Term, guard: Term, node: int) -> None:
        """After an open call every field is what the call's history makes of it."""
        self.changes += 1
        for found in self.memory.fields.values():

            def value(indices: tuple[Term, ...], found: Field = found) -> Term:
                if found.name in self._contexts:
                    return self._thread_at(f"after.thread of {found.name}", [effect, *indices])
                return t.apply(f"after.{found.name}", [effect, *indices], found.width)

            found.writes.append(Write(guard, TRUE, (), value, node, lambda _: TRUE))

    def forget_all(self, guard: Term, node: int) -> None:
        """Every field is unknown from here on: others had the kernel meanwhile, for whom it had to be in order."""
        if self.between is not None:
            self.between(guard, node)
        self.changes += 1
        number = self._numbers["later"] = self._numbers.get("later", 0) + 1
        for found in self.memory.fields.values():

            def value(indices: tuple[Term, ...], found: Field = found) -> Term:
                return t.apply(f"later {number}{LATER}{found.name}", indices, found.width)

            found.writes.append(Write(guard, TRUE, (), value, node, lambda _: TRUE))

    def told(self, name: str, effect: Term, node: int, arguments: Sequence[Term] = ()) -> Term:
        """The history after an event that sees all memory: its contents at the sample indices become part of it."""
        seen = [self.memory.read(n, sample(self.memory.fields[n]), node) for n in sorted(self.seen_fields)]
        return t.apply(name, [effect, *arguments, *seen], EFFECT)

    def table(self, suffix: str) -> tuple[int, ArrayShape]:
        """Address and shape of the kernel's table that has this name."""
        for name, start in self.program.addresses.starts.items():
            shape = self.program.shapes[name]
            if name.endswith(f".{suffix}") and isinstance(shape, ArrayShape):
                return start, shape
        raise UnsupportedError(f"the program has no table {suffix}")

    def present_thread(self, core: Term, guard: Term, node: int, where: str) -> Term:
        """The thread whose context is in the processor: that of `Core.current` when a component called.

        That `Core.context` is its address is assumed here, unless something was assumed of it before.
        """
        (place,) = [place for _, place, _ in self.places(core, guard, where) if place is not None]
        name = f"{place.name.rsplit('.', 1)[0]}.context"
        if self.memory.fields[name].known_first is None:
            self.assume_caller()
            self.assumed.add("Core.context is the address of threads[Core.current] when a component calls")
        return self.memory.read(name, place.indices, node)

    def core_address(self) -> Term:
        """Where the register that names the present core points: into the table of cores."""
        start, shape = self.table("cores")
        core = symbol("this_core", WORD) if shape.count > 1 else const(0, WORD)
        inside = t.ult(core, const(shape.count, WORD))
        if inside is not TRUE and inside not in self.hypotheses:
            self.hypotheses.append(inside)
        self.assumed.add("TPIDR_EL2 is the address of an entry of the table of cores")
        return t.add(const(start, WORD), t.mul(core, const(shape.stride, WORD)))


LATER = "~"
"""Between a prefix and the name of a field, in names of functions that are its contents at a later time."""


def members(loop: Loop[str]) -> Iterator[str]:
    """All blocks of a loop."""
    for step in loop.body:
        if isinstance(step, Loop):
            yield from members(step)
        else:
            yield step


def sample(found: Field) -> tuple[Term, ...]:
    """The unknown index at which a field's contents are compared."""
    return tuple(symbol(f"any {found.name} {n}", width) for n, width in enumerate(found.index_widths))


class FunctionRun(Walker[str]):
    """One activation of a function."""

    def __init__(self, run: Run, function: Function) -> None:
        super().__init__(run.timeline, function.name, lambda: run.changes)
        self.state = run
        self.function = function
        self.plan = run.program.plan(function)
        self._returns: list[tuple[Term, Value | None, Term | None, int]] = []
        # of the block that runs
        self.block = ""
        self.guard: Term = TRUE
        self.node = 0
        self.values: Environment = {}
        self._sound: dict[str, Term] = {}  # of deferred results: when they are defined
        self._deferring: Term | None = None  # the same of the instruction that runs

    def run_function(self, arguments: list[Value], guard: Term, effect: Term | None, node: int) -> Outcome:
        names = [parameter.name for parameter in self.function.parameters]
        values: Environment = dict(zip(names, arguments, strict=True))
        if effect is not None:
            values[EFFECT_KEY] = effect
        self.go(self.function.entry, guard, values, node)
        self.run(self.plan.steps)
        if not self._returns:
            return Outcome(FALSE, None, effect, node)
        whole = any_of(guard for guard, *_ in self._returns)
        _, value, last, _ = self._returns[-1]
        for own, other, then, _ in reversed(self._returns[:-1]):
            if value is not None and other is not None:
                value = choose(own, other, value)
            if last is not None and then is not None:
                last = t.ite(own, then, last)
        return Outcome(whole, value, last, self.timeline.after([node for *_, node in self._returns]))

    def counters(self, block: str) -> frozenset[str]:
        return self.plan.counters[block]

    def waits(self, loop: Loop[str]) -> bool:
        return any(self.state.program.waits(self.function.name, block) for block in members(loop))

    def cut(self, loop: Loop[str], guard: Term, values: Environment, node: int) -> Environment:
        effect = values.get(EFFECT_KEY)
        changing = set[str]().union(*({i.result for i in self.function.blocks[b] if i.result} for b in members(loop)))
        kept = {key: value for key, value in values.items() if key not in changing}
        for key in values.keys() - kept.keys():
            width = values[key]
            assert isinstance(width, Term)
            kept[key] = self.state.fresh(f"round {key}", width.width)
        if isinstance(effect, Term):
            kept[EFFECT_KEY] = effect = self.state.told("waits", effect, node)
            self.state.forget_memory(effect, guard, node)
        else:
            self.state.forget_all(guard, node)
        return kept

    def again(self, loop: Loop[str], edge: Edge) -> None:
        del loop
        effect = edge.values.get(EFFECT_KEY)
        if isinstance(effect, Term):
            self.state.stops.append(Stop(edge.guard, self.state.told("waits", effect, edge.node), -1, edge.node))

    def execute(self, block: str, guard: Term, values: Environment, node: int) -> None:
        from keelback.prover.encode.handlers import HANDLERS

        self.block, self.guard, self.values, self.node = block, guard, values, node
        for instruction in self.function.blocks[block]:
            if self.guard is FALSE:
                return
            handler = HANDLERS.get(instruction.op)
            if handler is None:
                raise self.unsupported(instruction)
            deferred = instruction.result in self.plan.deferred
            self._deferring = all_of(self._sound_operands(instruction)) if deferred else None
            result = handler(self, instruction)
            if self._deferring is not None and instruction.result is not None:
                self._sound[instruction.result] = self._deferring
            if instruction.result is not None and result is not None:
                self.values[instruction.result] = result

    def _sound_operands(self, instruction: Instruction) -> list[Term]:
        return [self._sound[name] for name in instruction.reads() if name in self.plan.deferred]

    def need_selected(self, instruction: Instruction) -> None:
        """Of a select's alternatives the one that is taken must be defined."""
        condition = t.to_bool(self.term(instruction.operands[0]))
        for taken, operand in zip((condition, t.not_(condition)), instruction.operands[1:], strict=True):
            if isinstance(operand.value, Local) and operand.value.name in self.plan.deferred:
                self.need(t.implies(taken, self._sound[operand.value.name]), "undefined", instruction)

    # ------------------------------------------------------------------------------------------------ values

    def where(self, instruction: Instruction) -> str:
        return self.state.program.module.where(self.function.name, instruction)

    def unsupported(self, instruction: Instruction, reason: str = "not modelled") -> UnsupportedError:
        return UnsupportedError(f"{reason}: {self.where(instruction)}")

    def value(self, operand: Operand) -> Value:
        kind, given = operand.type, operand.value
        if isinstance(given, Local):
            return self.values[given.name]
        if isinstance(given, Integer):
            return const(given.value, width_of(kind))
        if isinstance(given, GlobalName):
            start = self.state.program.addresses.starts.get(given.name)
            if start is None:
                raise UnsupportedError(f"{self.function.name}: the address of {given.name} is not known")
            return const(start, WORD)
        if isinstance(given, Undefined):
            return self.undefined(kind)
        if isinstance(given, Aggregate):
            return tuple(self.value(member) for member in given.members)
        if isinstance(given, Expression):
            operands = [self.term(member) for member in given.operands]
            return constant_expression(given, operands)
        return zero(kind)

    def undefined(self, kind: IRType) -> Value:
        if isinstance(kind, StructType):
            return tuple(self.undefined(member) for member in kind.members)
        if isinstance(kind, ArrayType):
            return tuple(self.undefined(kind.element) for _ in range(kind.count))
        return self.state.fresh("undefined", width_of(kind))

    def term(self, operand: Operand) -> Term:
        value = self.value(operand)
        assert isinstance(value, Term), operand
        return value

    def terms(self, instruction: Instruction) -> list[Term]:
        return [self.term(operand) for operand in instruction.operands]

    def need(self, condition: Term, kind: str, instruction: Instruction) -> None:
        if self._deferring is not None and kind == "undefined":
            self._deferring = and_(self._deferring, condition)
        else:
            self.state.need(self.guard, condition, kind, self.where(instruction))

    @property
    def effect(self) -> Term | None:
        found = self.values.get(EFFECT_KEY)
        assert found is None or isinstance(found, Term)
        return found

    def happen(self, name: str, arguments: list[Term]) -> None:
        """Add to the history, if there is one."""
        effect = self.effect
        if effect is not None:
            self.values[EFFECT_KEY] = t.apply(name, [effect, *arguments], EFFECT)

    def observe(self, name: str, arguments: list[Term], width: int) -> Term:
        """What the world answers: with a history, a function of it."""
        effect = self.effect
        return self.state.fresh(name, width) if effect is None else t.apply(name, [effect, *arguments], width)

    # ------------------------------------------------------------------------------------------------ control

    def go_to(self, label: str, condition: Term) -> None:
        """Leave the block for another; phis there take their values now."""
        guard = and_(self.guard, condition)
        if guard is FALSE:
            return
        phis = self.plan.phis[label]
        values: Environment = {key: self.values[key] for key in self.plan.needs[label] - phis if key in self.values}
        for instruction in self.function.blocks[label]:
            if instruction.op != "phi":
                break
            assert instruction.result is not None
            values[instruction.result] = self.value(instruction.operands[instruction.labels.index(self.block)])
        effect = self.effect
        if effect is not None:
            values[EFFECT_KEY] = effect
        self.go(label, guard, values, self.node)

    def leave(self, value: Value | None) -> None:
        self._returns.append((self.guard, value, self.effect, self.node))

    def finish(self, name: str, arguments: list[Term]) -> None:
        """A stub that leaves the kernel and never comes back."""
        effect = self.effect
        told = None if effect is None else self.state.told(name, effect, self.node, arguments)
        self.state.stops.append(Stop(self.guard, told, 0, self.node))
        self.guard = FALSE

    def trap(self, number: int, instruction: Instruction) -> None:
        """A `brk`: what follows does not run."""
        self.need(FALSE, "trap", instruction)
        self.state.stops.append(Stop(self.guard, self.effect, number, self.node))
        self.guard = FALSE


def zero(kind: IRType) -> Value:
    if isinstance(kind, StructType):
        return tuple(zero(member) for member in kind.members)
    if isinstance(kind, ArrayType):
        return tuple(zero(kind.element) for _ in range(kind.count))
    return const(0, width_of(kind))


def constant_expression(given: Expression, operands: list[Term]) -> Term:
    if given.op == "getelementptr":
        return offset_address(operands, given.kind)
    if given.op == "trunc":
        return t.extract(operands[0], width_of(given.kind) - 1, 0)
    return operations.BINARY[given.op](*operands) if len(operands) == 2 else operands[0]


def offset_address(operands: list[Term], source: IRType) -> Term:
    """getelementptr: the first index counts whole `source`s, the others lead into it."""
    address, kind = operands[0], source
    for number, index in enumerate(operands[1:]):
        wide = t.sext(index, WORD)
        if number == 0:
            address = t.add(address, t.mul(wide, const(size_of(kind), WORD)))
        elif isinstance(kind, ArrayType):
            kind = kind.element
            address = t.add(address, t.mul(wide, const(size_of(kind), WORD)))
        else:
            assert isinstance(kind, StructType)
            address = t.add(address, const(offsets_of(kind)[0][wide.value], WORD))
            kind = kind.members[wide.value]
    return address
