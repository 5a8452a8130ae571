"""Finds calls that come where none came before: of all functions of the kernel, with tables as random programs leave
them, with fields that then got other values, and with hardware of chance.

The tables need not be such as can ever come about: that is how the checks that trap are reached. Everything follows
from the seeds.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from keelback.lang import Layout
from keelback.lang.traps import TrapKind
from keelback.prover.fuzz.boot import make_boot, start
from keelback.prover.fuzz.kernel import CompiledKernel
from tests.kernel.twins.hardware import draw_word
from tests.kernel.twins.twins import PREFIX, Compiled, Happening, Row, Tables

ENDLESS = "endless"
ENDS = {ENDLESS, *(kind.name for kind in TrapKind)}
"""Results of calls that did not return."""
STATE_COUNT = 48
PROGRAM_CALLS = 300
PRESENT = f"{PREFIX}arch.aarch64.processor.present"
STATE_PREFIX = f"{PREFIX}state."


class Column(NamedTuple):
    """A number that a table holds, in each of its rows."""

    symbol: str
    offset: int
    size_bytes: int
    is_flag: bool
    stride: int
    row_count: int


def columns_of(symbol: str, table: Layout) -> Iterator[Column]:
    """All numbers of a table, or of a struct that exists once."""
    if table.element is None:
        yield from ((Column(symbol, *number, 0, 1)) for number in numbers_of(table))
    else:
        yield from ((Column(symbol, *number, table.stride, table.count)) for number in numbers_of(table.element))


def numbers_of(layout: Layout, offset: int = 0) -> Iterator[tuple[int, int, bool]]:
    """Offset, size, and whether it is a flag; of an array the first two and the last."""
    if layout.element is not None:
        for index in sorted({0, 1, layout.count - 1} & {*range(layout.count)}):
            yield from numbers_of(layout.element, offset + index * layout.stride)
    elif layout.fields:
        for inner in layout.fields.values():
            yield from numbers_of(inner.layout, offset + inner.offset)
    elif layout.kind != "reference":
        yield offset, layout.size, layout.kind == "boolean"


class Change(NamedTuple):
    """A field of a table of `kernel.state` that gets another value; of an array, the first element."""

    table: str
    row: int
    path: str
    value: int


class Search:
    """What calls are tried."""

    def __init__(self, kernel: CompiledKernel, compiled: Compiled) -> None:
        self._compiled = compiled
        self._rows = {
            layout.element.name: (symbol, layout.count)
            for symbol, layout in compiled.layouts.items()
            if symbol.startswith(STATE_PREFIX) and layout.element is not None and layout.element.fields
        }
        self._columns = [
            column for symbol in compiled.memories for column in columns_of(symbol, compiled.layouts[symbol])
        ]
        self._good: list[Happening] = []
        self._read: list[list[int]] = []
        self._states = [self._make_state(kernel, seed) for seed in range(STATE_COUNT)]

    def can_choose(self, function: str) -> bool:
        """Whether all its parameters are numbers or rows."""
        kinds = self._compiled.program.parameters_of(function)
        return all(kind in self._rows or kind == "bool" or kind[0] in "ui" or kind == "PhysAddr" for kind in kinds)

    def _make_state(self, kernel: CompiledKernel, seed: int) -> Tables:
        """Tables after some random calls."""
        start(kernel, make_boot(kernel, seed))
        if seed % 4:
            kernel.invoke("driver.run", PROGRAM_CALLS * (seed % 4), seed + 1)
        found = {kernel.symbols[name]: data for name, data in kernel.save().items()}
        return {symbol: found.get(symbol, data) for symbol, data in self._compiled.tables().items()}

    def find(self, first_seed: int, count: int) -> list[Happening]:
        """Tries so many calls; those that came where none had come before."""
        functions = [name for name in self._compiled.functions if self.can_choose(name)]
        reached = self._compiled.program.reached()
        before = bytes(reached)
        for seed in range(first_seed, first_seed + count):
            what = self.choose(functions[seed % len(functions)], seed)
            outcome = self._compiled.happen(what)
            now = bytes(reached)
            if now != before:
                before = now
                self._good.append(what)
                self._read.append([address for address, _, written in outcome.accesses if written is None])
                if outcome.result not in ENDS:
                    self._states.append(outcome.tables)
        return self._good

    def choose(self, function: str, seed: int) -> Happening:
        """A call of a function, or one that resembles a call that came somewhere."""
        chance = random.Random(seed)
        if self._good and chance.random() < 0.6:
            return self._vary(chance.randrange(len(self._good)), seed, chance)
        tables = dict(chance.choice(self._states))
        for _ in range(chance.choice((0, 0, 1, 1, 2, 4, 8))):
            self._break(tables, chance)
        kinds = self._compiled.program.parameters_of(function)
        present = self._present(tables) if chance.random() < 0.7 else {}
        arguments = tuple(present.get(kind) or self._choose_argument(kind, chance) for kind in kinds)
        return Happening(function, arguments, tables, seed)

    def _vary(self, number: int, seed: int, chance: random.Random) -> Happening:
        """A call that resembles one that came somewhere: one thing of it is different."""
        known, read = self._good[number], self._read[number]
        way = chance.randrange(4)
        if way == 0 and read:
            return known._replace(answers={**known.answers, chance.choice(read): draw_word(chance)})
        if way == 1:
            return known._replace(seed=seed)
        if way == 2 and known.arguments:
            kinds = self._compiled.program.parameters_of(known.function)
            changed = chance.randrange(len(kinds))
            made = [*known.arguments]
            made[changed] = self._choose_argument(kinds[changed], chance)
            return known._replace(arguments=tuple(made))
        tables = dict(known.tables)
        self._break(tables, chance)
        return known._replace(tables=tables)

    def _present(self, tables: Tables) -> dict[str, Row]:
        """The core on which everything happens, and its thread."""
        (cores, core_count), (threads, thread_count) = self._rows["Core"], self._rows["Thread"]
        core = int.from_bytes(tables[PRESENT][:4], "little") % core_count
        layout = self._compiled.layouts[cores]
        assert layout.element is not None
        start = core * layout.stride + layout.element.at("current").offset
        thread = int.from_bytes(tables[cores][start : start + 4], "little") % thread_count
        return {"Core": (cores, core), "Thread": (threads, thread)}

    def make(
        self,
        function: str,
        arguments: tuple[int | Row, ...],
        changes: Sequence[Change],
        registers: Mapping[str | int, int],
    ) -> Happening:
        """A call, by the function's name below keelback.kernel, with these changes to tables, and these values in
        registers of the processor, by name, and of devices, by address."""
        tables = dict(self._states[0])
        for change in changes:
            symbol = f"{STATE_PREFIX}{change.table}"
            layout = self._compiled.layouts[symbol]
            found = (layout.element or layout).at(change.path)
            size = (found.layout.element or found.layout).size
            start = change.row * layout.stride + found.offset
            data = bytearray(tables[symbol])
            data[start : start + size] = change.value.to_bytes(size, "little")
            tables[symbol] = bytes(data)
        addresses = self._compiled.program.system_registers
        answers = {name if isinstance(name, int) else addresses[name]: value for name, value in registers.items()}
        return Happening(f"{PREFIX}{function}", arguments, tables, 0, answers=answers)

    def _break(self, tables: Tables, chance: random.Random) -> None:
        """Give a number of one row of a table, or of all, another value."""
        column = chance.choice(self._columns)
        word = chance.randrange(4) if chance.random() < 0.5 else draw_word(chance)
        value = word & (1 if column.is_flag else (1 << 8 * column.size_bytes) - 1)
        rows = range(column.row_count) if chance.random() < 0.5 else [chance.randrange(column.row_count)]
        data = bytearray(tables[column.symbol])
        for row in rows:
            start = column.offset + row * column.stride
            data[start : start + column.size_bytes] = value.to_bytes(column.size_bytes, "little")
        tables[column.symbol] = bytes(data)

    def _choose_argument(self, kind: str, chance: random.Random) -> int | Row:
        """A row for a parameter that is one, otherwise a number."""
        if kind in self._rows:
            symbol, count = self._rows[kind]
            return symbol, chance.randrange(min(count, 64))
        if kind == "bool":
            return chance.randrange(2)
        width = int(kind[1:]) if kind[1:].isdigit() else 64
        small = chance.random() < 0.6
        return chance.randrange(chance.choice((2, 6, 34))) if small else draw_word(chance) & (1 << width) - 1
