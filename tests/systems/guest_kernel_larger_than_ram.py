"""the kernel of `linux` does not fit into its 2 MiB of RAM

it needs 4 MiB
"""

from keelback.sdk import System, VirtualMachine

system = System()
system.add(VirtualMachine("linux", kernel="files/image", ram="2 MiB", priority=1))  # refused
