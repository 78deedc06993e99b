// The local APIC and the I/O APIC: timer modes, priorities, self-interrupts, NMI by ICR and by LINT0, the PIT by the I/O
// APIC, x2APIC and the TSC deadline (SDM volume 3, chapter 11; 82093AA data sheet).
#include "support/trap.h"

#define LOCAL 0xfee00000
#define IO 0xfec00000
#define ID 0x20
#define VERSION 0x30
#define TASK_PRIORITY 0x80
#define PROCESSOR_PRIORITY 0xa0
#define END 0xb0
#define SPURIOUS_VECTOR 0xf0
#define IN_SERVICE 0x100
#define REQUEST 0x200
#define ERROR_STATUS 0x280
#define COMMAND 0x300
#define COMMAND_HIGH 0x310
#define TIMER 0x320
#define LINT0 0x350
#define LINT1 0x360
#define INITIAL_COUNT 0x380
#define CURRENT_COUNT 0x390
#define DIVIDE 0x3e0
#define MASKED (1u << 16)
#define PERIODIC (1u << 17)
#define DEADLINE (1u << 18)
#define NMI_MODE (4u << 8)
#define SELF (1u << 18)
#define LEVEL_ASSERT (1u << 14)
#define ENABLE 0x100
#define MSR_DEADLINE 0x6e0

static volatile struct {
  u32 count[256];
  u32 order[16], orders;
} seen;
static volatile int x2apic, hold;

static u32 read_apic(u32 offset) {
  return x2apic ? (u32)read_msr(0x800 + (offset >> 4)) : *(volatile u32 *)(word)(LOCAL + offset);
}
static void write_apic(u32 offset, u32 value) {
  if (x2apic) write_msr(0x800 + (offset >> 4), value);
  else *(volatile u32 *)(word)(LOCAL + offset) = value;
}
static u32 read_io(u32 index) {
  *(volatile u32 *)IO = index;
  return *(volatile u32 *)(IO + 0x10);
}
static void write_io(u32 index, u32 value) {
  *(volatile u32 *)IO = index;
  *(volatile u32 *)(IO + 0x10) = value;
}
static u32 bit(u32 registers, u32 vector) { return read_apic(registers + (vector >> 5) * 16) >> (vector & 31) & 1; }

static void on_interrupt(struct frame *frame) {
  seen.count[frame->vector]++;
  if (seen.orders < 16) seen.order[seen.orders++] = (u32)frame->vector;
  if (!hold && frame->vector != NMI) write_apic(END, 0);
}
static void reset(void) {
  asm volatile("cli");
  memset((void *)&seen, 0, sizeof seen);
}
static void let_in(void) { asm volatile("sti; nop; nop; cli" ::: "memory"); }
static void send_self(u32 vector) {
  if (x2apic) {
    write_msr(0x83f, vector);
    return;
  }
  write_apic(COMMAND, vector | SELF | LEVEL_ASSERT);
}
static void wait(u32 vector) {
  asm volatile("sti" ::: "memory");
  for (u64 i = 0; i < 40000000 && !seen.count[vector]; i++) asm volatile("pause");
  asm volatile("cli" ::: "memory");
}

static void registers(void) {
  check(read_msr(MSR_APIC_BASE) >> 11 & 1, "the APIC is on after reset");
  check_equal(read_msr(MSR_APIC_BASE) & 0xfffff000, LOCAL, "at 0xfee00000");
  check(read_msr(MSR_APIC_BASE) >> 8 & 1, "on the boot processor");
  check_equal(read_apic(ID) >> 24, 0, "its ID is 0");
  check((read_apic(VERSION) & 0xf0) == 0x10, "its version is that of an integrated APIC");
  write_apic(SPURIOUS_VECTOR, ENABLE | 0xff);
  write_apic(TASK_PRIORITY, 0x35);
  check_equal(read_apic(TASK_PRIORITY), 0x35, "the task priority is kept");
  word cr8;
  asm volatile("mov %%cr8, %0" : "=r"(cr8));
  check_equal(cr8, 3, "its upper half is CR8");
  asm volatile("mov %0, %%cr8" ::"r"((word)0));
  check_equal(read_apic(TASK_PRIORITY), 0, "which writes it too");
}

