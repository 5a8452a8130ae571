"""A conformance behaviour on the emulated machine. It is run once on the kernel compiled for this machine, beside the
specification, and what happened is noted; then the same happens to a booted machine, step by step.

A debugger puts the registers of the thread that runs and lets its core execute one instruction (svc, a load that
faults) and all of the kernel up to the next instruction of a component, or to where the core waits for an interrupt.
After each step the registers of every running thread are compared, in the end the whole abstract state of the kernel's
tables, but for what the board's counter says and registers that mean nothing. What cannot happen so is said by
NotReplayable.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from keelback.abi import errors, faults, syscalls
from keelback.lang.packing import pack
from keelback.prover.abstraction import abstract_state
from keelback.prover.fuzz.kernel import BootValues, CompiledKernel
from keelback.prover.fuzz.run import begin, differences, take_step
from keelback.prover.fuzz.steps import Asked, Call, EndSlice, Fault, Fire, Step, Tick, TimePasses
from keelback.prover.invariants.check import contradictions
from keelback.prover.state import RECEIVES, Activity, State, Thread
from keelback.prover.tables import table_symbols
from keelback.sdk.image.page_tables import stage2_attributes
from keelback.sdk.runner import Machine
from tests.boot.qmp import EmulatorMonitor
from tests.kernel.conformance.world import PARAMETERS, World, boot_of, copied
from tests.kernel.machine.bare import (
    BOARD,
    PROGRAM_BASE,
    BareImage,
    BareSystem,
    Places,
    Values,
    build,
    command,
    page_up,
    read_tables,
)
from tests.kernel.machine.debugger import GENERAL, PC, Debugger

PROGRAM = Path(__file__).parent / "programs" / "behaviours.c"
CORES = PARAMETERS["core_count"]
PROGRAM_ENTRY = 300
"""Of the first table of address space 1: behaviours use others."""
PROGRAM_VIRTUAL = PROGRAM_ENTRY << 30
SPACE = 1
FRAMES_END = 0x8000_0000 + 0x20_0000 * 8
RAM_BYTES = FRAMES_END - 0x4000_0000
INSTRUCTION = 4
SERVICES = 256
LATER = 1 << 40
"""Times that behaviours name are so much later on the machine, whose counter has gone on since it was switched on."""
UNTIL = (syscalls.RECEIVE_UNTIL, syscalls.WAIT_UNTIL)
WAIT_INSTRUCTION = bytes.fromhex("7f2003d5")
SET_PENDING = 0x0800_0000 + 0x200
"""GICD_ISPENDR<0> (IHI 0069, 12.9.25)."""
ADDRESS_REGISTER = 28
SYNDROMES = {faults.MEMORY_READ: 0x9380_0000 | 29 << 16 | 5, faults.MEMORY_WRITE: 0x9380_0000 | 29 << 16 | 5 | 1 << 6}
"""ESR_EL2: data abort from EL0, valid, 32 bits, w29, translation fault at level 1 (DDI 0487, ISS of a data abort)."""


TIME = "time passes as the behaviour says, not as the machine's counter does"
GUEST = "a guest runs"


class NotReplayable(Exception):
    """A behaviour that cannot happen on this machine in this way, and why."""


@dataclass(frozen=True)
class Event:
    """A step on the machine: registers of the core to put first, and what those of every core are afterwards."""

    step: Step
    put: dict[int, int]
    after: dict[int, list[int]]


class Stage:
    """The image that all behaviours share, and what their tables have beside their own values."""

    def __init__(self, folder: Path, kernel: CompiledKernel) -> None:
        self.folder, self.kernel = folder, kernel
        places: list[Places] = []
        words: list[int] = []

        def values(found: Places) -> Values:
            places.append(found)
            words.append(map_program(found))
            return self.values(boot_of(("low",), {}, {}, windows=False), words[0], found)

        system = BareSystem(PARAMETERS, PROGRAM, values, room_bytes=RAM_BYTES)
        self.image = build(system, folder)
        self.places, self.word = places[0], words[0]
        self._content = self.image.path.read_bytes()
        self._symbols = table_symbols(self.image.layouts)
        shift = PROGRAM_VIRTUAL - PROGRAM_BASE
        self.calls, self.load, self.store = (
            self.image.program.symbols[name] + shift for name in ("calls", "load", "store")
        )
        self.waits = [
            segment.address + at
            for segment in self.image.kernel.segments
            for at in range(0, len(segment.data) - 3, 4)
            if segment.data[at : at + 4] == WAIT_INSTRUCTION
        ]

    def with_program(self, boot: BootValues) -> BootValues:
        """A first state in which address space 1 maps the program too."""
        boot["entries"] = {512 * SPACE + PROGRAM_ENTRY: self.word}
        boot["translations"][SPACE]["used"] = 1
        return boot

    def values(self, boot: BootValues, word: int, places: Places) -> Values:
        """What the tables of the machine hold first."""
        self.word = word
        made = self.with_program(boot)
        for table in ("threads", "vcpus"):
            for row in made[table].values():
                if row.get("space"):
                    row["stage2"] = places.stage2(row["space"])
        return made

    def image_of(self, boot: BootValues) -> BareImage:
        """The image with another first state."""
        content = bytearray(self._content)
        base = BOARD.image_base
        for table, given in self.values(boot, self.word, self.places).items():
            symbol = self._symbols[table]
            data = pack(self.image.layouts[symbol], given)
            at = self.image.kernel.symbols[symbol] - base
            content[at : at + len(data)] = data
        path = self.folder / "behaviour.bin"
        path.write_bytes(content)
        return replace(self.image, path=path)


def map_program(places: Places) -> int:
    """Map the program where PROGRAM_ENTRY says; the entry."""
    table = places.zone.add_table()
    size = page_up(places.program_bytes)
    places.zone.map(table, PROGRAM_VIRTUAL, places.program_physical, size, stage2_attributes("rx"))
    return places.zone.table_at(table)[PROGRAM_ENTRY]


class Recorder(World):
    """A world that notes what the machine is to do. What cores ask of each other they do at once, as hardware does."""

    def __init__(self, stage: Stage) -> None:
        self._stage, self._compiled = stage, stage.kernel
        self.boot_values: Callable[[], BootValues] | None = None
        self.events: list[Event] = []
        self.addresses: set[int] = set()
        self.first: State | None = None

    def boot(
        self,
        *ready: str,
        budgets: dict[str, int] | None = None,
        partitions: dict[int, int] | None = None,
        windows: bool = False,
    ) -> None:
        if windows or budgets:
            raise NotReplayable(TIME)
        self.boot_values = lambda: boot_of(ready, budgets or {}, partitions or {}, windows)
        self.state = begin(self._compiled, self._stage.with_program(self.boot_values()))
        self.first = copied(self.state)
        self._note_addresses()

    def happen(self, step: Step) -> None:
        self.state.here = step.core
        if isinstance(step, Asked) and not step.is_possible(self.state):
            return  # it was done at once
        self._happen(step)
        while True:
            asked = [number for number, core in self.state.cores.items() if core.asked]
            if not asked:
                return
            self._happen(Asked(core=asked[0]))

    def _happen(self, step: Step) -> None:
        self.state.here = step.core
        assert step.is_possible(self.state), f"{step} cannot happen now"
        step, put = self._on_the_machine(step)
        assert take_step(self._compiled, self.state, step) == ()
        if any(thread.guest for thread in self.state.threads.values()):
            raise NotReplayable(GUEST)
        running = {number: self.state.threads.get(core.current) for number, core in self.state.cores.items()}
        after = {number: thread.registers[:] if thread else [] for number, thread in running.items()}
        self.events.append(Event(step, put, after))
        self._note_addresses()

    def _on_the_machine(self, step: Step) -> tuple[Step, dict[int, int]]:
        """The step as it happens there, and the registers that it needs."""
        if isinstance(step, Asked):
            return step, {}
        if isinstance(step, Fire):
            if step.core != 0:
                raise NotReplayable("the line is connected to another core")
            if not any(i.line == step.line and i.notification != (0, 0) for i in self.state.interrupts.values()):
                raise NotReplayable("a line that is off does not reach the kernel")
            return step, {}
        if not isinstance(step, Call | Fault):
            raise NotReplayable(TIME if isinstance(step, TimePasses | Tick | EndSlice) else GUEST)
        thread = self.state.threads[self.state.current]
        if thread.space != SPACE:
            raise NotReplayable("a thread runs where no program is mapped")
        if isinstance(step, Fault):
            if step.kind not in SYNDROMES or step.immediate or step.syndrome:
                raise NotReplayable("a fault of a kind that the program has not")
            at = self._stage.load if step.kind == faults.MEMORY_READ else self._stage.store
            self._poke(PC, at)
            self._poke(ADDRESS_REGISTER, step.address)
            return replace(step, syndrome=SYNDROMES[step.kind]), {PC: at, ADDRESS_REGISTER: step.address}
        if step.number >= SERVICES:
            raise NotReplayable("a number that the program has not")
        if step.number == syscalls.SYSTEM_OFF:
            raise NotReplayable("the machine is switched off")
        if step.number in (syscalls.TRACE_READ, syscalls.TRACE_CONTROL):
            raise NotReplayable("records of the trace have times")
        if step.number in UNTIL and step.words and self.state.now < step.words[0] < 1 << 63:
            step = replace(step, words=(step.words[0] + LATER, *step.words[1:]))
        at = self._stage.calls + 2 * INSTRUCTION * step.number
        self._poke(PC, at + INSTRUCTION)
        return step, {**dict(enumerate(step.words)), 8: step.slot, PC: at}

    def _poke(self, register: int, value: int) -> None:
        """A register of the thread that runs, in the kernel and in the specification."""
        thread = self.state.threads[self.state.current]
        thread.registers[register] = value
        place = ("context.program_counter", 0) if register == PC else ("context.registers", register)
        self._compiled.poke("threads", thread.index, place[0], value, place[1])

    def _note_addresses(self) -> None:
        self.addresses |= {thread.registers[PC] for thread in self.state.threads.values()}

    def refused(self, name: str, number: int, slot: int = 0, *words: int) -> int:
        """As `do`: that nothing has changed is seen in the tables, which are as specified."""
        return self.do(name, number, slot, *words)

    def check(self) -> None:
        """Nothing is left to compare."""


MESSAGE = 11
"""x0..x10 are a message's. The short ways of CALL and REPLY_RECEIVE do not save those of who waits for one, since they
will be overwritten, but for where a wait ends with an error, which is x8 alone."""
EXCHANGES = (Activity.AWAITING, *RECEIVES)
BROKEN_OFF = (errors.RESTARTED, errors.DEAD, errors.TIMEOUT)


def known(thread: Thread) -> list[int]:
    """A thread's registers, without those that mean nothing now."""
    lost = 0
    if thread.activity in EXCHANGES:
        lost = MESSAGE
    elif thread.registers[8] in BROKEN_OFF:
        lost = 8
    return [0] * lost + thread.registers[lost:]


