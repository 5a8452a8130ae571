"""on_overrun="stop" of `vault` is unknown

write "wait" or "fault"
"""

from keelback.sdk import ProtectionDomain, System

system = System()
system.add(ProtectionDomain("vault", source="component.py", priority=2, on_overrun="stop"))  # refused
