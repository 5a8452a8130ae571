"""All system calls at random, by sixteen threads on four cores; afterwards the kernel's tables must be in order.

The program is programs/stress.c. The prover's invariants, evaluated on the machine's memory, say what is in order.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from keelback.abi import objects, rights, syscalls
from keelback.prover.invariants.check import contradictions
from keelback.prover.tables import Tables
from keelback.sdk.runner import Machine
from tests.boot.qmp import EmulatorMonitor
from tests.kernel.machine.bare import (
    PAGE,
    BareImage,
    BareSystem,
    Places,
    Values,
    build,
    command,
    read_memory,
    read_tables,
    stop_outside_the_kernel,
)

PROGRAMS = Path(__file__).parent / "programs"
CORES = 4
WORKERS = 16
KEEPER = 17
SLOTS = 128
TICKS_PER_SECOND = 62_500_000
SPACES = 8
TABLES = 19
PAGE_TABLES = 6
SMALL_FRAMES, LARGE_FRAMES = 6, 2
ROOT, WORKERS_POOL, CHILD_POOL = 1, 2, 3
LARGE_BYTES = 1 << 21
READY = 1
CALL_NUMBERS = 64
UART_LINE = 33
"""The keeper lets it fire."""

PARAMETERS = {
    "core_count": CORES,
    "pool_count": 4,
    "thread_count": KEEPER + 1,
    "time_count": 5,
    "endpoint_count": WORKERS + 1,
    "reply_count": 5,
    "notification_count": KEEPER + 1,
    "interrupt_count": 2,
    "vcpu_count": 5,
    "grant_count": 4,
    "table_count": TABLES,
    "slot_count": TABLES * SLOTS,
    "space_count": SPACES,
    "translation_count": SPACES + PAGE_TABLES,
    "frame_count": 1 + SMALL_FRAMES + LARGE_FRAMES,
}


def numbered(kind: int, first: int, last: int) -> list[tuple[int, int]]:
    """Objects of a kind, by index."""
    return [(kind, index) for index in range(first, last + 1)]


OBJECTS = [
    *numbered(objects.ENDPOINT, 1, WORKERS),
    *numbered(objects.NOTIFICATION, 1, WORKERS),
    *numbered(objects.THREAD, 1, WORKERS),
    *numbered(objects.TIME, 1, 4),
    *numbered(objects.REPLY, 1, 4),
    *numbered(objects.VCPU, 1, 4),
    *numbered(objects.GRANT, 1, 3),
    *numbered(objects.CAPABILITY_TABLE, 18, 18),
    *numbered(objects.CAPABILITY_TABLE, 1, 2),
    *numbered(objects.ADDRESS_SPACE, 1, 4),
    *numbered(objects.ADDRESS_SPACE, 6, 7),
    *numbered(objects.PAGE_TABLE, SPACES, SPACES + PAGE_TABLES - 1),
    *numbered(objects.FRAME, 1, SMALL_FRAMES + LARGE_FRAMES),
    *numbered(objects.CORE, 1, CORES),
    *numbered(objects.POOL, WORKERS_POOL, CHILD_POOL),
    *numbered(objects.TRACE, 1, 1),
    *numbered(objects.INTERRUPT, 1, 1),
]
"""What slots 1.. of the keeper's table, and by and by of the workers', hold."""

UNOWNED = (objects.CORE, objects.TRACE)


def keeper_slots() -> dict[int, tuple[int, int]]:
    """The keeper's capability table."""
    known = dict(enumerate(OBJECTS, 1))
    tables = {100 + worker: (objects.CAPABILITY_TABLE, worker) for worker in range(1, WORKERS + 1)}
    return known | tables | {118: (objects.NOTIFICATION, KEEPER)}


def pool_of(table: int) -> int:
    """Who owns a capability table."""
    return ROOT if table == KEEPER else WORKERS_POOL


def owned(index: int = WORKERS_POOL) -> Values:
    """The header of a live object."""
    return {"live": True, "owner": index}


def frames(room: int) -> dict[int, Values]:
    """Frames behind the keeper's data."""
    small = {
        number: {"address": room + LARGE_BYTES + number * PAGE, "header": owned(), "size": 0}
        for number in range(1, SMALL_FRAMES + 1)
    }
    large = {
        SMALL_FRAMES + number: {"address": room + (1 + number) * LARGE_BYTES, "header": owned(), "size": 1}
        for number in range(1, LARGE_FRAMES + 1)
    }
    return small | large


def keeper(places: Places) -> Values:
    """The thread that repairs."""
    return {
        "context": {"registers": {0: KEEPER}, "program_counter": places.program.entry},
        "stage2": places.stage2(5),
        "rank": 200,
        "ceiling": 255,
        "slots_first": SLOTS * KEEPER,
        "slots_count": SLOTS,
        "notification": KEEPER,
        "table": KEEPER,
        "space": 5,
        "header": owned(ROOT),
        "state": READY,
    }


def translations(places: Places) -> dict[int, Values]:
    """Four spaces of workers, the keeper's, the guests', an empty one, and page tables that nothing points to."""
    for space in (1, 2, 3, 4, 5, 6):
        places.space(space, places.room if space == 5 else None)
    spaces = {
        space: {"header": owned(ROOT if space == 5 else WORKERS_POOL), "used": int(space != 7), "level": 1}
        for space in range(1, SPACES)
    }
    spaces[5]["users"] = 1
    return spaces | {
        index: {"header": owned(), "level": 2 + index % 2} for index in range(SPACES, SPACES + PAGE_TABLES)
    }


