"""What the comparisons assume of the state before a call: instances of `invariants`, as terms, at the rows that a query
speaks of. Each is named after the invariant, and `invariants` is where it is checked and shown to be kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from keelback.abi import objects, rights
from keelback.prover import hypotheses
from keelback.prover.abstraction import TABLE_OF_KIND
from keelback.prover.encode import Term
from keelback.prover.encode import terms as t
from keelback.prover.encode.shaping import walk
from keelback.prover.hypotheses import memory
from keelback.prover.invariants.memory import BINDINGS
from keelback.prover.ranges import STATE
from keelback.prover.refinement.numbers import wide
from keelback.prover.refinement.representation import View, can_be_named, in_state
from keelback.prover.state import Activity

ASSUMED = (
    "these invariants hold before: threads_use_their_tables, capabilities_name_objects, tables_lie_apart, "
    "first_slots_are_empty, nobody_is_nobody, bindings_agree, "
    "clients_and_servers_name_each_other (of a server), dead_objects_have_no_capabilities (of a thread's, and of "
    "translation tables), entries_have_targets, parents_point_to_their_tables, dead_tables_are_empty, frames_are_whole",
    "the thread that calls lives, is READY, runs no guest, has no fault and is in no queue",
    "a core has written fewer than 2^63 records of its trace",
    "the counter stands still during a call",
)
NOTHING = (
    "notifications.thread",
    "endpoints.server",
    "times.thread",
    "times.incarnation",
    "replies.client",
    "threads.state",
    "threads.guest",
)
"""What nobody_is_nobody says of rows 0 besides owner and life, as far as a call needs it."""
OF_ENTRIES = (
    memory.targets_exist,
    memory.nobody_maps_nothing,
    memory.linked_tables_know_their_place,
    memory.parents_point_to_their_tables,
    memory.levels_exist,
    memory.frames_are_whole,
)
"""What is known of entries of translation tables."""
ROUNDS = 2
"""How often rows that are found by assuming something of other rows are looked at in turn."""


def rows_in(terms: Iterable[Term]) -> dict[str, set[Term]]:
    """The rows that terms speak of, by table."""
    found: dict[str, set[Term]] = {}
    for term in walk(terms):
        if term.op == "apply" and term.name.startswith(STATE):
            table = term.name.removeprefix(STATE).split(".")[0]
            found.setdefault(table, set()).update(leaves(term.arguments[0]))
    return found


def fields_in(terms: Iterable[Term]) -> set[str]:
    """The fields of memory that terms speak of."""
    return {term.name.removeprefix(STATE) for term in walk(terms) if term.op == "apply"}


def leaves(row: Term) -> Iterator[Term]:
    """What a row can be, where it is chosen: what is known of each is known of the choice."""
    if row.op == "extract" and row.arguments[0].op == "ite":
        condition, yes, no = row.arguments[0].arguments
        row = t.ite(
            condition, t.extract(yes, row.bounds[0], row.bounds[1]), t.extract(no, row.bounds[0], row.bounds[1])
        )
    if row.op == "ite":
        for choice in row.arguments[1:]:
            yield from leaves(choice)
    else:
        yield row


def facts(view: View, terms: Iterable[Term]) -> list[Term]:
    """Everything that is assumed, for the rows of these terms."""
    made: dict[int, Term] = {}
    left = list(terms)
    fields = fields_in(left)
    for _ in range(ROUNDS):
        rows = rows_in(left)
        found = (*_facts(view, rows), *_of_partners(view, rows, fields), *_of_entries(view, rows, fields))
        new = {fact.number: fact for fact in found if fact.number not in made}
        made.update(new)
        left = [*left, *new.values()]
    return [fact for fact in made.values() if fact is not t.TRUE]


def _facts(view: View, rows: dict[str, set[Term]]) -> Iterator[Term]:
    yield from _of_cores(view)
    yield from _of_nobody(view)
    for thread in _ordered(rows, "threads"):
        yield from _of_thread(view, thread)
    for slot in _ordered(rows, "slots"):
        yield from _of_slot(view, slot)
    tables = _ordered(rows, "tables")
    for number, table in enumerate(tables):
        yield from _of_table(view, table)
        for other in tables[:number]:
            yield _lie_apart(view, table, other)


def _ordered(rows: dict[str, set[Term]], table: str) -> list[Term]:
    return sorted(rows.get(table, ()), key=lambda term: term.number)


def _of_cores(view: View) -> Iterator[Term]:
    """Of each core that a component calls on."""
    for number in range(view.shape.counts["cores"]):
        core = t.const(number, 32)
        yield t.eq(view("cores.number", core), core)
        yield t.ult(view("cores.trace_next", core), t.const(1 << 63, 64))


def _of_nobody(view: View) -> Iterator[Term]:
    """Row 0 of each table, which is nobody: it has no owner and never lives."""
    for table in TABLE_OF_KIND.values():
        row = t.const(0, 32)
        yield t.not_(view.flag(f"{table}.header.owner", row))
        yield t.not_(view.flag(f"{table}.header.live", row))


def present_thread(view: View, core: Term) -> list[Term]:
    """The thread that calls: it lives, it runs, and not in a guest."""
    thread = view("cores.current", core)
    return [
        view.flag("cores.current", core),
        view.flag("threads.header.live", thread),
        in_state(view, thread, Activity.READY),
        t.not_(view.flag("threads.faulting", thread)),
        t.not_(view.flag("threads.guest", thread)),
        t.not_(view.flag("threads.queue", thread)),
    ]


def _of_thread(view: View, thread: Term) -> Iterator[Term]:
    """threads_use_their_tables."""
    table = view("threads.table", thread)
    has_table = view.flag("threads.table", thread)
    for mine, theirs in (("threads.slots_first", "tables.first"), ("threads.slots_count", "tables.count")):
        place = t.ite(has_table, view(theirs, table), t.const(0, 32))
        yield t.eq(view(mine, thread), place)
    yield t.eq(has_table, view.flag("threads.space", thread))


def _of_partners(view: View, rows: dict[str, set[Term]], fields: set[str]) -> Iterator[Term]:
    """What says who names whom, where a query speaks of it: elsewhere it would only take time."""
    for name in NOTHING:
        if name in fields:
            yield t.not_(view.flag(name, t.const(0, 32)))
    for table, name, other, back in BINDINGS:
        there, here = f"{table}.{name}", f"{other}.{back}"
        if there in fields and here in fields:
            yield from (_is_bound(view, row, there, here) for row in _ordered(rows, table))
            yield from (_is_bound(view, row, here, there) for row in _ordered(rows, other))
    if "threads.rank" in fields:
        named = {objects.THREAD: "threads"}
        yield from (_names_what_lives(view, slot, named) for slot in _ordered(rows, "slots"))
    if "threads.client" in fields and "threads.server" in fields:
        for thread in _ordered(rows, "threads"):
            client = view("threads.client", thread)
            yield t.implies(view.flag("threads.client", thread), _awaits(view, client, thread))


def _of_entries(view: View, rows: dict[str, set[Term]], fields: set[str]) -> Iterator[Term]:
    """What is known of entries, where a query speaks of them."""
    if not {"entries", "translations.parent_entry"} & fields:
        return
    named = {objects.PAGE_TABLE: "translations", objects.ADDRESS_SPACE: "translations"}
    yield from (_names_what_lives(view, slot, named) for slot in _ordered(rows, "slots"))
    states = statement_view(view)
    for statement in OF_ENTRIES:
        given = _ordered(rows, statement.table) or _ordered(rows, "entries" if statement.table == "targets" else "")
        for row in given:
            is_meant = t.not_(t.ult(row, t.const(statement.first, row.width)))
            yield t.implies(is_meant, statement.formula(states, row))


def statement_view(view: View) -> hypotheses.View:
    """The same tables, for the statements of `hypotheses`."""
    fields = {name.removeprefix(STATE): found for name, found in view.shape.fields.items() if name.startswith(STATE)}
    dimensions = {name: found.counts for name, found in fields.items()}
    widths = {name: found.width for name, found in fields.items()}
    sizes = hypotheses.Sizes(view.shape.counts, dimensions, widths)
    return hypotheses.View(sizes, view.lies)


def _names_what_lives(view: View, slot: Term, tables: dict[int, str]) -> Term:
    """dead_objects_have_no_capabilities, of objects of some kinds."""
    named = view("slots.object", slot)
    result = t.TRUE
    for kind, table in tables.items():
        is_one = t.eq(view("slots.kind", slot), t.const(kind, 8))
        is_present = t.eq(view("slots.generation", slot), view(f"{table}.header.generation", named))
        lives = t.implies(t.and_(is_one, is_present), view.flag(f"{table}.header.live", named))
        result = t.and_(result, lives)
    return result


def _awaits(view: View, client: Term, server: Term) -> Term:
    """clients_and_servers_name_each_other, of a server and the client to which it owes a reply."""
    named = t.eq(view.number("threads.server", client), wide(server))
    return t.all_of([in_state(view, client, Activity.AWAITING), named, t.not_(view.flag("threads.reply", client))])


def _is_bound(view: View, row: Term, forth: str, back: str) -> Term:
    """bindings_agree: what a row names names it back."""
    target = view(forth, row)
    is_bound = t.and_(t.not_(t.eq(row, t.const(0, row.width))), view.flag(forth, row))
    return t.implies(is_bound, t.eq(view.number(back, target), wide(row)))


def _of_slot(view: View, slot: Term) -> Iterator[Term]:
    """capabilities_name_objects, grants_are_known."""
    kind, named = view("slots.kind", slot), view("slots.object", slot)
    is_filled = view.flag("slots.kind", slot)
    yield t.implies(is_filled, can_be_named(view.shape, kind, named))
    yield t.not_(t.ult(t.const(rights.ALL, 8), view("slots.rights", slot)))
    yield t.ult(kind, t.const(objects.KIND_COUNT, 8))
    for name in ("object", "generation", "rights", "badge", "grant", "grant_generation"):
        yield t.or_(is_filled, t.not_(view.flag(f"slots.{name}", slot)))


def _of_table(view: View, table: Term) -> Iterator[Term]:
    """first_slots_are_empty; tables_lie_apart, the part about one table."""
    first, count = view("tables.first", table), view("tables.count", table)
    end = t.add(t.zext(first, 40), t.zext(count, 40))
    yield t.ule(end, t.const(view.shape.counts["slots"], 40))
    is_empty = t.not_(view.flag("slots.kind", first))
    yield t.or_(t.not_(view.flag("tables.count", table)), is_empty)


def _lie_apart(view: View, table: Term, other: Term) -> Term:
    """tables_lie_apart."""
    zero = t.const(0, table.width)
    differ = t.not_(t.or_(t.eq(table, other), t.or_(t.eq(table, zero), t.eq(other, zero))))
    return t.implies(differ, t.or_(_ends_before(view, table, other), _ends_before(view, other, table)))


def _ends_before(view: View, table: Term, other: Term) -> Term:
    end = t.add(t.zext(view("tables.first", table), 40), t.zext(view("tables.count", table), 40))
    return t.ule(end, t.zext(view("tables.first", other), 40))
