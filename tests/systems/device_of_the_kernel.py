"""device `gic` overlaps the kernel's `gic_distributor` at 0x8000000

interrupt controllers stay with the kernel
"""

from keelback.sdk import Device, ProtectionDomain, System

system = System()
vault = system.add(ProtectionDomain("vault", source="component.py", priority=2))
clerk = system.add(ProtectionDomain("clerk", source="component.py", priority=1))
system.use(Device("gic", 0x800_0000, 0x1000), vault)  # refused
