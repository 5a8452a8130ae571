"""Every invariant is contradicted by tables that are wrong in its way, and looking only at what changed finds what
looking at everything finds."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from keelback.lang import Layout
from keelback.prover.fuzz import CompiledKernel
from keelback.prover.fuzz.boot import make_boot
from keelback.prover.fuzz.choice import choose_step
from keelback.prover.fuzz.run import begin, take_step
from keelback.prover.invariants import INVARIANTS, contradictions

STEPS = 150
SYSTEMS = 20
MOST_SYSTEMS = 400
"""So many systems are made wrong, or until every invariant was contradicted."""
MISTAKES = 500
"""Fields that are made wrong, in each of the systems; each is put right again."""

Place = tuple[str, int, str, int]
"""Table, index, field, element."""


def fields_of(layout: Layout, path: str = "") -> list[tuple[str, int]]:
    """Dotted names of the fields that are not structs, and how many elements they have."""
    found: list[tuple[str, int]] = []
    for name, (_, field) in layout.fields.items():
        if field.kind == "struct":
            found += fields_of(field, f"{path}{name}.")
        else:
            found.append((path + name, max(1, field.count)))
    return found


def any_place(kernel: CompiledKernel, chance: random.Random) -> Place:
    """A field of a row, any table as likely as any other."""
    tables = [name for name, layout in kernel.layouts.items() if layout.element and layout.element.kind == "struct"]
    table = chance.choice(tables)
    layout = kernel.layouts[table]
    assert layout.element is not None
    name, count = chance.choice(fields_of(layout.element))
    return table, chance.randrange(layout.count), name, chance.randrange(count)


def any_value(kernel: CompiledKernel, place: Place, now: int, chance: random.Random) -> int:
    """Something that the field may hold, and does not."""
    layout = kernel.layouts[place[0]].element
    assert layout is not None
    field = layout.at(place[2]).layout
    kind = field.element or field
    limit = 2 if kind.kind == "boolean" else 1 << 8 * kind.size
    choices = (0, 1, 2, 3, 5, 6, now + 1, now - 1, now ^ 1 << chance.randrange(8 * kind.size), chance.randrange(limit))
    return chance.choice([value % limit for value in choices if value % limit != now] or [now])


def names(texts: list[str]) -> set[str]:
    """The invariants that are contradicted."""
    return {text.partition(":")[0] for text in texts}


@pytest.fixture(scope="module")
def found(kernel: CompiledKernel) -> Counter[str]:
    """How often each invariant was contradicted by one wrong field."""
    chance, counts = random.Random(3), Counter[str]()
    for seed in range(MOST_SYSTEMS):
        if seed >= SYSTEMS and counts.keys() >= {rule.name for rule in INVARIANTS}:
            break
        state = begin(kernel, make_boot(kernel, seed))
        for _ in range(STEPS):
            assert take_step(kernel, state, choose_step(state, chance)) == ()
        for number in range(MISTAKES):
            place = any_place(kernel, chance)
            for _ in range(10):
                if number % 2 or kernel.peek(*place):
                    break
                place = any_place(kernel, chance)  # half of the mistakes mostly in fields that mean something
            right = kernel.peek(*place)
            kernel.poke(*place[:3], any_value(kernel, place, right, chance), place[3])
            texts = kernel.observer.look()
            counts.update(names(texts))
            if number % 50 == 0 and "the tables mean nothing" not in names(texts):
                assert sorted(texts) == sorted(contradictions(kernel.tables()))
            kernel.poke(*place[:3], right, place[3])
        assert kernel.observer.look() == []
        assert kernel.observer.is_up_to_date()
    return counts


@pytest.mark.parametrize("name", [rule.name for rule in INVARIANTS])
def test_is_contradicted_by_a_wrong_field(found: Counter[str], name: str) -> None:
    assert found[name] > 0
