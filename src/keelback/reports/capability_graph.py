"""Who can reach whom: the capabilities and shared memory of a manifest as a graph in Graphviz's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SHARED_KINDS = ("buffer", "region", "ring")
STYLES = {"endpoint": "solid", "notification": "dashed", "thread": "bold", "memory": "dotted"}

Edge = tuple[str, str, str, str]
"""From, to, kind, label."""


def find_edges(manifest: Mapping[str, Any], *, rings: bool = False) -> list[Edge]:
    """Capabilities to others' objects, and memory of others that is mapped; console rings only if asked for."""
    owners = {memory["name"]: memory for memory in manifest["memory"]}
    edges: list[Edge] = []
    for component in manifest["components"]:
        name = component["name"]
        for capability in component["capabilities"]:
            kind, owner = capability["kind"], capability["owner"]
            if kind in STYLES and owner not in (None, name) and (rings or not _is_ring_signal(capability)):
                edges.append((name, owner, kind, ", ".join(capability["rights"])))
        for mapping in component["mappings"]:
            memory = owners[mapping["memory"]]
            shared = memory["kind"] in SHARED_KINDS and (rings or memory["kind"] != "ring")
            if shared and memory["owner"] != name:
                edges.append((name, memory["owner"], "memory", f"{mapping['name']} {mapping['access']}"))
    return edges


def _is_ring_signal(capability: Mapping[str, Any]) -> bool:
    name: str = capability["name"]
    return capability["kind"] == "notification" and name.startswith(("log ", "console_", "output ", "input "))


def render(manifest: Mapping[str, Any], *, rings: bool = False) -> str:
    """The graph as text for `dot`: calls solid, signals dashed, threads bold, memory dotted."""
    lines = [f'digraph "{manifest["system"]}" {{', "  rankdir=LR;", "  node [shape=box];"]
    lines += [f'  "{part["name"]}" [label="{_label(part)}"];' for part in manifest["components"]]
    for guest in manifest["guests"]:
        lines.append(f'  "guest {guest["name"]}" [shape=ellipse];')
        lines.append(f'  "guest {guest["name"]}" -> "{guest["monitor"]}" [label="exits"];')
    for origin, target, kind, label in find_edges(manifest, rings=rings):
        lines.append(f'  "{origin}" -> "{target}" [style={STYLES[kind]}, label="{kind}: {label}"];')
    return "\n".join([*lines, "}"])


def _label(part: Mapping[str, Any]) -> str:
    """Name, priority and core; the partition, and what its pool can become, if it has them."""
    label = f"{part['name']}\\npriority {part['priority']}, core {part['core']}"
    if part["time"] is not None and part["time"]["partition"] is not None:
        label += f", partition {part['time']['partition']}"
    if part["pool"] is not None:
        owned = [f"{run['count']} {kind.replace('_', ' ')}" for kind, run in part["pool"]["objects"].items()]
        label += f"\\npool: {', '.join(owned)}"
    return label
