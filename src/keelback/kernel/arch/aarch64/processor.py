"""Which core this is, and the kernel's lock: what every core has of its own.

The lock is taken and released by the entry stubs (`vectors`); here only where the kernel itself waits.
"""

from __future__ import annotations

from typing import Final

from keelback.kernel.state import Core, Thread, cores, threads
from keelback.lang import Struct, address_of, array, asm, struct, u32, u64


@struct
class Present(Struct):
    """In CPython and on the host: which core runs. On the machine TPIDR_EL2 says so."""

    number: u32 = u32(0)


present: Final = Present()
kernel_lock: Final = array(u64, 8)
"""Word 0 is not zero while a core is in the kernel."""


@asm("mrs {result}, tpidr_el2", pure=True)
def this_core() -> Core:
    """The core this runs on."""
    return cores[present.number]


@asm("ldr {result}, [{core}]")
def present_thread(core: Core) -> Thread:
    """The present thread of a core that is set up for a component: `Core.context` is its address."""
    return threads[core.current]


@asm(
    "1: ldaxr w9, [{address}]\ncbz w9, 2f\nwfe\nb 1b\n2: stxr w9, w10, [{address}]\ncbnz w9, 1b",
    clobbers=("memory", "x9"),
    registers={"one": "x10"},
)
def take(address: u64, one: u64) -> None:
    """Wait until a lock is free, and take it."""


@asm("stlr wzr, [{address}]", clobbers=("memory",))
def give(address: u64) -> None:
    """Free a lock."""


def take_lock() -> None:
    """Take the kernel's lock."""
    take(address_of(kernel_lock), u64(1))


def release_lock() -> None:
    """Let other cores into the kernel. Nothing of the kernel's state may be touched until `take_lock`."""
    give(address_of(kernel_lock))
