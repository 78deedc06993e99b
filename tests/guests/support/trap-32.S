// Exception entries and attempts for 32-bit guests.

    .text
    .balign 16
    .globl trap_entries
trap_entries:
    .set vector, 0
    .rept 256
    .balign 16
    .if vector != 8 && (vector < 10 || vector > 14) && vector != 17 && vector != 21
    pushl $0
    .endif
    pushl $vector
    jmp trap_common
    .set vector, vector + 1
    .endr

trap_common:
    pusha
    cld
    // Virtual-8086 mode and tests of segmentation leave other selectors behind.
    mov $0x10, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %esp, %ebx
    push %esp
    call trap
    mov %ebx, %esp
    popa
    add $8, %esp
    iret

    .macro begin_attempt
    push %ebx
    push %ebp
    push %esi
    push %edi
    mov %esp, attempt_stack
    mov 20(%esp), %ebx
    mov 24(%esp), %esi
    mov 0(%esi), %eax
    mov 4(%esi), %edx
    mov 8(%esi), %ecx
    .endm

    // enter_ring0(code, arguments): returns AX
    .globl enter_ring0
enter_ring0:
    begin_attempt
    call *%ebx
    .globl attempt_ended
attempt_ended:
    mov $0x10, %edx
    mov %edx, %ds
    mov %edx, %es
    mov %edx, %fs
    mov %edx, %gs
    mov %edx, %ss
    mov attempt_stack, %esp
    movl $0, attempt_stack
    pop %edi
    pop %esi
    pop %ebp
    pop %ebx
    cld
    ret

    // enter_outer(code, arguments, frame)
    .globl enter_outer
enter_outer:
    begin_attempt
    mov 28(%esp), %edi
    pushl 16(%edi)
    pushl 12(%edi)
    pushl 8(%edi)
    pushl 4(%edi)
    pushl 0(%edi)
    mov 16(%edi), %edi
    mov %edi, %ds
    mov %edi, %es
    iret

    .bss
    .balign 4
    .globl attempt_stack
attempt_stack:
    .long 0
    .section .note.GNU-stack, "", @progbits
