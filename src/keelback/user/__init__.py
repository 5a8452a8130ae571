"""Components: everything that runs unprivileged. Imports the language and the ABI, never the kernel."""
