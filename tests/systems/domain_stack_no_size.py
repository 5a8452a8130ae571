"""stack: `big` is not a size

write for example "4 KiB" or "512 MiB"
"""

from keelback.sdk import ProtectionDomain, System

system = System()
system.add(ProtectionDomain("vault", source="component.py", priority=2, stack="big"))  # refused
