"""The kernel's machine code as formulas, lifted from its bytes, and its comparison with the IR it was made from."""

from keelback.prover.machine.equivalence import Comparison, addresses_in, compare
from keelback.prover.machine.histories import are_equal
from keelback.prover.machine.image import Image, read_elf
from keelback.prover.machine.stack import deepest, stack_room
from keelback.prover.machine.stack import describe as describe_stack

__all__ = [
    "Comparison",
    "Image",
    "addresses_in",
    "are_equal",
    "compare",
    "deepest",
    "describe_stack",
    "read_elf",
    "stack_room",
]
