"""Capabilities and their tables."""

from __future__ import annotations

from typing import Final

from keelback.abi import objects, rights
from keelback.lang import u32
from keelback.prover.encode import Term
from keelback.prover.encode import terms as t
from keelback.prover.hypotheses.statement import (
    COUNTS,
    PAIRS,
    STATEMENTS,
    Belongs,
    Count,
    Pair,
    Statement,
    states,
)
from keelback.prover.hypotheses.view import View, below, either, is_set, is_value, is_zero, names, narrow

OBJECT_TABLES: Final = {
    objects.POOL: "pools",
    objects.CAPABILITY_TABLE: "tables",
    objects.FRAME: "frames",
    objects.THREAD: "threads",
    objects.ENDPOINT: "endpoints",
    objects.NOTIFICATION: "notifications",
    objects.INTERRUPT: "interrupts",
    objects.VCPU: "vcpus",
    objects.TIME: "times",
    objects.REPLY: "replies",
    objects.GRANT: "grants",
    objects.CORE: "core_objects",
}
"""Where objects lie of a kind that has a table of its own."""


@states("slots", "capabilities_name_objects")
def capabilities_are_of_entries(view: View, row: Term) -> Term:
    kind, index = view.get("slots.kind", row), view.get("slots.object", row)
    claims = [t.implies(is_value(kind, n), below(index, view.rows(table))) for n, table in OBJECT_TABLES.items()]
    spaces = t.const(view.sizes.space_count, 32)
    claims += [
        t.implies(is_value(kind, objects.ADDRESS_SPACE), t.ult(index, spaces)),
        t.implies(
            is_value(kind, objects.PAGE_TABLE), t.and_(t.ule(spaces, index), below(index, view.rows("translations")))
        ),
    ]
    claims += [t.implies(is_value(kind, n), is_value(index, 1)) for n in (objects.TRACE, objects.PLATFORM)]
    known = (*OBJECT_TABLES, objects.NONE, objects.ADDRESS_SPACE, objects.PAGE_TABLE, objects.TRACE, objects.PLATFORM)
    return t.all_of([*claims, either(*(is_value(kind, n) for n in known))])


@states("slots", "capabilities_name_objects")
def capabilities_name_objects(view: View, row: Term) -> Term:
    return t.or_(is_value(view.get("slots.kind", row), objects.NONE), is_set(view.get("slots.object", row)))


@states("slots", "capabilities_name_objects")
def empty_slots_are_zero(view: View, row: Term) -> Term:
    is_empty = is_value(view.get("slots.kind", row), objects.NONE)
    return t.implies(is_empty, t.all_of(is_zero(view.get(name, row)) for name in view.fields("slots")))


@states("slots", "capabilities_name_objects")
def rights_exist(view: View, row: Term) -> Term:
    return is_zero(t.bit_and(view.get("slots.rights", row), t.const(~rights.ALL & 0xFF, 8)))


@states("slots", "grants_are_known")
def grants_are_known(view: View, row: Term) -> Term:
    return below(view.get("slots.grant", row), view.rows("grants"))


def header_at(view: View, kind: int, index: Term, field: str) -> Term:
    """A field of the header of an object of a kind."""
    if kind in (objects.TRACE, objects.PLATFORM):
        return view.get(f"{'trace' if kind == objects.TRACE else 'platform'}_object.header.{field}")
    table = OBJECT_TABLES.get(kind, "translations")
    return view.get(f"{table}.header.{field}", index)


KINDS: Final = (*OBJECT_TABLES, objects.ADDRESS_SPACE, objects.PAGE_TABLE, objects.TRACE, objects.PLATFORM)


@states("slots", "dead_objects_have_no_capabilities", "live_objects_have_generations_left")
def dead_objects_have_no_capabilities(view: View, row: Term) -> Term:
    kind, index = view.get("slots.kind", row), view.get("slots.object", row)
    generation = view.get("slots.generation", row)
    has_more = t.not_(is_value(generation, u32.MAX))
    claims: list[Term] = []
    for number in KINDS:
        same = t.eq(header_at(view, number, index, "generation"), generation)
        lives = is_set(header_at(view, number, index, "live"))
        claims.append(t.implies(t.and_(is_value(kind, number), same), t.and_(lives, has_more)))
    return t.all_of(claims)


HEADERS: Final = (*OBJECT_TABLES.values(), "translations", "trace_object", "platform_object")


def _last(table: str) -> None:
    def formula(view: View, row: Term) -> Term:
        last = is_value(view.get(f"{table}.header.generation", row), u32.MAX)
        return t.implies(is_set(view.get(f"{table}.header.live", row)), t.not_(last))

    formula.__name__ = f"live_{table}_have_generations_left"
    STATEMENTS.append(Statement(table, formula, ("live_objects_have_generations_left",)))


for _table in HEADERS:
    _last(_table)


@states("pools", "pools_know_how_much_they_own")
def nobody_is_no_pool(view: View, row: Term) -> Term:
    fields = ("header.owner", "header.live", "header.generation")
    return t.implies(is_zero(row), t.all_of(is_zero(view.get(f"pools.{name}", row)) for name in fields))


def in_table(view: View, table: Term, row: Term) -> Term:
    """Whether a slot is filled, and of a table."""
    first, count = view.get("tables.first", table), view.get("tables.count", table)
    place = t.sub(narrow(row, 32), first)
    return t.and_(is_set(view.get("slots.kind", row)), t.ult(place, count))


def _owned(table: str) -> tuple[str, str, Belongs]:
    def belongs(view: View, pool: Term, row: Term) -> Term:
        owned = names(view.get(f"{table}.header.owner", row), pool)
        return t.and_(owned, t.not_(names(pool, row))) if table == "pools" else owned

    return table, f"{table}.header.owner", belongs


COUNTS.append(Count("used_slots", "tables.used", (("slots", "slots.kind", in_table),), ("first_slots_are_empty",)))
COUNTS.append(
    Count("owned", "pools.owned", tuple(_owned(table) for table in HEADERS), ("pools_know_how_much_they_own",))
)


@states("tables", "tables_lie_apart")
def tables_lie_in_slots(view: View, row: Term) -> Term:
    first, count = view.get("tables.first", row), view.get("tables.count", row)
    return t.ule(t.add(t.zext(first, 40), t.zext(count, 40)), t.const(view.rows("slots"), 40))


NOBODY: Final = ("endpoints", "notifications", "interrupts", "replies", "times", "frames", "tables", "grants")


def _nobody(table: str) -> None:
    def formula(view: View, row: Term) -> Term:
        return t.implies(is_zero(row), t.all_of(is_zero(view.get(name, row)) for name in view.fields(table)))

    formula.__name__ = f"first_of_{table}_is_nobody"
    STATEMENTS.append(Statement(table, formula, ("nobody_is_nobody",)))


for _table in NOBODY:
    _nobody(_table)


def tables_lie_apart(view: View, row: Term, other: Term) -> Term:
    """No slot is of two tables."""
    mine, theirs = view.get("tables.first", row), view.get("tables.first", other)
    end = t.add(t.zext(mine, 40), t.zext(view.get("tables.count", row), 40))
    their_end = t.add(t.zext(theirs, 40), t.zext(view.get("tables.count", other), 40))
    return t.or_(t.ule(end, t.zext(theirs, 40)), t.ule(their_end, t.zext(mine, 40)))


PAIRS.append(Pair("tables", tables_lie_apart, ("tables_lie_apart",)))
