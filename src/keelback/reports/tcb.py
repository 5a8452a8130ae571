"""What each component, and each guest, has to trust: which code, how much of it, and why.

A component trusts the kernel, its own program, whoever holds authority over its thread or its private memory, and
whoever it calls; and, since authority carries over, whom those trust. It does not trust those it merely shares a buffer
with or sends signals to. A guest trusts its monitor in the same way, and those that carry its console.

Read from the manifest and the sources it names. The compiler is not counted, here or in the figures compared with.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from keelback.reports.code_lines import count_file

PRIVATE_KINDS = ("segment", "stack")
AUTHORITY_RIGHTS = {"control": "can stop and start its thread", "write": "can write its registers"}
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
    direct = {name: find_trusted(manifest, name) for name in components}
    trusts = [_measure(manifest, name, {name: "its own program", **_closure(direct, name)}) for name in components]
    for guest in manifest["guests"]:
        reasons = {guest["monitor"]: "its virtual-machine monitor", **_closure(direct, guest["monitor"])}
        for carrier in _console_carriers(components, guest["monitor"]):
            for name, why in {carrier: "carries its console", **_closure(direct, carrier)}.items():
                reasons.setdefault(name, why)
        trusts.append(_measure(manifest, f"guest {guest['name']}", reasons))
    return trusts


def find_trusted(manifest: Mapping[str, Any], name: str) -> Reasons:
    """Whom a component trusts at first hand, besides the kernel."""
    components: list[Mapping[str, Any]] = manifest["components"]
    private = {
        memory["name"] for memory in manifest["memory"] if memory["owner"] == name and memory["kind"] in PRIVATE_KINDS
    }
    reasons: Reasons = {}
    for other in components:
        if other["name"] == name:
            _add_servers(other, reasons)
        else:
            why = _authority(other, name, private)
            if why:
                reasons[other["name"]] = why
    return reasons


def _add_servers(component: Mapping[str, Any], reasons: Reasons) -> None:
    for capability in component["capabilities"]:
        called = capability["kind"] == "endpoint" and "write" in capability["rights"]
        if called and capability["owner"] != component["name"]:
            reasons.setdefault(capability["owner"], f"{component['name']} calls it")


def _authority(other: Mapping[str, Any], name: str, private: set[str]) -> str:
    for capability in other["capabilities"]:
        if capability["kind"] == "thread" and capability["owner"] == name:
            for right, why in AUTHORITY_RIGHTS.items():
                if right in capability["rights"]:
                    return why.replace("its", f"{name}'s", 1)
            return f"can read {name}'s registers"
    for mapping in other["mappings"]:
        if mapping["memory"] in private:
            verb = "write" if "w" in mapping["access"] else "read"
            return f"can {verb} {name}'s memory"
    return ""


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
