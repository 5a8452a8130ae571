"""port `vault`: `clerk` is not a virtual machine

leave out port=
"""

from keelback.sdk import ProtectionDomain, System

system = System()
vault = system.add(ProtectionDomain("vault", source="component.py", priority=2))
clerk = system.add(ProtectionDomain("clerk", source="component.py", priority=1))
system.connect(clerk, vault, name="vault", port="vault")  # refused
