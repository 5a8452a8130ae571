"""Replays counterexamples of the prover on the kernel compiled for this machine: does it really happen, and may it?

A counterexample gives only the fields that matter; the others have their defaults here. Whether the state can come
about is not decided: that it contradicts invariants says that it cannot, as it is; that it contradicts none, that
nothing is known against it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from keelback.abi import limits
from keelback.lang import Trap
from keelback.prover.fuzz.apart import Died, run_apart
from keelback.prover.fuzz.kernel import CompiledKernel
from keelback.prover.invariants.check import contradictions

DEFAULT_SIZES = {name.lower(): value for name, value in vars(limits).items() if name.endswith("_COUNT")}
"""Of the kernel that `keel prove` compiles: what keelback.abi.limits says without a description."""
LIMIT_SECONDS = 60.0
_FIELD = re.compile(r"(?P<table>[a-z]\w*)(?:\[(?P<index>\d+)\])?(?:\.(?P<path>[a-z][\w.]*))?(?:\[(?P<element>\d+)\])?")


@dataclass(frozen=True)
class Replay:
    """`happened`: the trap, or what is broken afterwards that was not before; empty if nothing. `contradicted`: which
    invariants the state contradicts before the call. `ignored`: fields that are no state of the kernel."""

    happened: str
    contradicted: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """In words."""
        if not self.happened:
            return "not confirmed"
        if self.contradicted:
            return "the state, other fields at their defaults, cannot come about: it contradicts invariants"
        return "confirmed: the state contradicts no invariant"


def replay_call(kernel: CompiledKernel, number: int, state: Mapping[str, int]) -> Replay:
    """Make a system call in a state that is given by fields such as `threads[3].context.registers[8]`."""
    try:
        replay: Replay = run_apart(_replay, kernel, number, dict(state), seconds=LIMIT_SECONDS)
    except Died as died:
        return Replay(str(died))
    return replay


def _replay(kernel: CompiledKernel, number: int, state: Mapping[str, int]) -> Replay:
    kernel.load({})
    ignored = tuple(name for name, value in state.items() if not _poke(kernel, name, value))
    before = _contradictions(kernel)
    kernel.enter(0, 0)
    try:
        kernel.invoke("dispatch.dispatch", number)
    except Trap as trap:
        return Replay(f"the kernel traps: {trap}", tuple(before), ignored)
    new = [text for text in _contradictions(kernel) if text not in before]
    return Replay(f"afterwards {new[0]}" if new else "", tuple(before), ignored)


def _poke(kernel: CompiledKernel, name: str, value: int) -> bool:
    """Write a field; whether it is one."""
    found = _FIELD.fullmatch(name)
    if found is None:
        return False
    index, element = int(found["index"] or 0), int(found["element"] or 0)
    try:
        kernel.poke(found["table"], index, found["path"] or "", value, element)
    except (KeyError, OverflowError, ValueError):
        return False
    return True


def _contradictions(kernel: CompiledKernel) -> list[str]:
    try:
        return sorted(contradictions(kernel.tables()))
    except (LookupError, ValueError) as problem:
        return [f"the tables mean nothing: {problem!r}"]


def render_test(name: str, number: int, state: Mapping[str, int], reason: str) -> str:
    """Source of a test that fails as long as the kernel does it in a state that contradicts no invariant."""
    lines = [f"def test_{name}() -> None:", f"    # {reason}", "    state = {"]
    lines += [f'        "{field}": {value},' for field, value in state.items()]
    lines += ["    }", f"    replay = replay_call(CompiledKernel(DEFAULT_SIZES), {number}, state)"]
    lines += ["    assert not replay.happened or replay.contradicted, replay.verdict"]
    return "\n".join(lines) + "\n"


TEST_HEAD = '''"""Counterexamples, replayed on the kernel compiled for this machine."""

from __future__ import annotations

from keelback.prover.fuzz.kernel import CompiledKernel
from keelback.prover.fuzz.replay import DEFAULT_SIZES, replay_call

'''
"""What stands before such tests."""
