"""The kernel's root: an image is compiled from this module and everything that it reaches."""

from __future__ import annotations

from keelback.kernel import entry
from keelback.kernel.arch.aarch64 import vectors

__all__ = ["entry", "vectors"]
