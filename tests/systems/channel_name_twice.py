"""`clerk` has two connections named `vault`

rename this one or the one at line 11
"""

from keelback.sdk import ProtectionDomain, System

system = System()
vault = system.add(ProtectionDomain("vault", source="component.py", priority=2))
clerk = system.add(ProtectionDomain("clerk", source="component.py", priority=1))
system.connect(clerk, vault, name="vault")
system.notify(clerk, vault, name="vault")  # refused
