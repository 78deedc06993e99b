// Call gates and IDT gates of 64-bit mode, IST stacks, and double faults (SDM volume 3, 5.8.3.1, 6.14 and 6.15).
#include "support/trap.h"


volatile struct {
  u64 rsp, ss, cs, words[6];
} seen;
CODE(behind_gate, "mov %rsp, seen\n mov %ss, seen + 8\n mov %cs, seen + 16\n push %rcx\n push %rsi\n push %rdi\n"
                  "mov $6, %ecx\n lea 24(%rsp), %rsi\n mov $seen + 24, %edi\n cld\n rep movsq\n"
                  "pop %rdi\n pop %rsi\n pop %rcx\n lretq");
CODE(user_call, "lcall *(%rax)\n user_call_after: mov %rsp, %rax\n mov %ss, %edx\n int $0x80");
LABEL(user_call_after);
CODE(call_far, "lcall *(%rax)\n ret");
CODE(user_interrupt, "int $0x90\n user_interrupt_after: int $0x80");
LABEL(user_interrupt_after);
CODE(interrupt, "int $0x90\n interrupt_after: ret");
LABEL(interrupt_after);
CODE(undefined, "ud2\n ret");
CODE(user_undefined, "ud2\n int $0x80");
CODE(load, "mov (%rax), %eax\n ret");
CODE(breakpoint, "int3\n ret");
CODE(bad_stack, "mov %rsp, %rcx\n mov %rax, %rsp\n bad_stack_at: push %rax\n mov %rcx, %rsp\n ret");
LABEL(bad_stack_at);
CODE(divide, "xor %ecx, %ecx\n div %ecx\n ret");

static struct {
  u32 offset;
  u16 selector;
} PACKED target;

static word set_call_gate(word offset, u16 selector, u8 type, u64 more_high) {
  const struct gate gate = make_gate(offset, selector, type, 0);
  gdt[SPARE >> 3] = gate.low;
  gdt[(SPARE >> 3) + 1] = gate.high | more_high;
  target.selector = SPARE | 3;
  return (word)&target;
}

static void call_gates(void) {
  const word top = (word)(user_stack + sizeof user_stack - 64), code = (word)behind_gate;
  attempt_user(user_call, set_call_gate(code, KERNEL_CODE, GATE_CALL | GATE_DPL3, 0));
  check_equal(caught.frame.vector, LEAVE, "a call gate leads from ring 3 to ring 0 and back");
  check_equal(caught.ax, top, "to the same stack");
  check_equal(caught.frame.dx & 0xffff, USER_DATA, "and stack segment");
  check_equal(seen.rsp, task.rsp[0] - 32, "ring 0 has RSP0 of the TSS, four words used");
  check_equal(seen.ss & 0xffff, 0, "and a null SS with the ring as RPL");
  check_equal(seen.cs & 0xffff, KERNEL_CODE, "CS is that of the gate");
  check_equal(seen.words[0], (word)user_call_after, "the words are RIP");
  check_equal(seen.words[1], USER_CODE64, "CS");
  check_equal(seen.words[2], top, "RSP");
  check_equal(seen.words[3], USER_DATA, "and SS");
  attempt_user(user_call, set_call_gate(code, KERNEL_CODE, GATE_CALL | GATE_DPL3, (u64)0xff << 32));
  check_equal(caught.frame.vector, LEAVE, "bits of the upper half that have no meaning are ignored");
  attempt_user(user_call, set_call_gate(code, KERNEL_CODE, GATE_CALL | GATE_DPL3, (u64)1 << 40));
  check_fault(GP, SPARE, user_call, "a type in the upper half raises #GP(gate)");
  attempt_user(user_call, set_call_gate(code, KERNEL_CODE, GATE_CALL, 0));
  check_fault(GP, SPARE, user_call, "a gate of DPL 0 raises #GP(gate)");
  attempt_user(user_call, set_call_gate(code, KERNEL_CODE, (GATE_CALL | GATE_DPL3) & ~0x80, 0));
  check_fault(NP, SPARE, user_call, "a gate that is not present raises #NP(gate)");
  attempt_user(user_call, set_call_gate(code, KERNEL_CODE32, GATE_CALL | GATE_DPL3, 0));
  check_fault(GP, KERNEL_CODE32, user_call, "a gate to 32-bit code raises #GP(selector)");
  attempt_user(user_call, set_call_gate(code, KERNEL_CODE, GATE_CALL16 | GATE_DPL3, 0));
  check_fault(GP, SPARE, user_call, "there are no 16-bit call gates");
  attempt_user(user_call, set_call_gate((word)1 << 47, KERNEL_CODE, GATE_CALL | GATE_DPL3, 0));
  check_fault(GP, 0, user_call, "a gate to a non-canonical address raises #GP(0)");
  set_call_gate(code, KERNEL_CODE, GATE_CALL, 0);
  target.selector = SPARE;
  check_equal(attempt(call_far, &target), NOTHING, "a gate within ring 0 works too");
  check_equal(seen.ss & 0xffff, KERNEL_DATA, "and keeps SS");
}

