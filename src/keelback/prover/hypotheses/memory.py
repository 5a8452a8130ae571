"""Translation tables, frames, and what their entries point to."""

from __future__ import annotations

from typing import Final

from keelback.abi import mappings
from keelback.prover.encode import Term
from keelback.prover.encode import terms as t
from keelback.prover.hypotheses.statement import COUNTS, Belongs, Count, states
from keelback.prover.hypotheses.view import View, below, choice, is_set, is_value, is_zero, names
from keelback.prover.state import Size

ENTRY_BITS: Final = (mappings.ENTRY_COUNT - 1).bit_length()
PAGE_LEVEL: Final = 3
TABLE_BIT: Final = 2
PIECES: Final = {Size.SMALL: 1, Size.LARGE: 512, Size.DEVICE: 0}


def is_link(view: View, row: Term) -> Term:
    """Whether an entry that is not zero points to a table."""
    level = view.get("translations.level", t.lshr(row, t.const(ENTRY_BITS, row.width)))
    points = is_set(t.bit_and(view.get("entries", row), t.const(TABLE_BIT, 64)))
    return t.and_(t.not_(is_value(level, PAGE_LEVEL)), points)


@states("targets", "entries_have_targets")
def targets_exist(view: View, row: Term) -> Term:
    target = view.get("targets", row)
    where = choice(is_link(view, row), below(target, view.rows("translations")), below(target, view.rows("frames")))
    return t.implies(is_set(target), t.and_(is_set(view.get("entries", row)), where))


@states("targets", "entries_have_targets")
def nobody_maps_nothing(view: View, row: Term) -> Term:
    """The table that is nobody has no targets."""
    return t.implies(is_zero(t.lshr(row, t.const(ENTRY_BITS, row.width))), is_zero(view.get("targets", row)))


@states("targets", "entries_have_targets")
def linked_tables_know_their_place(view: View, row: Term) -> Term:
    target = view.get("targets", row)
    table = t.lshr(row, t.const(ENTRY_BITS, row.width))
    entry = t.extract(row, ENTRY_BITS - 1, 0)
    level = view.get("translations.level", table)
    known = t.all_of(
        (
            names(view.get("translations.parent", target), table),
            names(view.get("translations.parent_entry", target), entry),
            t.eq(view.get("translations.level", target), t.add(level, t.const(1, level.width))),
            is_set(view.get("translations.header.live", target)),
        )
    )
    return t.implies(t.and_(is_set(target), is_link(view, row)), known)


@states("translations", "parents_point_to_their_tables")
def parents_point_to_their_tables(view: View, row: Term) -> Term:
    parent, entry = view.get("translations.parent", row), view.get("translations.parent_entry", row)
    place = t.add(t.shl(parent, t.const(ENTRY_BITS, 32)), entry)
    target = view.get("targets", place)
    known = t.all_of((names(target, row), is_link(view, place), below(entry, mappings.ENTRY_COUNT)))
    return t.implies(is_set(parent), known)


@states("translations", "dead_tables_are_empty", first=1)
def dead_tables_are_empty(view: View, row: Term) -> Term:
    counts = (view.get(f"translations.{name}", row) for name in ("used", "users", "parent"))
    return t.or_(is_set(view.get("translations.header.live", row)), t.all_of(is_zero(count) for count in counts))


@states("translations", "dead_tables_are_empty", first=1)
def levels_exist(view: View, row: Term) -> Term:
    return below(view.get("translations.level", row), PAGE_LEVEL + 1)


@states("frames", "frames_are_whole")
def frames_are_whole(view: View, row: Term) -> Term:
    size, dirty = view.get("frames.size", row), view.get("frames.dirty", row)
    claims = [t.implies(is_value(size, n), t.ule(dirty, t.const(pieces, 32))) for n, pieces in PIECES.items()]
    address = view.get("frames.address", row)
    inside = t.ule(address, t.const((1 << 48) - mappings.LARGE_BYTES, 64))
    aligned = t.and_(
        is_zero(t.extract(address, mappings.SMALL_BYTES.bit_length() - 2, 0)),
        t.implies(is_value(size, Size.LARGE), is_zero(t.extract(address, mappings.LARGE_BYTES.bit_length() - 2, 0))),
    )
    return t.all_of([*claims, below(size, len(PIECES)), inside, aligned])


def in_translation(view: View, table: Term, row: Term) -> Term:
    """Whether an entry is used, and of a table."""
    return t.and_(is_set(view.get("entries", row)), names(t.lshr(row, t.const(ENTRY_BITS, row.width)), table))


def maps(view: View, frame: Term, row: Term) -> Term:
    """Whether an entry maps a frame."""
    target = view.get("targets", row)
    return t.all_of((is_set(target), names(target, frame), t.not_(is_link(view, row))))


def _names(field: str) -> tuple[str, str, Belongs]:
    def belongs(view: View, row: Term, member: Term) -> Term:
        return t.and_(is_set(row), names(view.get(field, member), row))

    return field.partition(".")[0], field, belongs


COUNTS.extend(
    [
        Count(
            "used_entries", "translations.used", (("entries", "entries", in_translation),), ("entries_have_targets",)
        ),
        Count("mappings", "frames.mapped", (("targets", "targets", maps),), ("frames_know_how_often_they_are_mapped",)),
        Count(
            "users",
            "translations.users",
            (_names("threads.space"), _names("vcpus.space")),
            ("spaces_know_their_users",),
        ),
        Count("threads_of_tables", "tables.threads", (_names("threads.table"),), ("spaces_know_their_users",)),
    ]
)
