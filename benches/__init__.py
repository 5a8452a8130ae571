"""The benchmarks: instruction counts of the kernel's operations, and the same Linux on the bare machine and as a guest.

`python -m benches` (`make bench`) runs them, prints the figures beside those of other systems, and fails when one got
worse than recorded. Figures are instructions, not cycles: docs/reference/benchmarks.md says how they come about.
"""
