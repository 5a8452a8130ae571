"""a stack of 5000 bytes is not a number of whole pages

a page is 4 KiB
"""

from keelback.sdk import ProtectionDomain, System

system = System()
system.add(ProtectionDomain("vault", source="component.py", priority=2, stack=5000))  # refused
