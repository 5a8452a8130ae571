"""Keelback: a capability microkernel and hypervisor for AArch64, written in a typed subset of Python."""

__version__ = "0.1.0"
