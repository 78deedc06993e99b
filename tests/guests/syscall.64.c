// SYSCALL, SYSRET, SYSENTER and SYSEXIT from 64-bit and compatibility mode (SDM volume 3, 5.8.7 and 5.8.8; AMD
// APM volume 2, 6.1).
#include "support/trap.h"

#define MASK (FLAG_IF | FLAG_TF | FLAG_DF | FLAG_NT)

volatile struct {
  u64 rcx, r11, cs, ss, flags, rsp;
} seen;
static u8 kernel_stack[4096] ALIGNED(16);
#define RECORD                                                                                                         \
  "mov %rcx, seen\n mov %r11, seen + 8\n mov %cs, seen + 16\n mov %ss, seen + 24\n mov %rsp, seen + 40\n"              \
  "mov kernel_stack_top, %rsp\n pushfq\n popq seen + 32\n mov seen + 40, %rsp\n"
u64 kernel_stack_top;
CODE(kernel_entry, RECORD "sysretq");
CODE(kernel_entry_compat, RECORD "sysretl");
CODE(kernel_entry_far, RECORD "bts $47, %rcx\n kernel_entry_far_at: sysretq");
LABEL(kernel_entry_far_at);
CODE(fast_entry, RECORD "mov $fast_exit, %edx\n mov %r8, %rcx\n rex.w sysexit");
CODE(fast_entry_compat, RECORD "mov $fast_exit, %edx\n mov %r8, %rcx\n sysexitl");
CODE(fast_exit, "mov %cs, %eax\n mov %ss, %ebx\n mov %rsp, %rsi\n int $0x80");
CODE(user_syscall, "stc\n std\n syscall\n user_syscall_after: mov %cs, %eax\n mov %ss, %edx\n int $0x80");
LABEL(user_syscall_after);
CODE(user_syscall_plain, "syscall\n int $0x80");
CODE(user_sysenter, "mov %rsp, %r8\n stc\n user_sysenter_at: sysenter");
LABEL(user_sysenter_at);
CODE(user_sysret, "sysretq");
CODE(user_sysexit, "sysexitl");
CODE(kernel_sysret, "sysretq");
CODE(kernel_sysexit, "sysexitl");
// The same bytes in compatibility mode, whose stack and code are below 4 GiB.
CODE(compat_syscall, ".code32\n stc\n syscall\n compat_syscall_after: mov %cs, %eax\n int $0x80\n .code64");
LABEL(compat_syscall_after);
CODE(compat_sysenter, ".code32\n compat_sysenter_at: sysenter\n .code64");
LABEL(compat_sysenter_at);

static u32 from_compat(const void *code) { return attempt_outer((word)code, USER_CODE32, USER_DATA, 0, (word[4]){0}); }

static void syscall(void) {
  const u64 star = (u64)(USER_CODE32 & ~3) << 48 | (u64)KERNEL_CODE << 32;
  write_msr(MSR_STAR, star);
  write_msr(MSR_LSTAR, (u64)kernel_entry);
  write_msr(MSR_CSTAR, (u64)kernel_entry_compat);
  write_msr(MSR_SFMASK, MASK);
  write_msr(MSR_EFER, read_msr(MSR_EFER) & ~(u64)EFER_SCE);
  attempt_user(user_syscall_plain);
  check_fault(UD, 0, user_syscall_plain, "SYSCALL without EFER.SCE raises #UD");
  attempt(kernel_sysret);
  check_fault(UD, 0, kernel_sysret, "so does SYSRET");
  write_msr(MSR_EFER, read_msr(MSR_EFER) | EFER_SCE);

  attempt_outer((word)user_syscall, USER_CODE64, USER_DATA, FLAG_IF, (word[4]){0});
  check_equal(caught.frame.vector, LEAVE, "SYSCALL enters ring 0 and SYSRET leaves it");
  check_equal(seen.rcx, (word)user_syscall_after, "RCX holds the return address");
  check_equal(seen.r11 & 0xed5, FLAG_IF | FLAG_DF | FLAG_CF, "R11 holds the flags");
  check_equal(seen.flags & MASK, 0, "SFMASK's flags are cleared");
  check(seen.flags & FLAG_CF, "others stay");
  check_equal(seen.cs & 0xffff, KERNEL_CODE, "CS is STAR[47:32]");
  check_equal(seen.ss & 0xffff, KERNEL_CODE + 8, "SS is 8 above");
  check_equal(seen.rsp, (word)(user_stack + sizeof user_stack - 64), "RSP stays");
  check_equal(caught.ax & 0xffff, USER_CODE64, "back in ring 3, CS is 16 above STAR[63:48], RPL 3");
  check_equal(caught.frame.dx & 0xffff, (USER_CODE64 - 8) | 3, "and SS 8 above");
  check((caught.frame.flags & (FLAG_IF | FLAG_DF | FLAG_CF)) == (FLAG_IF | FLAG_DF | FLAG_CF), "the flags are back");
  check_equal(caught.frame.cs, USER_CODE64, "and code is 64-bit");

  write_msr(MSR_LSTAR, (u64)kernel_entry_compat);
  attempt_user(user_syscall);
  check(caught.frame.cs == USER_CODE32, "SYSRET with a 32-bit operand returns to compatibility mode");
  attempt_user(user_sysret);
  check_fault(GP, 0, user_sysret, "SYSRET in ring 3 raises #GP(0)");
  write_msr(MSR_LSTAR, (u64)kernel_entry_far);
  attempt_user(user_syscall);
  if (is_intel()) {
    check_fault(GP, 0, kernel_entry_far_at, "SYSRET to a non-canonical address raises #GP(0) in ring 0 (Intel)");
  } else {
    check(caught.frame.vector == GP || caught.frame.vector == PF, "SYSRET to a non-canonical address faults (AMD)");
  }
}

