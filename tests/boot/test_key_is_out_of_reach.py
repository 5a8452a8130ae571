"""The vault's key is in no memory that guest or monitor can map: by the manifest, and by looking into the RAM."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest

from examples.vault.demo import booted
from keelback.sdk import System
from keelback.sdk.build import BuiltSystem, build_system
from keelback.sdk.guest import debian_initrd, debian_kernel, guest_program
from tests.boot.qmp import EmulatorMonitor
from tests.boot.support import KEY_HEX, VAULT, vault_system

KEY = bytes.fromhex(KEY_HEX)
# HMAC works on the key XORed with two constants (RFC 2104), so these give the key away just as well.
FORMS = {
    "key": KEY,
    "inner key": bytes(byte ^ 0x36 for byte in KEY),
    "outer key": bytes(byte ^ 0x5C for byte in KEY),
    "key, words swapped": b"".join(KEY[i : i + 4][::-1] for i in range(0, len(KEY), 4)),
}
PIECE_BYTES = 16
"""Half a key is looked for, at every place where it could start."""


def traces_of_key(memory: bytes) -> list[str]:
    """Which forms of the key, or halves of them, are in `memory`."""
    return [
        f"{name} from byte {start}"
        for name, form in FORMS.items()
        for start in (0, len(form) - PIECE_BYTES)
        if form[start : start + PIECE_BYTES] in memory
    ]


@pytest.fixture(scope="module")
def system() -> System:
    initrd = debian_initrd(programs=[guest_program(VAULT / "guest" / "sign.c")])
    return vault_system("key", kernel=debian_kernel(), initrd=initrd, ram="256 MiB")


@pytest.fixture(scope="module")
def built(system: System, tmp_path_factory: pytest.TempPathFactory) -> BuiltSystem:
    return build_system(system, tmp_path_factory.mktemp("key"))


def component(manifest: dict[str, Any], name: str) -> dict[str, Any]:
    return next(found for found in manifest["components"] if found["name"] == name)


def reachable_memory(manifest: dict[str, Any], name: str) -> set[str]:
    """Names of all memory that a component, or the guest it runs, has mapped."""
    mappings = list(component(manifest, name)["mappings"])
    for guest in manifest["guests"]:
        if guest["monitor"] == name:
            mappings += guest["mappings"]
    return {mapping["memory"] for mapping in mappings}


@pytest.mark.boot
@pytest.mark.slow
def test_by_the_manifest_only_the_buffer_is_shared(built: BuiltSystem) -> None:
    vault = reachable_memory(built.manifest, "vault")
    linux = reachable_memory(built.manifest, "linux")
    places = {extent["name"]: extent for extent in built.manifest["memory"]}
    assert len(vault & linux) == 1
    shared = places[(vault & linux).pop()]
    assert shared["size_bytes"] == 4096
    private = [places[name] for name in vault if name != shared["name"]]
    for mine in private:
        for name in linux:
            other = places[name]
            assert (
                mine["address"] + mine["size_bytes"] <= other["address"]
                or other["address"] + other["size_bytes"] <= mine["address"]
            ), f"{mine['name']} overlaps {name}"


@pytest.mark.boot
@pytest.mark.slow
def test_by_the_manifest_the_guest_has_no_capability_to_the_vault_but_the_channel(built: BuiltSystem) -> None:
    capabilities = component(built.manifest, "linux")["capabilities"]
    to_vault = [capability for capability in capabilities if capability["owner"] == "vault"]
    assert [(capability["kind"], capability["rights"]) for capability in to_vault] == [("endpoint", ["write"])]


@pytest.mark.boot
@pytest.mark.slow
def test_by_looking_the_key_is_not_in_the_memory_of_guest_and_monitor(system: System, built: BuiltSystem) -> None:
    places = {extent["name"]: extent for extent in built.manifest["memory"]}
    # A socket's path is short (108 bytes), a test's folder may not be.
    with tempfile.TemporaryDirectory(prefix="keelback-") as folder:
        socket = Path(folder) / "qmp"
        with booted(system, built, extra=("-qmp", f"unix:{socket},server=on,wait=off")) as scene:
            scene.await_shell()
            scene.guest_signs("a text that is in the guest's memory")
            with EmulatorMonitor(socket) as monitor:
                monitor.execute("stop")

                def look(name: str) -> bytes:
                    place = places[name]
                    return monitor.save_memory(place["address"], place["size_bytes"], Path(folder) / "memory")

                guest_memory = {name: look(name) for name in reachable_memory(built.manifest, "linux")}
                vault_memory = [look(name) for name in reachable_memory(built.manifest, "vault")]
    assert any(b"a text that is in the guest's memory" in memory for memory in guest_memory.values())
    assert any(traces_of_key(memory) for memory in vault_memory), "the search does not find what is there"
    assert {name: traces_of_key(memory) for name, memory in guest_memory.items() if traces_of_key(memory)} == {}


@pytest.mark.boot
@pytest.mark.slow
def test_by_the_manifest_nobody_can_read_the_vaults_registers(built: BuiltSystem) -> None:
    holders = [
        found["name"]
        for found in built.manifest["components"]
        for capability in found["capabilities"]
        if capability["kind"] == "thread" and capability["owner"] == "vault"
    ]
    assert holders == []
