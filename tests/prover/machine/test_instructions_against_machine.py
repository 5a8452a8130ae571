"""The lifted machine code against the real thing: an emulated AArch64 processor runs instructions of every kind that
the kernel is made of on thousands of random states, and the formulas give the same result and flags."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest

from keelback.compiler import compile_foreign, link
from keelback.prover.encode import Program, Run, UnsupportedError
from keelback.prover.encode import terms as t
from keelback.prover.encode.evaluation import Interpretation, evaluate
from keelback.prover.encode.module import Module
from keelback.prover.machine.executor import GENERAL, MachineRun
from keelback.prover.machine.image import Code
from keelback.prover.machine.lifting import lift
from keelback.prover.machine.system import assembled_blocks

pytestmark = pytest.mark.boot

RETURN = 0xD65F03C0
FLAGS = 0x100
"""Where N, Z, C and V lie in the register space, a byte each."""

VECTORS = 60
CORNERS = (0, 1, 2, 63, 64, 255, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 63, (1 << 63) - 1, (1 << 64) - 1)

PLAIN = """
add x0, x1, x2
add x0, x1, #0xabc
add x0, x1, w2, uxtw #3
add x0, x1, x2, lsl #7
add w0, w1, w2
adds x0, x1, x2
adds w0, w1, #5
adc x0, x1, x2
sub x0, x1, x2
sub w0, w1, w2, lsl #4
subs x0, x1, x2
subs w0, w1, w2
sbcs x0, x1, x2
neg x0, x1
cmp x1, x2
cmp w1, #17
cmn x1, x2
cmn w1, #1
tst x1, x2
tst w1, #0xff00
and x0, x1, x2
and w0, w1, #0x3fc
ands x0, x1, x2
bic x0, x1, x2, lsl #3
bics w0, w1, w2
orr x0, x1, x2
orr w0, w1, #0x80000001
orn x0, x1, x2
eor x0, x1, x2, ror #9
eon w0, w1, w2
mvn x0, x1
mov x0, x1
movz x0, #0x1234, lsl #32
movn w0, #5
movk x0, #0xbeef, lsl #16
lsl x0, x1, x2
lsl w0, w1, #13
lsr x0, x1, x2
lsr w0, w1, w2
asr x0, x1, x2
asr w0, w1, #31
ror x0, x1, #5
ror w0, w1, w2
extr x0, x1, x2, #19
ubfx x0, x1, #13, #22
ubfiz w0, w1, #4, #9
sbfx x0, x1, #3, #30
sbfiz x0, x1, #12, #7
bfi x0, x1, #8, #16
bfxil w0, w1, #5, #6
uxtb w0, w1
uxth w0, w1
sxtb x0, w1
sxth w0, w1
sxtw x0, w1
clz x0, x1
clz w0, w1
rbit x0, x1
rev x0, x1
rev w0, w1
rev16 w0, w1
mul x0, x1, x2
mul w0, w1, w2
madd x0, x1, x2, x3
msub w0, w1, w2, w3
umull x0, w1, w2
smull x0, w1, w2
umaddl x0, w1, w2, x3
smaddl x0, w1, w2, x3
umulh x0, x1, x2
udiv x0, x1, x2
udiv w0, w1, w2
csel x0, x1, x2, eq
csel w0, w1, w2, hi
csinc x0, x1, x2, lt
csinv w0, w1, w2, ge
csneg x0, x1, x2, ls
cset w0, mi
csetm x0, vs
cinc x0, x1, cc
ccmp x1, x2, #4, ne
ccmp w1, #7, #11, gt
ccmn x1, x2, #2, pl
ccmp x1, #0, #0, le
negs x0, x1
sbc x0, x1, x2
""".strip().split("\n")

CONDITIONS = ["eq", "ne", "cs", "cc", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le"]
BRANCHES = [f"b.{condition} 7f; mov x0, x2; 7:" for condition in CONDITIONS]
ZERO_TESTS = [f"{line}, 7f; mov x0, x2; 7:" for line in ("cbz x1", "cbz w1", "cbnz x1", "cbnz w1")]
BIT_TESTS = [f"{line}, 7f; mov x0, x2; 7:" for line in ("tbz x1, #63", "tbz w1, #0", "tbnz x1, #31", "tbnz w1, #4")]
LOADS = [
    f"stp x1, x2, [sp, #-16]!; {line}; add sp, sp, #16"
    for line in (
        "ldr x0, [sp]",
        "ldr w0, [sp, #12]",
        "ldrb w0, [sp, #3]",
        "ldrh w0, [sp, #6]",
        "ldrsb x0, [sp, #7]",
        "ldrsh x0, [sp, #2]",
        "ldrsw x0, [sp, #4]",
        "ldur w0, [sp, #3]",
        "ldp x4, x0, [sp]",
        "ldp w0, w4, [sp, #8]",
    )
]
STORES = [
    f"{line}, [sp, #-16]!; ldr {loaded}, [sp]; add sp, sp, #16"
    for line, loaded in (("str x1", "x0"), ("str w1", "w0"), ("stp w1, w2", "w0"))
]
STACK = [
    "sturb w1, [sp, #-1]; ldurb w0, [sp, #-1]",
    "strh w1, [sp, #-16]!; ldrh w0, [sp], #16",
    "stur x1, [sp, #-8]; ldur x0, [sp, #-8]",
]
ALL = [*PLAIN, *BRANCHES, *ZERO_TESTS, *BIT_TESTS, *LOADS, *STORES, *STACK]
INSTRUCTIONS = [line.replace("; ", "\n") for line in ALL]
"""Those with branches and memory bring what shows their effect."""

HEAD = """
.text
.global _start
_start:
    adrp x19, results
    add x21, x19, :lo12:results
    adrp x5, stack
    add x5, x5, :lo12:stack
    add sp, x5, #256
