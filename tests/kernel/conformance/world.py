"""A small system on two cores, in the compiled kernel and in CPython at once: both must do what is specified.

Threads have names; each serves the endpoint and waits for the notification of its own number, and has the same
capabilities in the same slots as all others. Whoever acts must be the one who runs.
"""

from __future__ import annotations

import pickle
from typing import Any, Final

from keelback.abi import objects, rights, syscalls
from keelback.prover.abstraction import abstract_state
from keelback.prover.fuzz.boot import start
from keelback.prover.fuzz.kernel import BootValues, CompiledKernel
from keelback.prover.fuzz.run import begin, differences, take_step
from keelback.prover.fuzz.steps import Asked, Call, Fault, Fire, Step, Tick, TimePasses
from keelback.prover.state import Activity, State, Thread
from tests.kernel.conformance.imported import ImportedKernel, differing

PARAMETERS: Final = {
    "core_count": 2,
    "partition_count": 2,
    "window_count": 3,
    "pool_count": 5,
    "thread_count": 9,
    "time_count": 6,
    "endpoint_count": 10,
    "reply_count": 4,
    "notification_count": 10,
    "interrupt_count": 3,
    "vcpu_count": 4,
    "grant_count": 3,
    "table_count": 10,
    "slot_count": 7 * 96 + 56,
    "space_count": 4,
    "translation_count": 9,
    "frame_count": 8,
    "trace_count": 8,
}

THREADS: Final = {"low": 1, "twin": 2, "mid": 3, "high": 4, "top": 5, "far": 6, "away": 7}
RANKS: Final = {"low": 10, "twin": 10, "mid": 20, "high": 30, "top": 40, "far": 256 + 20, "away": 256 + 30}
SLOTS_EACH: Final = 96
SPARE_THREAD, DEAD_OBJECT, UNBOUND = 8, 9, 8
LINE, SECOND_LINE = 33, 34

# Slots. Endpoint, notification and thread number n are in slots n, 10 + n, 20 + n.
ROOT, CHILD, GRANDCHILD = 31, 32, 33
GRANT_SLOT = 35
REPLY_1, REPLY_2 = 37, 38
TIME_1, TIME_2, TIME_3 = 41, 42, 43
"""Configured; configured with a fault on overrun; not configured."""
INTERRUPT = 45
VCPU_1, VCPU_2 = 47, 48
"""Of top, of nobody."""
TRACE, PLATFORM, CORE_0, CORE_1 = 49, 50, 51, 52
TABLE_8, SPACE_1, SPACE_2 = 53, 54, 55
DIRECTORY, PAGES_1, PAGES_2, DIRECTORY_2 = 56, 57, 58, 59
FRAME_1, FRAME_2, LARGE, DEVICE, FOREIGN, DIRTY = 61, 62, 63, 64, 65, 66
OWN_TABLE, PLAIN_ENDPOINT, PLAIN_NOTIFICATION, WEAK, STALE = 67, 68, 69, 70, 71
"""The plain ones have no badge: of top, and unbound. A capability without rights to high's endpoint. A dead one."""
EMPTY, EMPTY_2 = 80, 81

BUDGET, PERIOD = 0x2000, 0x8000
UNIT = 1 << 10
"""Ticks of the counter in which timers are kept."""
FRAMES = 0x8000_0000
"""Frame n is 2 MiB times n behind this."""

Values = dict[str, Any]


def endpoint(name: str) -> int:
    """The slot of a thread's endpoint."""
    return THREADS[name]


def notification(name: str) -> int:
    """The slot of a thread's notification."""
    return 10 + THREADS[name]


def thread(name: str) -> int:
    """The slot of a thread."""
    return 20 + THREADS[name]


def header(owner: int = 1, *, live: bool = True, generation: int = 0) -> Values:
    return {"owner": owner, "live": live, "generation": generation}


def slot(kind: int, index: int, badge: int = 0, given: int = rights.ALL, generation: int = 0) -> Values:
    return {"kind": kind, "object": index, "badge": badge, "rights": given, "generation": generation}


