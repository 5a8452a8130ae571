"""device `mailbox` at 0xa000200, 0x200 bytes, is not whole pages

a page is 4 KiB; give the whole page to one domain
"""

from keelback.sdk import Device, ProtectionDomain, System

system = System()
vault = system.add(ProtectionDomain("vault", source="component.py", priority=2))
clerk = system.add(ProtectionDomain("clerk", source="component.py", priority=1))
system.use(Device("mailbox", 0xA00_0200, 0x200), vault)  # refused
