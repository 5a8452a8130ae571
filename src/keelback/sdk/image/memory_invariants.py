"""Invariants of the first state that speak of memory: address spaces, translation tables, extents, frames.

The translation tables are walked as the hardware does. See `invariants`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

from keelback.sdk.image.boot_image import BootImage
from keelback.sdk.image.boot_state import FRAME_DEVICE, FRAME_LARGE, stage2_of
from keelback.sdk.image.page_tables import Leaf, el2_attributes, links, walk
from keelback.sdk.image.plan import Mapping
from keelback.sdk.system.units import BLOCK_BYTES, PAGE_BYTES

WRITABLE = 1 << 7
EXECUTE_NEVER = 1 << 54

Contradictions = Iterator[str]


def ready_threads_can_run(image: BootImage) -> Contradictions:
    """A thread that starts has an address space with an executable entry and a stack."""
    for index, thread in image.entries("threads"):
        leaves = image.leaves_of(thread["space"])
        entry, stack = thread["context"]["program_counter"], thread["context"]["stack_pointer"]
        if not any(_covers(leaf, entry) and not leaf.attributes & EXECUTE_NEVER for leaf in leaves):
            yield f"threads[{index}] enters at {entry:#x}, where nothing is executable"
        if stack % 16 or not any(_covers(leaf, stack - 16) and leaf.attributes & WRITABLE for leaf in leaves):
            yield f"threads[{index}] has no stack below {stack:#x}"


def _covers(leaf: Leaf, address: int) -> bool:
    return leaf.virtual <= address < leaf.virtual + leaf.size_bytes


def address_spaces_have_one_user(image: BootImage) -> Contradictions:
    """Each thread and each vcpu has an address space of its own, with its table and its VMID."""
    seen: set[int] = set()
    for table in ("threads", "vcpus"):
        for index, row in image.entries(table):
            space = row["space"]
            if space == 0 or space in seen or row["stage2"] != stage2_of(image.layout, space):
                yield f"{table}[{index}] shares address space {space}, or has another one's tables"
            seen.add(space)
            if image.tables["translations"][space]["users"] != 1:
                yield f"address space {space} counts its users wrongly"


def translation_tables_are_trees(image: BootImage) -> Contradictions:
    """Tables know their level and their entries; each but the first of a space is pointed to by one table above it."""
    zone, rows = image.layout.zone, image.tables["translations"]
    if len(rows) != len(zone.tables):
        yield f"there are {len(zone.tables)} translation tables for {len(rows)} entries"
    pointed: set[int] = set()
    for index, (table, row) in enumerate(zip(zone.tables, rows, strict=False)):
        used = len(table) - table.count(0)
        if row["used"] != used or (used and not row["header"]["live"]):
            yield f"translations[{index}] has {used} entries, not {row['used']}"
        if row["header"]["live"] != (zone.levels[index] != 0) or (used and row["level"] != zone.levels[index]):
            yield f"translations[{index}] has level {row['level']}, not {zone.levels[index]}"
        for target in links(table, zone.levels[index]):
            child = (target - zone.base) // PAGE_BYTES
            if not zone.has_table(target) or child in pointed or zone.levels[child] != zone.levels[index] + 1:
                yield f"translations[{index}] points to {target:#x}, which is no table that it could have"
            pointed.add(child)


def frames_are_free(image: BootImage) -> Contradictions:
    """Frames lie behind everything else, aligned and apart from each other, and nothing maps them; those of devices
    are the registers of their pools' devices."""
    registers = {page for planned in image.plan.pools for page in planned.device_pages}
    pieces: list[tuple[int, int]] = []
    for index, frame in image.entries("frames"):
        if frame["size"] == FRAME_DEVICE:
            if frame["address"] not in registers or frame["mapped"] or frame["dirty"]:
                yield f"frames[{index}] at {frame['address']:#x} is no device's, or not as it must start"
            registers.discard(frame["address"])
            continue
        size = BLOCK_BYTES if frame["size"] == FRAME_LARGE else PAGE_BYTES
        pieces.append((frame["address"], size))
        if frame["address"] % size or frame["mapped"] or frame["dirty"] != size // PAGE_BYTES:
            yield f"frames[{index}] at {frame['address']:#x} is not as it must start"
    if registers:
        yield f"no frame for the registers at {min(registers):#x}"
    pieces.sort()
    if pieces and not image.plan.small_frames <= pieces[0][0] <= sum(pieces[-1]) <= image.layout.ram_end:
        yield "frames lie outside their zone"
    for (base, size), (following, _) in pairwise(pieces):
        if base + size > following:
            yield f"two frames share {following:#x}"


def no_component_maps_what_the_kernel_uses(image: BootImage) -> Contradictions:
    """Kernel memory, translation tables and frames are in no component's and no guest's address space."""
    kernel = [window for window in image.layout.kernel_windows if not window.device]
    for name, space, _ in image.spaces():
        for leaf in image.leaves_of(space):
            for window in kernel:
                if leaf.physical < window.end and window.base < leaf.physical + leaf.size_bytes:
                    yield f"{name} maps the kernel's {window.name}"


def components_see_only_their_extents(image: BootImage) -> Contradictions:
    """Every mapped page lies in an extent that the plan gives to that address space, with no more access."""
    for name, space, mappings in image.spaces():
        for leaf in image.leaves_of(space):
            if not any(_allows(mapping, leaf) for mapping in mappings):
                yield f"{name} maps {leaf.physical:#x}, which the plan does not give it"


def _allows(mapping: Mapping, leaf: Leaf) -> bool:
    extent = mapping.extent
    return (
        extent.physical <= leaf.physical
        and leaf.physical + leaf.size_bytes <= extent.physical + extent.size_bytes
        and leaf.virtual - mapping.virtual == leaf.physical - extent.physical
        and ("w" in mapping.access or not leaf.attributes & WRITABLE)
        and ("x" in mapping.access or bool(leaf.attributes & EXECUTE_NEVER))
    )


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
    for leaf in walk(image.layout.kernel_zone, image.layout.kernel_table):
        if leaf.virtual != leaf.physical:
            yield f"the kernel maps {leaf.virtual:#x} elsewhere"
        if not leaf.attributes & (EXECUTE_NEVER | read_only):
            yield f"the kernel can write and execute {leaf.virtual:#x}"


INVARIANTS: tuple[Callable[[BootImage], Contradictions], ...] = (
    ready_threads_can_run,
    address_spaces_have_one_user,
    translation_tables_are_trees,
    frames_are_free,
    no_component_maps_what_the_kernel_uses,
    components_see_only_their_extents,
    extents_are_disjoint,
    kernel_is_never_writable_and_executable,
)
