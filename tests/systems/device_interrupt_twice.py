"""interrupt 34 is used twice, by `pl031` and `mailbox`

an interrupt goes to one domain
"""

from keelback.sdk import Device, ProtectionDomain, System

system = System()
vault = system.add(ProtectionDomain("vault", source="component.py", priority=2))
clerk = system.add(ProtectionDomain("clerk", source="component.py", priority=1))
system.use("pl031", clerk)
system.use(Device("mailbox", 0xA00_0000, 0x1000, interrupt=34), vault)  # refused
