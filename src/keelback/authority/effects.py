"""Direct effects: what one component or guest can do to another with what it holds and maps, each with its reason.

An effect is authority (over memory, execution, capabilities, the machine's power) or talk (a call, its answer, a
signal, shared memory, a fault, an exit of a guest, the withdrawal of a capability). Looking into another's registers is
listed as `sees`, and keeping a core busy as `time`; neither counts as an effect here. A kind of capability that no rule
knows is an error, never nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from keelback.authority.holdings import Held, Holdings, find_holdings, may_call

MEMORY: Final = "memory"
EXECUTION: Final = "execution"
CAPABILITIES: Final = "capabilities"
POWER: Final = "power"
CALL: Final = "call"
ANSWER: Final = "answer"
SIGNAL: Final = "signal"
SHARED: Final = "shared"
FAULT: Final = "fault"
EXIT: Final = "exit"
WITHDRAWAL: Final = "withdrawal"
SEES: Final = "sees"
TIME: Final = "time"

AUTHORITY: Final = (MEMORY, EXECUTION, CAPABILITIES, POWER)
TALK: Final = (CALL, ANSWER, SIGNAL, SHARED, FAULT, EXIT, WITHDRAWAL)
AFFECTING: Final = (*AUTHORITY, *TALK)
KINDS: Final = (*AFFECTING, TIME, SEES)

OWN_KINDS: Final = ("segment", "stack")
"""Memory that a component computes with."""
PRIVATE_KINDS: Final = (*OWN_KINDS, "guest_ram")
"""Also that which is all that a guest has."""


@dataclass(frozen=True, order=True)
class Effect:
    """`source` can do `what` to `target`; `passed` if only once somebody has handed it the capability."""

    source: str
    target: str
    kind: str
    what: str
    passed: bool = False


def guest_name(machine: str) -> str:
    """What a virtual machine's guest is called, beside its monitor, which has the machine's name."""
    return f"guest {machine}"


def subjects_of(manifest: Mapping[str, Any]) -> list[str]:
    """Components and guests, in the manifest's order."""
    guests = [guest_name(guest["name"]) for guest in manifest["guests"]]
    return [*(part["name"] for part in manifest["components"]), *guests]


def find_effects(manifest: Mapping[str, Any], trusting: Collection[str] = ()) -> list[Effect]:
    """All direct effects of a system, each once: what needs nobody first, and authority first. Those in `trusting` hand
    no capability on."""
    holdings, initial = find_holdings(manifest, trusting)
    view = View(manifest, holdings)
    found = [effect for holder, held in initial for effect in _of_capability(view, holder, held)]
    found += [
        effect
        for holder, held_by_one in holdings.items()
        for held in held_by_one.values()
        if held.giver is not None
        for effect in _of_capability(view, holder, held)
    ]
    found += [*_of_memory(manifest), *_of_faults(manifest), *_of_guests(manifest), *_of_priorities(manifest)]
    return sorted(dict.fromkeys(found), key=lambda effect: (effect.passed, KINDS.index(effect.kind)))


class View:
    """A manifest with what every component can hold."""

    def __init__(self, manifest: Mapping[str, Any], holdings: Holdings) -> None:
        self.subjects = subjects_of(manifest)
        self.parts = {part["name"]: part for part in manifest["components"]}
        self.guests = {guest["monitor"]: guest_name(guest["name"]) for guest in manifest["guests"]}
        self.holdings = holdings

    def others_with(self, holder: str, held: Held, right: str) -> Iterator[str]:
        """Who else can hold a capability to the same object, with this right."""
        for other, theirs in self.holdings.items():
            if other != holder and held.name in theirs and right in theirs[held.name].rights:
                yield other


def _of_capability(view: View, holder: str, held: Held) -> Iterator[Effect]:
    """What a capability lets its holder do. Who it is done to is never the holder."""
    passed = "" if held.giver is None else f", which {held.giver} can pass on"
    for target, kind, what in RULES[held.kind](view, holder, held):
        if target != holder:
            yield Effect(holder, target, kind, f"{what} (`{held.label}`{passed})", bool(passed))
            if kind == CALL:
                yield Effect(target, holder, ANSWER, f"answers {holder}'s calls (`{held.label}`{passed})", bool(passed))
    if "owner" in held.rights:
        yield from _of_revoking(view, holder, held, passed)


