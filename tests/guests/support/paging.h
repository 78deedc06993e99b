// Page tables of 64-bit and PAE guests.
#pragma once
#include "trap.h"

#define P ((u64)1 << 0)
#define W ((u64)1 << 1)
#define U ((u64)1 << 2)
#define A ((u64)1 << 5)
#define D ((u64)1 << 6)
#define LARGE ((u64)1 << 7)
#define GLOBAL ((u64)1 << 8)
#define NX ((u64)1 << 63)
#define FRAME (((u64)1 << 52) - 4096)

// A zeroed page that nobody else has, never given back.
void *new_page(void);
// The entry that maps an address at a level (1 maps 4 KiB), below the table `top` of level `levels`. Tables on the
// way that are missing are made, open to every kind of access.
u64 *page_entry(u64 *top, u32 levels, word address, u32 level);

// The processor's tables: four levels in 64-bit guests.
#ifdef __x86_64__
extern u64 boot_top[512];
#define entry_of(address, level) page_entry(boot_top, 4, address, level)
#endif

static inline void flush(void) { write_cr3(read_cr3()); }
// Sets an entry and forgets what the processor may have cached of it.
static inline void set_entry(u64 *entry, u64 value) {
  *(volatile u64 *)entry = value;
  flush();
}