def slots_of(own: int) -> dict[int, Values]:
    """What every thread may name; badges tell who it is."""
    made = {n: slot(objects.ENDPOINT, n, 0x100 + own) for n in range(1, UNBOUND + 1)}
    made |= {10 + n: slot(objects.NOTIFICATION, n, 1 << own) for n in range(1, UNBOUND + 1)}
    made |= {20 + n: slot(objects.THREAD, n) for n in range(1, SPARE_THREAD)}
    made |= {30 + n: slot(objects.POOL, n) for n in range(1, 4)}
    made |= {GRANT_SLOT: slot(objects.GRANT, 1), REPLY_1: slot(objects.REPLY, 1), REPLY_2: slot(objects.REPLY, 2)}
    made |= {40 + n: slot(objects.TIME, n) for n in range(1, 4)}
    made |= {INTERRUPT: slot(objects.INTERRUPT, 1), VCPU_1: slot(objects.VCPU, 1), VCPU_2: slot(objects.VCPU, 2)}
    made |= {TRACE: slot(objects.TRACE, 1), PLATFORM: slot(objects.PLATFORM, 1)}
    made |= {CORE_0: slot(objects.CORE, 1), CORE_1: slot(objects.CORE, 2), TABLE_8: slot(objects.CAPABILITY_TABLE, 8)}
    made |= {SPACE_1: slot(objects.ADDRESS_SPACE, 1), SPACE_2: slot(objects.ADDRESS_SPACE, 2)}
    made |= {DIRECTORY: slot(objects.PAGE_TABLE, 4), DIRECTORY_2: slot(objects.PAGE_TABLE, 8)}
    made |= {PAGES_1: slot(objects.PAGE_TABLE, 5), PAGES_2: slot(objects.PAGE_TABLE, 6)}
    made |= {60 + n: slot(objects.FRAME, n) for n in range(1, 7)}
    made |= {OWN_TABLE: slot(objects.CAPABILITY_TABLE, own), PLAIN_ENDPOINT: slot(objects.ENDPOINT, 5)}
    made |= {PLAIN_NOTIFICATION: slot(objects.NOTIFICATION, UNBOUND), WEAK: slot(objects.ENDPOINT, 4, given=0)}
    made[UNBOUND] = slot(objects.ENDPOINT, UNBOUND, generation=1)
    made[STALE] = slot(objects.ENDPOINT, UNBOUND)
    return made


def thread_row(name: str, *, ready: bool, budget: int) -> Values:
    index = THREADS[name]
    handler = {} if name == "top" else {"fault_endpoint": THREADS["top"], "fault_badge": 0xF0 + index}
    return handler | {
        "context": {"registers": {0: index}, "stack_pointer": 0x8000 + index, "program_counter": 0x20_0000 + index},
        "rank": RANKS[name],
        "ceiling": 200,
        "state": int(Activity.READY if ready else Activity.STOPPED),
        "slots_first": (index - 1) * SLOTS_EACH,
        "slots_count": SLOTS_EACH,
        "table": index,
        "space": 1,
        "serves": index,
        "notification": index,
        "vcpu": 1 if name == "top" else 0,
        "budget": budget,
        "charged": budget,
        "header": header(),
    }


