"""Whether what a description claims of isolation holds, and the whole judgement of a description."""

from __future__ import annotations

from keelback.authority import Claim, Effect, judge
from keelback.sdk.image.manifest import describe_authority
from keelback.sdk.image.plan import Plan
from keelback.sdk.image.wiring import plan_system
from keelback.sdk.system.checks import InvalidSystem
from keelback.sdk.system.checks import check_system as check_description
from keelback.sdk.system.description import System
from keelback.sdk.system.errors import DescriptionError


def check_system(system: System) -> None:
    """Raise InvalidSystem unless the description is right, and what it claims holds."""
    check_description(system)
    if system.claims:
        check_claims(plan_system(system))


def check_claims(plan: Plan) -> None:
    """Raise InvalidSystem unless all claims of a planned system hold."""
    claims = plan.system.claims
    if not claims:
        return
    manifest = describe_authority(plan)
    paths = judge(manifest, map(Claim.from_manifest, manifest["isolation"]))
    mistakes = [
        DescriptionError(claim.location, explain(claim.source, claim.target, path), HELP)
        for claim, path in zip(claims, paths, strict=True)
        if path is not None
    ]
    if mistakes:
        raise InvalidSystem(sorted(mistakes, key=lambda mistake: mistake.location))


HELP = "take one of these away, or say that it is meant: through= a channel, signal or region, trusting= a component"


def explain(source: str, target: str, path: tuple[Effect, ...]) -> str:
    """What breaks a claim, step by step."""
    steps = [f"\n    {effect.source} -> {effect.target}: {effect.what}" for effect in path]
    return f"`{source}` is claimed to be isolated from `{target}`, but can affect it:{''.join(steps)}"
