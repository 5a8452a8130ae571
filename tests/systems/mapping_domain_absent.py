"""`clerk` maps `ledger`, but is not in the system

system.add(clerk)
"""

from keelback.sdk import MemoryRegion, ProtectionDomain, System

system = System()
vault = system.add(ProtectionDomain("vault", source="component.py", priority=2))
ledger = system.add(MemoryRegion("ledger", size="8 KiB"))
system.map(ledger, ProtectionDomain("clerk", source="component.py", priority=1))  # refused
