// Exceptions of 32-bit protected mode, error codes of gates and selectors, and port permissions (SDM volume 3,
// chapter 6; volume 1, 19.5).
#include "support/trap.h"

CODE(overflow, "mov $0x7fffffff, %eax\n inc %eax\n into\n overflow_after: ret");
LABEL(overflow_after);
CODE(no_overflow, "xor %eax, %eax\n into\n ret");
CODE(bound, "bound %edx, (%eax)\n ret");
CODE(bound16, "bound %dx, (%eax)\n ret");
CODE(ascii_adjust, "aam $0\n ret");
CODE(divide, "xor %edx, %edx\n mov $0x80000000, %eax\n mov $-1, %ecx\n cdq\n divide_at: idiv %ecx\n ret");
LABEL(divide_at);
CODE(divide_byte, "mov $0x200, %ax\n mov $2, %cl\n divide_byte_at: div %cl\n ret");
LABEL(divide_byte_at);
CODE(breakpoint, "int3\n breakpoint_after: ret");
LABEL(breakpoint_after);
CODE(undefined, "ud2\n ret");
CODE(interrupt, "int $0x90\n interrupt_after: ret");
LABEL(interrupt_after);
CODE(user_interrupt, "int $0x90\n int $0x80");
CODE(user_breakpoint, "int3\n int $0x80");
CODE(set_fs, "mov %ax, %fs\n ret");
CODE(set_ss, "mov %ax, %ss\n ret");
CODE(set_cs, ".byte 0x8e, 0xc8\n ret");
CODE(far_jump, "push %eax\n push $0\n ljmp *(%esp)");
CODE(user_undefined, "ud2\n int $0x80");
CODE(user_in, "xchg %eax, %edx\n inb %dx, %al\n int $0x80");
CODE(user_in_word, "xchg %eax, %edx\n inw %dx, %ax\n int $0x80");
CODE(user_cli, "cli\n int $0x80");
CODE(user_misaligned, "mov 1(%esp), %eax\n int $0x80");
CODE(store, "mov %eax, (%edx)\n ret");

static void instructions(void) {
  static const int bounds[2] = {-5, 5};
  static const short bounds16[2] = {-5, 5};
  attempt(overflow);
  check_fault(OF, 0, overflow_after, "INTO with OF set raises #OF past the instruction");
  check_equal(attempt(no_overflow), NOTHING, "without OF it does nothing");
  check_equal(attempt(bound, bounds, 5), NOTHING, "BOUND accepts the upper bound");
  check_equal(attempt(bound, bounds, -5), NOTHING, "and the lower");
  attempt(bound, bounds, 6);
  check_fault(BR, 0, bound, "BOUND above raises #BR at the instruction");
  attempt(bound, bounds, -6);
  check_fault(BR, 0, bound, "and below, as bounds are signed");
  attempt(bound16, bounds16, 0x10006);
  check_fault(BR, 0, bound16, "BOUND compares 16 bits with that operand size");
  attempt(ascii_adjust);
  check_fault(DE, 0, ascii_adjust, "AAM by zero raises #DE");
  attempt(divide);
  check_fault(DE, 0, divide_at, "IDIV overflow raises #DE");
  attempt(divide_byte);
  check_fault(DE, 0, divide_byte_at, "DIV with a quotient of 9 bits raises #DE");
  attempt(breakpoint);
  check_fault(BP, 0, breakpoint_after, "INT3 raises #BP past the instruction");
  check_equal(attempt(set_cs, KERNEL_CODE), UD, "MOV to CS raises #UD");
}

static void set_gate(u32 vector, u16 selector, u8 type) {
  idt[vector] = make_gate(trap_entry(vector), selector, type, 0);
}

