// Multiboot entry of 64-bit guests: maps the first 4 GiB to themselves in 2 MiB pages that every ring may use,
// and enters 64-bit mode.
#include "multiboot.S"

    .text
    .code32
    .globl start
start:
    mov $stack_top, %esp
    mov %ebx, multiboot_info
    movl $boot_pointers + 7, boot_top
    mov $boot_directories + 7, %eax
    mov $boot_pointers, %edi
    mov $4, %ecx
1:  mov %eax, (%edi)
    add $4096, %eax
    add $8, %edi
    loop 1b
    mov $0x87, %eax
    mov $boot_directories, %edi
    mov $2048, %ecx
2:  mov %eax, (%edi)
    add $0x200000, %eax
    add $8, %edi
    loop 2b
    mov $0x20, %eax // CR4.PAE
    mov %eax, %cr4
    mov $boot_top, %eax
    mov %eax, %cr3
    mov $0xc0000080, %ecx
    rdmsr
    or $0x100, %eax // EFER.LME
    wrmsr
    mov %cr0, %eax
    or $0x80000000, %eax // CR0.PG
    mov %eax, %cr0
    lgdt boot_gdt_register
    ljmp $8, $long_mode
    .code64
long_mode:
    xor %eax, %eax
    mov %eax, %ss
    call run_guest

    .data
boot_gdt:
    .quad 0, 0x00af9b000000ffff
boot_gdt_register:
    .word 15
    .long boot_gdt

    .bss
    .balign 4096
    .globl boot_top
boot_top:
    .skip 4096
boot_pointers:
    .skip 4096
boot_directories:
    .skip 4 * 4096
