"""What every component builds on: system calls, events, shared rings, log lines. No heap, no threads, no C library.

The public door: components import from here. The entry point and the hooks' defaults are in `component`, which the
system description adds to every component by itself.
"""

from __future__ import annotations

from keelback.user.runtime.barriers import order_loads, order_memory, order_stores
from keelback.user.runtime.clock import counter, counter_frequency
from keelback.user.runtime.keyboard import line_starts_with, take_line, typed
from keelback.user.runtime.log import (
    end_line,
    log,
    log_hex,
    log_number,
    put_character,
    put_hex,
    put_hex_digits,
    put_number,
    put_text,
)
from keelback.user.runtime.messages import Event, Message
from keelback.user.runtime.syscalls import (
    call,
    capability_copy,
    capability_delete,
    capability_mint,
    interrupt_acknowledge,
    poll,
    power_off,
    receive,
    reply_receive,
    restart_board,
    revoke,
    signal,
    thread_read,
    thread_resume,
    thread_start,
    thread_stop,
    thread_write,
    trace_control,
    trace_read,
    vcpu_inject,
    vcpu_read,
    vcpu_reset,
    vcpu_run,
    vcpu_write,
    wait,
)

__all__ = [
    "Event",
    "Message",
    "call",
    "capability_copy",
    "capability_delete",
    "capability_mint",
    "counter",
    "counter_frequency",
    "end_line",
    "interrupt_acknowledge",
    "line_starts_with",
    "log",
    "log_hex",
    "log_number",
    "order_loads",
    "order_memory",
    "order_stores",
    "poll",
    "power_off",
    "put_character",
    "put_hex",
    "put_hex_digits",
    "put_number",
    "put_text",
    "receive",
    "reply_receive",
    "restart_board",
    "revoke",
    "signal",
    "take_line",
    "thread_read",
    "thread_resume",
    "thread_start",
    "thread_stop",
    "thread_write",
    "trace_control",
    "trace_read",
    "typed",
    "vcpu_inject",
    "vcpu_read",
    "vcpu_reset",
    "vcpu_run",
    "vcpu_write",
    "wait",
]
