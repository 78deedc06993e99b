// Every exception of 64-bit mode: vector, error code, saved RIP and stack (SDM volume 3, chapter 6).
#include "support/trap.h"

CODE(divide, "xor %edx, %edx\n divide_at: div %ecx\n ret");
LABEL(divide_at);
CODE(divide_signed, "cqo\n divide_signed_at: idiv %rcx\n ret");
LABEL(divide_signed_at);
CODE(icebp, ".byte 0xf1\n icebp_after: ret");
LABEL(icebp_after);
CODE(breakpoint, "int3\n breakpoint_after: ret");
LABEL(breakpoint_after);
CODE(breakpoint_long, "int $3\n breakpoint_long_after: ret");
LABEL(breakpoint_long_after);
CODE(undefined, "ud2\n ret");
CODE(locked_move, ".byte 0xf0; mov %eax, (%rax)\n ret");
CODE(x87, "fld1\n fstp %st(0)\n ret");
CODE(x87_wait, "fwait\n ret");
CODE(x87_divide, "fninit\n push $0x37b\n fldcw (%rsp)\n pop %rax\n fld1\n fldz\n fdivrp\n x87_divide_at: fwait\n ret");
LABEL(x87_divide_at);
CODE(x87_clear, "fnclex\n fninit\n ret");
CODE(sse, "xorps %xmm0, %xmm0\n ret");
CODE(sse_divide, "push $0x1d80\n ldmxcsr (%rsp)\n pop %rax\n xorps %xmm0, %xmm0\n mov $0x3f800000, %eax\n"
                 "movd %eax, %xmm1\n sse_divide_at: divss %xmm0, %xmm1\n ret");
LABEL(sse_divide_at);
CODE(load, "mov (%rax), %rax\n ret");
CODE(store_byte, "movb $1, (%rax)\n ret");
CODE(load_by_stack, "push %rbp\n mov %rax, %rbp\n load_by_stack_at: mov (%rbp), %rax\n pop %rbp\n ret");
LABEL(load_by_stack_at);
CODE(load_by_fs, "mov %fs:(%rax), %rax\n ret");
CODE(jump, "jmp *%rax");
CODE(call, "call *%rax\n ret");
CODE(set_ds, "mov %ax, %ds\n ret");
CODE(set_ss, "mov %ax, %ss\n ret");
CODE(write_msr_code, "wrmsr\n ret");
CODE(set_cr0, "mov %rax, %cr0\n ret");
CODE(set_cr4, "mov %rax, %cr4\n ret");
CODE(set_cr8, "mov %rax, %cr8\n ret");
CODE(set_cr1, "mov %rax, %cr1\n ret");
CODE(halt, "hlt\n ret");
CODE(load_misaligned, "movaps (%rax), %xmm0\n ret");
CODE(load_unaligned, "mov %rsp, %rax\n mov 1(%rax), %edx\n int $0x80");
CODE(too_long, ".byte 0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x90\n ret");
CODE(longest, ".byte 0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x90\n ret");
CODE(port, "in $0x71, %al\n int $0x80");
CODE(clear_interrupts, "cli\n int $0x80");

static void arithmetic(void) {
  attempt(divide, 1);
  check_fault(DE, 0, divide_at, "DIV by zero raises #DE at the instruction");
  attempt(divide_signed, (word)1 << 63, 0, (word)-1);
  check_fault(DE, 0, divide_signed_at, "IDIV overflow raises #DE");
  attempt(icebp);
  check_fault(DB, 0, icebp_after, "INT1 raises #DB past the instruction");
  attempt(breakpoint);
  check_fault(BP, 0, breakpoint_after, "INT3 raises #BP past the instruction");
  attempt(breakpoint_long);
  check_fault(BP, 0, breakpoint_long_after, "INT 3 in two bytes raises #BP past the instruction");
  attempt_user(breakpoint);
  check_fault(BP, 0, breakpoint_after, "INT3 in ring 3 passes a gate of DPL 3");
}

static void undefined_opcodes(void) {
  // Opcodes that 64-bit mode took away. C4, C5 and 62 became prefixes and are left out.
  static const u8 removed[] = {0x06, 0x07, 0x0e, 0x16, 0x17, 0x1e, 0x1f, 0x27, 0x2f, 0x37, 0x3f,
                               0x60, 0x61, 0x82, 0x9a, 0xce, 0xd4, 0xd5, 0xd6, 0xea};
  static u8 code[32];
  attempt(undefined);
  check_fault(UD, 0, undefined, "UD2 raises #UD");
  attempt(locked_move, &code);
  check_fault(UD, 0, locked_move, "LOCK MOV raises #UD");
  attempt(set_cr1);
  check_fault(UD, 0, set_cr1, "MOV to CR1 raises #UD");
  int all = 1;
  for (u32 i = 0; i < sizeof removed; i++) {
    memset(code, 0xc3, sizeof code);
    code[0] = removed[i];
    if (attempt(code) != UD || caught.frame.ip != (word)code) all = 0;
  }
  check(all, "opcodes without a meaning in 64-bit mode raise #UD");
}

