"""Shorter ways to addresses: a global that is certain to lie near the code is reached by one instruction, not two.

LLVM forms every address of a global by `adrp` and `add`, which reach 4 GiB. `adr` reaches 1 MiB on either side (Arm DDI
0487, C6.2.11), and the linker refuses what it cannot reach. Only assembly text is changed here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

REACH_BYTES = 1 << 20
CODE_BYTES = 128 << 10
"""More than the kernel's code and constants, which lie before its tables."""
PAGE_BYTES = 4096
JUMP_TABLE = ".LJTI"
"""How LLVM names its tables of jumps, which are constants."""
LARGEST_OFFSET = 64 << 10
"""Places further inside a global are formed as if it were far."""

_PAIR = re.compile(
    r"^\tadrp\t(?P<register>x\d+), (?P<symbol>[\w.]+)(?P<offset>\+\d+)?\n(?P<between>(?:\t\.loc[^\n]*\n|\.\w+:\n)*)"
    r"\tadd\t(?P=register), (?P=register), :lo12:(?P=symbol)(?(offset)(?P=offset))\n",
    re.MULTILINE,
)


def near_globals(sizes: Iterable[tuple[str, int]]) -> frozenset[str]:
    """Those of a program's globals, in the order in which they lie in memory, whose start is certain to be in reach.
    Some begin on a page of their own."""
    start = CODE_BYTES
    near: set[str] = set()
    for symbol, size in sizes:
        if start > REACH_BYTES - LARGEST_OFFSET:
            break
        near.add(symbol)
        start += size if size % PAGE_BYTES else size + PAGE_BYTES
    return frozenset(near)


def shorten_addresses(assembly: str, near: frozenset[str]) -> str:
    """Assembly text in which addresses of near globals are formed by `adr`."""

    def shortened(pair: re.Match[str]) -> str:
        is_near = pair["symbol"] in near or pair["symbol"].startswith(JUMP_TABLE)
        if not is_near or int(pair["offset"] or 0) > LARGEST_OFFSET:
            return pair[0]
        return f"{pair['between']}\tadr\t{pair['register']}, {pair['symbol']}{pair['offset'] or ''}\n"

    return _PAIR.sub(shortened, assembly)
