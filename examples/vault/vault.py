"""The vault: signs messages with a key that never leaves this component.

A client puts a message into the buffer it shares with the vault and calls; the answer is the HMAC-SHA-256 of the
message. The key is compiled in from the system description (`parameters={"key_hex": ...}`, 64 hexadecimal digits) and
lies in memory that only this component has. Does not tell clients apart beyond whose buffer it reads: whoever has the
channel may sign.

Call: word 0 = SIGN, word 1 = length in bytes. Answer: word 0 = status, and if that is SIGNED words 1 to 4 = the 32
bytes, each word little-endian.
"""

from __future__ import annotations

from typing import Final

from keelback.lang import Memory, between, constants, parameter, text_parameter, u8, u64, upto
from keelback.user.crypto.hmac import Hmac, add_message, code_word, finish_code, start_code
from keelback.user.runtime import Message, end_line, log, put_character, put_number, put_text

SIGN: Final = 1

SIGNED: Final = 0
UNKNOWN_REQUEST: Final = 1
TOO_LONG: Final = 2
UNKNOWN_CLIENT: Final = 3

KEY_BYTES: Final = 32
CLIENT_COUNT: Final = parameter("client_count", 0)
BUFFER_BYTES: Final = parameter("client_buffer_stride", 4096)

KEY: Final = bytes.fromhex(text_parameter("key_hex", ""))
if len(KEY) != KEY_BYTES:
    raise ValueError(f'the vault needs parameters={{"key_hex": ...}}, {2 * KEY_BYTES} hexadecimal digits')

NAME_BYTES: Final = 32
NAMES: Final = [text_parameter(f"client_{index}_name", "client").encode()[:NAME_BYTES] for index in range(CLIENT_COUNT)]

key: Final = constants(u8, tuple(KEY))
names: Final = constants(u8, tuple(b"".join(name.ljust(NAME_BYTES, b"\0") for name in NAMES)) or (0,))
buffers: Final = Memory(parameter("client_buffers_address", 0x1000_0000), CLIENT_COUNT * BUFFER_BYTES)
code: Final = Hmac()


def init() -> None:
    """Say that it is there."""
    log("ready, holding one key")


def protected(badge: u64, message: Message) -> None:
    """A client's call; its badge says whose buffer holds the message."""
    request = message.words[0]
    length_bytes = message.words[1]
    if request != SIGN:
        refuse(message, u64(UNKNOWN_REQUEST))
    elif badge == 0 or badge > CLIENT_COUNT:
        refuse(message, u64(UNKNOWN_CLIENT))
    elif length_bytes > BUFFER_BYTES:
        refuse(message, u64(TOO_LONG))
    else:
        sign(badge, length_bytes, message)


def refuse(message: Message, status: u64) -> None:
    """Answer with a status and nothing else."""
    message.words[0] = status
    for index in between(1, 8):
        message.words[index] = u64(0)


def sign(badge: u64, length_bytes: u64, message: Message) -> None:
    """Sign the message in the buffer of client `badge`. The client may change it meanwhile; what was read is signed."""
    start_code(code, key, u64(KEY_BYTES))
    add_message(code, buffers, (badge - 1) * BUFFER_BYTES, length_bytes)
    finish_code(code)
    refuse(message, u64(SIGNED))
    for index in upto(4):
        message.words[index + 1] = code_word(code, index)
    put_text("signed ")
    put_number(length_bytes)
    put_text(" bytes for ")
    put_client(badge - 1)
    end_line()


def put_client(client: u64) -> None:
    """The client's name, as the system description has it."""
    for place in upto(NAME_BYTES):
        value = names[client * NAME_BYTES + place]
        if value != 0:
            put_character(value)