def boot_of(ready: tuple[str, ...], budgets: dict[str, int], partitions: dict[int, int], windows: bool) -> BootValues:
    """The first state: who is ready, whose scheduling context is which, and which of these are of partition 1."""
    owners = {index: name for name, index in budgets.items()}
    contexts = {
        n: {
            "header": header(),
            "budget": BUDGET,
            "period": PERIOD,
            "remaining": BUDGET,
            "thread": THREADS[owners[n]] if n in owners else 0,
            "fault_on_overrun": n == 2,
            "partition": partitions.get(n, 0),
        }
        for n in (1, 2)
    }
    slots = {(own - 1) * SLOTS_EACH + number: row for own in THREADS.values() for number, row in slots_of(own).items()}
    filled = len(slots_of(1))
    tables = {
        n: {"first": (n - 1) * SLOTS_EACH, "count": SLOTS_EACH, "used": filled, "threads": 1} for n in range(1, 8)
    }
    tables |= {8: {"first": 7 * SLOTS_EACH, "count": 40}, 9: {"first": 7 * SLOTS_EACH + 40, "count": 16}}
    translations = {1: (1, 7), 2: (1, 1), 4: (2, 0), 5: (3, 0), 6: (3, 0), 8: (2, 0)}
    frames = {1: (0, 0), 2: (0, 0), 3: (1, 0), 4: (2, 0), 5: (0, 0), 6: (0, 1)}
    boot: BootValues = {
        "cores": {n: {"number": n, "best_rank": 256 * n, "window": 1 if windows and n == 0 else 0} for n in range(2)},
        "core_objects": {n: {"header": header()} for n in (1, 2)},
        "trace_object": {"header": header()},
        "platform_object": {"header": header()},
        "pools": {
            1: {"header": header()},
            2: {"header": header()},
            3: {"header": header(2)},
            4: {"header": header(live=False)},
        },
        "threads": {
            index: thread_row(name, ready=name in ready, budget=budgets.get(name, 0)) for name, index in THREADS.items()
        },
        "times": {**contexts, 3: {"header": header()}, 4: {"header": header(live=False)}, 5: {"header": header(2)}},
        "endpoints": {n: {"server": n, "header": header()} for n in THREADS.values()},
        "notifications": {n: {"thread": n, "header": header()} for n in THREADS.values()},
        "replies": {1: {"header": header()}, 2: {"header": header()}, 3: {"header": header(live=False)}},
        "grants": {1: {"header": header()}, 2: {"header": header(live=False)}},
        "interrupts": {
            1: {"header": header(), "line": LINE, "notification": THREADS["top"], "bits": 1 << 40},
            2: {"header": header(live=False), "line": SECOND_LINE},
        },
        "line_owners": {LINE: 1, SECOND_LINE: 2},
        "vcpus": {
            1: {"header": header(), "thread": THREADS["top"], "space": 2, "context": {"process_state": 0x3C5}},
            2: {"header": header(), "context": {"process_state": 0x3C5}},
            3: {"header": header(live=False)},
        },
        "tables": {n: {**row, "header": header(live=n != DEAD_OBJECT)} for n, row in tables.items()},
        "slots": slots,
        "translations": {
            **{n: {"level": level, "users": users, "header": header()} for n, (level, users) in translations.items()},
            3: {"level": 1, "header": header(live=False)},
            7: {"header": header(live=False)},
        },
        "frames": {
            n: {
                "address": 0x8000_0000 + 0x20_0000 * n,
                "size": size,
                "dirty": dirty,
                "header": header(2 if n == 5 else 1),
            }
            for n, (size, dirty) in frames.items()
        },
        "windows": {1: {"ticks": 0x1000, "partition": 0, "next": 2}, 2: {"ticks": 0x1000, "partition": 1, "next": 1}},
    }
    boot["endpoints"] |= {8: {"header": header(generation=1)}, 9: {"header": header(live=False)}}
    boot["notifications"] |= {8: {"header": header()}, 9: {"header": header(live=False)}}
    boot["threads"][SPARE_THREAD] = {"header": header(live=False)}
    count_owned(boot)
    return boot


OWNED = (
    *("pools", "threads", "times", "endpoints", "notifications", "replies", "grants", "interrupts", "vcpus", "tables"),
    *("translations", "frames", "core_objects"),
)


def count_owned(boot: BootValues) -> None:
    """Let pools know how much they own, themselves left out."""
    counts = {n: 0 for n in boot["pools"]}
    for table in OWNED:
        for index, row in boot[table].items():
            owner = row["header"]["owner"]
            counts[owner] += (table, index) != ("pools", owner)
    for singleton in ("trace_object", "platform_object"):
        counts[boot[singleton]["header"]["owner"]] += 1
    for index, count in counts.items():
        boot["pools"][index]["owned"] = count


def copied(state: State) -> State:
    """Another one that is equal."""
    made: State = pickle.loads(pickle.dumps(state, pickle.HIGHEST_PROTOCOL))
    return made


