"""priority 0 of `vault` is out of range

choose 1 (lowest) to 255
"""

from keelback.sdk import ProtectionDomain, System

system = System()
system.add(ProtectionDomain("vault", source="component.py", priority=0))  # refused
