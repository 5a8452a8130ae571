"""Find which kernel modules a guest has to load, and in which order.

A Debian kernel package has no `modules.dep` (depmod writes it when the package is installed), so the dependencies are
read from where depmod gets them: the `.modinfo` section of each module. Does not resolve symbols or versions.
"""

from __future__ import annotations

import io
import lzma
from dataclasses import dataclass
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

_SUFFIXES = (".ko", ".ko.xz")


class ModuleError(Exception):
    """A module that the guest needs is missing or unreadable."""


@dataclass(frozen=True)
class Module:
    """One kernel module, decompressed."""

    name: str
    data: bytes
    depends: tuple[str, ...]


def module_name(file_name: str) -> str:
    """The name the kernel knows a module file by: `virtio-rng.ko.xz` is `virtio_rng`."""
    return file_name.split(".")[0].replace("-", "_")


def builtin_modules(module_folder: Path) -> set[str]:
    """Names of the drivers that are part of the kernel itself."""
    lines = (module_folder / "modules.builtin").read_text().splitlines()
    return {module_name(Path(line).name) for line in lines}


def resolve_modules(module_folder: Path, wanted: tuple[str, ...]) -> list[Module]:
    """The wanted modules and all they depend on, each after what it needs. Raises ModuleError."""
    builtin = builtin_modules(module_folder)
    files = {module_name(path.name): path for path in module_folder.rglob("*") if path.name.endswith(_SUFFIXES)}
    ordered: dict[str, Module] = {}
    in_progress: list[str] = []

    def visit(name: str) -> None:
        if name in builtin or name in ordered:
            return
        if name not in files:
            raise ModuleError(f"kernel {module_folder.name} has no module {name!r}, neither built in nor as a file")
        if name in in_progress:
            raise ModuleError(f"modules depend on each other: {' -> '.join([*in_progress, name])}")
        in_progress.append(name)
        module = read_module(files[name])
        for dependency in module.depends:
            visit(dependency)
        in_progress.pop()
        ordered[name] = module

    for name in wanted:
        visit(name)
    return list(ordered.values())


def read_module(path: Path) -> Module:
    """Decompress a module file and read its dependencies. Raises ModuleError."""
    try:
        data = lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()
        section = ELFFile(io.BytesIO(data)).get_section_by_name(".modinfo")
    except (ELFError, lzma.LZMAError) as broken:
        raise ModuleError(f"{path}: not a kernel module: {broken}") from broken
    if section is None:
        raise ModuleError(f"{path}: has no .modinfo section")
    entries = [entry.partition(b"=") for entry in bytes(section.data()).split(b"\0")]
    listed = [value.decode() for key, _, value in entries if key == b"depends"]
    depends = tuple(module_name(name) for text in listed for name in text.split(",") if name)
    return Module(name=module_name(path.name), data=data, depends=depends)