def values(places: Places) -> Values:
    """Everything is there, and belongs to the workers' pool, but only the keeper runs."""
    slots = keeper_slots()
    made: Values = {
        "cores": {number: {"number": number, "best_rank": number << 8} for number in range(CORES)},
        "core_objects": {1 + number: {"header": {"live": True}} for number in range(CORES)},
        "trace_object": {"header": {"live": True}},
        "threads": {number: {"header": owned()} for number in range(1, WORKERS + 1)} | {KEEPER: keeper(places)},
        "times": {number: {"header": owned()} for number in range(1, 5)},
        "endpoints": {number: {"header": owned()} for number in range(1, WORKERS + 1)},
        "replies": {number: {"header": owned()} for number in range(1, 5)},
        "notifications": {number: {"header": owned()} for number in range(1, WORKERS + 1)}
        | {KEEPER: {"header": owned(ROOT), "thread": KEEPER}},
        "interrupts": {1: {"header": owned(), "line": UART_LINE}},
        "vcpus": {number: {"header": owned(), "mpidr": 0x8000_0000 + number - 1} for number in range(1, 5)},
        "grants": {number: {"header": owned()} for number in range(1, 4)},
        "tables": {
            number: {
                "header": owned(ROOT if number == KEEPER else WORKERS_POOL),
                "first": number * SLOTS,
                "count": SLOTS,
            }
            for number in range(1, TABLES)
        },
        "translations": translations(places),
        "frames": frames(places.room),
        "slots": {
            KEEPER * SLOTS + number: {"kind": kind, "object": index, "rights": rights.ALL}
            for number, (kind, index) in slots.items()
        },
    }
    made["tables"][KEEPER] |= {"used": len(slots), "threads": 1}
    made["pools"] = pools(made)
    return made


def pools(made: Values) -> dict[int, Values]:
    """A root that owns the workers' pool, and that a child."""
    parents = {ROOT: ROOT, WORKERS_POOL: ROOT, CHILD_POOL: WORKERS_POOL}
    headers = [
        row["header"] for table in made.values() if isinstance(table, dict) for row in table.values() if "header" in row
    ]
    owners = [header.get("owner", 0) for header in headers]
    return {
        index: {
            "header": owned(parent),
            "owned": owners.count(index) + sum(index == other and index != own for own, other in parents.items()),
        }
        for index, parent in parents.items()
    }


def stress_system(seconds: float, seed: int) -> BareSystem:
    """The system, whose keeper repairs for some seconds of the machine's time."""
    listed = ",".join(f"{{{kind},{index}}}" for kind, index in OBJECTS)
    flags = (
        f"-DOBJECTS={listed}",
        f"-DCORES={CORES}",
        f"-DSEED={seed}",
        f"-DDURATION={int(seconds * TICKS_PER_SECOND)}",
        "-DPERIOD=20000",
    )
    return BareSystem(PARAMETERS, PROGRAMS / "stress.c", values, room_bytes=4 * LARGE_BYTES, flags=flags)


def registers_elsewhere(tables: Tables) -> list[str]:
    """Threads and vcpus of which something is in the registers of a core that is not theirs."""
    found: list[str] = []
    for number, core in enumerate(tables.cores):
        owners = {core.component, core.fp_owner if core.fp_owner <= KEEPER else 0} - {0}
        found += [f"thread {index} in core {number}" for index in owners if tables.threads[index].rank >> 8 != number]
        if core.loaded != 0 and tables.vcpus[core.loaded].loaded_on != number + 1:
            found.append(f"vcpu {core.loaded} in core {number}")
    for index, vcpu in enumerate(tables.vcpus):
        if vcpu.loaded_on != 0 and tables.cores[vcpu.loaded_on - 1].loaded != index:
            found.append(f"vcpu {index} is not in core {vcpu.loaded_on - 1}")
    return found


def run_stress(folder: Path, seconds: float, seed: int) -> tuple[dict[int, int], dict[int, int], list[str]]:
    """How often each call was made, how often it was accepted, and what is wrong with the tables in the end."""
    image = build(stress_system(seconds, seed), folder)
    with Machine(command(image, CORES, folder / "control"), limit_s=4 * seconds + 120) as machine:
        machine.expect(r"rounds \d+\n", limit_s=3 * seconds + 60)
        machine.expect(r"alive\n")
        with EmulatorMonitor(folder / "control") as monitor:
            stop_outside_the_kernel(monitor, image, folder / "scratch")
            found = examine(image, monitor, folder / "scratch")
        assert "panic" not in machine.transcript
    return found


def examine(
    image: BareImage, monitor: EmulatorMonitor, scratch: Path
) -> tuple[dict[int, int], dict[int, int], list[str]]:
    """As run_stress, of a machine that stands still."""
    tables = read_tables(image, lambda address, size: monitor.save_memory(address, size, scratch))
    wrong = contradictions(tables) + registers_elsewhere(tables)
    counts, accepted = (
        dict(enumerate(read_memory(image, monitor, name, CALL_NUMBERS, scratch))) for name in ("counts", "accepted")
    )
    return counts, accepted, wrong


@pytest.mark.boot
def test_three_seconds_of_random_calls(tmp_path: Path) -> None:
    counts, _, wrong = run_stress(tmp_path, 3, 4711)
    assert wrong == []
    assert min(counts.values()) > 0


@pytest.mark.slow
@pytest.mark.boot
def test_a_minute_of_random_calls(tmp_path: Path) -> None:
    counts, accepted, wrong = run_stress(tmp_path, 60, 1)
    assert wrong == []
    assert sum(counts.values()) > 100_000
    never = {number for number in range(syscalls.SYSTEM_CALL_COUNT) if accepted[number] == 0}
    assert never <= {syscalls.SYSTEM_OFF}, "nobody has the platform; everything else worked at times"
