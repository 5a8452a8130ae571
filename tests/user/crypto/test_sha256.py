"""SHA-256 against the published examples and against Python's own."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keelback.lang import Memory, Trap, u8, u64
from keelback.lang.memory import write_bytes
from keelback.user.crypto import sha256

ADDRESS = 0x5300_0000

# FIPS 180-4 examples (csrc.nist.gov), and the empty message.
PUBLISHED = [
    (b"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    (b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
        b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    ),
    (
        b"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
        "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1",
    ),
]


def digest(hash: sha256.Sha256) -> bytes:
    return bytes(int(sha256.digest_byte(hash, u64(index))) for index in range(32))


def hash_of(message: bytes) -> bytes:
    hash = sha256.Sha256()
    sha256.start(hash)
    write_bytes(ADDRESS, message)
    sha256.add_memory(hash, Memory(ADDRESS, len(message)), u64(0), u64(len(message)))
    sha256.finish(hash)
    return digest(hash)


@pytest.mark.parametrize(("message", "expected"), PUBLISHED)
def test_published_examples(message: bytes, expected: str) -> None:
    assert hash_of(message).hex() == expected


@pytest.mark.parametrize("length", [55, 56, 57, 63, 64, 65, 119, 120, 127, 128])
def test_lengths_around_the_padding(length: int) -> None:
    message = bytes(range(length))
    assert hash_of(message) == hashlib.sha256(message).digest()


@settings(max_examples=25, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 200))
def test_pieces_give_the_same_as_the_whole(message: bytes, cut: int) -> None:
    hash = sha256.Sha256()
    sha256.start(hash)
    for value in message[:cut]:
        sha256.add_byte(hash, u8(value))
    write_bytes(ADDRESS, message)
    rest = u64(len(message[cut:]))
    sha256.add_memory(hash, Memory(ADDRESS, len(message)), u64(min(cut, len(message))), rest)
    sha256.finish(hash)
    assert digest(hash) == hashlib.sha256(message).digest()


def test_start_forgets_what_was_there() -> None:
    hash = sha256.Sha256()
    for message in (b"first, of another length", b"abc"):
        sha256.start(hash)
        for value in message:
            sha256.add_byte(hash, u8(value))
        sha256.finish(hash)
    assert digest(hash) == hashlib.sha256(b"abc").digest()


def test_bytes_past_the_window_are_not_read() -> None:
    hash = sha256.Sha256()
    sha256.start(hash)
    with pytest.raises(Trap):
        sha256.add_memory(hash, Memory(ADDRESS, 16), u64(8), u64(9))
