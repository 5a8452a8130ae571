"""Which checks of the kernel are found to be never failed; and that nothing is, where anything stays open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from keelback.cli.prove import system_calls
from keelback.compiler import CompiledObject, Program, compile_object
from keelback.prover.checks import Found, Parts, look, sites_of, verdict_of

pytestmark = pytest.mark.slow

KERNEL = Path(__file__).resolve().parents[2] / "src" / "keelback" / "kernel"
JOBS = 2
THREADS = "keelback.kernel.state.threads"


def parts_of(compiled: CompiledObject) -> Parts:
    layouts = {name: layout.to_json() for name, layout in compiled.layouts.items()}
    return Parts(compiled.ir.read_text(), layouts, system_calls())


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> CompiledObject:
    return compile_object(Program(root="keelback.kernel.main"), tmp_path_factory.mktemp("kernel") / "kernel.o")


@pytest.fixture(scope="module")
def found(compiled: CompiledObject) -> Mapping[str, Found]:
    return {one.name: one for one in look(parts_of(compiled), JOBS)}


def places(compiled: CompiledObject, numbers: frozenset[int]) -> set[str]:
    return {compiled.sites[number - 1].function.removeprefix("keelback.kernel.") for number in numbers}


def test_every_function_keeps_what_is_assumed(found: Mapping[str, Found]) -> None:
    assert {name: one.broken for name, one in found.items() if one.broken} == {}
    assert {"kernel_call", "kernel_interrupt", "kernel_exit", "kernel_failure"} <= set(found)
    assert sum(name.endswith(" as called") for name in found) > 50


def test_the_checks_of_capabilities_never_fail(compiled: CompiledObject, found: Mapping[str, Found]) -> None:
    ir = compiled.ir.read_text()
    verdict = verdict_of(ir, list(found.values()))
    assert len(verdict.proven) > len(verdict.sites) // 2
    assert {"objects.capability.slot_of", "objects.header.header_of"} <= places(compiled, verdict.proven)
    left = places(compiled, verdict.sites - verdict.proven)
    assert {"objects.capability.commit_copy", "queues.first"} <= left  # counts may overflow for all that is assumed


def test_a_site_goes_only_if_no_function_reaches_it_and_nothing_is_open(
    compiled: CompiledObject, found: Mapping[str, Found]
) -> None:
    ir, ours = compiled.ir.read_text(), found["keelback.kernel.objects.vcpu.reset"]
    verdict = verdict_of(ir, [ours])
    assert verdict.proven and not verdict.proven & ours.reached
    one = min(verdict.proven)
    other = replace(ours, reached=frozenset({one}))
    assert verdict_of(ir, [ours, other]).proven == verdict.proven - {one}
    assert not verdict_of(ir, [ours, replace(other, broken=("bounds",))]).proven


def test_what_boot_and_panic_reach_stays(compiled: CompiledObject) -> None:
    ir = compiled.ir.read_text()
    proven = verdict_of(ir, []).proven
    by_function = sites_of(ir)
    assert proven
    assert by_function["kernel_boot"] and not by_function["kernel_boot"] & proven
    assert not by_function["kernel_panic"] & proven


@pytest.mark.parametrize(
    ("file", "right", "wrong", "function", "what"),
    [
        (
            "objects/configure.py",
            "thread.slots_count = tables[table].count",
            "thread.slots_count = tables[table].count + 1",
            "keelback.kernel.objects.configure.commit_enter as called",
            "slots_of_a_thread_exist",
        ),
        (
            "objects/pool.py",
            "slots[place].kind = u8.truncate(kind)",
            "slots[place].kind = u8(9)",
            "keelback.kernel.objects.pool.claim",
            "capabilities_are_of_entries",
        ),
        (
            "scheduler.py",
            "core.current = index\n    core.slice",
            "core.current = u32(900)\n    core.slice",
            "keelback.kernel.scheduler.commit_run_next as called",
            "cores.current",
        ),
        (  # in a piece whose parameter names a row only because every call says so
            "objects/thread.py",
            "thread.clear()\n    thread.header.owner = owner",
            "thread.clear()\n    thread.server = u32(900)\n    thread.header.owner = owner",
            "keelback.kernel.objects.thread.commit_destroy as called",
            "threads.server",
        ),
    ],
)
def test_a_kernel_that_breaks_what_is_assumed_keeps_its_checks(
    file: str, right: str, wrong: str, function: str, what: str, tmp_path: Path
) -> None:
    path = KERNEL / file
    text = path.read_text()
    assert text.count(right) == 1, "the kernel has changed; so must this test"
    program = Program(root="keelback.kernel.main", replaced={path: text.replace(right, wrong)})
    broken = parts_of(compile_object(program, tmp_path / "kernel.o")).decide(function).broken
    assert any(what in text for text in broken), broken


def test_parameters_are_as_large_as_any_call_makes_them(compiled: CompiledObject) -> None:
    limits = parts_of(compiled).known.limits
    assert limits["given to keelback.kernel.scheduler.commit_make_way 1"] == compiled.layouts[THREADS].count
    assert "given to keelback.kernel.objects.notification.commit_notify 1" not in limits  # bits: any number


def test_what_contradicts_itself_shows_nothing(compiled: CompiledObject) -> None:
    parts = parts_of(compiled)
    parts.known.limits["keelback.kernel.state.cores.current"] = 0
    assert "what is assumed contradicts itself" in parts.decide("kernel_call").broken
