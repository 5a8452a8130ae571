"""Links objects into one ELF file with ziglang's LLD."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from keelback.compiler.backend.toolchain import run_zig


@dataclass(frozen=True)
class Segment:
    """A loadable piece of an image. Addresses and sizes in bytes; `memory_size` past `data` is zero."""

    address: int
    data: bytes
    memory_size: int
    writable: bool
    executable: bool


@dataclass(frozen=True)
class LinkedImage:
    """A linked ELF file: its entry address, symbols by name and loadable segments in the order of the file."""

    path: Path
    entry: int
    symbols: dict[str, int]
    segments: tuple[Segment, ...]


DEFAULT_SCRIPT = """
SECTIONS {{
  . = {base:#x};
  .text : {{ KEEP(*(.text.header)) *(.text .text.*) }}
  . = ALIGN(4096);
  .rodata : {{ *(.rodata .rodata.*) }}
  . = ALIGN(4096);
  .data : {{ *(.data .data.*) *(.state .state.*) }}
  .bss : {{ *(.bss .bss.*) *(COMMON) }}
  /DISCARD/ : {{ *(.note*) *(.comment) *(.ARM.exidx*) *(.eh_frame*) }}
}}
"""


def link(objects: Sequence[Path], out: Path, *, base: int, script: str | None = None, entry: str) -> LinkedImage:
    """Link `objects` at `base` (or as `script`, a linker script, says) and read the result back."""
    with tempfile.TemporaryDirectory() as folder:
        script_path = Path(folder) / "link.ld"
        script_path.write_text(script if script is not None else DEFAULT_SCRIPT.format(base=base))
        options = ["--gc-sections", "-z", "max-page-size=4096", "--no-rosegment", "--build-id=none", "-static"]
        run_zig(["ld.lld", *options, "-e", entry, "-T", script_path, "-o", out, *objects])
    return read_image(out)


def read_image(path: Path) -> LinkedImage:
    """Entry, symbols and loadable segments of an ELF file."""
    with path.open("rb") as file:
        elf = ELFFile(file)
        table = elf.get_section_by_name(".symtab")
        named = table.iter_symbols() if isinstance(table, SymbolTableSection) else ()
        symbols = {symbol.name: int(symbol["st_value"]) for symbol in named if symbol.name}
        segments = tuple(
            Segment(s["p_vaddr"], s.data(), s["p_memsz"], bool(s["p_flags"] & 2), bool(s["p_flags"] & 1))
            for s in elf.iter_segments()
            if s["p_type"] == "PT_LOAD" and s["p_memsz"] > 0
        )
        return LinkedImage(path, int(elf["e_entry"]), symbols, segments)
