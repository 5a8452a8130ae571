"""The abstract state with fields that nobody knows, for the specifications to run on: `symbolic_state` looks like
`state.State` to them.

What is read comes from the tables as they were before the call, through `representation`, unless the specification has
written it; writes are kept in order. Rows have no identity of their own: two rows of one table with equal indices are
one. A dictionary of the state has the keys that the tables have. What is not here raises NotModelledError.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from keelback.prover import state as abstract
from keelback.prover.encode import Term
from keelback.prover.encode import terms as t
from keelback.prover.encode.addresses import index_bits
from keelback.prover.refinement.numbers import Condition, Number, narrow, term_of, wide
from keelback.prover.refinement.paths import Decisions, NotModelledError
from keelback.prover.refinement.representation import (
    BUILT,
    ENTRY_BITS,
    LINK,
    MAPPING,
    MEANINGS,
    NO_ENTRY,
    REGISTER_COUNT,
    View,
    can_be_named,
)

SLOT_BITS, KIND_BITS, OBJECT_BITS, SEQUENCE_BITS = 32, 8, 32, 64
CLASSES = {"threads": abstract.Thread, "times": abstract.Time}
"""Whose properties rows have."""
NESTED = ("trace",)


@dataclass
class Store:
    """The fields: first contents, and what was written."""

    before: View
    decisions: Decisions
    writes: dict[str, list[tuple[tuple[Term, ...], Term]]] = field(
        default_factory=dict[str, list[tuple[tuple[Term, ...], Term]]]
    )

    def widths(self, name: str) -> tuple[int, ...]:
        """Bits of a field's indices."""
        counts, table = self.before.shape.counts, name.split(".")[0]
        if name in ("threads.registers", "vcpus.registers"):
            return index_bits(counts[table]), index_bits(REGISTER_COUNT)
        if name == "cores.trace.records":
            return index_bits(counts["cores"]), SEQUENCE_BITS, 2
        if table == "objects":
            return KIND_BITS, OBJECT_BITS
        if table == "capabilities":
            return index_bits(counts["tables"]), SLOT_BITS
        if table == "entries":
            return index_bits(counts["translations"]), ENTRY_BITS
        return (index_bits(counts["threads" if table == "sleeping" else table]),)

    def place(self, name: str, given: tuple[Any, ...]) -> tuple[Term, ...]:
        """Indices as a field has them; whoever gives them has made sure that they are among its rows."""
        return tuple(narrow(term_of(index), width) for index, width in zip(given, self.widths(name), strict=True))

    def term(self, name: str, place: tuple[Term, ...]) -> Term:
        """A field's contents now."""
        result = MEANINGS[name].formula(self.before, *place)
        for other, value in self.writes.get(name, ()):
            result = t.ite(t.all_of(t.eq(a, b) for a, b in zip(place, other, strict=True)), value, result)
        return result

    def read(self, name: str, *given: Any) -> Any:
        found = self.term(name, self.place(name, given))
        return Condition(found, self.decisions) if found.width == t.BOOLEAN else Number(found, self.decisions)

    def write(self, name: str, *given: Any) -> None:
        """The last one is the value."""
        *indices, value = given
        place = self.place(name, tuple(indices))
        is_flag = MEANINGS[name].formula(self.before, *place).width == t.BOOLEAN
        self.writes.setdefault(name, []).append((place, flag_of(value) if is_flag else term_of(value)))


def flag_of(value: Any) -> Term:
    """The term of a condition, or of a number that is 0 or not."""
    if isinstance(value, Condition):
        return value.term
    if isinstance(value, Number):
        return t.not_((value == 0).term)
    return t.boolean(bool(value))


