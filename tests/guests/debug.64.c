// Debug registers, single-stepping and the flags TF and RF (SDM volume 3, chapter 17).
#include "support/trap.h"

#define DR6_FIXED 0xffff0ff0
#define DR7_FIXED 0x400
#define B(n) (1u << (n))
#define BD (1u << 13)
#define BS (1u << 14)
#define ENABLE(n) (2u << (n) * 2)
#define EXECUTE 0u
#define WRITE 1u
#define PORT 2u
#define ACCESS 3u
#define CONDITION(n, type, length) ((type) << (16 + (n) * 4) | (length) << (18 + (n) * 4))
#define LENGTH1 0u
#define LENGTH2 1u
#define LENGTH8 2u
#define LENGTH4 3u
#define GD (1u << 13)

// #DB is noted and the code goes on.
static struct {
  u32 count;
  word ip[32], dr6[32], flags[32];
  word set_flags, clear_flags; // in the frame, at each #DB
} steps;

static void note(struct frame *frame) {
  if (steps.count < 32) {
    steps.ip[steps.count] = frame->ip;
    steps.dr6[steps.count] = read_dr6();
    steps.flags[steps.count] = frame->flags;
  }
  steps.count++;
  write_dr6(DR6_FIXED);
  frame->flags = (frame->flags | steps.set_flags) & ~steps.clear_flags;
}

static void begin(word set_flags, word clear_flags) {
  memset(&steps, 0, sizeof steps);
  steps.set_flags = set_flags;
  steps.clear_flags = clear_flags;
  write_dr6(DR6_FIXED);
}
static u32 status(u32 index) { return (steps.dr6[index] ^ DR6_FIXED) & 0xffff; }
static int at(u32 index, const void *ip, u32 dr6) { return steps.ip[index] == (word)ip && status(index) == dr6; }

#define STEP_ON "pushfq\n orl $0x100, (%rsp)\n popfq\n"
#define STEP_OFF "pushfq\n andl $~0x100, (%rsp)\n popfq\n"
CODE(stepping, STEP_ON "nop\n step1: inc %eax\n step2: add $1, %eax\n step3: " STEP_OFF "ret");
LABEL(step1);
LABEL(step2);
LABEL(step3);
CODE(stepping_int, STEP_ON "nop\n int_at: int $0x91\n int_after: nop\n int_then: " STEP_OFF "ret");
LABEL(int_at);
LABEL(int_after);
LABEL(int_then);
CODE(quiet_handler, "iretq");
CODE(stepping_shadow, "mov %ss, %edx\n" STEP_ON "nop\n shadow_at: mov %edx, %ss\n shadow_next: nop\n shadow_after: nop\n" STEP_OFF "ret");
LABEL(shadow_at);
LABEL(shadow_after);
CODE(stepping_string, "mov $3, %ecx\n mov %rax, %rdi\n cld\n" STEP_ON "nop\n string_at: rep stosb\n string_after: nop\n" STEP_OFF "ret");
LABEL(string_at);
LABEL(string_after);
CODE(stepping_fault, STEP_ON "nop\n stepping_fault_at: ud2\n ret");
LABEL(stepping_fault_at);
CODE(target, "nop\n target_at: inc %eax\n target_after: nop\n ret");
LABEL(target_at);
LABEL(target_after);
CODE(write, "write_at: mov %edx, (%rax)\n write_after: ret");
LABEL(write_after);
CODE(write_byte, "movb $1, (%rax)\n write_byte_after: ret");
LABEL(write_byte_after);
CODE(read, "mov (%rax), %edx\n read_after: ret");
LABEL(read_after);
CODE(string_write, "mov %rax, %rdi\n mov $8, %ecx\n string_write_at: rep stosb\n ret");
LABEL(string_write_at);
CODE(read_port, "mov $0x61, %edx\n in %dx, %al\n port_after: ret");
LABEL(port_after);
CODE(read_dr, "mov %dr0, %rax\n ret");
CODE(read_dr4, "mov %db4, %rax\n ret");
CODE(write_dr7_code, "mov %rax, %dr7\n ret");
CODE(write_dr6_code, "mov %rax, %dr6\n ret");
CODE(shadow_breakpoint, "mov %ss, %edx\n mov %edx, %ss\n mov %ecx, (%rax)\n shadow_breakpoint_after: nop\n ret");
LABEL(shadow_breakpoint_after);
CODE(user_read_dr, "mov %dr0, %rax\n int $0x80");
CODE(user_step, "user_step_at: nop\n int $0x80");
LABEL(user_step_at);
CODE(icebp, ".byte 0xf1\n icebp_after: ret");
LABEL(icebp_after);

