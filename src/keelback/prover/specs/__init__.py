"""The specification: one module and one transition per system call, under the call's name. `step` is the way in.

Each takes the state and the calling thread, refuses (`refusal`) or changes the state. `events` are the transitions that
no thread asks for; `authority`, `scheduling`, `messaging` and `tracing` are the notions that several calls share.
"""