def _of_revoking(view: View, holder: str, held: Held, passed: str) -> Iterator[Effect]:
    """Revoking takes an object from everybody else who can hold a capability to it."""
    for other, theirs in view.holdings.items():
        if other != holder and held.name in theirs:
            lost = theirs[held.name]
            got = "" if lost.giver is None else f", which {lost.giver} can pass on"
            yield Effect(
                holder, other, WITHDRAWAL, f"can revoke its capability `{lost.label}`{got}", bool(passed or got)
            )
    if held.owner is not None and held.owner != holder:
        yield Effect(holder, held.owner, CAPABILITIES, f"can revoke all of `{held.label}`{passed}", bool(passed))


Rule = Callable[[View, str, Held], Iterator[tuple[str, str, str]]]
"""Targets, kinds of effect, and what is done."""


def _endpoint(view: View, holder: str, held: Held) -> Iterator[tuple[str, str, str]]:
    assert held.owner is not None
    if "write" in held.rights and held.owner != holder and may_call(view.parts, view.holdings, holder, held.owner):
        yield held.owner, CALL, "calls it"
    if "control" in held.rights:
        yield held.owner, EXECUTION, "can end calls to it and let another serve them"
        for client in view.others_with(holder, held, "write"):
            yield client, EXECUTION, "can end its calls and answer them"


def _notification(view: View, holder: str, held: Held) -> Iterator[tuple[str, str, str]]:
    assert held.owner is not None
    if "write" in held.rights:
        yield held.owner, SIGNAL, "signals it"
    if "read" in held.rights:
        yield held.owner, SIGNAL, "can take its signals"
    if "control" in held.rights:
        yield held.owner, EXECUTION, "can bind its notification to another thread"


def _thread(view: View, holder: str, held: Held) -> Iterator[tuple[str, str, str]]:
    assert held.owner is not None
    if "control" in held.rights:
        yield held.owner, EXECUTION, "can stop and start its thread"
    if "write" in held.rights:
        yield held.owner, EXECUTION, "can write its registers"
    if "read" in held.rights:
        yield held.owner, SEES, "can read its registers"


def _space(view: View, holder: str, held: Held) -> Iterator[tuple[str, str, str]]:
    if held.owner is not None and held.rights & {"write", "control"}:
        yield held.owner, MEMORY, "can change its address space"


def _vcpu(view: View, holder: str, held: Held) -> Iterator[tuple[str, str, str]]:
    assert held.owner is not None
    guest = view.guests.get(held.owner)
    if held.rights & {"write", "control"}:
        if guest is not None:
            yield guest, EXECUTION, "can run, stop and change its vcpu"
        yield held.owner, EXECUTION, "can take the vcpu it runs"
    if "read" in held.rights and guest is not None:
        yield guest, SEES, "can read its registers"


def _pool(view: View, holder: str, held: Held) -> Iterator[tuple[str, str, str]]:
    if held.owner is not None and "control" in held.rights:
        for kind in (MEMORY, EXECUTION, CAPABILITIES):
            yield held.owner, kind, "has authority over every object of its pool"


def _interrupt(view: View, holder: str, held: Held) -> Iterator[tuple[str, str, str]]:
    if held.owner is not None and "control" in held.rights:
        yield held.owner, EXECUTION, "can silence or redirect its interrupt"


def _table(view: View, holder: str, held: Held) -> Iterator[tuple[str, str, str]]:
    if held.owner is not None and held.rights & {"write", "control"}:
        yield held.owner, CAPABILITIES, "can change its capability table"


def _memory_object(view: View, holder: str, held: Held) -> Iterator[tuple[str, str, str]]:
    """A frame or a page table of another."""
    if held.owner is not None and held.rights & {"write", "control"}:
        yield held.owner, MEMORY, f"can change its {held.kind}"


def _object_of_execution(view: View, holder: str, held: Held) -> Iterator[tuple[str, str, str]]:
    """A scheduling context, reply object or grant of another."""
    if held.owner is not None and "control" in held.rights:
        yield held.owner, EXECUTION, f"can use its {held.kind}"


def _trace(view: View, holder: str, held: Held) -> Iterator[tuple[str, str, str]]:
    if "control" in held.rights:
        for reader in view.others_with(holder, held, "read"):
            yield reader, SHARED, "chooses what the trace records"


def _platform(view: View, holder: str, held: Held) -> Iterator[tuple[str, str, str]]:
    if "control" in held.rights:
        for other in view.subjects:
            yield other, POWER, "can switch the machine off"


def _core(view: View, holder: str, held: Held) -> Iterator[tuple[str, str, str]]:
    ceiling = view.parts[holder]["ceiling"]
    for other, part in view.parts.items():
        if "control" in held.rights and part["core"] == held.name[1] - 1 and part["priority"] <= ceiling:
            yield other, TIME, "can run threads of its priority on its core"


