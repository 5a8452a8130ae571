"""Compiles C and Zig: components for bare AArch64, and static programs for an AArch64 Linux guest."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from keelback.compiler.backend.toolchain import run_zig

COMPONENT_TARGET = "aarch64-freestanding-none"
GUEST_TARGET = "aarch64-linux-musl"


def compile_foreign(
    sources: Sequence[Path],
    out: Path,
    *,
    language: Literal["c", "zig"] = "c",
    flags: Sequence[str] = (),
    target: str = COMPONENT_TARGET,
) -> Path:
    """Compile `sources` to `out`: an object for a component, a static program where `target` is GUEST_TARGET."""
    whole = target != COMPONENT_TARGET
    if language == "zig":
        action = "build-exe" if whole else "build-obj"
        run_zig([action, "-target", target, "-O", "ReleaseSmall", f"-femit-bin={out}", *flags, *sources])
    else:
        action_flags = ["-static", "-s"] if whole else ["-c", "-ffreestanding", "-mgeneral-regs-only", "-fno-pic"]
        run_zig(["cc", "-target", target, "-O2", *action_flags, *flags, *sources, "-o", out])
    return out