static void gates(void) {
  const u32 vector = 0x90, error = vector * 8 + 2;
  attempt(interrupt);
  check_fault(vector, 0, interrupt_after, "INT n saves the address of the next instruction");
  set_gate(vector, KERNEL_CODE, GATE_INTERRUPT & ~0x80);
  attempt(interrupt);
  check_fault(NP, error, interrupt, "a gate that is not present raises #NP(vector * 8 + 2) at INT");
  set_gate(vector, KERNEL_CODE, GATE_CALL);
  attempt(interrupt);
  check_fault(GP, error, interrupt, "a call gate in the IDT raises #GP(vector * 8 + 2)");
  set_gate(vector, 0, GATE_INTERRUPT);
  attempt(interrupt);
  check_fault(GP, 0, interrupt, "a gate with a null selector raises #GP(0)");
  set_gate(vector, KERNEL_DATA, GATE_INTERRUPT);
  attempt(interrupt);
  check_fault(GP, KERNEL_DATA, interrupt, "a gate to a data segment raises #GP(selector)");
  set_gate(vector, sizeof gdt, GATE_INTERRUPT);
  attempt(interrupt);
  check_fault(GP, sizeof gdt, interrupt, "a gate past the GDT raises #GP(selector)");
  set_segment(SPARE, 0, 0xfffff, RIGHTS_CODE32 & ~RIGHTS_PRESENT);
  set_gate(vector, SPARE, GATE_INTERRUPT);
  attempt(interrupt);
  check_fault(NP, SPARE, interrupt, "a gate to a segment that is not present raises #NP(selector)");
  set_gate(vector, USER_CODE32, GATE_INTERRUPT);
  attempt(interrupt);
  check_fault(GP, USER_CODE32 & ~3, interrupt, "a gate to an outer ring raises #GP(selector)");
  set_gate(vector, KERNEL_CODE, GATE_INTERRUPT);
  attempt_user(user_interrupt);
  check_fault(GP, error, user_interrupt, "INT n in ring 3 by a gate of DPL 0 raises #GP(vector * 8 + 2)");
  set_gate(BP, KERNEL_CODE, GATE_INTERRUPT);
  attempt_user(user_breakpoint);
  check_fault(GP, BP * 8 + 2, user_breakpoint, "INT3 obeys the DPL too");
  set_gate(BP, KERNEL_CODE, GATE_INTERRUPT | GATE_DPL3);
  load_idt(vector * 8 + 6);
  attempt(interrupt);
  check_fault(GP, error, interrupt, "a gate that reaches past the IDT's limit raises #GP(vector * 8 + 2)");
  load_idt(vector * 8 + 7);
  check_equal(attempt(interrupt), vector, "the limit is the last byte of the last gate");
  load_idt(sizeof idt - 1);

  // An exception that cannot be delivered for such a reason sets EXT, bit 0 of the error code.
  set_gate(UD, KERNEL_CODE, GATE_INTERRUPT & ~0x80);
  attempt(undefined);
  check_fault(NP, UD * 8 + 3, undefined, "while an exception is delivered, the error code has EXT set");
  set_gate(UD, SPARE, GATE_INTERRUPT);
  attempt(undefined);
  check_fault(NP, SPARE | 1, undefined, "also with a selector");
  set_gate(UD, KERNEL_CODE, GATE_INTERRUPT);
}

static void stacks(void) {
  // A gate to ring 1, whose stack the TSS gives wrongly; #TS then goes to ring 0.
  const u32 vector = 0x90;
  set_segment(SPARE, 0, 0xfffff, RIGHTS_CODE32 | 0x20);
  set_segment(SPARE + 8, 0, 0xfffff, (RIGHTS_DATA | 0x20) & ~RIGHTS_PRESENT);
  set_gate(vector, SPARE, GATE_INTERRUPT | GATE_DPL3);
  task.esp1 = (u32)(user_stack + sizeof user_stack / 2);
  task.ss1 = 0;
  attempt_user(user_interrupt);
  check_fault(TS, 0, user_interrupt, "a null stack selector in the TSS raises #TS(0)");
  task.ss1 = KERNEL_DATA | 1;
  attempt_user(user_interrupt);
  check_fault(TS, KERNEL_DATA, user_interrupt, "one of another DPL raises #TS(selector)");
  task.ss1 = (SPARE + 8) | 2;
  attempt_user(user_interrupt);
  check_fault(TS, SPARE + 8, user_interrupt, "one of another RPL raises #TS(selector)");
  task.ss1 = SPARE | 1;
  attempt_user(user_interrupt);
  check_fault(TS, SPARE, user_interrupt, "a code segment raises #TS(selector)");
  task.ss1 = sizeof gdt | 1;
  attempt_user(user_interrupt);
  check_fault(TS, sizeof gdt, user_interrupt, "one past the GDT raises #TS(selector)");
  task.ss1 = (SPARE + 8) | 1;
  attempt_user(user_interrupt);
  check_fault(SS, SPARE + 8, user_interrupt, "one that is not present raises #SS(selector)");
  set_gate(vector, KERNEL_CODE, GATE_INTERRUPT);

  attempt(undefined);
  const word inner = caught.frame_address;
  check(inner < (word)&task || inner > (word)(&task + 1), "ring 0 keeps its stack");
  attempt_user(user_undefined);
  check_equal(caught.frame_address, task.esp0 - 20, "an exception from ring 3 starts at the TSS's ESP0");
  check_equal(caught.frame.cs, USER_CODE64, "saves CS");
  check_equal(caught.frame.sp, (word)(user_stack + sizeof user_stack - 64), "ESP");
  check_equal(caught.frame.ss, USER_DATA, "and SS");
}

