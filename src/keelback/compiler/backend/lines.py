"""Which source line each instruction came from, read from DWARF: for panics, fault reports and coverage."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from elftools.elf.elffile import ELFFile


class LineEntry(NamedTuple):
    """From `address` on (up to the next entry's), code came from `line` of `file`. `line` 0: from no line."""

    address: int
    file: str
    line: int


def line_table(elf: Path) -> list[LineEntry]:
    """Sorted by address; neighbouring entries of the same line are merged."""
    found: list[LineEntry] = []
    with elf.open("rb") as file:
        image = ELFFile(file)
        if not image.has_dwarf_info():
            return []
        dwarf = image.get_dwarf_info()
        for unit in dwarf.iter_CUs():
            program = dwarf.line_program_for_CU(unit)
            if program is not None:
                found += _entries(program)
    return _merged(sorted(found))


def _entries(program: Any) -> list[LineEntry]:
    result: list[LineEntry] = []
    version = program["version"]
    for entry in program.get_entries():
        state = entry.state
        if state is None:
            continue
        if state.end_sequence:
            result.append(LineEntry(state.address, "", 0))
        else:
            result.append(LineEntry(state.address, _file_name(program, state.file, version), state.line))
    return result


def _file_name(program: Any, number: int, version: int) -> str:
    files = program["file_entry"]
    entry = files[number if version >= 5 else number - 1]
    folders = program["include_directory"]
    index = entry["dir_index"]
    folder = ""
    if version >= 5:
        folder = folders[index].decode() if index < len(folders) else ""
    elif index > 0:
        folder = folders[index - 1].decode()
    name = entry["name"].decode()
    return str(Path(folder) / name) if folder else name


def _merged(entries: list[LineEntry]) -> list[LineEntry]:
    result: list[LineEntry] = []
    for entry in entries:
        if result and result[-1].address == entry.address:
            result.pop()  # the last one at an address is the one in force; an end gives way to a start
        if result and result[-1][1:] == entry[1:]:
            continue
        result.append(entry)
    return result