def play(stage: Stage, recorded: Recorder) -> list[str]:
    """Do on the machine what was recorded; where it parts from what is specified."""
    assert recorded.boot_values is not None and recorded.first is not None
    image = stage.image_of(recorded.boot_values())
    control, door = stage.folder / "control", stage.folder / "door"
    for path in (control, door):
        path.unlink(missing_ok=True)
    line = [*command(image, CORES, control), "-icount", "shift=0,sleep=on", "-S"]
    line += ["-gdb", f"unix:{door},server=on,wait=off"]
    with Machine(line, limit_s=120) as machine, Debugger(door) as debugger, EmulatorMonitor(control) as monitor:
        for address in {*recorded.addresses, *stage.waits}:
            debugger.stop_at(address)
        for core in range(CORES):
            debugger.go_on(core)
        for number, event in enumerate(recorded.events):
            wrong = happen(debugger, stage, event)
            if wrong:
                return [f"step {number}, {event.step}: {text}" for text in wrong] + [machine.transcript]
        return compare(stage, image, debugger, monitor, recorded.state)


def happen(debugger: Debugger, stage: Stage, event: Event) -> list[str]:
    """One event; what is wrong with the registers afterwards."""
    core = event.step.core
    put = dict(event.put)
    at = debugger.registers(core)[PC]
    if isinstance(event.step, Fire):
        debugger.write_physical(SET_PENDING + 4 * (event.step.line // 32), 1 << event.step.line % 32)
    if not put and at in stage.waits:
        put[PC] = at + INSTRUCTION  # the interrupt is there: the core need not wait
    debugger.set_registers(core, put)
    if isinstance(event.step, Fault):  # who is resumed stands at the same instruction
        debugger.pass_by(put[PC])
    debugger.go_on(core)
    if isinstance(event.step, Fault):
        debugger.stop_at(put[PC])
    wrong: list[str] = []
    for other, expected in event.after.items():
        found = debugger.registers(other)
        if not expected and found[PC] not in stage.waits:
            wrong.append(f"core {other} does not wait for an interrupt")
        elif expected and not same(found, expected):
            names = [
                f"x{n}: {a:#x}, not {b:#x}" for n, (a, b) in enumerate(zip(found, expected, strict=True)) if a != b
            ]
            wrong.append(f"core {other}: {', '.join(names)}")
    return wrong


def same(found: list[int], expected: list[int]) -> bool:
    """Whether registers are as specified; x0..x7 mean nothing where a wait was broken off."""
    first = 8 if expected[8] in BROKEN_OFF else 0
    return found[first:GENERAL] == expected[first:GENERAL]


def compare(stage: Stage, image: BareImage, debugger: Debugger, monitor: EmulatorMonitor, expected: State) -> list[str]:
    """Where the machine's tables do not mean what is specified, or contradict an invariant."""
    first, last = (image.kernel.symbols[name] for name in ("__data_start", "__data_end"))
    data = monitor.save_memory(first, last - first, stage.folder / "scratch")
    tables = read_tables(image, lambda address, size: data[address - first : address - first + size])
    found = abstract_state(tables, stage.kernel.sizes)
    for number, core in found.cores.items():
        if core.current:
            found.threads[core.current].registers = debugger.registers(number)
    expected = copied(expected)
    for state in (expected, found):
        forget_time(state)
        for thread in state.threads.values():
            thread.registers = known(thread)
    return contradictions(tables) + differences(expected, found)


def forget_time(state: State) -> None:
    """Leave out what the board's counter says: it goes on between steps on the machine only."""
    for core in state.cores.values():
        core.charge_start = core.window_end = core.component = 0
        core.trace.records = [record._replace(time=0) for record in core.trace.records]
    for context in state.times.values():
        context.remaining = context.last = 0
