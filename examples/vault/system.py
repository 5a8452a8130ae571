"""Debian Linux beside a vault: the guest and a small native component both have things signed by a third.

`keel run examples/vault` starts it in the terminal. Nothing here gives the guest, or the monitor that runs it, a way to
the vault's key: their only link is a channel with a page of shared memory.
"""

from pathlib import Path

from keelback.sdk import ProtectionDomain, System, VirtualMachine
from keelback.sdk.guest import debian_initrd, debian_kernel, guest_program

HERE = Path(__file__).parent

# A demonstration's key, so that anybody can check the signatures. A real one is drawn for each device.
KEY_HEX = "7e2ab4c9518f03d6e1a97c3540bb6df28812f7ce0596ad4b3fd071e4ca2893b6"

system = System(board="qemu-virt-aarch64")
console = system.add_console()

vault = system.add(
    ProtectionDomain("vault", source="vault.py", priority=200, parameters={"key_hex": KEY_HEX}, private=True)
)
clerk = system.add(ProtectionDomain("clerk", source="clerk.py", priority=100, keyboard=True))
linux = system.add(
    VirtualMachine(
        "linux",
        kernel=debian_kernel(),
        initrd=debian_initrd(programs=[guest_program(HERE / "guest" / "sign.c")]),
        ram="512 MiB",
        priority=50,
        on_crash="restart",
        bootargs="console=ttyAMA0 panic=5",
    )
)

signing = system.connect(linux, vault, name="vault", buffer="4 KiB", port="vault")
system.connect(clerk, vault, name="vault", buffer="4 KiB")

# Whatever Linux and its monitor do: they reach the vault and the clerk by that channel only, as long as the console and
# the fault monitor, with whom everybody talks, hand nothing on. A system for which this is wrong is not built.
assert system.isolates(linux, vault, through=signing, trusting=console)
assert system.isolates(linux, clerk, through=signing, trusting=console)
