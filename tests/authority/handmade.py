"""Manifests of a few components with nothing but what a test gives them."""

from __future__ import annotations

from typing import Any

Manifest = dict[str, Any]


def component(name: str, index: int = 1, **given: Any) -> dict[str, Any]:
    """A component without capabilities and mappings, of the priority 10 times its index; each on a core of its own."""
    made: dict[str, Any] = {"name": name, "index": index, "priority": 10 * index, "ceiling": 10 * index, "core": index}
    made |= {"time": None, "passive": False, "pool": None, "fault_handler": None}
    return made | {"capabilities": [], "mappings": []} | given


def manifest(*names: str) -> Manifest:
    """Components with these names, in the order of their priorities, and nothing between them."""
    parts = [component(name, index) for index, name in enumerate(names, 1)]
    return {"system": "test", "components": parts, "guests": [], "memory": []}


def give(made: Manifest, holder: str, kind: str, owner: str | None, *rights: str, number: int = 1) -> None:
    """A capability more."""
    capabilities = part(made, holder)["capabilities"]
    name = f"{kind} of {owner}"
    capabilities.append(
        {"slot": len(capabilities) + 1, "name": name, "kind": kind, "object": number, "owner": owner, "badge": 0}
        | {"rights": list(rights)}
    )


def share(made: Manifest, name: str, kind: str, owner: str, *, dma: bool = False, **access: str) -> None:
    """Memory, and who maps it how."""
    made["memory"].append({"name": name, "owner": owner, "kind": kind, "dma": dma})
    for viewer, allowed in access.items():
        part(made, viewer)["mappings"].append({"name": name, "memory": name, "access": allowed})


def part(made: Manifest, name: str) -> dict[str, Any]:
    """The component of that name."""
    return next(found for found in made["components"] if found["name"] == name)
