"""Any function of the kernel, with any tables, arguments and hardware, does the same in CPython and compiled: it reads,
writes and returns the same, and traps alike, however impossible the tables are.
"""

from __future__ import annotations

import pytest

from keelback.compiler import PointKind
from keelback.prover.fuzz.kernel import PARAMETERS, CompiledKernel
from tests.kernel.twins.search import ENDLESS, Search
from tests.kernel.twins.twins import Compiled, Imported, differences

CALLS = 8_000
LEAST_CALLS, LEAST_TRAPS = 200, 50
"""More than twice as many are usual."""


@pytest.mark.slow
def test_both_do_the_same() -> None:
    kernel, compiled = CompiledKernel(), Compiled(PARAMETERS)
    imported = Imported(kernel, compiled)
    found = Search(kernel, compiled).find(0, CALLS)
    ended = [what for what in found if compiled.happen(what).result != ENDLESS]
    wrong = [f"{what.function}: {text}" for what in ended for text in differences(compiled, imported, what)]
    assert wrong == []
    points = zip(compiled.program.points, compiled.program.reached(), strict=True)
    trapped = [point for point, came in points if came and point.kind is PointKind.TRAP]
    assert len(ended) > LEAST_CALLS and len(trapped) > LEAST_TRAPS
