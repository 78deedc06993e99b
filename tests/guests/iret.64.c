// IRET in 64-bit mode: operand sizes, outer rings, compatibility mode, null stacks and flags (SDM volume 2, IRET;
// volume 3, 6.14.3).
#include "support/trap.h"

#define CODE16 SPARE
#define ABSENT (SPARE + 8)

static struct {
  word rip, cs, flags, rsp, ss;
} frame;
volatile u64 seen[4];

// Pops the frame that AX points to, in each operand size. What is at its RIP says where it got.
CODE(return64, "mov %rsp, %rdx\n mov %rax, %rsp\n return64_at: iretq");
LABEL(return64_at);
CODE(return32, "mov %rsp, %rdx\n mov %rax, %rsp\n return32_at: iretl");
LABEL(return32_at);
CODE(return16, "mov %rsp, %rdx\n mov %rax, %rsp\n return16_at: iretw");
LABEL(return16_at);
CODE(back, "pushfq\n popq seen\n mov %rsp, seen + 8\n mov %ss, seen + 16\n mov %rdx, %rsp\n mov $0x10, %ecx\n mov %ecx, %ss\n"
           "push $2\n popfq\n ret");
CODE(user_code, "mov %ss, %eax\n int $0x80");
CODE(user_code32, ".code32\n mov %esp, %eax\n .byte 0x48, 0x40\n\n push %eax\n pop %eax\n int $0x80\n .code64");
CODE(undefined, "ud2");
static u8 stack[256] ALIGNED(16);

static u32 go(const void *how, const void *to, u16 cs, word flags, word rsp, u16 ss) {
  frame.rip = (word)to;
  frame.cs = cs;
  frame.flags = FLAG_FIXED | flags;
  frame.rsp = rsp;
  frame.ss = ss;
  return attempt(how, &frame);
}

static void same_ring(void) {
  const word top = (word)(stack + sizeof stack) - 3;
  check_equal(go(return64, back, KERNEL_CODE, FLAG_CF | FLAG_AC, top, KERNEL_DATA), NOTHING, "IRETQ in ring 0");
  check_equal(seen[1], top, "pops RSP although the ring stays");
  check_equal(seen[0] & (FLAG_CF | FLAG_AC), FLAG_CF | FLAG_AC, "and flags");
  check_equal(seen[2] & 0xffff, KERNEL_DATA, "and SS");
  check_equal(go(return64, back, KERNEL_CODE, 0, top, 0), NOTHING, "SS may be null in ring 0 of 64-bit mode");
  check_equal(seen[2] & 0xffff, 0, "and is then");
  check_equal(go(return64, back, KERNEL_CODE, FLAG_NT, top, KERNEL_DATA), NOTHING, "IRETQ can set NT");
  check(seen[0] & FLAG_NT, "which POPF clears again");
  write_flags(read_flags() | FLAG_NT);
  go(return64, back, KERNEL_CODE, 0, top, KERNEL_DATA);
  write_flags(FLAG_FIXED);
  check_fault(GP, 0, return64_at, "IRET with NT set raises #GP(0) in 64-bit mode");
  check_equal(go(return64, (void *)((word)1 << 47), KERNEL_CODE, 0, top, KERNEL_DATA), GP,
              "a non-canonical RIP raises #GP(0)");
  check_equal(caught.frame.error, 0, "with error code 0");
  go(return64, back, 0, 0, top, KERNEL_DATA);
  check_fault(GP, 0, return64_at, "a null CS raises #GP(0)");
  go(return64, back, KERNEL_DATA, 0, top, KERNEL_DATA);
  check_fault(GP, KERNEL_DATA, return64_at, "CS that is data raises #GP(CS)");
  go(return64, back, KERNEL_CODE, 0, top, KERNEL_CODE);
  check_fault(GP, KERNEL_CODE, return64_at, "SS that is code raises #GP(SS)");
  go(return64, back, KERNEL_CODE, 0, top, USER_DATA & ~3);
  check_fault(GP, USER_DATA & ~3, return64_at, "SS of another DPL raises #GP(SS)");
  set_segment(ABSENT, 0, 0xfffff, RIGHTS_DATA & ~RIGHTS_PRESENT);
  go(return64, back, KERNEL_CODE, 0, top, ABSENT);
  // The manuals say #SS, though machines are known to raise #NP as for CS.
  check(caught.frame.vector == SS || caught.frame.vector == NP, "SS that is not present raises #SS or #NP");
  check_equal(caught.frame.error, ABSENT, "with its selector");
  set_segment(ABSENT, 0, 0xfffff, RIGHTS_CODE64 & ~RIGHTS_PRESENT);
  go(return64, back, ABSENT, 0, top, KERNEL_DATA);
  check_fault(NP, ABSENT, return64_at, "CS that is not present raises #NP(CS)");
  set_segment(ABSENT, 0, 0xfffff, RIGHTS_CODE64 | 0x4000);
  go(return64, back, ABSENT, 0, top, KERNEL_DATA);
  check_fault(GP, ABSENT, return64_at, "CS with both L and D raises #GP(CS)");
}

