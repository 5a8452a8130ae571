"""Compiled functions on the developer's own machine: LLVM's JIT, traps as Python exceptions.

A call goes through a wrapper made here: arguments and results travel in an array of 64-bit words, and a trap anywhere
below longjmps back into the wrapper. Memory windows and device registers go through callbacks to Python, because the
addresses they name do not exist here.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import llvmlite.binding as llvm

from keelback.compiler.backend.cache import ContentCache, compiler_fingerprint, content_key
from keelback.compiler.backend.llvm import host_machine, optimise_module, parse
from keelback.compiler.frontend.lowering.points import ENDLESS
from keelback.lang.traps import Trap

WORD_COUNT = 32
REGISTER_COUNT = 256
WORD_MASK = (1 << 64) - 1

ReadCallback = Callable[[int, int], int]
WriteCallback = Callable[[int, int, int], None]


@dataclass(frozen=True)
class HostFunction:
    """A function to call: LLVM types of its parameters and results (several results: a literal struct)."""

    parameters: tuple[str, ...]
    results: tuple[str, ...] = ()

    @property
    def result_type(self) -> str:
        if not self.results:
            return "void"
        return self.results[0] if len(self.results) == 1 else "{ " + ", ".join(self.results) + " }"


SUPPORT = """
@keel.jump = internal global [64 x i64] zeroinitializer, align 16
@keel.trapped = internal global i32 0
@keel.read.hook = global ptr null
@keel.write.hook = global ptr null
@keel.registers = global [256 x i64] zeroinitializer
@keel.registers.kept = global i64 0
declare i32 @_setjmp(ptr) returns_twice
declare void @longjmp(ptr, i32) noreturn
declare void @llvm.memcpy.p0.p0.i32(ptr, ptr, i32, i1)
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
define void @keel.trap(i32 %kind) noreturn noinline cold {
  store volatile i32 %kind, ptr @keel.trapped
  call void @longjmp(ptr @keel.jump, i32 1)
  unreachable
}
define internal i64 @keel.register(i64 %address) alwaysinline {
  %above = xor i64 %address, -9223372036854775808
  %number = lshr i64 %above, 3
  ret i64 %number
}
define i64 @keel.read(i64 %address, i32 %width) noinline {
  %place = call ptr @keel.place(i64 %address)
  %nowhere = icmp eq ptr %place, null
  br i1 %nowhere, label %elsewhere, label %here
here:
  %word = alloca i64
  store i64 0, ptr %word
  call void @llvm.memcpy.p0.p0.i32(ptr %word, ptr %place, i32 %width, i1 false)
  %read = load i64, ptr %word
  ret i64 %read
elsewhere:
  %number = call i64 @keel.register(i64 %address)
  %kept = load i64, ptr @keel.registers.kept
  %is_kept = icmp ult i64 %number, %kept
  br i1 %is_kept, label %register, label %hooked
register:
  %register.p = getelementptr i64, ptr @keel.registers, i64 %number
  %register.w = load i64, ptr %register.p
  ret i64 %register.w
hooked:
  %hook = load ptr, ptr @keel.read.hook
  %value = call i64 %hook(i64 %address, i32 %width)
  ret i64 %value
}
define void @keel.write(i64 %address, i32 %width, i64 %value) noinline {
  %place = call ptr @keel.place(i64 %address)
  %nowhere = icmp eq ptr %place, null
  br i1 %nowhere, label %elsewhere, label %here
here:
  %word = alloca i64
  store i64 %value, ptr %word
  call void @llvm.memcpy.p0.p0.i32(ptr %place, ptr %word, i32 %width, i1 false)
  ret void
elsewhere:
  %number = call i64 @keel.register(i64 %address)
  %kept = load i64, ptr @keel.registers.kept
  %is_kept = icmp ult i64 %number, %kept
  br i1 %is_kept, label %register, label %hooked
register:
  %register.p = getelementptr i64, ptr @keel.registers, i64 %number
  store i64 %value, ptr %register.p
  ret void
hooked:
  %hook = load ptr, ptr @keel.write.hook
  call void %hook(i64 %address, i32 %width, i64 %value)
  ret void
}
"""


NO_PLACES = "define internal ptr @keel.place(i64 %address) {\n  ret ptr null\n}\n"  # of a module without such arrays


def wrapper_symbol(symbol: str) -> str:
    return f"keel.call.{symbol}"


def wrapper(symbol: str, function: HostFunction) -> str:
    """IR of the wrapper of one function: words in, words out; returns 0 or the kind of the trap.

    A callback may call functions again, so each wrapper puts back where the call around it wants to be led.
    """
    lines = [f'define i32 @"{wrapper_symbol(symbol)}"(ptr %words) noinline {{', "entry:"]
    lines += ["  %outer = alloca [64 x i64], align 16"]
    lines += ["  call void @llvm.memcpy.p0.p0.i64(ptr %outer, ptr @keel.jump, i64 512, i1 false)"]
    lines += ["  %again = call i32 @_setjmp(ptr @keel.jump) returns_twice", "  %trapped = icmp ne i32 %again, 0"]
    lines += ["  br i1 %trapped, label %trap, label %run", "trap:"]
    restore = "  call void @llvm.memcpy.p0.p0.i64(ptr @keel.jump, ptr %outer, i64 512, i1 false)"
    lines += ["  %kind = load volatile i32, ptr @keel.trapped", restore, "  ret i32 %kind", "run:"]
    arguments: list[str] = []
    for number, kind in enumerate(function.parameters):
        lines.append(f"  %a{number}.p = getelementptr i64, ptr %words, i64 {number}")
        lines.append(f"  %a{number}.w = load i64, ptr %a{number}.p")
        lines.append(_from_word(f"%a{number}", kind))
        arguments.append(f"{kind} %a{number}")
    called = f'call {function.result_type} @"{symbol}"({", ".join(arguments)})'
    lines.append(f"  %result = {called}" if function.results else f"  {called}")
    for number, kind in enumerate(function.results):
        whole = len(function.results) == 1
        name = "%result" if whole else f"%r{number}"
        if not whole:
            lines.append(f"  {name} = extractvalue {function.result_type} %result, {number}")
        lines += _to_word(name, kind, number)
    return "\n".join([*lines, restore, "  ret i32 0", "}", ""])


def _from_word(name: str, kind: str) -> str:
    if kind == "ptr":
        return f"  {name} = inttoptr i64 {name}.w to ptr"
    if kind == "i64":
        return f"  {name} = add i64 {name}.w, 0"
    return f"  {name} = trunc i64 {name}.w to {kind}"


def _to_word(name: str, kind: str, number: int) -> list[str]:
    word = f"%w{number}"
    convert = {"ptr": f"ptrtoint ptr {name} to i64", "i64": f"add i64 {name}, 0"}
    return [
        f"  {word} = {convert.get(kind, f'zext {kind} {name} to i64')}",
        f"  {word}.p = getelementptr i64, ptr %words, i64 {number}",
        f"  store i64 {word}, ptr {word}.p",
    ]


_READ = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_uint64, ctypes.c_uint32)
_WRITE = ctypes.CFUNCTYPE(None, ctypes.c_uint64, ctypes.c_uint32, ctypes.c_uint64)


def _compiled(text: str, optimised: bool) -> Any:
    """An engine with the code of this IR, which is made once for each text and processor."""
    machine = host_machine()
    module = parse(text)
    module.triple = llvm.get_default_triple()
    module.data_layout = str(machine.target_data)
    cache = ContentCache("host")
    features = llvm.get_host_cpu_features().flatten()
    key = content_key([text, str(optimised), llvm.get_host_cpu_name(), features, compiler_fingerprint()])
    kept = cache.find(key, ".o")
    if optimised and kept is None:
        optimise_module(module, "host")
    engine = llvm.create_mcjit_compiler(module, machine)
    code = None if kept is None else kept.read_bytes()

    def keep(_: Any, made: bytes) -> None:
        cache.keep(key, ".o", made)

    def find(_: Any) -> bytes | None:
        return code

    engine.set_object_cache(keep, find)
    engine.finalize_object()
    return engine


class EndlessError(Exception):
    """A call ran as many rounds of loops as it was given."""


class HostModule:
    """IR text made callable. `functions` are those that may be called, by symbol."""

    def __init__(self, text: str, functions: Mapping[str, HostFunction], *, optimised: bool = True) -> None:
        wrappers = [wrapper(symbol, function) for symbol, function in functions.items()]
        places = "" if "@keel.place(" in text else NO_PLACES
        self.functions = dict(functions)
        self._engine: Any = _compiled("\n".join([text, SUPPORT, places, *wrappers]), optimised)
        self._calls: dict[str, Any] = {}
        self._callbacks: list[Any] = []
        self._problem: BaseException | None = None  # what a callback raised during the present call
        self.bytes: dict[int, int] = {}
        self.connect(self._read_bytes, self._write_bytes)

    def connect(self, read: ReadCallback, write: WriteCallback) -> None:
        """Send accesses to windows and registers to `read(address, width_bytes)`, `write(address, width_bytes, value)`.

        Without this they go to `self.bytes`, a sparse memory by address.
        """

        def guarded_read(address: int, width_bytes: int) -> int:
            try:
                return read(address, width_bytes)
            except BaseException as problem:  # ctypes would print and forget it
                self._problem = self._problem or problem
                return 0

        def guarded_write(address: int, width_bytes: int, value: int) -> None:
            try:
                write(address, width_bytes, value)
            except BaseException as problem:
                self._problem = self._problem or problem

        self._callbacks = [_READ(guarded_read), _WRITE(guarded_write)]
        for name, callback in zip(("keel.read.hook", "keel.write.hook"), self._callbacks, strict=True):
            slot = ctypes.c_void_p.from_address(self.address(name))
            slot.value = ctypes.cast(callback, ctypes.c_void_p).value

    def address(self, symbol: str) -> int:
        """Where a global lies in this process."""
        found = int(self._engine.get_global_value_address(symbol))
        if not found:
            raise KeyError(f"no global is called {symbol!r}")
        return found

    def keep_registers(self) -> memoryview:
        """From now on system registers hold what was last written to them, without callbacks; their values, as u64.

        Register n is the one with address SYSTEM_SPACE + 8 * n; the first ones are kept, as many as the result has.
        """
        ctypes.c_uint64.from_address(self.address("keel.registers.kept")).value = REGISTER_COUNT
        return self.memory("keel.registers", 8 * REGISTER_COUNT).cast("Q")

    def memory(self, symbol: str, size_bytes: int) -> memoryview:
        """The bytes of a global, live: to set up state before calls and look at it after."""
        array = (ctypes.c_uint8 * size_bytes).from_address(self.address(symbol))
        return memoryview(array).cast("B")

    def call(self, symbol: str, *arguments: int) -> Sequence[int]:
        """Call a function with words; returns its results as words. Raises Trap when it traps.

        What a callback of `connect` raises comes out of here, once the function is done; the function saw zeros.
        """
        function = self.functions[symbol]
        if len(arguments) != len(function.parameters):
            raise TypeError(f"{symbol} takes {len(function.parameters)} arguments, {len(arguments)} given")
        words = (ctypes.c_uint64 * WORD_COUNT)(*(argument & WORD_MASK for argument in arguments))
        kind = self._wrapper(symbol)(words)
        if self._problem is not None:
            problem, self._problem = self._problem, None
            raise problem
        if kind == ENDLESS:
            raise EndlessError(symbol)
        if kind:
            raise Trap(kind)
        return words[: len(function.results)]

    def _wrapper(self, symbol: str) -> Any:
        if symbol not in self._calls:
            address = int(self._engine.get_function_address(wrapper_symbol(symbol)))
            self._calls[symbol] = ctypes.CFUNCTYPE(ctypes.c_uint32, ctypes.c_void_p)(address)
        return self._calls[symbol]

    def _read_bytes(self, address: int, width: int) -> int:
        return sum(self.bytes.get(address + offset, 0) << (8 * offset) for offset in range(width))

    def _write_bytes(self, address: int, width: int, value: int) -> None:
        for offset in range(width):
            self.bytes[address + offset] = (value >> (8 * offset)) & 0xFF
