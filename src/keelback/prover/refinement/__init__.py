"""Whether the kernel's code does what a specification says: the specification runs on unknowns, path by path
(`paths`, `numbers`, `symbolic`), and what it leaves behind is compared with what the code leaves in its tables
(`representation`, `goals`); which objects a call may write at all is `authority`."""
