"""The closure of direct effects: who can ever affect whom, by which path, and whether a claim of isolation holds.

Every component is taken to run any code whatever, but those that a claim trusts, which hand nothing on. The ways that a
claim leaves open are taken out of the system before it is judged, with all that could be done by them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from keelback.authority.effects import AFFECTING, Effect, find_effects, guest_name

Path = tuple[Effect, ...]
Way = tuple[str, ...]
"""("capability", holder, slot) or ("memory", name): what a channel, signal or region became."""


@dataclass(frozen=True)
class Claim:
    """`source` is claimed not to affect `target`, but by the ways in `waived`; `trusting` hand no effect on."""

    source: str
    target: str
    trusting: frozenset[str] = frozenset()
    waived: frozenset[Way] = frozenset()

    @classmethod
    def from_manifest(cls, data: Mapping[str, Any]) -> Claim:
        """A claim of a manifest's `isolation`."""
        waived = frozenset(tuple(map(str, way)) for way in data["waived"])
        return cls(data["source"], data["target"], frozenset(data["trusting"]), waived)


def find_reached(effects: Iterable[Effect], source: str) -> dict[str, Path]:
    """Everybody whom `source` can affect, directly or through others, each with a shortest path."""
    return _search(effects, [source], ())


def find_path(manifest: Mapping[str, Any], claim: Claim) -> Path | None:
    """A shortest path that contradicts a claim; None if it holds. A virtual machine is its guest and its monitor."""
    effects = find_effects(_without(manifest, claim.waived), claim.trusting)
    reached = _search(effects, [claim.source, guest_name(claim.source)], claim.trusting)
    targets = (claim.target, guest_name(claim.target))
    paths = [reached[target] for target in targets if target in reached]
    return min(paths, key=len) if paths else None


def judge(manifest: Mapping[str, Any], claims: Iterable[Claim]) -> list[Path | None]:
    """For each claim the path that contradicts it, or None."""
    return [find_path(manifest, claim) for claim in claims]


def _without(manifest: Mapping[str, Any], waived: Collection[Way]) -> Mapping[str, Any]:
    """The system without these capabilities, and with this memory mapped by nobody."""

    def reduced(part: Mapping[str, Any]) -> dict[str, Any]:
        kept = [given for given in part.get("capabilities", ()) if not _is_waived(part, given, waived)]
        mappings = [mapping for mapping in part["mappings"] if ("memory", mapping["memory"]) not in waived]
        return {**part, "capabilities": kept, "mappings": mappings}

    if not waived:
        return manifest
    components = [reduced(part) for part in manifest["components"]]
    return {**manifest, "components": components, "guests": [reduced(guest) for guest in manifest["guests"]]}


def _is_waived(part: Mapping[str, Any], given: Mapping[str, Any], waived: Collection[Way]) -> bool:
    return ("capability", part["name"], str(given["slot"])) in waived


def _search(effects: Iterable[Effect], sources: list[str], trusting: Collection[str]) -> dict[str, Path]:
    leaving: dict[str, list[Effect]] = {}
    for effect in effects:
        if effect.kind in AFFECTING:
            leaving.setdefault(effect.source, []).append(effect)
    paths: dict[str, Path] = {source: () for source in sources}
    waiting = deque(sources)
    while waiting:
        here = waiting.popleft()
        if here in trusting:
            continue
        for effect in leaving.get(here, ()):
            if effect.target not in paths:
                paths[effect.target] = (*paths[here], effect)
                waiting.append(effect.target)
    return {target: path for target, path in paths.items() if path}
