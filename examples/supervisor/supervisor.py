"""Makes, restarts and ends components that the system description knows only as programs."""

from __future__ import annotations

from typing import Final

from keelback.abi import errors, messages, rights
from keelback.lang import Memory, array, parameter, u64
from keelback.user.runtime import Message, capability_mint, log, log_hex, log_number
from keelback.user.supervisor import (
    FIRST_GIVEN_SLOT,
    bind_child,
    clear_table,
    create_child,
    destroy_child,
    dump_count,
    dump_register,
    endpoint_slot,
    give_child,
    give_own,
    keep_dump,
    load_image,
    open_window,
    report_fault,
    start_child,
    stop_child,
    table_slot,
    unload_image,
)

CYCLES: Final = parameter("cycles", 3)
CORE_SLOT: Final = parameter("core_0_slot", 0)

worker_image: Final = Memory(parameter("worker_image_address", 0), parameter("worker_image_size", 4096))
adder_image: Final = Memory(parameter("adder_image_address", 0), parameter("adder_image_size", 4096))
customer_image: Final = Memory(parameter("customer_image_address", 0), parameter("customer_image_size", 4096))

FIRST: Final = 0
SECOND: Final = 1
ADDER_SLOT: Final = FIRST_GIVEN_SLOT + 1
WORKER_PRIORITY: Final = 40
ADDER_PRIORITY: Final = 60
CUSTOMER_PRIORITY: Final = 50
PROGRAM_COUNTER: Final = 32

# What was done so far: cycles, starts of the present worker.
progress: Final = array(u64, 2)
CYCLE: Final = 0
STARTS: Final = 1


def init() -> None:
    """Begin with the first worker."""
    open_window()
    begin_cycle()


def begin_cycle() -> None:
    """A new worker."""
    create_child(u64(FIRST))
    introduce(u64(FIRST))
    bind_child(u64(FIRST), u64(CORE_SLOT), u64(WORKER_PRIORITY), u64(messages.OWN_ENDPOINT_SLOT))
    run(u64(FIRST), worker_image)
    progress[STARTS] = u64(1)


def introduce(child: u64) -> None:
    """Let a child call this component; its badge says who it is."""
    own = u64(messages.OWN_ENDPOINT_SLOT)
    status = capability_mint(own, u64(FIRST_GIVEN_SLOT), u64(rights.WRITE), child + 1, table_slot(child))
    assert status == errors.OK


def run(child: u64, image: Memory) -> None:
    """Load a child without pages, and start it."""
    entry, stack = load_image(child, image)
    start_child(child, entry, stack)


def renew(child: u64, image: Memory) -> None:
    """Restart a child as it was at first: memory from its image, capabilities as given, a dump of the dead one kept."""
    stop_child(child)
    keep_dump(child)
    unload_image(child)
    clear_table(child)
    give_own(child)
    introduce(child)
    run(child, image)


def bury(child: u64) -> None:
    """End a child for good."""
    stop_child(child)
    unload_image(child)
    destroy_child(child)


def protected(badge: u64, message: Message) -> None:
    """A child calls: a worker that lives, or the customer that is done."""
    if badge == SECOND + 1:
        report(message)
        return
    assert message.words[0] == 1
    if progress[STARTS] == 1:
        renew(u64(FIRST), worker_image)
        progress[STARTS] = u64(2)
        return
    bury(u64(FIRST))
    progress[CYCLE] = progress[CYCLE] + 1
    if progress[CYCLE] < CYCLES:
        begin_cycle()
    else:
        log_number("cycles: ", progress[CYCLE])
        open_shop()


def open_shop() -> None:
    """A server and its customer."""
    create_child(u64(FIRST))
    introduce(u64(FIRST))
    bind_child(u64(FIRST), u64(CORE_SLOT), u64(ADDER_PRIORITY), u64(messages.OWN_ENDPOINT_SLOT))
    run(u64(FIRST), adder_image)
    create_child(u64(SECOND))
    introduce(u64(SECOND))
    give_child(u64(SECOND), endpoint_slot(u64(FIRST)), u64(ADDER_SLOT), u64(rights.WRITE))
    bind_child(u64(SECOND), u64(CORE_SLOT), u64(CUSTOMER_PRIORITY), u64(messages.OWN_ENDPOINT_SLOT))
    run(u64(SECOND), customer_image)


def fault(badge: u64, message: Message) -> bool:
    """A child crashed: restart it."""
    if badge == FIRST + 1:
        report_fault(u64(FIRST), adder_image, message)
    else:
        report_fault(u64(SECOND), customer_image, message)
    log_number("crashed, and is restarted: child ", badge)
    renew(badge - 1, adder_image if badge == FIRST + 1 else customer_image)
    log_hex("its dump has pc ", dump_register(u64(PROGRAM_COUNTER)))
    return False


def report(message: Message) -> None:
    """Say what the customer saw, and close."""
    log_number("first sum: ", message.words[1])
    log_number("status while the server crashed: ", message.words[2])
    log_number("second sum: ", message.words[4])
    bury(u64(SECOND))
    bury(u64(FIRST))
    log_number("dumps kept: ", dump_count())
    log("closed")
