"""Small kernels in assembly: their vectors do what a test says."""

from __future__ import annotations

from pathlib import Path

from keelback.compiler import compile_foreign, link

SYNCHRONOUS = 0x400
INTERRUPT = 0x480
LAST_VECTOR = 0x780
OTHER = "eret"


def assemble(folder: Path, call: str, interrupt: str = OTHER, functions: str = "") -> Path:
    """A linked kernel whose system calls and interrupts from below execute this; every other vector is one `eret`."""
    lines = [".globl _start", ".balign 2048", "_start:", "kernel_vectors:"]
    bodies = {SYNCHRONOUS: "b synchronous_entry", INTERRUPT: "b interrupt_entry"}
    for offset in range(0, LAST_VECTOR + 0x80, 0x80):
        lines += [f".org kernel_vectors + {offset:#x}", bodies.get(offset, OTHER)]
    lines += [".balign 128", "synchronous_entry:", call, "interrupt_entry:", interrupt, functions]
    source = folder / "kernel.c"
    text = "\\n".join("\n".join(lines).splitlines())
    source.write_text(f'__asm__("{text}");\n')
    compile_foreign([source], folder / "kernel.o")
    elf = folder / "kernel.elf"
    link([folder / "kernel.o"], elf, base=0x4000_0000, entry="_start")
    return elf
