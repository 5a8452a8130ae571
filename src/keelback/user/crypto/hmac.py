"""HMAC-SHA-256 (RFC 2104) over bytes that arrive in pieces. The key is read at the start only and not kept as such."""

from __future__ import annotations

from typing import Final

from keelback.lang import Array, Memory, Struct, array, embedded, struct, u8, u64, upto
from keelback.user.crypto.sha256 import (
    BLOCK_BYTES,
    DIGEST_BYTES,
    Sha256,
    add_byte,
    add_memory,
    digest_byte,
    finish,
    start,
)

INNER_PAD: Final = 0x36
OUTER_PAD: Final = 0x5C


@struct
class Hmac(Struct):
    """One code being computed; after `finish_code` the code."""

    inner: Sha256 = embedded(Sha256)
    outer: Sha256 = embedded(Sha256)
    block: Array[u8] = array(u8, BLOCK_BYTES)  # the key while starting, zero otherwise


def start_code(code: Hmac, key: Array[u8], key_count: u64) -> None:
    """Begin a new code with the first `key_count` bytes of `key`."""
    if key_count > BLOCK_BYTES:
        shorten_key(code, key, key_count)
    else:
        for index in upto(key_count):
            code.block[index] = key[index]
    start(code.inner)
    start(code.outer)
    for index in upto(BLOCK_BYTES):
        add_byte(code.inner, code.block[index] ^ INNER_PAD)
        add_byte(code.outer, code.block[index] ^ OUTER_PAD)
        code.block[index] = u8(0)


def shorten_key(code: Hmac, key: Array[u8], key_count: u64) -> None:
    """A key longer than a block is replaced by its digest."""
    start(code.inner)
    for index in upto(key_count):
        add_byte(code.inner, key[index])
    finish(code.inner)
    for index in upto(DIGEST_BYTES):
        code.block[index] = digest_byte(code.inner, index)


def add_message(code: Hmac, source: Memory, offset: u64, count: u64) -> None:
    """Add `count` bytes from `offset` of shared memory, each loaded exactly once."""
    add_memory(code.inner, source, offset, count)


def finish_code(code: Hmac) -> None:
    """Close; then `code_byte`."""
    finish(code.inner)
    for index in upto(DIGEST_BYTES):
        add_byte(code.outer, digest_byte(code.inner, index))
    finish(code.outer)


def code_byte(code: Hmac, index: u64) -> u8:
    """Byte `index` (0 to 31) of a finished code."""
    return digest_byte(code.outer, index)


def code_word(code: Hmac, index: u64) -> u64:
    """Bytes 8 * `index` to 8 * `index` + 7 (`index` 0 to 3) of a finished code as one little-endian number."""
    word = u64(0)
    for place in upto(8):
        word = word | (u64(code_byte(code, index * 8 + place)) << (place * 8))
    return word
