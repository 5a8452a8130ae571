"""The kernel's linked program: its instructions, decoded; its constants; names and source lines of addresses.

Says nothing about what an instruction does.
"""

from __future__ import annotations

import bisect
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import capstone
from capstone import arm64_const as arm
from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile

from keelback.compiler import LineEntry, line_table
from keelback.reports.latency.errors import UnboundedCode

INSTRUCTION_BYTES = 4
STACK_POINTER = 31
ZERO = 32
NAMES = {"sp": STACK_POINTER, "wsp": STACK_POINTER, "xzr": ZERO, "wzr": ZERO, "fp": 29, "lr": 30}
MODIFIERS = {
    arm.ARM64_SFT_LSL: "lsl",
    arm.ARM64_SFT_LSR: "lsr",
    arm.ARM64_SFT_ASR: "asr",
    arm.ARM64_SFT_ROR: "ror",
}
EXTENSIONS = {
    arm.ARM64_EXT_UXTB: (8, False),
    arm.ARM64_EXT_UXTH: (16, False),
    arm.ARM64_EXT_UXTW: (32, False),
    arm.ARM64_EXT_SXTB: (8, True),
    arm.ARM64_EXT_SXTH: (16, True),
    arm.ARM64_EXT_SXTW: (32, True),
}


@dataclass(frozen=True)
class Operand:
    """One operand: a general register (0..30, STACK_POINTER, ZERO), a number, or a place in memory.

    `register` is None for other registers (vectors, system) and for numbers. Memory: register + index + displacement.
    """

    kind: str  # "register", "number", "memory" or "other"
    register: int | None = None
    bits: int = 64
    number: int = 0
    index: int | None = None
    index_bits: int = 64
    shift: str = ""
    amount: int = 0
    extension: tuple[int, bool] | None = None


@dataclass(frozen=True)
class Instruction:
    """One instruction. `written`: general registers that it may write, as the decoder tells."""

    address: int
    mnemonic: str
    operands: tuple[Operand, ...]
    text: str
    written: tuple[int, ...]
    writes_back: bool
    after: bool  # the address is changed after the access, by the last operand


