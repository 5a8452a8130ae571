"""`vault` (priority 2) calls `clerk` (priority 1)

calls go to a higher priority only: raise the server's or lower the client's
"""

from keelback.sdk import ProtectionDomain, System

system = System()
vault = system.add(ProtectionDomain("vault", source="component.py", priority=2))
clerk = system.add(ProtectionDomain("clerk", source="component.py", priority=1))
system.connect(vault, clerk, name="clerk")  # refused
