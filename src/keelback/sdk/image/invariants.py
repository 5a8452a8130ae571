"""Evaluated on the bytes of every image before it is written: the base case of what the kernel then preserves.

Reads the packed tables back through the layouts, and walks the translation tables as the hardware does. One function
per statement; each yields what contradicts it. A build with any contradiction is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from keelback.abi import objects, rights
from keelback.lang.layout import Layout as MemoryLayout
from keelback.lang.packing import unpack
from keelback.sdk.image.boot_state import THREAD_READY, VMID_SHIFT, state_symbol
from keelback.sdk.image.layout import Layout
from keelback.sdk.image.page_tables import Leaf, el2_attributes, walk
from keelback.sdk.image.plan import Plan

ADDRESS_MASK = (1 << VMID_SHIFT) - 1
WRITABLE = 1 << 7
EXECUTE_NEVER = 1 << 54
TABLES = ("boot", "threads", "endpoints", "notifications", "interrupts", "vcpus", "slots")

Contradictions = Iterator[str]


class BrokenInvariant(Exception):
    """The image contradicts an invariant: a mistake of the builder, never of the description."""


@dataclass(frozen=True)
class BootImage:
    """What is judged: the kernel's tables as unpacked from the image, and the translation tables."""

    plan: Plan
    layout: Layout
    tables: Mapping[str, Any]

    def entries(self, table: str) -> Iterator[tuple[int, Any]]:
        """Entries of a table that can be an object: all but the first."""
        yield from list(enumerate(self.tables[table]))[1:]


def read_tables(layouts: Mapping[str, MemoryLayout], read: Callable[[str, int], bytes]) -> dict[str, Any]:
    """Unpack the kernel's tables; `read` gives the bytes of a symbol."""
    found: dict[str, Any] = {}
    for table in TABLES:
        symbol = state_symbol(table)
        found[table] = unpack(layouts[symbol], read(symbol, layouts[symbol].size))
    return found


def first_object_is_nobody(image: BootImage) -> Contradictions:
    """Entry 0 of every object table is all zero."""
    for table in ("threads", "endpoints", "notifications", "interrupts", "vcpus"):
        entry = image.tables[table][0]
        if any(_numbers(entry, skip=("process_state", "instruction_bytes"))):
            yield f"{table}[0] is not nobody"


def _numbers(value: Any, skip: tuple[str, ...]) -> Iterator[int]:
    if isinstance(value, dict):
        for name, part in value.items():
            if name not in skip:
                yield from _numbers(part, skip)
    elif isinstance(value, list):
        for part in value:
            yield from _numbers(part, skip)
    else:
        yield int(value)


def threads_and_notifications_name_each_other(image: BootImage) -> Contradictions:
    """A thread's notification is bound to that thread."""
    for index, thread in image.entries("threads"):
        if image.tables["notifications"][thread["notification"]]["thread"] != index:
            yield f"threads[{index}] and its notification disagree"


def ready_threads_can_run(image: BootImage) -> Contradictions:
    """A thread that starts has a priority, a table, an address space and an executable entry with a stack."""
    for index, thread in image.entries("threads"):
        if thread["state"] != THREAD_READY:
            continue
        root = thread["stage2"] & ADDRESS_MASK
        if not image.layout.zone.has_table(root):
            yield f"threads[{index}] has no address space"
            continue
        leaves = list(walk(image.layout.zone, root))
        entry, stack = thread["context"]["program_counter"], thread["context"]["stack_pointer"]
        if thread["priority"] == 0 or thread["table"] == 0 or thread["queue"] != 0:
            yield f"threads[{index}] is ready without priority or table, or queued"
        if not any(_covers(leaf, entry) and not leaf.attributes & EXECUTE_NEVER for leaf in leaves):
            yield f"threads[{index}] enters at {entry:#x}, where nothing is executable"
        if stack % 16 or not any(_covers(leaf, stack - 16) and leaf.attributes & WRITABLE for leaf in leaves):
            yield f"threads[{index}] has no stack below {stack:#x}"


def _covers(leaf: Leaf, address: int) -> bool:
    return leaf.virtual <= address < leaf.virtual + leaf.size_bytes


def address_space_tags_are_unique(image: BootImage) -> Contradictions:
    """No two address spaces share a VMID or a root table."""
    spaces = [entry["stage2"] for table in ("threads", "vcpus") for _, entry in image.entries(table)]
    parts = {"VMID": [space >> VMID_SHIFT for space in spaces], "table": [space & ADDRESS_MASK for space in spaces]}
    for name, values in parts.items():
        if len(set(values)) != len(values) or 0 in values:
            yield f"two address spaces share a {name}"


def capabilities_name_living_objects(image: BootImage) -> Contradictions:
    """Every filled slot names an object that exists, in its present generation."""
    tables = {
        objects.THREAD: "threads",
        objects.ENDPOINT: "endpoints",
        objects.NOTIFICATION: "notifications",
        objects.INTERRUPT: "interrupts",
        objects.VCPU: "vcpus",
    }
    for index, slot in enumerate(image.tables["slots"]):
        if slot["kind"] in (objects.TRACE, objects.PLATFORM):
            if slot["object"] != 1 or slot["generation"] != 0:
                yield f"slots[{index}] names an object that exists once by a wrong number"
        elif slot["kind"] != objects.NONE:
            entries = image.tables[tables[slot["kind"]]]
            number = slot["object"]
            if not 0 < number < len(entries) or entries[number]["generation"] != slot["generation"]:
                yield f"slots[{index}] names no living object"


