"""memory region `ledger` at 0xa000010 is misaligned

physical addresses are multiples of 4 KiB
"""

from keelback.sdk import MemoryRegion, ProtectionDomain, System

system = System()
vault = system.add(ProtectionDomain("vault", source="component.py", priority=2))
system.add(MemoryRegion("ledger", size="4 KiB", physical=0xA00_0010))  # refused
