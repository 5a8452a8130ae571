"""Who can ever affect whom in a built system, and what the description claims of that: from its manifest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from keelback.authority import (
    AFFECTING,
    AUTHORITY,
    Claim,
    Effect,
    find_effects,
    find_path,
    find_reached,
    subjects_of,
)

MATRIX_SUBJECTS = 12
"""More are told as a list."""
LETTERS = {"memory": "M", "execution": "E", "capabilities": "C", "power": "P"}


def to_data(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Direct effects, the closure with a shortest path each, and the claims, as plain data."""
    effects = find_effects(manifest)
    return {
        "system": manifest["system"],
        "subjects": subjects_of(manifest),
        "effects": [asdict(effect) for effect in effects],
        "reached": {
            source: {target: [asdict(step) for step in path] for target, path in find_reached(effects, source).items()}
            for source in subjects_of(manifest)
        },
        "claims": [claim | {"holds": holds} for claim, holds in _judged(manifest)],
    }


def _judged(manifest: Mapping[str, Any]) -> list[tuple[dict[str, Any], bool]]:
    claims: list[dict[str, Any]] = manifest["isolation"]
    return [(claim, find_path(manifest, Claim.from_manifest(claim)) is None) for claim in claims]


def all_hold(manifest: Mapping[str, Any]) -> bool:
    """Whether every claim holds. Building refuses a system of which one does not."""
    return all(holds for _, holds in _judged(manifest))


def render(manifest: Mapping[str, Any], *, paths: bool = False) -> str:
    """The same as text; with `paths` also how each affects those whom it can affect."""
    effects, subjects = find_effects(manifest), subjects_of(manifest)
    lines = [f"{manifest['system']}: who (left) can ever affect whom (above), whatever the components do", ""]
    table = _matrix if len(subjects) <= MATRIX_SUBJECTS else _lists
    lines += table(subjects, effects)
    lines += [
        "",
        "M writes its memory, E its execution, C its capabilities, P switches the machine off, t talks to it,",
    ]
    lines += ["m e c p once somebody hands it the capability, . only through others; seeing and timing do not count."]
    if paths:
        lines += [text for source in subjects for text in _paths(effects, source)]
    for claim, holds in _judged(manifest):
        lines += ["", *_claim(claim, holds)]
    return "\n".join(lines)


def _mark(effects: Sequence[Effect], source: str, target: str) -> str:
    """Letters of the direct effects: small ones for what somebody has to hand to it first."""
    found = [effect for effect in effects if (effect.source, effect.target) == (source, target)]
    now = {effect.kind for effect in found if not effect.passed}
    later = {effect.kind for effect in found}
    letters = "".join(LETTERS[kind] if kind in now else LETTERS[kind].lower() for kind in AUTHORITY if kind in later)
    return letters + ("t" if later & (set(AFFECTING) - set(AUTHORITY)) else "")


def _matrix(subjects: list[str], effects: list[Effect]) -> list[str]:
    width = max(map(len, subjects))
    lines = [" " * width + "  " + "  ".join(subjects)]
    for source in subjects:
        reached = find_reached(effects, source)
        cells = [
            "-" if target == source else _mark(effects, source, target) or ("." if target in reached else "")
            for target in subjects
        ]
        row = "  ".join(f"{cell:^{len(name)}}" for cell, name in zip(cells, subjects, strict=True))
        lines.append(f"{source:{width}}  {row}".rstrip())
    return lines


def _lists(subjects: list[str], effects: list[Effect]) -> list[str]:
    lines: list[str] = []
    for source in subjects:
        reached = find_reached(effects, source)
        direct = [f"{target} ({mark})" for target in reached if (mark := _mark(effects, source, target))]
        others = len(reached) - len(direct)
        lines.append(f"{source}: {', '.join(direct) or 'nobody'}" + (f"; {others} more through them" if others else ""))
    return lines


def _paths(effects: list[Effect], source: str) -> list[str]:
    lines: list[str] = []
    for target, path in find_reached(effects, source).items():
        lines += ["", f"{source} affects {target}:"]
        lines += [f"    {step.source} -> {step.target}: {step.what}" for step in path]
    return lines


def _claim(claim: Mapping[str, Any], holds: bool) -> list[str]:
    """A claim in words."""
    but = f", but by {', '.join(claim['through'])}" if claim["through"] else ""
    trust = f", if {', '.join(claim['trusting'])} hand nothing on" if claim["trusting"] else ""
    verdict = "holds" if holds else "is broken"
    return [
        f"{verdict}: {claim['source']} can never affect {claim['target']}{but}{trust}",
        f"    {claim['described_at']}",
    ]
