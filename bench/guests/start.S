# A Multiboot 1 kernel: a stack, then `main` in 32-bit protected mode, then the debug-exit port.
    .text
    .align 4
    .long 0x1BADB002, 0, -(0x1BADB002)
    .globl _start
_start:
    mov $stack_top, %esp
    call main
    mov $0xf4, %dx
    out %al, %dx
1:  hlt
    jmp 1b
    .bss
    .align 16
    .skip 16384
stack_top:
