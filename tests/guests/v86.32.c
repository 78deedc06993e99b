// Virtual-8086 mode: entry and exit, faults, interrupts by IOPL, VME, ports (SDM volume 3, chapter 20).
#include "support/trap.h"

#define SEGMENT 0x2000 // code and data of the 8086 program
#define STACK 0x3000
#define STACK_TOP 0x800
#define BASE (SEGMENT << 4)

static struct {
  struct task32 task;
  u8 redirection[32];
  u8 ports[0x101];
} big;

// 8086 programs, copied to SEGMENT:0. UD2 ends them, as it does with any IOPL.
#define PROGRAM(name, body)                                                                                            \
  extern char name[], name##_end[];                                                                                    \
  asm(".pushsection .rodata\n .code16\n" #name ":\n" body "\n ud2\n" #name "_end:\n .code32\n .popsection")
PROGRAM(registers, "mov %cs, %ax\n mov %ds, %bx\n mov %ss, %cx\n mov %sp, %dx\n mov 0x100, %si\n movw $0x4321, 0x102\n"
                   "mov $0x1000, %di\n mov %di, %es\n mov %es:0x10, %di");
PROGRAM(undefined, "ud2\n nop");
PROGRAM(privileged, "hlt");
PROGRAM(load_gdt_code, "lgdt (0)");
PROGRAM(store_task, "str %ax");
PROGRAM(move_cr, "mov %cr0, %eax");
PROGRAM(past_limit, "mov $0xffff, %bx\n mov (%bx), %ax");
PROGRAM(past_stack, "mov $1, %sp\n push %ax");
PROGRAM(flags_code, "pushf\n pop %ax");
PROGRAM(set_flags, "push $0x7ed7\n popf\n pushf\n pop %ax");
PROGRAM(clear_interrupts, "cli\n pushf\n pop %ax");
PROGRAM(set_interrupts, "sti\n nop\n pushf\n pop %ax");
PROGRAM(software_interrupt, "mov $0x7777, %ax\n int $0x21\n mov %ax, %bx");
PROGRAM(breakpoint, "int3");
PROGRAM(return_code, "push $0x3202\n push %cs\n push $7\n iret");
PROGRAM(in_port, "in $0x71, %al");
PROGRAM(wide_flags, "pushfl\n pop %eax");
// The 8086 program's own handler, at SEGMENT:0x400.
PROGRAM(handler8086, "mov %sp, %bp\n mov 4(%bp), %dx\n pushf\n pop %cx\n mov $0x1234, %ax\n iret");

u32 enter_v86(u32 flags);
asm("enter_v86:\n push %ebx\n push %ebp\n push %esi\n push %edi\n mov %esp, attempt_stack\n mov 20(%esp), %eax\n"
    "pushl $0x1111\n pushl $0x1212\n pushl $0x2000\n pushl $0x1313\n pushl $0x3000\n pushl $0x800\n pushl %eax\n"
    "pushl $0x2000\n pushl $0\n xor %eax, %eax\n iret");

static u32 run(const char *from, const char *to, u32 flags) {
  memcpy((void *)BASE, from, (u32)(to - from));
  caught.frame.vector = NOTHING;
  enter_v86(FLAG_VM | FLAG_FIXED | flags);
  if (caught.frame.vector == UD && caught.frame.ip == (u32)(to - from) - 2) caught.frame.vector = LEAVE;
  return caught.frame.vector;
}
#define run(name, flags) run(name, name##_end, flags)

static void check_v86_fault(u32 vector, u32 error, u32 ip, const char *name) {
  check_fault(vector, error, (void *)ip, name);
}

static void entry_and_exit(void) {
  *(u16 *)(BASE + 0x100) = 0x1234;
  *(u16 *)0x10010 = 0x5678;
  check_equal(run(registers, 0), LEAVE, "IRET enters virtual-8086 mode and an interrupt leaves it");
  const struct frame *frame = &caught.frame;
  check_equal(frame->ax, SEGMENT, "CS is a paragraph number");
  check_equal(frame->bx & 0xffff, SEGMENT, "so are DS");
  check_equal(frame->cx, STACK, "and SS");
  check_equal(frame->dx, STACK_TOP, "SP is that of the frame");
  check_equal(frame->si & 0xffff, 0x1234, "data are read at 16 times DS");
  check_equal(*(u16 *)(BASE + 0x102), 0x4321, "and written there");
  check_equal(frame->di & 0xffff, 0x5678, "a segment register takes any number");
  check(frame->flags & FLAG_VM, "the saved flags have VM");
  check_equal(frame->cs, SEGMENT, "the frame has CS");
  check_equal(frame->ss, STACK, "SS");
  check_equal(frame->v86_es, 0x1000, "ES");
  check_equal(frame->v86_ds, SEGMENT, "DS");
  check_equal(frame->v86_fs, 0x1212, "FS");
  check_equal(frame->v86_gs, 0x1111, "and GS");
  check_equal(caught.frame_address, big.task.esp0 - 36, "on the stack of the TSS");
}

static void faults(void) {
  run(undefined, 0);
  check_v86_fault(UD, 0, 0, "UD2 raises #UD");
  run(privileged, FLAG_IOPL);
  check_v86_fault(GP, 0, 0, "HLT raises #GP(0) whatever IOPL is");
  run(load_gdt_code, FLAG_IOPL);
  check_v86_fault(GP, 0, 0, "LGDT raises #GP(0)");
  run(move_cr, FLAG_IOPL);
  check_v86_fault(GP, 0, 0, "MOV from CR0 raises #GP(0)");
  run(store_task, FLAG_IOPL);
  check_v86_fault(UD, 0, 0, "STR raises #UD");
  run(past_limit, 0);
  check_v86_fault(GP, 0, 3, "a word at 0xffff raises #GP(0)");
  run(past_stack, 0);
  check_v86_fault(SS, 0, 3, "a push that wraps inside a word raises #SS(0)");
}

static void flags(void) {
  check_equal(run(flags_code, FLAG_IOPL | FLAG_IF), LEAVE, "with IOPL 3 PUSHF works");
  check_equal(caught.frame.ax & 0xffff, FLAG_FIXED | FLAG_IOPL | FLAG_IF, "and shows the flags");
  run(wide_flags, FLAG_IOPL);
  check_equal(caught.frame.ax & (FLAG_VM | FLAG_RF), 0, "PUSHFD shows VM and RF as zero");
  check_equal(run(set_flags, FLAG_IOPL), LEAVE, "with IOPL 3 POPF works");
  check_equal(caught.frame.ax & 0xffff, 0x7ed7 & ~FLAG_TF, "and sets all flags it can");
  check_equal(run(clear_interrupts, FLAG_IOPL | FLAG_IF), LEAVE, "with IOPL 3 CLI works");
  check(!(caught.frame.flags & FLAG_IF), "on IF itself");
  run(set_interrupts, FLAG_IOPL);
  check(caught.frame.flags & FLAG_IF, "so does STI");
  check_equal(run(return_code, FLAG_IOPL), LEAVE, "with IOPL 3 IRET works");
  check(caught.frame.flags & FLAG_VM, "and stays in virtual-8086 mode");
  write_cr4(read_cr4() & ~(word)CR4_VME);
  run(flags_code, 0);
  check_v86_fault(GP, 0, 0, "with IOPL 0 PUSHF raises #GP(0)");
  run(set_flags, 0);
  check_v86_fault(GP, 0, 3, "POPF too");
  run(clear_interrupts, 0);
  check_v86_fault(GP, 0, 0, "CLI too");
  run(set_interrupts, 0);
  check_v86_fault(GP, 0, 0, "STI too");
  run(software_interrupt, 0);
  check_v86_fault(GP, 0, 3, "INT n too");
  run(return_code, 0);
  check_v86_fault(GP, 0, 6, "IRET too");
  run(breakpoint, 0);
  check_v86_fault(BP, 0, 1, "but not INT3");
}

static void ports(void) {
  memset(big.ports, 0xff, sizeof big.ports);
  run(in_port, FLAG_IOPL);
  check_v86_fault(GP, 0, 0, "ports obey the permission map even with IOPL 3");
  big.ports[0x71 / 8] = 0;
  check_equal(run(in_port, 0), LEAVE, "which allows them even with IOPL 0");
}

static void interrupts(void) {
  idt[0x21] = make_gate(trap_entry(0x21), KERNEL_CODE, GATE_INTERRUPT | GATE_DPL3, 0);
  run(software_interrupt, FLAG_IOPL);
  check_v86_fault(0x21, 0, 5, "with IOPL 3 INT n goes to the protected-mode gate");
  idt[0x21] = make_gate(trap_entry(0x21), KERNEL_CODE, GATE_INTERRUPT, 0);
  run(software_interrupt, FLAG_IOPL);
  check_v86_fault(GP, 0x21 * 8 + 2, 3, "which must have DPL 3");
  set_segment(SPARE, 0, 0xfffff, RIGHTS_CODE32 | 0x20);
  idt[0x21] = make_gate(trap_entry(0x21), SPARE, GATE_INTERRUPT | GATE_DPL3, 0);
  run(software_interrupt, FLAG_IOPL);
  check_v86_fault(GP, SPARE, 3, "and lead to ring 0");
  idt[0x21] = make_gate(trap_entry(0x21), KERNEL_CODE, GATE_INTERRUPT | GATE_DPL3, 0);
}

static void extensions(void) {
  if (!has_vme()) {
    skip("virtual-8086 mode extensions", "no VME");
    return;
  }
  memcpy((void *)(BASE + 0x400), handler8086, (u32)(handler8086_end - handler8086));
  *(u32 *)(0x21 * 4) = SEGMENT << 16 | 0x400;
  write_cr4(read_cr4() | CR4_VME);
  big.redirection[0x21 / 8] = (u8) ~(1 << 0x21 % 8);
  check_equal(run(software_interrupt, FLAG_IOPL | FLAG_IF), LEAVE, "with VME INT n can go to the 8086 handler");
  check_equal(caught.frame.bx & 0xffff, 0x1234, "which returns to the program");
  check(caught.frame.dx & FLAG_IF, "the handler finds the flags on the 8086 stack");
  check(!(caught.frame.cx & FLAG_IF), "and IF clear");
  check_equal(run(software_interrupt, FLAG_VIF), LEAVE, "with IOPL 0 as well");
  check_equal(caught.frame.dx & (FLAG_IOPL | FLAG_IF), FLAG_IOPL | FLAG_IF, "where the pushed flags show VIF, and IOPL 3");
  check(!(caught.frame.cx & FLAG_IF), "and VIF is clear in the handler");
  check(caught.frame.flags & FLAG_VIF, "IRET brings it back");
  check(!(caught.frame.flags & FLAG_IF), "IF itself never changed");
  big.redirection[0x21 / 8] = 0xff;
  run(software_interrupt, FLAG_IOPL);
  check_v86_fault(0x21, 0, 5, "a set bit in the redirection map chooses the gate");
  run(software_interrupt, 0);
  check_v86_fault(GP, 0, 3, "or #GP(0) with IOPL 0");

  check_equal(run(flags_code, FLAG_VIF), LEAVE, "with VME and IOPL 0 PUSHF works");
  check_equal(caught.frame.ax & (FLAG_IOPL | FLAG_IF), FLAG_IOPL | FLAG_IF, "and shows VIF as IF, IOPL as 3");
  run(clear_interrupts, FLAG_VIF | FLAG_IF);
  check(caught.frame.vector == LEAVE && !(caught.frame.flags & FLAG_VIF), "CLI clears VIF");
  check(caught.frame.flags & FLAG_IF, "and not IF");
  run(set_interrupts, 0);
  check(caught.frame.vector == LEAVE && (caught.frame.flags & FLAG_VIF), "STI sets VIF");
  run(set_interrupts, FLAG_VIP);
  check_v86_fault(GP, 0, 0, "with VIP it raises #GP(0)");
  run(wide_flags, 0);
  check_v86_fault(GP, 0, 0, "PUSHFD raises #GP(0) all the same");
  run(set_flags, 0);
  check_equal(caught.frame.vector, LEAVE, "POPF works");
  check(caught.frame.flags & FLAG_VIF, "on VIF");
  run(set_flags, FLAG_VIP);
  check_v86_fault(GP, 0, 3, "and raises #GP(0) when that would let a pending interrupt in");
  write_cr4(read_cr4() & ~(word)CR4_VME);
}

void guest(void) {
  memcpy(&big.task, &task, sizeof task);
  big.task.io_map = sizeof big.task + sizeof big.redirection;
  memset(big.redirection, 0xff, sizeof big.redirection);
  memset(big.ports, 0xff, sizeof big.ports);
  set_segment(TASK, (u32)&big, sizeof big - 1, RIGHTS_TASK32);
  load_task(TASK);
  entry_and_exit();
  faults();
  flags();
  ports();
  interrupts();
  extensions();
}
