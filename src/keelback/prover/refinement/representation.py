"""What the kernel's tables mean, as formulas: the fields of the abstract state one by one.

The counterpart of `abstraction`, which reads tables of numbers; the tests evaluate both on the same tables. A field is
named as in `state`, with dots: `threads.charge.context`. A queue is represented by its links (`queues`). Left out is
what only helps the kernel to find something: counts, bitmaps, copies of addresses; `invariants` say what those hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias

from keelback.abi import limits, mappings, objects
from keelback.prover.abstraction import (
    ACCESS_SHIFT,
    CORE_TIMERS,
    IDLE_ACTIVITIES,
    NEVER_EXECUTE,
    PAGE_LEVEL,
    PRIORITY_COUNT,
    SINGLETONS,
    TABLE_BIT,
    TABLE_OF_KIND,
)
from keelback.prover.encode import Program, Term
from keelback.prover.encode import terms as t
from keelback.prover.encode.memory import Field
from keelback.prover.encode.shapes import ArrayShape
from keelback.prover.ranges import STATE
from keelback.prover.refinement.numbers import narrow, wide
from keelback.prover.state import Activity

Indices: TypeAlias = tuple[Term, ...]
Read: TypeAlias = Callable[[str, Indices], Term]
"""The contents of a field of memory, by its whole name."""

REGISTER_COUNT = 34
"""x0..x30, sp, pc, pstate."""
ENTRY_BITS: Final = mappings.ENTRY_COUNT.bit_length() - 1
NO_ENTRY, MAPPING, LINK, BUILT = range(4)
"""What an entry of a translation table is: `entries.kind`."""


class Shape:
    """How many rows the tables of a program have."""

    def __init__(self, program: Program) -> None:
        self.fields: Mapping[str, Field] = program.memory_fields()
        self.counts: dict[str, int] = {}
        self._single: set[str] = set()
        for name, shape in program.shapes.items():
            count = shape.count if isinstance(shape, ArrayShape) else 1
            self.counts[name.removeprefix(STATE)] = count
            if count == 1:
                self._single.add(name.removeprefix(STATE))

    def indices(self, name: str, given: Indices) -> Indices:
        """Indices as the memory has them: none for a table of one row, others as wide as they need to be."""
        left = given[1:] if given and name.split(".")[0] in self._single else given
        widths = self.fields[STATE + name].index_widths
        assert len(left) == len(widths), (name, given)
        return tuple(
            t.extract(index, width - 1, 0) if index.width >= width else t.zext(index, width)
            for index, width in zip(left, widths, strict=True)
        )


class View:
    """Tables at some time."""

    def __init__(self, shape: Shape, read: Read) -> None:
        self.shape = shape
        self._read = read

    def __call__(self, name: str, *given: Term) -> Term:
        """A field's contents, as they lie there."""
        return self._read(STATE + name, self.shape.indices(name, given))

    def lies(self, name: str, given: Indices) -> Term:
        """As a call, with exactly the indices that the field has."""
        return self._read(STATE + name, given)

    def number(self, name: str, *given: Term) -> Term:
        return wide(self(name, *given))

    def flag(self, name: str, *given: Term) -> Term:
        return t.to_bool(self(name, *given))


Formula: TypeAlias = "Callable[..., Term]"


@dataclass(frozen=True)
class Meaning:
    """A field of the abstract state: a number of 80 bits, or a condition, of a view and indices. `reads`: the fields of
    memory it is made of, so that it changes only with them."""

    name: str
    domain: str
    formula: Formula


ZERO: Final = wide(t.const(0, 1))


def is_one_of(term: Term, values: tuple[int, ...]) -> Term:
    result = t.FALSE
    for value in values:
        result = t.or_(result, t.eq(term, t.const(value, term.width)))
    return result


def _plain(table: str, *names: str) -> Iterator[Meaning]:
    for name in names:
        mine, _, theirs = name.partition("=")
        yield Meaning(f"{table}.{mine}", table, partial(_number, f"{table}.{theirs or mine}"))


def _flags(table: str, *names: str) -> Iterator[Meaning]:
    for name in names:
        yield Meaning(f"{table}.{name}", table, partial(_flag, f"{table}.{name}"))


def _number(name: str, view: View, *given: Term) -> Term:
    return view.number(name, *given)


def _flag(name: str, view: View, *given: Term) -> Term:
    return view.flag(name, *given)


def _registers(table: str, view: View, row: Term, number: Term) -> Term:
    """x0..x30, sp, pc, pstate."""
    result = view.number(f"{table}.context.registers", row, number)
    for place, name in ((31, "stack_pointer"), (32, "program_counter"), (33, "process_state")):
        other = view.number(f"{table}.context.{name}", row)
        result = t.ite(t.eq(number, t.const(place, number.width)), other, result)
    return result


