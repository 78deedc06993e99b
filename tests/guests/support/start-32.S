// Multiboot entry of 32-bit guests: flat protected mode, paging off.
#include "multiboot.S"

    .text
    .globl start
start:
    mov $stack_top, %esp
    mov %ebx, multiboot_info
    call run_guest