static void self_interrupts(void) {
  reset();
  send_self(0x51);
  check_equal(bit(REQUEST, 0x51), 1, "an interrupt to oneself waits in the IRR");
  let_in();
  check_equal(seen.count[0x51], 1, "and is delivered with IF");
  check_equal(bit(REQUEST, 0x51), 0, "which clears the IRR");
  reset();
  send_self(0x41);
  send_self(0x61);
  send_self(0x51);
  send_self(0x51);
  let_in();
  check(seen.order[0] == 0x61 && seen.order[1] == 0x51 && seen.order[2] == 0x41, "the highest vector comes first");
  check_equal(seen.orders, 3, "two requests of one vector are one");
  reset();
  asm volatile("mov %0, %%cr8" ::"r"((word)5));
  send_self(0x5f);
  send_self(0x60);
  let_in();
  check(seen.count[0x60] == 1 && seen.count[0x5f] == 0, "CR8 keeps out its own class and lower ones");
  asm volatile("mov %0, %%cr8" ::"r"((word)4));
  let_in();
  check_equal(seen.count[0x5f], 1, "and lets them in when lowered");
  asm volatile("mov %0, %%cr8" ::"r"((word)0));

  reset();
  hold = 1;
  send_self(0x52);
  let_in();
  check_equal(bit(IN_SERVICE, 0x52), 1, "an interrupt is in service until EOI");
  check_equal(read_apic(PROCESSOR_PRIORITY), 0x50, "and raises the processor priority");
  hold = 0;
  send_self(0x5e);
  send_self(0x62);
  let_in();
  check(seen.count[0x62] == 1 && seen.count[0x5e] == 0, "keeping out its own class and lower ones");
  write_apic(END, 0);
  check_equal(bit(IN_SERVICE, 0x52), 0, "EOI ends it");
  let_in();
  check_equal(seen.count[0x5e], 1, "and lets in what waited");
}

static void timer(void) {
  write_apic(DIVIDE, 0xb); // by 1
  reset();
  write_apic(TIMER, 0x70);
  write_apic(INITIAL_COUNT, 200000);
  check(read_apic(CURRENT_COUNT) <= 200000, "the timer counts down");
  asm volatile("sti; hlt; cli" ::: "memory");
  check_equal(seen.count[0x70], 1, "a one-shot timer wakes HLT");
  check_equal(read_apic(CURRENT_COUNT), 0, "and stands at zero then");
  reset();
  write_apic(TIMER, 0x71 | PERIODIC);
  write_apic(INITIAL_COUNT, 400000);
  for (u32 i = 0; i < 5; i++) asm volatile("sti; hlt; cli" ::: "memory");
  check_equal(seen.count[0x71], 5, "a periodic timer wakes it again and again");
  write_apic(TIMER, 0x71 | PERIODIC | MASKED);
  write_apic(INITIAL_COUNT, 0);
  check_equal(read_apic(CURRENT_COUNT), 0, "an initial count of zero stops it");
  reset();
  write_apic(TIMER, 0x72 | MASKED);
  write_apic(INITIAL_COUNT, 1000);
  while (read_apic(CURRENT_COUNT)) asm volatile("pause");
  let_in();
  check_equal(seen.count[0x72], 0, "a masked timer interrupts nobody");
  // Slower by a divider: the same count takes longer in TSC cycles.
  write_apic(DIVIDE, 0xb);
  write_apic(INITIAL_COUNT, 100000);
  u64 start = read_tsc();
  while (read_apic(CURRENT_COUNT)) asm volatile("pause");
  const u64 fast = read_tsc() - start;
  write_apic(DIVIDE, 0xa); // by 128
  write_apic(INITIAL_COUNT, 100000);
  start = read_tsc();
  while (read_apic(CURRENT_COUNT)) asm volatile("pause");
  check(read_tsc() - start > 16 * fast, "the divider slows it down");
  write_apic(DIVIDE, 0xb);
  if (!has_tsc_deadline()) {
    skip("TSC deadline", "no TSC deadline");
    return;
  }
  reset();
  write_apic(TIMER, 0x73 | DEADLINE);
  const u64 deadline = read_tsc() + 50000000;
  write_msr(MSR_DEADLINE, deadline);
  check_equal(read_msr(MSR_DEADLINE), deadline, "the deadline can be read while it is ahead");
  asm volatile("sti; hlt; cli" ::: "memory");
  check(seen.count[0x73] == 1 && read_tsc() >= deadline, "an interrupt comes when the TSC gets there");
  check_equal(read_msr(MSR_DEADLINE), 0, "and the deadline is zero then");
  reset();
  write_msr(MSR_DEADLINE, 1);
  wait(0x73);
  check_equal(seen.count[0x73], 1, "a deadline in the past interrupts at once");
  reset();
  write_msr(MSR_DEADLINE, read_tsc() + 20000000);
  write_msr(MSR_DEADLINE, 0);
  check_equal(read_msr(MSR_DEADLINE), 0, "zero disarms it");
  write_apic(TIMER, 0x73 | MASKED);
}

