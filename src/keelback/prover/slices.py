"""Which part of a module's IR a goal depends on, as a fingerprint: what its function can reach, and nothing else.

Of a goal about one value of the first parameter (the number of a system call) only those blocks count that this value
leads to, in that function and in those that get it as their first parameter. Source lines are left out, so that moving
code changes nothing; a result that tells lines has to depend on the whole module instead. Works on the text: it must
never leave out what the prover reads.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

_NAME = re.compile(r'@("[^"]+"|[-\w.$]+)')
_METADATA = re.compile(r",? ?!(dbg|tbaa|prof) !\d+")
_GROUP = re.compile(r"#\d+")
_LABEL = re.compile(r'^("[^"]+"|[-\w.$]+):')
_TARGET = re.compile(r'label %("[^"]+"|[-\w.$]+)')
_COMPARE = re.compile(r"^  (%\S+) = icmp (eq|ne|ult|ule|ugt|uge) i\d+ (%\S+), (\d+)$")
_BRANCH = re.compile(r"^  br i1 (%\S+), label %(\S+), label %(\S+)$")
_SWITCH = re.compile(r"^  switch i\d+ (%\S+), label %(\S+) \[")
_FIRST_PARAMETER = re.compile(r"\(i\d+(?: \w+)* (%[-\w.$]+)")
_CALLED = re.compile(r'@("[^"]+"|[-\w.$]+)\(i\d+(?: \w+)* (%[-\w.$]+)')
_CASE = re.compile(r"^    i\d+ (-?\d+), label %(\S+)")


class Slices:
    """A module, cut into definitions by name."""

    def __init__(self, ir: str) -> None:
        self.definitions: dict[str, list[str]] = {}
        groups: dict[str, str] = {}
        common: list[str] = []
        lines = iter(_METADATA.sub("", ir).splitlines())
        for line in lines:
            if line.startswith("define "):
                self.definitions[_defined(line)] = [line, *_until_end(lines)]
            elif line.startswith(("@", "declare ")):
                self.definitions[_defined(line)] = [line]
            elif line.startswith("attributes "):
                name, _, content = line.removeprefix("attributes ").partition(" = ")
                groups[name] = content
            elif not line.startswith("!") and line:
                common.append(line)
        self._groups = groups
        self._common = common

    def fingerprint(self, entry: str, case: int | None = None) -> str:
        """Of everything that `entry` reaches, when its first parameter is `case`."""
        reached: dict[tuple[str, int | None], list[str]] = {}
        waiting = [(entry, case)]
        while waiting:
            place = waiting.pop()
            if place in reached or place[0] not in self.definitions:
                continue
            lines = reached[place] = self._lines(*place)
            waiting += _mentioned(lines, place[1])
        digest = hashlib.sha256("\n".join(self._common).encode())
        for place in sorted(reached, key=str):
            digest.update(self._with_groups(reached[place]).encode())
        return digest.hexdigest()

    def _lines(self, name: str, case: int | None) -> list[str]:
        lines = self.definitions[name]
        return lines if case is None else lines_for_case(lines, case)

    def _with_groups(self, lines: list[str]) -> str:
        return _GROUP.sub(lambda found: self._groups.get(found[0], found[0]), "\n".join(lines))


@lru_cache(maxsize=2)
def slices_of(ir: str) -> Slices:
    """The slices of a module, kept."""
    return Slices(ir)


def _defined(line: str) -> str:
    found = _NAME.search(line)
    assert found is not None, line
    return found[1].strip('"')


def _until_end(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        yield line
        if line == "}":
            return


def _mentioned(lines: list[str], case: int | None) -> Iterator[tuple[str, int | None]]:
    """Names in some lines of a function; with the case, those of functions that are called with it."""
    parameter = None if case is None else _FIRST_PARAMETER.search(lines[0])
    for line in lines:
        called = _CALLED.search(line)
        for found in _NAME.finditer(line):
            has_case = (
                parameter is not None
                and called is not None
                and called.start(1) == found.start(1)
                and called[2] == parameter[1]
            )
            yield found[1].strip('"'), case if has_case else None


def lines_for_case(lines: list[str], case: int) -> list[str]:
    """Of a function, its head and the blocks that can run when its first parameter is `case`."""
    parameter = _FIRST_PARAMETER.search(lines[0])
    if parameter is None:
        return lines
    blocks = _blocks(lines[1:])
    known = {
        found[1]: _holds(found[2], case, int(found[4]))
        for block in blocks.values()
        for found in map(_COMPARE.match, block)
        if found is not None and found[3] == parameter[1]
    }
    reached: dict[str, None] = {}
    waiting = [next(iter(blocks))]
    while waiting:
        label = waiting.pop()
        if label not in reached:
            reached[label] = None
            waiting += _successors(blocks[label], parameter[1], case, known)
    return [lines[0], *(line for label in sorted(reached) for line in blocks[label])]


def _blocks(lines: Iterable[str]) -> dict[str, list[str]]:
    """By label; the first one may have none."""
    blocks: dict[str, list[str]] = {}
    label = ""
    for line in lines:
        found = _LABEL.match(line)
        if found is not None:
            label = found[1]
        blocks.setdefault(label, []).append(line)
    return blocks


def _holds(predicate: str, left: int, right: int) -> bool:
    meanings = {"eq": left == right, "ne": left != right, "ult": left < right, "ule": left <= right}
    return {**meanings, "ugt": left > right, "uge": left >= right}[predicate]


def _successors(block: list[str], parameter: str, case: int, known: dict[str, bool]) -> list[str]:
    for number, line in enumerate(block):
        branch, switch = _BRANCH.match(line), _SWITCH.match(line)
        if branch is not None and branch[1] in known:
            return [branch[2] if known[branch[1]] else branch[3]]
        if switch is not None and switch[1] == parameter:
            cases = {int(found[1]): found[2] for found in map(_CASE.match, block[number + 1 :]) if found is not None}
            return [cases.get(case, switch[2])]
    return [target for line in block for target in _TARGET.findall(line)]
