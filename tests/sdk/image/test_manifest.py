"""The manifest obeys its schema, and does not tell secrets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from keelback.sdk import Pool, ProtectionDomain, System, VirtualMachine
from keelback.sdk.image.manifest import build_manifest
from keelback.sdk.image.wiring import plan_system
from tests.sdk.image.handmade import assemble_handmade, build_handmade

SCHEMA = Path(__file__).resolve().parents[3] / "src/keelback/sdk/image/manifest.schema.json"
GUEST_KERNEL = Path(__file__).resolve().parents[2] / "systems" / "files" / "image"

TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "boolean": bool,
    "null": type(None),
}


def judge(value: Any, schema: dict[str, Any], whole: dict[str, Any], path: str = "$") -> list[str]:
    """What contradicts the schema, of the part of JSON Schema that ours uses."""
    if "$ref" in schema:
        return judge(value, whole["$defs"][schema["$ref"].rsplit("/")[-1]], whole, path)
    if "enum" in schema and value not in schema["enum"]:
        return [f"{path}: {value!r} is none of {schema['enum']}"]
    if "const" in schema and value != schema["const"]:
        return [f"{path}: {value!r} is not {schema['const']!r}"]
    names = schema.get("type", [])
    wanted = [TYPES[name] for name in ([names] if isinstance(names, str) else names)]
    if wanted and not any(isinstance(value, kind) for kind in wanted):
        return [f"{path}: {value!r} is no {names}"]
    if isinstance(value, list):
        items = schema.get("items", {})
        return [error for index, part in enumerate(value) for error in judge(part, items, whole, f"{path}[{index}]")]
    return _judge_object(value, schema, whole, path) if isinstance(value, dict) else []


def _judge_object(value: dict[str, Any], schema: dict[str, Any], whole: dict[str, Any], path: str) -> list[str]:
    properties = schema.get("properties", {})
    errors = [f"{path}: {name} is missing" for name in schema.get("required", []) if name not in value]
    for name, part in value.items():
        if name in properties:
            errors += judge(part, properties[name], whole, f"{path}.{name}")
        elif schema.get("additionalProperties") is False:
            errors.append(f"{path}: {name} is unknown")
    return errors


def make_manifest(folder: Path, seed: bytes = b"s") -> dict[str, Any]:
    system = System(cores=2)
    system.add_console()
    system.schedule(1, [("control", "5 ms"), ("rest", "15 ms")])
    pool = Pool(frames=8, threads=2, spaces=2, page_tables=4, tables=(2, 16))
    loads = {"worker": "component.py"}
    system.add(ProtectionDomain("keeper", source="keeper.py", priority=90, ceiling=95, pool=pool, loads=loads))
    system.add(ProtectionDomain("control", source="control.py", priority=80, core=1, partition="control"))
    vault = system.add(ProtectionDomain("vault", source="vault.py", priority=200, parameters={"key": 0xC0FFEE}))
    linux = system.add(VirtualMachine("linux", kernel=GUEST_KERNEL, ram="64 MiB", priority=50, power=True))
    system.connect(linux, vault, name="vault", buffer="4 KiB", port="vault")
    plan = plan_system(system, seed)
    built = build_handmade(plan, folder)
    image = assemble_handmade(plan, built)
    manifest = build_manifest(plan, image.layout, built, len(image.content))
    parsed: dict[str, Any] = json.loads(json.dumps(manifest))
    return parsed


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return make_manifest(tmp_path_factory.mktemp("manifest"))


def test_the_manifest_obeys_its_schema(manifest: dict[str, Any]) -> None:
    schema = json.loads(SCHEMA.read_text())
    assert judge(manifest, schema, schema) == []


def test_the_schema_refuses_what_is_wrong(manifest: dict[str, Any]) -> None:
    schema = json.loads(SCHEMA.read_text())
    wrong = json.loads(json.dumps(manifest))
    wrong["components"][0]["priority"] = "high"
    del wrong["image"]["address"]
    wrong["surprise"] = 1
    wrong["memory"][0]["kind"] = "magic"
    assert len(judge(wrong, schema, schema)) == 4


def test_secrets_are_named_but_not_told(manifest: dict[str, Any]) -> None:
    components = {component["name"]: component for component in manifest["components"]}
    assert components["vault"]["secret_parameters"] == ["key"]
    assert "key" not in components["vault"]["parameters"]
    assert components["linux"]["secret_parameters"] == [f"rng_seed_{index}" for index in range(4)]
    assert str(0xC0FFEE) not in json.dumps(manifest)


def test_every_capability_and_mapping_names_something_there(manifest: dict[str, Any]) -> None:
    names = {component["name"] for component in manifest["components"]}
    memory = {extent["name"] for extent in manifest["memory"]}
    for component in manifest["components"]:
        owners = {capability["owner"] for capability in component["capabilities"]}
        assert owners <= names | {None}
        assert {mapping["memory"] for mapping in component["mappings"]} <= memory


def test_pools_times_and_schedules_are_told(manifest: dict[str, Any]) -> None:
    components = {component["name"]: component for component in manifest["components"]}
    keeper, control = components["keeper"], components["control"]
    assert keeper["pool"]["objects"]["frame"] == {"first": 1, "count": 8}
    assert keeper["pool"]["table_slots"] == 16
    assert (keeper["priority"], keeper["ceiling"], keeper["loads"][0]["elf"]) == (90, 95, "keeper.worker.elf")
    assert [
        (c["kind"], c["owner"]) for c in keeper["capabilities"] if c["name"] in ("pool", "own space", "core 0")
    ] == [
        ("pool", "keeper"),
        ("address space", "keeper"),
        ("core", None),
    ]
    assert (control["core"], control["time"]["partition"], keeper["time"]) == (1, "control", None)
    assert manifest["schedules"][0]["windows"][1] == {"partition": "rest", "length_ns": 15_000_000}
    assert (manifest["cores"], manifest["kernel"]["memory_bytes"] > 4096) == (2, True)


def test_the_same_system_gives_the_same_manifest(manifest: dict[str, Any], tmp_path: Path) -> None:
    assert make_manifest(tmp_path) == manifest
