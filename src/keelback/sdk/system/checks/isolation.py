"""Rules for claims of isolation: that they speak of this system. Whether they hold is judged with the plan."""

from __future__ import annotations

from collections.abc import Iterator

from keelback.sdk.system.description import System
from keelback.sdk.system.errors import DescriptionError
from keelback.sdk.system.model import Channel, MemoryRegion, Signal

Mistakes = Iterator[DescriptionError]


def check_claim_members(system: System) -> Mistakes:
    """A claim is about domains of the system."""
    names = {domain.name for domain in system.domains}
    for claim in system.claims:
        for name in dict.fromkeys((claim.source, claim.target, *claim.trusting)):
            if name not in names:
                message = f"the claim speaks of `{name}`, which is not in the system"
                yield DescriptionError(claim.location, message, f"it has {', '.join(sorted(names))}")


def check_claim_ends(system: System) -> Mistakes:
    """A claim is about two domains, and trusts neither of them."""
    for claim in system.claims:
        if claim.source == claim.target:
            message = f"`{claim.source}` is claimed to be isolated from itself"
            yield DescriptionError(claim.location, message, "name two domains")
        elif {claim.source, claim.target} & set(claim.trusting):
            (name, *_) = {claim.source, claim.target} & set(claim.trusting)
            message = f"the claim trusts `{name}`, which it is about"
            yield DescriptionError(claim.location, message, "trust domains that stand between the two")


def check_claim_ways(system: System) -> Mistakes:
    """The ways that a claim leaves open are there."""
    known: list[Channel | Signal | MemoryRegion] = [*system.channels, *system.signals, *system.regions]
    names = {way.name for way in known}
    for claim in system.claims:
        for way in claim.through:
            if way not in names if isinstance(way, str) else way not in known:
                name = way if isinstance(way, str) else way.name
                message = f"the claim leaves `{name}` open, which is no channel, signal or region of the system"
                yield DescriptionError(claim.location, message, f"it has {', '.join(sorted(names)) or 'none'}")