static void single_step(void) {
  begin(0, 0);
  check_equal(attempt(stepping), NOTHING, "code runs to its end with TF set");
  check(at(0, step1, BS), "the first #DB comes after the instruction that follows POPF, with BS");
  check(at(1, step2, BS), "the next after the next instruction");
  check(at(2, step3, BS), "and the next");
  check_equal(steps.count, 6, "the last after POPF has cleared TF");
  check(steps.flags[0] & FLAG_TF, "the saved flags have TF");
  check(!(steps.flags[0] & FLAG_RF), "and not RF");

  idt[0x91] = make_gate((word)quiet_handler, KERNEL_CODE, GATE_INTERRUPT, 0);
  begin(0, 0);
  attempt(stepping_int);
  check(at(0, int_at, BS), "INT n is not stepped into:");
  check(at(1, int_then, BS), "the next #DB comes after the instruction that follows the handler's IRET");
  begin(0, 0);
  attempt(stepping_shadow);
  check(at(0, shadow_at, BS), "MOV to SS holds back #DB");
  check(at(1, shadow_after, BS), "until after the next instruction");
  static u8 buffer[8];
  begin(0, 0);
  attempt(stepping_string, buffer);
  check(at(0, string_at, BS), "REP STOSB is stepped");
  check(at(1, string_at, BS) && at(2, string_at, BS), "iteration by iteration");
  check(at(3, string_after, BS), "to its end");
  begin(0, 0);
  attempt(stepping_fault);
  check_fault(UD, 0, stepping_fault_at, "a fault comes before the single-step trap");
  check(steps.count == 1 && (caught.frame.flags & FLAG_TF), "and saves TF");
  begin(0, FLAG_TF);
  attempt_outer((word)user_step, USER_CODE64, USER_DATA, FLAG_TF, (word[4]){0});
  check(steps.count == 1 && at(0, user_step_at + 1, BS), "ring 3 is stepped, from the first instruction after IRET");
  begin(0, 0);
  attempt(icebp);
  check(steps.count == 1 && at(0, icebp_after, 0), "INT1 raises #DB without BS");
}

static void execution(void) {
  write_dr0((word)target_at);
  write_dr7(ENABLE(0) | CONDITION(0, EXECUTE, LENGTH1));
  begin(FLAG_RF, 0);
  check_equal(attempt(target, 0), NOTHING, "RF lets code pass an instruction breakpoint");
  check(steps.count == 1 && at(0, target_at, B(0)), "which raises #DB at the instruction, with B0");
  check(!(steps.flags[0] & FLAG_RF), "the saved flags of this fault, alone among faults, lack RF");
  check_equal(caught.ax, 1, "the instruction runs once");
  begin(0, 0);
  write_dr7(CONDITION(0, EXECUTE, LENGTH1));
  attempt(target, 0);
  check_equal(steps.count, 0, "a breakpoint that is not enabled does nothing");
  write_dr7(ENABLE(0) >> 1);
  begin(FLAG_RF, 0);
  attempt(target, 0);
  check_equal(steps.count, 1, "the local enable works like the global one");
  write_dr7(ENABLE(0));
  write_dr0((word)target_at + 1);
  begin(FLAG_RF, 0);
  attempt(target, 0);
  check_equal(steps.count, 0, "the address must be that of the first byte");
  write_dr1((word)target_at);
  write_dr2((word)target_at);
  write_dr3((word)target_after);
  write_dr7(ENABLE(1) | ENABLE(2) | ENABLE(3));
  begin(FLAG_RF, 0);
  attempt(target, 0);
  check(at(0, target_at, B(1) | B(2)), "two breakpoints at one place both show");
  check(at(1, target_after, B(3)), "the fourth works as well");
  write_dr7(0);
}

