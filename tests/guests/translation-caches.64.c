// What the processor may keep of translations: INVLPG, CR3, global pages, PCID and INVPCID. A processor need not
// keep anything, so that the checks are for what must be forgotten (SDM volume 3, 4.10).
#include "support/paging.h"

#define WINDOW ((word)1 << 39)
#define NO_FLUSH ((u64)1 << 63)

CODE(set_cr3, "mov %rax, %cr3\n ret");
CODE(set_cr4, "mov %rax, %cr4\n ret");
CODE(invpcid_code, "invpcid (%rdx), %rax\n ret");

static u32 *first, *second, *third;
static volatile u32 *const window = (u32 *)WINDOW;

static struct {
  u64 pcid;
  word address;
} descriptor ALIGNED(16);

static u32 invpcid(word type, u64 pcid, word address) {
  descriptor.pcid = pcid;
  descriptor.address = address;
  return attempt(invpcid_code, type, &descriptor);
}

// Changes the page behind the window and nothing else.
static void remap(u32 *to, u64 bits) { *(volatile u64 *)entry_of(WINDOW, 1) = (word)to | P | W | U | bits; }

static void one_address_space(void) {
  remap(first, 0);
  check_equal(*window, 1, "a page that was not present needs no invalidation");
  remap(second, 0);
  invlpg(window);
  check_equal(*window, 2, "INVLPG forgets the page");
  remap(third, 0);
  invlpg(window + 1023);
  check_equal(*window, 3, "wherever in the page its operand points");
  remap(first, 0);
  flush();
  check_equal(*window, 1, "loading CR3 forgets the page");
  write_cr4(read_cr4() | CR4_PGE);
  remap(second, GLOBAL);
  invlpg(window);
  check_equal(*window, 2, "a global page is read");
  remap(first, GLOBAL);
  invlpg(window);
  check_equal(*window, 1, "INVLPG forgets a global page");
  remap(second, GLOBAL);
  write_cr4(read_cr4() & ~(word)CR4_PGE);
  write_cr4(read_cr4() | CR4_PGE);
  check_equal(*window, 2, "changing CR4.PGE forgets global pages");
  remap(third, GLOBAL);
  write_cr0(read_cr0() ^ CR0_WP);
  write_cr0(read_cr0() ^ CR0_WP);
  invlpg(window);
  check_equal(*window, 3, "and so does INVLPG after a change of CR0.WP");

  u64 *table = new_page();
  const u64 before = *entry_of(WINDOW, 2);
  table[WINDOW >> 12 & 511] = (word)first | P | W | U;
  *(volatile u64 *)entry_of(WINDOW, 2) = (word)table | P | W | U;
  invlpg(window);
  check_equal(*window, 1, "INVLPG forgets the tables on the way too");
  *(volatile u64 *)entry_of(WINDOW, 2) = 0x200000 | P | W | U | LARGE;
  *(u32 *)0x200000 = 4;
  flush();
  check_equal(*window, 4, "a 2 MiB page replaces the table");
  *(volatile u64 *)entry_of(WINDOW, 2) = before;
  invlpg((u8 *)window + 0x123456);
  check_equal(*window, 3, "INVLPG of any address in it forgets a 2 MiB page");
  asm volatile("invlpg (%0)" ::"r"((word)1 << 63));
  check(1, "INVLPG of a non-canonical address does nothing");
}

static void permissions_only_grow(void) {
  // A TLB entry with too few rights is never the last word: the tables are read again before a fault.
  set_entry(entry_of(WINDOW, 1), (word)first | P | U);
  write_cr0(read_cr0() | CR0_WP);
  u32 value = *window;
  *(volatile u64 *)entry_of(WINDOW, 1) |= W;
  *window = value + 10;
  check_equal(*first, value + 10, "a page made writable is so at once");
  *first = value;
}

