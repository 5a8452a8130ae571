"""Loads a large child twice, and ends it."""

from __future__ import annotations

from typing import Final

from keelback.abi import errors, messages, rights
from keelback.lang import Memory, array, parameter, u64
from keelback.user.runtime import Message, capability_mint, log, log_number
from keelback.user.supervisor import (
    FIRST_GIVEN_SLOT,
    bind_child,
    create_child,
    destroy_child,
    dump_register,
    dump_word,
    keep_dump,
    load_image,
    open_window,
    start_child,
    stop_child,
    table_slot,
    unload_image,
)

CORE_SLOT: Final = parameter("core_0_slot", 0)
CHILD: Final = 0
PRIORITY: Final = 40
STACK_POINTER: Final = 31
PAGE_WORDS: Final = 512

image: Final = Memory(parameter("hoarder_image_address", 0), parameter("hoarder_image_size", 4096))
lives: Final = array(u64, 1)


def init() -> None:
    """The child's first life."""
    open_window()
    create_child(u64(CHILD))
    own = u64(messages.OWN_ENDPOINT_SLOT)
    status = capability_mint(own, u64(FIRST_GIVEN_SLOT), u64(rights.WRITE), u64(1), table_slot(u64(CHILD)))
    assert status == errors.OK
    bind_child(u64(CHILD), u64(CORE_SLOT), u64(PRIORITY), own)
    begin()


def begin() -> None:
    """Load and start."""
    entry, stack = load_image(u64(CHILD), image)
    start_child(u64(CHILD), entry, stack)


def protected(badge: u64, message: Message) -> None:
    """The child tells of its memory."""
    lives[0] = lives[0] + 1
    log_number("before", message.words[0])
    log_number("after", message.words[1])
    stop_child(u64(CHILD))
    keep_dump(u64(CHILD))
    log_number("used words of the stack", used_words())
    unload_image(u64(CHILD))
    if lives[0] == 1:
        begin()
    else:
        destroy_child(u64(CHILD))
        log("closed")


def used_words() -> u64:
    """1 if the dumped page has anything from the stack pointer on."""
    word = dump_register(u64(STACK_POINTER)) // 8 % PAGE_WORDS
    found = u64(0)
    while word < PAGE_WORDS:
        if dump_word(word) != 0:
            found = u64(1)
        word = word + 1
    return found