static void operand_sizes(void) {
  static u32 frame32[5] ALIGNED(16);
  static u16 frame16[5] ALIGNED(16);
  frame32[0] = (u32)(word)back;
  frame32[1] = KERNEL_CODE;
  frame32[2] = FLAG_FIXED | FLAG_CF;
  frame32[3] = (u32)(word)(stack + sizeof stack);
  frame32[4] = KERNEL_DATA;
  check_equal(attempt(return32, frame32), NOTHING, "IRETD pops doublewords");
  check(seen[0] & FLAG_CF, "with the flags");
  // 16 bits of RIP reach only the first 64 KiB, where code is put for the purpose.
  memcpy((void *)0x8000, back, 64);
  frame16[0] = 0x8000;
  frame16[1] = KERNEL_CODE;
  frame16[2] = FLAG_FIXED | FLAG_CF;
  frame16[3] = 0x7000;
  frame16[4] = KERNEL_DATA;
  check_equal(attempt(return16, frame16), NOTHING, "IRETW pops words");
  check(seen[0] & FLAG_CF, "with the flags");
}

static void outer_rings(void) {
  const word top = (word)(user_stack + sizeof user_stack);
  go(return64, user_code, USER_CODE64, FLAG_IF, top - 1, USER_DATA);
  check_equal(caught.frame.vector, LEAVE, "IRETQ leads to ring 3");
  check_equal(caught.frame.sp, top - 1, "with its RSP");
  check_equal(caught.frame.ss, USER_DATA, "its SS");
  check(caught.frame.flags & FLAG_IF, "and its IF");
  go(return64, user_code, USER_CODE64, 0, top, 3);
  check_fault(GP, 0, return64_at, "ring 3 must not have a null SS");
  go(return64, user_code, USER_CODE64, 0, top, KERNEL_DATA | 3);
  check_fault(GP, KERNEL_DATA, return64_at, "nor one of DPL 0");
  go(return64, user_code, KERNEL_CODE | 3, 0, top, USER_DATA);
  check_fault(GP, KERNEL_CODE, return64_at, "nor CS of DPL 0");

  go(return64, user_code32, USER_CODE32, 0, top, USER_DATA);
  check_equal(caught.frame.vector, LEAVE, "IRETQ leads to compatibility mode");
  check_equal(caught.frame.cs, USER_CODE32, "where CS is 32-bit code");
  check_equal(caught.ax, (u32)top, "and 0x48 and 0x40 are DEC and INC, no prefixes");
  go(return64, undefined, USER_CODE32, 0, top | (word)5 << 32, USER_DATA);
  check_fault(UD, 0, undefined, "an exception in compatibility mode uses 64-bit gates");
  check_equal(caught.frame.cs, USER_CODE32, "and saves its CS");
  check_equal((u32)caught.frame.sp, (u32)top, "and its ESP");

  set_segment(CODE16, (word)user_code32 & ~(word)15, 0xffff, RIGHTS_CODE16 | RIGHTS_DPL3);
  go(return64, (void *)((word)user_code32 & 15), CODE16 | 3, 0, top, USER_DATA);
  check_equal(caught.frame.vector, LEAVE, "IRETQ leads to 16-bit code of compatibility mode");
  check(caught.frame.ip < 0x10000, "whose offsets have 16 bits");
  // Ring 3 cannot raise its rights by IRET.
  go(return64, user_code, USER_CODE64, FLAG_IOPL, top, USER_DATA);
  check(caught.frame.flags & FLAG_IOPL, "ring 0 sets IOPL");
}

CODE(user_return, "mov %ss, %ecx\n mov %rsp, %rdx\n push %rcx\n push %rdx\n push $0x3202\n push $0x2b\n push $user_code\n iretq");

static void from_ring3(void) {
  attempt_user(user_return);
  check_equal(caught.frame.vector, LEAVE, "IRETQ works in ring 3");
  check(!(caught.frame.flags & (FLAG_IOPL | FLAG_IF)), "where it changes neither IOPL nor IF");
}

void guest(void) {
  same_ring();
  operand_sizes();
  outer_rings();
  from_ring3();
}
