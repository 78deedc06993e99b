// PAE paging: the four pointers that CR3 loads, NX, 2 MiB pages and addresses past 4 GiB (SDM volume 3, 4.4).
#include "support/paging.h"

#define WINDOW 0xd0345000u

CODE(load, "mov (%eax), %eax\n ret");
CODE(store, "mov %edx, (%eax)\n ret");
CODE(execute, "call *%eax\n ret");
CODE(set_cr3, "mov %eax, %cr3\n ret");
CODE(user_store, "mov %edx, (%eax)\n int $0x80");
CODE(user_execute, "jmp *%eax");

static u64 pointers[4] ALIGNED(32), others[5] ALIGNED(32);
static u32 *page;
#define entry_of(address, level) page_entry(pointers, 3, address, level)

static void pointer_table(void) {
  memcpy(others, pointers, sizeof pointers);
  static const struct {
    u64 bits;
    const char *name;
  } reserved[] = {{W, "bit 1 of a pointer is reserved"},
                  {U, "bit 2 of a pointer is reserved"},
                  {A, "bit 5 of a pointer is reserved"},
                  {(u64)1 << 63, "bit 63 of a pointer is reserved"}};
  for (u32 i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
    others[2] = pointers[2] | reserved[i].bits;
    attempt(set_cr3, others);
    check_fault(GP, 0, set_cr3, reserved[i].name);
    check_equal(read_cr3(), (word)pointers, "and CR3 keeps its value");
  }
  others[2] = pointers[2] & ~P;
  others[2] |= W;
  check_equal(attempt(set_cr3, others), NOTHING, "but not in one that is not present");
  attempt(load, 0x80000000);
  check_fault(PF, 0, load, "which raises #PF(0) when used");
  write_cr3((word)pointers);

  // The pointers are read when CR3 is loaded, not when a page is looked up.
  u64 *directory = new_page();
  memcpy(directory, (void *)(word)(pointers[3] & FRAME), 4096);
  directory[WINDOW >> 21 & 511] = 0x600000 | P | W | U | LARGE;
  *(u32 *)(0x600000 + (WINDOW & 0x1fffff)) = 0x0ff;
  *page = 0x0de;
  const u64 before = pointers[3];
  *(volatile u64 *)&pointers[3] = (word)directory | P;
  invlpg((void *)WINDOW);
  const u32 cached = *(volatile u32 *)WINDOW;
  write_cr3((word)pointers);
  const u32 loaded = *(volatile u32 *)WINDOW;
  *(volatile u64 *)&pointers[3] = before;
  write_cr3((word)pointers);
  check_equal(cached, 0x0de, "a changed pointer has no effect before CR3 is loaded");
  check_equal(loaded, 0x0ff, "and has it then");
}

static void faults(void) {
  u64 *entry = entry_of(WINDOW, 1);
  set_entry(entry, 0);
  attempt(load, WINDOW);
  check_fault(PF, 0, load, "a page that is not present raises #PF(0)");
  set_entry(entry, (word)page | P | U);
  attempt_user(user_store, WINDOW, 1);
  check_fault(PF, PF_PRESENT | PF_WRITE | PF_USER, user_store, "a write to a read-only page raises #PF(7)");
  write_cr0(read_cr0() | CR0_WP);
  attempt(store, WINDOW, 1);
  check_fault(PF, PF_PRESENT | PF_WRITE, store, "with CR0.WP #PF(3) in ring 0");
  set_entry(entry, (word)page | P | W | U | (u64)1 << 62);
  attempt(load, WINDOW);
  check_fault(PF, PF_PRESENT | PF_RESERVED, load, "bit 62 is reserved, #PF(9)");
  if (has_nx()) {
    set_entry(entry, (word)page | P | W | U | NX);
    attempt(load, WINDOW);
    check_fault(PF, PF_PRESENT | PF_RESERVED, load, "bit 63 is reserved without NXE");
    write_msr(MSR_EFER, read_msr(MSR_EFER) | EFER_NXE);
    flush();
    attempt(execute, WINDOW);
    check_fault(PF, PF_PRESENT | PF_FETCH, (void *)WINDOW, "with NXE a fetch raises #PF(17)");
    attempt_user(user_execute, WINDOW);
    check_fault(PF, PF_PRESENT | PF_FETCH | PF_USER, (void *)WINDOW, "and #PF(21) in ring 3");
    check_equal(attempt(load, WINDOW), NOTHING, "reading is allowed");
    u64 *directory_entry = entry_of(WINDOW, 2);
    set_entry(entry, (word)page | P | W | U);
    *page = 0xc3;
    set_entry(directory_entry, *directory_entry | NX);
    check_equal(attempt(execute, WINDOW), PF, "NX in the directory counts as well");
    set_entry(directory_entry, *directory_entry & ~NX);
    check_equal(attempt(execute, WINDOW), NOTHING, "without NX it executes");
  } else {
    skip("NX", "no NX");
  }
}

static void large_and_far_pages(void) {
  u64 *entry = entry_of(WINDOW, 2);
  const u64 before = *entry;
  *(u32 *)(0x600000 + (WINDOW & 0x1fffff)) = 0x2a;
  set_entry(entry, 0x600000 | P | W | U | LARGE);
  attempt(load, WINDOW);
  check_equal(caught.ax, 0x2a, "a 2 MiB page maps its frame, whatever CR4.PSE");
  check_equal(*entry & (A | D), A, "and has an accessed bit");
  attempt(store, WINDOW, 1);
  check_equal(*entry & (A | D), A | D, "and a dirty bit");
  set_entry(entry, 0x600000 | P | W | U | LARGE | 1 << 14);
  attempt(load, WINDOW);
  check_fault(PF, PF_PRESENT | PF_RESERVED, load, "whose bits 13 to 20 are reserved");
  set_entry(entry, before);
  // No RAM past 4 GiB is needed to see that the address is more than 32 bits wide.
  *page = 0x1234;
  set_entry(entry_of(WINDOW, 1), (word)page | (u64)1 << 34 | P | W);
  attempt(load, WINDOW);
  check(caught.frame.vector == NOTHING && caught.ax != 0x1234, "frames past 4 GiB are not those below");
  set_entry(entry_of(WINDOW, 1), (word)page | P | W);
}

static void used_bits(void) {
  u64 *entry = entry_of(WINDOW, 1), *directory_entry = entry_of(WINDOW, 2);
  set_entry(directory_entry, *directory_entry & ~(A | D));
  set_entry(entry, *entry & ~(A | D));
  attempt(load, WINDOW);
  check((*directory_entry & A) && (*entry & (A | D)) == A, "a read sets the accessed bits");
  attempt(store, WINDOW, 1);
  check_equal(*entry & (A | D), A | D, "a write sets the dirty bit");
  check_equal(pointers[3] & 0xfff, P, "the pointers have neither");
}

void guest(void) {
  for (u32 address = 0;; address += 0x200000) {
    *entry_of(address, 2) = address | P | W | U | LARGE;
    if (address == 0xffe00000) break;
  }
  page = new_page();
  *entry_of(WINDOW, 2) = 0;
  *entry_of(WINDOW, 1) = (word)page | P | W | U;
  write_cr4(read_cr4() | CR4_PAE);
  write_cr3((word)pointers);
  write_cr0(read_cr0() | CR0_PG);
  check(read_cr0() >> 31, "paging is on");
  pointer_table();
  faults();
  large_and_far_pages();
  used_bits();
}
