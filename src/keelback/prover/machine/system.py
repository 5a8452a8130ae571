"""Instructions that do more than compute, told apart by their encoding (Arm DDI 0487, C4.1): system registers,
barriers, maintenance, exceptions. IR and machine code name their effects by these words without the register."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from keelback.compiler import compile_foreign
from keelback.prover.machine.image import text_of_object

REGISTER = 0x1F
TPIDR_EL2_READ = 0xD53CD040
WAIT_FOR_INTERRUPT = 0xD503207F


@dataclass(frozen=True)
class SystemInstruction:
    """`name` of its effect; `reads` and `writes`: the general register that it takes or sets."""

    name: str
    reads: int | None = None
    writes: int | None = None


def breakpoint_number(word: int) -> int | None:
    """n of `brk #n`."""
    return word >> 5 & 0xFFFF if word & 0xFFE0001F == 0xD4200000 else None


def system_instruction(word: int) -> SystemInstruction | None:
    """What a system instruction is; None of all others."""
    number = word & REGISTER
    name = f"instruction {word & ~REGISTER:08x}"
    if word & 0xFFF00000 == 0xD5300000:
        return SystemInstruction(name, writes=number)  # mrs
    if word & 0xFFF00000 == 0xD5100000:
        return SystemInstruction(name, reads=number)  # msr
    if word & 0xFFF80000 == 0xD5080000:
        return SystemInstruction(name, reads=number)  # at, dc, ic, tlbi
    if word & 0xFFFFF000 in (0xD5032000, 0xD5033000):
        return SystemInstruction(f"instruction {word:08x}")  # hints, barriers
    if word & 0xFFF8F01F == 0xD500401F:
        return SystemInstruction(f"instruction {word:08x}")  # msr of an immediate
    if word & 0xFFE0001F == 0xD4000003:
        return SystemInstruction(name, reads=0, writes=0)  # smc
    return None


SYSTEM_MNEMONICS = frozenset(
    {"mrs", "msr", "isb", "dsb", "dmb", "tlbi", "ic", "dc", "at", "smc", "wfi", "wfe", "sev", "nop"}
)


@cache
def assembled(lines: frozenset[str]) -> Mapping[str, int]:
    """The words of single system instructions; other lines are left out."""
    ordered = sorted(line for line in lines if line.split()[0] in SYSTEM_MNEMONICS)
    with tempfile.TemporaryDirectory() as folder:
        source, made = Path(folder) / "lines.S", Path(folder) / "lines.o"
        source.write_text("\n".join([".text", *ordered, ""]))
        compile_foreign([source], made, flags=["-mcpu=cortex_a53"])
        text = text_of_object(made.read_bytes())
    words = [int.from_bytes(text[n : n + 4], "little") for n in range(0, len(text), 4)]
    return dict(zip(ordered, words, strict=True))


SEPARATOR = 0x000004D2
"""`udf #1234`, between pieces of assembly; compilers do not make it."""


@cache
def assembled_blocks(texts: tuple[str, ...]) -> tuple[tuple[int, ...], ...]:
    """The words of pieces of assembly."""
    with tempfile.TemporaryDirectory() as folder:
        source, made = Path(folder) / "blocks.S", Path(folder) / "blocks.o"
        source.write_text("\n".join([".text", *(f"{text}\n.inst {SEPARATOR:#x}" for text in texts), ""]))
        compile_foreign([source], made, flags=["-mcpu=cortex_a53"])
        text = text_of_object(made.read_bytes())
    words = [int.from_bytes(text[n : n + 4], "little") for n in range(0, len(text), 4)]
    pieces: list[list[int]] = [[]]
    for word in words:
        if word == SEPARATOR:
            pieces.append([])
        else:
            pieces[-1].append(word)
    return tuple(map(tuple, pieces[:-1]))
