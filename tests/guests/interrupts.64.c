// Interrupts of the PICs and the PIT: delivery, masking, priorities, EOI, HLT, the shadows of STI and MOV SS (SDM
// volume 3, 6.8 and 8.3; Intel 8259A and 8254 data sheets).
#include "support/trap.h"

#define PIC1 0x20
#define PIC2 0xa0
#define FIRST 0x20 // vector of IRQ 0
#define TIMER FIRST
#define EOI 0x20

static volatile struct {
  u32 count[16];
  word ip, flags, tsc;
  u32 order[8], orders;
  u32 in_service;
} seen;
static volatile int keep_in_service;

static void end_of_interrupt(u32 irq) {
  if (irq >= 8) out8(PIC2, EOI);
  out8(PIC1, EOI);
}

static void on_irq(struct frame *frame) {
  const u32 irq = (u32)frame->vector - FIRST;
  seen.count[irq]++;
  if (seen.orders < 8) seen.order[seen.orders++] = irq;
  seen.ip = frame->ip;
  seen.flags = frame->flags;
  out8(PIC1, 0x0b); // read the in-service register
  seen.in_service = in8(PIC1);
  if (!keep_in_service) end_of_interrupt(irq);
}

static void init_pics(void) {
  out8(PIC1, 0x11);
  out8(PIC1 + 1, FIRST);
  out8(PIC1 + 1, 4);
  out8(PIC1 + 1, 1);
  out8(PIC2, 0x11);
  out8(PIC2 + 1, FIRST + 8);
  out8(PIC2 + 1, 2);
  out8(PIC2 + 1, 1);
  out8(PIC1 + 1, 0xff);
  out8(PIC2 + 1, 0xff);
}
static void unmask(u8 irqs) { out8(PIC1 + 1, (u8)~irqs); }
// Raises IRQ 0 when `ticks` of 1193182 a second are over: mode 0 is once, mode 2 again and again.
static void start_timer(u8 mode, u16 ticks) {
  out8(0x43, (u8)(0x30 | mode << 1));
  out8(0x40, (u8)ticks);
  out8(0x40, (u8)(ticks >> 8));
}
// Lets a tick's interrupt become pending while IF is clear.
static int wait_for_request(u8 irq) {
  for (u32 i = 0; i < 100000000; i++) {
    out8(PIC1, 0x0a);
    if (in8(PIC1) & 1 << irq) return 1;
  }
  return 0;
}
static void reset(void) {
  asm volatile("cli");
  memset((void *)&seen, 0, sizeof seen);
}

static void timer(void) {
  reset();
  unmask(1);
  start_timer(0, 1000);
  check(wait_for_request(0), "the timer raises IRQ 0 once its count is over");
  check_equal(seen.count[0], 0, "which waits while IF is clear");
  word before, after;
  asm volatile("lea 1f(%%rip), %0; lea 2f(%%rip), %1; sti; 1: nop; 2: nop; cli" : "=r"(before), "=r"(after)::"memory");
  check_equal(seen.count[0], 1, "and is delivered when STI has set IF");
  check_equal(seen.ip, after, "after one more instruction");
  check(seen.flags & FLAG_IF, "saving IF set");
  check_equal(seen.in_service, 1, "it is in service until EOI");
  out8(PIC1, 0x0b);
  check_equal(in8(PIC1), 0, "and not after");
  (void)before;

  reset();
  start_timer(0, 1000);
  asm volatile("sti; hlt; cli" ::: "memory");
  check_equal(seen.count[0], 1, "HLT waits for an interrupt and goes on after it");
  reset();
  start_timer(2, 1193);
  for (u32 i = 0; i < 10; i++) asm volatile("sti; hlt; cli" ::: "memory");
  check_equal(seen.count[0], 10, "a periodic timer wakes HLT again and again");
  reset();
  start_timer(0, 0x8000);
  asm volatile("sti" ::: "memory");
  u64 loops = 0;
  while (!seen.count[0]) loops++;
  asm volatile("cli");
  check(loops > 0, "an interrupt breaks into a loop");
  reset();
  unmask(0);
  start_timer(0, 100);
  check(wait_for_request(0), "a masked request shows in the IRR");
  asm volatile("sti; nop; nop; cli" ::: "memory");
  check_equal(seen.count[0], 0, "and is not delivered");
  unmask(1);
  asm volatile("sti; nop; nop; cli" ::: "memory");
  check_equal(seen.count[0], 1, "until it is unmasked");
}

