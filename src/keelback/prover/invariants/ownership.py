"""Ownership: a tree of pools, in which every entry has its place; a pool knows how much it owns."""

from __future__ import annotations

from collections.abc import Iterator

from keelback.abi import objects
from keelback.prover.abstraction import header_of, names
from keelback.prover.incremental import each, once, pairs
from keelback.prover.tables import Tables, is_zero


@pairs(names)
def owners_live(tables: Tables, kind: int, index: int) -> Iterator[str]:
    """What owns something is a pool that lives. Nobody (0) owns what can never change hands."""
    owner = header_of(tables, kind, index).owner
    if owner >= len(tables.pools) or (owner and not tables.pools[owner].header.live):
        yield f"object {index} of kind {kind} is owned by pool {owner}, which does not live"


@once
def pools_know_how_much_they_own(tables: Tables) -> Iterator[str]:
    """The count of each pool is how many entries have it as owner, itself left out. What had an owner and lost it
    belongs to nobody (0), who also counts it."""
    counts = [0] * len(tables.pools)
    for kind, index in names(tables):
        owner = header_of(tables, kind, index).owner
        if (kind, index) != (objects.POOL, owner):
            counts[owner] += 1
    for index in range(1, len(counts)):
        if tables.pools[index].owned != counts[index]:
            yield f"pools[{index}] owns {counts[index]} and says {tables.pools[index].owned}"
    nobody = tables.pools[0]
    if nobody.owned > counts[0]:
        yield f"nobody owns {counts[0]} and says {nobody.owned}"
    if not is_zero(nobody.header):
        yield "pools[0] is a pool"


@each("pools")
def ownership_is_a_tree(tables: Tables, index: int) -> Iterator[str]:
    """From a pool that lives, owner by owner, one comes to one that owns itself, or that nobody owns."""
    if not tables.pools[index].header.live:
        return
    pool = index
    for _ in tables.pools:
        owner = tables.pools[pool].header.owner
        if owner in (0, pool):
            return
        pool = owner
    yield f"pools[{index}] is owned in a circle"
