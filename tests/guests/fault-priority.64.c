// Which fault wins when an instruction has several (SDM volume 3, 6.9), and that what it did is undone.
#include "support/paging.h"

#define WINDOW ((word)1 << 39)
#define HOLE ((word)1 << 47)

CODE(user_privileged_lock, ".byte 0xf0\n hlt\n int $0x80");
CODE(user_cr, "mov %rax, %cr3\n int $0x80");
CODE(lock_memory, ".byte 0xf0\n mov %eax, (%rax)\n ret");
CODE(fpu_memory, "fldl (%rax)\n ret");
CODE(sse_memory, "movaps (%rax), %xmm0\n ret");
CODE(divide_memory, "xor %edx, %edx\n divide_memory_at: divl (%rcx)\n ret");
LABEL(divide_memory_at);
CODE(add_memory, "add %edx, (%rax)\n ret");
CODE(exchange, "xchg %rdx, (%rax)\n ret");
CODE(push_memory, "mov %rsp, %rcx\n push_memory_at: pushq (%rax)\n mov %rcx, %rsp\n ret");
LABEL(push_memory_at);
CODE(pop_memory, "push %rdx\n mov %rsp, %rcx\n pop_memory_at: popq (%rax)\n add $8, %rsp\n ret");
LABEL(pop_memory_at);
CODE(call_memory, "mov %rsp, %rcx\n call_memory_at: call *(%rax)\n ret");
LABEL(call_memory_at);
CODE(move_string, "mov %rax, %rsi\n mov %rdx, %rdi\n mov %rcx, %rcx\n cld\n move_string_at: rep movsb\n ret");
LABEL(move_string_at);
CODE(enter_code, "mov %rsp, %rbx\n mov %rbp, %rdi\n mov %rax, %rsp\n enter_at: enter $16, $0\n mov %rbx, %rsp\n mov %rdi, %rbp\n ret");
LABEL(enter_at);
CODE(leave_code, "mov %rbp, %rdi\n mov %rsp, %rbx\n mov %rax, %rbp\n leave_at: leave\n mov %rbx, %rsp\n mov %rdi, %rbp\n ret");
LABEL(leave_at);
CODE(compare_exchange, "xor %edx, %edx\n xor %ebx, %ebx\n mov %rax, %rdi\n xor %eax, %eax\n compare_exchange_at: cmpxchg16b (%rdi)\n ret");
LABEL(compare_exchange_at);
CODE(compare_store, "mov %rax, %rdi\n mov $5, %eax\n mov $6, %edx\n compare_store_at: lock cmpxchg %edx, (%rdi)\n ret");
LABEL(compare_store_at);
CODE(shift_memory, "shll $1, (%rax)\n ret");
CODE(xadd_memory, "xadd %edx, (%rax)\n ret");
CODE(load_far, "lfs (%rax), %edx\n ret");
CODE(step_undefined, "pushfq\n orl $0x100, (%rsp)\n popfq\n step_undefined_at: ud2\n ret");
LABEL(step_undefined_at);
CODE(breakpoint_target, "ud2\n ret");

static u32 *page;

static void before_memory(void) {
  attempt_user(user_privileged_lock);
  check_fault(UD, 0, user_privileged_lock, "#UD for a LOCK prefix comes before #GP for privilege");
  attempt(lock_memory, WINDOW + 4096);
  check_fault(UD, 0, lock_memory, "#UD for a LOCK prefix comes before #PF");
  attempt_user(user_cr, (word)1 << 63);
  check_fault(GP, 0, user_cr, "privilege comes before the value");
  const word cr0 = read_cr0() & ~(word)(CR0_TS | CR0_EM);
  write_cr4(read_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT);
  write_cr0(cr0 | CR0_TS);
  attempt(fpu_memory, WINDOW + 4096);
  check_fault(NM, 0, fpu_memory, "#NM comes before #PF");
  attempt(sse_memory, HOLE);
  check_fault(NM, 0, sse_memory, "and before #GP for an address");
  write_cr0(cr0 | CR0_TS | CR0_EM);
  attempt(sse_memory, WINDOW + 4096);
  check_fault(UD, 0, sse_memory, "#UD for SSE with CR0.EM comes before #NM");
  write_cr0(cr0);
  attempt(sse_memory, WINDOW + 4096 + 1);
  check_fault(GP, 0, sse_memory, "#GP for a misaligned SSE operand comes before #PF");
  attempt(compare_exchange, WINDOW + 4096 + 8);
  check_fault(GP, 0, compare_exchange_at, "and for CMPXCHG16B");
  attempt(divide_memory, 1, 0, WINDOW + 4096);
  check_fault(PF, 0, divide_memory_at, "#PF of the operand comes before #DE");
  attempt(step_undefined);
  check_fault(UD, 0, step_undefined_at, "#UD comes before the single-step trap");
  write_dr0((word)breakpoint_target);
  write_dr7(2);
  attempt(breakpoint_target);
  write_dr7(0);
  check_fault(DB, 0, breakpoint_target, "an instruction breakpoint comes before #UD");
}

