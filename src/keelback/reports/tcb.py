"""What each component, and each guest, has to trust: which code, how much of it, and why.

A component trusts the kernel, its own program, whoever has authority over its execution, its memory or its capabilities
or can look into it, and whoever it calls; and, since authority carries over, whom those trust: the closure of these
among the effects that keelback.authority finds. It does not trust those it merely shares a buffer with or exchanges
signals with, who is told of its faults, or who can switch the machine off. A guest trusts its monitor in the same way,
and those that carry its console.

Read from the manifest and the sources it names. The compiler is not counted, here or in the figures compared with.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from keelback.authority import ANSWER, AUTHORITY, POWER, SEES, Effect, find_effects
from keelback.reports.code_lines import count_file

TRUSTED_KINDS = (*(kind for kind in AUTHORITY if kind != POWER), ANSWER, SEES)
FIGURES = Path(__file__).with_name("figures.json")

Reasons = dict[str, str]
"""By name of who is trusted: why."""


@dataclass(frozen=True)
class Trusted:
    """Someone trusted. `lines` counts only files that no one before it in the list has."""

    name: str
    why: str
    lines: int


@dataclass(frozen=True)
class Trust:
    """What one component or guest trusts, the kernel and itself first."""

    name: str
    total_lines: int
    parts: tuple[Trusted, ...]


def measure_trust(manifest: Mapping[str, Any]) -> list[Trust]:
    """The figures of every component and every guest of a manifest."""
    components = {component["name"]: component for component in manifest["components"]}
    effects = find_effects(manifest)
    direct = {name: find_trusted(manifest, effects, name) for name in components}
    trusts = [_measure(manifest, name, {name: "its own program", **_closure(direct, name)}) for name in components]
    for guest in manifest["guests"]:
        reasons = {guest["monitor"]: "its virtual-machine monitor", **_closure(direct, guest["monitor"])}
        for carrier in _console_carriers(components, guest["monitor"]):
            for name, why in {carrier: "carries its console", **_closure(direct, carrier)}.items():
                reasons.setdefault(name, why)
        trusts.append(_measure(manifest, f"guest {guest['name']}", reasons))
    return trusts


def find_trusted(manifest: Mapping[str, Any], effects: Iterable[Effect], name: str) -> Reasons:
    """Whom a component trusts at first hand, besides the kernel."""
    found: Reasons = {}
    for effect in effects:
        if effect.target == name and effect.kind in TRUSTED_KINDS and not effect.passed:
            found.setdefault(effect.source, _reason(effect))
    order = [component["name"] for component in manifest["components"]]
    return {other: found[other] for other in order if other in found}


def _reason(effect: Effect) -> str:
    """Why the target trusts the source."""
    if effect.kind == ANSWER:
        return f"{effect.target} calls it"
    return effect.what.split(" (`")[0].replace("its", f"{effect.target}'s", 1)


def _closure(direct: Mapping[str, Reasons], name: str) -> Reasons:
    reached: Reasons = {}
    waiting = [name]
    while waiting:
        for other, why in direct[waiting.pop()].items():
            if other != name and other not in reached:
                reached[other] = why
                waiting.append(other)
    return reached


def _console_carriers(components: Mapping[str, Mapping[str, Any]], monitor: str) -> list[str]:
    reached, waiting = [monitor], [monitor]
    while waiting:
        for capability in components[waiting.pop()]["capabilities"]:
            carries = capability["kind"] == "notification" and capability["name"].startswith(("console_out", "output"))
            if carries and capability["owner"] not in reached:
                reached.append(capability["owner"])
                waiting.append(capability["owner"])
    return reached[1:]


def _measure(manifest: Mapping[str, Any], name: str, reasons: Reasons) -> Trust:
    sources = {component["name"]: component["sources"] for component in manifest["components"]}
    counted: set[str] = set()
    parts = [Trusted("kernel", "everybody runs on it", _count_new(manifest["kernel"]["sources"], counted))]
    parts += [Trusted(other, why, _count_new(sources[other], counted)) for other, why in reasons.items()]
    return Trust(name, sum(part.lines for part in parts), tuple(parts))


def _count_new(sources: Iterable[str], counted: set[str]) -> int:
    new = [source for source in sources if source not in counted]
    counted.update(new)
    return sum(count_file(Path(source)) for source in new)


def to_data(trusts: list[Trust]) -> list[dict[str, Any]]:
    """The figures as plain data."""
    return [asdict(trust) for trust in trusts]


def render(trusts: list[Trust]) -> str:
    """The figures as text, beside those of other systems."""
    lines = ["Lines of code each has to trust (no blanks, comments, docstrings; a shared file counts once)", ""]
    for trust in trusts:
        lines.append(f"{trust.name:<24}{trust.total_lines:>9,}")
        lines += [f"    {part.lines:>7,}  {part.name:<16} {part.why}" for part in trust.parts]
    figures = json.loads(FIGURES.read_text())
    lines += ["", "Beside it, elsewhere:"]
    lines += [f"    {system['lines']:>9,}  {system['name']}  ({system['source']})" for system in figures["systems"]]
    return "\n".join(lines)