class Row:
    """A row, or a part of one, of a table; attributes are fields."""

    def __init__(self, store: Store, path: str, given: tuple[Any, ...]) -> None:
        self.__dict__.update(_store=store, _path=path, _given=given)

    def __getattr__(self, name: str) -> Any:
        store, path, given = self._store, f"{self._path}.{name}", self._given
        if path.endswith(".registers"):
            return Registers(store, path, given[0])
        if path == "translations.entries":
            return Entries(store, given[0])
        if path == "cores.trace.records":
            return Records(store, given[0])
        if path == "cores.trace.oldest":
            return Records(store, given[0]).oldest
        if path in MEANINGS:
            return store.read(path, *given)
        if f"{path}.present" in MEANINGS:
            return self._value(name) if store.read(f"{path}.present", *given) else None
        if f"{path}.context" in MEANINGS or f"{path}.0" in MEANINGS:
            return self._value(name)
        if name in NESTED:
            return Row(store, path, given)
        owner = CLASSES.get(path.split(".")[0])
        found = getattr(owner, name, None)
        if isinstance(found, property) and found.fget is not None:
            return found.fget(self)
        if name == "index":
            return Number(wide(store.place(path, given)[0]), store.decisions)
        raise NotModelledError(f"{path} is not represented by terms")

    def _value(self, name: str) -> Any:
        path = f"{self._path}.{name}"
        if f"{path}.context" in MEANINGS:
            return abstract.Charge(*(self._store.read(f"{path}.{n}", *self._given) for n in abstract.Charge._fields))
        parts = [part for part in (f"{path}.{n}" for n in range(5)) if part in MEANINGS]
        return tuple(self._store.read(part, *self._given) for part in parts)

    def __setattr__(self, name: str, value: Any) -> None:
        store, path, given = self._store, f"{self._path}.{name}", self._given
        if path.endswith(".registers"):
            Registers(store, path, given[0])[:] = value
            return
        if path in MEANINGS:
            store.write(path, *given, value)
            return
        is_option, is_charge = f"{path}.present" in MEANINGS, f"{path}.context" in MEANINGS
        if is_option:
            store.write(f"{path}.present", *given, value is not None)
        if not is_option and not is_charge and f"{path}.0" not in MEANINGS:
            raise NotModelledError(f"{path} is not represented by terms")
        names = abstract.Charge._fields if is_charge else tuple(map(str, range(5)))
        names = tuple(part for part in names if f"{path}.{part}" in MEANINGS)
        for number, part in enumerate(names):
            store.write(f"{path}.{part}", *given, 0 if value is None else value[number])


class Registers:
    """x0..x30, sp, pc and pstate of a thread or a vcpu."""

    def __init__(self, store: Store, path: str, row: Any) -> None:
        self._store, self._path, self._row = store, path, row

    def __len__(self) -> int:
        return REGISTER_COUNT

    def __getitem__(self, number: Any) -> Any:
        if isinstance(number, slice):
            return [self[one] for one in range(*number.indices(REGISTER_COUNT))]
        if not 0 <= number < REGISTER_COUNT:
            raise IndexError(f"register {number}")
        return self._store.read(self._path, self._row, number)

    def __setitem__(self, number: Any, value: Any) -> None:
        if isinstance(number, slice):
            places = range(*number.indices(REGISTER_COUNT))
            for place, one in zip(places, list(value), strict=True):
                self[place] = one
            return
        if not 0 <= number < REGISTER_COUNT:
            raise IndexError(f"register {number}")
        self._store.write(self._path, self._row, number, value)


class Records:
    """The records of a core's trace that are kept."""

    def __init__(self, store: Store, core: Any) -> None:
        self._store, self._core = store, core
        counts = store.before.shape.counts
        self._size = counts["trace_records"] // 4 // counts["cores"]
        self._next = store.read("cores.trace.next", core)

    def __len__(self) -> int:
        raise NotModelledError("a length that nobody knows")

    @property
    def oldest(self) -> Any:
        """The number of the first one that is kept."""
        return 0 if self._next < self._size else self._next - self._size

    def append(self, record: abstract.Record) -> None:
        """The specification counts it afterwards."""
        for number, word in enumerate(record):
            self._store.write("cores.trace.records", self._core, self._next, number, word)

    def __delitem__(self, number: slice) -> None:
        if (number.start, number.stop, number.step) != (None, -self._size, None):
            raise NotModelledError("deleting records of the trace")

    def __getitem__(self, number: Any) -> abstract.Record:
        sequence = self.oldest + number
        return abstract.Record(*(self._store.read("cores.trace.records", self._core, sequence, n) for n in range(4)))


