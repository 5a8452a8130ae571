"""What runs inside a virtual machine: Debian's kernel and busybox, the initial RAM disk, programs built for the guest.

Does not describe or start virtual machines: `VirtualMachine(kernel=debian_kernel(), initrd=debian_initrd())` does.
"""

from keelback.sdk.guest.apt import GuestFilesError
from keelback.sdk.guest.debian import RELEASES, DebianFiles, debian_files, debian_kernel
from keelback.sdk.guest.initrd import build_initrd, debian_initrd
from keelback.sdk.guest.kernel_image import KernelImageError, unpack_kernel
from keelback.sdk.guest.modules import ModuleError
from keelback.sdk.guest.programs import guest_program

__all__ = [
    "RELEASES",
    "DebianFiles",
    "GuestFilesError",
    "KernelImageError",
    "ModuleError",
    "build_initrd",
    "debian_files",
    "debian_initrd",
    "debian_kernel",
    "guest_program",
    "unpack_kernel",
]
