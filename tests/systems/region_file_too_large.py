"""large.bin has 5000 bytes, memory region `ledger` 4096

leave out size= to take the file's
"""

from keelback.sdk import MemoryRegion, ProtectionDomain, System

system = System()
vault = system.add(ProtectionDomain("vault", source="component.py", priority=2))
system.add(MemoryRegion("ledger", file="files/large.bin", size="4 KiB"))  # refused
