"""Counterexamples for people: the call, the rows, the source line, the replay, and a test to keep."""

from __future__ import annotations

from pathlib import Path

import pytest

from keelback.abi import syscalls
from keelback.cli.counterexamples import describe, told_place, write_tests
from keelback.prover.fuzz import CompiledKernel
from keelback.prover.goals import REFUTED, Finding, Result
from tests.prover.test_replay import NO_OBJECT


def refuted() -> Result:
    where = 'keelback.kernel.objects.capability.find_error, header.py:10: tail call void asm "brk #6150", ""()'
    return Result("unlink::no-trap", REFUTED, 1.0, 3, "z3", (Finding("trap", where, NO_OBJECT),))


def test_a_person_can_read_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keelback.cli.counterexamples.own_kernel", CompiledKernel)
    text = "\n".join(describe(refuted(), syscalls.UNLINK, replayed=True))
    assert "trap: ASSERT: header.py:10 in keelback.kernel.objects.capability.find_error" in text
    assert "called with x8 = 0x3" in text
    assert "slots[43]: kind = 4, object = 1048576, rights = 31" in text
    assert "replayed: the kernel traps: ASSERT; the state, other fields at their defaults, cannot come about" in text
    assert told_place("somewhere else") == "somewhere else"


def test_a_test_is_written(tmp_path: Path) -> None:
    path = tmp_path / "test_found.py"
    assert write_tests(path, [refuted()], {"unlink": syscalls.UNLINK}) == 1
    source = path.read_text()
    compile(source, str(path), "exec")
    assert "def test_unlink_no_trap_1() -> None:" in source
    assert f'"slots[43].object": {1 << 20},' in source
