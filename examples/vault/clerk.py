"""The clerk: has things signed by the vault, once at its start and whenever someone types `sign TEXT` to it.

It stands for any small component beside a guest: it needs neither the guest nor its device drivers to do its work.
Holds no key: what it can do with the vault is ask.
"""

from __future__ import annotations

from typing import Final

from keelback.lang import Memory, byte_at, byte_count, parameter, u64, upto
from keelback.user.runtime import (
    Message,
    call,
    end_line,
    line_starts_with,
    log,
    log_number,
    put_hex_digits,
    put_text,
    take_line,
    typed,
)

SIGN: Final = 1
SIGNED: Final = 0

VAULT_SLOT: Final = parameter("vault_slot", 3)
BUFFER_BYTES: Final = parameter("vault_buffer_size", 4096)
GREETING: Final = "the clerk is at work"
COMMAND: Final = "sign "

buffer: Final = Memory(parameter("vault_buffer_address", 0x1000_0000), BUFFER_BYTES)
message: Final = Message()


def init() -> None:
    """Have a first text signed, so that the log shows whether the vault answers."""
    for index in upto(byte_count(GREETING)):
        buffer.store_u8(index, byte_at(GREETING, index))
    ask_vault(byte_count(GREETING))


def notified(bits: u64) -> None:
    """Somebody typed."""
    while take_line():
        if line_starts_with(COMMAND):
            sign_typed()
        else:
            log("type: sign TEXT")


def sign_typed() -> None:
    """Have what follows the command signed."""
    length_bytes = typed.count - byte_count(COMMAND)
    for index in upto(length_bytes):
        buffer.store_u8(index, typed.text[index + byte_count(COMMAND)])
    ask_vault(length_bytes)


def ask_vault(length_bytes: u64) -> None:
    """Call the vault about the bytes in the buffer and log its answer."""
    message.words[0] = u64(SIGN)
    message.words[1] = length_bytes
    status = call(u64(VAULT_SLOT), message)
    if status != 0:
        log_number("the vault cannot be called, status", status)
    elif message.words[0] != SIGNED:
        log_number("the vault refused, status", message.words[0])
    else:
        log_signature()


def log_signature() -> None:
    """The 32 bytes of the answer, first byte first."""
    put_text("signature ")
    for index in upto(4):
        put_hex_digits(message.words[index + 1].swap_bytes(), u64(16))
    end_line()
