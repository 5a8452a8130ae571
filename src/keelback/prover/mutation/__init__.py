"""Wrong kernels, made from the right one, to see whether what checks kernels finds them out.

`operators` says how source is made wrong, `mutants` finds every place, `trial` runs a mutant beside the specification,
`equivalent` lists those that behave as the original, with reasons.
"""

from keelback.prover.mutation.equivalent import EQUIVALENT
from keelback.prover.mutation.mutants import Mutant, find_mutants, sample
from keelback.prover.mutation.trial import Verdict, try_mutant, try_mutants

__all__ = ["EQUIVALENT", "Mutant", "Verdict", "find_mutants", "sample", "try_mutant", "try_mutants"]