// Code whose last bytes lie in a page that is not there.
static void at_the_end_of_a_page(void) {
  u8 *code = (u8 *)WINDOW;
  const word end = WINDOW + 4096;
  static const struct {
    const char *name;
    u8 length, bytes[15];
    u32 vector;
  } cases[] = {
      {"an instruction that lacks its immediate raises #PF for the fetch", 1, {0xb8}, PF},
      {"one that is complete does not", 1, {0xf4}, NOTHING},
      {"an opcode of which one byte tells that it is undefined raises #UD", 1, {0x06}, UD},
      {"UD2 needs both its bytes", 1, {0x0f}, PF},
      {"UD2 with both raises #UD", 2, {0x0f, 0x0b}, UD},
      {"14 prefixes wait for the next byte", 14, {[0 ... 13] = 0x66}, PF},
      {"15 prefixes are too many, #GP, whatever follows", 15, {[0 ... 14] = 0x66}, GP},
  };
  for (u32 i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    u8 *start = code + 4096 - cases[i].length;
    memcpy(start, cases[i].bytes, cases[i].length);
    if (cases[i].vector == NOTHING) *start = 0xc3; // RET
    const u32 vector = attempt(start);
    check(vector == cases[i].vector && (vector == NOTHING || caught.frame.ip == (word)start), cases[i].name);
    if (vector == PF) check_equal(caught.cr2, end, "with the address of the missing page");
  }
}

// An instruction that faults leaves registers and memory as they were.
static void nothing_done(void) {
  const word read_only = WINDOW + 0x2000, missing = WINDOW + 0x1000;
  write_cr0(read_cr0() | CR0_WP);
  *page = 5;
  attempt(add_memory, read_only, 1);
  check_fault(PF, PF_PRESENT | PF_WRITE, add_memory, "ADD to a read-only page raises #PF as a write");
  check_equal(*page, 5, "and writes nothing");
  attempt(exchange, read_only, 99);
  check(caught.frame.vector == PF && caught.frame.dx == 99, "XCHG keeps its register");
  attempt(xadd_memory, read_only, 7);
  check(caught.frame.vector == PF && caught.frame.dx == 7 && *page == 5, "XADD too");
  attempt(shift_memory, read_only);
  check_fault(PF, PF_PRESENT | PF_WRITE, shift_memory, "SHL faults as a write");
  attempt(compare_store, read_only);
  check_fault(PF, PF_PRESENT | PF_WRITE, compare_store_at, "CMPXCHG that would store faults as a write");
  *page = 4;
  attempt(compare_store, read_only);
  check_fault(PF, PF_PRESENT | PF_WRITE, compare_store_at, "and so does one that would not");
  attempt(push_memory, missing);
  check(caught.frame.vector == PF && caught.frame.sp == caught.frame.cx, "PUSH that cannot read keeps RSP");
  attempt(pop_memory, missing, 1);
  check(caught.frame.vector == PF && caught.frame.sp == caught.frame.cx, "POP that cannot write keeps RSP");
  attempt(call_memory, missing);
  check(caught.frame.vector == PF && caught.frame.sp == caught.frame.cx, "CALL that cannot read keeps RSP");
  idt[PF] = make_gate(trap_entry(PF), KERNEL_CODE, GATE_INTERRUPT, 1);
  attempt(enter_code, WINDOW + 0x2000);
  check(caught.frame.vector == PF && caught.frame.sp == WINDOW + 0x2000, "ENTER that cannot push keeps RSP");
  attempt(leave_code, missing);
  check(caught.frame.vector == PF && caught.frame.bp == missing && caught.frame.sp == caught.frame.bx,
        "LEAVE that cannot pop keeps RSP and RBP");
  idt[PF] = make_gate(trap_entry(PF), KERNEL_CODE, GATE_INTERRUPT, 0);
  attempt(load_far, missing);
  check_equal(caught.frame.vector, PF, "LFS that cannot read keeps FS");
}

static void strings(void) {
  u8 *from = (u8 *)page;
  static u8 to[64];
  memset(from, 0xaa, 4096);
  memset(to, 0, sizeof to);
  // The source ends 16 bytes into the move.
  attempt(move_string, WINDOW + 0x1000 - 16, to, 40);
  check_fault(PF, 0, move_string_at, "REP MOVSB faults at the instruction");
  check_equal(caught.cr2, WINDOW + 0x1000, "when it gets to the missing page");
  check_equal(caught.frame.cx, 24, "RCX tells what is left");
  check_equal(caught.frame.si, WINDOW + 0x1000, "RSI where the source is");
  check_equal(caught.frame.di, (word)to + 16, "RDI where the destination is");
  check(to[15] == 0xaa && to[16] == 0, "and just that many bytes are moved");
  attempt(move_string, WINDOW + 0x1000, WINDOW + 0x2000, 0);
  check_equal(caught.frame.vector, NOTHING, "a count of zero touches no memory");
}

void guest(void) {
  static u8 stack[4096] ALIGNED(16);
  task.ist[0] = (word)(stack + sizeof stack);
  page = new_page();
  set_entry(entry_of(WINDOW, 1), (word)page | P | W | U);
  set_entry(entry_of(WINDOW + 0x2000, 1), (word)page | P | U);
  before_memory();
  at_the_end_of_a_page();
  nothing_done();
  strings();
}
