"""with `worker255`, the system has more than 255 address spaces

a domain has one, a virtual machine two
"""

from keelback.sdk import ProtectionDomain, System

system = System()
for number in range(300):
    system.add(ProtectionDomain(f"worker{number}", source="component.py", priority=1))  # refused
