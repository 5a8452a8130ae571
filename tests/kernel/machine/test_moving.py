"""A thread that runs a guest is moved from core to core, and neither loses a register."""

from __future__ import annotations

from pathlib import Path

import pytest

from keelback.abi import objects, rights
from keelback.sdk.runner import Machine
from tests.kernel.machine.bare import BareSystem, Places, Values, build, command

PROGRAMS = Path(__file__).parent / "programs"
CORES = 4
MOVES = 300
SLOTS = 16
MOVER, MOVED = 1, 2
SPACE, GUEST_SPACE = 1, 2
READY = 1

PARAMETERS = {
    "core_count": CORES,
    "thread_count": 3,
    "endpoint_count": 2,
    "notification_count": 3,
    "vcpu_count": 2,
    "table_count": 3,
    "slot_count": 3 * SLOTS,
    "space_count": 3,
    "translation_count": 3,
}


def capability(kind: int, index: int) -> Values:
    """A capability with every right."""
    return {"kind": kind, "object": index, "rights": rights.ALL}


CAPABILITIES = {
    MOVER: {2: capability(objects.NOTIFICATION, MOVER), 3: capability(objects.THREAD, MOVED)}
    | {4 + number: capability(objects.CORE, 1 + number) for number in range(CORES)},
    MOVED: {2: capability(objects.NOTIFICATION, MOVED), 3: capability(objects.VCPU, 1)},
}


def thread(places: Places, index: int) -> Values:
    """One of the two threads."""
    return {
        "context": {"registers": {0: index}, "program_counter": places.program.entry},
        "stage2": places.stage2(SPACE),
        "rank": 200 if index == MOVER else 1 << 8 | 50,
        "ceiling": 200 if index == MOVER else 50,
        "slots_first": SLOTS * index,
        "slots_count": SLOTS,
        "notification": index,
        "vcpu": int(index == MOVED),
        "table": index,
        "space": SPACE,
        "header": {"live": True},
        "state": READY,
    }


def values(places: Places) -> Values:
    """One thread on the first core that moves the other, which runs a guest."""
    alive = {"live": True}
    both = (MOVER, MOVED)
    return {
        "cores": {number: {"number": number, "best_rank": number << 8} for number in range(CORES)},
        "core_objects": {1 + number: {"header": alive} for number in range(CORES)},
        "translations": {
            index: {"header": alive, "used": int(places.space(index) != 0), "users": 3 - index, "level": 1}
            for index in (SPACE, GUEST_SPACE)
        },
        "threads": {index: thread(places, index) for index in both},
        "notifications": {index: {"header": alive, "thread": index} for index in both},
        "vcpus": {
            1: {
                "header": alive,
                "stage2": places.stage2(GUEST_SPACE),
                "mpidr": 0x8000_0000,
                "thread": MOVED,
                "space": GUEST_SPACE,
            }
        },
        "tables": {
            index: {"header": alive, "first": SLOTS * index, "count": SLOTS, "used": len(held), "threads": 1}
            for index, held in CAPABILITIES.items()
        },
        "slots": {SLOTS * index + slot: held for index, table in CAPABILITIES.items() for slot, held in table.items()},
    }


SYSTEM = BareSystem(PARAMETERS, PROGRAMS / "moving.c", values, flags=(f"-DCORES={CORES}", f"-DMOVES={MOVES}"))


@pytest.mark.boot
def test_neither_a_moved_thread_nor_its_guest_loses_a_register(tmp_path: Path) -> None:
    image = build(SYSTEM, tmp_path)
    with Machine(command(image, CORES), limit_s=120) as machine:
        pattern = r"moves (\d+) refused (\d+) rounds (\d+) of the guest (\d+) interrupted (\d+) wrong (\d+)\n"
        found = machine.expect(pattern, limit_s=100)
        moves, refused, rounds, guest_rounds, interrupted, wrong = (int(text) for text in found.groups())
        assert (moves, refused, wrong) == (MOVES, 0, 0)
        assert 0 < interrupted < rounds and guest_rounds > MOVES
        assert "panic" not in machine.transcript
