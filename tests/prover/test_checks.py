"""Which checks of the kernel are found to be never failed; and that nothing is, where anything stays open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from keelback.cli.prove import system_calls
from keelback.compiler import CompiledObject, Program, compile_object
from keelback.prover.checks import Found, Search, search, searches, sites_of, verdict_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> CompiledObject:
    return compile_object(Program(root="keelback.kernel.main"), tmp_path_factory.mktemp("kernel") / "kernel.o")


def entries(compiled: CompiledObject) -> Iterator[Search]:
    layouts = {name: layout.to_json() for name, layout in compiled.layouts.items()}
    yield from searches(compiled.ir.read_text(), layouts, system_calls())


def looked_at(compiled: CompiledObject, name: str) -> Found:
    return next(search(one) for one in entries(compiled) if one.goal.entry.endswith(name))


def test_an_entry_keeps_the_ranges_and_some_of_its_checks_never_fail(compiled: CompiledObject) -> None:
    found = looked_at(compiled, ".vcpu.reset")
    assert not found.broken
    reset = sites_of(compiled.ir.read_text())["keelback.kernel.objects.vcpu.reset"]
    assert reset - found.reached
    kinds = {compiled.sites[number - 1].function for number in found.reached}
    assert "keelback.kernel.objects.header.header_of" in kinds  # needs more than ranges


def test_a_site_goes_only_if_no_entry_reaches_it_and_nothing_is_open(compiled: CompiledObject) -> None:
    ir = compiled.ir.read_text()
    found = looked_at(compiled, ".vcpu.reset")
    verdict = verdict_of(ir, [found])
    assert verdict.proven
    assert not verdict.proven & found.reached
    one = min(verdict.proven)
    other = replace(found, reached=frozenset({one}))
    assert verdict_of(ir, [found, other]).proven == verdict.proven - {one}
    assert not verdict_of(ir, [found, replace(other, broken=("bounds",))]).proven


def test_what_boot_and_panic_reach_stays(compiled: CompiledObject) -> None:
    ir = compiled.ir.read_text()
    proven = verdict_of(ir, []).proven
    by_function = sites_of(ir)
    assert proven
    assert by_function["kernel_boot"] and not by_function["kernel_boot"] & proven
    assert not by_function["kernel_panic"] & proven
