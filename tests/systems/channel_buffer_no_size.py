"""buffer: `4 pages` is not a size

write for example "4 KiB" or "512 MiB"
"""

from keelback.sdk import ProtectionDomain, System

system = System()
vault = system.add(ProtectionDomain("vault", source="component.py", priority=2))
clerk = system.add(ProtectionDomain("clerk", source="component.py", priority=1))
system.connect(clerk, vault, name="vault", buffer="4 pages")  # refused
