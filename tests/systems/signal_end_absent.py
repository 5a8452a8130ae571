"""`ready` connects `keeper`, which is not in the system

system.add(keeper)
"""

from keelback.sdk import ProtectionDomain, System

system = System()
vault = system.add(ProtectionDomain("vault", source="component.py", priority=2))
clerk = system.add(ProtectionDomain("clerk", source="component.py", priority=1))
keeper = ProtectionDomain("keeper", source="component.py", priority=3)
system.notify(clerk, keeper, name="ready")  # refused
