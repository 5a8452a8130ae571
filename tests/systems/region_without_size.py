"""memory region `ledger` has neither a size nor a file

write size="4 KiB"
"""

from keelback.sdk import MemoryRegion, ProtectionDomain, System

system = System()
vault = system.add(ProtectionDomain("vault", source="component.py", priority=2))
system.add(MemoryRegion("ledger"))  # refused
