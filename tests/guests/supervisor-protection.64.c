// SMEP, SMAP with its explicit and implicit accesses, and UMIP (SDM volume 3, 4.6 and 2.5).
#include "support/paging.h"

#define ALIAS ((word)1 << 39) // where ring 3 sees the guest
#define WINDOW ((word)2 << 39)

CODE(load, "mov (%rax), %eax\n ret");
CODE(store, "movb $0xc3, (%rax)\n ret");
CODE(execute, "call *%rax\n ret");
CODE(load_with_ac, "stac\n mov (%rax), %eax\n clac\n ret");
CODE(load_without_ac, "stac\n clac\n load_without_ac_at: mov (%rax), %eax\n ret");
LABEL(load_without_ac_at);
CODE(user_load, "mov (%rax), %eax\n int $0x80");
CODE(user_set_fs, "mov %ax, %fs\n int $0x80");
CODE(user_stac, "stac\n int $0x80");
CODE(user_sgdt, "sgdt (%rax)\n int $0x80");
CODE(user_sidt, "sidt (%rax)\n int $0x80");
CODE(user_sldt, "sldt %eax\n int $0x80");
CODE(user_str, "str %eax\n int $0x80");
CODE(user_smsw, "smsw %eax\n int $0x80");
CODE(sgdt_code, "sgdt (%rax)\n smsw %edx\n ret");

static u8 *page;

static void smep(void) {
  if (!has_smep()) {
    skip("SMEP", "no SMEP");
    return;
  }
  *page = 0xc3;
  check_equal(attempt(execute, WINDOW), NOTHING, "without SMEP ring 0 executes user pages");
  write_cr4(read_cr4() | CR4_SMEP);
  attempt(execute, WINDOW);
  check_fault(PF, PF_PRESENT | PF_FETCH, (void *)WINDOW, "with SMEP it raises #PF(17)");
  check_equal(attempt(load, WINDOW), NOTHING, "SMEP leaves reading alone");
  set_entry(entry_of(WINDOW, 1), (word)page | P | W);
  check_equal(attempt(execute, WINDOW), NOTHING, "ring 0 executes supervisor pages");
  set_entry(entry_of(WINDOW, 1), (word)page | P | W | U);
  write_msr(MSR_EFER, read_msr(MSR_EFER) & ~(u64)EFER_NXE);
  attempt(execute, WINDOW);
  check_fault(PF, PF_PRESENT | PF_FETCH, (void *)WINDOW, "with SMEP the fetch bit does not need NXE");
  write_msr(MSR_EFER, read_msr(MSR_EFER) | EFER_NXE);
  write_cr4(read_cr4() & ~(word)CR4_SMEP);
}

static void smap(void) {
  if (!has_smap()) {
    skip("SMAP", "no SMAP");
    return;
  }
  attempt(load_with_ac, WINDOW);
  check_equal(caught.frame.vector, NOTHING, "STAC and CLAC work without CR4.SMAP");
  write_cr4(read_cr4() | CR4_SMAP);
  attempt(load, WINDOW);
  check_fault(PF, PF_PRESENT, load, "with SMAP ring 0 may not read user pages, #PF(1)");
  attempt(store, WINDOW);
  check_fault(PF, PF_PRESENT | PF_WRITE, store, "nor write them, #PF(3)");
  write_cr0(read_cr0() & ~(word)CR0_WP);
  attempt(store, WINDOW);
  check_fault(PF, PF_PRESENT | PF_WRITE, store, "CR0.WP does not matter for that");
  write_cr0(read_cr0() | CR0_WP);
  check_equal(attempt(load_with_ac, WINDOW), NOTHING, "STAC allows it");
  attempt(load_without_ac, WINDOW);
  check_fault(PF, PF_PRESENT, load_without_ac_at, "CLAC forbids it again");
  check_equal(attempt(execute, WINDOW), NOTHING, "SMAP leaves execution alone");
  check_equal(attempt_user(user_load, WINDOW), LEAVE, "and ring 3");
  attempt_user(user_stac);
  check(caught.frame.vector == UD, "STAC in ring 3 raises #UD");

  // A descriptor table whose last part lies in a user page: loading a segment register is an implicit
  // supervisor access, which EFLAGS.AC does not help.
  u8 *supervisor = new_page();
  memcpy(supervisor + 4096 - SPARE, gdt, SPARE);
  *(u64 *)page = segment(0, 0xfffff, RIGHTS_DATA | RIGHTS_DPL3);
  set_entry(entry_of(WINDOW - 4096, 1), (word)supervisor | P | W);
  struct table_register table = {SPARE + 7, WINDOW - SPARE};
  asm volatile("lgdt %0" ::"m"(table));
  attempt_user(user_set_fs, SPARE | 3);
  const struct frame frame = caught.frame;
  const word cr2 = caught.cr2;
  const u32 with_ac = attempt_outer((word)user_set_fs, USER_CODE64, USER_DATA, FLAG_AC, (word[4]){SPARE | 3});
  load_gdt();
  check_equal(frame.vector, PF, "an implicit access to a user page raises #PF");
  check_equal(frame.error, PF_PRESENT, "as an access of ring 0");
  check_equal(cr2, WINDOW, "at the descriptor");
  check_equal(with_ac, PF, "whatever EFLAGS.AC is");
  write_cr4(read_cr4() & ~(word)CR4_SMAP);
}

