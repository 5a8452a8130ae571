"""The compiled hash and code against the published examples, and against Python's own over many lengths."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import pytest

from keelback.compiler import HostProgram, Program
from keelback.lang import Trap
from keelback.lang.memory import read_bytes, write_bytes
from tests.user.compiled import hash_probe
from tests.user.crypto import test_hmac, test_sha256


@pytest.fixture(scope="module")
def probe() -> HostProgram:
    program = HostProgram(Program(Path(__file__).with_name("hash_probe.py")))
    program.connect(
        lambda address, size: int.from_bytes(read_bytes(address, size), "little"),
        lambda address, size, value: write_bytes(address, value.to_bytes(size, "little")),
    )
    return program


def hash_of(probe: HostProgram, message: bytes) -> bytes:
    write_bytes(hash_probe.MESSAGE_ADDRESS, message)
    probe.call("hash_probe.hash_message", len(message))
    digits = [probe.call("hash_probe.hash_byte", index) for index in range(32)]
    return bytes(digit for digit in digits if isinstance(digit, int))


def code_of(probe: HostProgram, key: bytes, message: bytes) -> bytes:
    write_bytes(hash_probe.MESSAGE_ADDRESS, message)
    write_bytes(hash_probe.KEY_ADDRESS, key)
    words = probe.call("hash_probe.sign", len(key), len(message))
    assert isinstance(words, tuple)
    return b"".join(word.to_bytes(8, "little") for word in words)


@pytest.mark.parametrize(("message", "expected"), test_sha256.PUBLISHED)
def test_published_hashes(probe: HostProgram, message: bytes, expected: str) -> None:
    assert hash_of(probe, message).hex() == expected


@pytest.mark.parametrize(("key", "message", "expected"), test_hmac.PUBLISHED)
def test_published_codes(probe: HostProgram, key: bytes, message: bytes, expected: str) -> None:
    assert code_of(probe, key, message).hex().startswith(expected)


def test_every_length_around_two_blocks(probe: HostProgram) -> None:
    for length in range(0, 140):
        message = bytes(byte * 7 % 256 for byte in range(length))
        assert hash_of(probe, message) == hashlib.sha256(message).digest()
        assert code_of(probe, message, message) == hmac.digest(message, message, "sha256")


def test_a_message_longer_than_its_memory_traps(probe: HostProgram) -> None:
    with pytest.raises(Trap):
        probe.call("hash_probe.hash_message", 4097)
