"""`kernel` is the kernel's name

give the domain another name
"""

from keelback.sdk import ProtectionDomain, System

system = System()
system.add(ProtectionDomain("kernel", source="component.py", priority=2))  # refused
