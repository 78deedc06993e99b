// 32-bit paging with two levels: 4 KiB and 4 MiB pages, permissions, WP, accessed and dirty bits, global pages
// (SDM volume 3, 4.3).
#include "support/trap.h"

#define P 1u
#define W 2u
#define U 4u
#define A 32u
#define D 64u
#define LARGE 128u
#define GLOBAL 256u
#define WINDOW 0xd0345000u
#define IDENTITY (P | W | U | LARGE)

CODE(load, "mov (%eax), %eax\n ret");
CODE(store, "mov %edx, (%eax)\n ret");
CODE(execute, "call *%eax\n ret");
CODE(user_load, "mov (%eax), %eax\n int $0x80");
CODE(user_store, "mov %edx, (%eax)\n int $0x80");
CODE(user_execute, "jmp *%eax");

static u32 directory[1024] ALIGNED(4096), table[1024] ALIGNED(4096), page[1024] ALIGNED(4096);
static u32 *const directory_entry = directory + (WINDOW >> 22), *const entry = table + (WINDOW >> 12 & 1023);

static void set(u32 *which, u32 value) {
  *(volatile u32 *)which = value;
  write_cr3((word)directory);
}

static void faults(void) {
  attempt(load, WINDOW);
  check_fault(PF, 0, load, "a page that is not present raises #PF(0)");
  check_equal(caught.cr2, WINDOW, "with the address in CR2");
  attempt(store, WINDOW, 0);
  check_fault(PF, PF_WRITE, store, "a write raises #PF(2)");
  attempt_user(user_store, WINDOW, 0);
  check_fault(PF, PF_WRITE | PF_USER, user_store, "a write in ring 3 raises #PF(6)");
  attempt(execute, WINDOW);
  check_fault(PF, 0, (void *)WINDOW, "a fetch raises #PF(0), as there is no NX");
  set(directory_entry, 0);
  attempt_user(user_load, WINDOW);
  check_fault(PF, PF_USER, user_load, "a table that is not present raises #PF(4) in ring 3");
  set(directory_entry, (word)table | P | W | U);
  set(entry, (word)page | P | W | U);
}

static void permissions(void) {
  static u32 *const entries[] = {entry, directory_entry};
  static const char *const names[] = {"# in the page-table entry\n", "# in the page-directory entry\n"};
  for (u32 level = 0; level < 2; level++) {
    const u32 before = *entries[level];
    print(names[level]);
    set(entries[level], before & ~W);
    write_cr0(read_cr0() & ~(word)CR0_WP);
    check_equal(attempt(store, WINDOW, 7 + level), NOTHING, "W=0 does not stop ring 0 without CR0.WP");
    check_equal(page[0], 7 + level, "which writes");
    attempt_user(user_store, WINDOW, 0);
    check_fault(PF, PF_PRESENT | PF_WRITE | PF_USER, user_store, "but ring 3, #PF(7)");
    write_cr0(read_cr0() | CR0_WP);
    attempt(store, WINDOW, 0);
    check_fault(PF, PF_PRESENT | PF_WRITE, store, "with CR0.WP ring 0 too, #PF(3)");
    check_equal(attempt_user(user_load, WINDOW), LEAVE, "reading is allowed");
    set(entries[level], before & ~U);
    attempt_user(user_load, WINDOW);
    check_fault(PF, PF_PRESENT | PF_USER, user_load, "U=0 stops ring 3, #PF(5)");
    attempt_user(user_execute, WINDOW);
    check_fault(PF, PF_PRESENT | PF_USER, (void *)WINDOW, "and its fetches");
    check_equal(attempt(store, WINDOW, 1), NOTHING, "not ring 0");
    set(entries[level], before);
  }
}