static void from_compatibility_mode(void) {
  from_compat(compat_syscall);
  if (is_intel()) {
    check_fault(UD, 0, compat_syscall + 1, "SYSCALL in compatibility mode raises #UD (Intel)");
  } else {
    check_equal(caught.frame.vector, LEAVE, "SYSCALL in compatibility mode enters at CSTAR (AMD)");
    check_equal(seen.rcx, (word)compat_syscall_after, "with the return address");
    check_equal(caught.ax & 0xffff, USER_CODE32, "and SYSRETL goes back");
  }
  write_msr(MSR_SYSENTER_CS, KERNEL_CODE);
  write_msr(MSR_SYSENTER_ESP, (u64)(kernel_stack + sizeof kernel_stack));
  write_msr(MSR_SYSENTER_EIP, (u64)fast_entry);
  check_equal(read_msr(MSR_SYSENTER_EIP), (u64)fast_entry, "the SYSENTER MSRs hold 64 bits");
  if (!is_intel()) {
    attempt_user(user_sysenter);
    check_fault(UD, 0, user_sysenter_at, "SYSENTER in long mode raises #UD (AMD)");
    from_compat(compat_sysenter);
    check_fault(UD, 0, compat_sysenter_at, "in compatibility mode too (AMD)");
    return;
  }
  attempt_outer((word)user_sysenter, USER_CODE64, USER_DATA, FLAG_IF, (word[4]){0});
  check_equal(caught.frame.vector, LEAVE, "SYSENTER enters ring 0 and SYSEXIT leaves it");
  check_equal(seen.rsp, (word)(kernel_stack + sizeof kernel_stack), "RSP comes from its MSR");
  check_equal(seen.cs & 0xffff, KERNEL_CODE, "CS too");
  check_equal(seen.ss & 0xffff, KERNEL_CODE + 8, "SS is 8 above");
  check(!(seen.flags & FLAG_IF), "IF is clear");
  check(seen.flags & FLAG_CF, "other flags stay");
  check_equal(caught.ax & 0xffff, (KERNEL_CODE + 32) | 3, "64-bit SYSEXIT sets CS 32 above, RPL 3");
  check_equal(caught.frame.bx & 0xffff, (KERNEL_CODE + 40) | 3, "SS 40 above");
  check_equal(caught.frame.si, (word)(user_stack + sizeof user_stack - 64), "and RSP from RCX");
  write_msr(MSR_SYSENTER_EIP, (u64)fast_entry_compat);
  attempt_user(user_sysenter);
  check_equal(caught.frame.cs, (KERNEL_CODE + 16) | 3, "32-bit SYSEXIT sets CS 16 above");
  check_equal(caught.frame.ss, (KERNEL_CODE + 24) | 3, "and SS 24 above");
  attempt_user(user_sysexit);
  check_fault(GP, 0, user_sysexit, "SYSEXIT in ring 3 raises #GP(0)");
  write_msr(MSR_SYSENTER_CS, 0);
  attempt_user(user_sysenter);
  check_fault(GP, 0, user_sysenter_at, "a null selector in its MSR disables SYSENTER, #GP(0)");
  attempt(kernel_sysexit);
  check_fault(GP, 0, kernel_sysexit, "and SYSEXIT");
}

void guest(void) {
  kernel_stack_top = (word)(kernel_stack + sizeof kernel_stack);
  syscall();
  from_compatibility_mode();
}
