"""`vault` is passive, and has time of its own

leave out passive, or budget, period and partition
"""

from keelback.sdk import ProtectionDomain, System

system = System()
made = ProtectionDomain("vault", source="component.py", priority=2, passive=True, budget="1 s", period="1 s")  # refused
system.add(made)
