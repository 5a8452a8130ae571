"""LLVM IR as data: what the parser makes and the executor runs. Covers what this compiler's kernel can contain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from keelback.prover.encode.types import IRType


class UnsupportedError(Exception):
    """Something that is not modelled; the message names instruction, function and source line."""


@dataclass(frozen=True)
class Local:
    name: str


@dataclass(frozen=True)
class GlobalName:
    name: str


@dataclass(frozen=True)
class Integer:
    value: int


@dataclass(frozen=True)
class Undefined:
    """undef or poison."""


@dataclass(frozen=True)
class Zero:
    """zeroinitializer or null."""


@dataclass(frozen=True)
class Data:
    """The bytes of a c"..." string."""

    data: bytes


@dataclass(frozen=True)
class Aggregate:
    members: tuple[Operand, ...]


@dataclass(frozen=True)
class Expression:
    """A constant expression: getelementptr (`kind` is its source type), inttoptr, ptrtoint, trunc, add, sub, xor."""

    op: str
    kind: IRType
    operands: tuple[Operand, ...]


Constant: TypeAlias = "Local | GlobalName | Integer | Undefined | Zero | Data | Aggregate | Expression"


@dataclass(frozen=True)
class Operand:
    type: IRType
    value: Constant


@dataclass(frozen=True)
class Instruction:
    """`operands` in LLVM's order; `labels` of a terminator; of a phi, label by operand. `detail` is what else it says:
    an icmp's predicate, a getelementptr's or alloca's type, a call's target, indices of extractvalue."""

    op: str
    result: str | None
    type: IRType
    operands: tuple[Operand, ...]
    flags: frozenset[str]
    labels: tuple[str, ...]
    detail: object
    text: str
    location: int | None

    def reads(self) -> list[str]:
        """Names of the values it uses."""
        return [name for operand in self.operands for name in _locals(operand)]


def _locals(operand: Operand) -> list[str]:
    value = operand.value
    if isinstance(value, Local):
        return [value.name]
    if isinstance(value, Aggregate):
        return [name for member in value.members for name in _locals(member)]
    if isinstance(value, Expression):
        return [name for member in value.operands for name in _locals(member)]
    return []


@dataclass(frozen=True)
class CallTarget:
    """`name` of a function, or the template and constraints of inline assembly. `ranges`: of the arguments."""

    name: str
    template: str | None = None
    constraints: str = ""
    side_effect: bool = True
    never_returns: bool = False


@dataclass(frozen=True)
class Parameter:
    """`limits`: values lie from the first up to, not including, the second, counted modulo 2^bits."""

    name: str
    type: IRType
    limits: tuple[int, int] | None = None
    not_null: bool = False


@dataclass(frozen=True)
class Function:
    name: str
    parameters: tuple[Parameter, ...]
    result: IRType
    result_limits: tuple[int, int] | None
    blocks: Mapping[str, tuple[Instruction, ...]]
    entry: str
    is_internal: bool = True
    keeps_nothing: bool = False
    """Its convention is preserve_none: no register is kept for whoever comes to it."""


@dataclass(frozen=True)
class Global:
    """`initial` is None for one that is defined elsewhere."""

    name: str
    type: IRType
    constant: bool
    initial: Operand | None


@dataclass(frozen=True)
class SourceLine:
    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass
class Module:
    functions: dict[str, Function] = field(default_factory=dict[str, Function])
    globals: dict[str, Global] = field(default_factory=dict[str, Global])
    declared: dict[str, IRType] = field(default_factory=dict[str, IRType])
    declared_parameters: dict[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])
    keep_nothing: set[str] = field(default_factory=set[str])
    """Declared functions of the convention preserve_none."""
    lines: dict[int, SourceLine] = field(default_factory=dict[int, SourceLine])
    pointed_at: dict[tuple[str, int], str] = field(default_factory=dict[tuple[str, int], str])
    """By function and number of a parameter that is an address: the struct that it points to, as in the source."""

    def given_to(self, name: str) -> tuple[int, ...]:
        """The numbers of a declared function's parameters that any call gives something."""
        found = [
            number
            for function in self.functions.values()
            for block in function.blocks.values()
            for instruction in block
            if isinstance(instruction.detail, CallTarget) and instruction.detail.name == name
            for number, operand in enumerate(instruction.operands)
            if not isinstance(operand.value, Undefined)
        ]
        return tuple(sorted(set(found)))

    def where(self, function: str, instruction: Instruction) -> str:
        """Function, source line and instruction, for people."""
        line = self.lines.get(instruction.location) if instruction.location is not None else None
        return f"{function}, {line or 'no line'}: {instruction.text}"
