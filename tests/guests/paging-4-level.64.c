// 4-level paging: faults and their error codes, permissions of every level, large pages, accessed and dirty
// bits, reserved bits, WP and NX (SDM volume 3, chapter 4).
#include "support/paging.h"

#define WINDOW ((word)0x123 << 39 | (word)0x45 << 30 | (word)0x67 << 21 | (word)0x89 << 12 | 0xffff000000000000)

CODE(load, "mov (%rax), %eax\n ret");
CODE(store, "mov %edx, (%rax)\n ret");
CODE(modify, "lock incl (%rax)\n ret");
CODE(execute, "call *%rax\n ret");
CODE(user_load, "mov (%rax), %eax\n int $0x80");
CODE(user_store, "mov %edx, (%rax)\n int $0x80");
CODE(user_execute, "jmp *%rax");

static word address;
static u64 page;

static void missing(u32 error, u32 level, const char *name) {
  u64 *entry = entry_of(address, level);
  const u64 before = *entry;
  set_entry(entry, before & ~P);
  attempt(load, address);
  check_fault(PF, error, load, name);
  check_equal(caught.cr2, address, "with the address in CR2");
  set_entry(entry, before);
}

static void not_present(void) {
  missing(0, 1, "a page that is not present raises #PF(0)");
  missing(0, 2, "a page table that is not present does too");
  missing(0, 3, "a page directory that is not present does too");
  missing(0, 4, "a page-directory-pointer table that is not present does too");
  set_entry(entry_of(address, 1), 0);
  attempt(store, address + 0xabc, 0);
  check_fault(PF, PF_WRITE, store, "a write raises #PF(2)");
  check_equal(caught.cr2, address + 0xabc, "CR2 has the offset in the page");
  attempt(modify, address);
  check_fault(PF, PF_WRITE, modify, "read-modify-write counts as a write");
  attempt_user(user_load, address);
  check_fault(PF, PF_USER, user_load, "a read in ring 3 raises #PF(4)");
  attempt_user(user_store, address);
  check_fault(PF, PF_USER | PF_WRITE, user_store, "a write in ring 3 raises #PF(6)");
  write_msr(MSR_EFER, read_msr(MSR_EFER) & ~(u64)EFER_NXE);
  attempt(execute, address);
  check_fault(PF, 0, (void *)address, "a fetch without NXE counts as a read, at the target");
  write_msr(MSR_EFER, read_msr(MSR_EFER) | EFER_NXE);
  attempt(execute, address);
  check_fault(PF, PF_FETCH, (void *)address, "a fetch with NXE raises #PF(16)");
  attempt_user(user_execute, address);
  check_fault(PF, PF_FETCH | PF_USER, (void *)address, "a fetch in ring 3 raises #PF(20)");
}

