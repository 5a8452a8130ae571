"""What counts as a line of code."""

from __future__ import annotations

from keelback.reports.code_lines import count_c, count_python

PYTHON = '''"""Docstring
of two lines."""

import os  # counted

# not counted

NAME = 1
"""Documentation of a constant."""


def function(
    argument: int,
) -> str:
    """Docstring."""
    return """text

    that is code"""
'''


def test_python_without_blanks_comments_and_docstrings() -> None:
    # import, NAME, the three lines of the signature, the two non-blank lines of the returned text
    assert count_python(PYTHON) == 7


def test_assembly_in_a_string_counts() -> None:
    assert count_python('@naked("""\n    eret\n\n    b .\n""")\ndef leave() -> None:\n    """Docstring."""\n') == 5


def test_c_without_comments() -> None:
    assert count_c('/* one\n two */\nint a; // three\n\nchar *b = "/* code */";\n// four\n') == 2
