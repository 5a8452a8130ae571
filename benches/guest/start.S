// The first instructions of a guest without an operating system: an arm64 Image header (Linux,
// Documentation/arm64/booting.rst), a stack, then guest_main. The MMU stays off.

    .section .text.header, "ax"
    .global _start
_start:
    b       begin
    .word   0
    .quad   0                       // text offset
    .quad   IMAGE_BYTES             // room from the start of the image on, stack included
    .quad   0xa                     // little endian, 4 KiB pages, anywhere in RAM
    .quad   0, 0, 0
    .ascii  "ARM\x64"
    .word   0
begin:
    adr     x1, _start
    mov     x2, IMAGE_BYTES
    add     sp, x1, x2
    bl      guest_main
1:  wfi
    b       1b
