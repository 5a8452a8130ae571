"""The prover is checked: kernels and specifications with one mistake each are refuted, and it is said where."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

import keelback.kernel
from keelback.abi import errors, objects, rights, syscalls
from keelback.compiler import Program, compile_object
from keelback.prover.goals import PROVEN, REFUTED, Goal, Job, Result
from keelback.prover.refinement.call import ENTRY
from keelback.prover.refinement.calls import prove_call
from keelback.prover.specs import step
from keelback.prover.specs.authority import held, held_any
from keelback.prover.specs.refusal import require
from keelback.prover.specs.reply_save import reply_save as right_reply_save
from keelback.prover.specs.tables import check_entry, named_table
from keelback.prover.specs.thread_bind import thread_bind as right_thread_bind
from keelback.prover.state import Link, Mapping

pytestmark = pytest.mark.slow
SOURCES = Path(keelback.kernel.__file__).parent
SECONDS = 20.0

WRONG_KERNELS = (
    (
        "a capability of another generation is good",
        "objects/capability.py",
        " and slot.generation == header_of(kind, slot.object).generation",
        "",
        "poll::refinement",
    ),
    (
        "another right is asked for",
        "objects/notification.py",
        "u8(objects.NOTIFICATION), u8(rights.READ)",
        "u8(objects.NOTIFICATION), u8(rights.WRITE)",
        "poll::refinement",
    ),
    (
        "an occupied slot is written over",
        "objects/capability.py",
        "return table, place if slots[place].kind == objects.NONE else u64(0)",
        "return table, place",
        "capability_move::refinement",
    ),
    (
        "rights are not taken away",
        "objects/capability.py",
        "made.rights = made.rights & u8.truncate(keep)",
        "made.rights = made.rights",
        "capability_copy::refinement",
    ),
    (
        "a capability is put into another's slots",
        "objects/capability.py",
        "place = u64(first) + number",
        "place = number",
        "capability_move::integrity",
    ),
    (
        "an object of another pool's is given",
        "objects/pool.py",
        "    if header is None or header.owner != pool:\n",
        "    if header is None:\n",
        "object_give::integrity",
    ),
    (
        "an entry that is used is mapped over",
        "objects/translation.py",
        "    if entries[position] != 0:\n        return u64(errors.OCCUPIED)\n    frame.mapped",
        "    frame.mapped",
        "map::refinement",
    ),
)


def compile_sources(folder: Path, replaced: dict[Path, str]) -> tuple[str, dict[str, Any]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KEELBACK_CACHE", str(folder))  # nobody else is to find a wrong kernel
        compiled = compile_object(Program(root="keelback.kernel.main", replaced=replaced), folder / "kernel.o")
    return compiled.ir.read_text(), {name: layout.to_json() for name, layout in compiled.layouts.items()}


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any]]:
    return compile_sources(tmp_path_factory.mktemp("right"), {})


def run(kernel: tuple[str, dict[str, Any]], name: str) -> Result:
    sys.setrecursionlimit(20_000)
    call, _, kind = name.partition("::")
    return prove_call(Job(Goal(ENTRY, kind, getattr(syscalls, call.upper()), call), *kernel, SECONDS))


@pytest.mark.parametrize(("path", "text", "wrong", "goals"), [case[1:] for case in WRONG_KERNELS])
def test_a_wrong_kernel_is_refuted(path: str, text: str, wrong: str, goals: str, tmp_path: Path) -> None:
    source = (SOURCES / path).read_text()
    assert text in source, "the kernel has changed; so must this test"
    kernel = compile_sources(tmp_path, {SOURCES / path: source.replace(text, wrong)})
    results = {goal: run(kernel, goal) for goal in goals.split()}
    refuted = [result for result in results.values() if result.status == REFUTED]
    assert refuted, results
    (finding, *_) = refuted[0].findings
    assert "threads[" in " ".join(finding.state), finding


def test_what_is_right_is_proven(right: tuple[str, dict[str, Any]]) -> None:
    for goal in (
        "null::refinement",
        "poll::refinement",
        "accept::refinement",
        "reply_save::refinement",
        "unmap::refinement",
        "poll::integrity",
        "signal::integrity",
        "unlink::integrity",
        "capability_clear::integrity",
        "object_give::integrity",
    ):
        assert run(right, goal).status == PROVEN, goal


def test_clearing_slots_behind_a_table_is_not_proven(tmp_path: Path) -> None:
    path = SOURCES / "objects/capability.py"
    source, text = path.read_text(), "if first + step < u64(table.count) and slots["
    assert text in source, "the kernel has changed; so must this test"
    kernel = compile_sources(tmp_path, {path: source.replace(text, "if slots[")})
    assert run(kernel, "capability_clear::integrity").status != PROVEN


def wrong_accept(state: Any, caller: Any) -> None:
    """Slot 0 is refused, too."""
    slot = caller.registers[0]
    require(slot > 0 and slot < state.tables.get(caller.table, 0), errors.BAD_SLOT)
    caller.accept = slot


def wrong_poll(state: Any, caller: Any) -> None:
    """The bits stay."""
    found = held(state, caller, caller.registers[8], objects.NOTIFICATION, rights.READ)
    caller.registers[9] = state.notifications[found].pending


def wrong_delete(state: Any, caller: Any) -> None:
    """Only what is alive, or at least there; and its badge stays."""
    capability = held_any(state, caller, caller.registers[8])
    state.capabilities[caller.table][caller.registers[8]] = capability._replace(kind=0, rights=1)


def wrong_reply_save(state: Any, caller: Any) -> None:
    """The client is still the caller's, too."""
    client = caller.client
    right_reply_save(state, caller)
    caller.client = client


def wrong_thread_bind(state: Any, caller: Any) -> None:
    """The notification that the thread had still knows it."""
    index = held(state, caller, caller.registers[8], objects.THREAD, rights.CONTROL)
    had = state.threads[index].notification
    right_thread_bind(state, caller)
    if had and had != state.threads[index].notification:
        state.notifications[had].thread = index


def wrong_unlink_entry(state: Any, caller: Any) -> None:
    """What points to a table maps a frame of the same number afterwards."""
    entries = state.translations[named_table(state, caller)].entries
    number = check_entry(caller)
    entry = entries.get(number)
    require(isinstance(entry, Link), errors.STATE)
    entries[number] = Mapping(entry.table, 1)


@pytest.mark.parametrize(
    ("call", "wrong", "fields"),
    [
        ("ACCEPT", wrong_accept, ("threads.", "cores.trace")),
        ("REPLY_SAVE", wrong_reply_save, ("threads.client",)),
        ("THREAD_BIND", wrong_thread_bind, ("notifications.thread",)),
        ("UNLINK_ENTRY", wrong_unlink_entry, ("entries.",)),
        ("POLL", wrong_poll, ("notifications.pending",)),
        ("CAPABILITY_DELETE", wrong_delete, ("threads.", "cores.trace", "capabilities.")),
    ],
)
def test_a_wrong_specification_is_refuted(
    right: tuple[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch, call: str, wrong: Any, fields: tuple[str, ...]
) -> None:
    """Which of the fields that differ is found depends on the solver: a status differs in its trace record, too."""
    monkeypatch.setitem(step.SPECIFICATIONS, getattr(syscalls, call), wrong)
    result = run(right, f"{call.lower()}::refinement")
    assert result.status == REFUTED
    assert all(finding.where.startswith(fields) for finding in result.findings), result
