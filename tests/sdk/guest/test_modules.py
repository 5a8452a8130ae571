"""Module dependencies, on modules assembled by hand in the shape that Debian ships."""

from __future__ import annotations

import lzma
import struct
from pathlib import Path

import pytest

from keelback.sdk.guest.modules import ModuleError, module_name, read_module, resolve_modules

ELF_HEADER_BYTES = 64
SECTION_HEADER_BYTES = 64


def module_bytes(depends: str) -> bytes:
    """The smallest ELF object with a `.modinfo` section: header, two section contents, three section headers."""
    modinfo = b"license=GPL\0" + f"depends={depends}".encode() + b"\0"
    names = b"\0.modinfo\0.shstrtab\0"
    names_at = ELF_HEADER_BYTES + len(modinfo)
    headers_at = names_at + len(names)
    identification = b"\x7fELF\x02\x01\x01" + bytes(9)
    elf = identification + struct.pack(
        "<HHIQQQIHHHHHH", 1, 183, 1, 0, 0, headers_at, 0, ELF_HEADER_BYTES, 0, 0, SECTION_HEADER_BYTES, 3, 2
    )

    def section(name: int, kind: int, offset: int, size: int) -> bytes:
        return struct.pack("<IIQQQQIIQQ", name, kind, 0, 0, offset, size, 0, 0, 1, 0)

    headers = section(0, 0, 0, 0) + section(1, 1, ELF_HEADER_BYTES, len(modinfo)) + section(10, 3, names_at, len(names))
    return elf + modinfo + names + headers


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A kernel's module folder: virtio_console needs virtio_ring and virtio, virtio_ring needs virtio."""
    drivers = tmp_path / "kernel" / "drivers"
    drivers.mkdir(parents=True)
    (tmp_path / "modules.builtin").write_text("kernel/drivers/char/hw_random/rng-core.ko\n")
    (drivers / "virtio.ko").write_bytes(module_bytes(""))
    (drivers / "virtio_ring.ko").write_bytes(module_bytes("virtio"))
    (drivers / "virtio_console.ko.xz").write_bytes(lzma.compress(module_bytes("virtio_ring,virtio")))
    (drivers / "virtio-rng.ko").write_bytes(module_bytes("virtio,rng-core"))
    return tmp_path


def test_each_module_comes_after_what_it_needs(folder: Path) -> None:
    modules = resolve_modules(folder, ("virtio_console", "virtio_rng"))
    assert [module.name for module in modules] == ["virtio", "virtio_ring", "virtio_console", "virtio_rng"]
    assert all(module.data.startswith(b"\x7fELF") for module in modules)


def test_what_is_built_in_is_not_loaded(folder: Path) -> None:
    assert resolve_modules(folder, ("rng_core",)) == []


def test_a_missing_module_is_named(folder: Path) -> None:
    with pytest.raises(ModuleError, match="has no module 'virtio_gpu'"):
        resolve_modules(folder, ("virtio_gpu",))


def test_a_circle_is_shown(folder: Path) -> None:
    (folder / "kernel" / "drivers" / "virtio.ko").write_bytes(module_bytes("virtio_ring"))
    with pytest.raises(ModuleError, match="virtio -> virtio_ring -> virtio"):
        resolve_modules(folder, ("virtio",))


def test_a_file_that_is_no_module_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "broken.ko"
    path.write_bytes(b"not an object")
    with pytest.raises(ModuleError, match=r"broken\.ko: not a kernel module"):
        read_module(path)


def test_hyphens_and_underscores_are_one_name() -> None:
    assert module_name("virtio-rng.ko.xz") == "virtio_rng"