// The same bit cleared at each level in turn must have the same effect.
static void permissions(void) {
  static const char *const write_names[] = {"W=0 in the page-table entry", "W=0 in the page-directory entry",
                                            "W=0 in the page-directory-pointer entry", "W=0 in the PML4 entry"};
  static const char *const user_names[] = {"U=0 in the page-table entry", "U=0 in the page-directory entry",
                                           "U=0 in the page-directory-pointer entry", "U=0 in the PML4 entry"};
  static const char *const execute_names[] = {"NX in the page-table entry", "NX in the page-directory entry",
                                              "NX in the page-directory-pointer entry", "NX in the PML4 entry"};
  set_entry(entry_of(address, 1), page | P | W | U);
  for (u32 level = 1; level <= 4; level++) {
    u64 *entry = entry_of(address, level);
    const u64 before = *entry;
    set_entry(entry, before & ~W);
    print("# ");
    print(write_names[level - 1]);
    print("\n");
    write_cr0(read_cr0() & ~(word)CR0_WP);
    check_equal(attempt(store, address, level), NOTHING, "ring 0 may write without CR0.WP");
    check_equal(*(u32 *)page, level, "and does");
    check_equal(attempt_user(user_store, address, 0), PF, "ring 3 may not");
    check_equal(caught.frame.error, PF_PRESENT | PF_WRITE | PF_USER, "which raises #PF(7)");
    write_cr0(read_cr0() | CR0_WP);
    attempt(store, address, 0);
    check_fault(PF, PF_PRESENT | PF_WRITE, store, "with CR0.WP ring 0 may not, #PF(3)");
    check_equal(attempt_user(user_load, address), LEAVE, "ring 3 may read");
    check_equal(caught.ax, level, "what is there");

    set_entry(entry, before & ~U);
    print("# ");
    print(user_names[level - 1]);
    print("\n");
    attempt_user(user_load, address);
    check_fault(PF, PF_PRESENT | PF_USER, user_load, "ring 3 may not read, #PF(5)");
    attempt_user(user_store, address);
    check_fault(PF, PF_PRESENT | PF_USER | PF_WRITE, user_store, "ring 3 may not write, #PF(7)");
    check_equal(attempt(store, address, level), NOTHING, "ring 0 may");

    *(u8 *)page = 0xc3; // RET
    set_entry(entry, before | NX);
    print("# ");
    print(execute_names[level - 1]);
    print("\n");
    attempt(execute, address);
    check_fault(PF, PF_PRESENT | PF_FETCH, (void *)address, "ring 0 may not execute, #PF(17)");
    attempt_user(user_execute, address);
    check_fault(PF, PF_PRESENT | PF_FETCH | PF_USER, (void *)address, "ring 3 may not execute, #PF(21)");
    check_equal(attempt(load, address), NOTHING, "reading is allowed");
    set_entry(entry, before);
    check_equal(attempt(execute, address), NOTHING, "without NX it executes");
  }
}

static void reserved(u32 level, u64 bits, const char *name) {
  u64 *entry = entry_of(address, level);
  const u64 before = *entry;
  set_entry(entry, before | bits);
  attempt(load, address);
  check_fault(PF, PF_PRESENT | PF_RESERVED, load, name);
  attempt_user(user_store, address);
  check_fault(PF, PF_PRESENT | PF_RESERVED | PF_USER | PF_WRITE, user_store, "and #PF(15) for a write in ring 3");
  set_entry(entry, before & ~P);
  *(volatile u64 *)entry |= bits;
  attempt(load, address);
  check_fault(PF, 0, load, "but not where the entry is not present");
  set_entry(entry, before);
}

static void reserved_bits(void) {
  const u32 width = cpuid(0x80000008, 0).a & 0xff;
  if (width < 52) {
    reserved(1, (u64)1 << width, "an address bit past MAXPHYADDR in a page-table entry raises #PF(9)");
    reserved(2, (u64)1 << 51, "so does one in a page-directory entry");
    reserved(3, (u64)1 << 51, "so does one in a page-directory-pointer entry");
    reserved(4, (u64)1 << 51, "so does one in a PML4 entry");
  } else {
    skip("an address bit past MAXPHYADDR raises #PF(9)", "MAXPHYADDR is 52");
  }
  reserved(4, LARGE, "bit 7 of a PML4 entry is reserved");
  write_msr(MSR_EFER, read_msr(MSR_EFER) & ~(u64)EFER_NXE);
  reserved(1, NX, "bit 63 of a page-table entry without NXE is reserved");
  reserved(3, NX, "bit 63 of a page-directory-pointer entry without NXE is reserved");
  write_msr(MSR_EFER, read_msr(MSR_EFER) | EFER_NXE);
}

// Accessed bits of all levels, lowest first, then the dirty bit of the leaf.
static u32 used_bits(u32 leaf) {
  u32 bits = 0;
  for (u32 level = leaf; level <= 4; level++) bits |= (*entry_of(address, level) & A ? 1 : 0) << (level - leaf);
  return bits << 1 | (*entry_of(address, leaf) & D ? 1 : 0);
}
static void clear_used_bits(u32 leaf) {
  for (u32 level = leaf; level <= 4; level++) *entry_of(address, level) &= ~(A | D);
  flush();
}