static void floating_point(void) {
  const word cr0 = (read_cr0() | CR0_NE | CR0_MP) & ~(word)(CR0_TS | CR0_EM), cr4 = read_cr4();
  write_cr0(cr0 | CR0_TS);
  attempt(x87);
  check_fault(NM, 0, x87, "x87 with CR0.TS raises #NM");
  attempt(x87_wait);
  check_fault(NM, 0, x87_wait, "FWAIT with CR0.TS and CR0.MP raises #NM");
  write_cr0((cr0 | CR0_TS) & ~(word)CR0_MP);
  attempt(x87_wait);
  check_equal(caught.frame.vector, NOTHING, "FWAIT with CR0.TS alone does not");
  write_cr0(cr0 | CR0_EM);
  attempt(x87);
  check_fault(NM, 0, x87, "x87 with CR0.EM raises #NM");
  write_cr4(cr4 | CR4_OSFXSR | CR4_OSXMMEXCPT);
  attempt(sse);
  check_fault(UD, 0, sse, "SSE with CR0.EM raises #UD");
  write_cr0(cr0 | CR0_TS);
  attempt(sse);
  check_fault(NM, 0, sse, "SSE with CR0.TS raises #NM");
  write_cr0(cr0);
  attempt(x87_divide);
  check_fault(MF, 0, x87_divide_at, "an unmasked x87 exception raises #MF at the next waiting instruction");
  attempt(x87_clear);
  attempt(sse_divide);
  check_fault(XM, 0, sse_divide_at, "an unmasked SSE exception raises #XM at the instruction");
  write_cr4((cr4 | CR4_OSFXSR) & ~(word)CR4_OSXMMEXCPT);
  attempt(sse_divide);
  check_fault(UD, 0, sse_divide_at, "without CR4.OSXMMEXCPT it raises #UD");
  write_cr4(cr4 & ~(word)CR4_OSFXSR);
  attempt(sse);
  check_fault(UD, 0, sse, "SSE without CR4.OSFXSR raises #UD");
  write_cr4(cr4 | CR4_OSFXSR | CR4_OSXMMEXCPT);
  static u8 data[32] ALIGNED(16);
  attempt(load_misaligned, data + 1);
  check_fault(GP, 0, load_misaligned, "a misaligned MOVAPS raises #GP(0)");
}

static void general_protection(void) {
  const word hole = (word)1 << 47;
  attempt(load, hole);
  check_fault(GP, 0, load, "a non-canonical address raises #GP(0)");
  attempt(load, hole - 8);
  check_equal(caught.frame.vector, PF, "the last canonical address of the lower half does not");
  check_equal(caught.cr2, hole - 8, "CR2 holds all of the address");
  attempt(load, -hole);
  check_equal(caught.frame.vector, PF, "nor does the first of the upper half");
  attempt(load, hole - 4);
  check_fault(GP, 0, load, "an operand that reaches past the canonical half raises #GP(0)");
  attempt(load_by_stack, hole);
  check_fault(SS, 0, load_by_stack_at, "a non-canonical address by RBP raises #SS(0)");
  write_msr(MSR_FS_BASE, hole - 8);
  attempt(load_by_fs, 8);
  check_fault(GP, 0, load_by_fs, "a base can make an address non-canonical");
  write_msr(MSR_FS_BASE, 0);
  attempt(jump, hole);
  check(caught.frame.vector == GP && caught.frame.error == 0, "a jump to a non-canonical address raises #GP(0)");
  check_equal(caught.frame.ip, (word)jump, "at the jump");
  attempt(call, hole);
  check_fault(GP, 0, call, "so does a call, before it pushes");
  attempt(write_msr_code, 0, 1 << 15, MSR_LSTAR);
  check_fault(GP, 0, write_msr_code, "a non-canonical address in an address MSR raises #GP(0)");
  attempt(write_msr_code, 0, 0, 0x3fffffff);
  check_fault(GP, 0, write_msr_code, "an MSR that does not exist raises #GP(0)");
  attempt(set_cr0, read_cr0() & ~(word)CR0_PE);
  check_fault(GP, 0, set_cr0, "CR0.PG without PE raises #GP(0)");
  attempt(set_cr0, read_cr0() | (word)1 << 32);
  check_fault(GP, 0, set_cr0, "the upper half of CR0 is reserved");
  attempt(set_cr4, read_cr4() & ~(word)CR4_PAE);
  check_fault(GP, 0, set_cr4, "clearing CR4.PAE in long mode raises #GP(0)");
  attempt(set_cr4, read_cr4() | (word)1 << 31);
  check_fault(GP, 0, set_cr4, "a reserved bit of CR4 raises #GP(0)");
  attempt(set_cr8, 16);
  check_fault(GP, 0, set_cr8, "a reserved bit of CR8 raises #GP(0)");
  attempt(too_long);
  check_fault(GP, 0, too_long, "an instruction of 16 bytes raises #GP(0)");
  attempt(longest);
  check_equal(caught.frame.vector, NOTHING, "one of 15 bytes does not");
  attempt_user(halt);
  check_fault(GP, 0, halt, "HLT in ring 3 raises #GP(0)");
  attempt_user(port);
  check_fault(GP, 0, port, "IN in ring 3 without permission raises #GP(0)");
  attempt_user(clear_interrupts);
  check_fault(GP, 0, clear_interrupts, "CLI in ring 3 raises #GP(0)");
}

