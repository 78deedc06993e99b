// 5-level paging: 57-bit addresses, the fifth table, and the way in and out (SDM volume 3, 4.1 and 4.5).
#include "support/paging.h"

CODE(load, "mov (%rax), %eax\n ret");
CODE(store, "mov %edx, (%rax)\n ret");
CODE(set_cr4, "mov %rax, %cr4\n ret");
CODE(user_load, "mov (%rax), %eax\n int $0x80");
CODE(invlpg_code, "invlpg (%rax)\n ret");

// change_levels(cr3, cr4): leaves long mode through compatibility mode, as LA57 may only change with paging off.
void change_levels(u32 cr3, u32 cr4);
asm("change_levels:\n push %rbx\n mov %edi, %ecx\n mov %esi, %ebx\n"
    "pushq $0x38\n pushq $1f\n lretq\n .code32\n"
    "1: mov %cr0, %eax\n and $0x7fffffff, %eax\n mov %eax, %cr0\n"
    "mov %ebx, %cr4\n mov %ecx, %cr3\n or $0x80000000, %eax\n mov %eax, %cr0\n"
    "ljmp $8, $2f\n .code64\n 2: pop %rbx\n ret");

static u64 *top;
#define entry_of_5(address, level) page_entry(top, 5, address, level)

static void map(word address, u64 page, u32 value) {
  *(u32 *)page = value;
  set_entry(entry_of_5(address, 1), page | P | W | U);
}

void guest(void) {
  if (!has_la57()) {
    skip("5-level paging", "no LA57");
    return;
  }
  const word far = (word)1 << 55 | (word)5 << 48 | (word)0x123456789 << 12, upper = ~(((word)1 << 56) - 1);
  attempt(set_cr4, read_cr4() | CR4_LA57);
  check_fault(GP, 0, set_cr4, "CR4.LA57 cannot change in long mode");
  check_equal(attempt(load, (word)1 << 55), GP, "addresses have 48 bits with four levels");

  top = new_page();
  top[0] = (word)boot_top | P | W | U;
  change_levels((word)top, read_cr4() | CR4_LA57);
  check(read_cr4() >> 12 & 1, "CR4.LA57 is set with paging off");
  check(read_msr(MSR_EFER) >> 10 & 1, "and long mode comes back");

  const u64 page = (word)new_page();
  map(far, page, 57);
  attempt(load, far);
  check_equal(caught.ax, 57, "an address of 57 bits is mapped");
  check(*entry_of_5(far, 5) & A, "the accessed bit of the fifth level is set");
  map(upper, (word)new_page(), 58);
  attempt(load, upper);
  check_equal(caught.ax, 58, "the upper half begins at 2^64 - 2^56");
  attempt(load, (word)1 << 56);
  check_fault(GP, 0, load, "2^56 is not canonical");
  attempt(load, upper - 1);
  check_fault(GP, 0, load, "nor is the address below the upper half");
  attempt(load, (word)0xfffe << 48);
  check_equal(caught.frame.vector, PF, "an address of 57 bits that is not mapped raises #PF");
  check_equal(caught.cr2, (word)0xfffe << 48, "with all of it in CR2");

  u64 *entry = entry_of_5(far, 5);
  const u64 before = *entry;
  set_entry(entry, before & ~P);
  attempt(load, far);
  check_fault(PF, 0, load, "an entry of the fifth level can be absent");
  set_entry(entry, before & ~W);
  write_cr0(read_cr0() | CR0_WP);
  attempt(store, far, 1);
  check_fault(PF, PF_PRESENT | PF_WRITE, store, "read-only");
  set_entry(entry, before & ~U);
  attempt_user(user_load, far);
  check_fault(PF, PF_PRESENT | PF_USER, user_load, "for supervisors only");
  set_entry(entry, before | LARGE);
  attempt(load, far);
  check_fault(PF, PF_PRESENT | PF_RESERVED, load, "and has no bit 7");
  set_entry(entry, before);
  *(volatile u64 *)entry_of_5(far, 1) = page | P;
  attempt(invlpg_code, far);
  check_equal(attempt(store, far, 1), PF, "INVLPG takes 57-bit addresses");
  write_msr(MSR_GS_BASE, (u64)1 << 55);
  check_equal(read_msr(MSR_GS_BASE), (u64)1 << 55, "so do the base MSRs");
  write_msr(MSR_GS_BASE, 0);
  attempt(set_cr4, read_cr4() & ~(word)CR4_LA57);
  check_fault(GP, 0, set_cr4, "LA57 cannot be cleared in long mode either");

  change_levels((word)boot_top, read_cr4() & ~(word)CR4_LA57);
  check_equal(attempt(load, (word)1 << 55), GP, "back with four levels addresses have 48 bits");
}
