"""Runs a function's machine code on unknowns, in the memory model of the IR: calls are effects, the stack its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from keelback.prover.encode import Run, UnsupportedError
from keelback.prover.encode import terms as t
from keelback.prover.encode.addresses import WORD, linear
from keelback.prover.encode.executor import Stop
from keelback.prover.encode.flow import Loop, Step, plan
from keelback.prover.encode.operations import overflows
from keelback.prover.encode.terms import FALSE, TRUE, Term, const
from keelback.prover.encode.walking import EFFECT_KEY, Edge, Environment, Key, Walker, constants_of
from keelback.prover.machine.assembly import FLAGS, Block, find_blocks, registers_written, writes_flags
from keelback.prover.machine.image import Code
from keelback.prover.machine.jump_tables import JumpTable, find_table
from keelback.prover.machine.lifting import Operation, Place, lift, register
from keelback.prover.machine.system import (
    TPIDR_EL2_READ,
    WAIT_FOR_INTERRUPT,
    breakpoint_number,
    system_instruction,
)

GENERAL = 0x4000
"""x0..x30 lie here in the register space, 8 bytes each; behind them the zero register."""
ZERO = GENERAL + 8 * 31
STACK_POINTER = 8
NOP = 0xD503201F
CALLER_SAVED = (*range(19), 30)
CALLEE_SAVED = range(19, 30)
ARGUMENTS = tuple(range(8))
KEEPS_NOTHING = (*range(20, 29), *range(8), *range(10, 15), 9)
"""Where LLVM's convention preserve_none has parameters, in order (AArch64CallingConvention.td)."""


@dataclass(frozen=True)
class Signature:
    """Widths of the scalars that a function takes and gives, each in a register of its own (AAPCS64, 6.8.2): x0..x7,
    or those of LLVM's convention preserve_none."""

    arguments: tuple[int, ...]
    results: tuple[int, ...]
    comes_back: bool = True
    registers: tuple[int, ...] = ARGUMENTS


@dataclass(frozen=True)
class Ending:
    """A return: the registers then."""

    guard: Term
    registers: Environment
    node: int


