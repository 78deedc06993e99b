// The Multiboot header and the stack of every guest.
    .section .multiboot, "a"
    .balign 4
    .long 0x1badb002, 0, -0x1badb002

    .bss
    .balign 16
    .skip 32768
stack_top:
    .globl multiboot_info
multiboot_info:
    .long 0
    .section .note.GNU-stack, "", @progbits
