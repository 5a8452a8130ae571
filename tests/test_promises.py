"""The numbers that Keelback promises, each counted or measured anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from benches.sizes import image_bytes_without_files, kernel_assembly_lines, kernel_code_lines
from keelback.sdk.build import build_system
from tests.boot.support import bare_guest, running, vault_system

KERNEL_LINES_MOST = 5_500  # docs/decisions/kernel-size.md
ASSEMBLY_LINES_MOST = 350
IMAGE_BYTES_MOST = 1 << 20
BOOT_SECONDS_MOST = 1.0
KERNEL_FILE_BYTES = 27 << 20
"""As long as Debian's kernel, so that loading the guest counts."""

# Each count is held from below too: one that finds nothing would stay under any limit.


def test_the_kernel_is_small() -> None:
    assert 2_000 < kernel_code_lines() < KERNEL_LINES_MOST


def test_the_kernel_has_little_assembly() -> None:
    assert 100 < kernel_assembly_lines() < ASSEMBLY_LINES_MOST


def test_the_image_without_the_guests_files_is_small(tmp_path: Path) -> None:
    guest = bare_guest("clock", "0", tmp_path / "guest")
    built = build_system(vault_system("small", kernel=guest, initrd=None, ram="8 MiB"), tmp_path / "build")
    assert 100_000 < image_bytes_without_files(built.manifest) < IMAGE_BYTES_MOST


@pytest.mark.boot
def test_a_guest_starts_within_a_second_of_machine_time(tmp_path: Path) -> None:
    guest = bare_guest("clock", "0", tmp_path / "guest", pad_to_bytes=KERNEL_FILE_BYTES)
    system = vault_system("clock", kernel=guest, initrd=None, ram="512 MiB")
    with running(system, tmp_path / "build", counted=True) as scene:
        found = scene.machine.expect(r"guest: started at tick ([0-9a-f]+) of ([0-9a-f]+) a second\n", limit_s=60)
    ticks, frequency = (int(text, 16) for text in found.groups())
    assert 0 < ticks / frequency < BOOT_SECONDS_MOST
