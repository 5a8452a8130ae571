"""What the tests on emulated machines share: systems of a vault, a clerk and one guest, and guests without an OS.

Every boot here is a whole machine; nothing is shared between tests but the caches.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from examples.vault.demo import Scene, booted
from keelback.compiler import compile_foreign, link
from keelback.sdk import ProtectionDomain, System, VirtualMachine
from keelback.sdk.build import build_system

ROOT = Path(__file__).resolve().parents[2]
VAULT = ROOT / "examples" / "vault"
GUESTS = Path(__file__).parent / "guests"
START = ROOT / "benches" / "guest" / "start.S"  # the first instructions, the same for every guest without an OS
KEY_HEX = "c41f0be7d2835a96104ee78b32dd59f7a0661c94fb237de58139caf01b2e4d87"

IMAGE_BYTES = 1 << 20
BARE_RAM_BYTES = 8 << 20
BARE_LOAD_ADDRESS = 0x4020_0000
_FLAGS = (
    "-mstrict-align",
    "-Wall",
    "-Wextra",
    "-Werror",
    f"-DIMAGE_BYTES={IMAGE_BYTES}",
    f"-DRAM_BYTES={BARE_RAM_BYTES}",
)


def vault_system(
    name: str,
    *,
    kernel: Path,
    initrd: Path | None,
    ram: str,
    on_crash: Literal["stop", "restart"] = "restart",
    bootargs: str = "console=ttyAMA0 panic=5",
) -> System:
    """The system of the example, with another guest."""
    system = System(board="qemu-virt-aarch64", name=name)
    system.add_console()
    vault = system.add(
        ProtectionDomain(
            "vault", source=VAULT / "vault.py", priority=200, parameters={"key_hex": KEY_HEX}, private=True
        )
    )
    clerk = system.add(ProtectionDomain("clerk", source=VAULT / "clerk.py", priority=100, keyboard=True))
    linux = system.add(
        VirtualMachine(
            "linux", kernel=kernel, initrd=initrd, ram=ram, priority=50, on_crash=on_crash, bootargs=bootargs
        )
    )
    system.connect(linux, vault, name="vault", buffer="4 KiB", port="vault")
    system.connect(clerk, vault, name="vault", buffer="4 KiB")
    return system


@contextmanager
def running(system: System, folder: Path, *, counted: bool = False, extra: tuple[str, ...] = ()) -> Generator[Scene]:
    """The system, built into `folder` and running until the block ends; what the console showed stays there."""
    built = build_system(system, folder)
    with booted(system, built, counted=counted, extra=extra) as scene:
        try:
            yield scene
        finally:
            scene.machine.save_transcript(folder / "transcript.txt")


def bare_guest(source: str, misdeed: str, folder: Path, *, pad_to_bytes: int = 0) -> Path:
    """A guest without an operating system, from `guests/SOURCE.c` with one misdeed chosen: a flat arm64 Image.

    `pad_to_bytes` makes the file as long as a real kernel, for where loading it counts.
    """
    folder.mkdir(parents=True, exist_ok=True)
    objects = [
        compile_foreign([file], folder / f"{file.name}.o", flags=[*_FLAGS, f"-DMISDEED={misdeed}"])
        for file in (START, GUESTS / f"{source}.c")
    ]
    linked = link(objects, folder / f"{source}.elf", base=BARE_LOAD_ADDRESS, entry="_start")
    end = max(segment.address + segment.memory_size for segment in linked.segments)
    flat = bytearray(end - BARE_LOAD_ADDRESS)
    for segment in linked.segments:
        start = segment.address - BARE_LOAD_ADDRESS
        flat[start : start + len(segment.data)] = segment.data
    assert len(flat) < IMAGE_BYTES // 2, "the stack would grow into the image"
    image = folder / f"{source}.image"
    image.write_bytes(flat.ljust(pad_to_bytes, b"\xa5"))
    return image
