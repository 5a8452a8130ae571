"""`vault` handles its own faults

name another domain
"""

from keelback.sdk import ProtectionDomain, System

system = System()
vault = system.add(ProtectionDomain("vault", source="component.py", priority=2))  # refused
vault.fault_handler = vault
