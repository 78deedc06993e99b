#include "trap.h"

struct gate idt[256] ALIGNED(16);
struct caught caught;
u8 user_stack[8192] ALIGNED(16);
word user_alias;
static handler handlers[256];

extern char trap_entries[], attempt_ended[];
extern word attempt_stack;
word enter_ring0(word code, const word arguments[4]);
word enter_outer(word code, const word arguments[4], const word frame[5]);

void trap(struct frame *frame) {
  if (frame->vector < 256 && handlers[frame->vector]) {
    handlers[frame->vector](frame);
    return;
  }
  if (!attempt_stack) {
    print("Bail out! exception ");
    print_hex(frame->vector);
    print(" error ");
    print_hex(frame->error);
    print(" at ");
    print_hex(frame->ip);
    print(" cr2 ");
    print_hex(read_cr2());
    print("\n");
    check(0, "no exception outside an attempt");
    finish();
  }
  memcpy(&caught.frame, frame, sizeof *frame);
  caught.frame_address = (word)&frame->ip;
  caught.cr2 = read_cr2();
  caught.ax = frame->ax;
  frame->ip = (word)attempt_ended;
  frame->cs = KERNEL_CODE;
  frame->flags = FLAG_FIXED;
#ifdef __x86_64__
  frame->ss = KERNEL_DATA;
  frame->sp = attempt_stack;
#endif
}

static u32 ended(word ax) {
  if (caught.frame.vector == NOTHING) caught.ax = ax;
  return (u32)caught.frame.vector;
}

u32 attempt_with(word code, const word arguments[4]) {
  caught.frame.vector = NOTHING;
  return ended(enter_ring0(code, arguments));
}

u32 attempt_outer(word code, u16 code_selector, u16 stack_selector, word flags, const word arguments[4]) {
  const word frame[5] = {code + user_alias, code_selector, FLAG_FIXED | flags,
                         (word)(user_stack + sizeof user_stack - 64) + user_alias, stack_selector};
  caught.frame.vector = NOTHING;
  return ended(enter_outer(code, arguments, frame));
}

void check_fault(u32 vector, word error, const void *ip, const char *name) {
  const struct frame *frame = &caught.frame;
  const int holds = frame->vector == vector && frame->error == error && frame->ip == (word)ip;
  check(holds, name);
  if (holds) return;
  print("# got vector ");
  print_hex(frame->vector);
  if (frame->vector != NOTHING) {
    print(" error ");
    print_hex(frame->error);
    print(" at ");
    print_hex(frame->ip);
    print(" cr2 ");
    print_hex(caught.cr2);
  }
  print(", expected vector ");
  print_hex(vector);
  print(" error ");
  print_hex(error);
  print(" at ");
  print_hex((word)ip);
  print("\n");
}

word trap_entry(u32 vector) { return (word)trap_entries + vector * 16; }

void set_handler(u32 vector, handler handler) { handlers[vector] = handler; }

void load_idt(u16 limit) {
  struct table_register table = {limit, (word)idt};
  asm volatile("lidt %0" ::"m"(table));
}

void init_traps(void) {
  for (u32 vector = 0; vector < 256; vector++) {
    const int outer = vector == BP || vector == OF || vector == LEAVE;
    idt[vector] = make_gate(trap_entry(vector), KERNEL_CODE, GATE_INTERRUPT | (outer ? GATE_DPL3 : 0), 0);
  }
  load_idt(sizeof idt - 1);
}
