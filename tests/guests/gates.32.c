// Call, interrupt and trap gates of 32-bit protected mode, and the ways between rings (SDM volume 3, 5.8 and 6.12).
#include "support/trap.h"

#define RING1_CODE (SPARE + 0x20)
#define RING1_DATA (SPARE + 0x28)
#define CONFORMING (SPARE + 0x30)
#define CODE16 (SPARE + 0x38)
#define RIGHTS_CONFORMING 0xc09f
#define RIGHTS_DPL1 0x20

// What code behind a gate saw: ESP, and the six words there.
volatile struct {
  u32 esp, ss, cs, flags, words[8];
} seen;
#define RECORD                                                                                                         \
  "mov %esp, seen\n mov %ss, seen + 4\n mov %cs, seen + 8\n pushf\n pop seen + 12\n"                                   \
  "push %ecx\n push %esi\n push %edi\n mov $8, %ecx\n lea 12(%esp), %esi\n mov $seen + 16, %edi\n cld\n"               \
  "rep movsl\n pop %edi\n pop %esi\n pop %ecx\n"

CODE(behind_gate, RECORD "lret $8");
CODE(behind_empty_gate, RECORD "lret");
CODE(behind_gate16, RECORD "lretw");
CODE(behind_interrupt, RECORD "iret");
CODE(call_far, "lcall *(%eax)\n ret");
CODE(jump_far, "mov %esp, %ecx\n ljmp *(%eax)");
CODE(user_call, "push $0x11111111\n push $0x22222222\n user_call_at: lcall *(%eax)\n user_call_after: mov %esp, %eax\n"
                "int $0x80");
LABEL(user_call_at);
LABEL(user_call_after);
CODE(user_jump, "ljmp *(%eax)");
CODE(user_interrupt, "int $0x90\n user_interrupt_after: int $0x80");
LABEL(user_interrupt_after);
CODE(user_return_inward, "push $8\n push $user_call_after\n user_return_inward_at: lret");
LABEL(user_return_inward_at);
CODE(return_null, "push $0\n push $user_call_after\n return_null_at: lret");
LABEL(return_null_at);
CODE(return_outward, "mov $0x10, %ecx\n mov %ecx, %fs\n mov $0x23, %ecx\n mov %ecx, %gs\n push %edx\n push $user_stack + 4096\n"
                     "push %eax\n push $outer_code\n return_outward_at: lret");
LABEL(return_outward_at);
CODE(outer_code, "mov %fs, %eax\n mov %gs, %edx\n int $0x80");
CODE(user_conforming, "lcall *(%eax)\n int $0x80");
CODE(in_conforming, "mov %cs, %eax\n lret");
CODE(call_and_return, "int $0x90\n ret");

static struct {
  u32 offset;
  u16 selector;
} PACKED target;

static u32 set_call_gate(const void *offset, u16 selector, u8 type, u8 parameters, u16 rpl) {
  gdt[SPARE >> 3] = make_gate((word)offset, selector, type, parameters).low;
  target.selector = SPARE | rpl;
  target.offset = 0xdeadbeef; // a gate has its own
  return (word)&target;
}

