"""partition `control` of `vault` has no window on core 0

system.schedule(0, [("control", "5 ms"), ...])
"""

from keelback.sdk import ProtectionDomain, System

system = System()
system.schedule(0, [("rest", "5 ms")])
system.add(ProtectionDomain("vault", source="component.py", priority=2, partition="control"))  # refused
