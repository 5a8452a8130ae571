"""Every line and every way of a branch of the kernel's source is reached in the kernel compiled for this machine, but
for those listed here, each for a reason.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests" / "kernel"
LEFT_OUT = ("test_coverage.py", "test_host_coverage.py", "test_wrong_arguments.py", "test_two_executions.py")
"""Themselves, and what comes nowhere else."""
MISSED = re.compile(r"^(?P<path>src/keelback/kernel/\S+\.py): (?P<places>.*)$", re.MULTILINE)

ELSEWHERE = "another core has the registers: on the board, and in CPython with a stand-in"
SELDOM = "random programs come here seldom, conformance or CPython always"
BUILD = "decided when the image is built; CPython's tests decide otherwise"
LONG = "so many rounds that CPython's tests alone make them"
BOARD = "needs a board that starts or fails to, which CPython's tests model, or an end in a panic"
TREES = "device trees of this kind are given to the function in CPython only, which takes a window"

ALLOWED: dict[tuple[str, str], str] = {
    ("guest_registers.py", "is_auxiliary ="): SELDOM,
    ("guest_registers.py", "return MMFR2.read() & MMFR2_KEEP"): SELDOM,
    ("timer.py", "return el1.cntv_ctl & ENABLE"): SELDOM,
    ("vcpu_state.py", "if other != number and other != here.number and holds("): ELSEWHERE,
    ("vcpu_state.py", "if core.in_guest:"): SELDOM,
    ("vcpu_state.py", "if core.fp_owner == thread or"): SELDOM,
    ("vcpu_state.py", "return has_thread or (vcpu != 0"): SELDOM,
    ("vcpu_state.py", "if vcpus[loaded].wants_room:"): SELDOM,
    ("boot.py", "if not interface.start_interrupts():"): BOARD,
    ("boot.py", "if number != 0 and not interface.start_core(number):"): BOARD,
    ("boot.py", "if not interface.start_core_interrupts(core.number):"): BOARD,
    ("boot.py", "if core.asked != 0:"): BOARD,
    ("boot.py", "panic.stop"): BOARD,
    ("boot.py", "interface.send_interrupt(core.number)"): BOARD,
    ("device_tree.py", "if load_big(tree, start) != MAGIC:"): TREES,
    ("device_tree.py", "return u64(0), u64(0)"): TREES,
    ("device_tree.py", "for _ in upto(TOKEN_LIMIT):"): LONG,
    ("device_tree.py", "elif token == END:"): TREES,
    ("device_tree.py", "for index in upto(NAME_LIMIT):"): TREES,
    ("device_tree.py", "elif walk.in_memory and length != 0"): TREES,
    ("device_tree.py", "for index in upto(RANGE_LIMIT):"): TREES,
    ("device_tree.py", "if base <= walk.wanted"): TREES,
    ("entry.py", "if not vcpu.is_runnable(calling) or"): SELDOM,
    ("configure.py", "if not interface.let_go("): ELSEWHERE,
    ("configure.py", "return u64(errors.PENDING)"): ELSEWHERE,
    ("notification.py", "elif core.current == receiver and"): SELDOM,
    ("passing.py", "if accept == 0 or accept >="): SELDOM,
    ("vcpu.py", "if not interface.is_within_reach(index):"): ELSEWHERE,
    ("vcpu.py", "return u64(errors.PENDING)"): ELSEWHERE,
    ("vcpu.py", "return is_held and slot_of("): SELDOM,
    ("vcpu_registers.py", "if interface.is_within_reach(index) else"): ELSEWHERE,
    ("reply.py", "if status == errors.OK and not client.faulting:"): SELDOM,
    ("panic.py", "elif ON_PANIC == 2:"): BUILD,
    ("panic.py", "interface.p"): BUILD,
    ("panic.py", "if vector == 4 and"): BOARD,
    ("panic.py", "end()"): BOARD,
    ("scheduler.py", "if limits.PARTITION_COUNT != 1 and"): BUILD,
    ("ticks.py", "return core.slice_end if"): SELDOM,
    ("ticks.py", "if time.fault_on_overrun and is_own"): SELDOM,
}
"""By file and text of the line."""


def run_tests() -> str:
    """The tests that call the kernel, counted; what they print."""
    folders = (TESTS.glob, (TESTS / "conformance").glob, (TESTS / "arch").rglob)
    files = [path for find in folders for path in find("test_*.py")]
    files += [TESTS / "objects" / f"test_{name}.py" for name in ("vcpu", "configure", "endpoint")]
    chosen = [str(path) for path in sorted(files) if path.name not in LEFT_OUT]
    options = ("-q", "-p", "tests.kernel.reached", "-p", "no:cacheprovider", "-m", "not boot and not slow")
    line = [sys.executable, "-m", "pytest", *options, str(TESTS / "twins" / "comparison.py"), *chosen]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[:2000] + done.stderr[-2000:]
    return done.stdout


def missed(report: str) -> list[tuple[str, int, str]]:
    """Path, line and text of each line that was missed, or a way from it."""
    found: list[tuple[str, int, str]] = []
    for match in MISSED.finditer(report):
        source = (ROOT / match["path"]).read_text().splitlines()
        lines = sorted({int(re.split(r"\D", place)[0]) for place in match["places"].split(", ")})
        found += [(match["path"], line, source[line - 1].strip()) for line in lines]
    return found


@pytest.mark.slow
def test_every_line_and_way_is_reached_compiled() -> None:
    report = run_tests()
    wrong = [
        f"{path}:{line}: {text}"
        for path, line, text in missed(report)
        if not any(path.endswith(f"/{name}") and part in text for name, part in ALLOWED)
    ]
    assert wrong == [], "\n".join(wrong)
    counts = {name: (int(came), int(all_)) for name, came, all_ in re.findall(r"^(.+): (\d+) of (\d+),", report, re.M)}
    assert counts["lines"][0] > 2000 and counts["ways of branches"][0] > 1500


def test_what_may_be_missed_is_in_the_source() -> None:
    sources = {path.name: path.read_text() for path in (ROOT / "src" / "keelback" / "kernel").rglob("*.py")}
    assert [key for key in ALLOWED if key[1] not in sources[key[0]]] == []
