"""Inline assembly, the same on both sides: lines of system instructions one by one, in the words of their machine code;
all else (loops, locks, floating-point registers) as blocks, which the machine code must hold word for word.

A block is an event that sees its operands and all memory, and after which memory is what the history makes of it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

from keelback.prover.encode import UnsupportedError
from keelback.prover.encode import terms as t
from keelback.prover.encode.addresses import WORD
from keelback.prover.encode.executor import FunctionRun
from keelback.prover.encode.module import CallTarget, Instruction, Module
from keelback.prover.encode.terms import Term
from keelback.prover.encode.types import StructType, width_of
from keelback.prover.encode.walking import EFFECT_KEY, Value
from keelback.prover.machine.lifting import Place, lift, register
from keelback.prover.machine.system import (
    SYSTEM_MNEMONICS,
    TPIDR_EL2_READ,
    assembled,
    assembled_blocks,
    system_instruction,
)

_PLACEHOLDER = re.compile(r"\$(?:(\d+)|\{(\d+):[xw]\})")
_BREAK = re.compile(r"\s*brk #\d+\s*")
FIRST_OPERAND = 19
"""Operands without a register of their own are written with registers from here on."""
FREE_REGISTERS = 31
"""x0..x30 can be an operand."""


@dataclass(frozen=True)
class Block:
    """Words that stand for a piece of assembly when its operands are in these registers."""

    name: str
    words: tuple[int, ...]
    inputs: tuple[int, ...]


def is_block(target: CallTarget) -> bool:
    """Whether assembly is more than system instructions in a row."""
    template = target.template or ""
    lines = [line.split() for line in template.split("\n") if line.strip()]
    return not _BREAK.fullmatch(template) and any(line[0] not in SYSTEM_MNEMONICS for line in lines)


def block_name(target: CallTarget) -> str:
    digest = hashlib.sha256((target.template or "").encode()).hexdigest()[:8]
    return f"assembly {digest}"


def inline_assembly(module: Module, name: str | None = None) -> Iterator[CallTarget]:
    """Of a function, or of all."""
    functions = module.functions.values() if name is None else [module.functions[name]]
    for function in functions:
        for block in function.blocks.values():
            for instruction in block:
                if isinstance(instruction.detail, CallTarget) and instruction.detail.template:
                    yield instruction.detail


def blocks_of(module: Module, name: str) -> tuple[Block, ...]:
    """What a function's blocks of assembly can look like, longest first."""
    targets = {target for target in inline_assembly(module, name) if is_block(target)}
    made = [block for target in sorted(targets, key=block_name) for block in _forms(target)]
    return tuple(sorted(made, key=lambda block: -len(block.words)))


def find_blocks(words: Sequence[int], blocks: Iterable[Block]) -> dict[int, Block]:
    """Where blocks stand in a function's code."""
    made: dict[int, Block] = {}
    taken: set[int] = set()
    for block in blocks:
        size = len(block.words)
        for start in range(len(words) - size + 1):
            if tuple(words[start : start + size]) == block.words and taken.isdisjoint(range(start, start + size)):
                made[start] = block
                taken.update(range(start, start + size))
    return made


@lru_cache
def registers_written(words: tuple[int, ...], inputs: tuple[int, ...]) -> tuple[int, ...]:
    """Numbers of the general registers that a block writes. UnsupportedError when it reads another one than its inputs
    and what it has written, or changes the stack pointer."""
    written: list[int] = []
    for word in words:
        reads, writes = _registers_of(word)
        unknown = [n for n in reads if n not in written and n not in inputs]
        if unknown or STACK in writes:
            raise UnsupportedError(f"a block of assembly uses register {unknown or STACK}: {word:08x}")
        written += [n for n in writes if n not in written]
    return tuple(written)


STACK = -1
FLAGS = range(0x100, 0x110)
"""N, Z, C and V in the register space, and what SLEIGH keeps beside them."""


@lru_cache
def writes_flags(words: tuple[int, ...]) -> bool:
    """Whether a block changes N, Z, C or V."""
    outputs = [op.output for word in words if system_instruction(word) is None for op in lift(word, 0)]
    return any(place is not None and place.space == "register" and place.offset in FLAGS for place in outputs)


def _registers_of(word: int) -> tuple[list[int], list[int]]:
    """General registers that an instruction reads and writes."""
    system = system_instruction(word)
    if system is not None:
        return _named(system.reads), _named(system.writes)
    operations = lift(word, 0)
    reads = [n for op in operations for place in op.inputs if (n := _general(place)) is not None]
    writes = [n for op in operations if op.output is not None and (n := _general(op.output)) is not None]
    return reads, writes


