"""`vault` connects `clerk` with itself

a domain calls its own functions directly
"""

from keelback.sdk import ProtectionDomain, System

system = System()
vault = system.add(ProtectionDomain("vault", source="component.py", priority=2))
clerk = system.add(ProtectionDomain("clerk", source="component.py", priority=1))
system.connect(clerk, clerk, name="vault")  # refused
