"""Back ends: LLVM IR text to optimised IR, AArch64 objects, linked images, and functions callable on the host."""
