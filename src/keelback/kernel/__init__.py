"""The kernel: address spaces, threads, messages, notifications, interrupts, capabilities, and the switch into a guest.

All state lives in tables of fixed size (`state`), and the image builder writes their first contents as data.
There is no heap, no recursion, and no loop without a small constant bound. A system call checks everything first
(`check_*`, which writes nothing) and then acts (`commit_*`, which cannot fail). The kernel never reads or writes a
component's memory. What touches hardware is in `arch`, behind `arch.interface`; `dispatch` and everything it calls
otherwise works on the tables alone.

Not here: drivers, devices of guests, memory policy, loading, restart. Those are components.
"""
