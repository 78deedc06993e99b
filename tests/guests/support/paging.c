#include "paging.h"

void *new_page(void) {
  static u8 pool[96][4096] ALIGNED(4096);
  static u32 used;
  if (used == sizeof pool / sizeof pool[0]) {
    print("Bail out! the pool of pages is used up\n");
    finish();
  }
  return pool[used++];
}

u64 *page_entry(u64 *top, u32 levels, word address, u32 level) {
  u64 *table = top;
  for (u32 at = levels;; at--) {
    u64 *entry = table + ((u64)address >> (12 + 9 * (at - 1)) & 511);
    if (at == level) return entry;
    // The topmost table of PAE paging has entries without W and U.
    if (!(*entry & P)) *entry = (word)new_page() | P | (at == 3 && levels == 3 ? 0 : W | U);
    table = (u64 *)(word)(*entry & FRAME);
  }
}
