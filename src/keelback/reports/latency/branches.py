"""Basic blocks: what is executed in a row, and where it can go on from there with what is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from keelback.reports.latency import values
from keelback.reports.latency.conditions import INVERSE, SAME, learn
from keelback.reports.latency.errors import UnboundedCode
from keelback.reports.latency.machine_code import INSTRUCTION_BYTES, Instruction, MachineCode, Operand
from keelback.reports.latency.semantics import execute
from keelback.reports.latency.states import State
from keelback.reports.latency.values import UNKNOWN, Value, exactly

CONDITIONAL = ("cbz", "cbnz", "tbz", "tbnz")
ENDS = {"b", "br", "bl", "blr", "ret", "eret", "brk", "udf", "wfi", *CONDITIONAL}

Goes = list[tuple[int, State]]


@dataclass(frozen=True)
class Block:
    """Instructions that are executed one after the other, up to a branch or to where a branch goes."""

    start: int
    body: tuple[Instruction, ...]
    last: Instruction

    @property
    def count(self) -> int:
        """How many instructions."""
        return len(self.body) + 1

    @property
    def next(self) -> int:
        """What follows in memory."""
        return self.last.address + INSTRUCTION_BYTES


def is_end(instruction: Instruction) -> bool:
    """Whether a block ends here."""
    return instruction.mnemonic in ENDS or instruction.mnemonic.startswith("b.")


def is_jump(instruction: Instruction) -> bool:
    """Whether it names an address that it may go to."""
    return instruction.mnemonic in ("b", *CONDITIONAL) or instruction.mnemonic.startswith("b.")


class Blocks:
    """All blocks of a program, cut when they are first asked for."""

    def __init__(self, code: MachineCode) -> None:
        self.code = code
        self._blocks: dict[int, Block] = {}
        jumps = (instruction for instruction in code.instructions() if is_jump(instruction))
        self._targets = frozenset(jump.operands[-1].number for jump in jumps)

    def at(self, start: int) -> Block:
        """The block that begins at an address."""
        found = self._blocks.get(start)
        if found is None:
            body: list[Instruction] = []
            instruction = self.code.instruction(start)
            while not is_end(instruction) and instruction.address + INSTRUCTION_BYTES not in self._targets:
                body.append(instruction)
                instruction = self.code.instruction(instruction.address + INSTRUCTION_BYTES)
            found = self._blocks[start] = Block(start, tuple(body), instruction)
        return found

    def run(self, block: Block, state: State) -> None:
        """Execute all but the last instruction."""
        for instruction in block.body:
            execute(self.code, instruction, state)

    def follow(self, block: Block, state: State) -> Goes:
        """Where a jump that is neither a call nor a return goes, and what is known there. `state` is used up."""
        last = block.last
        name, operands = last.mnemonic, last.operands
        if not is_end(last):
            execute(self.code, last, state)
            return [(block.next, state)]
        if name == "b":
            return [(operands[0].number, state)]
        if name == "br":
            return [(target, state.copy()) for target in self.targets(block, state)]
        if name == "wfi":
            return [(block.next, state)]
        if name.startswith("b."):
            condition = SAME.get(name[2:], name[2:])
            if condition == "al":
                return [(operands[0].number, state)]
            return self._ways(
                state,
                (operands[0].number, lambda way: learn(way, condition)),
                (block.next, lambda way: learn(way, INVERSE[condition])),
            )
        tested, target = operands[0], operands[-1].number
        bit = operands[1].number if name in ("tbz", "tbnz") else None
        jump = name in ("cbnz", "tbnz")
        return self._ways(
            state,
            (target, lambda way: _learn_test(way, tested, bit, jump)),
            (block.next, lambda way: _learn_test(way, tested, bit, not jump)),
        )

    def _ways(self, state: State, *ways: tuple[int, Callable[[State], bool]]) -> Goes:
        found: Goes = []
        for target, learned in ways:
            there = state.copy()
            if learned(there):
                found.append((target, there))
        return found

    def targets(self, block: Block, state: State) -> list[int]:
        """Where the register of a `br` or `blr` points. UnboundedCode when nobody knows."""
        register = block.last.operands[0].register
        value = UNKNOWN if register is None else state.read(register)
        if value.members is None:
            place = self.code.describe(block.last.address)
            raise UnboundedCode(f"{place}: cannot tell where `{block.last.text}` at {block.last.address:#x} goes")
        return sorted(value.members)


def _learn_test(state: State, tested: Operand, bit: int | None, is_set: bool) -> bool:
    """That a register (or one bit of it) is not zero, or zero."""
    assert tested.register is not None
    value = state.read(tested.register, tested.bits)
    left = _left(value, bit, is_set)
    if left is None:
        return False
    if state.read(tested.register) == value:
        state.refine(tested.register, left)
    return True


def _left(value: Value, bit: int | None, is_set: bool) -> Value | None:
    mask = -1 if bit is None else 1 << bit
    if value.members is not None:
        members = [member for member in value.members if bool(member & mask) == is_set]
        return values.among(members) if members else None
    if bit is None:
        if not is_set:
            return exactly(0) if value.low == 0 else None
        return values.between(max(value.low, 1), value.high)
    if value.high < mask and is_set:
        return None
    if not is_set and value.high < 2 * mask:
        return values.between(value.low, min(value.high, mask - 1)) if value.low < mask else None
    if is_set and value.high < 2 * mask:
        return values.between(max(value.low, mask), value.high)
    return value
