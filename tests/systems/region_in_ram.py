"""memory region `ledger` at 0x50000000 lies in the RAM

leave out physical= and let the builder place it
"""

from keelback.sdk import MemoryRegion, ProtectionDomain, System

system = System()
vault = system.add(ProtectionDomain("vault", source="component.py", priority=2))
system.add(MemoryRegion("ledger", size="4 KiB", physical=0x5000_0000))  # refused
