"""device `mailbox` has interrupt 400, which the board does not have

shared interrupts are 32 to 287
"""

from keelback.sdk import Device, ProtectionDomain, System

system = System()
vault = system.add(ProtectionDomain("vault", source="component.py", priority=2))
clerk = system.add(ProtectionDomain("clerk", source="component.py", priority=1))
system.use(Device("mailbox", 0xA00_0000, 0x1000, interrupt=400), vault)  # refused