RULES: Final[Mapping[str, Rule]] = {
    "pool": _pool,
    "capability table": _table,
    "frame": _memory_object,
    "page table": _memory_object,
    "address space": _space,
    "thread": _thread,
    "endpoint": _endpoint,
    "notification": _notification,
    "interrupt": _interrupt,
    "vcpu": _vcpu,
    "trace": _trace,
    "platform": _platform,
    "time": _object_of_execution,
    "reply": _object_of_execution,
    "grant": _object_of_execution,
    "core": _core,
}
"""By kind of object, what a capability lets its holder do besides revoking and handing on."""


def _viewers(manifest: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Who maps which memory how. Devices that nobody maps are a pool's, whose holder can map them."""
    viewers = [(part["name"], part["mappings"]) for part in manifest["components"]]
    viewers += [(guest_name(guest["name"]), guest["mappings"]) for guest in manifest["guests"]]
    for name, mappings in viewers:
        yield from ((name, mapping["memory"], mapping["access"]) for mapping in mappings)
    mapped = {mapping["memory"] for _, mappings in viewers for mapping in mappings}
    for memory in manifest["memory"]:
        if memory["kind"] == "device" and memory["name"] not in mapped:
            yield memory["owner"], memory["name"], "rw"


def _of_memory(manifest: Mapping[str, Any]) -> Iterator[Effect]:
    """Who can write what another sees; a device that moves data by itself writes everything."""
    memories = {memory["name"]: memory for memory in manifest["memory"]}
    by_memory: dict[str, list[tuple[str, str]]] = {}
    for viewer, name, access in _viewers(manifest):
        by_memory.setdefault(name, []).append((viewer, access))
    for name, viewers in by_memory.items():
        memory = memories[name]
        if memory["kind"] in OWN_KINDS:
            viewers.append((memory["owner"], "r"))  # whoever maps it, it is its owner's
        for writer in (viewer for viewer, access in viewers if "w" in access):
            if memory["dma"]:
                what = f"drives `{name}`, which can write all memory: no translation is between it and the RAM"
                for other in subjects_of(manifest):
                    if other != writer:
                        yield Effect(writer, other, MEMORY, what)
            for reader, access in viewers:
                if reader != writer:
                    yield _written(memory, writer, reader, access)
        for viewer, _ in viewers if memory["kind"] in OWN_KINDS else ():
            if viewer != memory["owner"]:
                yield Effect(viewer, memory["owner"], SEES, f"can read its memory (`{name}`)")


def _written(memory: Mapping[str, Any], writer: str, reader: str, access: str) -> Effect:
    """`writer` writes memory that `reader` sees."""
    name, kind = memory["name"], memory["kind"]
    is_monitor = kind == "guest_ram" and reader == memory["owner"]
    if (kind in PRIVATE_KINDS and not is_monitor) or "x" in access:
        return Effect(writer, reader, MEMORY, f"can write its memory (`{name}`)")
    return Effect(writer, reader, SHARED, f"writes memory that it reads (`{name}`)")


def _of_faults(manifest: Mapping[str, Any]) -> Iterator[Effect]:
    """A fault is a call to its handler, whose answer lets the thread go on, or not."""
    for part in manifest["components"]:
        handler = part["fault_handler"]
        if handler is not None:
            yield Effect(part["name"], handler, FAULT, "its faults are told to it")
            yield Effect(handler, part["name"], FAULT, "decides whether it goes on after a fault")


def _of_guests(manifest: Mapping[str, Any]) -> Iterator[Effect]:
    """A guest exits to its monitor."""
    for guest in manifest["guests"]:
        yield Effect(guest_name(guest["name"]), guest["monitor"], EXIT, "exits to it")


def _of_priorities(manifest: Mapping[str, Any]) -> Iterator[Effect]:
    """Who may keep a core from another: a higher priority there without a budget, in no other partition."""
    for one in manifest["components"]:
        for other in manifest["components"]:
            apart = _partition(one) != _partition(other) and None not in (_partition(one), _partition(other))
            higher = one["core"] == other["core"] and one["priority"] > other["priority"]
            if higher and not apart and _is_unlimited(one):
                yield Effect(one["name"], other["name"], TIME, "runs before it and has no budget")


def _partition(part: Mapping[str, Any]) -> str | None:
    return None if part["time"] is None else part["time"]["partition"]


def _is_unlimited(part: Mapping[str, Any]) -> bool:
    time = part["time"]
    return not part["passive"] and (time is None or time["budget_ticks"] >= time["period_ticks"])
