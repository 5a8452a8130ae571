"""Wrong kernels are made where they should be, and told from the right one. This guards fuzzer, specification and
invariants: what they do not tell, they do not check."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from keelback.prover.mutation import EQUIVALENT, Mutant, find_mutants, sample, try_mutants
from keelback.prover.mutation.mutants import mutants_of
from keelback.prover.mutation.operators import OPERATORS
from keelback.prover.mutation.trial import TOLD

TOLD_NAMES = Path(__file__).with_name("wrong_kernels.txt")
"""Mutants of all operators that were told, by name; some go when the kernel changes."""
LEAST = 100
CALLS = 20_000
"""Nearly all are told within 2,000."""
JOBS = 2

SOURCE = '''
def take(thread: Thread) -> u64:
    """Docstring."""
    status = check(thread, u8(rights.WRITE))
    if status != errors.OK:
        return status
    slot = slots[thread.first]
    if slot.generation != header.generation or slot.count > 4:
        return u64(errors.DEAD)
    queue.next = queue.previous
    table.used = table.used + 1
    commit(slot.rights & mask)
    return u64(errors.OK)


@asm("nop")
def model() -> None:
    table.used = table.used + 1
'''

CHANGES = [
    ("dropped check", "if status != errors.OK: -> nothing"),
    ("dropped condition", "slot.generation != header.generation or slot.count > 4 -> slot.count > 4"),
    ("bound off by one", "slot.count > 4 -> slot.count >= 4"),
    ("swapped link", "queue.next -> queue.previous"),
    ("forgotten count", "table.used = table.used + 1 -> nothing"),
    ("dropped write", "queue.next = queue.previous -> nothing"),
    ("dropped write", "commit(slot.rights & mask) -> nothing"),
    ("wrong right", "rights.WRITE -> rights.READ"),
    ("wrong right", "slot.rights & mask -> slot.rights"),
    ("missing generation", "slot.generation != header.generation -> False"),
]


@pytest.fixture(scope="module")
def mutants() -> list[Mutant]:
    return find_mutants()


@pytest.mark.parametrize(("operator", "change"), CHANGES)
def test_each_mistake_is_made(operator: str, change: str) -> None:
    name = f"some.py:take: {operator}: {change}"
    (found,) = [mutant for mutant in mutants_of("some.py", SOURCE) if mutant.name == name]
    compile(found.text, "some.py", "exec")
    assert ast.dump(ast.parse(found.text)) != ast.dump(ast.parse(SOURCE))


def test_models_of_assembly_and_docstrings_stay() -> None:
    assert {mutant.function for mutant in mutants_of("some.py", SOURCE)} == {"take"}
    assert all("Docstring" in mutant.text for mutant in mutants_of("some.py", SOURCE))


def test_names_are_distinct_and_do_not_depend_on_lines(mutants: list[Mutant]) -> None:
    assert len({mutant.name for mutant in mutants}) == len(mutants) > 1000
    moved = mutants_of("some.py", "X = 1\n\n" + SOURCE)
    assert [m.name for m in moved] == [m.name for m in mutants_of("some.py", SOURCE)]


def test_a_sample_has_all_mistakes_and_stays_the_same(mutants: list[Mutant]) -> None:
    chosen = sample(mutants, 40)
    assert {mutant.operator for mutant in chosen} == OPERATORS.keys()
    assert chosen == sample(reversed(mutants), 40)
    assert len(sample(mutants, 10_000)) == len(mutants)


@pytest.mark.slow
def test_wrong_kernels_are_told(mutants: list[Mutant]) -> None:
    known = {mutant.name: mutant for mutant in mutants}
    names = TOLD_NAMES.read_text().splitlines()
    assert not EQUIVALENT.keys() & set(names)
    chosen = [known[name] for name in names if name in known]
    verdicts = list(try_mutants(chosen, JOBS, CALLS))
    assert len([v for v in verdicts if v.status == TOLD]) >= LEAST, [
        "python -m keelback.prover.mutation --all says which are told now",
        *(f"{v.status}: {v.mutant.name}" for v in verdicts if v.status != TOLD),
    ]
