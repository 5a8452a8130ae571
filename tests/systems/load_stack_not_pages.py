"""a stack of 1000 bytes is not a number of whole pages

a page is 4 KiB
"""

from keelback.sdk import ComponentImage, ProtectionDomain, System

system = System()
worker = ComponentImage("component.py", stack=1000)  # refused
system.add(ProtectionDomain("vault", source="component.py", priority=2, loads={"worker": worker}))
