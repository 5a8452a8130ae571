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
    if thread.guest and (tables.vcpus[thread.guest].thread != index or thread.vcpu != thread.guest):
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
    for registers in (guest.list_registers, guest.arriving):
        used = [value & 0xFFFF_FFFF for value in registers if value >> 62]
        if len(set(used)) != len(used):
            yield f"vcpus[{index}] has an interrupt in two list registers"


@each("vcpus", first=0)
def loaded_guests_are_where_they_say(tables: Tables, index: int) -> Iterator[str]:
    """A vcpu knows which core has its registers, and nothing arrives for one that is in none."""
    place = tables.vcpus[index].loaded_on
    if place and tables.cores[place - 1].loaded != index:
        yield f"vcpus[{index}] is not loaded on cores[{place - 1}]"


@each("cores", first=0)
def cores_have_what_they_say(tables: Tables, number: int) -> Iterator[str]:
    """The guest whose registers a core has knows it, and no two cores have one thread's floating-point registers."""
    core = tables.cores[number]
    if core.loaded and tables.vcpus[core.loaded].loaded_on != number + 1:
        yield f"cores[{number}] has the registers of vcpus[{core.loaded}], which does not know it"
    for other in tables.cores[:number]:
        if core.fp_owner and other.fp_owner == core.fp_owner:
            yield f"cores[{number}] and another have the floating-point registers of {core.fp_owner}"
        if core.component and other.component == core.component:
            yield f"cores[{number}] and another have the thread pointer of threads[{core.component}]"


@each("threads", first=0)
def running_guests_have_no_open_access(tables: Tables, index: int) -> Iterator[str]:
    """VCPU_RUN completes or drops the access that the last exit left open."""
    thread = tables.threads[index]
    if thread.guest and tables.vcpus[thread.guest].access != Access.NONE:
        yield f"threads[{index}] runs a guest that still waits for a value"
