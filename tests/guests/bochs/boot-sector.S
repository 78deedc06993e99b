// Brings a guest from a disk to 1 MiB and enters it as a Multiboot loader would, for Bochs, which loads no kernels.
// The two words at the end are filled in: the guest's entry point, and its length in pieces of 32 KiB.

#define PIECE 0x8000
#define BUFFER 0x10000

    .code16
    .globl start
start:
    cli
    xor %ax, %ax
    mov %ax, %ds
    mov %ax, %es
    mov %ax, %ss
    mov $0x7c00, %sp
    mov %dl, drive
    in $0x92, %al // open address line 20
    or $2, %al
    out %al, $0x92
    // Give DS and ES a limit of 4 GiB that lasts in real mode.
    lgdt gdt_register
    mov %cr0, %eax
    or $1, %al
    mov %eax, %cr0
    mov $0x10, %bx
    mov %bx, %ds
    mov %bx, %es
    and $0xfe, %al
    mov %eax, %cr0
    xor %ax, %ax
    mov %ax, %ds
    mov %ax, %es
    sti
1:  mov $0x42, %ah // read sectors
    mov drive, %dl
    mov $packet, %si
    int $0x13
    jc failed
    mov $BUFFER, %esi
    mov target, %edi
    mov $(PIECE / 4), %ecx
    cld
    addr32 rep movsl
    mov %edi, target
    addl $(PIECE / 512), sector
    decw pieces
    jnz 1b
    cli
    mov $0x11, %eax
    mov %eax, %cr0
    ljmpl $8, $protected
failed:
    hlt

    .code32
protected:
    mov $0x10, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %fs
    mov %eax, %gs
    mov %eax, %ss
    mov $0x2badb002, %eax
    xor %ebx, %ebx
    jmp *entry

gdt:
    .quad 0, 0x00cf9b000000ffff, 0x00cf93000000ffff
gdt_register:
    .word 23
    .long gdt
drive:
    .byte 0
    .balign 4
packet:
    .byte 16, 0
    .word PIECE / 512, 0, BUFFER >> 4
sector:
    .long 1, 0
target:
    .long 0x100000

    .org 0x1f0
entry:
    .long 0
pieces:
    .word 0
    .org 0x1fe
    .word 0xaa55
