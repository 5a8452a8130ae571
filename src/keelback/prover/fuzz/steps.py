"""What can happen to a kernel: system calls, and what hardware and guests do. Each step knows both sides.

`act` does it to a kernel, `specify` to the abstract state; `is_possible` says whether it can happen at all, so that a
program from which steps were taken away still means something. All three are asked while the state is `here` on the
step's core. A step's `repr` is its source.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from keelback.abi import errors, trace, vcpu
from keelback.prover.abstraction import instruction_bytes, open_access
from keelback.prover.fuzz.kernel import LIST_REGISTERS, Kernel
from keelback.prover.specs import events
from keelback.prover.specs.step import perform
from keelback.prover.specs.tracing import record
from keelback.prover.state import Access, State, Thread, Vcpu

REGISTERS = "context.registers"
UNIT_BITS = 10
"""The kernel's timer tells times apart that are 1 << UNIT_BITS ticks apart."""


def component(state: State) -> Thread | None:
    """The thread that runs component code."""
    thread = state.threads.get(state.current)
    return thread if thread is not None and not thread.guest else None


def guest(state: State) -> Vcpu | None:
    """The vcpu that runs."""
    thread = state.threads.get(state.current)
    return state.vcpus[thread.guest] if thread is not None and thread.guest else None


@dataclass(frozen=True)
class Step(ABC):
    """One thing that happens, on a core."""

    core: int = field(default=0, kw_only=True)

    @abstractmethod
    def is_possible(self, state: State) -> bool:
        """Whether it can happen now."""

    @abstractmethod
    def act(self, kernel: Kernel, state: State) -> None:
        """Let it happen to a kernel that is in `state`."""

    @abstractmethod
    def specify(self, state: State) -> None:
        """What shall have happened."""


@dataclass(frozen=True)
class Call(Step):
    """A system call of the thread that runs: x8, and x0 and on."""

    number: int
    slot: int = 0
    words: tuple[int, ...] = ()

    def is_possible(self, state: State) -> bool:
        return component(state) is not None

    def act(self, kernel: Kernel, state: State) -> None:
        for register, word in (*enumerate(self.words), (8, self.slot)):
            kernel.poke("threads", state.current, REGISTERS, word, register)
        kernel.invoke("dispatch.dispatch", self.number)

    def specify(self, state: State) -> None:
        registers = state.threads[state.current].registers
        registers[: len(self.words)] = self.words
        registers[8] = self.slot
        perform(state, self.number)


@dataclass(frozen=True)
class TimePasses(Step):
    """The board's counter goes on; nobody has noticed yet."""

    ticks: int

    def is_possible(self, state: State) -> bool:
        return True

    def act(self, kernel: Kernel, state: State) -> None:
        kernel.enter(self.core, state.now + self.ticks)

    def specify(self, state: State) -> None:
        state.now += self.ticks


@dataclass(frozen=True)
class Tick(Step):
    """The counter goes on to the next unit of time, and the kernel's timer fires.

    Within a unit the kernel may let go at once or later who waits for a time that has passed already.
    """

    def is_possible(self, state: State) -> bool:
        now = next_unit(state.now)
        here = [sleep for sleep in state.sleeping.values() if sleep.core == self.core]
        due = [sleep for sleep in here if -(-sleep.deadline >> UNIT_BITS) <= now >> UNIT_BITS]
        core = state.core
        following = state.windows[core.window].next if core.window else 0
        is_one_window = not following or now < core.window_end + state.windows[following].ticks
        return len(due) <= 1 and is_one_window

    def act(self, kernel: Kernel, state: State) -> None:
        kernel.enter(self.core, next_unit(state.now))
        kernel.invoke("driver.tick")

    def specify(self, state: State) -> None:
        state.now = next_unit(state.now)
        events.tick(state, slice_ended=False)


def next_unit(now: int) -> int:
    """When the next unit of time begins."""
    return ((now >> UNIT_BITS) + 1) << UNIT_BITS


@dataclass(frozen=True)
class EndSlice(Step):
    """The kernel's timer ends a time slice."""

    def is_possible(self, state: State) -> bool:
        return True

    def act(self, kernel: Kernel, state: State) -> None:
        kernel.invoke("driver.end_slice")

    def specify(self, state: State) -> None:
        events.end_slice(state)


