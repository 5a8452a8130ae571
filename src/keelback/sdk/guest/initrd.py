"""Build the initial RAM disk of a guest: busybox, the modules its devices need, programs, an init that ends in a shell.

The archive is kept in the cache under a name made from everything that is in it. Does not fetch anything itself.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable
from pathlib import Path

from keelback.sdk.guest.cache import guest_cache, write_whole
from keelback.sdk.guest.cpio import Archive
from keelback.sdk.guest.debian import DebianFiles, debian_files
from keelback.sdk.guest.modules import resolve_modules

VIRTIO_MODULES = ("virtio_mmio", "virtio_console", "virtio_rng")
INIT_SCRIPT = Path(__file__).with_name("init.sh")
PADDING_FILE = "padding.bin"
_CONSOLE_MAJOR_MINOR = (5, 1)
_MEBIBYTE = 1 << 20


def debian_initrd(
    release: str = "bookworm",
    *,
    programs: Iterable[Path] = (),
    modules: tuple[str, ...] = VIRTIO_MODULES,
    pad_to_mebibytes: int = 0,
) -> Path:
    """The initial RAM disk for a release's kernel, as a file in the cache.

    `programs` are static arm64 executables, put into /bin under their own names. `pad_to_mebibytes` adds a file
    `/padding.bin` of bytes that do not repeat, with its SHA-256 in `/padding.sha256`, until the archive has that size.
    Raises GuestFilesError, ModuleError.
    """
    archive = build_initrd(debian_files(release), tuple(programs), modules, pad_to_mebibytes * _MEBIBYTE)
    path = guest_cache() / "initrd" / f"{release}-{hashlib.sha256(archive).hexdigest()[:16]}.cpio"
    if not path.exists():
        write_whole(path, archive)
    return path


def build_initrd(files: DebianFiles, programs: tuple[Path, ...], modules: tuple[str, ...], pad_to_bytes: int) -> bytes:
    """The archive's bytes; the same arguments give the same bytes."""
    archive = Archive()
    for folder in ("bin", "dev", "proc", "sys", "tmp", "root", "lib/modules"):
        archive.add_folder(folder)
    archive.add_character_device("dev/console", *_CONSOLE_MAJOR_MINOR)
    archive.add_file("init", INIT_SCRIPT.read_bytes(), mode=0o755)
    archive.add_file("bin/busybox", files.busybox.read_bytes(), mode=0o755)
    archive.add_link("bin/sh", "busybox")
    ordered = resolve_modules(files.module_folder, modules)
    for module in ordered:
        archive.add_file(f"lib/modules/{module.name}.ko", module.data)
    archive.add_file("lib/modules/order", "".join(f"{module.name}\n" for module in ordered).encode())
    for program in programs:
        archive.add_file(f"bin/{program.name}", program.read_bytes(), mode=0o755)
    _add_padding(archive, pad_to_bytes)
    return archive.to_bytes()


def _add_padding(archive: Archive, pad_to_bytes: int) -> None:
    missing = pad_to_bytes - len(archive.to_bytes())
    if missing <= 0:
        return
    data = random.Random(missing).randbytes(missing)
    archive.add_file(PADDING_FILE, data)
    archive.add_file("padding.sha256", f"{hashlib.sha256(data).hexdigest()}  /{PADDING_FILE}\n".encode())