class RowTable:
    """A dictionary of rows by index."""

    def __init__(self, store: Store, name: str, first: int = 1) -> None:
        self._store, self._name, self._first = store, name, first
        self._count = store.before.shape.counts[name]

    def __len__(self) -> int:
        return self._count - self._first

    def __contains__(self, index: Any) -> bool:
        return bool(self._first <= index) and bool(index < self._count)

    def __getitem__(self, index: Any) -> Any:
        if index not in self:
            raise KeyError(f"{self._name}: no such row")
        return Row(self._store, self._name, (index,))

    def get(self, index: Any, default: Any = None) -> Any:
        return self[index] if index in self else default  # noqa: SIM401  (this is get)

    def items(self) -> Iterator[tuple[int, Any]]:
        """Of tables of few rows."""
        if self._name != "cores":
            raise NotModelledError(f"all {self._name} one by one")
        for index in range(self._first, self._count):
            yield index, Row(self._store, self._name, (index,))

    def values(self) -> Iterator[Any]:
        return (row for _, row in self.items())


class Values(RowTable):
    """A dictionary of numbers by index; `replies` has no entries for 0."""

    def __init__(self, store: Store, name: str, part: str, *, is_total: bool) -> None:
        super().__init__(store, name)
        self._part, self._is_total = part, is_total

    def __contains__(self, index: Any) -> bool:
        return super().__contains__(index) and (self._is_total or bool(self._store.read(self._part, index)))

    def __getitem__(self, index: Any) -> Any:
        if index not in self:
            raise KeyError(f"{self._name}: no such row")
        return self._store.read(self._part, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        if not super().__contains__(index):
            raise KeyError(f"{self._name}: no such row")
        self._store.write(self._part, index, value)

    def __delitem__(self, index: Any) -> None:
        self[index] = 0

    def pop(self, index: Any, default: Any = None) -> Any:
        found = self.get(index, default)
        if index in self:
            del self[index]
        return found


class Objects:
    """Generation, owner and life by kind and index."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __contains__(self, name: tuple[Any, Any]) -> bool:
        known = can_be_named(self._store.before.shape, *map(term_of, name))
        return self._store.decisions.decide(known)

    def __getitem__(self, name: tuple[Any, Any]) -> abstract.Object:
        if name not in self:
            raise KeyError("objects: no such kind and index")
        return abstract.Object(*(self._store.read(f"objects.{part}", *name) for part in abstract.Object._fields))

    def __setitem__(self, name: tuple[Any, Any], value: abstract.Object) -> None:
        if name not in self:
            raise KeyError("objects: no such kind and index")
        for part, one in zip(abstract.Object._fields, value, strict=True):
            self._store.write(f"objects.{part}", *name, one)


class Slots:
    """The filled slots of a table."""

    def __init__(self, store: Store, table: Any) -> None:
        self._store, self._table = store, table

    def _exists(self, slot: Any) -> bool:
        return bool(slot < self._store.read("tables.count", self._table))

    def __contains__(self, slot: Any) -> bool:
        return self._exists(slot) and bool(self._store.read("capabilities.kind", self._table, slot))

    def __getitem__(self, slot: Any) -> abstract.Capability:
        if slot not in self:
            raise KeyError("capabilities: an empty slot")
        names = abstract.Capability._fields
        return abstract.Capability(*(self._store.read(f"capabilities.{n}", self._table, slot) for n in names))

    def get(self, slot: Any, default: Any = None) -> Any:
        return self[slot] if slot in self else default  # noqa: SIM401  (this is get)

    def __setitem__(self, slot: Any, value: abstract.Capability) -> None:
        if not self._exists(slot):
            raise KeyError("capabilities: no such slot")
        for part, one in zip(abstract.Capability._fields, value, strict=True):
            self._store.write(f"capabilities.{part}", self._table, slot, one)

    def __delitem__(self, slot: Any) -> None:
        if slot not in self:
            raise KeyError("capabilities: an empty slot")
        self._clear(slot)

    def _clear(self, slot: Any) -> None:
        for part in abstract.Capability._fields:
            self._store.write(f"capabilities.{part}", self._table, slot, 0)

    def pop(self, slot: Any, default: None) -> None:
        """Without saying what was there: a slot that does not exist is empty anyhow."""
        self._clear(slot)


class Tables(RowTable):
    """The slots of each capability table."""

    def __getitem__(self, index: Any) -> Slots:
        if index not in self:
            raise KeyError("capabilities: no such table")
        return Slots(self._store, index)

    def get(self, index: Any, default: Any = None) -> Any:
        """No slots instead of an empty dictionary, which has to know its keys."""
        if index in self:
            return self[index]
        return NoSlots() if default == {} else default


class NoSlots:
    """An empty dictionary."""

    def __contains__(self, slot: Any) -> bool:
        return False

    def get(self, slot: Any, default: Any = None) -> Any:
        return default


class Entries:
    """What the entries of a translation table are, by number."""

    def __init__(self, store: Store, table: Any) -> None:
        self._store, self._table = store, table

    def _read(self, part: str, number: Any) -> Any:
        if not 0 <= number < 1 << ENTRY_BITS:
            raise KeyError("translations: no such entry")
        return self._store.read(f"entries.{part}", self._table, number)

    def __contains__(self, number: Any) -> bool:
        return bool(self._read("kind", number))

    def get(self, number: Any) -> abstract.Entry | None:
        kind = self._read("kind", number)
        if kind == MAPPING:
            return abstract.Mapping(self._read("target", number), self._read("flags", number))
        if kind == LINK:
            return abstract.Link(self._read("target", number))
        return abstract.Built(self._read("word", number)) if kind == BUILT else None

    def _write(self, number: Any, kind: int, target: Any, flags: Any, word: Any) -> None:
        for part, value in (("kind", kind), ("target", target), ("flags", flags), ("word", word)):
            self._store.write(f"entries.{part}", self._table, number, value)

    def __setitem__(self, number: Any, entry: abstract.Entry) -> None:
        """MAP and LINK write entries; only the image has others."""
        if isinstance(entry, abstract.Mapping):
            self._write(number, MAPPING, entry.frame, entry.flags, 0)
        elif isinstance(entry, abstract.Link):
            self._write(number, LINK, entry.table, 0, 0)
        else:
            raise NotModelledError("an entry that only the image can have")

    def __delitem__(self, number: Any) -> None:
        if number not in self:
            raise KeyError("translations: no such entry")
        self._write(number, NO_ENTRY, 0, 0, 0)


class Missing:
    """A part of the state that is not there yet."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        raise NotModelledError(f"{self._name} is not represented by terms")

    def __getitem__(self, key: Any) -> Any:
        raise NotModelledError(f"{self._name} is not represented by terms")


class SymbolicState:
    """`state.State` for specifications; `here` is the core, and `now` what the board's counter says."""

    def __init__(self, store: Store, here: Any, now: Any) -> None:
        counts = store.before.shape.counts
        records = counts["trace_records"] // 4 // counts["cores"]
        partitions = store.before.shape.fields["keelback.kernel.state.cores.ready"].counts[-1] // 4
        self.sizes = abstract.Sizes(counts["cores"], partitions, records, 4)
        self.store, self.here, self.now = store, here, now
        self.cores = RowTable(store, "cores", 0)
        self.objects = Objects(store)
        for name in (
            "threads",
            "endpoints",
            "notifications",
            "interrupts",
            "times",
            "windows",
            "frames",
            "vcpus",
            "translations",
        ):
            setattr(self, name, RowTable(store, name))
        self.replies = Values(store, "replies", "replies.client", is_total=False)
        self.tables = Values(store, "tables", "tables.count", is_total=True)
        self.capabilities = Tables(store, "tables")
        for name in ("ready", "sleeping", "floating_point"):
            setattr(self, name, Missing(name))

    @property
    def core(self) -> Any:
        return self.cores[self.here]

    @property
    def current(self) -> Any:
        return self.core.current

    def _check_entries(self) -> None:
        if self.store.writes.get("entries.kind"):
            raise NotModelledError("what entries say after one was written")

    def parent(self, table: Any) -> Any:
        """What a table knows of where it is, which is where the entry is that points to it."""
        self._check_entries()
        row = self.store.place("translations.level", (table,))[0]
        found, number = (self.store.before.number(f"translations.{n}", row) for n in ("parent", "parent_entry"))
        if not Number(found, self.store.decisions):
            return None
        return Number(found, self.store.decisions), Number(number, self.store.decisions)

    def mappings(self, frame: Any) -> Any:
        """The count of a frame, which is how many entries map it."""
        self._check_entries()
        return Number(
            self.store.before.number("frames.mapped", self.store.place("frames.dirty", (frame,))[0]),
            self.store.decisions,
        )
