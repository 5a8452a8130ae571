"""Finds objects that are parts of others: a module-level name may stand for an element of a table, say.

Only what module level touched can have a name, so elements that were never looked at are passed over.
"""

from __future__ import annotations

from collections.abc import Iterator

from keelback.lang.arrays import Array, StructArray, is_struct
from keelback.lang.structs import fields_of

Step = str | int  # the name of a field, or the index of an element
Path = tuple[Step, ...]


def parts_of(whole: object, path: Path = ()) -> Iterator[tuple[object, Path]]:
    """Every struct and array inside `whole`, with the way to it."""
    for step, part in _direct_parts(whole):
        yield part, (*path, step)
        yield from parts_of(part, (*path, step))


def _direct_parts(whole: object) -> Iterator[tuple[Step, object]]:
    if isinstance(whole, StructArray):
        for index in range(len(whole)):
            row = whole.touched(index)
            if row is not None:
                yield index, row
    elif not isinstance(whole, Array) and is_struct(type(whole)):
        for field in fields_of(type(whole)):
            if field.kind in ("struct", "array"):
                yield field.name, getattr(whole, field.name)


def references_of(whole: object) -> Iterator[tuple[str, object]]:
    """Structs that the `Ref` fields of a struct refer to from the start, by the field's name."""
    if not isinstance(whole, Array) and is_struct(type(whole)):
        for field in fields_of(type(whole)):
            target = getattr(whole, field.name) if field.kind == "reference" else None
            if target is not None:
                yield field.name, target
