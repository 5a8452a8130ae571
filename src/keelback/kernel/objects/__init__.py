"""One file per kernel object: what its system calls check and what they then do, on the tables alone."""
