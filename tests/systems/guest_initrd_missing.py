"""the initrd of `linux` is not there: {folder}/nothing

initrd=debian_initrd() makes one
"""

from keelback.sdk import System, VirtualMachine

system = System()
system.add(VirtualMachine("linux", kernel="files/image", initrd="nothing", ram="64 MiB", priority=1))  # refused
