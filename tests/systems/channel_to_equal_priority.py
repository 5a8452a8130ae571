"""`clerk` (priority 2) calls `vault` (priority 2)

calls go to a higher priority only: raise the server's or lower the client's
"""

from keelback.sdk import ProtectionDomain, System

system = System()
vault = system.add(ProtectionDomain("vault", source="component.py", priority=2))
clerk = system.add(ProtectionDomain("clerk", source="component.py", priority=2))
system.connect(clerk, vault, name="vault")  # refused
