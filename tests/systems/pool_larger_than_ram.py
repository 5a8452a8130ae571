"""the frames of `vault`'s pool are 400 GiB

qemu-virt-aarch64 has 255 GiB at most
"""

from keelback.sdk import Pool, ProtectionDomain, System

system = System()
system.add(ProtectionDomain("vault", source="component.py", priority=2, pool=Pool(large_frames=200 << 10)))  # refused
