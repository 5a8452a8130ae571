"""`vault` connects `clerk`, which is not in the system

system.add(clerk)
"""

from keelback.sdk import ProtectionDomain, System

system = System()
vault = system.add(ProtectionDomain("vault", source="component.py", priority=2))
clerk = ProtectionDomain("clerk", source="component.py", priority=1)
system.connect(clerk, vault, name="vault")  # refused
