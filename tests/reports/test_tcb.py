"""Who is trusted, on small manifests whose every file has a known number of lines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from keelback.reports.tcb import Trust, measure_trust, render, to_data
from tests.authority.handmade import component as made_component

LINES = {"kernel": 1000, "runtime": 100, "vault": 10, "clerk": 20, "monitor": 30, "vmm": 400, "console": 50, "uart": 60}

PRIORITIES = {"vault": 200, "clerk": 100}


class Builder:
    """Writes source files of known lengths and the manifest that names them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name, count in LINES.items():
            (folder / f"{name}.py").write_text('"""Docstring."""\n' + "pass\n" * count)
        self.manifest: dict[str, Any] = {
            "kernel": {"sources": [self.source("kernel")]},
            "components": [],
            "guests": [],
            "memory": [],
        }

    def source(self, name: str) -> str:
        return str(self.folder / f"{name}.py")

    def add(self, name: str, source: str | None = None) -> dict[str, Any]:
        sources = [self.source("runtime"), self.source(source or name)]
        component = made_component(name, sources=sources, priority=PRIORITIES.get(name, 50))
        self.manifest["components"].append(component)
        self.manifest["memory"].append({"name": f"{name} data", "owner": name, "kind": "segment", "dma": False})
        self.manifest["memory"].append({"name": f"{name} buffer", "owner": name, "kind": "buffer", "dma": False})
        return component

    def trust(self, name: str) -> Trust:
        return next(trust for trust in measure_trust(self.manifest) if trust.name == name)


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    return Builder(tmp_path)


def capability(kind: str, owner: str, *rights: str, name: str = "") -> dict[str, Any]:
    return {"kind": kind, "object": 1, "owner": owner, "rights": list(rights), "name": name, "slot": 1}


def reasons(trust: Trust) -> dict[str, str]:
    return {part.name: part.why for part in trust.parts}


def test_a_lonely_component_trusts_the_kernel_and_itself(builder: Builder) -> None:
    builder.add("vault")
    trust = builder.trust("vault")
    assert [(part.name, part.lines) for part in trust.parts] == [("kernel", 1000), ("vault", 110)]
    assert trust.total_lines == 1110


def test_a_client_trusts_its_server_but_not_the_other_way_round(builder: Builder) -> None:
    builder.add("vault")
    builder.add("clerk")["capabilities"] = [capability("endpoint", "vault", "write")]
    assert reasons(builder.trust("clerk"))["vault"] == "clerk calls it"
    assert builder.trust("clerk").total_lines == 1000 + 100 + 20 + 10
    assert "clerk" not in reasons(builder.trust("vault"))


@pytest.mark.parametrize(
    ("right", "why"),
    [
        ("control", "can stop and start vault's thread"),
        ("write", "can write vault's registers"),
        ("read", "can read vault's registers"),
    ],
)
def test_who_reaches_the_thread_is_trusted(builder: Builder, right: str, why: str) -> None:
    builder.add("vault")
    builder.add("monitor")["capabilities"] = [capability("thread", "vault", right)]
    assert reasons(builder.trust("vault"))["monitor"] == why


def test_who_maps_private_memory_is_trusted_and_who_shares_a_buffer_is_not(builder: Builder) -> None:
    builder.add("vault")
    builder.add("clerk")["mappings"] = [{"memory": "vault buffer", "access": "rw"}]
    builder.add("monitor")["mappings"] = [{"memory": "vault data", "access": "rw"}]
    found = reasons(builder.trust("vault"))
    assert found["monitor"] == "can write vault's memory"
    assert "clerk" not in found


def test_authority_carries_over(builder: Builder) -> None:
    builder.add("vault")
    builder.add("clerk")["capabilities"] = [capability("endpoint", "vault", "write")]
    builder.add("monitor")["capabilities"] = [capability("thread", "vault", "control")]
    assert set(reasons(builder.trust("clerk"))) == {"kernel", "clerk", "vault", "monitor"}


def test_signals_and_own_endpoint_mean_no_trust(builder: Builder) -> None:
    builder.add("vault")["capabilities"] = [
        capability("endpoint", "vault", "read", "write"),
        capability("notification", "console", "write"),
    ]
    builder.add("console")
    assert set(reasons(builder.trust("vault"))) == {"kernel", "vault"}


def test_a_guest_trusts_its_monitor_and_what_carries_its_console(builder: Builder) -> None:
    builder.add("uart")
    console = builder.add("console")
    console["capabilities"] = [
        capability("notification", "uart", "write", name="output -> uart"),
        capability("notification", "linux", "write", name="console_in -> linux"),
        capability("notification", "clerk", "write", name="console_in -> clerk"),
    ]
    builder.add("clerk")
    linux = builder.add("linux", source="vmm")
    linux["capabilities"] = [capability("notification", "console", "write", name="console_out -> console")]
    builder.manifest["guests"] = [{"name": "linux", "monitor": "linux", "mappings": []}]
    trust = builder.trust("guest linux")
    assert reasons(trust) == {
        "kernel": "everybody runs on it",
        "linux": "its virtual-machine monitor",
        "console": "carries its console",
        "uart": "carries its console",
    }
    assert trust.total_lines == 1000 + 100 + 400 + 50 + 60


def test_the_text_stands_beside_other_systems(builder: Builder) -> None:
    builder.add("vault")
    text = render(measure_trust(builder.manifest))
    assert "vault                       1,110" in text
    assert "1,420,000  guest beside Xen's Dom0" in text


def test_the_data_has_every_part(builder: Builder) -> None:
    builder.add("vault")
    (data,) = to_data(measure_trust(builder.manifest))
    assert data["total_lines"] == sum(part["lines"] for part in data["parts"]) == 1110