static void segments(void) {
  set_segment(SPARE, 0, 0xfffff, RIGHTS_DATA & ~RIGHTS_PRESENT);
  attempt(set_ds, SPARE);
  check_fault(NP, SPARE, set_ds, "loading a segment that is not present raises #NP(selector)");
  set_segment(SPARE, 0, 0xfffff, (RIGHTS_DATA | RIGHTS_DPL3) & ~RIGHTS_PRESENT);
  attempt(set_ds, SPARE | 1);
  check_fault(NP, SPARE, set_ds, "the error code leaves out the RPL");
  set_segment(SPARE, 0, 0xfffff, RIGHTS_DATA & ~RIGHTS_PRESENT);
  attempt(set_ss, SPARE);
  check_fault(SS, SPARE, set_ss, "loading it into SS raises #SS(selector)");
  attempt(set_ds, sizeof gdt);
  check_fault(GP, sizeof gdt, set_ds, "a selector past the GDT raises #GP(selector)");
  attempt(set_ds, SPARE | 4);
  check_fault(GP, SPARE | 4, set_ds, "a selector of the LDT that is not there raises #GP(selector)");
  attempt(set_ds, TASK);
  check_fault(GP, TASK, set_ds, "a system descriptor in DS raises #GP(selector)");
  attempt(set_ss, KERNEL_CODE);
  check_fault(GP, KERNEL_CODE, set_ss, "a code segment in SS raises #GP(selector)");
  attempt(set_ss, USER_DATA);
  check_fault(GP, USER_DATA & ~3, set_ss, "a stack segment of another ring raises #GP(selector)");
  attempt(set_ds, 3);
  check_equal(caught.frame.vector, NOTHING, "a null selector in DS does not");
  attempt(set_ds, KERNEL_DATA);
}

CODE(push_misaligned, "push %rax\n mov %rsp, %rax\n ud2");
CODE(push_aligned, "mov %rsp, %rax\n ud2");

static void frames(void) {
  attempt(push_misaligned);
  const word misaligned = caught.frame_address, rsp = caught.ax;
  check_equal(caught.frame.sp, rsp, "the frame holds RSP even when the ring stays");
  check_equal(caught.frame.ss, KERNEL_DATA, "and SS");
  check_equal(misaligned, (rsp & ~(word)15) - 40, "the frame starts on a multiple of 16");
  attempt(push_aligned);
  check_equal(caught.frame_address, (caught.ax & ~(word)15) - 40, "whatever RSP was");
  attempt_user(undefined);
  check_equal(caught.frame.cs, USER_CODE64, "CS of the outer ring is saved");
  check_equal(caught.frame.ss, USER_DATA, "SS of the outer ring is saved");
  check_equal(caught.frame_address, task.rsp[0] - 40, "the stack of ring 0 comes from the TSS");
  check(!(caught.frame.flags & FLAG_TF), "saved flags are those of the instruction");
  check(caught.frame.flags & FLAG_RF, "a fault saves RF set");
  attempt(breakpoint);
  check(!(caught.frame.flags & FLAG_RF), "a trap saves RF clear");
}

static void alignment_check(void) {
  const word cr0 = read_cr0();
  write_cr0(cr0 | CR0_AM);
  attempt_outer((word)load_unaligned, USER_CODE64, USER_DATA, FLAG_AC, (word[4]){0});
  check_fault(AC, 0, load_unaligned + 3, "a misaligned access in ring 3 with EFLAGS.AC and CR0.AM raises #AC(0)");
  attempt_user(load_unaligned);
  check_equal(caught.frame.vector, LEAVE, "without EFLAGS.AC it does not");
  write_cr0(cr0 & ~(word)CR0_AM);
  attempt_outer((word)load_unaligned, USER_CODE64, USER_DATA, FLAG_AC, (word[4]){0});
  check_equal(caught.frame.vector, LEAVE, "without CR0.AM it does not");
  write_cr0(cr0);
}

void guest(void) {
  static u8 byte;
  arithmetic();
  undefined_opcodes();
  floating_point();
  general_protection();
  segments();
  frames();
  alignment_check();
  attempt(store_byte, &byte);
  check(caught.frame.vector == NOTHING && byte == 1, "code goes on after all this");
}