def _while_live(low: int, high: int, view: View, row: Term) -> Term:
    return t.ite(view.flag("threads.header.live", row), wide(t.extract(view("threads.rank", row), high, low)), ZERO)


def _ceiling(view: View, row: Term) -> Term:
    return t.ite(view.flag("threads.header.live", row), view.number("threads.ceiling", row), ZERO)


def in_state(view: View, row: Term, *activities: Activity) -> Term:
    """Whether a thread does one of these."""
    return is_one_of(view("threads.state", row), tuple(map(int, activities)))


def _calling(name: str, view: View, row: Term) -> Term:
    return t.ite(in_state(view, row, Activity.CALLING), view.number(f"threads.{name}", row), ZERO)


def _badge(view: View, row: Term) -> Term:
    is_told = t.and_(in_state(view, row, Activity.CALLING), t.not_(view.flag("threads.faulting", row)))
    return t.ite(is_told, view.number("threads.badge", row), ZERO)


def _if_set(condition: str, name: str, view: View, row: Term) -> Term:
    return t.ite(view.flag(condition, row), view.number(name, row), ZERO)


def _fault_word(number: int, view: View, row: Term) -> Term:
    word = view.number("threads.fault_words", row, t.const(number, 3))
    return t.ite(view.flag("threads.faulting", row), word, ZERO)


def _awaited(name: str, view: View, row: Term) -> Term:
    awaits = in_state(view, row, Activity.AWAITING)
    if name == "server":
        awaits = t.and_(awaits, t.not_(view.flag("threads.reply", row)))
    return t.ite(awaits, view.number(f"threads.{name}", row), ZERO)


def _charged(high: int, low: int, view: View, row: Term) -> Term:
    is_open = in_state(view, row, *IDLE_ACTIVITIES)
    return t.ite(is_open, ZERO, wide(t.extract(view("threads.charged", row), high, low)))


def _is_charged(view: View, row: Term) -> Term:
    return t.not_(in_state(view, row, *IDLE_ACTIVITIES))


def _piece(name: str, high: int, low: int, view: View, row: Term) -> Term:
    return wide(t.extract(view(name, row), high, low))


def _threads() -> Iterator[Meaning]:
    def made(name: str, formula: Formula) -> Meaning:
        return Meaning(f"threads.{name}", "threads", formula)

    yield Meaning("threads.registers", "registers", partial(_registers, "threads"))
    yield made("core", partial(_while_live, 8, 31))
    yield made("priority", partial(_while_live, 0, 7))
    yield made("ceiling", _ceiling)
    yield from _plain("threads", "table", "space", "serves", "notification", "budget", "vcpu", "accept")
    yield from _plain("threads", "thread_pointer", "client", "guest", "activity=state")
    yield made("fault_endpoint.0", partial(_if_set, "threads.fault_endpoint", "threads.fault_endpoint"))
    yield made("fault_endpoint.1", partial(_if_set, "threads.fault_endpoint", "threads.fault_generation"))
    yield made("fault_badge", partial(_if_set, "threads.fault_endpoint", "threads.fault_badge"))
    yield made("endpoint", partial(_calling, "endpoint"))
    yield made("badge", _badge)
    yield made("passing", partial(_calling, "passing"))
    yield made("fault.present", partial(_flag, "threads.faulting"))
    for number in range(5):
        yield made(f"fault.{number}", partial(_fault_word, number))
    yield made("server", partial(_awaited, "server"))
    yield made("reply", partial(_awaited, "reply"))
    yield made("charge.present", _is_charged)
    yield made("charge.context", partial(_charged, 31, 0))
    yield made("charge.incarnation", partial(_charged, 63, 32))


def _cores() -> Iterator[Meaning]:
    yield from _plain(
        "cores", "current", "window", "window_end", "partition", "asked", "stopping", "component", "loaded"
    )
    yield from _plain("cores", "floating_point_owner=fp_owner", "charge_start")
    yield Meaning("cores.charged.context", "cores", partial(_piece, "cores.charged", 31, 0))
    yield Meaning("cores.charged.incarnation", "cores", partial(_piece, "cores.charged", 63, 32))
    yield Meaning("cores.trace.mask", "cores", partial(_number, "cores.trace_mask"))
    yield Meaning("cores.trace.next", "cores", partial(_number, "cores.trace_next"))
    yield Meaning("cores.trace.records", "records", record_word)


