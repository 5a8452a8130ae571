"""What can happen to a kernel: system calls, and what hardware and guests do. Each step knows both sides.

`act` does it to a kernel, `specify` to the abstract state; `is_possible` says whether it can happen at all, so that a
program from which steps were taken away still means something. A step's `repr` is its source.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from keelback.abi import errors, trace, vcpu
from keelback.prover.abstraction import instruction_bytes, open_access
from keelback.prover.fuzz.kernel import LIST_REGISTERS, Kernel
from keelback.prover.specs import events
from keelback.prover.specs.scheduling import run_best, wake
from keelback.prover.specs.step import perform
from keelback.prover.specs.tracing import record
from keelback.prover.specs.vcpu_inject import fire_timer
from keelback.prover.state import Access, Activity, State, Thread, Vcpu

REGISTERS = "context.registers"


def component(state: State) -> Thread | None:
    """The thread that runs component code."""
    thread = state.threads.get(state.current)
    return thread if thread is not None and not thread.guest else None


def guest(state: State) -> Vcpu | None:
    """The vcpu that runs."""
    thread = state.threads.get(state.current)
    return state.vcpus[thread.guest] if thread is not None and thread.guest else None


class Step(ABC):
    """One thing that happens."""

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
class EndSlice(Step):
    """The kernel's timer ends a time slice."""

    def is_possible(self, state: State) -> bool:
        return True

    def act(self, kernel: Kernel, state: State) -> None:
        kernel.invoke("scheduler.commit_end_slice")

    def specify(self, state: State) -> None:
        events.end_slice(state)


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
        words = (self.kind, self.address, self.syndrome, self.immediate)
        kernel.invoke("faults.commit_fault", state.current, *words)

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
        thread = state.threads[state.current]
        kernel.poke("vcpus", thread.guest, "access", self.access)
        kernel.poke("vcpus", thread.guest, "syndrome", self.syndrome)
        kernel.poke("threads", thread.index, "guest", 0)
        kernel.poke("threads", thread.index, REGISTERS, vcpu.FAULT, 0)
        kernel.poke("threads", thread.index, REGISTERS, errors.OK, 8)

    def specify(self, state: State) -> None:
        thread = state.threads[state.current]
        target = state.vcpus[thread.guest]
        target.access = open_access(Access(self.access), self.syndrome)
        target.instruction_bytes = instruction_bytes(self.syndrome)
        thread.guest = 0
        thread.registers[0], thread.registers[8] = vcpu.FAULT, errors.OK


@dataclass(frozen=True)
class GuestSleeps(Step):
    """The guest that runs executes wfi, and nothing is pending for it."""

    def is_possible(self, state: State) -> bool:
        running = guest(state)
        return running is not None and not any(interrupt.pending for interrupt in running.interrupts.values())

    def act(self, kernel: Kernel, state: State) -> None:
        kernel.poke("threads", state.current, "state", Activity.GUEST_IDLE)
        kernel.invoke("scheduler.commit_run_next")

    def specify(self, state: State) -> None:
        state.threads[state.current].activity = Activity.GUEST_IDLE
        run_best(state)


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
class TimerFires(Step):
    """The virtual timer of a vcpu."""

    vcpu: int

    def is_possible(self, state: State) -> bool:
        el1 = state.vcpus[self.vcpu].el1
        return el1["cntv_ctl"] & 3 == 1 and el1["cntv_cval"] <= state.now

    def act(self, kernel: Kernel, state: State) -> None:
        if kernel.invoke("arch.aarch64.timer.take_due", self.vcpu):
            kernel.invoke("objects.vcpu.commit_interrupted", self.vcpu)

    def specify(self, state: State) -> None:
        fire_timer(state, self.vcpu)


@dataclass(frozen=True)
class RoomAppears(Step):
    """A list register of the vcpu is free again, and the processor says so."""

    vcpu: int

    def is_possible(self, state: State) -> bool:
        return self.vcpu in state.vcpus and len(state.vcpus[self.vcpu].interrupts) < LIST_REGISTERS

    def act(self, kernel: Kernel, state: State) -> None:
        kernel.invoke("objects.vcpu.commit_room", self.vcpu)

    def specify(self, state: State) -> None:
        target = state.vcpus[self.vcpu]
        monitor = state.threads.get(target.monitor)
        if monitor is None or not target.wants_room or monitor.guest != self.vcpu:
            return
        target.wants_room = False
        monitor.guest = 0
        monitor.registers[0], monitor.registers[8] = vcpu.MAINTENANCE, errors.OK
        pc, process_state = target.registers[vcpu.PC], target.registers[vcpu.PSTATE]
        record(state, trace.EXIT, vcpu.MAINTENANCE, pc, process_state, by=state.current)
        if monitor.activity == Activity.GUEST_IDLE:
            wake(state, monitor)
