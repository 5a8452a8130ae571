"""`ledger` and `journal` overlap at 0x50001000 in `vault`

`ledger` has 8 KiB; move one of them
"""

from keelback.sdk import MemoryRegion, ProtectionDomain, System

system = System()
vault = system.add(ProtectionDomain("vault", source="component.py", priority=2))
ledger = system.add(MemoryRegion("ledger", size="8 KiB"))
journal = system.add(MemoryRegion("journal", size="8 KiB"))
system.map(ledger, vault, address=0x5000_0000)
system.map(journal, vault, address=0x5000_1000)  # refused
