"""Debian on a processor core of its own, beside a vault on another."""

from __future__ import annotations

from pathlib import Path

import pytest

from keelback.sdk import ProtectionDomain, System, VirtualMachine
from keelback.sdk.guest import debian_initrd, debian_kernel, guest_program
from tests.boot.support import KEY_HEX, VAULT, running


@pytest.mark.boot
@pytest.mark.slow
def test_linux_on_another_core_gets_a_signature(tmp_path: Path) -> None:
    system = System(board="qemu-virt-aarch64", name="apart", cores=3)
    system.add_console()
    vault = system.add(
        ProtectionDomain(
            "vault", source=VAULT / "vault.py", priority=200, parameters={"key_hex": KEY_HEX}, private=True
        )
    )
    clerk = system.add(ProtectionDomain("clerk", source=VAULT / "clerk.py", priority=100, keyboard=True, core=2))
    linux = system.add(
        VirtualMachine(
            "linux",
            kernel=debian_kernel(),
            initrd=debian_initrd(programs=[guest_program(VAULT / "guest" / "sign.c")]),
            ram="512 MiB",
            priority=50,
            bootargs="console=ttyAMA0 panic=5",
            core=1,
        )
    )
    system.connect(linux, vault, name="vault", buffer="4 KiB", port="vault")
    system.connect(clerk, vault, name="vault", buffer="4 KiB")
    with running(system, tmp_path) as scene:
        scene.await_shell()
        scene.guest_signs("signed from another core")