static void inward_call(void) {
  const word top = (word)(user_stack + sizeof user_stack - 64);
  attempt_user(user_call, set_call_gate(behind_gate, KERNEL_CODE, GATE_CALL | GATE_DPL3, 2, 3));
  check_fault(LEAVE, 0, user_call_after + 4, "a call gate leads from ring 3 to ring 0 and back");
  check_equal(caught.ax, top, "RETF with a count releases the parameters on the outer stack");
  check_equal(seen.cs, KERNEL_CODE, "CS has the RPL of the new ring");
  check_equal(seen.ss, KERNEL_DATA, "SS comes from the TSS");
  check_equal(seen.esp, task.esp0 - 24, "so does ESP");
  check_equal(seen.words[0], (word)user_call_after, "the return address is on top");
  check_equal(seen.words[1], USER_CODE64, "then CS");
  check_equal(seen.words[2], 0x22222222, "then the parameters, in order");
  check_equal(seen.words[3], 0x11111111, "all of them");
  check_equal(seen.words[4], top - 8, "then ESP");
  check_equal(seen.words[5], USER_DATA, "then SS");

  attempt_user(user_call, set_call_gate(behind_gate, KERNEL_CODE, GATE_CALL, 2, 3));
  check_fault(GP, SPARE, user_call_at, "a gate of DPL 0 raises #GP(gate) in ring 3");
  attempt_user(user_call, set_call_gate(behind_gate, KERNEL_CODE, (GATE_CALL | GATE_DPL3) & ~0x80, 2, 3));
  check_fault(NP, SPARE, user_call_at, "a gate that is not present raises #NP(gate)");
  attempt_user(user_call, set_call_gate(behind_gate, 0, GATE_CALL | GATE_DPL3, 2, 3));
  check_fault(GP, 0, user_call_at, "a gate with a null selector raises #GP(0)");
  attempt_user(user_call, set_call_gate(behind_gate, KERNEL_DATA, GATE_CALL | GATE_DPL3, 2, 3));
  check_fault(GP, KERNEL_DATA, user_call_at, "a gate to data raises #GP(selector)");
  attempt_user(user_jump, set_call_gate(behind_gate, KERNEL_CODE, GATE_CALL | GATE_DPL3, 2, 3));
  check_fault(GP, KERNEL_CODE, user_jump, "a jump through a gate cannot change the ring");
  gdt[CODE16 >> 3] = segment(0, 0xfffff, RIGHTS_CODE32 & ~RIGHTS_PRESENT);
  attempt_user(user_call, set_call_gate(behind_gate, CODE16, GATE_CALL | GATE_DPL3, 2, 3));
  check_fault(NP, CODE16, user_call_at, "a gate to a segment that is not present raises #NP(selector)");

  // A 16-bit gate pushes words, and its return address has 16 bits: code at 0 of a segment based there.
  set_segment(CODE16, (word)behind_gate16, 0xffff, RIGHTS_CODE32 & 0x7fff);
  set_segment(RING1_CODE, (word)user_call, 0xffff, (RIGHTS_CODE32 & 0x7fff) | RIGHTS_DPL3);
  const word address = set_call_gate(0, CODE16, GATE_CALL16 | GATE_DPL3, 1, 3);
  attempt_outer(0, RING1_CODE | 3, USER_DATA, 0, (word[4]){address});
  check_equal(seen.esp, task.esp0 - 10, "a 16-bit gate pushes words");
  check_equal(seen.words[0], (u32)(RING1_CODE | 3) << 16 | (u32)(user_call_after - user_call),
              "CS and IP in one doubleword");
  check_equal(seen.words[1] & 0xffff, 0x2222, "parameters of one word each");
}

static void same_ring(void) {
  const word address = set_call_gate(behind_empty_gate, KERNEL_CODE, GATE_CALL, 0, 0);
  check_equal(attempt(call_far, address), NOTHING, "a call gate within ring 0 calls and returns");
  check_equal(seen.words[0], (word)call_far + 2, "with the return address on the same stack");
  set_call_gate(behind_empty_gate, KERNEL_CODE, GATE_CALL, 5, 0);
  check_equal(attempt(call_far, address), NOTHING, "copying no parameters");
  set_call_gate(outer_code, KERNEL_CODE, GATE_CALL, 0, 0);
  check_equal(attempt(jump_far, address), LEAVE, "a jump through a gate within the ring works");
  set_call_gate(behind_gate, USER_CODE32, GATE_CALL, 0, 0);
  attempt(call_far, address);
  check_fault(GP, USER_CODE32 & ~3, call_far, "a gate never leads outward");
  target.selector = SPARE | 3;
  set_call_gate(behind_empty_gate, KERNEL_CODE, GATE_CALL, 0, 3);
  attempt(call_far, address);
  check_fault(GP, SPARE, call_far, "the RPL of the gate's selector counts against its DPL");
}

