"""HMAC-SHA-256 against RFC 4231 and against Python's own."""

from __future__ import annotations

import hmac as reference

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keelback.lang import Array, Memory, array, u8, u64
from keelback.lang.memory import write_bytes
from keelback.user.crypto import hmac

ADDRESS = 0x5400_0000

# RFC 4231, section 4: key, data, code. Test case 5 is about truncation, its code's first half is published.
PUBLISHED = [
    (b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    (
        b"Jefe",
        b"what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ),
    (b"\xaa" * 20, b"\xdd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
    (
        bytes(range(1, 26)),
        b"\xcd" * 50,
        "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
    ),
    (b"\x0c" * 20, b"Test With Truncation", "a3b6167473100ee06e0c796c2955552b"),
    (
        b"\xaa" * 131,
        b"Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ),
    (
        b"\xaa" * 131,
        b"This is a test using a larger than block-size key and a larger than block-size data. The key needs to be "
        b"hashed before being used by the HMAC algorithm.",
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
    ),
]


def key_array(key: bytes) -> Array[u8]:
    made = array(u8, max(len(key), 1))
    for index, value in enumerate(key):
        made[index] = u8(value)
    return made


def code_of(key: bytes, message: bytes) -> bytes:
    code = hmac.Hmac()
    hmac.start_code(code, key_array(key), u64(len(key)))
    write_bytes(ADDRESS, message)
    hmac.add_message(code, Memory(ADDRESS, len(message)), u64(0), u64(len(message)))
    hmac.finish_code(code)
    words = b"".join(int(hmac.code_word(code, u64(index))).to_bytes(8, "little") for index in range(4))
    assert words == bytes(int(hmac.code_byte(code, u64(index))) for index in range(32))
    return words


@pytest.mark.parametrize(("key", "message", "expected"), PUBLISHED)
def test_published_examples(key: bytes, message: bytes, expected: str) -> None:
    assert code_of(key, message).hex().startswith(expected)


@settings(max_examples=20, deadline=None)
@given(st.binary(max_size=100), st.binary(max_size=150))
def test_the_same_as_pythons(key: bytes, message: bytes) -> None:
    assert code_of(key, message) == reference.digest(key, message, "sha256")


@pytest.mark.parametrize("length", [63, 64, 65])
def test_keys_around_the_block_size(length: int) -> None:
    assert code_of(b"k" * length, b"m") == reference.digest(b"k" * length, b"m", "sha256")


def test_the_key_is_not_left_in_the_block() -> None:
    code = hmac.Hmac()
    hmac.start_code(code, key_array(b"secret"), u64(6))
    assert {int(code.block[index]) for index in range(64)} == {0}
