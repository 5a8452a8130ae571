"""The memory map and the capability graph of a small manifest."""

from __future__ import annotations

from typing import Any

from keelback.reports import capability_graph, memory_map


def capability(kind: str, owner: str | None, name: str, *rights: str) -> dict[str, Any]:
    return {"kind": kind, "owner": owner, "name": name, "rights": list(rights)}


def mapping(memory: str, access: str) -> dict[str, Any]:
    return {"name": memory, "memory": memory, "access": access}


def memory(name: str, owner: str, kind: str, address: int, size_bytes: int = 4096) -> dict[str, Any]:
    return {"name": name, "owner": owner, "kind": kind, "address": address, "size_bytes": size_bytes}


def window(name: str, address: int, access: str, device: bool = False) -> dict[str, Any]:
    return {"name": name, "address": address, "size_bytes": 8192, "access": access, "device": device}


MANIFEST: dict[str, Any] = {
    "system": "pair",
    "kernel": {"windows": [window("text", 0x4008_0000, "rx"), window("pl011", 0x900_0000, "rw", device=True)]},
    "components": [
        {
            "name": "vault",
            "priority": 200,
            "core": 0,
            "time": {"partition": "control"},
            "pool": {"objects": {"large_frame": {"first": 1, "count": 4}, "thread": {"first": 3, "count": 2}}},
            "capabilities": [capability("endpoint", "vault", "own endpoint", "read")],
            "mappings": [mapping("buffer", "rw"), mapping("vault data", "rw")],
        },
        {
            "name": "clerk",
            "priority": 100,
            "core": 1,
            "time": None,
            "pool": None,
            "capabilities": [
                capability("endpoint", "vault", "vault -> vault", "write"),
                capability("notification", "vault", "log -> vault", "write"),
                capability("platform", None, "platform", "control"),
            ],
            "mappings": [mapping("buffer", "r"), mapping("ring", "rw")],
        },
    ],
    "guests": [{"name": "linux", "monitor": "clerk", "mappings": [mapping("ram", "rwx")]}],
    "memory": [
        memory("ram", "clerk", "guest_ram", 0x5000_0000, 1 << 21),
        memory("buffer", "vault", "buffer", 0x4010_0000),
        memory("vault data", "vault", "segment", 0x4010_1000),
        memory("ring", "vault", "ring", 0x4010_2000),
    ],
}


def test_rows_are_in_order_of_address_with_everybody_who_sees_them() -> None:
    assert memory_map.find_rows(MANIFEST) == [
        (0x4008_0000, 8192, "kernel text", "kernel", "kernel rx"),
        (0x4010_0000, 4096, "buffer", "vault", "vault rw, clerk r"),
        (0x4010_1000, 4096, "vault data", "vault", "vault rw"),
        (0x4010_2000, 4096, "ring", "vault", "clerk rw"),
        (0x5000_0000, 1 << 21, "ram", "clerk", "guest linux rwx"),
    ]


def test_the_map_is_a_table() -> None:
    lines = memory_map.render(MANIFEST).splitlines()
    assert lines[0].split() == ["address", "bytes", "what", "owner", "seen", "by"]
    assert lines[2].split() == ["0x40100000", "4,096", "buffer", "vault", "vault", "rw,", "clerk", "r"]


def test_edges_are_calls_and_shared_memory() -> None:
    assert capability_graph.find_edges(MANIFEST) == [
        ("clerk", "vault", "endpoint", "write"),
        ("clerk", "vault", "memory", "buffer r"),
    ]


def test_rings_are_shown_when_asked_for() -> None:
    edges = capability_graph.find_edges(MANIFEST, rings=True)
    assert ("clerk", "vault", "notification", "write") in edges
    assert ("clerk", "vault", "memory", "ring rw") in edges


def test_the_graph_is_in_the_language_of_dot() -> None:
    text = capability_graph.render(MANIFEST)
    assert text.startswith('digraph "pair" {') and text.endswith("}")
    vault = "vault\\npriority 200, core 0, partition control\\npool: 4 large frame, 2 thread"
    assert f'"vault" [label="{vault}"];' in text
    assert '"clerk" [label="clerk\\npriority 100, core 1"];' in text
    assert '"guest linux" -> "clerk" [label="exits"];' in text
    assert '"clerk" -> "vault" [style=solid, label="endpoint: write"];' in text
