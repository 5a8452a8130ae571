"""Several cores: calls, signals and registers across them, and what the kernel says when there are too few."""

from __future__ import annotations

from pathlib import Path

import pytest

from keelback.abi import objects, rights
from keelback.sdk.runner import Machine
from tests.kernel.machine.bare import BareSystem, Places, Values, build, command

PROGRAMS = Path(__file__).parent / "programs"
CORES = 4
ROUNDS = 3000
SLOTS = 32
REPORTER = 2 * CORES + 1
READY = 1

PARAMETERS = {
    "core_count": CORES,
    "thread_count": REPORTER + 1,
    "endpoint_count": REPORTER + 1,
    "notification_count": REPORTER + 1,
    "table_count": REPORTER + 1,
    "slot_count": SLOTS * (REPORTER + 1),
    "space_count": 3,
    "translation_count": 3,
}


def core_of(thread: int) -> int:
    """Where a thread runs."""
    return 0 if thread == REPORTER else (thread - 1) % CORES


def capability(kind: int, index: int, badge: int = 0) -> Values:
    """A capability with every right."""
    return {"kind": kind, "object": index, "rights": rights.ALL, "badge": badge}


def slots_of(thread: int) -> dict[int, Values]:
    """The capability table of a thread."""
    mine = {1: capability(objects.ENDPOINT, thread), 2: capability(objects.NOTIFICATION, thread)}
    servers = {10 + server: capability(objects.ENDPOINT, server, badge=1) for server in range(1, CORES + 1)}
    bit = 1 << core_of(thread)
    others = {20 + other: capability(objects.NOTIFICATION, other, badge=bit) for other in range(1, REPORTER + 1)}
    return mine | servers | others


def values(places: Places) -> Values:
    """A server and a client on each core, and one that waits for all."""
    alive = {"live": True}
    threads = range(1, REPORTER + 1)
    for space in (1, 2):
        places.space(space)
    return {
        "cores": {number: {"number": number, "best_rank": number << 8} for number in range(CORES)},
        "threads": {
            thread: {
                "context": {"registers": {0: thread}, "program_counter": places.program.entry},
                "stage2": places.stage2(1 + thread % 2),
                "rank": core_of(thread) << 8 | (100 if thread <= CORES else 50),
                "ceiling": 100,
                "slots_first": SLOTS * thread,
                "slots_count": SLOTS,
                "serves": thread,
                "notification": thread,
                "table": thread,
                "space": 1 + thread % 2,
                "header": alive,
                "state": READY,
            }
            for thread in threads
        },
        "endpoints": {thread: {"header": alive, "server": thread} for thread in threads},
        "notifications": {thread: {"header": alive, "thread": thread} for thread in threads},
        "tables": {
            thread: {
                "header": alive,
                "first": SLOTS * thread,
                "count": SLOTS,
                "used": len(slots_of(thread)),
                "threads": 1,
            }
            for thread in threads
        },
        "slots": {SLOTS * thread + number: slot for thread in threads for number, slot in slots_of(thread).items()},
        "translations": {
            space: {"header": alive, "used": 1, "users": sum(1 + thread % 2 == space for thread in threads), "level": 1}
            for space in (1, 2)
        },
    }


SYSTEM = BareSystem(PARAMETERS, PROGRAMS / "across.c", values, flags=(f"-DCORES={CORES}", f"-DROUNDS={ROUNDS}"))


@pytest.mark.boot
def test_calls_signals_and_registers_across_cores(tmp_path: Path) -> None:
    image = build(SYSTEM, tmp_path)
    with Machine(command(image, CORES), limit_s=120) as machine:
        found = machine.expect(r"calls (\d+) signals (\d+) wrong (\d+)\n", limit_s=100)
        calls, signals, wrong = (int(text) for text in found.groups())
        assert wrong == 0
        assert calls == CORES * ROUNDS
        assert 0 < signals <= CORES * -(-ROUNDS // 16)
        assert "panic" not in machine.transcript


@pytest.mark.boot
def test_too_few_cores_are_a_panic(tmp_path: Path) -> None:
    image = build(SYSTEM, tmp_path)
    with Machine(command(image, CORES - 1), limit_s=60) as machine:
        machine.expect(r"panic: the firmware does not start processor core 3, which this system needs\n")
