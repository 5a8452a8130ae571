"""access "rwx" to `ledger` is not possible

write "r", "rw" or "rx"
"""

from keelback.sdk import MemoryRegion, ProtectionDomain, System

system = System()
vault = system.add(ProtectionDomain("vault", source="component.py", priority=2))
ledger = system.add(MemoryRegion("ledger", size="8 KiB"))
system.map(ledger, vault, access="rwx")  # refused