// A timer request waits; these sequences must let it in at one place only.
static word delivered_at(const void *code) {
  reset();
  unmask(1);
  start_timer(0, 100);
  wait_for_request(0);
  attempt(code);
  asm volatile("cli");
  return seen.count[0] == 1 ? seen.ip : 0;
}
CODE(sti_sti, "sti\n sti\n sti_sti_then: nop\n cli\n ret");
LABEL(sti_sti_then);
CODE(sti_cli, "sti\n cli\n nop\n ret");
CODE(pop_flags, "pushfq\n orl $0x200, (%rsp)\n popfq\n pop_flags_then: nop\n cli\n ret");
LABEL(pop_flags_then);
CODE(move_ss, "mov %ss, %eax\n pushfq\n orl $0x200, (%rsp)\n mov %eax, %ss\n popfq\n move_ss_then: nop\n cli\n ret");
LABEL(move_ss_then);
CODE(return_enables, "mov %ss, %eax\n mov %rsp, %rdx\n push %rax\n push %rdx\n push $0x202\n push $8\n push $return_then\n iretq\n"
                     "return_then: nop\n cli\n ret");
LABEL(return_then);
CODE(halted, "sti\n hlt\n halted_then: cli\n ret");
LABEL(halted_then);

static void shadows(void) {
  check_equal(delivered_at(sti_sti), (word)sti_sti_then, "a second STI does not lengthen the shadow of the first");
  check_equal(delivered_at(sti_cli), 0, "STI and CLI let nothing in");
  check_equal(delivered_at(pop_flags), (word)pop_flags_then, "POPF has no shadow");
  check_equal(delivered_at(move_ss), (word)move_ss_then, "the instruction after MOV to SS is not interrupted");
  check_equal(delivered_at(return_enables), (word)return_then, "IRET has no shadow");
  check_equal(delivered_at(halted), (word)halted_then, "a request that waits at STI, HLT wakes HLT");
}

CODE(user_spin, "1: inc %eax\n pause\n jmp 1b");
static volatile int leave_user;
static void on_user_irq(struct frame *frame) {
  on_irq(frame);
  if (leave_user) {
    seen.tsc = frame->sp;
    memcpy(&caught.frame, frame, sizeof *frame);
    static const u8 leave[] = {0xcd, LEAVE};
    frame->ip = (word)leave;
  }
}

static void rings(void) {
  reset();
  unmask(1);
  set_handler(TIMER, on_user_irq);
  leave_user = 1;
  start_timer(0, 2000);
  attempt_outer((word)user_spin, USER_CODE64, USER_DATA, FLAG_IF, (word[4]){0});
  check_equal(caught.frame.vector, LEAVE, "an interrupt breaks into a loop in ring 3");
  check_equal(seen.count[0], 1, "once");
  check_equal(seen.tsc, (word)(user_stack + sizeof user_stack - 64), "saving RSP of ring 3");
  set_handler(TIMER, on_irq);
}

static void priorities(void) {
  // IRQ 0 stays in service: nothing of the same or lower priority comes in until EOI.
  reset();
  unmask(1);
  keep_in_service = 1;
  start_timer(2, 500);
  asm volatile("sti" ::: "memory");
  while (!seen.count[0]) asm volatile("pause");
  for (u32 i = 0; i < 200000; i++) asm volatile("pause");
  asm volatile("cli" ::: "memory");
  check_equal(seen.count[0], 1, "a request in service keeps out its own kind until EOI");
  keep_in_service = 0;
  end_of_interrupt(0);
  asm volatile("sti; nop; hlt; cli" ::: "memory");
  check(seen.count[0] > 1, "and lets it in after EOI");
  start_timer(0, 0xffff);

  // The RTC, IRQ 8, comes through IRQ 2 of the first PIC.
  reset();
  out8(0x70, 0x8b);
  const u8 status_b = in8(0x71);
  // The flag may have been set for long: clear it first, or the interrupt comes at once.
  out8(0x70, 0x8c);
  in8(0x71);
  out8(0x70, 0x8b);
  out8(0x71, status_b | 0x40); // periodic interrupt
  out8(PIC2 + 1, 0xfe);
  unmask(4);
  asm volatile("sti; hlt; cli" ::: "memory");
  out8(0x70, 0x8b);
  out8(0x71, status_b);
  out8(0x70, 0x0c);
  check(in8(0x71) & 0x40, "the RTC's periodic interrupt");
  check_equal(seen.count[8], 1, "comes by the second PIC");
  check_equal(seen.in_service, 4, "which shows as IRQ 2 of the first");
  out8(PIC2 + 1, 0xff);
}

void guest(void) {
  init_pics();
  for (u32 irq = 0; irq < 16; irq++) set_handler(FIRST + irq, on_irq);
  timer();
  shadows();
  rings();
  priorities();
  unmask(0);
}
