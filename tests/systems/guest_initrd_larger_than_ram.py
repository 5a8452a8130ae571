"""the kernel and initrd of `linux` do not fit into its 4 MiB of RAM

they need 6 MiB
"""

from keelback.sdk import System, VirtualMachine

system = System()
system.add(VirtualMachine("linux", kernel="files/image", initrd="files/large.bin", ram="4 MiB", priority=1))  # refused
