"""The vault example's own components: what the vault signs and refuses, what the clerk asks and shows."""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import Any

import pytest

from keelback.abi import syscalls
from keelback.lang import u64
from keelback.lang.memory import read_bytes, write_bytes
from tests.user.host import Component, Ring, Words, load

FOLDER = Path(__file__).parents[2] / "examples" / "vault"
KEY = bytes(range(32))
LOG, KEYS, BUFFERS = 0x5800_0000, 0x5800_1000, 0x5810_0000
BUFFER_BYTES = 4096
VAULT_SLOT = 4


class Vault:
    def __init__(self, client_count: int = 2) -> None:
        self.ring = Ring(LOG)
        self.component: Component = load(
            "vault",
            {
                "key_hex": KEY.hex(),
                "client_count": client_count,
                "client_0_name": "linux",
                "client_1_name": "clerk",
                "client_buffers_address": BUFFERS,
                "client_buffer_stride": BUFFER_BYTES,
                "log_address": LOG,
                "log_slot": 3,
            },
            folder=FOLDER,
        )
        self.message: Any = self.component.module("keelback.user.runtime.messages").Message()

    def call(self, badge: int, *words: int) -> list[int]:
        for index in range(8):
            self.message.words[index] = u64(words[index] if index < len(words) else 0xAAAA)
        self.component.root.protected(u64(badge), self.message)
        return [int(self.message.words[index]) for index in range(8)]

    def sign(self, client: int, text: bytes) -> list[int]:
        write_bytes(BUFFERS + client * BUFFER_BYTES, text)
        return self.call(client + 1, 1, len(text))


def code_in(answer: list[int]) -> bytes:
    return b"".join(word.to_bytes(8, "little") for word in answer[1:5])


@pytest.mark.parametrize("text", [b"", b"hello", bytes(range(256)) * 4])
@pytest.mark.parametrize("client", [0, 1])
def test_the_vault_signs_what_is_in_the_callers_buffer(client: int, text: bytes) -> None:
    vault = Vault()
    write_bytes(BUFFERS, b"x" * 2 * BUFFER_BYTES)
    answer = vault.sign(client, text)
    assert answer[0] == 0
    assert code_in(answer) == hmac.digest(KEY, text, "sha256")
    assert answer[5:] == [0, 0, 0]
    assert vault.ring.drain().decode() == f"signed {len(text)} bytes for {('linux', 'clerk')[client]}\n"


def test_a_whole_buffer_may_be_signed() -> None:
    text = b"z" * BUFFER_BYTES
    assert code_in(Vault().sign(1, text)) == hmac.digest(KEY, text, "sha256")


@pytest.mark.parametrize(
    ("badge", "words", "status"),
    [
        (1, (2, 5), 1),
        (1, (2**64 - 1, 5), 1),
        (1, (1, BUFFER_BYTES + 1), 2),
        (1, (1, 2**64 - 1), 2),
        (0, (1, 5), 3),
        (3, (1, 5), 3),
        (2**64 - 1, (1, 5), 3),
    ],
)
def test_what_it_refuses_gets_a_status_and_nothing_else(badge: int, words: tuple[int, int], status: int) -> None:
    assert Vault().call(badge, *words) == [status, 0, 0, 0, 0, 0, 0, 0]


def test_the_key_is_in_no_answer_and_no_log() -> None:
    vault = Vault()
    vault.component.root.init()
    answers = [vault.sign(0, b"text"), vault.call(1, 7), vault.call(9, 1)]
    seen = b"".join(word.to_bytes(8, "little") for answer in answers for word in answer) + vault.ring.drain()
    assert all(KEY[start : start + 4] not in seen for start in range(29))


@pytest.mark.parametrize("key_hex", ["", "00" * 31, "00" * 33, "zz" * 32])
def test_a_vault_without_a_proper_key_is_not_built(key_hex: str) -> None:
    with pytest.raises(ValueError):
        load("vault", {"key_hex": key_hex}, folder=FOLDER)


class Clerk:
    """A clerk whose calls go to `answer`."""

    def __init__(self, answer: Words = (0, 0, 0, 0, 1, 2, 3, 4)) -> None:
        self.log, self.keys = Ring(LOG), Ring(KEYS)
        self.asked: list[bytes] = []
        self.component: Component = load(
            "clerk",
            {
                "vault_slot": VAULT_SLOT,
                "vault_buffer_address": BUFFERS,
                "vault_buffer_size": BUFFER_BYTES,
                "log_address": LOG,
                "log_slot": 3,
                "console_in_address": KEYS,
            },
            folder=FOLDER,
        )

        def call(slot: int, words: Words) -> Words:
            assert (slot, words[0]) == (VAULT_SLOT, 1)
            self.asked.append(read_bytes(BUFFERS, words[1]))
            return answer

        self.component.kernel.handlers[syscalls.CALL] = call
        self.component.module("keelback.user.runtime.log").attach_log()

    def type(self, text: str) -> list[str]:
        self.keys.feed(text.encode())
        self.component.root.notified(u64(1))
        return self.log.drain().decode().splitlines()


SIGNATURE = "signature 0100000000000000020000000000000003000000000000000400000000000000"


def test_the_clerk_asks_once_at_the_start() -> None:
    clerk = Clerk()
    clerk.component.root.init()
    assert clerk.asked == [b"the clerk is at work"]
    assert clerk.log.drain().decode() == SIGNATURE + "\n"


def test_the_clerk_has_signed_what_is_typed() -> None:
    clerk = Clerk()
    assert clerk.type("sign one\nsign two words\n") == [SIGNATURE, SIGNATURE]
    assert clerk.asked == [b"one", b"two words"]


@pytest.mark.parametrize("line", ["sign", "hello", "", "SIGN x"])
def test_anything_else_typed_gets_help(line: str) -> None:
    clerk = Clerk()
    assert clerk.type(line + "\n") == ["type: sign TEXT"]
    assert clerk.asked == []


def test_the_longest_line_fits_the_buffer() -> None:
    clerk = Clerk()
    clerk.type("sign " + "x" * 500 + "\n")
    assert clerk.asked == [b"x" * 123]


@pytest.mark.parametrize(
    ("answer", "line"),
    [((10,), "the vault cannot be called, status 10"), ((0, 0, 0, 2), "the vault refused, status 2")],
)
def test_a_vault_that_does_not_sign_is_reported(answer: Words, line: str) -> None:
    assert Clerk(answer).type("sign x\n") == [line]


def test_vault_and_clerk_together_give_the_published_code() -> None:
    vault = Vault()
    clerk = Clerk()
    clerk.component.kernel.handlers[syscalls.CALL] = lambda slot, words: (0, 0, 0, *vault.call(1, *words))
    (line,) = [line for line in clerk.type("sign hello\n") if line.startswith("signature")]
    assert line == "signature " + hmac.digest(KEY, b"hello", "sha256").hex()
