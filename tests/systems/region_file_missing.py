"""the file of memory region `ledger` is not there: {folder}/nothing.bin

name a file relative to the description
"""

from keelback.sdk import MemoryRegion, ProtectionDomain, System

system = System()
vault = system.add(ProtectionDomain("vault", source="component.py", priority=2))
system.add(MemoryRegion("ledger", file="nothing.bin"))  # refused
