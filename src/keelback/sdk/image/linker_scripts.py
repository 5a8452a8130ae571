"""Linker scripts: where the kernel's and a component's sections go. Every protection starts on a page of its own."""

from __future__ import annotations

KERNEL_ENTRY = "_start"
COMPONENT_ENTRY = "component_start"

_DISCARD = "  /DISCARD/ : { *(.comment) *(.note*) *(.eh_frame*) *(.ARM*) }"


def kernel_script(base: int) -> str:
    """The kernel's sections at physical address `base`: header and text, read-only data, data, kernel state, zeros."""
    return f"""\
ENTRY({KERNEL_ENTRY})
SECTIONS
{{
  . = {base:#x};
  __image_start = .;
  __text_start = .;
  .text : {{ KEEP(*(.text.header)) KEEP(*(.text.vectors)) *(.text .text.*) }}
  . = ALIGN(4096);
  __text_end = .;
  __rodata_start = .;
  .rodata : {{ *(.rodata .rodata.*) }}
  . = ALIGN(4096);
  __rodata_end = .;
  __data_start = .;
  .data : {{ *(.data .data.*) }}
  . = ALIGN(4096);
  __state_start = .;
  .state : {{ KEEP(*(.state .state.*)) }}
  . = ALIGN(4096);
  __state_end = .;
  __bss_start = .;
  .bss : {{ *(.bss .bss.* COMMON) }}
  . = ALIGN(4096);
  __bss_end = .;
  __data_end = .;
{_DISCARD}
}}
"""


def component_script(base: int, stack_bytes: int) -> str:
    """A component's sections at virtual address `base`; behind the zeros an unmapped page, then the stack."""
    return f"""\
ENTRY({COMPONENT_ENTRY})
SECTIONS
{{
  . = {base:#x};
  __text_start = .;
  .text : {{ *(.text.entry) *(.text .text.*) }}
  . = ALIGN(4096);
  __text_end = .;
  .rodata : {{ *(.rodata .rodata.*) *(.got .got.*) *(.data.rel.ro*) }}
  . = ALIGN(4096);
  __rodata_end = .;
  .data : {{ *(.data .data.*) *(.state .state.*) }}
  .bss : {{ *(.bss .bss.* COMMON) }}
  . = ALIGN(4096);
  __data_end = .;
  . += 4096;
  __stack_bottom = .;
  . += {stack_bytes:#x};
  __stack_top = .;
{_DISCARD}
}}
"""
