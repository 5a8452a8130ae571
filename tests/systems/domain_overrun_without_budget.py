"""`vault` shall fault when it overruns its budget, and has none

write budget="2 ms", period="10 ms"
"""

from keelback.sdk import ProtectionDomain, System

system = System()
system.add(ProtectionDomain("vault", source="component.py", priority=2, on_overrun="fault"))  # refused
