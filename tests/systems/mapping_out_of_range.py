"""`ledger` cannot be mapped at 0x200000

choose an address from 0x40000000 to 0x1000000000, or leave it out
"""

from keelback.sdk import MemoryRegion, ProtectionDomain, System

system = System()
vault = system.add(ProtectionDomain("vault", source="component.py", priority=2))
ledger = system.add(MemoryRegion("ledger", size="8 KiB"))
system.map(ledger, vault, address=0x20_0000)  # refused
