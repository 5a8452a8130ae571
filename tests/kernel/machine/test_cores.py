"""Several cores: calls, signals and registers across them, and what the kernel says when there are too few."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from keelback.abi import objects, rights, trace
from keelback.sdk.runner import Machine
from tests.boot.qmp import EmulatorMonitor
from tests.kernel.machine.bare import (
    BareSystem,
    Places,
    Values,
    build,
    command,
    read_tables,
    stop_outside_the_kernel,
)

PROGRAMS = Path(__file__).parent / "programs"
CALLS = 12_000
"""Of all clients together."""
SLOTS = 64
READY = 1
SPACES = (1, 2)


def capability(kind: int, index: int, badge: int = 0) -> Values:
    """A capability with every right."""
    return {"kind": kind, "object": index, "rights": rights.ALL, "badge": badge}


@dataclass(frozen=True)
class Crowd:
    """A server and a client on each core, and one thread that waits for all clients (programs/across.c)."""

    cores: int
    trace_mask: int = 0

    @property
    def reporter(self) -> int:
        """The thread that waits."""
        return 2 * self.cores + 1

    @property
    def rounds(self) -> int:
        """Calls of each client."""
        return CALLS // self.cores

    def core_of(self, thread: int) -> int:
        """Where a thread runs."""
        return 0 if thread == self.reporter else (thread - 1) % self.cores

    def slots_of(self, thread: int) -> dict[int, Values]:
        """The capability table of a thread."""
        mine = {1: capability(objects.ENDPOINT, thread), 2: capability(objects.NOTIFICATION, thread)}
        servers = {10 + server: capability(objects.ENDPOINT, server, badge=1) for server in range(1, self.cores + 1)}
        bit = 1 << self.core_of(thread)
        threads = range(1, self.reporter + 1)
        return mine | servers | {20 + other: capability(objects.NOTIFICATION, other, badge=bit) for other in threads}

    def thread(self, places: Places, index: int) -> Values:
        """One of the threads."""
        space = SPACES[index % 2]
        return {
            "context": {"registers": {0: index}, "program_counter": places.program.entry},
            "stage2": places.stage2(space),
            "rank": self.core_of(index) << 8 | (100 if index <= self.cores else 50),
            "ceiling": 100,
            "slots_first": SLOTS * index,
            "slots_count": SLOTS,
            "serves": index,
            "notification": index,
            "table": index,
            "space": space,
            "header": {"live": True},
            "state": READY,
        }

    def values(self, places: Places) -> Values:
        """What the kernel's tables hold."""
        alive = {"live": True}
        threads = range(1, self.reporter + 1)
        held = {thread: self.slots_of(thread) for thread in threads}
        for space in SPACES:
            places.space(space)
        users = {space: sum(SPACES[thread % 2] == space for thread in threads) for space in SPACES}
        return {
            "cores": {
                number: {"number": number, "best_rank": number << 8, "trace_mask": self.trace_mask}
                for number in range(self.cores)
            },
            "threads": {thread: self.thread(places, thread) for thread in threads},
            "endpoints": {thread: {"header": alive, "server": thread} for thread in threads},
            "notifications": {thread: {"header": alive, "thread": thread} for thread in threads},
            "tables": {
                thread: {"header": alive, "first": SLOTS * thread, "count": SLOTS, "used": len(table), "threads": 1}
                for thread, table in held.items()
            },
            "slots": {
                SLOTS * thread + number: slot for thread, table in held.items() for number, slot in table.items()
            },
            "translations": {
                space: {"header": alive, "used": 1, "users": users[space], "level": 1} for space in SPACES
            },
        }

    def system(self) -> BareSystem:
        """All of it."""
        count = self.reporter + 1
        tables = ("thread_count", "endpoint_count", "notification_count", "table_count")
        sizes = dict.fromkeys(tables, count) | {"slot_count": SLOTS * count, "space_count": 3, "translation_count": 3}
        flags = (f"-DCORES={self.cores}", f"-DROUNDS={self.rounds}")
        return BareSystem({"core_count": self.cores, **sizes}, PROGRAMS / "across.c", self.values, flags=flags)


@pytest.mark.boot
@pytest.mark.parametrize(("cores", "trace_mask"), [(1, 0), (2, 0), (4, 0), (8, 0), (2, 1 << trace.CALL)])
def test_calls_signals_and_registers_across_cores(cores: int, trace_mask: int, tmp_path: Path) -> None:
    crowd = Crowd(cores, trace_mask=trace_mask)
    image = build(crowd.system(), tmp_path)
    with Machine(command(image, cores, tmp_path / "control"), limit_s=120) as machine:
        found = machine.expect(r"calls (\d+) signals (\d+) wrong (\d+)\n", limit_s=100)
        calls, signals, wrong = (int(text) for text in found.groups())
        assert wrong == 0
        assert calls == cores * crowd.rounds
        assert 0 < signals <= cores * -(-crowd.rounds // 16)
        assert "panic" not in machine.transcript
        with EmulatorMonitor(tmp_path / "control") as monitor:
            stop_outside_the_kernel(monitor, image, tmp_path / "scratch")
            tables = read_tables(image, lambda at, size: monitor.save_memory(at, size, tmp_path / "scratch"))
        least = 2 * crowd.rounds if trace_mask else 0  # a client's CALL and its server's REPLY_RECEIVE
        assert all(least <= core.trace_next <= (1 << 20 if trace_mask else 0) for core in tables.cores)


@pytest.mark.boot
def test_too_few_cores_are_a_panic(tmp_path: Path) -> None:
    image = build(Crowd(4).system(), tmp_path)
    with Machine(command(image, 3), limit_s=60) as machine:
        machine.expect(r"panic: the firmware does not start processor core 3, which this system needs\n")