class MachineCode:
    """What was read from the file. Instructions are decoded when they are asked for."""

    def __init__(self, elf: Path) -> None:
        self._decoder = capstone.Cs(capstone.CS_ARCH_ARM64, capstone.CS_MODE_LITTLE_ENDIAN)
        self._decoder.detail = True
        self._decoded: dict[int, Instruction] = {}
        self._code: list[tuple[int, bytes]] = []
        self._constants: list[tuple[int, bytes]] = []
        self._sources: dict[str, list[str]] = {}
        self.symbols: dict[str, int] = {}
        with elf.open("rb") as file:
            self._read(ELFFile(file))
        names = sorted((address, name) for name, address in self.symbols.items() if not name.startswith("__"))
        self._starts = [address for address, _ in names]
        self._names = [name for _, name in names]
        self._lines: list[LineEntry] = line_table(elf)
        self._line_starts = [entry.address for entry in self._lines]

    def _read(self, image: ELFFile) -> None:
        for section in image.iter_sections():
            flags = section["sh_flags"]
            if not flags & SH_FLAGS.SHF_ALLOC or section["sh_type"] != "SHT_PROGBITS":
                continue
            if flags & SH_FLAGS.SHF_EXECINSTR:
                self._code.append((section["sh_addr"], section.data()))
            if not flags & SH_FLAGS.SHF_WRITE or flags & SH_FLAGS.SHF_EXECINSTR:
                self._constants.append((section["sh_addr"], section.data()))
        table: Any = image.get_section_by_name(".symtab")
        for symbol in table.iter_symbols() if table is not None else ():
            code = symbol["st_info"]["type"] in ("STT_FUNC", "STT_NOTYPE") and self.is_code(symbol["st_value"])
            if code and symbol.name and not symbol.name.startswith("$"):
                self.symbols[symbol.name] = symbol["st_value"]

    def is_code(self, address: int) -> bool:
        """Whether it is in the program's text."""
        return any(start <= address < start + len(content) for start, content in self._code)

    def instruction(self, address: int) -> Instruction:
        """The instruction at an address. UnboundedCode where there is none."""
        found = self._decoded.get(address)
        if found is None:
            found = self._decode(address)
            self._decoded[address] = found
        return found

    def instructions(self) -> Iterator[Instruction]:
        """All of them in the order of addresses; what is none is left out."""
        for start, content in self._code:
            for address in range(start, start + len(content) - INSTRUCTION_BYTES + 1, INSTRUCTION_BYTES):
                with contextlib.suppress(UnboundedCode):
                    yield self.instruction(address)

    def _decode(self, address: int) -> Instruction:
        for start, content in self._code:
            if start <= address < start + len(content):
                word = content[address - start : address - start + INSTRUCTION_BYTES]
                for found in self._decoder.disasm(word, address, 1):
                    return _convert(found)
        raise UnboundedCode(f"{self.describe(address)}: not an instruction")

    def constant(self, address: int, size_bytes: int) -> int | None:
        """Bytes of memory that is never written, little endian."""
        for start, content in self._constants:
            if start <= address and address + size_bytes <= start + len(content):
                return int.from_bytes(content[address - start : address - start + size_bytes], "little")
        return None

    def function(self, address: int) -> str:
        """The symbol that an address belongs to."""
        index = bisect.bisect_right(self._starts, address) - 1
        return self._names[index] if index >= 0 else f"{address:#x}"

    def line(self, address: int) -> tuple[str, int]:
        """Source file and line of an address; ("", 0) for none."""
        index = bisect.bisect_right(self._line_starts, address) - 1
        return (self._lines[index].file, self._lines[index].line) if index >= 0 else ("", 0)

    def source_line(self, address: int) -> str:
        """The text of that line; "" where the source is not there."""
        file, line = self.line(address)
        if not line or not Path(file).is_file():
            return ""
        if file not in self._sources:
            self._sources[file] = Path(file).read_text().splitlines()
        return self._sources[file][line - 1] if line <= len(self._sources[file]) else ""

    def describe(self, address: int) -> str:
        """Where an address is, for people: function, source file and line."""
        file, line = self.line(address)
        place = f"{Path(file).name}:{line}" if line else f"{address:#x}"
        return f"{self.function(address)} ({place})"


def _convert(found: capstone.CsInsn) -> Instruction:
    operands = tuple(_operand(found, operand) for operand in found.operands)
    _, written = found.regs_access()
    registers = (_register(found, register) for register in written)
    return Instruction(
        found.address,
        found.mnemonic,
        operands,
        f"{found.mnemonic} {found.op_str}",
        tuple(register for register in registers if register is not None and register != ZERO),
        found.writeback,
        "], #" in found.op_str,
    )


def _register(found: capstone.CsInsn, number: int) -> int | None:
    name = found.reg_name(number)
    if name in NAMES:
        return NAMES[name]
    return int(name[1:]) if name and name[0] in "wx" and name[1:].isdigit() else None


def _bits(found: capstone.CsInsn, number: int) -> int:
    return 32 if (found.reg_name(number) or "x").startswith("w") else 64


def _operand(found: capstone.CsInsn, operand: capstone.arm64.Arm64Op) -> Operand:
    shift, amount = MODIFIERS.get(operand.shift.type, ""), operand.shift.value
    extension = EXTENSIONS.get(operand.ext)
    if operand.type == arm.ARM64_OP_REG:
        register = _register(found, operand.reg)
        kind = "other" if register is None else "register"
        return Operand(kind, register, _bits(found, operand.reg), shift=shift, amount=amount, extension=extension)
    if operand.type == arm.ARM64_OP_IMM:
        return Operand("number", number=operand.imm, shift=shift, amount=amount)
    if operand.type == arm.ARM64_OP_MEM:
        memory = operand.mem
        return Operand(
            "memory",
            _register(found, memory.base),
            number=memory.disp,
            index=_register(found, memory.index) if memory.index else None,
            index_bits=_bits(found, memory.index) if memory.index else 64,
            shift=shift,
            amount=amount,
            extension=extension,
        )
    return Operand("other")
