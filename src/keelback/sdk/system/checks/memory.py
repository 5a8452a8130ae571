"""Rules for memory regions and where they are mapped."""

from __future__ import annotations

from collections.abc import Iterator

from keelback.sdk.boards import BOARDS
from keelback.sdk.system.description import System
from keelback.sdk.system.errors import DescriptionError
from keelback.sdk.system.model import MemoryRegion, ProtectionDomain, RegionMapping
from keelback.sdk.system.units import PAGE_BYTES, align_up, format_size

Mistakes = Iterator[DescriptionError]

MAPPING_FIRST = 0x4000_0000
MAPPING_END = 0x10_0000_0000


def find_size(region: MemoryRegion) -> int | None:
    """Bytes of a region, from its size or its file; None when neither says."""
    if region.size_bytes is not None:
        return region.size_bytes
    if region.file is not None and region.file.is_file():
        return region.file.stat().st_size
    return None


def check_region_names(system: System) -> Mistakes:
    """A name names one region."""
    seen: dict[str, MemoryRegion] = {}
    for region in system.regions:
        other = seen.setdefault(region.name, region)
        if other is not region:
            message = f"two memory regions are named `{region.name}`; the other is at line {other.location.line}"
            yield DescriptionError(region.location, message, "give one of them another name")


def check_contents(system: System) -> Mistakes:
    """A region has a size or a file, the file is there, and fits."""
    for region in system.regions:
        if region.file is not None and not region.file.is_file():
            message = f"the file of memory region `{region.name}` is not there: {region.file}"
            yield DescriptionError(region.location, message, "name a file relative to the description")
        elif find_size(region) is None:
            message = f"memory region `{region.name}` has neither a size nor a file"
            yield DescriptionError(region.location, message, 'write size="4 KiB"')
        elif region.file is not None and region.file.stat().st_size > (find_size(region) or 0):
            file_bytes, size_bytes = region.file.stat().st_size, find_size(region) or 0
            message = f"{region.file.name} has {file_bytes} bytes, memory region `{region.name}` {size_bytes}"
            yield DescriptionError(region.location, message, "leave out size= to take the file's")


def check_physical_windows(system: System) -> Mistakes:
    """A region pinned to a physical address is whole pages outside the RAM, and does not overlap another."""
    board, seen = BOARDS[system.board], list[MemoryRegion]()
    for region in system.regions:
        if region.physical is None:
            continue
        if region.physical % PAGE_BYTES:
            message = f"memory region `{region.name}` at {region.physical:#x} is misaligned"
            yield DescriptionError(region.location, message, "physical addresses are multiples of 4 KiB")
        if region.physical >= board.ram_base:
            message = f"memory region `{region.name}` at {region.physical:#x} lies in the RAM"
            yield DescriptionError(region.location, message, "leave out physical= and let the builder place it")
        for other in seen:
            if _physically_overlap(region, other):
                message = f"memory regions `{other.name}` and `{region.name}` overlap at {region.physical:#x}"
                help_text = "map one region into both domains to share it"
                yield DescriptionError(region.location, message, help_text)
        seen.append(region)


def _physically_overlap(one: MemoryRegion, other: MemoryRegion) -> bool:
    first, second = one.physical or 0, other.physical or 0
    return first < second + (find_size(other) or 0) and second < first + (find_size(one) or 0)


def check_mapping_members(system: System) -> Mistakes:
    """What is mapped, and into what, is in the system."""
    members = set(system.domains)
    for mapping in system.mappings:
        if mapping.region not in system.regions:
            message = f"memory region `{mapping.region.name}` is mapped, but not in the system"
            yield DescriptionError(mapping.location, message, f"system.add({mapping.region.name})")
        if mapping.domain not in members:
            message = f"`{mapping.domain.name}` maps `{mapping.region.name}`, but is not in the system"
            yield DescriptionError(mapping.location, message, f"system.add({mapping.domain.name})")


def check_access(system: System) -> Mistakes:
    """Memory is writable or executable, never both."""
    for mapping in system.mappings:
        if mapping.access not in ("r", "rw", "rx"):
            message = f'access "{mapping.access}" to `{mapping.region.name}` is not possible'
            yield DescriptionError(mapping.location, message, 'write "r", "rw" or "rx"')


def check_mapping_addresses(system: System) -> Mistakes:
    """An address asked for is a multiple of a page, in the part of the address space that is free for it."""
    for mapping in system.mappings:
        if mapping.address is None:
            continue
        end = mapping.address + (find_size(mapping.region) or 0)
        if mapping.address % PAGE_BYTES:
            message = f"`{mapping.region.name}` is mapped at {mapping.address:#x}, which is misaligned"
            yield DescriptionError(mapping.location, message, "addresses are multiples of 4 KiB")
        elif not MAPPING_FIRST <= mapping.address < end <= MAPPING_END:
            message = f"`{mapping.region.name}` cannot be mapped at {mapping.address:#x}"
            help_text = f"choose an address from {MAPPING_FIRST:#x} to {MAPPING_END:#x}, or leave it out"
            yield DescriptionError(mapping.location, message, help_text)


def check_mapping_overlaps(system: System) -> Mistakes:
    """Two regions do not claim the same addresses of a domain."""
    seen: dict[ProtectionDomain, list[RegionMapping]] = {}
    for mapping in system.mappings:
        if mapping.address is None:
            continue
        for other in seen.setdefault(mapping.domain, []):
            if _overlap(mapping, other):
                names = f"`{other.region.name}` and `{mapping.region.name}`"
                message = f"{names} overlap at {mapping.address:#x} in `{mapping.domain.name}`"
                help_text = f"`{other.region.name}` has {format_size(find_size(other.region) or 0)}; move one of them"
                yield DescriptionError(mapping.location, message, help_text)
        seen[mapping.domain].append(mapping)


def _overlap(one: RegionMapping, other: RegionMapping) -> bool:
    (first, first_end), (second, second_end) = _window(one), _window(other)
    return first < second_end and second < first_end


def _window(mapping: RegionMapping) -> tuple[int, int]:
    address = mapping.address or 0
    return address, address + align_up(find_size(mapping.region) or 0, PAGE_BYTES)
