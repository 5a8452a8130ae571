"""The meaning of the tables as formulas is their meaning as `abstraction` reads it, on tables that came about."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from keelback.compiler import Program as Sources
from keelback.compiler import compile_object
from keelback.prover.encode import Program, Term, parse_module
from keelback.prover.encode import terms as t
from keelback.prover.fuzz import CompiledKernel
from keelback.prover.fuzz.boot import make_boot
from keelback.prover.fuzz.choice import choose_step
from keelback.prover.fuzz.run import begin, take_step
from keelback.prover.ranges import STATE
from keelback.prover.refinement.paths import Decisions
from keelback.prover.refinement.representation import (
    BUILT,
    ENTRY_BITS,
    LINK,
    MAPPING,
    MEANINGS,
    NO_ENTRY,
    REGISTER_COUNT,
    UNREAD,
    Shape,
    View,
)
from keelback.prover.refinement.symbolic import Store, SymbolicState
from keelback.prover.state import Built, Link, Mapping, State

SYSTEMS, STEPS = 4, 60
NOT_ABSTRACT = ("vcpus.access.syndrome",)
"""Compared as it lies there, which is more than the state tells of it."""
HELPING = (
    *("cores.context", "cores.ready", "cores.timers", "cores.deadline", "cores.slice_", "cores.best_"),
    *("cores.shared_space", "cores.number", "cores.turned", "cores.in_guest", "cores.online", "cores.panicking"),
    *("threads.stage2", "threads.coprocessor", "threads.slots_", "threads.padding", "threads.header", "threads.rank"),
    *("pools.owned", "tables.used", "tables.threads", "tables.padding", "endpoints.padding"),
    *("notifications.padding", "translations.used", "translations.users", "translations.parent", "frames.mapped"),
    *(
        "threads.quiet",
        "slots.padding",
        "interrupts.padding",
        "cores.padding",
        "vcpus.stage2",
        "boot.",
        "panic_context.",
    ),
)
"""What only helps the kernel: counts, bitmaps, copies; `invariants` say what they hold."""


@pytest.fixture(scope="module")
def shape(kernel: CompiledKernel, tmp_path_factory: pytest.TempPathFactory) -> Shape:
    sources = Sources(root="keelback.kernel.main", parameters=kernel.parameters)
    compiled = compile_object(sources, tmp_path_factory.mktemp("kernel") / "kernel.o")
    return Shape(Program(parse_module(compiled.ir.read_text()), compiled.layouts))


def places(name: str, domain: str, shape: Shape, state: State) -> Iterator[tuple[int, ...]]:
    table = name.split(".")[0]
    if domain == "objects":
        yield from state.objects
    elif domain == "capabilities":
        yield from ((index, slot) for index, count in state.tables.items() for slot in range(count))
    elif domain == "entries":  # the first and the last ones, and all that are used
        for index, translation in state.translations.items():
            yield from ((index, number) for number in {*range(4), *range(508, 1 << ENTRY_BITS), *translation.entries})
    elif domain == "records":
        for number, core in state.cores.items():
            yield from (
                (number, sequence, word) for sequence in range(core.trace.oldest, core.trace.next) for word in range(4)
            )
    else:
        rows = range(table != "cores", shape.counts["threads" if table == "sleeping" else table])
        numbers = range(REGISTER_COUNT) if name.endswith(".registers") else None
        yield from ((row,) if numbers is None else (row, n) for row in rows for n in numbers or (0,))


def expected(state: State, name: str, place: tuple[int, ...]) -> int:
    """What the state says."""
    table, _, path = name.partition(".")
    if table == "tables":
        return state.tables[place[0]]
    if table == "replies":
        return state.replies.get(place[0], 0)
    if table == "entries":
        entry = state.translations[place[0]].entries.get(place[1])
        return parts_of(entry)[("kind", "target", "flags", "word").index(path)]
    found: Any = getattr(state, table)
    if table == "objects":
        return int(getattr(found[place], path))
    if table == "capabilities":
        return int(getattr(found[place[0]].get(place[1]), path, 0))
    if name == "cores.trace.records":
        trace = state.cores[place[0]].trace
        return int(trace.records[place[1] - trace.oldest][place[2]])
    found = found.get(place[0])
    if path == "registers":
        return int(found.registers[place[1]])
    for part in path.split("."):
        if part == "present":
            return int(found is not None)
        found = 0 if found in (None, 0) else found[int(part)] if part.isdecimal() else getattr(found, part)
    return int(found or 0)


def parts_of(entry: Mapping | Link | Built | None) -> tuple[int, int, int, int]:
    """Kind, target, flags and word."""
    if isinstance(entry, Mapping):
        return MAPPING, entry.frame, entry.flags, 0
    if isinstance(entry, Link):
        return LINK, entry.table, 0, 0
    return (NO_ENTRY, 0, 0, 0) if entry is None else (BUILT, 0, 0, entry.word)


@pytest.mark.slow
def test_formulas_mean_what_the_abstract_state_says(kernel: CompiledKernel, shape: Shape) -> None:
    def read(name: str, given: tuple[Term, ...]) -> Term:
        table, _, path = name.removeprefix(STATE).partition(".")
        field, indices = shape.fields[name], [index.value for index in given]
        row = indices[0] if shape.counts[table] > 1 else 0
        if row >= shape.counts[table]:
            return t.const(0, field.width)  # a register that is none; the formula asks for another one
        element = indices[-1] if len(indices) > (shape.counts[table] > 1) else 0
        limit = field.counts[-1] if field.counts else 1
        return t.const(kernel.peek(table, row, path, min(element, limit - 1)), field.width)

    view, compared = View(shape, read), 0
    for seed in range(SYSTEMS):
        chance = random.Random(seed)
        state = begin(kernel, make_boot(kernel, seed))
        for _ in range(STEPS):
            assert take_step(kernel, state, choose_step(state, chance)) == ()
        for name, meaning in MEANINGS.items():
            widths = Store(view, Decisions([])).widths(name)
            if name in NOT_ABSTRACT:
                continue
            for place in places(name, meaning.domain, shape, state):
                found = meaning.formula(view, *map(t.const, place, widths))
                assert found.is_constant and found.value == expected(state, name, place), (name, place)
                compared += 1
        symbolic = SymbolicState(Store(view, Decisions([])), 0, 0)
        for frame in state.frames:
            assert int(symbolic.mappings(frame)) == state.mappings(frame)
        for table in state.translations:
            found = symbolic.parent(table)
            assert (found and tuple(map(int, found))) == state.parent(table)
    assert compared > 1000


@pytest.mark.slow
def test_every_field_of_the_tables_means_something_or_is_said_not_to(shape: Shape) -> None:
    seen: set[str] = set()

    def read(name: str, given: tuple[Term, ...]) -> Term:
        seen.add(name.removeprefix(STATE))
        return t.apply(name, given, shape.fields[name].width)

    for meaning in MEANINGS.values():
        view = View(shape, read)
        widths = Store(view, Decisions([])).widths(meaning.name)
        meaning.formula(view, *(t.symbol(f"i{n}", width) for n, width in enumerate(widths)))
    names = {name.removeprefix(STATE) for name in shape.fields if name.startswith(STATE)}
    left = {name for name in names - seen if not name.startswith((*UNREAD, *HELPING))}
    assert left == set()