class World:
    """The system, with what happens to it."""

    def __init__(self, compiled: CompiledKernel, imported: ImportedKernel) -> None:
        self._compiled, self._imported = compiled, imported
        self.state: State

    def boot(
        self,
        *ready: str,
        budgets: dict[str, int] | None = None,
        partitions: dict[int, int] | None = None,
        windows: bool = False,
    ) -> None:
        """Start it: these threads are ready."""
        boot = boot_of(ready, budgets or {}, partitions or {}, windows)
        self.state = begin(self._compiled, boot)
        start(self._imported, boot)

    def happen(self, step: Step) -> None:
        """Something happens in both kernels, as specified."""
        self.state.here = step.core
        assert step.is_possible(self.state), f"{step} cannot happen now"
        here, now = self.state.here, self.state.now
        current = self.state.current
        assert take_step(self._compiled, self.state, step) == ()
        after_here, after_now = self.state.here, self.state.now
        self.state.here, self.state.now = here, now
        self._imported.enter(step.core, now)
        self._act_imported(step, current)
        self.state.here, self.state.now = after_here, after_now

    def _act_imported(self, step: Step, current: int) -> None:
        """`step.act` needs to know who ran before."""
        running = self.state.core.current
        self.state.core.current = current
        step.act(self._imported, self.state)
        self.state.core.current = running
        self._imported.invoke("driver.charge")

    def check(self) -> None:
        """In the end CPython's tables are those of the compiled kernel, which were as specified after each step."""
        assert differing(self._compiled, self._imported) == []

    # Who does what.

    def do(self, name: str, number: int, slot: int = 0, *words: int) -> int:
        """A system call of a thread, which must be running; the status in its x8 afterwards."""
        caller = self[name]
        self.state.here = caller.core
        assert self.state.current == caller.index, f"not {name} runs but {self.running(caller.core)}"
        self.happen(Call(number, slot, words, core=caller.core))
        return caller.registers[8]

    def refused(self, name: str, number: int, slot: int = 0, *words: int) -> int:
        """As `do`, and only the caller's x8 to x10, and the trace, may have changed."""
        caller = self[name]
        caller_words = [*words, *caller.registers[len(words) : 8]]
        before = abstract_state(self._compiled.tables(), self._compiled.sizes)
        status = self.do(name, number, slot, *words)
        before.threads[caller.index].registers[:11] = [*caller_words, *caller.registers[8:11]]
        for core in before.cores:
            before.cores[core].trace = self.state.cores[core].trace
        assert differences(before, self.state) == []
        return status

    def receive(self, name: str) -> int:
        """A thread waits at its endpoint."""
        return self.do(name, syscalls.RECEIVE, 0)

    def wait(self, name: str) -> int:
        """A thread waits for its notification."""
        return self.do(name, syscalls.WAIT, notification(name))

    def call(self, name: str, server: str, *words: int) -> int:
        """A thread calls another."""
        return self.do(name, syscalls.CALL, endpoint(server), *words)

    def reply_receive(self, name: str, *words: int) -> int:
        """A server answers, and waits."""
        return self.do(name, syscalls.REPLY_RECEIVE, 0, *words)

    def fault(self, name: str, kind: int = 1, address: int = 0x1234) -> None:
        """A thread faults."""
        self.happen(Fault(kind, address, core=self[name].core))

    def fire(self, line: int = LINE, core: int = 0) -> None:
        """A device's line."""
        self.happen(Fire(line, core=core))

    def asked(self, core: int) -> None:
        """A core does what others asked."""
        self.happen(Asked(core=core))

    def pass_time(self, ticks: int, core: int = 0) -> None:
        """Time passes, and the core's timer fires. `ticks` are a multiple of the timers' unit."""
        assert ticks % UNIT == 0
        self.happen(TimePasses(ticks - 1, core=core))
        self.happen(Tick(core=core))

    # How it stands.

    def __getitem__(self, name: str) -> Thread:
        return self.state.threads[THREADS[name]]

    def running(self, core: int = 0) -> str:
        """Who runs on a core; "nobody"."""
        names = {index: name for name, index in THREADS.items()} | {0: "nobody", SPARE_THREAD: "spare"}
        return names[self.state.cores[core].current]

    def x(self, name: str, number: int) -> int:
        """A register of a thread."""
        return self[name].registers[number]

    def words(self, name: str, count: int = 8) -> list[int]:
        """x0 and on of a thread."""
        return self[name].registers[:count]

    def held(self, name: str, number: int) -> Any:
        """The capability in a slot, or None."""
        return self.state.capabilities[self[name].table].get(number)

    def activity(self, name: str) -> Activity:
        """What a thread does."""
        return self[name].activity

    def live(self, kind: int, index: int) -> bool:
        """Whether an object lives."""
        return self.state.objects[kind, index].live
