"""Rules for pools, spare slots and programs to load."""

from __future__ import annotations

from collections.abc import Iterator

from keelback.sdk.boards import BOARDS
from keelback.sdk.system.checks.domains import NAME, SOURCE_SUFFIXES, find_source
from keelback.sdk.system.description import System
from keelback.sdk.system.errors import DescriptionError
from keelback.sdk.system.resources import Pool
from keelback.sdk.system.units import BLOCK_BYTES, PAGE_BYTES

Mistakes = Iterator[DescriptionError]

COUNTS = (
    "frames",
    "large_frames",
    "threads",
    "spaces",
    "page_tables",
    "endpoints",
    "notifications",
    "replies",
    "grants",
    "pools",
    "times",
    "vcpus",
)


def _pools(system: System) -> list[tuple[str, Pool]]:
    return [(domain.name, domain.pool) for domain in system.domains if domain.pool is not None]


def check_pool_counts(system: System) -> Mistakes:
    """Counts are not negative."""
    for name, pool in _pools(system):
        for kind in COUNTS:
            if getattr(pool, kind) < 0:
                message = f"the pool of `{name}` has {getattr(pool, kind)} {kind.replace('_', ' ')}"
                yield DescriptionError(pool.location, message, "choose 0 or more")


def check_pool_tables(system: System) -> Mistakes:
    """A capability table has at least one slot that can be used; slot 0 stays empty."""
    for name, pool in _pools(system):
        count, slots = pool.tables
        if count < 0 or (count and slots < 2):
            message = f"the pool of `{name}` has {count} capability tables with {slots} slots each"
            yield DescriptionError(pool.location, message, "write tables=(count, slots of each), from 2 slots on")


def check_pool_memory(system: System) -> Mistakes:
    """Frames fit into the RAM a board can have."""
    board = BOARDS[system.board]
    for name, pool in _pools(system):
        frame_bytes = pool.frames * PAGE_BYTES + pool.large_frames * BLOCK_BYTES
        if frame_bytes > board.ram_size_max_bytes:
            message = f"the frames of `{name}`'s pool are {frame_bytes >> 30} GiB"
            yield DescriptionError(
                pool.location, message, f"{board.name} has {board.ram_size_max_bytes >> 30} GiB at most"
            )


def check_pools_shared(system: System) -> Mistakes:
    """A pool has one holder."""
    seen: dict[int, str] = {}
    for name, pool in _pools(system):
        other = seen.setdefault(id(pool), name)
        if other != name:
            message = f"`{other}` and `{name}` hold the same pool"
            yield DescriptionError(pool.location, message, "make a Pool(...) for each")


def check_spare_slots(system: System) -> Mistakes:
    """Spare slots are not negative."""
    for domain in system.domains:
        if domain.spare_slots is not None and domain.spare_slots < 0:
            message = f"spare_slots={domain.spare_slots} of `{domain.name}` is negative"
            yield DescriptionError(domain.location, message, "choose 0 or more")


def check_load_names(system: System) -> Mistakes:
    """A program to load has a name that can be part of a parameter's."""
    for domain in system.domains:
        for name, image in domain.loads.items():
            if not NAME.fullmatch(name):
                message = f"`{name}` cannot name a program that `{domain.name}` loads"
                yield DescriptionError(image.location, message, "use letters, digits, `-` and `_`, a letter first")


def check_load_sources(system: System) -> Mistakes:
    """The source of a program to load is there, and in a language that can be built."""
    for domain in system.domains:
        for name, image in domain.loads.items():
            if find_source(image) is None:
                message = f"the source of `{name}`, which `{domain.name}` loads, is not there: {image.source}"
                help_text = f"name a {', '.join(SOURCE_SUFFIXES)} file relative to the description"
                yield DescriptionError(image.location, message, help_text)


def check_load_stacks(system: System) -> Mistakes:
    """Stacks of programs to load are whole pages."""
    for domain in system.domains:
        for image in domain.loads.values():
            if image.stack_bytes % PAGE_BYTES:
                message = f"a stack of {image.stack_bytes} bytes is not a number of whole pages"
                yield DescriptionError(image.location, message, "a page is 4 KiB")
