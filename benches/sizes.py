"""Sizes: the kernel's code lines and assembly lines, an image's bytes without its guest's files.

Code lines are lines with code: no blank lines, comments, docstrings. Assembly is what the decorators `@asm` and
`@naked` hold, after the build has filled it in. Holds nothing to a limit: tests/test_promises.py does.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from keelback.lang.assembly import function_notes
from keelback.reports.code_lines import count_file

SOURCE_FOLDER = Path(__file__).resolve().parents[1] / "src"
KERNEL_FOLDERS = ("kernel", "abi")


def kernel_sources() -> list[Path]:
    """Every file the kernel is made from: its own and what it shares with components."""
    folders = [SOURCE_FOLDER / "keelback" / name for name in KERNEL_FOLDERS]
    return [path for folder in folders for path in sorted(folder.rglob("*.py"))]


def kernel_code_lines() -> int:
    """Code lines of the kernel, assembly included."""
    return sum(count_file(path) for path in kernel_sources())


def kernel_assembly_lines() -> int:
    """Instructions and directives in the kernel's assembly templates, one a line."""
    modules = [_import(path) for path in kernel_sources()]
    return sum(count_assembly(template) for module in modules for template in _templates(module))


def count_assembly(template: str) -> int:
    """Lines of a template that hold something other than a comment; `;` separates like a line end."""
    lines = (line.strip() for line in template.replace(";", "\n").splitlines())
    return sum(bool(line) and not line.startswith("//") for line in lines)


def _import(path: Path) -> ModuleType:
    name = ".".join(path.relative_to(SOURCE_FOLDER).with_suffix("").parts)
    return importlib.import_module(name.removesuffix(".__init__"))


def _templates(module: ModuleType) -> Iterator[str]:
    for value in vars(module).values():
        if callable(value) and getattr(value, "__module__", None) == module.__name__:
            notes = function_notes(value)
            held = notes.assembly or notes.naked
            if held is not None:
                yield held.template


def image_bytes_without_files(manifest: Mapping[str, Any]) -> int:
    """Bytes of a built image without the files in it: a guest's kernel and initial RAM disk."""
    files = sum(int(extent["size_bytes"]) for extent in manifest["memory"] if extent["kind"] == "file")
    return int(manifest["image"]["size_bytes"]) - files