static void set_gate(u32 vector, word entry, u16 selector, u8 type, u8 stack) {
  idt[vector] = make_gate(entry, selector, type, stack);
}

static void interrupt_gates(void) {
  const u32 vector = 0x90, error = vector * 8 + 2;
  static const u8 wrong[] = {0x80, 0x85, 0x86, 0x87, 0x8c, 0x89};
  const word entry = trap_entry(vector);
  int all = 1;
  for (u32 i = 0; i < sizeof wrong; i++) {
    set_gate(vector, entry, KERNEL_CODE, wrong[i], 0);
    attempt(interrupt);
    all &= caught.frame.vector == GP && caught.frame.error == error && caught.frame.ip == (word)interrupt;
  }
  check(all, "only 64-bit interrupt and trap gates may be in the IDT, else #GP(vector * 8 + 2)");
  set_gate(vector, entry, KERNEL_CODE, GATE_INTERRUPT & ~0x80, 0);
  attempt(interrupt);
  check_fault(NP, error, interrupt, "a gate that is not present raises #NP(vector * 8 + 2)");
  set_gate(vector, entry, KERNEL_CODE32, GATE_INTERRUPT, 0);
  attempt(interrupt);
  check_fault(GP, KERNEL_CODE32, interrupt, "a gate to 32-bit code raises #GP(selector)");
  set_gate(vector, entry, 0, GATE_INTERRUPT, 0);
  attempt(interrupt);
  check_fault(GP, 0, interrupt, "a null selector raises #GP(0)");
  set_gate(vector, entry, KERNEL_CODE, GATE_INTERRUPT, 0);
  attempt_user(user_interrupt);
  check_fault(GP, error, user_interrupt, "INT n in ring 3 obeys the gate's DPL");
  load_idt(vector * 16 + 14);
  attempt(interrupt);
  check_fault(GP, error, interrupt, "a gate must lie in the IDT's limit whole");
  load_idt(sizeof idt - 1);
  set_gate(UD, trap_entry(UD), KERNEL_CODE, GATE_INTERRUPT & ~0x80, 0);
  attempt(undefined);
  check_fault(NP, UD * 8 + 3, undefined, "while an exception is delivered the error code has EXT set");
  set_gate(UD, trap_entry(UD), KERNEL_CODE, GATE_INTERRUPT, 0);
}

static u8 stacks[2][4096] ALIGNED(16);

static void interrupt_stacks(void) {
  const word top = (word)stacks[0] + sizeof stacks[0];
  task.ist[2] = top - 5;
  set_gate(0x90, trap_entry(0x90), KERNEL_CODE, GATE_INTERRUPT, 3);
  attempt(interrupt);
  check_fault(0x90, 0, interrupt_after, "a gate with an IST index works");
  check_equal(caught.frame_address, top - 16 - 40, "on its stack, aligned to 16");
  set_gate(0x90, trap_entry(0x90), KERNEL_CODE, GATE_INTERRUPT | GATE_DPL3, 3);
  attempt_user(user_interrupt);
  check_fault(0x90, 0, user_interrupt_after, "from ring 3 as well");
  check_equal(caught.frame_address, top - 16 - 40, "in place of RSP0");
  set_gate(UD, trap_entry(UD), KERNEL_CODE, GATE_INTERRUPT, 7);
  task.ist[6] = (word)stacks[1] + sizeof stacks[1];
  attempt_user(user_undefined);
  check_equal(caught.frame_address, task.ist[6] - 40, "IST 7 is the last");
  task.ist[6] = (word)1 << 47;
  attempt(undefined);
  // Processors differ in the error code.
  check(caught.frame.vector == SS && caught.frame.ip == (word)undefined, "a non-canonical IST stack raises #SS");
  set_gate(UD, trap_entry(UD), KERNEL_CODE, GATE_INTERRUPT, 0);
  const u64 rsp0 = task.rsp[0];
  task.rsp[0] = (word)1 << 47;
  set_gate(SS, trap_entry(SS), KERNEL_CODE, GATE_INTERRUPT, 3);
  attempt_user(user_undefined);
  task.rsp[0] = rsp0;
  check(caught.frame.vector == SS && caught.frame.ip == (word)user_undefined, "so does a non-canonical RSP0");
  set_gate(SS, trap_entry(SS), KERNEL_CODE, GATE_INTERRUPT, 0);
}

