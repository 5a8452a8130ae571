"""Finds the table behind an indirect branch, in the form in which LLVM writes a switch for AArch64:

    cmp index, #last; b.hi other; adrp table; add table; adr base; ldrb, ldrh or ldrsw entry, [table, index]
    add base, base, entry, lsl #2 (of ldrsw: unshifted); br base

The linker may write `adr table` instead of adrp and add.

Nothing is trusted here: the executor shows that the index stays inside, and computes the branch from the table's bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from keelback.prover.encode.terms import signed
from keelback.prover.machine.image import Code

_ENTRY_BYTES = {0x38606800: 1, 0x78607800: 2, 0xB8A07800: 4}
REACH = 40
"""How many instructions before the branch are looked at."""


@dataclass(frozen=True)
class JumpTable:
    """`load` is the number of the instruction that reads an entry."""

    load: int
    address: int
    entry_bytes: int
    entries: tuple[int, ...]
    targets: tuple[int, ...]


def find_table(code: Code, number: int, read: Callable[[int, int], int | None]) -> JumpTable | None:
    """The table of the `br` with this number in the function."""
    base: int | None = None
    page: dict[int, int] = {}
    table: int | None = None
    entry_bytes = load = 0
    table_register = index_register = -1
    last: int | None = None
    for place in range(number - 1, max(-1, number - REACH), -1):
        word, address = code.words[place], code.address + 4 * place
        if word & 0x9F000000 == 0x10000000:
            near = address + signed((word >> 5 & 0x7FFFF) << 2 | word >> 29 & 3, 21)
            if entry_bytes and word & 31 == table_register and not page:
                table = near if table is None else table
            elif base is None:
                base = near
        elif word & 0xFFE0FC00 in _ENTRY_BYTES and entry_bytes == 0:
            entry_bytes, load = _ENTRY_BYTES[word & 0xFFE0FC00], place
            table_register, index_register = word >> 5 & 31, word >> 16 & 31
        elif entry_bytes and word & 0xFFC00000 == 0x91000000 and word & 31 == table_register and not page:
            page[word >> 5 & 31] = word >> 10 & 0xFFF
        elif entry_bytes and word & 0x9F000000 == 0x90000000 and word & 31 in page and table is None:
            distance = signed((word >> 5 & 0x7FFFF) << 2 | word >> 29 & 3, 21) << 12
            table = (address & ~0xFFF) + distance + page[word & 31]
        elif entry_bytes and word & 0x7F80001F == 0x7100001F and last is None:
            last = word >> 10 & 0xFFF  # cmp with a constant, of the index: else the executor refuses the table
    if base is None or table is None or last is None or index_register < 0:
        return None
    entries = [read(table + entry_bytes * n, entry_bytes) for n in range(last + 1)]
    known = [entry for entry in entries if entry is not None]
    if len(known) < len(entries):
        return None
    offsets = [signed(entry, 32) if entry_bytes == 4 else 4 * entry for entry in known]
    return JumpTable(load, table, entry_bytes, tuple(known), tuple(base + offset for offset in offsets))
