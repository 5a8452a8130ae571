"""AArch64 instructions as P-code, the small operations of SLEIGH: pypcode behind a typed door.

System instructions never come here: `executor` reads them from their encoding.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from keelback.prover.encode import UnsupportedError

LANGUAGE = "AARCH64:LE:64:v8A"


@dataclass(frozen=True)
class Place:
    """`size` bytes at `offset` of a space: const (the offset is the value), register, unique (temporary) or ram."""

    space: str
    offset: int
    size: int


@dataclass(frozen=True)
class Operation:
    name: str
    inputs: tuple[Place, ...]
    output: Place | None


@cache
def _context() -> Any:
    import pypcode

    library: Any = pypcode
    return library.Context(LANGUAGE)


@cache
def register(name: str) -> int:
    """The offset of a register in the register space."""
    return int(_context().registers[name].offset)


MISTAKEN = {
    "ldrsb or ldrsh to a w register": (0xBEC00000, 0x38C00000),
    "ldpsw": (0xFE400000, 0x68400000),
    "ngc, ngcs": (0x5FE0FFE0, 0x5A0003E0),
}
"""Instructions that SLEIGH describes wrongly (sign extension, carry): mask and value of the word."""


@cache
def lift(word: int, address: int) -> tuple[Operation, ...]:
    """The operations of one instruction, as it stands at an address."""
    for name, (mask, value) in MISTAKEN.items():
        if word & mask == value:
            raise UnsupportedError(f"the instruction {word:08x} at {address:#x}: {name}")
    import pypcode

    library: Any = pypcode
    try:
        found = _context().translate(word.to_bytes(4, "little"), base_address=address, max_instructions=1)
    except (library.BadDataError, library.UnimplError) as problem:
        raise UnsupportedError(f"the instruction {word:08x} at {address:#x}: {problem}") from problem
    return tuple(_operation(op) for op in found.ops if op.opcode.name != "IMARK")


def _operation(op: Any) -> Operation:
    output = None if op.output is None else _place(op.output)
    return Operation(str(op.opcode.name), tuple(_place(node) for node in op.inputs), output)


def _place(node: Any) -> Place:
    return Place(str(node.space.name), int(node.offset), int(node.size))
