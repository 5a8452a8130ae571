"""Runs a generated program in CPython, on the host and on the emulated machine, each giving the same list of outcomes.

An outcome is ("trap", kind) or ("value", (integers...)).
"""

from __future__ import annotations

import struct
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

from keelback import lang
from keelback.compiler import HostProgram, Program, compile_object, link
from keelback.compiler.backend.foreign import compile_foreign
from keelback.lang import Trap, trap_kind
from keelback.lang.memory import forget_memory
from tests.compiler.differential.generator import WIDTHS, GeneratedProgram

Outcome = tuple[str, Any]
HERE = Path(__file__).resolve().parent
WORD = 2**64
OUTCOME_BYTES = 9 * 8
EMULATOR_SECONDS = 120


def in_cpython(program: GeneratedProgram, name: str) -> list[Outcome]:
    """Import the module the ordinary way and call it."""
    forget_memory()  # each execution starts with memory that is zero
    module = types.ModuleType(name)
    sys.modules[name] = module
    try:
        exec(compile(program.text, f"{name}.py", "exec"), module.__dict__)
        return [_call_python(program, module, symbol, values) for symbol, values in program.calls]
    finally:
        del sys.modules[name]


def _call_python(program: GeneratedProgram, module: types.ModuleType, symbol: str, values: tuple[int, ...]) -> Outcome:
    signature = program.signatures[symbol]
    arguments = [_to_lang(kind, value) for kind, value in zip(signature.parameters, values, strict=True)]
    try:
        result = getattr(module, symbol)(*arguments)
    except Exception as error:
        kind = trap_kind(error)
        if kind is None:
            raise
        return ("trap", int(kind))
    results = result if isinstance(result, tuple) else (result,)
    return ("value", tuple(int(value) for value in results))


def _to_lang(kind: str, value: int) -> Any:
    return bool(value) if kind == "bool" else getattr(lang, kind)(value)


def on_host(program: GeneratedProgram, path: Path) -> list[Outcome]:
    """Compile for this machine, in-process."""
    host = HostProgram(Program(root=path))
    outcomes: list[Outcome] = []
    for symbol, values in program.calls:
        try:
            result = host.call(f"{path.stem}.{symbol}", *values)
        except Trap as trap:
            outcomes.append(("trap", int(trap.kind)))
            continue
        assert result is not None
        results = result if isinstance(result, tuple) else (result,)
        kinds = program.signatures[symbol].results
        outcomes.append(("value", tuple(_cut(kind, int(v)) for kind, v in zip(kinds, results, strict=True))))
    return outcomes


def on_machine(program: GeneratedProgram, path: Path, folder: Path) -> list[Outcome]:
    """Compile for AArch64 and run in QEMU at EL2."""
    objects = [compile_object(Program(root=path), folder / "program.o").path]
    objects.append(compile_foreign([HERE / "harness.c"], folder / "harness.o", flags=["-mcpu=cortex_a72"]))
    calls = folder / "calls.c"
    calls.write_text(_call_table(program))
    objects.append(compile_foreign([calls], folder / "calls.o"))
    image = link(objects, folder / "test.elf", base=0x4008_0000, script=None, entry="_start")
    flat = folder / "test.bin"
    end = max(segment.address + segment.memory_size for segment in image.segments)
    memory = bytearray(end - 0x4008_0000)
    for segment in image.segments:
        start = segment.address - 0x4008_0000
        memory[start : start + len(segment.data)] = segment.data
    flat.write_bytes(memory)
    output = _emulate(flat, folder)
    if len(output) != OUTCOME_BYTES * len(program.calls):
        raise AssertionError(f"the machine printed {len(output)} bytes for {len(program.calls)} calls")
    return [_outcome(program, number, output) for number in range(len(program.calls))]


def _call_table(program: GeneratedProgram) -> str:
    lines = ["typedef unsigned long u64;"]
    lines += [f"extern void {symbol}(void);" for symbol in program.signatures]
    lines += [f"const u64 call_count = {len(program.calls)};", "const u64 call_table[] = {"]
    for symbol, values in program.calls:
        words = [f"{value % WORD:#x}ul" for value in values] + ["0"] * (8 - len(values))
        lines.append(f"(u64){symbol}, {', '.join(words)},")
    return "\n".join([*lines, "};", ""])


def _emulate(flat: Path, folder: Path) -> bytes:
    serial = folder / "serial.bin"
    machine = ["-M", "virt,gic-version=3,virtualization=on", "-cpu", "cortex-a72", "-m", "256", "-display", "none"]
    command = ["timeout", "-k", "5", str(EMULATOR_SECONDS), "qemu-system-aarch64", *machine, "-monitor", "none"]
    command += ["-nic", "none", "-serial", f"file:{serial}", "-kernel", str(flat)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"qemu exited with {done.returncode}: {done.stderr}\n{serial.read_bytes()[:400]!r}")
    return serial.read_bytes()


def _outcome(program: GeneratedProgram, number: int, output: bytes) -> Outcome:
    trap, *words = struct.unpack_from("<9Q", output, number * OUTCOME_BYTES)
    if trap:
        return ("trap", trap)
    kinds = program.signatures[program.calls[number][0]].results
    return ("value", tuple(_cut(kind, word) for kind, word in zip(kinds, words, strict=False)))


def _cut(kind: str, word: int) -> int:
    if kind == "i64":
        return (word + 2**63) % WORD - 2**63
    return word % 2 if kind == "bool" else word % 2 ** WIDTHS.get(kind, 64)
