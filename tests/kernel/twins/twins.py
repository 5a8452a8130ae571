"""The kernel compiled for this machine and the kernel in CPython, of which any function can be called in both, with any
tables and any hardware.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, get_type_hints

import keelback.kernel.arch.aarch64
from keelback.compiler import EndlessError, HostProgram, Program
from keelback.lang import Array, Trap, memory, to_bytes
from keelback.lang.arrays import is_struct
from keelback.lang.memory import FAKE_ADDRESSES_START
from keelback.lang.traps import TrapKind
from keelback.prover.fuzz.kernel import DRIVER, CompiledKernel
from tests.kernel.conformance.imported import ImportedKernel, put, words_of
from tests.kernel.twins.hardware import Access, Exhausted, Hardware, connected

ROUNDS = 100_000
"""Of loops, in one call."""
PREFIX = "keelback.kernel."
ARCHITECTURE = Path(keelback.kernel.arch.aarch64.__file__).parent
WAITING = (ARCHITECTURE / "gic.py", ARCHITECTURE / "uart.py")
"""Who waits for devices."""
WAITS = 3
"""How often, here."""
Tables = dict[str, bytes]
"""By symbol."""
Row = tuple[str, int]
"""Of a table, by its symbol."""


class Happening(NamedTuple):
    """A call of one function."""

    function: str
    arguments: tuple[int | Row, ...]
    """Numbers, and rows of tables."""
    tables: Tables
    seed: int
    given: Mapping[int, bytes] = MappingProxyType({})
    """What memory holds, in pieces by address."""
    answers: Mapping[int, int] = MappingProxyType({})
    """What is always read, by address; elsewhere it is chance."""


class Outcome(NamedTuple):
    """What it came to. `result` is a text if the call ended in another way than by returning."""

    result: Any
    accesses: list[Access]
    tables: Tables


class Compiled:
    """The one for this machine."""

    def __init__(self, parameters: Mapping[str, int]) -> None:
        replaced = {path: path.read_text().replace("1_000_000", str(WAITS)) for path in WAITING}
        program = Program(root=DRIVER, extra=("keelback.kernel.main",), parameters=parameters, replaced=replaced)
        self.program = HostProgram(program, counted=True, by_address=True)
        self.layouts = self.program.layouts
        writable = [s for s in self.layouts if s.startswith(PREFIX) and s not in self.program.constants]
        self.memories = {symbol: self.program.global_memory(symbol) for symbol in writable}

    @property
    def functions(self) -> list[str]:
        """Of the kernel."""
        return [name for name in self.program.functions if name.startswith(PREFIX)]

    def happen(self, what: Happening) -> Outcome:
        hardware = Hardware(what.seed, what.given, what.answers, lambda: self.program.give_rounds(1))
        for symbol, data in what.tables.items():
            self.memories[symbol][:] = data
        self.program.connect(hardware.read, hardware.write)
        self.program.give_rounds(ROUNDS)
        result: Any
        try:
            result = self.program.call(what.function, *(self._word(argument) for argument in what.arguments))
        except Trap as trap:
            result = trap.kind.name
        except (EndlessError, Exhausted):
            result = "endless"
        return Outcome(result, hardware.accesses, self.tables())

    def tables(self) -> Tables:
        """As they are now."""
        return {symbol: memory.tobytes() for symbol, memory in self.memories.items()}

    def _word(self, argument: int | Row) -> int:
        if isinstance(argument, int):
            return argument
        symbol, index = argument
        return self.program.address(symbol) + index * self.layouts[symbol].stride


class Imported(ImportedKernel):
    """The one in CPython."""

    def __init__(self, kernel: CompiledKernel, compiled: Compiled) -> None:
        super().__init__(kernel)
        self._compiled = compiled
        for path in WAITING:
            vars(self._modules[f"{PREFIX}arch.aarch64.{path.stem}"])["WAIT_LIMIT"] = WAITS
        self._all = {symbol: self._global(symbol) for symbol in compiled.memories}

    def happen(self, what: Happening) -> Outcome:
        for symbol, data in what.tables.items():
            put(self._all[symbol], data)
        hardware = Hardware(what.seed, what.given, what.answers)
        function = self._global(what.function)
        kinds = [kind for name, kind in get_type_hints(function).items() if name != "return"]
        words = [self._object(kind, argument) for kind, argument in zip(kinds, what.arguments, strict=True)]
        result: Any
        with connected(hardware, self._compiled.program.system_registers):
            try:
                result = as_numbers(function(*words))
            except Trap as trap:
                result = trap.kind.name
            except AssertionError:
                result = TrapKind.ASSERT.name
            except Exhausted:
                result = "endless"
        return Outcome(result, hardware.accesses, {symbol: to_bytes(thing) for symbol, thing in self._all.items()})

    def _object(self, kind: Any, argument: int | Row) -> Any:
        if isinstance(argument, int):
            return kind.from_word(argument) if hasattr(kind, "from_word") else kind(argument)
        symbol, index = argument
        thing = self._all[symbol]
        return thing[index] if isinstance(thing, Array) else thing

    def addresses(self) -> dict[int, int]:
        """For each address that CPython gave to a table or row, the one of the compiled kernel."""
        places = {}
        for symbol, thing in self._all.items():
            start, layout = self._compiled.program.address(symbol), self._compiled.layouts[symbol]
            places[id(thing)] = start
            if isinstance(thing, Array) and is_struct(thing.element):
                places |= {id(thing[index]): start + index * layout.stride for index in range(len(thing))}
        known = vars(memory)["_addresses"]
        return {address: places[key] for key, (_, address) in known.items() if key in places}


def as_numbers(result: Any) -> Any:
    """As the compiled kernel's functions return it."""
    if result is None or isinstance(result, str):
        return result
    if isinstance(result, tuple):
        return tuple(as_numbers(part) for part in result)
    return int(result.word) if hasattr(result, "word") else int(result)


