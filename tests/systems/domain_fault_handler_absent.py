"""the fault handler of `vault`, `keeper`, is not in the system

system.add(keeper)
"""

from keelback.sdk import ProtectionDomain, System

system = System()
keeper = ProtectionDomain("keeper", source="component.py", priority=3)
system.add(ProtectionDomain("vault", source="component.py", priority=2, fault_handler=keeper))  # refused
