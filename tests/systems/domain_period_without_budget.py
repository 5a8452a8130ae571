"""`vault` has a period and no budget

write budget="2 ms", period="10 ms"
"""

from keelback.sdk import ProtectionDomain, System

system = System()
system.add(ProtectionDomain("vault", source="component.py", priority=2, period="2 ms"))  # refused
