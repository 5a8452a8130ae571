"""What the kernel and every component agree on: call numbers, errors, rights, messages, faults, guests, limits.

Only constants live here. No code, no state, nothing a component could change.
"""
