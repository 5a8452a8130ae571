"""Has more memory than one page table maps, and tells what was in it at first. Its stack lies behind."""

from __future__ import annotations

from typing import Final

from keelback.lang import array, noinline, u64
from keelback.user.runtime import Message, call

SUPERVISOR_SLOT: Final = 3
WORDS: Final = 600_000

words: Final = array(u64, WORDS)
report: Final = Message()


def init() -> None:
    """Write to both ends and between; tell what was there, and what is."""
    report.words[0] = words[0] + words[WORDS // 2] + words[WORDS - 1]
    words[0] = u64(1)
    words[WORDS // 2] = u64(20)
    words[WORDS - 1] = u64(300)
    report.words[1] = words[0] + words[WORDS // 2] + words[WORDS - 1]
    tell_twice()


@noinline
def tell_twice() -> None:
    """Has to remember on the stack where it was called from."""
    tell()
    tell()


@noinline
def tell() -> None:
    """One call."""
    call(u64(SUPERVISOR_SLOT), report)
