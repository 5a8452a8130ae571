"""Addresses of near globals take one instruction; what lies far, or is used by parts, is left as it is."""

from __future__ import annotations

from keelback.compiler.backend.addresses import REACH_BYTES, near_globals, shorten_addresses

NEAR = frozenset({"kernel.near"})


def test_a_pair_becomes_one_instruction() -> None:
    text = "\tmov\tw0, #1\n\tadrp\tx8, kernel.near\n\tadd\tx8, x8, :lo12:kernel.near\n\tret\n"
    assert shorten_addresses(text, NEAR) == "\tmov\tw0, #1\n\tadr\tx8, kernel.near\n\tret\n"


def test_a_table_of_jumps_is_near() -> None:
    text = "\tadrp\tx8, .LJTI3_0\n\tadd\tx8, x8, :lo12:.LJTI3_0\n"
    assert shorten_addresses(text, NEAR) == "\tadr\tx8, .LJTI3_0\n"


def test_an_offset_and_lines_in_between_are_kept() -> None:
    text = "\tadrp\tx8, kernel.near+160\n\t.loc\t9 90 5\n.Ltmp1:\n\tadd\tx8, x8, :lo12:kernel.near+160\n"
    assert shorten_addresses(text, NEAR) == "\t.loc\t9 90 5\n.Ltmp1:\n\tadr\tx8, kernel.near+160\n"


def test_other_uses_of_a_page_are_left() -> None:
    for second in (
        "\tldr\tw9, [x8, :lo12:kernel.near]\n",
        "\tadd\tx9, x8, :lo12:kernel.near\n",
        "\tadd\tx8, x8, :lo12:kernel.near+8\n",
        "\tadd\tx8, x8, :lo12:kernel.nearest\n",
    ):
        text = f"\tadrp\tx8, kernel.near\n{second}"
        assert shorten_addresses(text, NEAR) == text


def test_far_globals_are_left() -> None:
    text = "\tadrp\tx8, kernel.far\n\tadd\tx8, x8, :lo12:kernel.far\n"
    assert shorten_addresses(text, NEAR) == text


def test_only_what_is_certain_to_be_in_reach_is_near() -> None:
    sizes = [("first", 64), ("second", REACH_BYTES // 2), ("third", REACH_BYTES // 2), ("fourth", 8)]
    assert near_globals(sizes) == {"first", "second", "third"}
    assert near_globals([("large", REACH_BYTES), *sizes]) == {"large"}


def test_places_far_inside_a_global_are_far() -> None:
    text = "\tadrp\tx8, kernel.near+131072\n\tadd\tx8, x8, :lo12:kernel.near+131072\n"
    assert shorten_addresses(text, NEAR) == text
