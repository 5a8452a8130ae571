"""Building components at run time: what a component with a pool needs to create, load, restart and destroy others.

A child has one thread, an address space from 2 MiB up, an endpoint and a notification, like a component of a system
description. How many children there can be is how many threads the pool has; page tables and frames are shared out
evenly: two page tables are the supervisor's, and a child's first one is of level 2, each other one 2 MiB.
Everything is one step after the other; nothing here is kept between steps but what `children` and `loading` note.
"""

from __future__ import annotations

from keelback.user.supervisor.children import (
    FIRST_GIVEN_SLOT,
    bind_child,
    clear_table,
    create_child,
    destroy_child,
    endpoint_slot,
    give_child,
    give_own,
    notification_slot,
    start_child,
    stop_child,
    table_slot,
    thread_slot,
)
from keelback.user.supervisor.devices import lend_interrupt, lend_registers, take_interrupt, take_registers
from keelback.user.supervisor.dumps import dump_count, dump_register, dump_word, keep_dump
from keelback.user.supervisor.loading import load_image, unload_image
from keelback.user.supervisor.reports import put_source, report_fault
from keelback.user.supervisor.slots import CHILD_COUNT
from keelback.user.supervisor.window import open_window

__all__ = [
    "CHILD_COUNT",
    "FIRST_GIVEN_SLOT",
    "bind_child",
    "clear_table",
    "create_child",
    "destroy_child",
    "dump_count",
    "dump_register",
    "dump_word",
    "endpoint_slot",
    "give_child",
    "give_own",
    "keep_dump",
    "lend_interrupt",
    "lend_registers",
    "load_image",
    "notification_slot",
    "open_window",
    "put_source",
    "report_fault",
    "start_child",
    "stop_child",
    "table_slot",
    "take_interrupt",
    "take_registers",
    "thread_slot",
    "unload_image",
]