static void accessed_and_dirty(u32 leaf, const char *name) {
  const u32 all = ((1u << (5 - leaf)) - 1) << 1;
  print("# ");
  print(name);
  print("\n");
  clear_used_bits(leaf);
  attempt(load, address);
  check_equal(used_bits(leaf), all, "a read sets the accessed bit of every level and no dirty bit");
  attempt(store, address, 1);
  check_equal(used_bits(leaf), all | 1, "a write after it sets the dirty bit of the page");
  clear_used_bits(leaf);
  attempt(store, address, 0xc3);
  check_equal(used_bits(leaf), all | 1, "a first write sets both");
  clear_used_bits(leaf);
  attempt(execute, address);
  check_equal(used_bits(leaf), all, "a fetch sets the accessed bits");
  clear_used_bits(leaf);
  *entry_of(address, leaf) &= ~W;
  flush();
  attempt(store, address, 1);
  check(caught.frame.vector == PF && !(used_bits(leaf) & 1), "a write that faults sets no dirty bit");
  *entry_of(address, leaf) |= W;
  flush();
}

static void large_pages(void) {
  u64 *directory = entry_of(address, 2), *pointers = entry_of(address, 3);
  const u64 small = *directory, table = *pointers;
  const u64 offset = address & 0x1fffff, giant_offset = address & 0x3fffffff;
  static const u32 value = 0x600dda7a;
  // A 2 MiB frame of RAM at 4 MiB, whose offset of the window holds a value.
  u32 *target = (u32 *)(0x400000 + offset);
  *target = value;
  set_entry(directory, 0x400000 | P | W | U | LARGE);
  attempt(load, address);
  check_equal(caught.ax, value, "a 2 MiB page maps its frame");
  accessed_and_dirty(2, "a 2 MiB page");
  reserved(2, 1 << 13, "bit 13 of a 2 MiB entry is reserved");
  reserved(2, 1 << 20, "bit 20 of a 2 MiB entry is reserved");
  set_entry(directory, 0x400000 | P | U | LARGE | 1 << 12);
  check_equal(attempt(load, address), NOTHING, "bit 12 of a 2 MiB entry is not reserved");
  check_equal(attempt_user(user_store, address, 0), PF, "a 2 MiB page has permissions");
  set_entry(directory, small);
  attempt(load, address);
  check(caught.frame.vector == NOTHING && caught.ax == *(u32 *)page, "a 4 KiB page in its place maps its own frame");
  if (has_giant_pages()) {
    *(u32 *)(giant_offset & 0x7ffffff) = value;
    set_entry(pointers, P | W | U | LARGE);
    // Only the first 128 MiB of the page are RAM.
    address = (address & ~(word)0x3fffffff) | (giant_offset & 0x7ffffff);
    attempt(load, address);
    check_equal(caught.ax, value, "a 1 GiB page maps its frame");
    accessed_and_dirty(3, "a 1 GiB page");
    reserved(3, 1 << 13, "bit 13 of a 1 GiB entry is reserved");
    reserved(3, 1 << 29, "bit 29 of a 1 GiB entry is reserved");
    set_entry(pointers, table);
    address = WINDOW;
  } else {
    skip("a 1 GiB page maps its frame", "no 1 GiB pages");
    reserved(3, LARGE, "bit 7 of a page-directory-pointer entry is reserved");
  }
}

void guest(void) {
  write_msr(MSR_EFER, read_msr(MSR_EFER) | EFER_NXE);
  address = WINDOW;
  page = (u64)new_page();
  set_entry(entry_of(address, 1), page | P | W | U);
  not_present();
  permissions();
  accessed_and_dirty(1, "a 4 KiB page");
  reserved_bits();
  large_pages();
}
