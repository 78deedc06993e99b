// 32-bit task switches by CALL, JMP, IRET and task gates (SDM volume 3, chapter 7).
#include "support/trap.h"

#define OTHER SPARE // the other task's descriptor
#define TASK_GATE (SPARE + 8)
#define LDT (SPARE + 0x10)
#define ABSENT (SPARE + 0x18) // a segment that is not present
#define HANDLERS (SPARE + 0x20)
#define BUSY ((u64)2 << 40)

static struct task32 other;
static u8 other_stack[4096] ALIGNED(16);
static u64 ldt[4] ALIGNED(16);
volatile u32 seen[16];

CODE(call_task, "mov $0x12345678, %ebx\n lcall *(%eax)\n call_task_after: mov %ebx, %eax\n ret");
LABEL(call_task_after);
CODE(jump_task, "push %ebx\n push %ebp\n push %esi\n push %edi\n mov $0x87654321, %ebx\n ljmp *(%eax)\n jump_task_after: mov %ebx, %eax\n"
                "pop %edi\n pop %esi\n pop %ebp\n pop %ebx\n ret");
LABEL(jump_task_after);
CODE(interrupt, "int $0x90\n interrupt_after: ret");
LABEL(interrupt_after);
CODE(user_interrupt, "int $0x90\n int $0x80");
CODE(user_call, "lcall *(%eax)\n int $0x80");
CODE(return_from_task, "pushf\n orl $0x4000, (%esp)\n popf\n return_from_task_at: iret");
LABEL(return_from_task_at);
// The other task says what it was given and goes back by IRET; then it goes on for the next switch.
CODE(other_task, "mov %eax, seen\n mov %esp, seen + 4\n pushf\n pop seen + 8\n str seen + 12\n mov %cr0, %eax\n"
                 "mov %eax, seen + 16\n mov %fs, seen + 20\n sldt seen + 24\n mov %cr3, %eax\n mov %eax, seen + 28\n"
                 "mov %ss, seen + 32\n clts\n other_task_iret: iret\n other_task_again: incl seen + 36\n"
                 "jmp other_task");
LABEL(other_task_again);
CODE(other_task_jumps, "incl seen + 40\n str seen + 12\n ljmp $0x40, $0\n incl seen + 40\n ljmp $0x40, $0");
CODE(handles_error, "pop seen + 44\n incl seen + 48\n orb $0x80, gdt + 0x5d\n iret\n jmp handles_error");
CODE(load_segment, "mov %ax, %gs\n ret");

// Tasks that handle faults of a task switch. They note the vector and the error code, and go back to the first task.
CODE(ts_task, "movl $10, seen + 52\n jmp fault_task");
CODE(np_task, "movl $11, seen + 52\n jmp fault_task");
CODE(ss_task, "movl $12, seen + 52\n jmp fault_task");
CODE(fault_task, "pop seen + 44\n andb $0xfd, gdt + 0x45\n andb $0xfd, gdt + 0x55\n ljmp $0x40, $0");

static struct {
  u32 offset;
  u16 selector;
} PACKED target;
static u32 to(u16 selector) {
  target.selector = selector;
  return (u32)&target;
}

static void set_other(const void *code, u32 flags) {
  memset(&other, 0, sizeof other);
  other.eip = (u32)code;
  other.eflags = FLAG_FIXED | flags;
  other.esp = (u32)(other_stack + sizeof other_stack);
  other.eax = 0xa0a0a0a0;
  other.cs = KERNEL_CODE;
  other.ss = other.ds = other.es = KERNEL_DATA;
  other.fs = 4; // the first descriptor of the LDT
  other.ldt = LDT;
  other.cr3 = read_cr3();
  other.io_map = sizeof other;
  set_segment(OTHER, (u32)&other, sizeof other - 1, RIGHTS_TASK32);
}

static void calls(void) {
  set_other(other_task, FLAG_CF);
  check_equal(attempt(call_task, to(OTHER)), NOTHING, "CALL to a TSS switches tasks, and IRET comes back");
  check_equal(caught.ax, 0x12345678, "with the registers of the first");
  check_equal(seen[0], 0xa0a0a0a0, "the other task has its own EAX");
  check_equal(seen[1], (u32)(other_stack + sizeof other_stack), "its own ESP");
  check_equal(seen[2] & 0xffff, FLAG_FIXED | FLAG_CF | FLAG_NT, "its own flags with NT set");
  check_equal(seen[3] & 0xffff, OTHER, "TR names it");
  check(seen[4] & CR0_TS, "CR0.TS is set");
  check_equal(seen[5] & 0xffff, 4, "its own segments");
  check_equal(seen[6] & 0xffff, LDT, "from its own LDT");
  check_equal(seen[8] & 0xffff, KERNEL_DATA, "and its own stack segment");
  check_equal(other.link & 0xffff, TASK, "its link names the first task");
  check(!(gdt[OTHER >> 3] & BUSY), "after IRET it is not busy");
  check(gdt[TASK >> 3] & BUSY, "the first task stays busy all the time");
  check_equal(other.eip, (u32)other_task_again, "the other task will go on after its IRET");
  check(!(other.eflags & FLAG_NT), "with NT clear in its saved flags");
  check_equal(task.eip, (u32)call_task_after, "the first task's EIP was saved");
  check_equal(task.ebx, 0x12345678, "its registers");
  check_equal(task.cs, KERNEL_CODE, "and its segments");
  check(read_cr0() & CR0_TS, "coming back sets CR0.TS again");
  asm volatile("clts");
  attempt(call_task, to(OTHER));
  check_equal(seen[9], 1, "a second CALL goes on where the task was");
  asm volatile("clts");
}

