"""Which capabilities each component can ever hold: those it starts with, and those that others can hand to it.

A capability is handed on with a call (CALL_PASS: it needs the right to grant), with an answer (REPLY_PASS: the server
needs a reply object, or a pool that has some), or by writing into the other's capability table (CAPABILITY_COPY,
CAPABILITY_MOVE, DELEGATE: no right needed). A capability never gains a right on the way. Calls go to a higher priority
only; priorities are what the description says unless somebody has authority over a thread and a core.

What a pool's holder makes is counted as the holder's own: a new object is nobody else's, and a new thread runs with
capabilities that the holder gave it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

Name = tuple[str, int, str | None]
"""Kind and number of the object, and the component it belongs to (none: the machine's)."""
Holdings = dict[str, dict[Name, "Held"]]


@dataclass(frozen=True)
class Held:
    """A capability that a component has or can get. `slot` is 0, and `giver` who hands it over, for one it can get."""

    name: Name
    rights: frozenset[str]
    label: str
    slot: int = 0
    giver: str | None = None

    @property
    def kind(self) -> str:
        return self.name[0]

    @property
    def owner(self) -> str | None:
        return self.name[2]


def find_holdings(
    manifest: Mapping[str, Any], trusting: Collection[str] = ()
) -> tuple[Holdings, list[tuple[str, Held]]]:
    """The most that each component can ever hold, rights united by object; and every capability of the start. Those in
    `trusting` hand nothing on."""
    initial = [(part["name"], _read(given)) for part in manifest["components"] for given in part["capabilities"]]
    parts = {part["name"]: part for part in manifest["components"]}
    holdings: Holdings = {name: {} for name in parts}
    for holder, held in initial:
        _add(holdings[holder], held)
    changed = True
    while changed:
        changed = False
        for giver, taker, everything in list(_gifts(parts, holdings)):
            if giver in trusting:
                continue
            for held in list(holdings[giver].values()):
                if everything or "grant" in held.rights:
                    changed |= _add(holdings[taker], replace(held, slot=0, giver=held.giver or giver))
    return holdings, initial


def _read(given: Mapping[str, Any]) -> Held:
    name = (given["kind"], given["object"], given["owner"])
    return Held(name, frozenset(given["rights"]), given["name"], given["slot"])


def _has_replies(part: Mapping[str, Any]) -> bool:
    return part["pool"] is not None and "reply" in part["pool"]["objects"]


def _add(held_by_one: dict[Name, Held], held: Held) -> bool:
    """Take a capability in; whether that gave something new."""
    known = held_by_one.get(held.name)
    if known is None:
        held_by_one[held.name] = held
        return True
    if held.rights <= known.rights:
        return False
    held_by_one[held.name] = replace(known, rights=known.rights | held.rights)
    return True


def may_call(parts: Mapping[str, Any], holdings: Holdings, client: str, server: str) -> bool:
    """Whether a call would not be refused because of priorities, now or when they are other ones."""
    for name in (client, server):
        if parts[name]["pool"] is not None:
            return True  # it can have threads of more priorities than one
        if any(_can_schedule(theirs, name) for theirs in holdings.values()):
            return True
    return bool(parts[client]["priority"] < parts[server]["priority"])


def _can_schedule(held_by_one: Mapping[Name, Held], name: str) -> bool:
    kinds = {h.kind for h in held_by_one.values() if "control" in h.rights and h.owner in (None, name)}
    return {"thread", "core"} <= kinds


def _gifts(parts: Mapping[str, Any], holdings: Holdings) -> Iterator[tuple[str, str, bool]]:
    """Who can hand capabilities to whom, and whether all of them or those only that may be granted."""
    for holder, held_by_one in holdings.items():
        answers = _has_replies(parts[holder]) or any(
            h.kind == "reply" and "control" in h.rights for h in held_by_one.values()
        )
        for held in held_by_one.values():
            other = held.owner
            if other is None or other == holder or other not in holdings:
                continue
            if held.kind == "endpoint" and "write" in held.rights and may_call(parts, holdings, holder, other):
                yield holder, other, False
            if held.kind == "capability table" and "write" in held.rights:
                yield holder, other, True
            if held.kind == "capability table" and "control" in held.rights:
                yield other, holder, True  # a thread of its own can use the table
        if answers:
            for client, theirs in holdings.items():
                if client != holder and any(_calls(held, holder) for held in theirs.values()):
                    yield holder, client, False


def _calls(held: Held, server: str) -> bool:
    return held.kind == "endpoint" and held.owner == server and "write" in held.rights