static volatile u32 nmi_depth, nmi_most;
static void on_nested_nmi(struct frame *frame) {
  seen.count[frame->vector]++;
  if (++nmi_depth > nmi_most) nmi_most = nmi_depth;
  if (seen.count[NMI] == 1) {
    write_apic(COMMAND, NMI_MODE | LEVEL_ASSERT);
    for (volatile u32 i = 0; i < 1000; i++) {
    }
  }
  nmi_depth--;
}

static void start_pit(u16 ticks) {
  out8(0x43, 0x30);
  out8(0x40, (u8)ticks);
  out8(0x40, (u8)(ticks >> 8));
}

static void non_maskable(void) {
  reset();
  if (!x2apic) {
    // The shorthand "self" is for fixed interrupts: an NMI goes to the processor's own ID.
    write_apic(COMMAND_HIGH, 0);
    write_apic(COMMAND, NMI_MODE | LEVEL_ASSERT);
    for (volatile u32 i = 0; i < 1000; i++) {
    }
    check_equal(seen.count[NMI], 1, "an NMI to the own ID comes with IF clear");
    reset();
    set_handler(NMI, on_nested_nmi);
    nmi_most = 0;
    write_apic(COMMAND, NMI_MODE | LEVEL_ASSERT);
    for (volatile u32 i = 0; i < 1000; i++) {
    }
    check_equal(nmi_most, 1, "an NMI does not break into an NMI's handler");
    check_equal(seen.count[NMI], 2, "it comes after its IRET");
    set_handler(NMI, on_interrupt);
  }
  // The PIT's request, by the PIC, to LINT0 as an NMI.
  reset();
  out8(0x20, 0x11);
  out8(0x21, 0x20);
  out8(0x21, 4);
  out8(0x21, 1);
  out8(0x21, 0xfe);
  write_apic(LINT0, NMI_MODE);
  start_pit(2000);
  for (u32 i = 0; i < 10000000 && !seen.count[NMI]; i++) {
    out8(0x20, 0x0a);
    if (in8(0x20) & 1) break;
  }
  for (volatile u32 i = 0; i < 1000; i++) {
  }
  check_equal(seen.count[NMI], 1, "LINT0 in NMI mode makes an NMI of the timer's interrupt");
  write_apic(LINT0, MASKED);
  out8(0x20, 0x0c); // poll: acknowledge what the PIC still holds
  in8(0x20);
  out8(0x20, 0x20);
  out8(0x21, 0xff);
}

static void io_apic(void) {
  check_equal(read_io(1) >> 16 & 0xff, 23, "the I/O APIC has 24 inputs");
  check(read_io(0x10) & MASKED, "which are masked after reset");
  reset();
  // The PIT is wired to input 2.
  write_io(0x15, 0);
  write_io(0x14, 0x81);
  start_pit(2000);
  wait(0x81);
  check_equal(seen.count[0x81], 1, "the timer comes by input 2");
  reset();
  write_io(0x14, 0x81 | MASKED);
  start_pit(200);
  for (u32 i = 0; i < 300000; i++) asm volatile("pause");
  let_in();
  check_equal(seen.count[0x81], 0, "and not while it is masked");
  check_equal(read_io(0x14) & 0x1ffff, 0x81 | MASKED, "an entry keeps what was written");
}

static void x2apic_mode(void) {
  if (!has_x2apic()) {
    skip("x2APIC", "no x2APIC");
    return;
  }
  write_msr(MSR_APIC_BASE, read_msr(MSR_APIC_BASE) | 1 << 10);
  x2apic = 1;
  check_equal(read_apic(ID), 0, "x2APIC registers are MSRs");
  reset();
  send_self(0x55);
  let_in();
  check_equal(seen.count[0x55], 1, "the self-IPI register works");
  reset();
  write_msr(0x830, 0x56);
  let_in();
  check_equal(seen.count[0x56], 1, "a command is one write of 64 bits");
  reset();
  write_apic(TIMER, 0x57);
  write_apic(INITIAL_COUNT, 100000);
  asm volatile("sti; hlt; cli" ::: "memory");
  check_equal(seen.count[0x57], 1, "the timer works");
}

CODE(bad_base, "mov $0x1b, %ecx\n mov $0xfee00500, %eax\n xor %edx, %edx\n bad_base_at: wrmsr\n ret");
LABEL(bad_base_at);

void guest(void) {
  for (u32 vector = 0x40; vector < 0x100; vector++) {
    if (vector != LEAVE) set_handler(vector, on_interrupt);
  }
  set_handler(NMI, on_interrupt);
  registers();
  self_interrupts();
  timer();
  non_maskable();
  io_apic();
  attempt(bad_base);
  if (has_x2apic()) check_fault(GP, 0, bad_base_at, "x2APIC without the APIC enabled raises #GP(0)");
  x2apic_mode();
}
