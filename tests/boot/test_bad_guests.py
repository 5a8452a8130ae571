"""Guests that do what no guest should. Each is reported in one line and stopped; everybody else goes on.

The guests have no operating system, so that nothing stands between the misdeed and the monitor.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from examples.vault.demo import STEP_LIMIT_S, Scene
from tests.boot.support import bare_guest, running, vault_system

pytestmark = pytest.mark.boot

STOPPED = [
    ("misbehave", "READ_UNMAPPED", r"guest read from unmapped address 0x0*2000000000\b"),
    ("misbehave", "WRITE_UNMAPPED", r"guest wrote to unmapped address 0x0*2000000000\b"),
    ("misbehave", "JUMP_NOWHERE", r"guest jumped to unmapped address 0x0*2000000000\b"),
    ("misbehave", "UNDEFINED_WITHOUT_VECTORS", r"guest jumped to unmapped address 0x0*200\b"),
    ("misbehave", "PAIR_FROM_DEVICE", r"guest used an instruction that cannot be emulated on address 0x0*9000000\b"),
    ("virtqueue", "LOOP", r"a descriptor chain without end"),
    ("virtqueue", "WILD_BUFFER", r"a buffer outside RAM"),
    ("virtqueue", "ABSURD_LENGTH", r"a buffer outside RAM"),
    ("virtqueue", "LENGTH_WRAPS", r"a buffer outside RAM"),
    ("virtqueue", "WILD_NEXT", r"an index outside the descriptor table"),
    ("virtqueue", "WILD_HEAD", r"an index outside the descriptor table"),
    ("virtqueue", "AVAILABLE_AHEAD", r"more buffers available than the queue holds"),
    ("virtqueue", "RINGS_OUTSIDE_RAM", r"the queue is not aligned or not in RAM"),
    ("virtqueue", "RINGS_AT_RAM_END", r"the queue is not aligned or not in RAM"),
    ("virtqueue", "ABSURD_QUEUE_SIZE", r"a queue size that is not allowed"),
    ("virtqueue", "INDIRECT_NESTED", r"an indirect table that is not allowed"),
    ("virtqueue", "INDIRECT_WILD", r"an indirect table that is not allowed"),
    ("virtqueue", "INDIRECT_LOOP", r"a descriptor chain without end"),
]


def assert_vault_signs(scene: Scene, text: str) -> None:
    """The clerk gets a right signature now."""
    if scene.focus != "clerk":
        scene.look_at("clerk")
    scene.clerk_signs(text)


@pytest.mark.parametrize(("source", "misdeed", "report"), STOPPED)
def test_it_is_reported_and_stopped(source: str, misdeed: str, report: str, tmp_path: Path) -> None:
    image = bare_guest(source, misdeed, tmp_path / "guest")
    system = vault_system("bad", kernel=image, initrd=None, ram="8 MiB", on_crash="stop")
    with running(system, tmp_path / "build") as scene:
        scene.greeting_signed()
        scene.machine.expect(rf"^linux-vmm +\| .*{report}.*; stopped\n", limit_s=STEP_LIMIT_S)
        assert_vault_signs(scene, f"after {misdeed}")
        assert "guest: done" not in scene.machine.transcript


def test_it_is_restarted_as_often_as_the_description_says(tmp_path: Path) -> None:
    image = bare_guest("misbehave", "READ_UNMAPPED", tmp_path / "guest")
    system = vault_system("again", kernel=image, initrd=None, ram="8 MiB", on_crash="restart")
    with running(system, tmp_path / "build") as scene:
        for count in (1, 2, 3):
            scene.machine.expect(rf"; restarting it \({count} of 3\)\n", limit_s=STEP_LIMIT_S)
        scene.machine.expect(r"; stopped: it was restarted 3 times\n", limit_s=STEP_LIMIT_S)
        assert_vault_signs(scene, "after three restarts")
        assert scene.machine.transcript.count("guest: here I go") == 4


def test_an_unknown_psci_call_is_refused_and_reported(tmp_path: Path) -> None:
    image = bare_guest("misbehave", "CALL_UNKNOWN_PSCI", tmp_path / "guest")
    with running(vault_system("psci", kernel=image, initrd=None, ram="8 MiB"), tmp_path / "build") as scene:
        scene.machine.expect(r"guest made unimplemented PSCI call 0x0*8400001f\n", limit_s=STEP_LIMIT_S)
        scene.machine.expect(r"guest: psci says ffffffffffffffff\n", limit_s=STEP_LIMIT_S)
        scene.machine.expect(r"guest: done\n", limit_s=STEP_LIMIT_S)
        assert_vault_signs(scene, "after an unknown call")


@pytest.mark.parametrize("misdeed", ["CALL_UNKNOWN_SMC", "TOUCH_REGISTERS"])
def test_what_is_harmless_lets_the_guest_go_on(misdeed: str, tmp_path: Path) -> None:
    image = bare_guest("misbehave", misdeed, tmp_path / "guest")
    with running(vault_system("harmless", kernel=image, initrd=None, ram="8 MiB"), tmp_path / "build") as scene:
        scene.machine.expect(r"guest: still here after (smc|registers)\n", limit_s=STEP_LIMIT_S)
        assert_vault_signs(scene, "after something harmless")


def test_a_flood_on_the_console_silences_nobody(tmp_path: Path) -> None:
    image = bare_guest("misbehave", "FLOOD_CONSOLE", tmp_path / "guest")
    with running(vault_system("flood", kernel=image, initrd=None, ram="8 MiB"), tmp_path / "build") as scene:
        for _ in range(200):
            scene.machine.expect(r"and another line of no use", limit_s=STEP_LIMIT_S)
        assert_vault_signs(scene, "in the flood")
        scene.machine.expect(r"and another line of no use", limit_s=STEP_LIMIT_S)
        assert_vault_signs(scene, "and still")


def test_a_lawful_queue_is_served(tmp_path: Path) -> None:
    """The lying driver without its lie: what the tests above see is the lie's effect, not the driver's."""
    image = bare_guest("virtqueue", "WELL_BEHAVED", tmp_path / "guest")
    with running(vault_system("lawful", kernel=image, initrd=None, ram="8 MiB"), tmp_path / "build") as scene:
        scene.machine.expect(r"guest: hello through the queue\n", limit_s=STEP_LIMIT_S)
        scene.machine.expect(r"guest: notified\n", limit_s=STEP_LIMIT_S)
        assert_vault_signs(scene, "after a lawful queue")
