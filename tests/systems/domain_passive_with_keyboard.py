"""`vault` is passive, and signals or interrupts would make it run without a caller

give it a budget instead
"""

from keelback.sdk import ProtectionDomain, System

system = System()
system.add_console()
system.add(ProtectionDomain("vault", source="component.py", priority=2, passive=True, keyboard=True))  # refused