@dataclass(frozen=True)
class Asked(Step):
    """The interrupt with which another core asks for something."""

    def is_possible(self, state: State) -> bool:
        return state.core.asked != 0

    def act(self, kernel: Kernel, state: State) -> None:
        kernel.invoke("driver.asked")

    def specify(self, state: State) -> None:
        events.answer_other_cores(state)


@dataclass(frozen=True)
class Fire(Step):
    """A device's interrupt."""

    line: int

    def is_possible(self, state: State) -> bool:
        return all(not interrupt.fired for interrupt in state.interrupts.values() if interrupt.line == self.line)

    def act(self, kernel: Kernel, state: State) -> None:
        kernel.invoke("objects.interrupt.commit_fire", self.line)

    def specify(self, state: State) -> None:
        events.fire(state, self.line)


@dataclass(frozen=True)
class Fault(Step):
    """The thread that runs faults."""

    kind: int
    address: int = 0
    syndrome: int = 0
    immediate: int = 0

    def is_possible(self, state: State) -> bool:
        return component(state) is not None

    def act(self, kernel: Kernel, state: State) -> None:
        kernel.invoke("driver.fault", self.kind, self.address, self.syndrome, self.immediate)

    def specify(self, state: State) -> None:
        events.fault(state, self.kind, self.address, self.syndrome, self.immediate)


@dataclass(frozen=True)
class GuestExits(Step):
    """The guest that runs exits to its monitor, leaving an access open."""

    access: int = 0
    syndrome: int = 0

    def is_possible(self, state: State) -> bool:
        return guest(state) is not None

    def act(self, kernel: Kernel, state: State) -> None:
        kernel.invoke("driver.guest_exits", self.access, self.syndrome)

    def specify(self, state: State) -> None:
        thread = state.threads[state.current]
        target = state.vcpus[thread.guest]
        target.access = open_access(Access(self.access), self.syndrome)
        target.instruction_bytes = instruction_bytes(self.syndrome)
        thread.guest = 0
        thread.registers[0], thread.registers[8] = vcpu.FAULT, errors.OK
        pc, process_state = target.registers[vcpu.PC], target.registers[vcpu.PSTATE]
        record(state, trace.EXIT, vcpu.FAULT, pc, process_state)


@dataclass(frozen=True)
class GuestSleeps(Step):
    """The guest that runs executes wfi, and nothing is pending for it."""

    def is_possible(self, state: State) -> bool:
        running = guest(state)
        return running is not None and not any(interrupt.pending for interrupt in running.interrupts.values())

    def act(self, kernel: Kernel, state: State) -> None:
        kernel.invoke("driver.guest_idles")

    def specify(self, state: State) -> None:
        events.guest_waits(state)


@dataclass(frozen=True)
class GuestHandles(Step):
    """The guest that runs takes a pending interrupt, or ends an active one."""

    interrupt: int

    def is_possible(self, state: State) -> bool:
        running = guest(state)
        return running is not None and self.interrupt in running.interrupts

    def act(self, kernel: Kernel, state: State) -> None:
        index = state.threads[state.current].guest
        for number in range(LIST_REGISTERS):
            value = kernel.peek("vcpus", index, "list_registers", number)
            if value >> 62 and value & 0xFFFF_FFFF == self.interrupt:
                states = {1: 2, 2: 0, 3: 1}  # pending -> active -> gone; active again pending -> pending
                value = value & ((1 << 62) - 1) | states[value >> 62] << 62
                kernel.poke("vcpus", index, "list_registers", value if value >> 62 else 0, number)

    def specify(self, state: State) -> None:
        running = guest(state)
        assert running is not None
        known = running.interrupts.pop(self.interrupt)
        if known.pending:
            running.interrupts[self.interrupt] = known._replace(pending=known.active, active=not known.active)


@dataclass(frozen=True)
class RoomAppears(Step):
    """A list register of the vcpu is free again, and the processor says so."""

    vcpu: int

    def is_possible(self, state: State) -> bool:
        target = state.vcpus.get(self.vcpu)
        if target is None or len(target.interrupts) >= LIST_REGISTERS:
            return False
        return target.monitor in state.threads and state.threads[target.monitor].core == self.core

    def act(self, kernel: Kernel, state: State) -> None:
        kernel.invoke("objects.vcpu.commit_room", self.vcpu)

    def specify(self, state: State) -> None:
        events.room_appears(state, self.vcpu)
