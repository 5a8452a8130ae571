"""two domains are named `vault`; the other is at line 9

give one of them another name
"""

from keelback.sdk import ProtectionDomain, System

system = System()
system.add(ProtectionDomain("vault", source="component.py", priority=2))
system.add(ProtectionDomain("vault", source="component.py", priority=1))  # refused