def calls_go_to_higher_priorities(image: BootImage) -> Contradictions:
    """Who can call an endpoint, itself apart, has a lower priority than its server."""
    slot_count = len(image.tables["slots"]) // len(image.tables["threads"])
    for index, thread in image.entries("threads"):
        first = thread["table"] * slot_count
        for slot in image.tables["slots"][first : first + slot_count]:
            if slot["kind"] != objects.ENDPOINT or not slot["rights"] & rights.WRITE:
                continue
            server = image.tables["endpoints"][slot["object"]]["server"]
            if server != index and image.tables["threads"][server]["priority"] <= thread["priority"]:
                yield f"threads[{index}] can call threads[{server}], which has no higher priority"


def faults_go_to_somebody_else(image: BootImage) -> Contradictions:
    """A fault handler's endpoint exists, and its server is another thread."""
    for index, thread in image.entries("threads"):
        endpoint = thread["fault_endpoint"]
        if endpoint and image.tables["endpoints"][endpoint]["server"] in (0, index):
            yield f"threads[{index}] has no one who handles its faults"


def interrupts_are_distinct(image: BootImage) -> Contradictions:
    """Each interrupt line signals one bit of one notification."""
    lines = [interrupt["line"] for _, interrupt in image.entries("interrupts")]
    if len(set(lines)) != len(lines):
        yield "two interrupt objects have one line"
    for index, interrupt in image.entries("interrupts"):
        if interrupt["bits"].bit_count() != 1 or interrupt["notification"] == 0:
            yield f"interrupts[{index}] signals nobody"


def each_vcpu_has_its_monitor(image: BootImage) -> Contradictions:
    """A vcpu's thread holds a capability to it."""
    slot_count = len(image.tables["slots"]) // len(image.tables["threads"])
    for index, vcpu in image.entries("vcpus"):
        first = image.tables["threads"][vcpu["thread"]]["table"] * slot_count
        held = image.tables["slots"][first : first + slot_count]
        if not any(slot["kind"] == objects.VCPU and slot["object"] == index for slot in held):
            yield f"vcpus[{index}] has no monitor"


def no_component_maps_what_the_kernel_uses(image: BootImage) -> Contradictions:
    """Kernel memory and translation tables are in no component's and no guest's address space."""
    kernel = [window for window in image.layout.kernel_windows if not window.device]
    for name, root in _roots(image):
        for leaf in walk(image.layout.zone, root):
            for window in kernel:
                if leaf.physical < window.end and window.base < leaf.physical + leaf.size_bytes:
                    yield f"{name} maps the kernel's {window.name}"


def components_see_only_their_extents(image: BootImage) -> Contradictions:
    """Every mapped page lies in an extent that the plan gives to that address space, with no more access."""
    plans = [(component.name, component.mappings) for component in image.plan.components]
    plans += [(f"guest {guest.machine.name}", guest.mappings) for guest in image.plan.guests]
    for (name, mappings), (_, root) in zip(plans, _roots(image), strict=True):
        for leaf in walk(image.layout.zone, root):
            allowed = any(
                mapping.extent.physical <= leaf.physical
                and leaf.physical + leaf.size_bytes <= mapping.extent.physical + mapping.extent.size_bytes
                and leaf.virtual - mapping.virtual == leaf.physical - mapping.extent.physical
                and ("w" in mapping.access or not leaf.attributes & WRITABLE)
                and ("x" in mapping.access or leaf.attributes & EXECUTE_NEVER)
                for mapping in mappings
            )
            if not allowed:
                yield f"{name} maps {leaf.physical:#x}, which the plan does not give it"


def _roots(image: BootImage) -> list[tuple[str, int]]:
    layout = image.layout
    roots = [(component.name, layout.component_tables[component.index]) for component in image.plan.components]
    return roots + [(f"guest {guest.machine.name}", layout.guest_tables[guest.vcpu]) for guest in image.plan.guests]


def extents_are_disjoint(image: BootImage) -> Contradictions:
    """No two extents share memory, and none lies in the kernel."""
    windows = [(w.base, w.end, w.name) for w in image.layout.kernel_windows if not w.device and w.name != "line table"]
    windows += [(e.physical, e.physical + e.size_bytes, e.name) for e in image.plan.extents]
    windows.sort()
    for (_, end, name), (base, _, other) in pairwise(windows):
        if base < end:
            yield f"{name} and {other} overlap at {base:#x}"


def kernel_is_never_writable_and_executable(image: BootImage) -> Contradictions:
    """The kernel's own mappings are identical, and what can be executed cannot be written."""
    read_only = el2_attributes("r") & ~el2_attributes("rw")
    for leaf in walk(image.layout.zone, image.layout.kernel_table):
        if leaf.virtual != leaf.physical:
            yield f"the kernel maps {leaf.virtual:#x} elsewhere"
        if not leaf.attributes & (EXECUTE_NEVER | read_only):
            yield f"the kernel can write and execute {leaf.virtual:#x}"


INVARIANTS: tuple[Callable[[BootImage], Contradictions], ...] = (
    first_object_is_nobody,
    threads_and_notifications_name_each_other,
    ready_threads_can_run,
    address_space_tags_are_unique,
    capabilities_name_living_objects,
    calls_go_to_higher_priorities,
    faults_go_to_somebody_else,
    interrupts_are_distinct,
    each_vcpu_has_its_monitor,
    no_component_maps_what_the_kernel_uses,
    components_see_only_their_extents,
    extents_are_disjoint,
    kernel_is_never_writable_and_executable,
)


def check_invariants(image: BootImage) -> None:
    """Raise BrokenInvariant with every contradiction, unless there is none."""
    found = [f"{rule.__name__}: {text}" for rule in INVARIANTS for text in rule(image)]
    if found:
        raise BrokenInvariant("\n".join(found))
