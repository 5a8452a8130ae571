"""What counts as a line of assembly, and which bytes of an image are not a guest's files."""

from __future__ import annotations

from benches.sizes import count_assembly, image_bytes_without_files, kernel_sources


def test_blank_lines_and_comments_are_not_assembly() -> None:
    assert count_assembly("\n  // saved\n  stp x0, x1, [sp]  // both\n\n  ret\n") == 2


def test_a_semicolon_separates_instructions() -> None:
    assert count_assembly("nop; nop\nnop;") == 3


def test_files_are_taken_off() -> None:
    manifest = {
        "image": {"size_bytes": 1000},
        "memory": [
            {"kind": "file", "size_bytes": 300},
            {"kind": "segment", "size_bytes": 50},
            {"kind": "file", "size_bytes": 200},
        ],
    }
    assert image_bytes_without_files(manifest) == 500


def test_the_kernel_is_counted_whole() -> None:
    names = {path.name for path in kernel_sources()}
    assert {"scheduler.py", "vectors.py", "syscalls.py"} <= names
