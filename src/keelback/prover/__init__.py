"""What the kernel is to do, said a second time and differently: specification, invariants, and a fuzzer that compares.

`state` is the abstract state, `specs` has one transition per system call, `abstraction` reads the abstract state out of
the kernel's tables, `invariants` hold of those tables between any two calls, `fuzz` runs random programs. The kernel is
compiled from its source and called; it is never imported.
"""
