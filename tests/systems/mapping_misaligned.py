"""`ledger` is mapped at 0x50000800, which is misaligned

addresses are multiples of 4 KiB
"""

from keelback.sdk import MemoryRegion, ProtectionDomain, System

system = System()
vault = system.add(ProtectionDomain("vault", source="component.py", priority=2))
ledger = system.add(MemoryRegion("ledger", size="8 KiB"))
system.map(ledger, vault, address=0x5000_0800)  # refused
