"""Nothing is proven of what cannot be come to."""

from __future__ import annotations

import pytest

from keelback.prover.encode import Obligation, Term
from keelback.prover.encode import terms as t
from keelback.prover.goals import PROVEN, REFUTED, UNKNOWN
from keelback.prover.refinement.deciding import settle

NUMBER = t.symbol("number", 8)
SMALL, LARGE = t.ult(NUMBER, t.const(3, 8)), t.ult(t.const(5, 8), NUMBER)
BELOW_TEN = t.ult(NUMBER, t.const(10, 8))
WAYS = [
    ([SMALL], SMALL, BELOW_TEN, PROVEN),
    ([LARGE], LARGE, BELOW_TEN, REFUTED),
    ([SMALL, LARGE], t.TRUE, BELOW_TEN, UNKNOWN),
    ([SMALL], LARGE, t.not_(BELOW_TEN), UNKNOWN),
    ([SMALL], LARGE, t.FALSE, PROVEN),
    ([SMALL, LARGE], LARGE, t.FALSE, UNKNOWN),
]
"""What is assumed, the way to a claim, the claim (false: that nothing comes there), and what is to be said of it."""


@pytest.mark.parametrize(("assumed", "guard", "claim", "status"), WAYS)
def test_a_claim_is_proven_only_where_it_is_come_to(assumed: list[Term], guard: Term, claim: Term, status: str) -> None:
    obligation = Obligation(guard, claim, "refinement", "a claim")
    assert settle(lambda _: assumed, [obligation], 10.0)[0] == status
