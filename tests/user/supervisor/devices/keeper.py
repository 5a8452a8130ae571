"""Lends a clock to a child, takes it back in the middle of everything, and lends it again."""

from __future__ import annotations

from typing import Final

from keelback.abi import errors, messages, objects, rights
from keelback.lang import Memory, array, parameter, u64
from keelback.user.runtime import (
    Message,
    capability_delete,
    capability_mint,
    log,
    log_hex,
    log_number,
    object_claim,
    object_create,
    object_give,
    object_revoke,
    object_take,
)
from keelback.user.supervisor import (
    FIRST_GIVEN_SLOT,
    bind_child,
    create_child,
    destroy_child,
    lend_interrupt,
    lend_registers,
    load_image,
    open_window,
    start_child,
    stop_child,
    table_slot,
    take_interrupt,
    take_registers,
    unload_image,
)

POOL_SLOT: Final = parameter("pool_slot", 0)
CORE_SLOT: Final = parameter("core_0_slot", 0)
FRAME: Final = parameter("pl031_first_frame", 0)
INTERRUPT: Final = parameter("pl031_interrupt", 0)
EDGE: Final = parameter("pl031_edge", 0)
CHILD_POOL: Final = parameter("pool_first_pool", 0)
BIT: Final = parameter("interrupt_bit", 0)
PLACE: Final = parameter("interrupt_place", 0)
PAGE: Final = parameter("registers_page", 0)
SPARE: Final = parameter("first_spare_slot", 0) + parameter("spare_slot_count", 4) - 4
REGISTERS_SLOT: Final = SPARE
INTERRUPT_SLOT: Final = SPARE + 1
CHILD_POOL_SLOT: Final = SPARE + 2
CHILD: Final = 0
PRIORITY: Final = 40

image: Final = Memory(parameter("clock_image_address", 0), parameter("clock_image_size", 4096))
heard: Final = array(u64, 1)


def init() -> None:
    """First between pools, then to a child."""
    open_window()
    assert object_create(u64(POOL_SLOT), u64(objects.POOL), u64(CHILD_POOL), u64(CHILD_POOL_SLOT), u64(0)) == errors.OK
    pass_around(u64(objects.FRAME), u64(FRAME))
    pass_around(u64(objects.INTERRUPT), u64(INTERRUPT))
    hire()
    log("lent")


def pass_around(kind: u64, index: u64) -> None:
    """To the child pool and back, where only the owner has a say."""
    own = u64(POOL_SLOT)
    child = u64(CHILD_POOL_SLOT)
    slot = u64(INTERRUPT_SLOT)
    assert object_give(own, kind, index, child) == errors.OK
    assert object_claim(own, kind, index, slot) == errors.NOT_OWNED
    if kind == objects.INTERRUPT:
        assert object_create(child, kind, index, slot, u64(0)) == errors.OK
    else:
        assert object_claim(child, kind, index, slot) == errors.OK
    assert object_take(own, kind, index) == errors.OK
    assert object_revoke(own, kind, index) == errors.OK
    assert capability_delete(slot, u64(0)) == errors.OK
    if kind == objects.INTERRUPT:
        take_interrupt_again()


def take_interrupt_again() -> None:
    """End the interrupt that was made in the child pool."""
    assert object_claim(u64(POOL_SLOT), u64(objects.INTERRUPT), u64(INTERRUPT), u64(INTERRUPT_SLOT)) == errors.OK
    take_interrupt(u64(INTERRUPT), u64(INTERRUPT_SLOT))


def hire() -> None:
    """Make a driver, and lend it the clock."""
    child = u64(CHILD)
    create_child(child)
    own = u64(messages.OWN_ENDPOINT_SLOT)
    assert capability_mint(own, u64(FIRST_GIVEN_SLOT), u64(rights.WRITE), u64(1), table_slot(child)) == errors.OK
    bind_child(child, u64(CORE_SLOT), u64(PRIORITY), own)
    entry, stack = load_image(child, image)
    lend_registers(child, u64(FRAME), u64(REGISTERS_SLOT), u64(PAGE))
    lend_again()
    start_child(child, entry, stack)


def lend_again() -> None:
    """Lend the interrupt."""
    bits = u64(1) << BIT
    lend_interrupt(u64(CHILD), u64(INTERRUPT), u64(INTERRUPT_SLOT), u64(EDGE), bits, u64(PLACE))


def fire() -> None:
    """End the driver, which has no registers any more."""
    stop_child(u64(CHILD))
    take_interrupt(u64(INTERRUPT), u64(INTERRUPT_SLOT))
    unload_image(u64(CHILD))
    destroy_child(u64(CHILD))


def protected(badge: u64, message: Message) -> None:
    """The driver heard its interrupt, or has acknowledged it and set the next alarm."""
    if message.words[0] == 1:
        heard[0] = heard[0] + 1
        log_hex("heard", message.words[1])
        log_number("raised", message.words[2])
        if heard[0] == 1:
            take_interrupt(u64(INTERRUPT), u64(INTERRUPT_SLOT))
        return
    log_number("acknowledged with", message.words[1])
    if heard[0] == 1:
        assert capability_delete(u64(PLACE), table_slot(u64(CHILD))) == errors.OK
        lend_again()
    elif heard[0] == 2:
        take_registers(u64(CHILD), u64(REGISTERS_SLOT), u64(PAGE))
    else:
        take_registers(u64(CHILD), u64(REGISTERS_SLOT), u64(PAGE))
        log("closing")


def fault(badge: u64, message: Message) -> bool:
    """The driver touches a clock it no longer has: the first time another one gets it."""
    log_hex("driver faulted at", message.words[2])
    fire()
    if heard[0] == 2:
        hire()
        return False
    pass_around(u64(objects.FRAME), u64(FRAME))
    pass_around(u64(objects.INTERRUPT), u64(INTERRUPT))
    log("closed")
    return False
