"""What depends on the processor. The rest of the kernel uses `interface` and nothing else from here."""