static void jumps(void) {
  set_other(other_task_jumps, 0);
  check_equal(attempt(jump_task, to(OTHER)), NOTHING, "JMP to a TSS switches tasks, and JMP comes back");
  check_equal(caught.ax, 0x87654321, "with the registers of the first");
  check_equal(seen[10], 1, "the other task ran");
  check_equal(seen[3] & 0xffff, OTHER, "as the current task");
  check(!(gdt[OTHER >> 3] & BUSY), "JMP clears the busy bit of the task it leaves");
  check_equal(other.link, 0, "and sets no link");
  attempt(jump_task, to(OTHER));
  check_equal(seen[10], 2, "a second JMP goes on where the task was");
  asm volatile("clts");
}

static void task_gates(void) {
  set_other(other_task, 0);
  gdt[TASK_GATE >> 3] = make_gate(0, OTHER, GATE_TASK, 0).low;
  check_equal(attempt(call_task, to(TASK_GATE)), NOTHING, "CALL to a task gate switches tasks");
  check_equal(seen[3] & 0xffff, OTHER, "to the gate's task");
  attempt_user(user_call, to(TASK_GATE));
  check_fault(GP, TASK_GATE, user_call, "ring 3 may not use a gate of DPL 0");
  gdt[TASK_GATE >> 3] = make_gate(0, OTHER, GATE_TASK | GATE_DPL3, 0).low;
  seen[3] = 0;
  check_equal(attempt_user(user_call, to(TASK_GATE)), LEAVE, "and may use one of DPL 3");
  check_equal(seen[3] & 0xffff, OTHER, "which switches tasks");
  attempt_user(user_call, to(OTHER));
  check_fault(GP, OTHER, user_call, "though not the TSS itself, of DPL 0");

  set_other(other_task, 0);
  idt[0x90] = make_gate(0, OTHER, GATE_TASK | GATE_DPL3, 0);
  seen[3] = 0;
  check_equal(attempt(interrupt), NOTHING, "INT by a task gate switches tasks, and IRET comes back");
  check_equal(seen[3] & 0xffff, OTHER, "to the gate's task");
  check_equal(task.eip, (u32)interrupt_after, "the first goes on after the INT");
  check_equal(attempt_user(user_interrupt), LEAVE, "from ring 3 as well");
  idt[0x90] = make_gate(trap_entry(0x90), KERNEL_CODE, GATE_INTERRUPT, 0);
  asm volatile("clts");

  // An exception by a task gate pushes its error code on the stack of the handler's task. The handler makes the
  // instruction succeed: it removes the cause of the fault.
  set_other(handles_error, 0);
  set_segment(TASK_GATE, 0, 0xfffff, RIGHTS_DATA & ~RIGHTS_PRESENT);
  idt[NP] = make_gate(0, OTHER, GATE_TASK, 0);
  check_equal(attempt(load_segment, TASK_GATE), NOTHING, "a fault by a task gate starts the handler's task");
  check_equal(seen[12], 1, "once");
  check_equal(seen[11], TASK_GATE, "with the error code on its stack");
  check_equal(other.esp, (u32)(other_stack + sizeof other_stack), "which it had to pop");
  idt[NP] = make_gate(trap_entry(NP), KERNEL_CODE, GATE_INTERRUPT, 0);
  asm volatile("clts");
}

static void bad_task(u32 vector, u32 error, const void *ip, const char *name) {
  attempt(call_task, to(OTHER));
  check_fault(vector, error, ip, name);
  asm volatile("clts");
}