def record_word(view: View, core: Term, sequence: Term, word: Term) -> Term:
    """A word (2 bits) of the record with a number (64 bits), if it is still kept."""
    size = view.shape.counts["trace_records"] // view.shape.counts["cores"]
    start = t.mul(t.zext(core, 64), t.const(size, 64))
    place = t.extract(t.zext(t.concat(sequence, word), 80), 63, 0)
    return view.number("trace_records", t.add(start, t.urem(place, t.const(size, 64))))


def named(shape: Shape) -> Iterator[tuple[int, str, int, int]]:
    """Kind, table, and the first and the last index of what can be named."""
    for kind, table in TABLE_OF_KIND.items():
        first = limits.SPACE_COUNT if kind == objects.PAGE_TABLE else 1
        last = limits.SPACE_COUNT if kind == objects.ADDRESS_SPACE else shape.counts[table]
        yield kind, table, first, last - 1
    for kind, table in SINGLETONS.items():
        yield kind, table, 1, 1


def can_be_named(shape: Shape, kind: Term, index: Term) -> Term:
    """Whether there is an object, or an entry for one, of this kind and index; terms of one width each."""
    result = t.FALSE
    for number, _, first, last in named(shape):
        low, high = (t.const(bound, index.width) for bound in (first, last))
        inside = t.and_(t.ule(low, index), t.ule(index, high))
        result = t.or_(result, t.and_(t.eq(kind, t.const(number, kind.width)), inside))
    return result


def _header(name: str, is_flag: bool, view: View, kind: Term, index: Term) -> Term:
    result = t.FALSE if is_flag else ZERO
    for number, table in (*TABLE_OF_KIND.items(), *SINGLETONS.items()):
        read = view.flag if is_flag else view.number
        given = () if number in SINGLETONS else (index,)
        result = t.ite(t.eq(kind, t.const(number, kind.width)), read(f"{table}.header.{name}", *given), result)
    return result


def _objects() -> Iterator[Meaning]:
    yield Meaning("objects.generation", "objects", partial(_header, "generation", False))
    yield Meaning("objects.owner", "objects", partial(_header, "owner", False))
    yield Meaning("objects.live", "objects", partial(_header, "live", True))


def _place_of_slot(view: View, table: Term, slot: Term) -> Term:
    return t.add(view("tables.first", table), narrow(wide(slot), 32))


def _slot_kind(view: View, table: Term, slot: Term) -> Term:
    return view.number("slots.kind", _place_of_slot(view, table, slot))


def _slot(name: str, view: View, table: Term, slot: Term) -> Term:
    place = _place_of_slot(view, table, slot)
    is_filled = view.flag("slots.kind", place)
    if name == "grant_generation":
        is_filled = t.and_(is_filled, view.flag("slots.grant", place))
    return t.ite(is_filled, view.number(f"slots.{name}", place), ZERO)


def _capabilities() -> Iterator[Meaning]:
    yield Meaning("capabilities.kind", "capabilities", _slot_kind)
    for name in ("object", "generation", "rights", "badge", "grant", "grant_generation"):
        yield Meaning(f"capabilities.{name}", "capabilities", partial(_slot, name))


def timer_queues(view: View) -> int:
    """The first queue that is a timer's."""
    counts = view.shape.counts
    return counts["queues"] - counts["cores"] * CORE_TIMERS


def _sleeps(view: View, row: Term) -> Term:
    queue = view("threads.queue", row)
    return t.not_(t.ult(queue, t.const(timer_queues(view), queue.width)))


def _deadline(view: View, row: Term) -> Term:
    return t.ite(_sleeps(view, row), view.number("threads.deadline", row), ZERO)


def _sleeps_on(view: View, row: Term) -> Term:
    queue = view("threads.queue", row)
    place = t.sub(queue, t.const(timer_queues(view), queue.width))
    return t.ite(_sleeps(view, row), wide(t.extract(place, 31, CORE_TIMERS.bit_length() - 1)), ZERO)


def _level(view: View, row: Term) -> Term:
    return t.ite(view.flag("translations.header.live", row), view.number("translations.level", row), ZERO)


def place_of_entry(view: View, table: Term, number: Term) -> Term:
    """Where an entry is in `entries` and `targets`."""
    first = t.shl(t.zext(table, 32), t.const(ENTRY_BITS, 32))
    return t.add(first, t.zext(number, 32))