static void middle_ring(void) {
  set_segment(RING1_CODE, 0, 0xfffff, RIGHTS_CODE32 | RIGHTS_DPL1);
  set_segment(RING1_DATA, 0, 0xfffff, RIGHTS_DATA | RIGHTS_DPL1);
  task.ss1 = RING1_DATA | 1;
  task.esp1 = (word)(user_stack + 2048);
  attempt_user(user_call, set_call_gate(behind_gate, RING1_CODE, GATE_CALL | GATE_DPL3, 2, 3));
  check_fault(LEAVE, 0, user_call_after + 4, "a call gate leads to ring 1 and back");
  check_equal(seen.cs, RING1_CODE | 1, "where CS has RPL 1");
  check_equal(seen.esp, task.esp1 - 24, "on the stack of ring 1");
  idt[0x90] = make_gate((word)behind_interrupt, RING1_CODE, GATE_INTERRUPT | GATE_DPL3, 0);
  attempt_user(user_interrupt);
  check_fault(LEAVE, 0, user_interrupt_after + 2, "so does an interrupt gate");
  check_equal(seen.cs, RING1_CODE | 1, "to ring 1");
  check_equal(seen.words[3], (word)(user_stack + sizeof user_stack - 64), "with ESP of ring 3 on its stack");
  idt[0x90] = make_gate(trap_entry(0x90), KERNEL_CODE, GATE_INTERRUPT, 0);
}

static void conforming(void) {
  set_segment(CONFORMING, 0, 0xfffff, RIGHTS_CONFORMING);
  target.selector = CONFORMING;
  target.offset = (word)in_conforming;
  check_equal(attempt_user(user_conforming, &target), LEAVE, "conforming code of ring 0 runs in ring 3");
  check_equal(caught.ax, CONFORMING | 3, "with an RPL of 3 in CS");
  set_segment(CONFORMING, 0, 0xfffff, RIGHTS_CONFORMING | RIGHTS_DPL3);
  attempt(call_far, &target);
  check_fault(GP, CONFORMING, call_far, "conforming code of ring 3 does not run in ring 0");
}

static void interrupt_flags(void) {
  idt[0x90] = make_gate((word)behind_interrupt, KERNEL_CODE, GATE_INTERRUPT, 0);
  attempt(call_and_return);
  check(caught.frame.vector == NOTHING, "IRET returns within the ring");
  write_flags(FLAG_FIXED | FLAG_NT | FLAG_AC);
  attempt(call_and_return);
  const word after = read_flags();
  write_flags(FLAG_FIXED);
  check(!(seen.flags & (FLAG_NT | FLAG_TF | FLAG_RF | FLAG_IF)), "an interrupt gate clears NT, TF, RF and IF");
  check(seen.flags & FLAG_AC, "and keeps AC");
  check(after & FLAG_NT, "which IRET brings back");
  idt[0x90] = make_gate((word)behind_interrupt, KERNEL_CODE, GATE_TRAP, 0);
  write_flags(FLAG_FIXED | FLAG_IF);
  attempt(call_and_return);
  write_flags(FLAG_FIXED);
  check(seen.flags & FLAG_IF, "a trap gate keeps IF");
  idt[0x90] = make_gate(trap_entry(0x90), KERNEL_CODE, GATE_INTERRUPT, 0);
}

static void returns(void) {
  attempt_user(user_return_inward);
  check_fault(GP, KERNEL_CODE, user_return_inward_at, "RETF to an inner ring raises #GP(selector)");
  attempt(return_null);
  check_fault(GP, 0, return_null_at, "RETF to a null selector raises #GP(0)");
  attempt(return_outward, USER_CODE32, USER_DATA);
  check_equal(caught.frame.vector, LEAVE, "RETF leads to an outer ring");
  check_equal(caught.frame.ax, 0, "where a segment register of ring 0 becomes null");
  check_equal(caught.frame.dx, USER_DATA, "and one of ring 3 stays");
  attempt(return_outward, USER_CODE32, KERNEL_DATA);
  check_fault(GP, KERNEL_DATA, return_outward_at, "a stack of ring 0 raises #GP(selector)");
  attempt(return_outward, USER_CODE32, 0);
  check_fault(GP, 0, return_outward_at, "a null stack raises #GP(0)");
  attempt(return_outward, KERNEL_CODE | 3, USER_DATA);
  check_fault(GP, KERNEL_CODE, return_outward_at, "code whose DPL is not the RPL raises #GP(selector)");
}

void guest(void) {
  inward_call();
  same_ring();
  middle_ring();
  conforming();
  interrupt_flags();
  returns();
}