class MachineRun(Walker[int]):
    """One function. Blocks are numbers of instructions; an instruction with a branch inside it is refused unless it can
    be written as a choice."""

    def __init__(
        self,
        run: Run,
        code: Code,
        signatures: Mapping[int, tuple[str, Signature]],
        read_constant: Callable[[int, int], int | None],
        blocks: Sequence[Block] = (),
        signature: Signature | None = None,
    ) -> None:
        super().__init__(run.timeline, code.name, lambda: run.changes)
        self.state = run
        self.code = code
        self.signatures = signatures
        self.read_constant = read_constant
        self.signature = signature or Signature((), ())
        self.tables: dict[int, JumpTable] = {}
        self.endings: list[Ending] = []
        self.depth_bytes = 0
        self._kept: dict[int, Environment] = {}
        self.inline = find_blocks(code.words, blocks)
        self._inside = {n for start, block in self.inline.items() for n in range(start, start + len(block.words))}
        self._starts = self._find_blocks()
        self.guard: Term = TRUE
        self.node = 0
        self.values: Environment = {}
        self.temporary: dict[tuple[int, int], Term] = {}

    # ------------------------------------------------------------------------------------------------ control flow

    def _number(self, address: int) -> int | None:
        """The instruction at an address, if it is in this function."""
        number = (address - self.code.address) // 4
        return number if 0 <= number < len(self.code.words) and address % 4 == 0 else None

    def _leads(self, number: int) -> list[int] | None:
        """Where an instruction can lead, None for the next one only."""
        word = self.code.words[number]
        if number in self._inside:
            return None
        if breakpoint_number(word) is not None:
            return []
        if system_instruction(word) is not None:
            return None
        for op in lift(word, self.code.address + 4 * number):
            if op.name in ("BRANCH", "CBRANCH") and not self._is_inside(op, number):
                target = self._number(op.inputs[0].offset)
                if op.name == "BRANCH":
                    return [] if target is None else [target]
                if target is None:
                    raise UnsupportedError(f"{self.where(number)}: a conditional branch out of the function")
                return [target, number + 1]
            if op.name == "RETURN":
                return []
            if op.name == "BRANCHIND":
                table = find_table(self.code, number, self.read_constant)
                if table is None:
                    raise UnsupportedError(f"{self.where(number)}: an indirect branch")
                self.tables[table.load] = table
                return sorted({n for target in table.targets if (n := self._number(target)) is not None})
            if op.name == "CALLIND":
                raise UnsupportedError(f"{self.where(number)}: an indirect call")
        return None

    def _find_blocks(self) -> dict[int, int]:
        """First instruction of each block, and the one behind its last."""
        leads = {n: found for n in range(len(self.code.words)) if (found := self._leads(n)) is not None}
        starts = sorted({0, *(n + 1 for n in leads), *(n for found in leads.values() for n in found)})
        starts = [n for n in starts if n < len(self.code.words)]
        if any(n in self._inside and n not in self.inline for n in starts):
            raise UnsupportedError(f"{self.name}: a branch into a block of assembly")
        self._successors = {}
        blocks: dict[int, int] = {}
        for start, end in zip(starts, [*starts[1:], len(self.code.words)], strict=True):
            blocks[start] = end
            found = leads.get(end - 1)
            self._successors[start] = [n for n in (found if found is not None else [end]) if n < len(self.code.words)]
        return blocks

    def where(self, number: int) -> str:
        return f"{self.name}+{4 * number:#x}: {self.code.words[number]:08x}"

    def waits(self, loop: Loop[int]) -> bool:
        for start in _members(loop):
            for number in range(start, self._starts[start]):
                if self.code.words[number] == WAIT_FOR_INTERRUPT:
                    return True
        return False

    def counters(self, block: int) -> frozenset[Key]:
        return frozenset(GENERAL + 8 * n for n in range(31))

    def cut(self, loop: Loop[int], guard: Term, values: Environment, node: int) -> Environment:
        effect = values[EFFECT_KEY]
        assert isinstance(effect, Term)
        after = self.state.told("waits", effect, node)
        self.state.forget_memory(after, guard, node)
        changing = self._changed_in(loop)
        kept: Environment = {key: value for key, value in values.items() if type(key) is not int or key not in changing}
        self._kept[loop.header] = {key: value for key, value in kept.items() if key != EFFECT_KEY}
        fresh = {key: self._unknown(value) for key, value in values.items() if key not in kept}
        return {**kept, **fresh, EFFECT_KEY: after}

    def _changed_in(self, loop: Loop[int]) -> set[int]:
        """Registers that a loop may change; `again` makes sure that it changes nothing else."""
        numbers = [n for start in _members(loop) for n in range(start, self._starts[start])]
        changed = set(FLAGS)
        for number in numbers:
            word = self.code.words[number]
            system = system_instruction(word)
            if system is not None:
                changed |= set() if system.writes is None else {GENERAL + 8 * system.writes}
                continue
            for op in lift(word, self.code.address + 4 * number):
                if op.name == "CALL":
                    changed |= {GENERAL + 8 * n for n in CALLER_SAVED}
                if op.output is not None and op.output.space == "register":
                    place = op.output.offset
                    changed.add(place & ~7 if GENERAL <= place < ZERO else place)
        return changed - {STACK_POINTER}

    def again(self, loop: Loop[int], edge: Edge) -> None:
        effect = edge.values[EFFECT_KEY]
        assert isinstance(effect, Term)
        for key, value in self._kept[loop.header].items():
            if edge.values.get(key) is not value:
                raise UnsupportedError(f"{self.name}: a loop that waits changes {key}")
        self.state.stops.append(Stop(edge.guard, self.state.told("waits", effect, edge.node), -1, edge.node))

    def _unknown(self, like: object) -> Term:
        assert isinstance(like, Term)
        return self.state.fresh("register", like.width)

    def run_function(self, arguments: list[Term], effect: Term) -> None:
        """From unknown registers, the arguments where the convention has them; upper halves are unknown too."""
        values: Environment = {GENERAL + 8 * n: t.symbol(f"x{n}", WORD) for n in range(31)}
        values[STACK_POINTER] = t.symbol("sp", WORD)
        for number, argument in zip(self.signature.registers, arguments, strict=False):
            values[GENERAL + 8 * number] = self._widened(argument)
        values[EFFECT_KEY] = effect
        self.go(0, TRUE, values, self.timeline.after([]))
        steps: tuple[Step[int], ...] = plan(0, self._successors)
        self.run(steps)

    def _widened(self, value: Term) -> Term:
        """In a register, with nothing known of what is above it."""
        return value if value.width == WORD else t.concat(self.state.fresh("upper", WORD - value.width), value)

    # ------------------------------------------------------------------------------------------------ execution

    def execute(self, block: int, guard: Term, values: Environment, node: int) -> None:
        self.guard, self.values, self.node = guard, values, node
        for number in range(block, self._starts[block]):
            if self.guard is FALSE:
                return
            if number in self.inline:
                self._execute_block(self.inline[number])
            if number not in self._inside and self._execute_one(number):
                return
        self.go(self._starts[block], self.guard, self.values, self.node)

    def _execute_block(self, block: Block) -> None:
        """Inline assembly: an event. Whatever registers its words write are unknown afterwards."""
        written = registers_written(block.words, block.inputs)
        given = [self._general(number) for number in block.inputs]
        after = self.state.told(block.name, self.effect, self.node, given)
        self.values[EFFECT_KEY] = after
        self.state.forget_memory(after, self.guard, self.node)
        for number in written:
            self._set_general(number, self.state.fresh("register", WORD))
        if writes_flags(block.words):
            self._forget_flags()

    def _forget_flags(self) -> None:
        for key in [key for key in self.values if type(key) is int and key in FLAGS]:
            del self.values[key]

    def _execute_one(self, number: int) -> bool:
        """Run an instruction; whether the block has ended with it."""
        word = self.code.words[number]
        trap = breakpoint_number(word)
        if trap is not None:
            self.state.stops.append(Stop(self.guard, self.effect, trap, self.node))
            return True
        if word == NOP:
            return False
        if system_instruction(word) is not None:
            self._system(word)
            return False
        self.temporary = {}
        operations = lift(word, self.code.address + 4 * number)
        if any(op.name in ("BRANCH", "CBRANCH") and self._is_inside(op, number) for op in operations):
            self._execute_parts(operations, number)
            return False
        return any([self._operation(op, number) for op in operations])

    def _is_inside(self, op: Operation, number: int) -> bool:
        """Whether a branch leads to another operation of its instruction, or right behind it."""
        return op.inputs[0].space == "const" or self._number(op.inputs[0].offset) == number + 1

    def _execute_parts(self, operations: tuple[Operation, ...], number: int) -> None:
        """An instruction with branches inside (division, conditional selection and comparison): each operation takes
        effect under the condition that it is reached."""
        reached = [TRUE, *[FALSE] * len(operations)]
        for place, op in enumerate(operations):
            here, on = reached[place], reached[place]
            if op.name in ("BRANCH", "CBRANCH"):
                if not self._is_inside(op, number):
                    raise UnsupportedError(f"{self.where(number)}: a branch inside an instruction")
                taken = t.to_bool(self.read(op.inputs[1])) if op.name == "CBRANCH" else TRUE
                target = place + op.inputs[0].offset if op.inputs[0].space == "const" else len(operations)
                reached[target] = t.or_(reached[target], t.and_(here, taken))
                on = t.and_(here, t.not_(taken))
            elif here is not FALSE:
                self._operation_under(here, op, number)
            reached[place + 1] = t.or_(reached[place + 1], on)

    def _operation_under(self, condition: Term, op: Operation, number: int) -> None:
        if op.name in ("LOAD", "STORE", "CALL", "RETURN") or op.output is None:
            raise UnsupportedError(f"{self.where(number)}: {op.name} under a condition")
        place = op.output
        known = place.space == "register" or (place.offset, place.size) in self.temporary
        before = self.read(place) if known else None
        self._operation(op, number)
        if before is not None:
            self.write(place, t.ite(condition, self.read(place), before))

    @property
    def effect(self) -> Term:
        found = self.values[EFFECT_KEY]
        assert isinstance(found, Term)
        return found

    def _system(self, word: int) -> None:
        found = system_instruction(word)
        assert found is not None
        if word & ~0x1F == TPIDR_EL2_READ & ~0x1F:
            self._set_general(word & 0x1F, self.state.core_address())
            return
        given = [] if found.reads is None else [self._general(found.reads)]
        effect = self.effect
        if found.writes is not None:
            self._set_general(found.writes, t.apply(f"{found.name} result", [effect, *given], WORD))
        self.values[EFFECT_KEY] = t.apply(found.name, [effect, *given], t.EFFECT)
        if word & 0xFFE0001F == 0xD4000003:
            for number in (1, 2, 3):
                self._set_general(number, self.state.fresh("register", WORD))

    def _general(self, number: int) -> Term:
        if number == 31:
            return const(0, WORD)
        found = self.values[GENERAL + 8 * number]
        assert isinstance(found, Term)
        return found

    def _set_general(self, number: int, value: Term) -> None:
        if number != 31:
            self.values[GENERAL + 8 * number] = value

    def read(self, place: Place) -> Term:
        width = 8 * place.size
        if place.space == "const":
            return const(place.offset, width)
        if place.space == "unique":
            return self.temporary[place.offset, place.size]
        if place.space != "register":
            raise UnsupportedError(f"{self.name}: a value in {place.space}")
        base = place.offset & ~7 if GENERAL <= place.offset <= ZERO else place.offset
        if base == ZERO:
            return const(0, width)
        whole = self.values.get(base)
        if whole is None:
            whole = self.values[base] = t.symbol(f"register {base:#x}", width)
        assert isinstance(whole, Term)
        low = 8 * (place.offset - base)
        return whole if width == whole.width else t.extract(whole, low + width - 1, low)

    def write(self, place: Place | None, value: Term) -> None:
        assert place is not None and value.width == 8 * place.size, (place, value.width)
        if place.space == "unique":
            self.temporary[place.offset, place.size] = value
        elif place.space != "register":
            raise UnsupportedError(f"{self.name}: writes {place.space}")
        elif GENERAL <= place.offset <= ZERO:
            if place.offset & ~7 != ZERO:
                self.values[place.offset & ~7] = t.zext(value, WORD)
        else:
            self.values[place.offset] = value

    def _operation(self, op: Operation, number: int) -> bool:
        match op.name:
            case "BRANCH":
                self._branch(op.inputs[0].offset, number)
                return True
            case "CBRANCH":
                condition = t.to_bool(self.read(op.inputs[1]))
                target = self._number(op.inputs[0].offset)
                assert target is not None
                self.go(target, t.and_(self.guard, condition), dict(self.values), self.node)
                self.go(number + 1, t.and_(self.guard, t.not_(condition)), self.values, self.node)
                return True
            case "BRANCHIND":
                self._branch_by_table(self.read(op.inputs[0]), number)
                return True
            case "RETURN":
                self._return(self.read(op.inputs[0]))
                return True
            case "CALL":
                self._call(op.inputs[0].offset, number)
            case "LOAD":
                assert op.output is not None
                self.write(op.output, self.load(self.read(op.inputs[1]), op.output.size, number))
            case "STORE":
                self.store(self.read(op.inputs[1]), self.read(op.inputs[2]), number)
            case _:
                compute = OPERATIONS.get(op.name)
                if compute is None:
                    raise UnsupportedError(f"{self.where(number)}: {op.name}")
                assert op.output is not None
                self.write(op.output, compute([self.read(place) for place in op.inputs], 8 * op.output.size))
        return False

    def _branch_by_table(self, target: Term, number: int) -> None:
        cases = constants_of(target) if not target.is_constant else [target]
        if not cases:
            raise UnsupportedError(f"{self.where(number)}: a branch to an unknown address")
        for case in cases:
            place = self._number(case.value)
            if place is None:
                raise UnsupportedError(f"{self.where(number)}: a branch out of the function by a table")
            self.go(place, t.and_(self.guard, t.eq(target, case)), dict(self.values), self.node)

    def _branch(self, address: int, number: int) -> None:
        target = self._number(address)
        if target is not None:
            self.go(target, self.guard, self.values, self.node)
            return
        found = self.signatures.get(address)
        if found is None:
            raise UnsupportedError(f"{self.where(number)}: a branch to {address:#x}")
        name, signature = found
        self._check_registers()
        if signature.comes_back:  # the callee returns to our caller
            self._need(t.eq(self._general(30), t.symbol("x30", WORD)), "return address")
            self._call(address, number)
            self.endings.append(Ending(self.guard, dict(self.values), self.node))
            return
        arguments = self._arguments(signature)
        told = self.state.told(name, self.effect, self.node, arguments)
        self.state.stops.append(Stop(self.guard, told, 0, self.node))

    def _arguments(self, signature: Signature) -> list[Term]:
        if len(signature.arguments) > len(signature.registers):
            raise UnsupportedError(f"{self.name}: arguments on the stack")
        places = zip(signature.registers, signature.arguments, strict=False)
        return [t.extract(self._general(n), width - 1, 0) for n, width in places]

    def _call(self, address: int, number: int) -> None:
        found = self.signatures.get(address)
        if found is None or not found[1].comes_back:
            raise UnsupportedError(f"{self.where(number)}: a call of {address:#x}")
        name, signature = found
        after = self.state.told(f"call {name}", self.effect, self.node, self._arguments(signature))
        self.values[EFFECT_KEY] = after
        self.state.forget_memory(after, self.guard, self.node)
        for register_number in CALLER_SAVED:
            self._set_general(register_number, self.state.fresh("register", WORD))
        self._forget_flags()
        for n, width in enumerate(signature.results):
            self._set_general(n, self._widened(t.apply(f"result {name} {n}", [after], width)))

    def _return(self, target: Term) -> None:
        self._need(t.eq(target, t.symbol("x30", WORD)), "return address")
        self._check_registers()
        self.endings.append(Ending(self.guard, dict(self.values), self.node))

    def _check_registers(self) -> None:
        sp = self.values[STACK_POINTER]
        assert isinstance(sp, Term)
        self._need(t.eq(sp, t.symbol("sp", WORD)), "stack pointer")
        if self.signature.registers is KEEPS_NOTHING:
            return
        for number in CALLEE_SAVED:
            self._need(t.eq(self._general(number), t.symbol(f"x{number}", WORD)), f"x{number}")

    def _need(self, condition: Term, what: str) -> None:
        self.state.need(self.guard, condition, "machine", f"{self.name}: {what}")

    # ------------------------------------------------------------------------------------------------ memory

    def _stack_offset(self, address: Term) -> int | None:
        found = linear(address)
        stack = t.symbol("sp", WORD)
        if all(term is not stack for term, _ in found.terms):
            return None
        if found.terms != ((stack, 1),):
            raise UnsupportedError(f"{self.name}: an index into the stack")
        return t.signed(found.constant, WORD)

    def load(self, address: Term, size: int, number: int) -> Term:
        offset = self._stack_offset(address)
        if offset is not None:
            known = self.values.get((offset, size))
            if known is None:
                known = self._from_stack(offset, size)
            assert isinstance(known, Term)
            return known
        entry = self._table_entry(address, size, number)
        if entry is not None:
            return entry
        value, outside = self.state.load(address, size, self.guard, self.node, self.where(number))
        if outside is TRUE:
            effect = self.effect
            value = t.apply(f"device.read{8 * size}", [effect, address], 8 * size)
            self.values[EFFECT_KEY] = t.apply(f"device.did.read{8 * size}", [effect, address], t.EFFECT)
            return value
        self._need(t.not_(outside), f"an address in the kernel's state, {self.where(number)}")
        return value

    def _table_entry(self, address: Term, size: int, number: int) -> Term | None:
        """An entry of a jump table, chosen by its index; behind the last one nobody looks (the code compares first)."""
        table, found = self.tables.get(number), linear(address)
        if (
            table is None
            or [coefficient for _, coefficient in found.terms] != [table.entry_bytes]
            or size != table.entry_bytes
        ):
            return None
        apart = t.signed(found.constant - table.address & t.mask(WORD), WORD)
        if apart % size:
            return None
        # the index may have been counted from another number than 0
        index = t.add(found.terms[0][0], const(apart // size, WORD))
        self._need(t.ult(index, const(len(table.entries), WORD)), f"jump table at {table.address:#x}")
        result = const(table.entries[-1], 8 * size)
        for place in reversed(range(len(table.entries) - 1)):
            result = t.ite(t.eq(index, const(place, WORD)), const(table.entries[place], 8 * size), result)
        return result

    def _from_stack(self, offset: int, size: int) -> Term:
        for (start, length), value in [(k, v) for k, v in self.values.items() if isinstance(k, tuple)]:
            if start <= offset and offset + size <= start + length:
                assert isinstance(value, Term)
                return t.extract(value, 8 * (offset - start + size) - 1, 8 * (offset - start))
        return self.state.fresh("stack", 8 * size)

    def store(self, address: Term, value: Term, number: int) -> None:
        offset = self._stack_offset(address)
        if offset is not None:
            size = value.width // 8
            for key in [
                k for k in self.values if isinstance(k, tuple) and k[0] < offset + size and offset < k[0] + k[1]
            ]:
                del self.values[key]
            self.values[offset, size] = value
            self.depth_bytes = max(self.depth_bytes, -offset)
            return
        outside = self.state.store(address, value, self.guard, self.node, self.where(number))
        if outside is TRUE:
            self.values[EFFECT_KEY] = t.apply(f"device.write{value.width}", [self.effect, address, value], t.EFFECT)
            return
        self._need(t.not_(outside), f"an address in the kernel's state, {self.where(number)}")


def _members(loop: Loop[int]) -> list[int]:
    return [m for step in loop.body for m in (_members(step) if isinstance(step, Loop) else [step])]


Compute = Callable[[list[Term], int], Term]


def _same_width(a: list[Term]) -> Term:
    """A shift amount in the width of what is shifted; larger amounts stay too large."""
    value, amount = a
    if amount.width < value.width:
        return t.zext(amount, value.width)
    if amount.width == value.width:
        return amount
    fits = t.ult(amount, const(value.width, amount.width))
    return t.ite(fits, t.extract(amount, value.width - 1, 0), const(value.width, value.width))


def _truth(condition: Term) -> Term:
    return t.from_bool(condition, 8)


OPERATIONS: dict[str, Compute] = {
    "COPY": lambda a, w: a[0],
    "INT_ADD": lambda a, w: t.add(a[0], a[1]),
    "INT_SUB": lambda a, w: t.sub(a[0], a[1]),
    "INT_MULT": lambda a, w: t.mul(a[0], a[1]),
    "INT_DIV": lambda a, w: t.ite(t.to_bool(a[1]), t.udiv(a[0], a[1]), const(0, w)),
    "INT_AND": lambda a, w: t.bit_and(a[0], a[1]),
    "INT_OR": lambda a, w: t.bit_or(a[0], a[1]),
    "INT_XOR": lambda a, w: t.bit_xor(a[0], a[1]),
    "INT_NEGATE": lambda a, w: t.bit_not(a[0]),
    "INT_2COMP": lambda a, w: t.neg(a[0]),
    "INT_LEFT": lambda a, w: t.shl(a[0], _same_width(a)),
    "INT_RIGHT": lambda a, w: t.lshr(a[0], _same_width(a)),
    "INT_SRIGHT": lambda a, w: t.ashr(a[0], _same_width(a)),
    "INT_EQUAL": lambda a, w: _truth(t.eq(a[0], a[1])),
    "INT_NOTEQUAL": lambda a, w: _truth(t.not_(t.eq(a[0], a[1]))),
    "INT_LESS": lambda a, w: _truth(t.ult(a[0], a[1])),
    "INT_LESSEQUAL": lambda a, w: _truth(t.ule(a[0], a[1])),
    "INT_SLESS": lambda a, w: _truth(t.slt(a[0], a[1])),
    "INT_SLESSEQUAL": lambda a, w: _truth(t.sle(a[0], a[1])),
    "INT_CARRY": lambda a, w: _truth(overflows("add", a[0], a[1], is_signed=False)),
    "INT_SCARRY": lambda a, w: _truth(overflows("add", a[0], a[1], is_signed=True)),
    "INT_SBORROW": lambda a, w: _truth(overflows("sub", a[0], a[1], is_signed=True)),
    "INT_ZEXT": lambda a, w: t.zext(a[0], w),
    "INT_SEXT": lambda a, w: t.sext(a[0], w),
    "SUBPIECE": lambda a, w: t.extract(a[0], 8 * a[1].value + w - 1, 8 * a[1].value),
    "PIECE": lambda a, w: t.concat(a[0], a[1]),
    "LZCOUNT": lambda a, w: _resized(t.ctlz(a[0]), w),
    "BOOL_NEGATE": lambda a, w: _truth(t.not_(t.to_bool(a[0]))),
    "BOOL_AND": lambda a, w: _truth(t.and_(t.to_bool(a[0]), t.to_bool(a[1]))),
    "BOOL_OR": lambda a, w: _truth(t.or_(t.to_bool(a[0]), t.to_bool(a[1]))),
    "BOOL_XOR": lambda a, w: _truth(t.xor_bool(t.to_bool(a[0]), t.to_bool(a[1]))),
}


def _resized(a: Term, width: int) -> Term:
    return t.zext(a, width) if a.width < width else t.extract(a, width - 1, 0)


assert register("x0") == GENERAL and register("sp") == STACK_POINTER
