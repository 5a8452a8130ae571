"""Memory and bindings on the emulated machine: what is mapped is seen, what is unmapped is not, on every core."""

from __future__ import annotations

from pathlib import Path

import pytest

from keelback.abi import objects, rights
from keelback.kernel.state import FRAME_DEVICE, FRAME_LARGE
from keelback.sdk.runner import Machine
from tests.kernel.machine.bare import UART, BareSystem, Places, Values, build, command

PROGRAMS = Path(__file__).parent / "programs"
CORES = 2
SLOTS = 32
READY = 1
ALIVE = {"header": {"live": True, "owner": 1}}

FIRST_TABLE = 260
"""Number of address spaces, and the first page table."""
SPACES = {1: 1, 2: 2, 3: 130, 4: 258}
"""The address space of each thread; the last two share a VMID."""
LEVELS = {FIRST_TABLE + number: 2 + number % 2 for number in range(6)}

PARAMETERS = {
    "core_count": CORES,
    "pool_count": 2,
    "thread_count": 5,
    "endpoint_count": 2,
    "notification_count": 5,
    "time_count": 2,
    "table_count": 5,
    "slot_count": SLOTS * 5,
    "space_count": FIRST_TABLE,
    "translation_count": FIRST_TABLE + len(LEVELS),
    "frame_count": 5,
}


def capability(kind: int, index: int, badge: int = 0) -> Values:
    """A capability with every right."""
    return {"kind": kind, "object": index, "rights": rights.ALL, "badge": badge}


def slots_of(thread: int) -> dict[int, Values]:
    """The capability table of a thread."""
    if thread > 1:
        return {2: capability(objects.NOTIFICATION, thread), 3: capability(objects.NOTIFICATION, 1, badge=1)}
    things = [
        *((objects.ENDPOINT, 1), (objects.NOTIFICATION, 1), (objects.ADDRESS_SPACE, 1), (objects.ADDRESS_SPACE, 2)),
        *((objects.PAGE_TABLE, FIRST_TABLE), (objects.PAGE_TABLE, FIRST_TABLE + 1)),
        *((objects.FRAME, 1), (objects.FRAME, 2), (objects.FRAME, 3), (objects.THREAD, 2)),
        *((objects.CAPABILITY_TABLE, 2), (objects.CORE, 1), (objects.CORE, 2), (objects.TIME, 1), (objects.FRAME, 4)),
    ]
    lookers = {16: capability(objects.NOTIFICATION, 3, badge=1), 17: capability(objects.NOTIFICATION, 4, badge=1)}
    shared = {
        20 + 3 * number + step: capability(*thing)
        for number, thread in enumerate((3, 4))
        for step, thing in enumerate(
            (
                (objects.ADDRESS_SPACE, SPACES[thread]),
                (objects.PAGE_TABLE, FIRST_TABLE + 2 + 2 * number),
                (objects.PAGE_TABLE, FIRST_TABLE + 3 + 2 * number),
            )
        )
    }
    return {number: capability(*thing) for number, thing in enumerate(things, start=1)} | lookers | shared


def thread_of(places: Places, number: int) -> Values:
    """Thread 1 and the two lookers are ready; the child is not made yet."""
    if number == 2:
        return ALIVE
    space = SPACES[number]
    return ALIVE | {
        "context": {"registers": {0: number}, "program_counter": places.program.entry},
        "stage2": places.symbol("entries") + 4096 * space | (space if space < 128 else 128 + space % 128) << 48,
        "rank": 100 if number == 1 else 120,
        "ceiling": 200,
        "slots_first": SLOTS * number,
        "slots_count": SLOTS,
        "serves": 1 if number == 1 else 0,
        "notification": number,
        "table": number,
        "space": space,
        "state": READY,
    }


def values(places: Places) -> Values:
    """One thread that owns everything, a child without anything, and two that look."""
    for space in SPACES.values():
        places.space(space)
    room = places.room
    return {
        "cores": {number: {"number": number} for number in range(CORES)},
        "core_objects": {number + 1: ALIVE for number in range(CORES)},
        "pools": {1: ALIVE},
        "threads": {number: thread_of(places, number) for number in SPACES},
        "endpoints": {1: ALIVE | {"server": 1}},
        "notifications": {number: ALIVE | {"thread": 0 if number == 2 else number} for number in SPACES},
        "times": {1: ALIVE},
        "tables": {
            number: ALIVE
            | {
                "first": SLOTS * number,
                "count": SLOTS,
                "used": len(slots_of(number)),
                "threads": 0 if number == 2 else 1,
            }
            for number in SPACES
        },
        "slots": {SLOTS * number + slot: held for number in SPACES for slot, held in slots_of(number).items()},
        "translations": {
            space: ALIVE | {"used": 1, "users": 0 if number == 2 else 1, "level": 1} for number, space in SPACES.items()
        }
        | {table: ALIVE | {"level": level} for table, level in LEVELS.items()},
        "frames": {
            1: ALIVE | {"address": room},
            2: ALIVE | {"address": room + 4096},
            3: ALIVE | {"address": room + (2 << 20), "size": FRAME_LARGE},
            4: ALIVE | {"address": UART, "size": FRAME_DEVICE},
        },
    }


SYSTEM = BareSystem(PARAMETERS, PROGRAMS / "memory.c", values, room_bytes=4 << 20)


@pytest.mark.boot
def test_memory_is_seen_where_it_is_mapped(tmp_path: Path) -> None:
    image = build(SYSTEM, tmp_path)
    with Machine(command(image, CORES), limit_s=120) as machine:
        machine.expect(r"^\.?here there here done\n", limit_s=20)
        assert "WRONG" not in machine.transcript and "panic" not in machine.transcript