static void address_spaces(void) {
  if (!has_pcid()) {
    skip("PCID", "no PCID");
    return;
  }
  u64 *other = new_page();
  memcpy(other, boot_top, 4096);
  other[WINDOW >> 39 & 511] = 0;
  *page_entry(other, 4, WINDOW, 1) = (word)second | P | W | U;
  set_entry(entry_of(WINDOW, 1), (word)first | P | W | U);
  const word home = (word)boot_top, away = (word)other;

  write_cr3(home | 8);
  attempt(set_cr4, read_cr4() | CR4_PCIDE);
  check_fault(GP, 0, set_cr4, "CR4.PCIDE cannot be set while CR3 has low bits");
  attempt(set_cr3, home | NO_FLUSH);
  check_fault(GP, 0, set_cr3, "bit 63 of CR3 is reserved without CR4.PCIDE");
  write_cr3(home);
  write_cr4(read_cr4() | CR4_PCIDE);
  write_cr3(away | 2);
  check_equal(*window, 2, "a second address space has its own page");
  write_cr3(home | 1);
  check_equal(*window, 1, "the first has its own");
  write_cr3(away | 2 | NO_FLUSH);
  check_equal(*window, 2, "coming back without a flush finds the second's page");
  check_equal(read_cr3(), away | 2, "bit 63 of CR3 reads as zero");
  write_cr3(home | 1 | NO_FLUSH);
  check_equal(*window, 1, "and the first's again");
  write_cr3(home | 2);
  check_equal(*window, 1, "loading CR3 with a flush forgets what that PCID had");
  write_cr3(away | 2);
  check_equal(*window, 2, "every time");
  *page_entry(other, 4, WINDOW, 1) = (word)third | P | W | U;
  invlpg(window);
  check_equal(*window, 3, "INVLPG works in the current address space");
  write_cr3(home | 1 | NO_FLUSH);
  check_equal(*window, 1, "whatever the other holds");

  if (has_invpcid()) {
    *page_entry(other, 4, WINDOW, 1) = (word)second | P | W | U;
    check_equal(invpcid(0, 2, WINDOW), NOTHING, "INVPCID type 0 takes an address");
    write_cr3(away | 2 | NO_FLUSH);
    check_equal(*window, 2, "and forgets it in another address space");
    *page_entry(other, 4, WINDOW, 1) = (word)third | P | W | U;
    invpcid(1, 2, 0);
    check_equal(*window, 3, "type 1 forgets one address space");
    *page_entry(other, 4, WINDOW, 1) = (word)second | P | W | U | GLOBAL;
    invpcid(2, 0, 0);
    check_equal(*window, 2, "type 2 forgets everything");
    *page_entry(other, 4, WINDOW, 1) = (word)third | P | W | U | GLOBAL;
    invpcid(2, 0, 0);
    check_equal(*window, 3, "global pages as well");
    *page_entry(other, 4, WINDOW, 1) = (word)second | P | W | U;
    invpcid(2, 0, 0);
    *page_entry(other, 4, WINDOW, 1) = (word)third | P | W | U;
    invpcid(3, 0, 0);
    check_equal(*window, 3, "type 3 forgets all that is not global");
    invpcid(4, 0, 0);
    check_fault(GP, 0, invpcid_code, "another type raises #GP(0)");
    invpcid(0, 0x1000, WINDOW);
    check_fault(GP, 0, invpcid_code, "a PCID of 13 bits raises #GP(0)");
    invpcid(0, 1, (word)1 << 63);
    check_fault(GP, 0, invpcid_code, "a non-canonical address raises #GP(0)");
  } else {
    skip("INVPCID", "no INVPCID");
  }
  write_cr3(home);
  *entry_of(WINDOW, 1) = (word)third | P | W | U;
  write_cr4(read_cr4() & ~(word)CR4_PCIDE);
  check_equal(*window, 3, "clearing CR4.PCIDE forgets everything");
}

void guest(void) {
  first = new_page();
  second = new_page();
  third = new_page();
  *first = 1;
  *second = 2;
  *third = 3;
  one_address_space();
  permissions_only_grow();
  address_spaces();
}
