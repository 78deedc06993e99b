// Exception entries and attempts for 64-bit guests.

    .text
    .balign 16
    .globl trap_entries
trap_entries:
    .set vector, 0
    .rept 256
    .balign 16
    // These vectors come with an error code; the others get a zero.
    .if vector != 8 && (vector < 10 || vector > 14) && vector != 17 && vector != 21
    pushq $0
    .endif
    pushq $vector
    jmp trap_common
    .set vector, vector + 1
    .endr

trap_common:
    push %rax
    push %rbx
    push %rcx
    push %rdx
    push %rbp
    push %rsi
    push %rdi
    push %r8
    push %r9
    push %r10
    push %r11
    push %r12
    push %r13
    push %r14
    push %r15
    cld
    mov %rsp, %rdi
    mov %rsp, %rbx
    and $-16, %rsp
    call trap
    mov %rbx, %rsp
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %r11
    pop %r10
    pop %r9
    pop %r8
    pop %rdi
    pop %rsi
    pop %rbp
    pop %rdx
    pop %rcx
    pop %rbx
    pop %rax
    add $16, %rsp
    iretq

    .macro begin_attempt
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, attempt_stack
    mov %rdi, %r8
    mov 0(%rsi), %rax
    mov 16(%rsi), %rcx
    .endm

    // enter_ring0(code, arguments): returns AX
    .globl enter_ring0
enter_ring0:
    begin_attempt
    mov 8(%rsi), %rdx
    sub $8, %rsp
    call *%r8
    .globl attempt_ended
attempt_ended:
    mov attempt_stack, %rsp
    movq $0, attempt_stack
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    cld
    ret

    // enter_outer(code, arguments, frame)
    .globl enter_outer
enter_outer:
    begin_attempt
    mov %rdx, %r9
    mov 8(%rsi), %rdx
    pushq 32(%r9)
    pushq 24(%r9)
    pushq 16(%r9)
    pushq 8(%r9)
    pushq 0(%r9)
    iretq

    .bss
    .balign 8
    .globl attempt_stack
attempt_stack:
    .quad 0
    .section .note.GNU-stack, "", @progbits