// What may happen while an exception is delivered (SDM volume 3, table 6-5).
static void double_faults(void) {
  const word top = (word)stacks[1] + sizeof stacks[1], missing = (word)1 << 40;
  task.ist[0] = top;
  set_gate(DF, trap_entry(DF), KERNEL_CODE, GATE_INTERRUPT, 1);

  set_gate(GP, trap_entry(GP), KERNEL_CODE, GATE_INTERRUPT & ~0x80, 0);
  attempt(load, (word)1 << 63);
  check_fault(DF, 0, load, "a contributory fault while #GP is delivered is a double fault");
  check_equal(caught.frame_address, top - 40, "on the stack of its IST");
  set_gate(DE, trap_entry(DE), KERNEL_CODE, GATE_INTERRUPT & ~0x80, 0);
  attempt(divide, 1);
  check_fault(DF, 0, divide + 2, "#DE is contributory");
  set_gate(DE, trap_entry(DE), KERNEL_CODE, GATE_INTERRUPT, 0);
  set_gate(PF, trap_entry(PF), KERNEL_CODE, GATE_INTERRUPT & ~0x80, 0);
  attempt(load, missing);
  check_fault(DF, 0, load, "so is a contributory fault while #PF is delivered");
  set_gate(GP, trap_entry(GP), KERNEL_CODE, GATE_INTERRUPT, 0);
  attempt(load, missing);
  check_fault(DF, 0, load, "#NP at the gate of #PF too");
  set_gate(PF, trap_entry(PF), KERNEL_CODE, GATE_INTERRUPT, 0);
  attempt(bad_stack, missing);
  check_fault(DF, 0, bad_stack_at, "#PF on the stack while #PF is delivered is a double fault");
  check(missing - caught.cr2 <= 48, "and CR2 has the address of the frame");
  set_gate(PF, trap_entry(PF), KERNEL_CODE, GATE_INTERRUPT, 2);
  task.ist[1] = (word)stacks[0] + sizeof stacks[0];
  set_gate(UD, missing, KERNEL_CODE, GATE_INTERRUPT, 0);
  attempt(undefined);
  check_equal(caught.frame.vector, PF, "a fault of the handler itself is no double fault");
  check_equal(caught.frame.ip, missing, "it is raised at the handler");
  task.ist[4] = missing;
  set_gate(UD, trap_entry(UD), KERNEL_CODE, GATE_INTERRUPT, 5);
  attempt(undefined);
  check_fault(PF, PF_WRITE, undefined, "#PF while #UD, which is benign, is delivered is raised by itself");
  check_equal(caught.cr2, missing - 8, "at the stack of #UD");
  set_gate(BP, trap_entry(BP), KERNEL_CODE, GATE_INTERRUPT & ~0x80, 0);
  attempt(breakpoint);
  check_fault(NP, BP * 8 + 2, breakpoint, "#NP while INT3 is delivered is raised by itself, without EXT");
  set_gate(PF, trap_entry(PF), KERNEL_CODE, GATE_INTERRUPT, 0);
  attempt(bad_stack, missing);
  check_equal(caught.frame.vector, DF, "double faults can happen again and again");
}

void guest(void) {
  call_gates();
  interrupt_gates();
  interrupt_stacks();
  double_faults();
}
