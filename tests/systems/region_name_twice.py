"""two memory regions are named `ledger`; the other is at line 10

give one of them another name
"""

from keelback.sdk import MemoryRegion, ProtectionDomain, System

system = System()
vault = system.add(ProtectionDomain("vault", source="component.py", priority=2))
system.add(MemoryRegion("ledger", size="4 KiB"))
system.add(MemoryRegion("ledger", size="4 KiB"))  # refused
