"""Cleaning data caches to memory: a guest starts with its caches off and must find there what its monitor copied
(Documentation/arm64/booting.rst: the image is cleaned to the point of coherency). Does not touch instruction caches.
"""

from __future__ import annotations

from typing import Final

from keelback.lang import Memory, asm, u64, upto

LINE_BYTES: Final = 64
"""Of the data cache of every core supported (CTR_EL0.DminLine); cleaning a line twice does no harm."""


@asm("dc cvac, {address}", clobbers=("memory",))
def clean_line(address: u64) -> None:
    """Write the line that holds `address` to memory (Arm DDI 0487, C5.3.11). Model: a sequential machine has no
    caches.
    """


@asm("dsb ish", clobbers=("memory",))
def finish_cleaning() -> None:
    """All lines cleaned before have arrived. Model: as `clean_line`."""


def clean_memory(window: Memory, offset: u64, count: u64) -> None:
    """Clean the `count` bytes from `offset` on, which lie in the window."""
    if count == 0:
        return
    address = window.address_of(offset)
    first = address & ~u64(LINE_BYTES - 1)
    for line in upto((address - first + count + (LINE_BYTES - 1)) // LINE_BYTES):
        clean_line(first + line * LINE_BYTES)
    finish_cleaning()
