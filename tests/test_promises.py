"""The numbers that Keelback promises, each counted or measured anew."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

from keelback.lang.assembly import function_notes
from keelback.reports.code_lines import count_file
from keelback.sdk.build import build_system
from tests.boot.support import ROOT, bare_guest, running, vault_system

SOURCES = ROOT / "src"
KERNEL = SOURCES / "keelback" / "kernel"

KERNEL_LINES_MOST = 4_000
ASSEMBLY_LINES_MOST = 300
IMAGE_BYTES_MOST = 1 << 20
BOOT_SECONDS_MOST = 1.0
KERNEL_FILE_BYTES = 27 << 20
"""As long as Debian's kernel, so that loading the guest counts."""


def kernel_modules() -> list[str]:
    files = sorted(KERNEL.rglob("*.py"))
    names = [".".join(path.relative_to(SOURCES).with_suffix("").parts) for path in files]
    return [name.removesuffix(".__init__") for name in names]


def assembly_lines(module_name: str) -> Iterator[tuple[str, str]]:
    """Function and line, for every line of assembly that a module's own functions bring along."""
    module = importlib.import_module(module_name)
    for name, function in vars(module).items():
        if inspect.isfunction(function) and function.__module__ == module_name:
            notes = function_notes(function)
            templates = [part.template for part in (notes.assembly, notes.naked) if part is not None]
            lines = [line.split("//")[0].strip() for template in templates for line in template.splitlines()]
            yield from ((f"{module_name}.{name}", line) for line in lines if line)


def test_the_kernel_is_small() -> None:
    lines = {path: count_file(path) for path in KERNEL.rglob("*.py")}
    assert 1_000 < sum(lines.values()) < KERNEL_LINES_MOST


def test_the_kernel_has_little_assembly() -> None:
    lines = [line for module in kernel_modules() for line in assembly_lines(module)]
    assert any(line.startswith("eret") for _, line in lines), "the counter does not see the exception return"
    assert len(lines) < ASSEMBLY_LINES_MOST


def test_the_image_without_the_guests_files_is_small(tmp_path: Path) -> None:
    guest = bare_guest("clock", "0", tmp_path / "guest")
    system = vault_system("small", kernel=guest, initrd=None, ram="8 MiB")
    built = build_system(system, tmp_path / "build")
    assert built.image.stat().st_size - guest.stat().st_size < IMAGE_BYTES_MOST


@pytest.mark.boot
def test_a_guest_starts_within_a_second_of_machine_time(tmp_path: Path) -> None:
    guest = bare_guest("clock", "0", tmp_path / "guest", pad_to_bytes=KERNEL_FILE_BYTES)
    system = vault_system("clock", kernel=guest, initrd=None, ram="512 MiB")
    with running(system, tmp_path / "build", counted=True) as scene:
        found = scene.machine.expect(r"guest: started at tick ([0-9a-f]+) of ([0-9a-f]+) a second\n", limit_s=60)
    ticks, frequency = (int(text, 16) for text in found.groups())
    assert 0 < ticks / frequency < BOOT_SECONDS_MOST
