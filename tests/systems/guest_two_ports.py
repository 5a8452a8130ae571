"""`linux` has more than one port

a virtual machine has one port in this version
"""

from keelback.sdk import ProtectionDomain, System, VirtualMachine

system = System()
vault = system.add(ProtectionDomain("vault", source="component.py", priority=2))
linux = system.add(VirtualMachine("linux", kernel="files/image", ram="64 MiB", priority=1))
system.connect(linux, vault, name="vault", port="vault")
system.connect(linux, vault, name="spare", port="spare")  # refused
