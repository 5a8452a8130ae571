"""Guests: who runs one is its monitor, and a guest never has a mode that is not its own."""

from __future__ import annotations

from collections.abc import Iterator

from keelback.prover.incremental import each
from keelback.prover.state import Access, Activity
from keelback.prover.tables import Tables

MODE_MASK = 0x1F
GUEST_MODES = (0, 4, 5)
CONDITION_FLAGS = 0xF000_0000


@each("threads", first=0)
def only_monitors_run_guests(tables: Tables, index: int) -> Iterator[str]:
    """A thread in VCPU_RUN is ready or idle in it, and the vcpu is its own."""
    thread = tables.threads[index]
    if thread.guest and tables.vcpus[thread.guest].thread != index:
        yield f"threads[{index}] runs a guest that is not its own"
    if thread.guest and thread.state not in (Activity.READY, Activity.GUEST_IDLE):
        yield f"threads[{index}] runs a guest and is {Activity(thread.state).name}"
    if thread.state == Activity.GUEST_IDLE and not thread.guest:
        yield f"threads[{index}] waits for a guest's interrupt without a guest"


@each("threads", first=0)
def threads_stay_at_el0(tables: Tables, index: int) -> Iterator[str]:
    """Threads return to EL0, in AArch64."""
    if tables.threads[index].context.process_state & ~CONDITION_FLAGS:
        yield f"threads[{index}] would not return to EL0"


@each("vcpus", first=0)
def guests_stay_below_the_kernel(tables: Tables, index: int) -> Iterator[str]:
    """Guests return to EL0 or EL1, in AArch64."""
    if tables.vcpus[index].context.process_state & MODE_MASK not in GUEST_MODES:
        yield f"vcpus[{index}] would not return to EL0 or EL1"


@each("vcpus", first=0)
def virtual_interrupts_are_distinct(tables: Tables, index: int) -> Iterator[str]:
    """No two list registers hold one interrupt (GIC IHI 0069, 4.6: unpredictable)."""
    guest = tables.vcpus[index]
    used = [value & 0xFFFF_FFFF for value in guest.list_registers if value >> 62]
    if len(set(used)) != len(used):
        yield f"vcpus[{index}] has an interrupt in two list registers"


@each("threads", first=0)
def running_guests_have_no_open_access(tables: Tables, index: int) -> Iterator[str]:
    """VCPU_RUN completes or drops the access that the last exit left open."""
    thread = tables.threads[index]
    if thread.guest and tables.vcpus[thread.guest].access != Access.NONE:
        yield f"threads[{index}] runs a guest that still waits for a value"
