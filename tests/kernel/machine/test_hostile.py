"""A hostile child: whatever it does with what it was given, its parent takes all of it back, again and again.

The program is programs/hostile.c. Afterwards every table holds what it held before the first round, generations aside,
and the prover's invariants hold.
"""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from keelback.abi import objects, rights, syscalls
from keelback.lang.layout import Layout
from keelback.lang.packing import pack
from keelback.prover.invariants.check import contradictions
from keelback.sdk.runner import Machine
from tests.boot.qmp import EmulatorMonitor
from tests.kernel.machine.bare import (
    STATE,
    BareImage,
    BareSystem,
    Places,
    Values,
    build,
    command,
    read_tables,
    stop_outside_the_kernel,
)

PROGRAMS = Path(__file__).parent / "programs"
ROUNDS = 1000
CALLS = range(syscalls.SYSTEM_CALL_COUNT)
READY = 1
DATA = 0x10_0000
"""Where the child's data lie, from the room's start on."""
SLOTS = {1: (0, 32), 2: (32, 32), 3: (64, 16)}
"""Where the capability tables start, and how long they are."""
SPACES = 3
PAGE_TABLES = {SPACES: 2, SPACES + 1: 3, SPACES + 2: 2, SPACES + 3: 3}
MINE = {"header": {"live": True, "owner": 1}}
UNMADE = {"header": {"owner": 1}}

PARAMETERS = {
    "core_count": 1,
    "pool_count": 4,
    "thread_count": 4,
    "endpoint_count": 5,
    "notification_count": 5,
    "grant_count": 3,
    "reply_count": 3,
    "time_count": 2,
    "table_count": 4,
    "slot_count": 80,
    "space_count": SPACES,
    "translation_count": SPACES + len(PAGE_TABLES),
    "frame_count": 3,
    "interrupt_count": 1,
}

PARENTS_SLOTS = {1: objects.POOL, 2: objects.NOTIFICATION, 7: objects.CORE, 9: objects.GRANT, 10: objects.ENDPOINT}
"""The rest is empty between the rounds. All are object 1 of their kind."""


def parent(places: Places) -> Values:
    return MINE | {
        "context": {"registers": {0: 1}, "program_counter": places.program.entry},
        "stage2": places.stage2(1),
        "rank": 100,
        "ceiling": 200,
        "slots_first": SLOTS[1][0],
        "slots_count": SLOTS[1][1],
        "notification": 1,
        "table": 1,
        "space": 1,
        "state": READY,
    }


def values(places: Places) -> Values:
    """The parent owns everything; nothing of the child's lives yet but its address space and its frames."""
    places.space(1)
    places.space(2, places.room + DATA)
    unmade = {index: UNMADE for index in (2, 3, 4)}
    made: Values = {
        "cores": {0: {"number": 0}},
        "core_objects": {1: MINE},
        "pools": {1: MINE, 2: UNMADE, 3: UNMADE},
        "threads": {1: parent(places), 2: UNMADE, 3: UNMADE},
        "endpoints": {1: MINE} | unmade,
        "notifications": {1: MINE | {"thread": 1}} | unmade,
        "grants": {1: MINE, 2: UNMADE},
        "replies": {1: UNMADE, 2: UNMADE},
        "times": {1: UNMADE},
        "tables": {
            number: (MINE if number == 1 else UNMADE) | {"first": first, "count": count}
            for number, (first, count) in SLOTS.items()
        }
        | {1: MINE | {"count": SLOTS[1][1], "used": len(PARENTS_SLOTS), "threads": 1}},
        "slots": {slot: {"kind": kind, "object": 1, "rights": rights.ALL} for slot, kind in PARENTS_SLOTS.items()},
        "translations": {1: MINE | {"used": 1, "users": 1, "level": 1}, 2: MINE | {"used": 1, "level": 1}}
        | {table: UNMADE | {"level": level} for table, level in PAGE_TABLES.items()},
        "frames": {number: MINE | {"address": places.room + 4096 * number} for number in (1, 2)},
    }
    made["pools"][1] = MINE | {"owned": sum("header" in row for table in made.values() for row in table.values()) - 1}
    return made


IGNORED = {"header.generation", "incarnation", "level"}
"""Fields that differ afterwards: generations go up, and a page table's level is said when it is made."""
COMPARED = "pools endpoints notifications grants replies times tables slots translations frames"


def fields_of(layout: Layout, prefix: str = "") -> list[str]:
    """The paths of all numbers in a row."""
    found: list[str] = []
    for name, part in layout.fields.items():
        found += fields_of(part.layout, f"{prefix}{name}.") if part.layout.fields else [prefix + name]
    return found


def differences(image: BareImage, before: Values, memories: dict[str, bytes]) -> list[str]:
    """The fields of the compared tables that are not as they were."""
    wrong: list[str] = []
    for name, now in memories.items():
        layout = image.layouts[STATE + name]
        row = layout.element
        assert row is not None
        then = pack(layout, before[name])
        for start in range(0, layout.size, layout.stride):
            for path in fields_of(row):
                field = row.at(path)
                place = slice(start + field.offset, start + field.offset + field.layout.size)
                is_ignored = path in IGNORED or (name == "slots" and path == "generation")
                if not is_ignored and now[place] != then[place]:
                    wrong.append(f"{name}[{start // layout.stride}].{path}: {then[place].hex()} {now[place].hex()}")
    return wrong


@pytest.mark.boot
def test_a_parent_takes_everything_back(tmp_path: Path) -> None:
    kept: list[tuple[Places, Values]] = []

    def remember(places: Places) -> Values:
        kept.append((places, values(places)))
        return kept[0][1]

    flags = (f"-DROUNDS={ROUNDS}",)
    system = BareSystem(PARAMETERS, PROGRAMS / "hostile.c", remember, room_bytes=2 << 20, flags=flags)
    image = build(system, tmp_path / "image")
    with Machine(command(image, 1, tmp_path / "control"), limit_s=240) as machine:
        machine.expect(r"(done|failed)\n", limit_s=200)
        with EmulatorMonitor(tmp_path / "control") as monitor:
            scratch = tmp_path / "scratch"
            stop_outside_the_kernel(monitor, image, scratch)
            tables = read_tables(image, lambda address, size: monitor.save_memory(address, size, scratch))
            memories = {
                name: monitor.save_memory(image.kernel.symbols[STATE + name], image.layouts[STATE + name].size, scratch)
                for name in COMPARED.split()
            }
            data = kept[0][0].room + DATA - kept[0][0].program.symbols["__text_end"]
            count_bytes = monitor.save_memory(data + kept[0][0].program.symbols["counts"], 8 * len(CALLS), scratch)
        assert "WRONG" not in machine.transcript and "panic" not in machine.transcript
    assert contradictions(tables) == []
    assert differences(image, kept[0][1], memories) == []
    counts = struct.unpack(f"<{len(CALLS)}Q", count_bytes)
    succeeded = {number for number, count in zip(CALLS, counts, strict=True) if count}
    assert succeeded >= set(range(syscalls.CAPABILITY_COPY, syscalls.REVOKE + 1)), counts
    assert succeeded >= set(range(syscalls.CAPABILITY_MOVE, syscalls.OBJECT_REVOKE + 1)), counts
    assert succeeded >= {syscalls.THREAD_START, syscalls.THREAD_CONFIGURE, syscalls.MAP, syscalls.LINK}, counts