// Faults that are found before the switch are raised in the first task, at the CALL.
static void faults_before(void) {
  const void *at = call_task + 5;
  set_other(other_task, 0);
  set_segment(OTHER, (u32)&other, sizeof other - 2, RIGHTS_TASK32);
  bad_task(TS, OTHER, at, "a TSS whose limit is below 0x67 raises #TS(TSS)");
  set_segment(OTHER, (u32)&other, sizeof other - 1, RIGHTS_TASK32 & ~RIGHTS_PRESENT);
  bad_task(NP, OTHER, at, "a TSS that is not present raises #NP(TSS)");
  set_segment(OTHER, (u32)&other, sizeof other - 1, RIGHTS_TASK32_BUSY);
  bad_task(GP, OTHER, at, "CALL to a busy TSS raises #GP(TSS)");
  attempt(call_task, to(TASK));
  check_fault(GP, TASK, at, "so does CALL to the current task");
  set_segment(OTHER, (u32)&other, sizeof other - 1, RIGHTS_TASK32);
  task.link = OTHER;
  attempt(return_from_task);
  check_fault(TS, OTHER, return_from_task_at, "IRET with NT to a TSS that is not busy raises #TS(TSS)");
  write_flags(FLAG_FIXED);
  task.link = 4;
  attempt(return_from_task);
  check(caught.frame.vector == TS && caught.frame.error == 4, "a link into the LDT raises #TS(link)");
  write_flags(FLAG_FIXED);
}

// Faults that are found after the switch are raised in the other task, before its first instruction. As its
// segments are not to be trusted, tasks handle them.
static void faults_after(void) {
  static const struct {
    const char *name;
    u32 vector, error;
    u16 offset; // of the field in the TSS
    u16 value;
  } cases[] = {
      {"an LDT that is none raises #TS(LDT)", TS, KERNEL_DATA, 0x60, KERNEL_DATA},
      {"a null CS raises #TS(0)", TS, 0, 0x4c, 0},
      {"a CS that is data raises #TS(CS)", TS, KERNEL_DATA, 0x4c, KERNEL_DATA},
      {"an SS that is code raises #TS(SS)", TS, KERNEL_CODE, 0x50, KERNEL_CODE},
      {"an SS of another ring raises #TS(SS)", TS, USER_DATA & ~3, 0x50, USER_DATA},
      {"a DS past the GDT raises #TS(DS)", TS, sizeof gdt, 0x54, sizeof gdt},
      {"an ES that is not present raises #NP(ES)", NP, ABSENT, 0x48, ABSENT},
      {"an SS that is not present raises #SS(SS)", SS, ABSENT, 0x50, ABSENT},
  };
  static struct task32 handlers[3];
  static u8 handler_stack[1024] ALIGNED(16);
  const char *const code[] = {ts_task, np_task, ss_task};
  set_segment(ABSENT, 0, 0xfffff, RIGHTS_DATA & ~RIGHTS_PRESENT);
  for (u32 i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    for (u32 handler = 0; handler < 3; handler++) {
      const u16 selector = (u16)(HANDLERS + 8 * handler);
      set_other(code[handler], 0);
      other.ldt = other.fs = 0;
      other.esp = (u32)(handler_stack + sizeof handler_stack);
      memcpy(&handlers[handler], &other, sizeof other);
      set_segment(selector, (u32)&handlers[handler], sizeof other - 1, RIGHTS_TASK32);
      idt[TS + handler] = make_gate(0, selector, GATE_TASK, 0);
    }
    set_other(other_task, 0);
    *(u16 *)((u8 *)&other + cases[i].offset) = cases[i].value;
    seen[11] = seen[13] = ~0u;
    attempt(call_task, to(OTHER));
    asm volatile("clts");
    // EXT is of no interest here.
    check_equal((u64)seen[13] << 32 | (seen[11] & ~1u), (u64)cases[i].vector << 32 | cases[i].error, cases[i].name);
    check_equal(other.eip, (word)other_task, "before the task's first instruction");
  }
  for (u32 vector = TS; vector <= SS; vector++) {
    idt[vector] = make_gate(trap_entry(vector), KERNEL_CODE, GATE_INTERRUPT, 0);
  }
}

static void debug_trap(void) {
  set_other(other_task, 0);
  other.debug_trap = 1;
  write_dr6(0);
  attempt(call_task, to(OTHER));
  const word dr6 = read_dr6();
  set_segment(TASK, (u32)&task, sizeof task - 1, RIGHTS_TASK32);
  load_task(TASK);
  asm volatile("lldt %0; clts" ::"r"((u16)0));
  check_fault(DB, 0, other_task, "the T bit of a TSS raises #DB before its first instruction");
  check_equal(dr6 & 0xe00f, 0x8000, "with BT in DR6");
}

void guest(void) {
  ldt[0] = segment(0, 0xfffff, RIGHTS_DATA);
  set_segment(LDT, (u32)ldt, sizeof ldt - 1, RIGHTS_LDT);
  calls();
  jumps();
  task_gates();
  faults_before();
  faults_after();
  debug_trap();
}
