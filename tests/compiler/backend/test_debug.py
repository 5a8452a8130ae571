"""DWARF: the line of every trap, and structs as the language lays them out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from elftools.elf.elffile import ELFFile

from keelback.compiler import compile_object, line_table, link
from keelback.lang import TrapKind
from tests.compiler.support import line_of, program

TEXT = """
@bitfield(u32)
class Mark(Bitfield[u32]):
    set: bool = bits(31)
    number: u32 = bits(6, 2)


@struct
class Row(Struct):
    byte: u8 = u8(1)
    wide: u64 = u64(2)
    mark: Mark = Mark()
    halves: Array[u16] = array(u16, 3)


rows: Final = array(Row, 5)


@noinline
def divided(a: u64, b: u64) -> u64:
    return a // b


@entry("run")
def run(index: u64, other: u64) -> u64:
    row = rows[index]
    row.wide = (
        row.wide
        + other
    )
    assert other != 7
    row.mark = Mark(number=u32(other))
    return divided(index, other)
"""


def linked(folder: Path) -> Path:
    compiled = compile_object(program(folder, TEXT), folder / "run.o")
    return link([compiled.path], folder / "run.elf", base=0x8000, entry="run").path


def traps(path: Path) -> dict[TrapKind, int]:
    """The address of the last `brk` of each kind."""
    with path.open("rb") as file:
        section = ELFFile(file).get_section_by_name(".text")
        assert section is not None
        data, start = section.data(), section["sh_addr"]
    found: dict[TrapKind, int] = {}
    for offset in range(0, len(data), 4):
        word = int.from_bytes(data[offset : offset + 4], "little")
        if word & 0xFFE0001F == 0xD4200000:
            found[TrapKind(word >> 5 & 15)] = start + offset
    return found


def test_every_trap_leads_to_its_line(tmp_path: Path) -> None:
    elf = linked(tmp_path)
    table = line_table(elf)
    assert table == sorted(table)
    for kind, text in (
        (TrapKind.INDEX, "row = rows[index]"),
        (TrapKind.OVERFLOW, "        row.wide"),
        (TrapKind.ASSERT, "assert other != 7"),
        (TrapKind.CONVERT, "row.mark = Mark"),
        (TrapKind.DIVIDE, "return a // b"),
    ):
        address = traps(elf)[kind]
        entry = [entry for entry in table if entry.address <= address][-1]
        assert Path(entry.file) == tmp_path / "program.py"
        assert entry.line == line_of(tmp_path, text), kind


def entries(path: Path) -> list[Any]:
    file = path.open("rb")
    dwarf = ELFFile(file).get_dwarf_info()
    return [entry for unit in dwarf.iter_CUs() for entry in unit.iter_DIEs()]


def named(found: list[Any], tag: str, name: str) -> Any:
    return next(e for e in found if e.tag == tag and e.attributes["DW_AT_name"].value == name.encode())


def test_structs_and_bitfields_are_described(tmp_path: Path) -> None:
    found = entries(linked(tmp_path))
    row = named(found, "DW_TAG_structure_type", "Row")
    offsets = {
        member.attributes["DW_AT_name"].value.decode(): member.attributes["DW_AT_data_member_location"].value
        for member in row.iter_children()
    }
    assert offsets == {"byte": 0, "wide": 8, "mark": 16, "halves": 20}
    assert row.attributes["DW_AT_byte_size"].value == 32
    mark = named(found, "DW_TAG_structure_type", "Mark")
    sizes = [member.attributes["DW_AT_bit_size"].value for member in mark.iter_children()]
    assert sizes == [1, 5]


def test_functions_and_globals_have_the_names_of_the_source(tmp_path: Path) -> None:
    found = entries(linked(tmp_path))
    divided = named(found, "DW_TAG_subprogram", "divided")
    parameters = [e.attributes["DW_AT_name"].value for e in divided.iter_children() if e.tag.endswith("parameter")]
    assert parameters == [b"a", b"b"]
    assert "DW_AT_location" in named(found, "DW_TAG_variable", "rows").attributes