def differences(compiled: Compiled, imported: Imported, what: Happening) -> list[str]:
    """What both do not do alike. Addresses of tables are different numbers in both."""
    left, right = compiled.happen(what), imported.happen(what)
    addresses = Addresses(imported.addresses())
    found: list[str] = []
    if not addresses.are_same_results(left.result, right.result):
        found.append(f"{left.result} is the result, in CPython {right.result}")
    if not addresses.are_same_results(as_tuple(left.accesses), as_tuple(right.accesses)):
        found.append("not the same accesses")
    tables = [name for name, data in left.tables.items() if not addresses.are_same_tables(data, right.tables[name])]
    return [*found, *(f"{name} is not the same" for name in tables)]


def as_tuple(accesses: list[Access]) -> tuple[tuple[int, ...], ...]:
    """Numbers only."""
    return tuple((address, width, -1 if written is None else written) for address, width, written in accesses)


class Addresses:
    """What addresses that CPython gave are in the compiled kernel."""

    def __init__(self, known: Mapping[int, int]) -> None:
        self._known = known

    def are_same(self, left: int, right: int) -> bool:
        """Whether two numbers are, or the addresses that they hold, with a VMID above them; they may be behind the
        table that they count from."""
        above, low = right >> 56, FAKE_ADDRESSES_START | right & (1 << 48) - 1
        if left == right or above != 1:
            return left == right
        vmid = right & 0xFF << 48
        return any(left == vmid + there + low - start for start, there in self._known.items() if start <= low)

    def are_same_results(self, left: Any, right: Any) -> bool:
        """Whether what functions return, or do with hardware, is the same."""
        if isinstance(left, tuple) and isinstance(right, tuple):
            return len(left) == len(right) and all(map(self.are_same_results, left, right))
        if isinstance(left, int) and isinstance(right, int):
            return self.are_same(left, right)
        return bool(left == right)

    def are_same_tables(self, left: bytes, right: bytes) -> bool:
        """Whether tables are, word by word."""
        return left == right or (len(left) % 8 == 0 and all(map(self.are_same, words_of(left), words_of(right))))
