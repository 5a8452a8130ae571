"""Functions and globals of a linked kernel: its ELF file, read. It interprets nothing."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

from elftools.elf.elffile import ELFFile


@dataclass(frozen=True)
class Code:
    """The instruction words of one function."""

    name: str
    address: int
    words: tuple[int, ...]


@dataclass(frozen=True)
class Image:
    """`functions` and `symbols` by name; `read_only` are stretches of constants: address and bytes."""

    functions: dict[str, Code]
    symbols: dict[str, int]
    read_only: tuple[tuple[int, bytes], ...]

    def name_at(self, address: int) -> str | None:
        """The function or other label of code at an address."""
        for code in self.functions.values():
            if code.address == address:
                return code.name
        return next((name for name, value in self.symbols.items() if value == address), None)

    def read_constant(self, address: int, size: int) -> int | None:
        """An integer as it lies in the file."""
        for start, content in self.read_only:
            if start <= address and address + size <= start + len(content):
                return int.from_bytes(content[address - start : address - start + size], "little")
        return None

    def find_bytes(self, data: bytes) -> int | None:
        """Where some constants lie that have no symbol."""
        for start, content in self.read_only:
            place = content.find(data)
            if place >= 0:
                return start + place
        return None


def read_elf(data: bytes) -> Image:
    """The parts of a linked image that the prover looks at."""
    elf: Any = ELFFile(io.BytesIO(data))
    functions: dict[str, Code] = {}
    symbols: dict[str, int] = {}
    loaded = [s for s in elf.iter_segments() if s["p_type"] == "PT_LOAD"]

    def bytes_at(address: int, size: int) -> bytes:
        for segment in loaded:
            offset = address - int(segment["p_vaddr"])
            if 0 <= offset < int(segment["p_filesz"]):
                return bytes(segment.data()[offset : offset + size])
        return b""

    for symbol in elf.get_section_by_name(".symtab").iter_symbols():
        name, value, size = str(symbol.name), int(symbol["st_value"]), int(symbol["st_size"])
        if not name or name.startswith("$"):
            continue
        symbols[name] = value
        if symbol["st_info"]["type"] == "STT_FUNC" and size:
            code = bytes_at(value, size)
            words = tuple(int.from_bytes(code[n : n + 4], "little") for n in range(0, len(code) - 3, 4))
            functions[name] = Code(name, value, words)
    constants = [(int(s["p_vaddr"]), bytes(s.data())) for s in loaded]
    return Image(functions, symbols, tuple(constants))


def text_of_object(data: bytes) -> bytes:
    """The code of an object file that has one piece of it."""
    elf: Any = ELFFile(io.BytesIO(data))
    return bytes(elf.get_section_by_name(".text").data())
