"""memory regions `ledger` and `journal` overlap at 0xa001000

map one region into both domains to share it
"""

from keelback.sdk import MemoryRegion, ProtectionDomain, System

system = System()
vault = system.add(ProtectionDomain("vault", source="component.py", priority=2))
system.add(MemoryRegion("ledger", size="8 KiB", physical=0xA00_0000))
system.add(MemoryRegion("journal", size="8 KiB", physical=0xA00_1000))  # refused
