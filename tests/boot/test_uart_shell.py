"""The emulated UART as a terminal: a guest that does not use its virtio console is typed to through the PL011."""

from __future__ import annotations

from pathlib import Path

import pytest

from examples.vault.demo import STEP_LIMIT_S
from keelback.sdk.guest import debian_initrd, debian_kernel
from tests.boot.support import running, vault_system

pytestmark = [pytest.mark.boot, pytest.mark.slow]


def test_a_shell_on_the_uart(tmp_path: Path) -> None:
    system = vault_system(
        "uart",
        kernel=debian_kernel(),
        initrd=debian_initrd(),
        ram="256 MiB",
        bootargs="console=ttyAMA0 shell=ttyAMA0",
    )
    with running(system, tmp_path) as scene:
        scene.await_shell()
        scene.machine.send("echo typed $((6 * 7)) on $(tty)\n")
        scene.machine.expect(r"^linux +\| typed 42 on /dev/ttyAMA0$", limit_s=STEP_LIMIT_S)
        scene.machine.send("grep -c uart-pl011 /proc/interrupts\n")
        scene.machine.expect(r"^linux +\| 1$", limit_s=STEP_LIMIT_S)