def _named(number: int | None) -> list[int]:
    return [] if number is None or number == 31 else [number]


def _general(place: Place) -> int | None:
    if place.space != "register":
        return None
    if place.offset == register("sp"):
        return STACK
    number = (place.offset - register("x0")) // 8
    return number if 0 <= number < FREE_REGISTERS else None


@lru_cache
def _forms(target: CallTarget) -> tuple[Block, ...]:
    """One for each register that an operand without a register of its own can be in."""
    parts = _parts(target)
    free = [n for n, part in enumerate(parts) if _register(part, -1) < 0]
    if len(free) > 1 or any(part.startswith("=") for part in parts):
        return ()
    fixed = [_register(part, -1) for part in parts]
    taken = {*fixed, *map(int, re.findall(r"~\{[xw](\d+)\}", target.constraints))}
    free_registers = [n for n in range(FREE_REGISTERS) if n not in taken]
    choices = [tuple(n if known < 0 else known for known in fixed) for n in (free_registers if free else [0])]
    texts = [_PLACEHOLDER.sub(partial(_operand, list(chosen)), target.template or "") for chosen in choices]
    words = assembled_blocks(tuple(texts))
    return tuple(Block(block_name(target), own, chosen) for own, chosen in zip(words, choices, strict=True))


def assembly_effects(run: FunctionRun, instruction: Instruction, target: CallTarget, given: list[Term]) -> Value | None:
    """What inline assembly does, line by line, in the words of its machine code."""
    if is_block(target):
        _block_effect(run, instruction, target, given)
        return None
    numbers, output_count = _numbers(target)
    registers = {number: t.zext(value, WORD) for number, value in zip(numbers[output_count:], given, strict=True)}
    words = assembled(_all_lines(run.state.program.module))
    for line in _lines(target):
        word = words.get(line)
        found = None if word is None else system_instruction(word)
        if word is None or found is None:
            raise run.unsupported(instruction, f"assembly with {line}")
        if word & ~0x1F == TPIDR_EL2_READ & ~0x1F:
            registers[word & 0x1F] = run.state.core_address()
            continue
        effect = run.effect
        assert effect is not None
        seen = [] if found.reads is None else [registers.get(found.reads, t.const(0, WORD))]
        if found.writes is not None:
            registers[found.writes] = t.apply(f"{found.name} result", [effect, *seen], WORD)
        run.values[EFFECT_KEY] = t.apply(found.name, [effect, *seen], t.EFFECT)
    if not output_count:
        return None
    kinds = instruction.type.members if isinstance(instruction.type, StructType) else (instruction.type,)
    made = [t.extract(registers[n], width_of(kind) - 1, 0) for n, kind in zip(numbers, kinds, strict=False)]
    return tuple(made) if isinstance(instruction.type, StructType) else made[0]


def _block_effect(run: FunctionRun, instruction: Instruction, target: CallTarget, given: list[Term]) -> None:
    if not _forms(target):
        raise run.unsupported(instruction, "assembly with results or several free operands")
    effect = run.effect
    assert effect is not None
    after = run.state.told(block_name(target), effect, run.node, [t.zext(value, WORD) for value in given])
    run.values[EFFECT_KEY] = after
    run.state.forget_memory(after, run.guard, run.node)


def _parts(target: CallTarget) -> list[str]:
    return [part for part in target.constraints.split(",") if part and not part.startswith("~")]


def _numbers(target: CallTarget) -> tuple[list[int], int]:
    """Register numbers of a template's operands, and how many of them are outputs."""
    parts = _parts(target)
    numbers = [_register(part, FIRST_OPERAND + n) for n, part in enumerate(parts)]
    return numbers, sum(part.startswith("=") for part in parts)


def _lines(target: CallTarget) -> list[str]:
    """A template's instructions with registers in place."""
    numbers, _ = _numbers(target)
    whole = _PLACEHOLDER.sub(partial(_operand, numbers), target.template or "")
    return [line.strip() for line in whole.split("\n") if line.strip()]


def _all_lines(module: Module) -> frozenset[str]:
    found = _LINES.get(id(module))
    if found is None:
        inline = [x for x in inline_assembly(module) if not _BREAK.fullmatch(x.template or "") and not is_block(x)]
        found = _LINES[id(module)] = frozenset(line for target in inline for line in _lines(target))
    return found


_LINES: dict[int, frozenset[str]] = {}


def _register(constraint: str, other: int) -> int:
    found = re.fullmatch(r"=?&?\{[xw](\d+)\}", constraint)
    return int(found.group(1)) if found else other


def _operand(numbers: list[int], match: re.Match[str]) -> str:
    return f"x{numbers[int(match.group(1) or match.group(2))]}"
