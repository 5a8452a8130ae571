"""What tests call in the kernel in CPython happens in the compiled kernel too: with the same tables, arguments, and
answers of the hardware.

Only the outermost calls count: what a test calls, not what the kernel calls then. Tests that put something of their own
in the place of a part of the kernel do so in CPython only.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import os
import pkgutil
import sys
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from contextlib import suppress
from types import FunctionType
from typing import Any

import pytest

import keelback.kernel
from keelback.compiler import EndlessError, HostProgram, Program
from keelback.lang import Array, Trap, memory, registers, to_bytes, u64
from keelback.lang.arrays import is_struct
from keelback.lang.memory import FAKE_ADDRESSES_START
from keelback.lang.registers import Device

PREFIX = "keelback.kernel."
CALLS_EACH = 40
"""So many calls of a function are followed in each test."""
ROUNDS = 1_000_000


class Shadow:
    """The compiled kernel that follows the one of `sys.modules`."""

    def __init__(self, counted: type[HostProgram]) -> None:
        for found in pkgutil.walk_packages(keelback.kernel.__path__, PREFIX):
            importlib.import_module(found.name)
        self.program = counted(Program(root="keelback.kernel.main"), by_address=True)
        self._known = set(self.program.functions)
        symbols = [s for s in self.program.layouts if s.startswith(PREFIX) and s not in self.program.constants]
        self._memories = {symbol: self.program.global_memory(symbol) for symbol in symbols}
        self._things = {symbol: thing_of(symbol) for symbol in symbols}
        self._rows: dict[int, tuple[str, int]] = {}
        self._depth = 0
        self._reads: dict[int, deque[int]] = defaultdict(deque)
        self._calls: Counter[tuple[str, str]] = Counter()

    # -- what the kernel's functions become --------------------------------------------------------------------------

    def install(self) -> None:
        """From now on tests that import the kernel's functions get those that are followed."""
        self._listen()
        for name, module in list(sys.modules.items()):
            if name.startswith(PREFIX):
                for key, value in list(vars(module).items()):
                    if isinstance(value, FunctionType) and value.__module__ == name:
                        setattr(module, key, self._followed(f"{name}.{key}", value))

    def _followed(self, symbol: str, function: Callable[..., Any]) -> Callable[..., Any]:
        if symbol not in self._known:
            return function

        @functools.wraps(function)
        def call(*arguments: Any, **named: Any) -> Any:
            if self._depth or not self._is_wanted(symbol):
                return function(*arguments, **named)
            words = self._words_of(function, arguments, named)
            before = None if words is None else {symbol: to_bytes(thing) for symbol, thing in self._things.items()}
            self._depth += 1
            self._reads.clear()
            try:
                return function(*arguments, **named)
            finally:
                self._depth -= 1
                if words is not None and before is not None:
                    self._follow(symbol, words, before)

        return call

    def _is_wanted(self, symbol: str) -> bool:
        """Whether the present test has not called it too often yet."""
        self._calls[os.environ.get("PYTEST_CURRENT_TEST", ""), symbol] += 1
        return self._calls[os.environ.get("PYTEST_CURRENT_TEST", ""), symbol] <= CALLS_EACH

    def _words_of(self, function: Any, arguments: Any, named: Any) -> list[int] | None:
        """The arguments as the compiled function takes them; None if one is nothing that it knows."""
        bound = inspect.signature(function).bind(*arguments, **named)
        bound.apply_defaults()
        words = [self._word_of(value) for value in bound.arguments.values()]
        return None if None in words else [word for word in words if word is not None]

    def _word_of(self, value: Any) -> int | None:
        if not is_struct(type(value)):
            return int(value.word) if hasattr(value, "word") else int(value)
        if not self._rows:
            for symbol, thing in self._things.items():
                stride = self.program.layouts[symbol].stride
                rows = range(len(thing)) if isinstance(thing, Array) and is_struct(thing.element) else ()
                self._rows |= {id(thing[index]): (symbol, index * stride) for index in rows}
        found = self._rows.get(id(value))
        return None if found is None else self.program.address(found[0]) + found[1]

    def _follow(self, symbol: str, words: list[int], before: dict[str, bytes]) -> None:
        """The same in the compiled kernel."""
        for name, data in before.items():
            self._memories[name][:] = data
        self.program.connect(self._answer, lambda address, width_bytes, value: None)
        self.program.give_rounds(ROUNDS)
        with suppress(Trap, EndlessError):
            self.program.call(symbol, *words)

    # -- the hardware ------------------------------------------------------------------------------------------------

    def _answer(self, address: int, width_bytes: int) -> int:
        known = self._reads.get(address)
        if known:
            return known.popleft() if len(known) > 1 else known[0]
        return int.from_bytes(READ_BYTES(address, width_bytes), "little") if address < FAKE_ADDRESSES_START else 0

    def _listen(self) -> None:
        """Note what the kernel reads."""
        addresses = self.program.system_registers
        read_raw, read_register = Device.read_raw, registers.ReadOnlySystemRegister.read

        def device(where: Device, offset: int) -> int:
            value = read_raw(where, offset)
            self._reads[where.base + offset].append(value)
            return value

        def register(where: registers.ReadOnlySystemRegister) -> u64:
            value = read_register(where)
            if where.name in addresses:
                self._reads[addresses[where.name]].append(int(value))
            return value

        patch = pytest.MonkeyPatch()
        patch.setattr(Device, "read_raw", device)
        patch.setattr(registers.ReadOnlySystemRegister, "read", register)


READ_BYTES = memory.read_bytes


def thing_of(symbol: str) -> Any:
    """The table that a symbol names."""
    module, _, name = symbol.rpartition(".")
    return getattr(sys.modules[module], name)
