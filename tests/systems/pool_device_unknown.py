"""the board qemu-virt-aarch64 has no device `tape` to give away

it has pl011, pl031, pl061
"""

from keelback.sdk import Pool, ProtectionDomain, System

system = System()
system.add(ProtectionDomain("vault", source="component.py", priority=2, pool=Pool(devices=["tape"])))  # refused