static void selectors(void) {
  set_segment(SPARE, 0, 0xfffff, RIGHTS_DATA & ~RIGHTS_PRESENT);
  attempt(set_fs, SPARE);
  check_fault(NP, SPARE, set_fs, "a segment that is not present raises #NP(selector)");
  attempt(set_ss, SPARE);
  check_fault(SS, SPARE, set_ss, "in SS it raises #SS(selector)");
  attempt(set_ss, 0);
  check_fault(GP, 0, set_ss, "a null selector in SS raises #GP(0)");
  attempt(set_fs, SPARE | 4);
  check_fault(GP, SPARE | 4, set_fs, "the error code has the table bit");
  attempt(far_jump, 0);
  check(caught.frame.vector == GP && caught.frame.error == 0, "a far jump to a null selector raises #GP(0)");
  attempt(far_jump, KERNEL_DATA);
  check(caught.frame.vector == GP && caught.frame.error == KERNEL_DATA, "one to data raises #GP(selector)");
  attempt(far_jump, USER_CODE32);
  check(caught.frame.vector == GP && caught.frame.error == (USER_CODE32 & ~3), "one to ring 3 raises #GP(selector)");
}

static void ports(void) {
  static struct {
    struct task32 task;
    u8 map[16];
  } big;
  attempt_user(user_in, 0x71);
  check_fault(GP, 0, user_in + 1, "IN in ring 3 without a permission map raises #GP(0)");
  attempt_outer((word)user_in, USER_CODE32, USER_DATA, FLAG_IOPL, (word[4]){0x71});
  check_equal(caught.frame.vector, LEAVE, "IOPL 3 allows it");
  memcpy(&big.task, &task, sizeof task);
  big.task.io_map = sizeof task;
  memset(big.map, 0xff, sizeof big.map);
  big.map[0x71 / 8] = (u8) ~(1 << 0x71 % 8);
  set_segment(SPARE, (u32)&big, sizeof big - 1, RIGHTS_TASK32);
  load_task(SPARE);
  check_equal(attempt_user(user_in, 0x71), LEAVE, "a clear bit in the permission map allows it");
  check_equal(attempt_user(user_in, 0x70), GP, "for that port alone");
  check_equal(attempt_user(user_in_word, 0x71), GP, "a word needs the bits of two ports");
  check_equal(attempt_user(user_in_word, 0x70), GP, "both");
  big.map[0x71 / 8] = 0xf0;
  check_equal(attempt_user(user_in_word, 0x70), LEAVE, "and works with them");
  set_segment(SPARE, (u32)&big, sizeof task + 0x71 / 8, RIGHTS_TASK32);
  load_task(SPARE);
  check_equal(attempt_user(user_in, 0x71), GP, "two bytes of the map are always read, and must be within the limit");
  set_segment(TASK, (u32)&task, sizeof task - 1, RIGHTS_TASK32);
  load_task(TASK);
  attempt_user(user_cli);
  check_fault(GP, 0, user_cli, "CLI in ring 3 raises #GP(0)");
  attempt_outer((word)user_cli, USER_CODE32, USER_DATA, FLAG_IOPL | FLAG_IF, (word[4]){0});
  check(caught.frame.vector == LEAVE && !(caught.frame.flags & FLAG_IF), "IOPL 3 allows it");
}

static void alignment(void) {
  write_cr0(read_cr0() | CR0_AM);
  attempt_outer((word)user_misaligned, USER_CODE32, USER_DATA, FLAG_AC, (word[4]){0});
  check_fault(AC, 0, user_misaligned, "a misaligned access in ring 3 raises #AC(0)");
  write_flags(read_flags() | FLAG_AC);
  static u32 numbers[2];
  check_equal(attempt(store, 1, (word)numbers + 1), NOTHING, "not in ring 0");
  write_flags(read_flags() & ~(word)FLAG_AC);
  write_cr0(read_cr0() & ~(word)CR0_AM);
}

void guest(void) {
  instructions();
  gates();
  stacks();
  selectors();
  ports();
  alignment();
}
