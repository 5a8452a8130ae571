"""The initial RAM disk: what is in it, that it repeats, and that its script is one a shell accepts."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest

from keelback.sdk.guest.debian import DebianFiles
from keelback.sdk.guest.initrd import INIT_SCRIPT, build_initrd
from tests.sdk.guest.test_cpio import read_archive
from tests.sdk.guest.test_modules import module_bytes


@pytest.fixture
def files(tmp_path: Path) -> DebianFiles:
    """A release with one module and a busybox, of a few bytes each."""
    modules = tmp_path / "modules"
    modules.mkdir()
    (modules / "modules.builtin").write_text("kernel/drivers/virtio/virtio_console.ko\n")
    (modules / "virtio_mmio.ko").write_bytes(module_bytes(""))
    (tmp_path / "busybox").write_bytes(b"busybox itself")
    (tmp_path / "sign").write_bytes(b"a program")
    return DebianFiles("test", "6.0", tmp_path / "Image", modules, tmp_path / "busybox")


def test_the_archive_has_all_that_init_uses(files: DebianFiles, tmp_path: Path) -> None:
    archive = build_initrd(files, (tmp_path / "sign",), ("virtio_mmio", "virtio_console"), 0)
    entries = {entry.name: entry for entry in read_archive(archive)}
    assert entries["init"].data == INIT_SCRIPT.read_bytes()
    assert entries["init"].mode & 0o111
    assert entries["bin/busybox"].data == b"busybox itself"
    assert entries["bin/sign"].data == b"a program"
    assert entries["bin/sign"].mode & 0o111
    assert entries["lib/modules/order"].data == b"virtio_mmio\n"
    assert entries["lib/modules/virtio_mmio.ko"].data == module_bytes("")
    assert "dev/console" in entries


def test_the_same_contents_give_the_same_bytes(files: DebianFiles) -> None:
    assert build_initrd(files, (), ("virtio_mmio",), 0) == build_initrd(files, (), ("virtio_mmio",), 0)


def test_padding_can_be_verified_in_the_guest(files: DebianFiles) -> None:
    archive = build_initrd(files, (), ("virtio_mmio",), 1 << 20)
    entries = {entry.name: entry for entry in read_archive(archive)}
    assert 0 <= len(archive) - (1 << 20) < 1024
    digest, name = entries["padding.sha256"].data.decode().split()
    assert name == "/padding.bin"
    assert digest == hashlib.sha256(entries["padding.bin"].data).hexdigest()


def test_the_init_script_is_a_shell_script() -> None:
    done = subprocess.run(["sh", "-n", INIT_SCRIPT], capture_output=True, text=True, check=False)
    assert done.stderr == ""
