"""Lets a test call the hash functions with numbers: key and message lie in memory windows."""

from __future__ import annotations

from typing import Final

from keelback.lang import Array, Memory, array, u8, u64, upto
from keelback.user.crypto.hmac import Hmac, add_message, code_word, finish_code, start_code
from keelback.user.crypto.sha256 import Sha256, add_memory, digest_byte, finish, start

MESSAGE_ADDRESS: Final = 0x5A00_0000
KEY_ADDRESS: Final = 0x5A10_0000
KEY_BYTES: Final = 256

message: Final = Memory(MESSAGE_ADDRESS, 4096)
given_key: Final = Memory(KEY_ADDRESS, KEY_BYTES)
key: Final[Array[u8]] = array(u8, KEY_BYTES)
plain: Final = Sha256()
code: Final = Hmac()


def hash_message(count: u64) -> None:
    """SHA-256 of the message; then `hash_byte`."""
    start(plain)
    add_memory(plain, message, u64(0), count)
    finish(plain)


def hash_byte(index: u64) -> u8:
    """Byte of the digest."""
    return digest_byte(plain, index)


def sign(key_count: u64, count: u64) -> tuple[u64, u64, u64, u64]:
    """HMAC of the message."""
    for index in upto(key_count):
        key[index] = given_key.load_u8(index)
    start_code(code, key, key_count)
    add_message(code, message, u64(0), count)
    finish_code(code)
    return code_word(code, u64(0)), code_word(code, u64(1)), code_word(code, u64(2)), code_word(code, u64(3))