static void implicit_accesses(void) {
  set_entry(entry_of(WINDOW, 1), (word)page | P | W);
  memcpy((void *)WINDOW, gdt, sizeof gdt);
  struct table_register table = {sizeof gdt - 1, WINDOW};
  u64 *descriptor = (u64 *)(page + SPARE);
  *descriptor = segment(0, 0xfffff, (RIGHTS_DATA | RIGHTS_DPL3) & ~1);
  asm volatile("lgdt %0" ::"m"(table));
  const u32 first = attempt_user(user_set_fs, SPARE | 3);
  const u64 used = *descriptor;
  // The accessed bit cannot be set in a page that is not writable.
  *descriptor &= ~((u64)1 << 40);
  set_entry(entry_of(WINDOW, 1), (word)page | P);
  attempt_user(user_set_fs, SPARE | 3);
  const struct frame frame = caught.frame;
  *descriptor |= (u64)1 << 40;
  const u32 last = attempt_user(user_set_fs, SPARE | 3);
  load_gdt();
  set_entry(entry_of(WINDOW, 1), (word)page | P | W | U);
  check_equal(first, LEAVE, "ring 3 loads segments from a GDT in supervisor pages");
  check(used >> 40 & 1, "which sets the descriptor's accessed bit");
  check_equal(frame.vector, PF, "setting it in a read-only page raises #PF");
  check_equal(frame.error, PF_PRESENT | PF_WRITE, "as a write of ring 0");
  check_equal(last, LEAVE, "no write happens when it is set already");
}

static void umip(void) {
  static const struct {
    const char *code, *name;
  } cases[] = {{user_sgdt, "SGDT"}, {user_sidt, "SIDT"}, {user_sldt, "SLDT"}, {user_str, "STR"}, {user_smsw, "SMSW"}};
  for (u32 i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    print("# ");
    print(cases[i].name);
    print("\n");
    check_equal(attempt_user(cases[i].code, WINDOW), LEAVE, "without UMIP ring 3 may use it");
    if (!has_umip()) continue;
    write_cr4(read_cr4() | CR4_UMIP);
    attempt_user(cases[i].code, WINDOW);
    check_fault(GP, 0, cases[i].code + ALIAS, "with UMIP it raises #GP(0) in ring 3");
    write_cr4(read_cr4() & ~(word)CR4_UMIP);
  }
  if (!has_umip()) {
    skip("UMIP", "no UMIP");
    return;
  }
  write_cr4(read_cr4() | CR4_UMIP);
  check_equal(attempt(sgdt_code, WINDOW), NOTHING, "UMIP does not concern ring 0");
  write_cr4(read_cr4() & ~(word)CR4_UMIP);
}

void guest(void) {
  write_msr(MSR_EFER, read_msr(MSR_EFER) | EFER_NXE);
  write_cr0(read_cr0() | CR0_WP);
  page = new_page();
  set_entry(entry_of(WINDOW, 1), (word)page | P | W | U);
  set_entry(entry_of(ALIAS, 2), P | W | U | LARGE);
  set_entry(entry_of(0, 4), *entry_of(0, 4) & ~U);
  user_alias = ALIAS;
  attempt_user(user_load, gdt);
  check_fault(PF, PF_PRESENT | PF_USER, user_load + ALIAS, "ring 3 may not read the guest's own pages");
  smep();
  smap();
  implicit_accesses();
  umip();
}