static void used_bits(void) {
  const u32 mask = A | D;
  set(directory_entry, *directory_entry & ~mask);
  set(entry, *entry & ~mask);
  attempt(load, WINDOW);
  check((*directory_entry & A) && (*entry & mask) == A, "a read sets the accessed bits");
  attempt(store, WINDOW, 1);
  check((*entry & mask) == mask, "a write sets the dirty bit of the page");
  check(!(*directory_entry & D), "and none in the directory");
  set(directory_entry, *directory_entry & ~mask);
  set(entry, *entry & ~mask);
  attempt(store, WINDOW, 1);
  check((*directory_entry & A) && (*entry & mask) == mask, "a first write sets both");
}

static void large_pages(void) {
  const u32 before = *directory_entry;
  u32 *target = (u32 *)(0x800000 + (WINDOW & 0x3fffff));
  *target = 0x4add;
  set(directory_entry, 0x800000 | P | W | U | LARGE);
  attempt(load, WINDOW);
  check_equal(caught.ax, 0x4add, "a 4 MiB page maps its frame");
  check((*directory_entry & (A | D)) == A, "and has an accessed bit");
  attempt(store, WINDOW, 1);
  check((*directory_entry & (A | D)) == (A | D), "and a dirty bit");
  set(directory_entry, 0x800000 | P | LARGE | U);
  attempt_user(user_store, WINDOW, 1);
  check_fault(PF, PF_PRESENT | PF_WRITE | PF_USER, user_store, "and permissions");
  set(directory_entry, 0x800000 | P | W | U | LARGE | 1u << 21);
  attempt(load, WINDOW);
  check_fault(PF, PF_PRESENT | PF_RESERVED, load, "bit 21 is reserved, #PF(9)");
  // Without CR4.PSE the bit means nothing, and the entry points to a table. The guest itself must go on through
  // small pages meanwhile.
  set(directory_entry, before | LARGE);
  for (u32 i = 0; i < 1024; i++) table[i] = i << 12 | P | W | U;
  const u32 own = table[WINDOW >> 12 & 1023], low = directory[0];
  set(directory, (word)table | P | W | U);
  write_cr4(read_cr4() & ~(word)CR4_PSE);
  page[0] = 0x5e;
  set(entry, (word)page | P | W | U);
  const u32 seen = *(volatile u32 *)WINDOW;
  write_cr4(read_cr4() | CR4_PSE);
  set(entry, own);
  set(directory, low);
  check_equal(seen, 0x5e, "without CR4.PSE bit 7 of a directory entry is ignored");
  set(directory_entry, before);
  set(entry, (word)page | P | W | U);
}

static void invalidation(void) {
  static u32 other[1024] ALIGNED(4096);
  volatile u32 *window = (u32 *)WINDOW;
  page[0] = 1;
  other[0] = 2;
  set(entry, (word)page | P | W);
  check_equal(*window, 1, "the first page is there");
  *(volatile u32 *)entry = (word)other | P | W;
  invlpg(window);
  check_equal(*window, 2, "INVLPG brings in the second");
  write_cr4(read_cr4() | CR4_PGE);
  *(volatile u32 *)entry = (word)page | P | W | GLOBAL;
  invlpg(window);
  check_equal(*window, 1, "a global page");
  *(volatile u32 *)entry = (word)other | P | W;
  write_cr4(read_cr4() & ~(word)CR4_PGE);
  check_equal(*window, 2, "is forgotten when CR4.PGE changes");
  *(volatile u32 *)entry = (word)page | P | W;
  write_cr0(read_cr0() & ~(word)CR0_PG);
  write_cr0(read_cr0() | CR0_PG);
  check_equal(*window, 1, "turning paging off and on forgets everything");
}

void guest(void) {
  for (u32 i = 0; i < 1024; i++) directory[i] = i << 22 | IDENTITY;
  *directory_entry = (word)table | P | W | U;
  write_cr4(read_cr4() | CR4_PSE);
  write_cr3((word)directory);
  write_cr0(read_cr0() | CR0_PG);
  check(read_cr0() >> 31, "paging is on");
  faults();
  permissions();
  used_bits();
  large_pages();
  invalidation();
}
