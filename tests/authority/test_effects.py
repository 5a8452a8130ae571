"""Each kind of capability and memory, and the effects it makes possible; chains; that more authority never isolates."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keelback.abi import objects
from keelback.authority import AUTHORITY, Claim, Effect, find_effects, find_path, find_reached, subjects_of
from keelback.authority.effects import RULES
from keelback.sdk.image.manifest import KIND_NAMES
from tests.authority.handmade import Manifest, give, manifest, part, share


def kinds_between(made: Manifest, source: str, target: str) -> set[str]:
    return {effect.kind for effect in find_effects(made) if (effect.source, effect.target) == (source, target)}


def reached_from(made: Manifest, source: str) -> set[str]:
    return set(find_reached(find_effects(made), source))


def test_components_without_anything_are_isolated() -> None:
    made = manifest("a", "b", "c")
    assert all(reached_from(made, name) == set() for name in "abc")
    assert find_path(made, Claim("a", "b")) is None


@pytest.mark.parametrize(
    ("kind", "right", "effect"),
    [
        ("thread", "control", "execution"),
        ("thread", "write", "execution"),
        ("address space", "write", "memory"),
        ("address space", "control", "memory"),
        ("capability table", "write", "capabilities"),
        ("capability table", "control", "capabilities"),
        ("frame", "write", "memory"),
        ("page table", "write", "memory"),
        ("page table", "control", "memory"),
        ("pool", "control", "memory"),
        ("pool", "control", "execution"),
        ("pool", "control", "capabilities"),
        ("vcpu", "control", "execution"),
        ("interrupt", "control", "execution"),
        ("time", "control", "execution"),
        ("reply", "control", "execution"),
        ("grant", "control", "execution"),
        ("endpoint", "write", "call"),
        ("endpoint", "control", "execution"),
        ("endpoint", "owner", "capabilities"),
        ("notification", "write", "signal"),
        ("notification", "read", "signal"),
        ("notification", "control", "execution"),
        ("notification", "owner", "capabilities"),
        ("platform", "control", "power"),
    ],
)
def test_a_capability_means_an_effect(kind: str, right: str, effect: str) -> None:
    made = manifest("a", "b")
    give(made, "a", kind, None if kind == "platform" else "b", right)
    assert effect in kinds_between(made, "a", "b")
    (path,) = [found for target, found in find_reached(find_effects(made), "a").items() if target == "b"]
    assert path[0].source == "a" and "`" in path[0].what


@pytest.mark.parametrize(
    ("kind", "right"),
    [
        ("thread", "read"),
        ("endpoint", "read"),
        ("vcpu", "read"),
        ("trace", "read"),
        ("frame", "read"),
        ("core", "grant"),
    ],
)
def test_looking_and_useless_rights_are_no_effect(kind: str, right: str) -> None:
    made = manifest("a", "b")
    give(made, "a", kind, None if kind in ("trace", "core") else "b", right)
    assert reached_from(made, "a") == set()


def test_every_kind_of_object_has_a_rule() -> None:
    kinds = {name.lower().replace("_", " ") for name in vars(objects) if name.isupper()} - {"none", "kind count"}
    assert {"address space", *RULES} == kinds
    assert set(KIND_NAMES.values()) <= set(RULES)


def test_an_unknown_kind_is_refused() -> None:
    made = manifest("a", "b")
    give(made, "a", "teleporter", "b", "control")
    with pytest.raises(KeyError, match="teleporter"):
        find_effects(made)


def test_a_server_answers_but_cannot_call_back() -> None:
    made = manifest("client", "server")
    give(made, "client", "endpoint", "server", "write")
    assert kinds_between(made, "client", "server") == {"call"}
    assert kinds_between(made, "server", "client") == {"answer"}


def test_calls_do_not_go_down() -> None:
    made = manifest("low", "high")
    give(made, "high", "endpoint", "low", "write")
    assert kinds_between(made, "high", "low") == set()
    give(made, "high", "thread", "low", "control")
    give(made, "high", "core", None, "control")
    assert "call" in kinds_between(made, "high", "low")  # since the priorities are not fixed any more


def test_a_signal_goes_one_way() -> None:
    made = manifest("a", "b")
    give(made, "a", "notification", "b", "write")
    assert reached_from(made, "a") == {"b"}
    assert reached_from(made, "b") == set()


def test_memory_that_is_written_and_seen() -> None:
    made = manifest("a", "b", "c")
    share(made, "frame", "region", "a", a="rw", b="r")
    assert kinds_between(made, "a", "b") == {"shared"}
    assert reached_from(made, "b") == set() == reached_from(made, "c")
    share(made, "own", "segment", "b", b="rw", c="rw")
    assert kinds_between(made, "c", "b") == {"memory", "sees"}
    share(made, "code", "region", "a", a="rw", c="rx")
    assert kinds_between(made, "a", "c") == {"memory"}


def test_a_device_that_writes_memory_reaches_everybody() -> None:
    made = manifest("driver", "b", "c")
    share(made, "uart", "device", "driver", driver="rw")
    assert reached_from(made, "driver") == set()
    share(made, "disk", "device", "driver", dma=True, driver="rw")
    assert reached_from(made, "driver") == {"b", "c"}
    assert kinds_between(made, "driver", "c") == {"memory"}


def test_a_device_of_a_pool_is_as_good_as_mapped() -> None:
    made = manifest("keeper", "b")
    share(made, "uart", "device", "keeper")
    assert reached_from(made, "keeper") == set()
    share(made, "disk", "device", "keeper", dma=True)
    assert reached_from(made, "keeper") == {"b"}


def test_faults_go_to_their_handler_and_are_answered() -> None:
    made = manifest("a", "b")
    part(made, "a")["fault_handler"] = "b"
    assert kinds_between(made, "a", "b") == kinds_between(made, "b", "a") == {"fault"}


def test_a_guest_and_its_monitor() -> None:
    made = manifest("linux", "vault")
    made["guests"] = [{"name": "linux", "monitor": "linux", "mappings": [{"memory": "ram", "access": "rwx"}]}]
    share(made, "ram", "guest_ram", "linux", linux="rw")
    give(made, "linux", "vcpu", "linux", "read", "write", "control")
    assert subjects_of(made) == ["linux", "vault", "guest linux"]
    assert kinds_between(made, "linux", "guest linux") == {"memory", "execution", "sees"}
    assert kinds_between(made, "guest linux", "linux") == {"exit", "shared"}
    give(made, "linux", "notification", "vault", "write")
    path = find_path(made, Claim("linux", "vault"))
    assert path is not None and [effect.source for effect in path] == ["linux"]
    assert reached_from(made, "guest linux") == {"linux", "vault"}


def test_a_chain_through_a_third() -> None:
    made = manifest("a", "b", "c")
    give(made, "a", "notification", "b", "write")
    give(made, "b", "thread", "c", "control")
    path = find_path(made, Claim("a", "c"))
    assert path is not None
    assert [(effect.source, effect.target) for effect in path] == [("a", "b"), ("b", "c")]
    assert find_path(made, Claim("a", "c", trusting=frozenset({"b"}))) is None
    assert find_path(made, Claim("c", "a")) is None


def test_a_way_left_open() -> None:
    made = manifest("a", "b")
    give(made, "a", "endpoint", "b", "write")
    give(made, "b", "endpoint", "b", "read", "write", "grant", "owner")
    share(made, "buffer", "buffer", "b", a="rw", b="rw")
    ways = {("capability", "a", "1"), ("memory", "buffer")}
    for left_open in [set[tuple[str, ...]](), *({way} for way in ways)]:
        assert find_path(made, Claim("a", "b", waived=frozenset(left_open))) is not None
    assert find_path(made, Claim("a", "b", waived=frozenset(ways))) is None
    assert find_path(made, Claim("b", "a", waived=frozenset(ways))) is None


def test_what_is_passed_in_a_call_counts() -> None:
    """A client hands its server authority over a third: so the server can use it."""
    made = manifest("client", "third", "server")
    give(made, "client", "endpoint", "server", "write")
    give(made, "client", "thread", "third", "control")
    assert kinds_between(made, "server", "third") == set()
    give(made, "client", "thread", "third", "control", "grant", number=2)
    assert kinds_between(made, "server", "third") == {"execution"}
    (effect,) = [found for found in find_effects(made) if (found.source, found.target) == ("server", "third")]
    assert "which client can pass on" in effect.what
    assert find_path(made, Claim("server", "third", trusting=frozenset({"client"}))) is None


def test_an_answer_passes_capabilities_only_with_a_reply_object() -> None:
    made = manifest("client", "third", "server")
    give(made, "client", "endpoint", "server", "write")
    give(made, "server", "thread", "third", "control", "grant")
    assert kinds_between(made, "client", "third") == set()
    give(made, "server", "reply", "server", "control")
    assert kinds_between(made, "client", "third") == {"execution"}


def test_the_holder_of_a_pool_can_hand_it_on() -> None:
    made = manifest("supervisor", "server", "victim")
    part(made, "supervisor")["pool"] = {"index": 2, "objects": {"thread": {"first": 4, "count": 1}}}
    give(made, "supervisor", "pool", "supervisor", "control", "grant")
    assert kinds_between(made, "server", "supervisor") == set()
    give(made, "supervisor", "endpoint", "server", "write")
    assert set(AUTHORITY) > kinds_between(made, "server", "supervisor") - {"answer"} == {
        "memory", "execution", "capabilities"
    }  # fmt: skip


def test_who_controls_a_table_can_use_what_is_in_it() -> None:
    made = manifest("a", "b", "c")
    give(made, "a", "capability table", "b", "control")
    give(made, "b", "thread", "c", "control")
    assert "execution" in kinds_between(made, "a", "c")


NAMES = ("a", "b", "c", "d")
RIGHTS = ("read", "write", "grant", "control", "owner")
MACHINES = ("trace", "platform", "core")

capabilities = st.tuples(
    st.sampled_from(NAMES),
    st.sampled_from(sorted(RULES)),
    st.sampled_from(NAMES),
    st.sets(st.sampled_from(RIGHTS), min_size=1),
)
mappings = st.tuples(
    st.sampled_from(("region", "segment", "device")),
    st.booleans(),
    st.dictionaries(st.sampled_from(NAMES), st.sampled_from(("r", "rw", "rx")), min_size=1),
)
claims = st.tuples(st.permutations(NAMES), st.integers(0, 2))


def add_capability(made: Manifest, described: tuple[str, str, str, set[str]]) -> None:
    holder, kind, owner, rights = described
    give(made, holder, kind, None if kind in MACHINES else owner, *sorted(rights))


@settings(max_examples=300, deadline=None)
@given(st.lists(capabilities, max_size=8), st.lists(mappings, max_size=3), capabilities, claims)
def test_one_capability_more_never_isolates_more(
    held: list[tuple[str, str, str, set[str]]],
    mapped: list[tuple[str, bool, dict[str, str]]],
    added: tuple[str, str, str, set[str]],
    claim: tuple[list[str], int],
) -> None:
    made = manifest(*NAMES)
    for described in held:
        add_capability(made, described)
    for number, (kind, dma, access) in enumerate(mapped):
        share(made, f"memory {number}", kind, next(iter(access)), dma=dma, **access)
    more = copy.deepcopy(made)
    add_capability(more, added)
    before, after = find_effects(made), find_effects(more)
    for name in NAMES:
        assert set(find_reached(before, name)) <= set(find_reached(after, name))
    (source, target, *between), count = claim
    asked = Claim(source, target, frozenset(between[:count]))
    assert find_path(made, asked) is None or find_path(more, asked) is not None
    trusted_less = Claim(source, target)
    assert find_path(made, asked) is None or find_path(made, trusted_less) is not None


def test_paths_are_connected() -> None:
    made = manifest(*NAMES)
    for giver, taker in ("ab", "bc", "cd"):
        give(made, giver, "notification", taker, "write")
    path = find_reached(find_effects(made), "a")["d"]
    assert [effect.target for effect in path[:-1]] == [effect.source for effect in path[1:]]
    assert all(isinstance(effect, Effect) for effect in path) and len(path) == 3