static void data(void) {
  static u8 bytes[32] ALIGNED(16);
  write_dr0((word)bytes);
  write_dr7(ENABLE(0) | CONDITION(0, WRITE, LENGTH4));
  begin(0, 0);
  attempt(write, bytes, 7);
  check(steps.count == 1 && at(0, write_after, B(0)), "a write breakpoint raises #DB past the instruction");
  check(!(steps.flags[0] & FLAG_RF), "as a trap, without RF");
  check_equal(bytes[0], 7, "after the write");
  begin(0, 0);
  attempt(read, bytes);
  check_equal(steps.count, 0, "a read does not");
  begin(0, 0);
  attempt(write_byte, bytes + 3);
  check_equal(steps.count, 1, "the last byte of four counts");
  begin(0, 0);
  attempt(write_byte, bytes + 4);
  check_equal(steps.count, 0, "the next does not");
  begin(0, 0);
  attempt(write, bytes - 3, 0);
  check_equal(steps.count, 1, "an access that overlaps its first byte counts");
  write_dr7(ENABLE(0) | CONDITION(0, ACCESS, LENGTH2));
  begin(0, 0);
  attempt(read, bytes);
  check(steps.count == 1 && at(0, read_after, B(0)), "an access breakpoint counts reads");
  begin(0, 0);
  attempt(write_byte, bytes + 1);
  check_equal(steps.count, 1, "and writes");
  begin(0, 0);
  attempt(write_byte, bytes + 2);
  check_equal(steps.count, 0, "in two bytes");
  write_dr7(ENABLE(0) | CONDITION(0, WRITE, LENGTH8));
  begin(0, 0);
  attempt(write_byte, bytes + 7);
  check_equal(steps.count, 1, "eight bytes are possible");
  write_dr0((word)bytes + 3);
  write_dr7(ENABLE(0) | CONDITION(0, WRITE, LENGTH4));
  begin(0, 0);
  attempt(write_byte, bytes + 1);
  check_equal(steps.count, 1, "the low bits of the address do not count");
  write_dr0((word)bytes + 4);
  write_dr7(ENABLE(0) | CONDITION(0, WRITE, LENGTH1));
  begin(0, 0);
  attempt(string_write, bytes);
  check(steps.count == 1 && at(0, string_write_at, B(0)), "REP STOSB stops after the iteration that hits");
  check_equal(bytes[7], (u8)(word)bytes, "and goes on");
  write_dr0((word)bytes);
  begin(0, 0);
  attempt(shadow_breakpoint, bytes);
  check(steps.count == 1 && at(0, shadow_breakpoint_after, B(0)), "a breakpoint after MOV to SS comes in its place");
  write_dr7(0);
}

static void ports(void) {
  write_dr0(0x61);
  write_cr4(read_cr4() | CR4_DE);
  write_dr7(ENABLE(0) | CONDITION(0, PORT, LENGTH1));
  begin(0, 0);
  attempt(read_port);
  check(steps.count == 1 && at(0, port_after, B(0)), "with CR4.DE a port breakpoint raises #DB past the IN");
  attempt(read_dr4);
  check_fault(UD, 0, read_dr4, "with CR4.DE DR4 raises #UD");
  write_cr4(read_cr4() & ~(word)CR4_DE);
  write_dr7(0);
  write_dr6(DR6_FIXED);
  attempt(read_dr4);
  check_equal(caught.ax, DR6_FIXED, "without it DR4 is DR6");
}

static void registers(void) {
  write_dr7(0);
  check_equal(read_dr7(), DR7_FIXED, "bit 10 of DR7 reads as one");
  write_dr6(0);
  check_equal(read_dr6() & 0xffff0ff0, DR6_FIXED, "fixed bits of DR6 read as one");
  write_dr0(0x123456789abcdef0);
  check_equal(read_dr0(), 0x123456789abcdef0, "DR0 holds 64 bits");
  write_dr0(0);
  attempt(write_dr7_code, (word)1 << 32);
  check_fault(GP, 0, write_dr7_code, "the upper half of DR7 is reserved, #GP(0)");
  attempt(write_dr6_code, (word)1 << 32);
  check_fault(GP, 0, write_dr6_code, "that of DR6 too");
  attempt_user(user_read_dr);
  check_fault(GP, 0, user_read_dr, "ring 3 may not read debug registers");
  begin(0, 0);
  set_handler(DB, 0);
  write_dr7(GD);
  attempt(read_dr);
  const word dr7 = read_dr7(), dr6 = read_dr6();
  set_handler(DB, note);
  check_fault(DB, 0, read_dr, "with GD an access raises #DB at the instruction");
  check(dr6 & BD, "with BD in DR6");
  check(!(dr7 & GD), "and GD is clear in the handler");
  write_dr7(0);
}

void guest(void) {
  set_handler(DB, note);
  registers();
  single_step();
  execution();
  data();
  ports();
}
