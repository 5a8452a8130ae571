"""Objects of components written in C or Zig: their own source, the runtime in C, their parameters as linker constants.

The numbers of the ABI reach C as a header generated from keelback.abi, so they are written down once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from keelback.abi import errors, faults, messages, rights, syscalls
from keelback.compiler import compile_foreign

RUNTIME_FOLDER = Path(__file__).resolve().parents[1] / "foreign"
RUNTIME_SOURCES = (RUNTIME_FOLDER / "runtime.c", RUNTIME_FOLDER / "keelback.h")
LANGUAGES: dict[str, Literal["c", "zig"]] = {".c": "c", ".zig": "zig"}
C_FLAGS = ("-g", "-ffunction-sections", "-fdata-sections", "-fno-stack-protector", "-fno-sanitize=all")
ZIG_FLAGS = ("-fno-strip", "-fno-stack-check", "-mcpu=generic-neon-fp_armv8")


def build_foreign(source: Path, parameters: Mapping[str, int | str], folder: Path, name: str) -> list[Path]:
    """The objects of a component; raises the compiler's ToolError."""
    (folder / "keelback_abi.h").write_text(abi_header())
    constants = folder / f"{name}-parameters.c"
    constants.write_text(parameter_source(parameters))
    include = [f"-I{RUNTIME_FOLDER}", f"-I{folder}"]
    language = LANGUAGES[source.suffix]
    flags = [*C_FLAGS, *include] if language == "c" else [*ZIG_FLAGS]
    made = [compile_foreign([source], folder / f"{name}.o", language=language, flags=flags)]
    for part, path in (("runtime", RUNTIME_SOURCES[0]), ("parameters", constants)):
        out = folder / f"{name}-{part}.o"
        # Without -fno-builtin the compiler would make the runtime's memcpy a call of memcpy.
        made.append(compile_foreign([path], out, language="c", flags=[*C_FLAGS, "-fno-builtin", *include]))
    return made


def abi_header() -> str:
    """Every number of keelback.abi that a component may need: `#define KEEL_SYSCALLS_CALL 1`."""
    lines = ["/* Generated from keelback.abi. */"]
    for module in (errors, faults, messages, rights, syscalls):
        area = module.__name__.rsplit(".")[-1].upper()
        for name, value in vars(module).items():
            if name.isupper() and isinstance(value, int):
                lines.append(f"#define KEEL_{area}_{name} {value}")
    return "\n".join(lines) + "\n"


def parameter_source(parameters: Mapping[str, int | str]) -> str:
    """Parameters as constants that C and Zig can refer to: `keel_<name>`, a number of 64 bits or a text."""
    lines = ["/* Generated from the system description. */", "#include <stdint.h>"]
    for name, value in sorted(parameters.items()):
        if isinstance(value, int):
            lines.append(f"const uint64_t keel_{name} = {value}u;")
        else:
            lines.append(f"const char keel_{name}[] = {json.dumps(value)};")
    return "\n".join(lines) + "\n"
