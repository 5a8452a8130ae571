"""The bounds of the real kernel: nothing that was measured on the emulated machine is longer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benches.machine import run_counted
from benches.operations import CALLS, EXCEPTIONS, OPERATIONS
from benches.primitives import LIMIT_S, MANY, ipc_system
from keelback.abi import syscalls
from keelback.reports.latency import Bound, Latency, measure_latency
from keelback.reports.latency.bounds import CALL_LIMIT
from keelback.reports.latency.entries import call_names
from keelback.sdk.build import build_system
from keelback.sdk.system.description import load_system
from tests.boot.support import bare_guest, vault_system

RECORDED = Path(__file__).parents[3] / "benches" / "recorded.json"

SUPERVISOR = Path(__file__).parents[3] / "examples" / "supervisor" / "system.py"
MASKED_MOST = 1_600
ENTRIES = CALLS | EXCEPTIONS
"""The entry that each measured operation is."""
GUEST_ENTRIES = {
    "traps.guest_device_read.into_monitor": "data abort",
    "traps.guest_device_read.back": "VCPU_RUN",
    "traps.guest_hypercall.into_monitor": "hypervisor call",
    "traps.guest_hypercall.back": "VCPU_RUN",
}


@pytest.fixture(scope="module")
def latency(tmp_path_factory: pytest.TempPathFactory) -> Latency:
    return measure_latency(build_system(ipc_system(), tmp_path_factory.mktemp("ipc")).elf("kernel"))


def find(latency: Latency, name: str) -> Bound:
    return next(bound for bound in latency.bounds if bound.name == name)


@pytest.mark.slow
def test_no_measured_path_exceeds_its_bound(latency: Latency) -> None:
    recorded: dict[str, float] = json.loads(RECORDED.read_text())
    measured = {f"kernel.{name}.instructions": entry for name, entry in ENTRIES.items()} | GUEST_ENTRIES
    exceeded = {
        name: (recorded[name], find(latency, entry).instructions)
        for name, entry in measured.items()
        if recorded[name] > find(latency, entry).instructions
    }
    assert exceeded == {}


@pytest.mark.boot
@pytest.mark.slow
def test_no_path_that_is_measured_now_exceeds_its_bound(tmp_path: Path) -> None:
    report, _ = run_counted(ipc_system(many=MANY), tmp_path, limit_s=LIMIT_S)
    bounds = measure_latency(tmp_path / "kernel.elf")
    assert set(ENTRIES) == {name for name, operation in OPERATIONS.items() if operation.visits == 1}
    for name, entry in ENTRIES.items():
        samples = report.samples[OPERATIONS[name].span]
        single = [sample.kernel.instructions for sample in samples if sample.visits == 1]
        assert single, name
        assert max(single) <= find(bounds, entry).instructions, name


@pytest.mark.slow
def test_no_system_call_of_the_examples_is_long(tmp_path: Path) -> None:
    guest = bare_guest("clock", "0", tmp_path / "guest")
    vault = vault_system("vault", kernel=guest, initrd=None, ram="8 MiB")
    for number, system in enumerate((vault, load_system(SUPERVISOR))):
        latency = measure_latency(build_system(system, tmp_path / str(number)).elf("kernel"))
        calls = {bound.name: bound.instructions for bound in latency.bounds if bound.kind == "system call"}
        assert {name: count for name, count in calls.items() if count > CALL_LIMIT} == {}
        assert latency.masked < MASKED_MOST


@pytest.mark.slow
def test_no_system_call_of_a_system_of_four_cores_is_long(latency: Latency) -> None:
    calls = {bound.name: bound.instructions for bound in latency.bounds if bound.kind == "system call"}
    assert {name: count for name, count in calls.items() if count > CALL_LIMIT} == {}


@pytest.mark.slow
def test_every_system_call_and_every_kind_of_entry_has_a_bound(latency: Latency) -> None:
    names = {bound.name for bound in latency.bounds if bound.kind == "system call"}
    assert names == {*call_names().values(), "unknown number"}
    assert len(names) == syscalls.SYSTEM_CALL_COUNT + 1
    kinds = {bound.kind for bound in latency.bounds}
    assert kinds == {"system call", "interrupt", "fault or guest exit", "system error", "AArch32"}
    assert all(bound.instructions > 0 for bound in latency.bounds)
    assert latency.masked == max(bound.instructions for bound in latency.bounds)
    assert latency.interrupt > latency.masked
