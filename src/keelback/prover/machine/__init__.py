"""The kernel's machine code as formulas, lifted from its bytes, and its comparison with the IR it was made from."""

from keelback.prover.machine.equivalence import Comparison, addresses_in, compare
from keelback.prover.machine.image import Image, read_elf

__all__ = ["Comparison", "Image", "addresses_in", "compare", "read_elf"]
