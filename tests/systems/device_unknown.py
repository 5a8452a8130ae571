"""the board qemu-virt-aarch64 has no device `tape` to give away

it has pl011, pl031, pl061
"""

from keelback.sdk import ProtectionDomain, System

system = System()
vault = system.add(ProtectionDomain("vault", source="component.py", priority=2))
clerk = system.add(ProtectionDomain("clerk", source="component.py", priority=1))
system.use("tape", vault)  # refused
