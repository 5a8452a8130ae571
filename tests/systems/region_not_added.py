"""memory region `journal` is mapped, but not in the system

system.add(journal)
"""

from keelback.sdk import MemoryRegion, ProtectionDomain, System

system = System()
vault = system.add(ProtectionDomain("vault", source="component.py", priority=2))
journal = MemoryRegion("journal", size="4 KiB")
system.map(journal, vault)  # refused
