"""How deep the kernel's stack gets: the sum over calls, and code that cannot be followed or breaks the rules."""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path

import pytest

from keelback.cli import prove
from keelback.compiler import compile_foreign, link
from keelback.prover.campaign import try_prove
from keelback.prover.encode import UnsupportedError
from keelback.prover.goals import PROVEN, STACK
from keelback.prover.machine.image import Image, read_elf
from keelback.prover.machine.stack import StackFollower, deepest

FUNCTION = """
.type {name}, %function
.global {name}
{name}:
{body}
.size {name}, . - {name}
"""


def image_of(folder: Path, **functions: str) -> Image:
    source, made, elf = folder / "code.S", folder / "code.o", folder / "code.elf"
    text = "".join(FUNCTION.format(name=name, body=body) for name, body in functions.items())
    source.write_text(".text\n.global _start\n_start:\n" + text)
    compile_foreign([source], made)
    link([made], elf, base=0x4008_0000, entry="_start")
    return read_elf(elf.read_bytes())


LEAF = "sub sp, sp, #48\nadd sp, sp, #48\nret"
OUTER = "stp x29, x30, [sp, #-32]!\nbl leaf\nldp x29, x30, [sp], #32\nret"


def test_depths_are_summed_over_calls(tmp_path: Path) -> None:
    image = image_of(tmp_path, leaf=LEAF, outer=OUTER)
    found = deepest(image)
    assert found.size_bytes == 32 + 48
    follower = StackFollower(image)
    assert [follower.name(address) for address in found.path] == ["outer", "leaf"]


def test_what_is_written_below_the_stack_pointer_counts(tmp_path: Path) -> None:
    assert deepest(image_of(tmp_path, below="stp x0, x1, [sp, #-64]\nret")).size_bytes == 64


def test_the_deeper_of_two_ways_counts(tmp_path: Path) -> None:
    body = "cbz x0, 1f\nstr x30, [sp, #-16]!\nbl leaf\nldr x30, [sp], #16\nret\n1: b outer"
    assert deepest(image_of(tmp_path, leaf=LEAF, outer=OUTER, ways=body)).size_bytes == 32 + 48


def test_an_indirect_call_may_lead_to_any_function_of_a_table(tmp_path: Path) -> None:
    body = "str x30, [sp, #-16]!\nblr x0\nldr x30, [sp], #16\nret\n.balign 8\n.quad outer"
    assert deepest(image_of(tmp_path, leaf=LEAF, outer=OUTER, any=body)).size_bytes == 16 + 32 + 48


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ("sub sp, sp, #16\nret", "returns 16 bytes below"),
        ("str x30, [sp, #-16]!\nbl bad\nldr x30, [sp], #16\nret", "bad calls itself"),
        ("mov sp, x0\nret", "becomes unknown"),
        ("blr x0\nret", "an indirect call"),
        ("br x0", "an indirect branch"),
        ("1: sub sp, sp, #16\nb 1b", "without end"),
        ("add sp, sp, #16\nret", "above its start"),
        ("sub sp, sp, #16\neret", "leaves the kernel 16 bytes below"),
    ],
)
def test_code_that_cannot_be_bounded_is_refused(tmp_path: Path, body: str, refusal: str) -> None:
    with pytest.raises(UnsupportedError, match=refusal):
        deepest(image_of(tmp_path, bad=body))


def test_the_way_out_is_checked_through_calls(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="leaves the kernel 16 bytes below"):
        deepest(image_of(tmp_path, out="eret", bad="sub sp, sp, #16\nbl out"))


def test_the_kernel_stays_within_its_stack() -> None:
    (job,) = [job for job in prove.all_jobs(1.0) if job.goal.kind == STACK]
    result = try_prove(job)
    assert result.status == PROVEN, result
    depth = deepest(read_elf(b64decode(job.image)))
    assert len(depth.path) > 3 and f"at most {depth.size_bytes} of 16384 bytes" in result.reason
    assert result.reason in prove.render([result])