"""

BLOCK = """
    adrp x19, vectors
    add x19, x19, :lo12:vectors
    mov x22, #{count}
1:  ldp x1, x2, [x19], #16
    ldp x3, x4, [x19], #16
    msr nzcv, x4
    mov x0, x3
    {instruction}
    mrs x5, nzcv
    stp x0, x5, [x21], #16
    sub x22, x22, #1
    cbnz x22, 1b
"""

TAIL = """
    adrp x19, results
    add x19, x19, :lo12:results
    mov x20, #0x09000000
2:  ldrb w0, [x19], #1
    strb w0, [x20]
    cmp x19, x21
    b.ne 2b
    mov x0, #0x0008
    movk x0, #0x8400, lsl #16
    hvc #0
3:  b 3b
.data
.balign 8
vectors:
"""


def vectors() -> list[tuple[int, int, int, int]]:
    """x1, x2, x3 (also the old x0), and the flags."""
    source = random.Random("machine")

    def word() -> int:
        return source.choice(CORNERS) if source.random() < 0.4 else source.getrandbits(source.choice((6, 16, 32, 64)))

    return [(word(), word(), word(), source.getrandbits(4) << 28) for _ in range(VECTORS)]


def run_emulated(folder: Path, states: list[tuple[int, int, int, int]]) -> list[tuple[int, int]]:
    """x0 and the flags, of each instruction on each state in turn."""
    blocks = "".join(BLOCK.format(count=len(states), instruction=line) for line in INSTRUCTIONS)
    data = "".join(f".quad {', '.join(map(str, state))}\n" for state in states)
    room = f".bss\n.balign 16\nstack: .zero 512\nresults: .zero {16 * len(states) * len(INSTRUCTIONS)}\n"
    source, made, elf = folder / "test.S", folder / "test.o", folder / "test.elf"
    source.write_text(HEAD + blocks + TAIL + data + room)
    compile_foreign([source], made)
    link([made], elf, base=0x4008_0000, entry="_start")
    out = folder / "out.bin"
    machine = [
        "qemu-system-aarch64",
        "-M",
        "virt",
        "-cpu",
        "cortex-a53",
        "-m",
        "64",
        "-display",
        "none",
        "-nic",
        "none",
    ]
    subprocess.run([*machine, "-serial", f"file:{out}", "-monitor", "none", "-kernel", elf], check=True, timeout=60)
    found = out.read_bytes()
    words = [int.from_bytes(found[n : n + 8], "little") for n in range(0, len(found), 8)]
    return list(zip(words[::2], words[1::2], strict=True))


def meaning(known: dict[str, int]) -> Interpretation:
    return Interpretation(lambda name, _: known.get(name, 0), lambda name, given, width: 0)


def lifted(words: tuple[int, ...], states: list[tuple[int, int, int, int]]) -> list[tuple[int, int]]:
    """What the formulas of one instruction, or a few, give."""
    machine = MachineRun(
        Run(Program(Module(), {})), Code("test", 0x1000, (*words, RETURN)), {}, lambda address, size: None
    )
    machine.run_function([], t.symbol("before", t.EFFECT))
    (ending,) = machine.endings
    registers = [ending.registers[GENERAL]]
    registers += [ending.registers.get(FLAGS + n, t.symbol(f"register {FLAGS + n:#x}", 8)) for n in range(4)]
    roots = [register for register in registers if isinstance(register, t.Term)]
    result: list[tuple[int, int]] = []
    for x1, x2, x3, flags in states:
        known = {"x0": x3, "x1": x1, "x2": x2, "x3": x3}
        known |= {f"register {FLAGS + n:#x}": flags >> (31 - n) & 1 for n in range(4)}
        values = evaluate(roots, meaning(known))
        numbers = [value for root in roots if isinstance(value := values[root], int)]
        result.append((numbers[0], sum(bit << (31 - n) for n, bit in enumerate(numbers[1:]))))
    return result


def test_instructions_do_in_formulas_what_they_do_on_the_machine(tmp_path: Path) -> None:
    states = vectors()
    real = run_emulated(tmp_path, states)
    words = assembled_blocks(tuple(INSTRUCTIONS))
    assert len(words) == len(INSTRUCTIONS) and len(real) == len(words) * len(states)
    wrong: list[str] = []
    for number, (line, word) in enumerate(zip(INSTRUCTIONS, words, strict=True)):
        expected = real[number * len(states) : (number + 1) * len(states)]
        for state, found, known in zip(states, lifted(word, states), expected, strict=True):
            if found != known:
                wrong.append(f"{line} of {state}: {found}, the machine has {known}")
                break
    assert wrong == []


@pytest.mark.parametrize(
    "line", ["ldrsh w0, [x1, #2]", "ldrsb w0, [x1, x2]", "ldursh w0, [x1, #1]", "ngcs w0, w1", "ldpsw x4, x0, [sp]"]
)
def test_instructions_that_are_described_wrongly_are_refused(line: str) -> None:
    ((word,),) = assembled_blocks((line,))
    with pytest.raises(UnsupportedError, match=f"{word:08x}"):
        lift(word, 0x1000)