def _entry_is(kind: int, view: View, table: Term, number: Term) -> Term:
    """Whether an entry is of a kind, as in `abstraction.entry`. A table that does not live has no entries: its level
    does not matter."""
    place = place_of_entry(view, table, number)
    is_used, has_target = view.flag("entries", place), view.flag("targets", place)
    level = view("translations.level", table)
    points = t.to_bool(t.bit_and(view("entries", place), t.const(TABLE_BIT, 64)))
    is_link = t.and_(t.not_(t.eq(level, t.const(PAGE_LEVEL, level.width))), points)
    if kind == BUILT:
        return t.and_(is_used, t.not_(has_target))
    return t.all_of((is_used, has_target, is_link if kind == LINK else t.not_(is_link)))


def _entry_kind(view: View, table: Term, number: Term) -> Term:
    result = ZERO
    for kind in (MAPPING, LINK, BUILT):
        result = t.ite(_entry_is(kind, view, table, number), wide(t.const(kind, 2)), result)
    return result


def _entry_target(view: View, table: Term, number: Term) -> Term:
    place = place_of_entry(view, table, number)
    return t.ite(view.flag("entries", place), view.number("targets", place), ZERO)


def _entry_flags(view: View, table: Term, number: Term) -> Term:
    """As MAP has them."""
    word = view("entries", place_of_entry(view, table, number))
    access = t.extract(word, ACCESS_SHIFT + 1, ACCESS_SHIFT)
    is_run = t.eq(t.extract(word, NEVER_EXECUTE, NEVER_EXECUTE), t.const(0, 1))
    execute = t.ite(is_run, t.const(mappings.EXECUTE, 3), t.const(0, 3))
    flags = t.bit_or(t.bit_and(t.zext(access, 3), t.const(mappings.READ | mappings.WRITE, 3)), execute)
    return t.ite(_entry_is(MAPPING, view, table, number), wide(flags), ZERO)


def _entry_word(view: View, table: Term, number: Term) -> Term:
    word = view.number("entries", place_of_entry(view, table, number))
    return t.ite(_entry_is(BUILT, view, table, number), word, ZERO)


def _entries() -> Iterator[Meaning]:
    yield Meaning("entries.kind", "entries", _entry_kind)
    yield Meaning("entries.target", "entries", _entry_target)
    yield Meaning("entries.flags", "entries", _entry_flags)
    yield Meaning("entries.word", "entries", _entry_word)


def _vcpus() -> Iterator[Meaning]:
    yield Meaning("vcpus.registers", "vcpu registers", partial(_registers, "vcpus"))
    yield from _plain("vcpus", "monitor=thread", "space", "loaded_on", "mpidr", "midr", "timer_priority")
    yield from _plain("vcpus", "interface.0=interface_control", "interface.1=active_group0")
    yield from _plain("vcpus", "interface.2=active_group1", "access.kind=access", "access.syndrome=syndrome")
    yield from _flags("vcpus", "timer_enabled", "timer_due", "wants_room")


def _others() -> Iterator[Meaning]:
    yield from _plain("endpoints", "server")
    yield from _plain("replies", "client")
    yield from _plain("notifications", "thread", "pending")
    yield from _plain("interrupts", "line", "bits")
    yield from _flags("interrupts", "edge", "fired")
    yield from _plain("interrupts", "notification.0=notification")
    yield Meaning(
        "interrupts.notification.1",
        "interrupts",
        partial(_if_set, "interrupts.notification", "interrupts.notification_generation"),
    )
    yield from _plain("times", "budget", "period", "remaining", "last", "thread", "incarnation", "partition")
    yield from _flags("times", "fault_on_overrun")
    yield from _plain("windows", "ticks", "partition", "next")
    yield from _plain("frames", "address", "size", "dirty")
    yield from _plain("tables", "count")
    yield Meaning("translations.level", "translations", _level)
    yield Meaning("sleeping.present", "threads", _sleeps)
    yield Meaning("sleeping.core", "threads", _sleeps_on)
    yield Meaning("sleeping.deadline", "threads", _deadline)


UNREAD: Final = (
    *("vcpus.el1.", "vcpus.list_registers", "vcpus.arriving", "fp_states."),
    *("queues.", "threads.next", "threads.previous", "threads.queue"),
)
"""Where fields of memory begin that mean something which specifications cannot yet read or write on unknowns: their
contents stay what they are, or the path is not modelled."""


def unread(shape: Shape) -> list[str]:
    """Those fields of memory."""
    names = (name.removeprefix(STATE) for name in shape.fields if name.startswith(STATE))
    return [name for name in names if name.startswith(UNREAD)]


MEANINGS: Final[Mapping[str, Meaning]] = {
    meaning.name: meaning
    for family in (_threads, _cores, _objects, _capabilities, _entries, _vcpus, _others)
    for meaning in family()
}
assert PRIORITY_COUNT == 1 << 8
