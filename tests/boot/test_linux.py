"""Debian's kernels as guests: both releases, small and large memory, a big initial RAM disk, what a user does there."""

from __future__ import annotations

from pathlib import Path

import pytest

from examples.vault.demo import BOOT_LIMIT_S, STEP_LIMIT_S, Scene, Steps, Transcript, play
from keelback.sdk.guest import debian_initrd, debian_kernel, guest_program
from tests.boot.support import VAULT, running, vault_system

pytestmark = [pytest.mark.boot, pytest.mark.slow]

SIGN = VAULT / "guest" / "sign.c"


def assert_linux_signs(scene: Scene) -> None:
    """Linux boots to its shell and gets a right signature."""
    scene.await_shell()
    scene.guest_signs("signed in a test")


@pytest.mark.parametrize("release", ["bookworm", "trixie"])
def test_the_scenario_of_the_demonstration(release: str, tmp_path: Path) -> None:
    system = vault_system(
        f"scenario_{release}",
        kernel=debian_kernel(release),
        initrd=debian_initrd(release, programs=[guest_program(SIGN)]),
        ram="512 MiB",
    )
    with running(system, tmp_path) as scene:
        play(scene, Steps(), Transcript(scene.machine))


@pytest.mark.parametrize(
    ("ram", "least_kib", "most_kib"), [("128 MiB", 80_000, 131_072), ("2 GiB", 1_900_000, 2_097_152)]
)
def test_little_and_much_memory(ram: str, least_kib: int, most_kib: int, tmp_path: Path) -> None:
    initrd = debian_initrd(programs=[guest_program(SIGN)])
    with running(vault_system("memory", kernel=debian_kernel(), initrd=initrd, ram=ram), tmp_path) as scene:
        assert_linux_signs(scene)
        total = scene.run_in_guest("grep MemTotal /proc/meminfo", r"MemTotal: +\d+ kB").split()[1]
        assert least_kib <= int(total) <= most_kib


def test_a_big_initial_ram_disk_arrives_whole(tmp_path: Path) -> None:
    initrd = debian_initrd(programs=[guest_program(SIGN)], pad_to_mebibytes=50)
    assert initrd.stat().st_size >= 50 << 20
    with running(vault_system("big", kernel=debian_kernel(), initrd=initrd, ram="512 MiB"), tmp_path) as scene:
        scene.await_shell()
        scene.run_in_guest("sha256sum -c /padding.sha256", r"/padding\.bin: OK", limit_s=BOOT_LIMIT_S)
        scene.guest_signs("beside a big file")


def test_what_a_user_finds_in_the_guest(tmp_path: Path) -> None:
    initrd = debian_initrd(programs=[guest_program(SIGN)])
    with running(vault_system("user", kernel=debian_kernel(), initrd=initrd, ram="256 MiB"), tmp_path) as scene:
        assert_linux_signs(scene)
        scene.run_in_guest("cat /sys/class/misc/hw_random/rng_current", r"virtio_rng\.0")
        scene.run_in_guest("dd if=/dev/hwrng bs=64 count=4 2>/dev/null | wc -c", r"256")
        scene.run_in_guest("dmesg | grep -c 'crng init done'", r"1")
        scene.run_in_guest("date +%s > /tmp/a; sleep 2; echo $(($(date +%s) - $(cat /tmp/a)))", r"[23]")
        scene.run_in_guest("sign ''", r"[0-9a-f]{64}")
        scene.run_in_guest("sign $(yes | head -c 4000 | tr '\\n' y) | wc -c", r"65")
        scene.machine.send("poweroff -f\n")
        scene.machine.expect(r"^linux-vmm +\| guest powered off\n", limit_s=STEP_LIMIT_S)
        scene.look_at("clerk")
        scene.clerk_signs("Linux is off")


def test_linux_touching_an_unmapped_address_costs_only_itself(tmp_path: Path) -> None:
    initrd = debian_initrd(programs=[guest_program(SIGN)])
    with running(vault_system("devmem", kernel=debian_kernel(), initrd=initrd, ram="256 MiB"), tmp_path) as scene:
        scene.await_shell()
        scene.machine.send("devmem 0x70000000\n")
        scene.machine.expect(r"guest read from unmapped address 0x0*70000000\b.*restarting it", limit_s=STEP_LIMIT_S)
        assert_linux_signs(scene)
