"""How deep the kernel's stack can get: the stack pointer followed along every path of the linked code, and summed over
calls. Every return has to find it where the function began, every exit from the kernel at the top of the stack; a call
of itself, however indirect, is refused. An indirect call may lead to any function whose address is a word of the image.

Code is followed by address, whatever function it belongs to, so that stubs and branches into other functions count too.
Where code loads the stack pointer anew (boot, panic), depth is counted from there. Nothing is said of what is stored.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, replace

from keelback.prover.encode import Program, UnsupportedError
from keelback.prover.encode.terms import signed
from keelback.prover.encode.types import ArrayType, size_of
from keelback.prover.machine.image import Code, Image
from keelback.prover.machine.jump_tables import find_table
from keelback.prover.machine.lifting import Operation, lift, register
from keelback.prover.machine.system import breakpoint_number, system_instruction

VECTORS = "kernel_vectors"
TRACED_VECTORS = "kernel_traced_vectors"
VECTOR_COUNT, VECTOR_BYTES = 16, 0x80
SETS_STACK = ("_start", VECTORS)
"""Stubs that load the stack pointer: at boot and before a panic."""
EXCEPTION_RETURN = 0xD69F03E0
DEEPEST_BYTES = 1 << 20
"""Past this depth a path counts as endless."""


@dataclass(frozen=True)
class Depth:
    """Bytes below where a piece of code began, and the addresses of the pieces called one from another on the deepest
    path, outermost first. `leaves`: it can end with an exit from the kernel."""

    size_bytes: int
    path: tuple[int, ...]
    leaves: bool = False


def deepest(image: Image) -> Depth:
    """Of all functions and all exception vectors. UnsupportedError where the code cannot be followed."""
    follower = StackFollower(image)
    roots = _functions(image)
    for table in (VECTORS, TRACED_VECTORS):
        if table in image.symbols:
            roots |= {image.symbols[table] + VECTOR_BYTES * n for n in range(VECTOR_COUNT)}
    return follower.deepest_of(sorted(roots))


def stack_room(program: Program) -> int:
    """Bytes of the smallest stack that the kernel has: one for each core, and one to panic on."""
    sizes: dict[str, int] = {}
    cores = 1
    for name, found in program.module.globals.items():
        if isinstance(found.type, ArrayType) and name.endswith((".kernel_stack", ".panic_stack", ".state.cores")):
            if name.endswith(".cores"):
                cores = found.type.count
            else:
                sizes[name.rsplit(".", 1)[1]] = size_of(found.type)
    if len(sizes) != 2:
        raise UnsupportedError("the kernel has no stack of a known name")
    return min(sizes["kernel_stack"] // cores, sizes["panic_stack"])


def describe(image: Image, depth: Depth, room: int) -> str:
    """The figure, and the way there."""
    follower = StackFollower(image)
    names = " > ".join(follower.name(address).removeprefix("keelback.kernel.") for address in depth.path)
    return f"at most {depth.size_bytes} of {room} bytes of stack: {names}"


class StackFollower:
    """Depths of an image's code, each piece once."""

    def __init__(self, image: Image) -> None:
        self.image = image
        self._known: dict[int, Depth] = {}
        self._callers: list[int] = []
        self._in_tables = _functions_in_tables(image)
        self._names = {code.address: code.name for code in image.functions.values()}

    def deepest_of(self, addresses: Iterable[int]) -> Depth:
        return max((self.depth(address) for address in addresses), key=lambda depth: depth.size_bytes)

    def depth(self, entry: int) -> Depth:
        """Of the code at an address with everything that it calls."""
        if entry not in self._known:
            if entry in self._callers:
                raise UnsupportedError(f"{self.name(entry)} calls itself")
            self._callers.append(entry)
            self._known[entry] = self._follow(entry)
            self._callers.pop()
        return self._known[entry]

    def name(self, address: int) -> str:
        """The function or label at an address, or the function around it."""
        found = self._names.get(address) or self.image.name_at(address)
        around = self._around(address)
        return found or (f"{around.name}+{address - around.address:#x}" if around else f"{address:#x}")

    def _around(self, address: int) -> Code | None:
        codes = self.image.functions.values()
        return next((c for c in codes if c.address <= address < c.address + 4 * len(c.words)), None)

    def _follow(self, entry: int) -> Depth:
        best, leaves = Depth(0, (entry,)), False
        waiting = [(entry, 0)]
        seen: set[tuple[int, int]] = set()
        while waiting:
            place = waiting.pop()
            if place in seen:
                continue
            seen.add(place)
            address, below = place
            word = self.image.read_constant(address, 4)
            if word is None:
                raise UnsupportedError(f"no code at {address:#x}")
            if breakpoint_number(word) is not None:
                continue
            if word == EXCEPTION_RETURN:
                leaves = True
                self._check_top(address, below)
                continue
            if system_instruction(word) is not None:
                waiting.append((address + 4, below))
                continue
            operations = lift(word, address)
            below, lowest = self._moved(operations, address, below)
            best = max(best, Depth(lowest, (entry,)), key=lambda depth: depth.size_bytes)
            for target in self._called(operations, address):
                inner = self.depth(target)
                if inner.leaves:
                    leaves = True
                    self._check_top(address, below)
                if below + inner.size_bytes > best.size_bytes:
                    best = Depth(below + inner.size_bytes, (entry, *inner.path))
            waiting += [(target, below) for target in self._next(operations, address, below)]
        return replace(best, leaves=leaves)

    def _check_top(self, address: int, below: int) -> None:
        if below:
            raise UnsupportedError(f"{self.name(address)}: leaves the kernel {below} bytes below the top of its stack")

    def _moved(self, operations: tuple[Operation, ...], address: int, below: int) -> tuple[int, int]:
        """The depth behind an instruction, and the lowest place that it writes to."""
        lowest = below
        places = {("register", register("sp")): -below}
        for op in operations:
            if op.name == "STORE":
                place = places.get((op.inputs[1].space, op.inputs[1].offset))
                lowest = max(lowest, 0 if place is None else -place)
            if op.output is None:
                continue
            known = [n.offset if n.space == "const" else places.get((n.space, n.offset)) for n in op.inputs]
            value = _computed(op, known)
            key = (op.output.space, op.output.offset)
            if key == ("register", register("sp")) and value is None:
                around = self._around(address)
                if around is None or around.name not in SETS_STACK:
                    raise UnsupportedError(f"{self.name(address)}: the stack pointer becomes unknown")
                value = 0
            if value is None:
                places.pop(key, None)
            else:
                places[key] = value
        depth = -places["register", register("sp")]
        if not 0 <= depth < DEEPEST_BYTES:
            raise UnsupportedError(f"{self.name(address)}: the stack pointer moves without end, or above its start")
        return depth, max(depth, lowest)

    def _called(self, operations: tuple[Operation, ...], address: int) -> list[int]:
        if any(op.name == "CALLIND" for op in operations):
            if not self._in_tables:
                raise UnsupportedError(f"{self.name(address)}: an indirect call")
            return sorted(self._in_tables)
        return [op.inputs[0].offset for op in operations if op.name == "CALL"]

    def _next(self, operations: tuple[Operation, ...], address: int, below: int) -> list[int]:
        """Where an instruction leads, beside what it calls."""
        following = address + 4
        for op in operations:
            target = op.inputs[0].offset if op.inputs else 0
            is_inside = bool(op.inputs) and op.inputs[0].space == "const"
            if op.name == "BRANCH" and not is_inside and target != following:
                return [target]
            if op.name == "CBRANCH" and not is_inside and target != following:
                return [target, following]
            if op.name == "RETURN":
                if below:
                    raise UnsupportedError(f"{self.name(address)} returns {below} bytes below where it began")
                return []
            if op.name == "BRANCHIND":
                return self._cases(address)
        return [following]

    def _cases(self, address: int) -> list[int]:
        code = self._around(address)
        table = find_table(code, (address - code.address) // 4, self.image.read_constant) if code else None
        if table is None:
            raise UnsupportedError(f"{self.name(address)}: an indirect branch")
        return sorted(set(table.targets))


def _functions(image: Image) -> set[int]:
    """Where functions begin; a label of code behind which an address of the image stands is a table of them."""
    codes = {code.address: code for code in image.functions.values()}
    labels = set(image.symbols.values())
    return {address for address, code in codes.items() if not (code.words[1:2] == (0,) and code.words[0] in labels)}


def _functions_in_tables(image: Image) -> set[int]:
    """Functions whose address lies in the image as a word: where an indirect call can lead."""
    words: set[int] = set()
    for start, content in image.read_only:
        skipped = -start % 8
        whole = (len(content) - skipped) // 8 * 8
        words.update(struct.unpack(f"<{whole // 8}Q", content[skipped : skipped + whole]))
    return _functions(image) & words


def _computed(op: Operation, known: list[int | None]) -> int | None:
    if op.name == "COPY":
        return known[0]
    if op.name not in ("INT_ADD", "INT_SUB") or len(known) != 2 or known[0] is None or known[1] is None:
        return None
    width = 8 * op.inputs[0].size
    return signed((known[0] + known[1] if op.name == "INT_ADD" else known[0] - known[1]) % (1 << width), width)
