"""the kernel of `linux` is not there: {folder}/nothing

kernel=debian_kernel() fetches one
"""

from keelback.sdk import System, VirtualMachine

system = System()
system.add(VirtualMachine("linux", kernel="nothing", ram="64 MiB", priority=1))  # refused
