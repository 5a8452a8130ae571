"""device `mailbox` at 0x40000000 lies in the RAM (from 0x40000000)

memory is described by MemoryRegion
"""

from keelback.sdk import Device, ProtectionDomain, System

system = System()
vault = system.add(ProtectionDomain("vault", source="component.py", priority=2))
clerk = system.add(ProtectionDomain("clerk", source="component.py", priority=1))
system.use(Device("mailbox", 0x4000_0000, 0x1000), vault)  # refused
