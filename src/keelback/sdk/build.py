"""`build_system`: from a description to a folder with the image, the linked programs and the manifest.

What was built before from the same sources, parameters and files is not built again.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import secrets
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keelback.compiler import records_digest
from keelback.sdk.boards import BOARDS, Board
from keelback.sdk.image.flat_image import assemble_image, place_programs
from keelback.sdk.image.manifest import build_manifest, describe_authority
from keelback.sdk.image.plan import Plan
from keelback.sdk.image.programs import Progress, build_all, fit_kernel
from keelback.sdk.image.wiring import plan_system
from keelback.sdk.isolation import check_claims
from keelback.sdk.parameters import check_parameters
from keelback.sdk.system.checks import check_system
from keelback.sdk.system.checks.domains import find_source
from keelback.sdk.system.description import System
from keelback.sdk.system.errors import PACKAGE_FOLDER
from keelback.sdk.system.model import ProtectionDomain
from keelback.sdk.system.resources import ComponentImage

COMPILED_FOLDERS = ("abi", "compiler", "kernel", "lang", "sdk", "user")
SOURCE_PATTERNS = ("*.py", "*.c", "*.h", "*.zig")
IMAGE_FILE = "image.bin"
MANIFEST_FILE = "manifest.json"
INPUTS_FILE = "inputs.sha256"
SEED_FILE = "seed"
LOCK_FILE = "lock"
SEED_BYTES = 32


@dataclass(frozen=True)
class BuiltSystem:
    """A folder with a built system. `fresh`: it was built now, not found."""

    folder: Path
    board: Board
    manifest: dict[str, Any]
    fresh: bool

    @property
    def image(self) -> Path:
        """The flat image."""
        return self.folder / IMAGE_FILE

    @property
    def ram_end(self) -> int:
        """Physical address up to which the image needs RAM."""
        return int(self.manifest["image"]["ram_end"])

    @property
    def cores(self) -> int:
        """How many processor cores the system runs on."""
        return int(self.manifest["cores"])

    def elf(self, name: str) -> Path:
        """The linked program of a component, or of "kernel"."""
        return self.folder / f"{name}.elf"


def silent(_: str) -> None:
    """Progress that nobody wants to see."""


def default_folder(system: System) -> Path:
    """build/<system> beside the description."""
    return system.location.path.resolve().parent / "build" / system.name


def build_system(system: System, folder: Path | None = None, progress: Progress = silent) -> BuiltSystem:
    """Check, plan, compile, place, judge and write a system.

    Raises InvalidSystem for a wrong description and ProgramErrors for wrong components.
    """
    check_system(system)
    folder = default_folder(system) if folder is None else folder
    folder.mkdir(parents=True, exist_ok=True)
    with _exclusive(folder):
        return _build_into(system, folder, progress)


@contextmanager
def _exclusive(folder: Path) -> Generator[None]:
    """One build at a time writes into a folder; others wait."""
    with (folder / LOCK_FILE).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build_into(system: System, folder: Path, progress: Progress) -> BuiltSystem:
    progress(f"planning {system.name}")
    plan = plan_system(system, find_seed(folder))
    check_claims(plan)
    key = inputs_key(plan)
    kept = _find_built(folder, key)
    if kept is not None:
        progress("nothing has changed")
        return BuiltSystem(folder, plan.board, kept, fresh=False)
    (folder / INPUTS_FILE).unlink(missing_ok=True)
    built = build_all(plan, folder, progress)
    check_parameters(plan, built)
    progress("placing and checking")
    place_programs(plan, built)
    check_claims(plan)  # again, with what has its place now
    fit_kernel(plan, built, folder)
    image = assemble_image(plan, built)
    (folder / IMAGE_FILE).write_bytes(image.content)
    manifest = build_manifest(plan, image.layout, built, len(image.content))
    (folder / MANIFEST_FILE).write_text(json.dumps(manifest, indent=2) + "\n")
    (folder / INPUTS_FILE).write_text(key + "\n")
    progress(f"wrote {folder / IMAGE_FILE} ({len(image.content) >> 10} KiB)")
    return BuiltSystem(folder, plan.board, manifest, fresh=True)


def find_seed(folder: Path) -> bytes:
    """The secret of the builds in `folder`, drawn at the first of them."""
    path = folder / SEED_FILE
    if not path.is_file():
        path.touch(mode=0o600)
        path.write_bytes(secrets.token_bytes(SEED_BYTES))
    return path.read_bytes()


def load_built(folder: Path) -> BuiltSystem:
    """A system that was built into `folder` before; FileNotFoundError if none was."""
    manifest = json.loads((folder / MANIFEST_FILE).read_text())
    return BuiltSystem(folder, BOARDS[manifest["board"]], manifest, fresh=False)


def _find_built(folder: Path, key: str) -> dict[str, Any] | None:
    inputs, manifest = folder / INPUTS_FILE, folder / MANIFEST_FILE
    if not inputs.is_file() or inputs.read_text().strip() != key or not (folder / IMAGE_FILE).is_file():
        return None
    found: dict[str, Any] = json.loads(manifest.read_text())
    return found


def inputs_key(plan: Plan) -> str:
    """A name for everything an image is made from: sources, tools, parameters, contents of files."""
    digest = hashlib.sha256()
    for path in _source_files(plan):
        digest.update(f"{path}\0".encode())
        digest.update(path.read_bytes())
    for component in plan.components:
        described = (component.name, component.fault_handler, component.fault_badge, component.capabilities)
        placed = (component.domain.core, component.domain.ceiling, component.time, component.slot_count)
        told = (sorted(component.parameters.items()), component.domain.stack_bytes)
        digest.update(repr((described, placed, told)).encode())
        for load in component.loads:
            told = (sorted(load.image.parameters.items()), load.image.stack_bytes)
            digest.update(repr((load.program, load.image.source, told)).encode())
        for mapping in component.mappings:
            digest.update(repr((mapping.name, mapping.virtual, mapping.access, mapping.extent.name)).encode())
    digest.update(repr(describe_authority(plan)["isolation"]).encode())
    digest.update(records_digest().encode())
    digest.update(repr((plan.system.cores, plan.windows, plan.first_windows, plan.next_index)).encode())
    for extent in plan.extents:
        digest.update(repr((extent.name, extent.kind, extent.size_bytes, extent.physical, extent.dma)).encode())
        digest.update(extent.content)
    return digest.hexdigest()


def _source_files(plan: Plan) -> Iterator[Path]:
    for folder in COMPILED_FOLDERS:
        yield from sorted(path for pattern in SOURCE_PATTERNS for path in (PACKAGE_FOLDER / folder).rglob(pattern))
    described: list[ProtectionDomain | ComponentImage] = []
    described += [*plan.system.domains, *(load.image for part in plan.components for load in part.loads)]
    beside = {path.parent for part in described if (path := find_source(part)) is not None}
    for component_folder in sorted(beside):
        if not component_folder.is_relative_to(PACKAGE_FOLDER):
            yield from sorted(path for pattern in SOURCE_PATTERNS for path in component_folder.glob(pattern))
