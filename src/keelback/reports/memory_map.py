"""Where everything lies in physical memory, and who sees it: the manifest's memory as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Row = tuple[int, int, str, str, str]
"""Address, bytes, what, owner, who else sees it and how."""


def find_rows(manifest: Mapping[str, Any]) -> list[Row]:
    """The kernel's own windows and every extent, by address."""
    rows = [
        (window["address"], window["size_bytes"], f"kernel {window['name']}", "kernel", f"kernel {window['access']}")
        for window in manifest["kernel"]["windows"]
        if not window["device"]
    ]
    seen = {row[0] for row in rows}
    for memory in manifest["memory"]:
        if memory["address"] not in seen:
            viewers = ", ".join(_viewers(manifest, memory["name"]))
            rows.append((memory["address"], memory["size_bytes"], memory["name"], memory["owner"], viewers))
    return sorted(rows)


def _viewers(manifest: Mapping[str, Any], name: str) -> Iterator[str]:
    spaces = [(component["name"], component["mappings"]) for component in manifest["components"]]
    spaces += [(f"guest {guest['name']}", guest["mappings"]) for guest in manifest["guests"]]
    for viewer, mappings in spaces:
        for mapping in mappings:
            if mapping["memory"] == name:
                yield f"{viewer} {mapping['access']}"


def render(manifest: Mapping[str, Any]) -> str:
    """The table as text."""
    lines = [f"{'address':>12} {'bytes':>12}  {'what':<32} {'owner':<12} seen by"]
    lines += [
        f"{address:#12x} {size:>12,}  {what:<32} {owner:<12} {seen}"
        for address, size, what, owner, seen in find_rows(manifest)
    ]
    return "\n".join(lines)
