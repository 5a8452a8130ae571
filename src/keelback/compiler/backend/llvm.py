"""LLVM IR text to optimised IR text (through llvmlite), and to an AArch64 object (through ziglang's clang).

Optimisation happens here only: the assembler gets the very IR that `optimise` returned and runs no pass over it, so
what is proven about that IR is about what ships. Nothing is vectorised: merged vector stores hide what is written.
"""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import Any, Literal

import llvmlite.binding as llvm

from keelback.compiler.backend.addresses import shorten_addresses
from keelback.compiler.backend.toolchain import run_zig

Target = Literal["aarch64", "host"]

AARCH64_TRIPLE = "aarch64-unknown-none-elf"
AARCH64_CPU = "cortex-a53"
AARCH64_FEATURES = "-neon,-fp-armv8,-crypto,+reserve-x18"
"""The kernel's entry stubs keep x18 for themselves."""
ZIG_CPU = "cortex_a53-neon-fp_armv8-crypto+reserve_x18"
"""The same, as zig says it."""
INLINING_THRESHOLD = 225


class IntermediateError(Exception):
    """LLVM refused the IR: a defect of the compiler, not of the program it compiled."""


@cache
def _initialise() -> None:
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()


@cache
def target_machine(target: Target) -> Any:
    """The LLVM target machine that tunes optimisation."""
    _initialise()
    if target == "host":
        return host_machine()
    machine = llvm.Target.from_triple(AARCH64_TRIPLE)
    return machine.create_target_machine(cpu=AARCH64_CPU, features=AARCH64_FEATURES, opt=2, reloc="static")


def host_machine() -> Any:
    """A new target machine for this host: a JIT engine takes it over and frees it with itself."""
    _initialise()
    return llvm.Target.from_default_triple().create_target_machine(cpu=llvm.get_host_cpu_name(), opt=2)


def parse(text: str) -> Any:
    """Parse and verify; raises IntermediateError naming LLVM's complaint."""
    try:
        module = llvm.parse_assembly(text)
        module.verify()
    except RuntimeError as error:
        raise IntermediateError(f"LLVM refused the generated IR: {error}") from error
    return module


def optimise_module(module: Any, target: Target) -> None:
    """Run LLVM's standard O2 pipeline in place, vectorisers off."""
    options = llvm.create_pipeline_tuning_options(speed_level=2)
    options.loop_vectorization = False
    options.slp_vectorization = False
    options.loop_unrolling = False
    options.inlining_threshold = INLINING_THRESHOLD
    builder = llvm.create_pass_builder(target_machine(target), options)
    builder.getModulePassManager().run(module, builder)


def optimise(text: str, target: Target = "aarch64") -> str:
    """Verified, optimised IR text for the target."""
    module = parse(text)
    if target == "aarch64":
        module.triple = AARCH64_TRIPLE
        module.data_layout = str(target_machine(target).target_data)
    optimise_module(module, target)
    return str(module)


def assemble(text: str, out: Path, near: frozenset[str] = frozenset()) -> Path:
    """Write the AArch64 ELF object of this IR to `out`, running no further optimisation over it. Globals that are
    `near` the code are addressed so (`addresses`)."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "program.ll"
        source.write_text(text)
        flags = ["-target", "aarch64-freestanding-none", f"-mcpu={ZIG_CPU}", "-O2", "-g"]
        flags += ["-Xclang", "-disable-llvm-passes", "-Wno-override-module", "-fno-pic", "-mcmodel=small"]
        if near:
            assembly = Path(folder) / "program.s"
            run_zig(["cc", *flags, "-S", source, "-o", assembly])
            assembly.write_text(shorten_addresses(assembly.read_text(), near))
            source, flags = assembly, flags[:3]
        run_zig(["cc", *flags, "-c", source, "-o", out])
    return out
