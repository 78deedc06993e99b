// Code that is reached by several addresses and in several address spaces, while it is hot: calls and jumps into other pages go
// where the current tables lead, whatever they led to before (SDM volume 3, 4.10 and 11.6).
#include "support/paging.h"

#define FIRST ((word)1 << 39)
#define SECOND (FIRST + 0x10000)
#define NO_FLUSH ((u64)1 << 63)
#define RUNS 20000 // enough for code to count as hot
#define FEW 300

// Called as C does: the count in EDI; the rest for code that changes tables.
typedef u32 function(u32);
typedef u32 changing_function(u64 *entry, u64 value, word address);

// Two frames of callers and three of callees, the content of which follows from their number.
static u8 *callers[2], *callees[3];

#define LOOP 0
#define EDGE (4096 - 5)
#define CHANGE 0x100

static void write_bytes(u8 *at, const char *bytes, u32 count) { memcpy(at, bytes, count); }
static void write_number(u8 *at, u32 value) { memcpy(at, &value, 4); }

static void write_code(void) {
  for (u32 i = 0; i < 2; i++) {
    u8 *caller = callers[i];
    // xor %eax, %eax; 1: call NEXT PAGE; dec %edi; jnz 1b; ret
    write_bytes(caller + LOOP, "\x31\xc0\xe8....\xff\xcf\x75\xf7\xc3", 12);
    write_number(caller + LOOP + 3, 4096 - (LOOP + 7));
    // call CHANGE OF THE NEXT PAGE; mov $NUMBER, %eax; ret
    write_bytes(caller + CHANGE, "\xe8....\xb8....\xc3", 11);
    write_number(caller + CHANGE + 1, 4096 - 5);
    write_number(caller + CHANGE + 6, i + 1);
    // mov %edi, %eax; nop, nop, nop: goes on in the next page.
    write_bytes(caller + EDGE, "\x89\xf8\x90\x90\x90", 5);
  }
  for (u32 i = 0; i < 3; i++) {
    // add $NUMBER, %eax; ret
    write_bytes(callees[i], "\x05....\xc3", 6);
    write_number(callees[i] + 1, i + 1);
    // mov %rsi, (%rdi); invlpg (%rdx); ret
    write_bytes(callees[i] + CHANGE, "\x48\x89\x37\x0f\x01\x3a\xc3", 7);
  }
}

static u64 of(const u8 *frame) { return (word)frame | P | W | U; }
static void put(word address, const u8 *frame) { *(volatile u64 *)entry_of(address, 1) = of(frame); }
static void map(word window, const u8 *caller, const u8 *callee) {
  put(window, caller);
  put(window + 4096, callee);
  flush();
}
// The callee's number, `count` times.
static u32 run(word window, u32 count) { return ((function *)(window + LOOP))(count); }
// `start` plus the callee's number.
static u32 fall(word window, u32 start) { return ((function *)(window + EDGE))(start); }

static void two_addresses(void) {
  map(FIRST, callers[0], callees[0]);
  map(SECOND, callers[0], callees[1]);
  check_equal(run(FIRST, RUNS), RUNS, "a call into the next page goes to the frame there");
  check_equal(run(SECOND, RUNS), 2 * RUNS, "the same code at a second address goes to the frame behind that");
  check_equal(run(FIRST, RUNS), RUNS, "and at the first still to the first");
  u32 sum = 0;
  for (u32 i = 0; i < RUNS; i++) sum += run(FIRST, 1) + 16 * run(SECOND, 1);
  check_equal(sum, 33 * RUNS, "in turns each goes to its own");
  sum = 0;
  for (u32 i = 0; i < RUNS; i++) sum += fall(FIRST, 4) + 16 * fall(SECOND, 4);
  check_equal(sum, (5 + 16 * 6) * RUNS, "so does code that runs over the end of its page");
  map(SECOND, callees[2], callers[0]);
  check_equal(run(FIRST, RUNS), RUNS, "whatever becomes of the second address");
}

static void moved(void) {
  map(FIRST, callers[0], callees[0]);
  map(SECOND, callers[0], callees[0]);
  check_equal(run(FIRST, RUNS) + fall(FIRST, 0) + run(SECOND, RUNS), 2 * RUNS + 1, "one callee for two addresses");
  put(FIRST + 4096, callees[1]);
  invlpg((void *)(FIRST + 4096));
  check_equal(run(FIRST, FEW), 2 * FEW, "INVLPG of the callee's page gives the caller another callee");
  check_equal(fall(FIRST, 10), 12, "for code that runs over the page's end too");
  check_equal(run(SECOND, FEW), FEW, "the other address keeps the old one");
  u32 sum = 0;
  for (u32 i = 0; i < FEW; i++) {
    put(FIRST + 4096, callees[i % 3]);
    invlpg((void *)(FIRST + 4096));
    sum += run(FIRST, 3) * 16 + fall(FIRST, 0);
  }
  check_equal(sum, (1 + 2 + 3) * (3 * 16 + 1) * (FEW / 3), "every time, in a loop that is hot");
  check_equal(run(FIRST, RUNS), 3 * RUNS, "the last callee stays");
  put(FIRST + 4096, callees[0]);
  flush();
  check_equal(run(FIRST, FEW), FEW, "a load of CR3 does it as well");
  // Only the caller moves; what it calls stays where it is.
  put(FIRST, callers[1]);
  invlpg((void *)FIRST);
  check_equal(run(FIRST, RUNS), RUNS, "a caller in another frame calls the same");
  put(FIRST + 4096, callees[2]);
  invlpg((void *)(FIRST + 4096));
  check_equal(run(FIRST, FEW), 3 * FEW, "and another after INVLPG");
}

static void returns(void) {
  changing_function *const change = (changing_function *)(FIRST + CHANGE);
  u64 *const entry = entry_of(FIRST, 1);
  map(FIRST, callers[0], callees[0]);
  u32 sum = 0;
  for (u32 i = 0; i < RUNS; i++) sum += change(entry, of(callers[0]), FIRST);
  check_equal(sum, RUNS, "a callee that leaves its caller where it is returns to it");
  check_equal(change(entry, of(callers[1]), FIRST), 2, "one that moves its caller returns to what lies there then");
  check_equal(change(entry, of(callers[0]), FIRST), 1, "and back");
  sum = 0;
  for (u32 i = 0; i < FEW; i++) sum += change(entry, of(callers[i % 2]), FIRST);
  check_equal(sum, FEW / 2 * 3, "every time");
}

static void tables(void) {
  map(FIRST, callers[0], callees[0]);
  check_equal(run(FIRST, RUNS), RUNS, "through one table");
  u64 *other = new_page();
  other[FIRST >> 12 & 511] = of(callers[0]);
  other[(FIRST >> 12 & 511) + 1] = of(callees[1]);
  const u64 before = *entry_of(FIRST, 2);
  *(volatile u64 *)entry_of(FIRST, 2) = (word)other | P | W | U;
  invlpg((void *)(FIRST + 4096));
  invlpg((void *)FIRST);
  check_equal(run(FIRST, FEW), 2 * FEW, "through another table INVLPG leads to another callee");
  for (u32 i = 0; i < 2; i++) {
    memcpy((u8 *)0x400000 + i * 0x200000, callers[0], 4096);
    memcpy((u8 *)0x401000 + i * 0x200000, callees[2 - i], 4096);
  }
  *(volatile u64 *)entry_of(FIRST, 2) = 0x400000 | P | W | U | LARGE;
  invlpg((void *)(FIRST + 4096));
  check_equal(run(FIRST, RUNS), 3 * RUNS, "a 2 MiB page does");
  *(volatile u64 *)entry_of(FIRST, 2) = 0x600000 | P | W | U | LARGE;
  invlpg((void *)(FIRST + 0x123000));
  check_equal(run(FIRST, FEW), 2 * FEW, "and so does the next one");
  *(volatile u64 *)entry_of(FIRST, 2) = before;
  flush();
  check_equal(run(FIRST, FEW), FEW, "and the first table");
}

static void gone(void) {
  map(FIRST, callers[0], callees[0]);
  check_equal(run(FIRST, RUNS), RUNS, "before the callee's page is gone");
  *(volatile u64 *)entry_of(FIRST + 4096, 1) = 0;
  invlpg((void *)(FIRST + 4096));
  attempt(FIRST + LOOP);
  check_fault(PF, 0, (char *)FIRST + 4096, "a call into a page that is gone raises #PF there");
  check_equal(caught.cr2, FIRST + 4096, "with its address");
  attempt(FIRST + EDGE);
  check_fault(PF, 0, (char *)FIRST + 4096, "so does running over the end of a page into it");
  put(FIRST + 4096, callees[1]);
  check_equal(run(FIRST, FEW), 2 * FEW, "a page that comes needs no INVLPG");
  if (!has_nx()) return skip("no-execute", "no NX");
  write_msr(MSR_EFER, read_msr(MSR_EFER) | EFER_NXE);
  check_equal(run(FIRST, RUNS), 2 * RUNS, "before the callee's page is closed for execution");
  *(volatile u64 *)entry_of(FIRST + 4096, 1) |= NX;
  invlpg((void *)(FIRST + 4096));
  attempt(FIRST + LOOP);
  check_fault(PF, PF_FETCH | PF_PRESENT, (char *)FIRST + 4096, "then a call into it raises #PF");
  put(FIRST + 4096, callees[0]);
  invlpg((void *)(FIRST + 4096));
  check_equal(run(FIRST, FEW), FEW, "until it is open again");
}

// Goes to the other address space and back in every round.
static u32 in_turns(word home, word away, u32 rounds) {
  u32 sum = 0;
  for (u32 i = 0; i < rounds; i++) {
    sum += run(FIRST, 2);
    write_cr3(away);
    sum += 16 * run(FIRST, 2);
    write_cr3(home);
  }
  return sum;
}

static void spaces(void) {
  u64 *other = new_page();
  memcpy(other, boot_top, 4096);
  other[FIRST >> 39 & 511] = 0;
  u64 *const there = page_entry(other, 4, FIRST + 4096, 1);
  *page_entry(other, 4, FIRST, 1) = of(callers[0]);
  *there = of(callees[1]);
  map(FIRST, callers[0], callees[0]);
  const word home = (word)boot_top, away = (word)other;
  check_equal(run(FIRST, RUNS), RUNS, "code is hot in one address space");
  write_cr3(away);
  check_equal(run(FIRST, RUNS), 2 * RUNS, "the same code calls another callee in a second one");
  write_cr3(home);
  check_equal(run(FIRST, FEW), FEW, "and the first again");
  check_equal(in_turns(home, away, FEW), (2 + 32 * 2) * FEW, "in turns");
  *there = of(callees[2]);
  check_equal(in_turns(home, away, FEW), (2 + 32 * 3) * FEW, "after a change where nobody is");
  *there = of(callees[1]);
  if (!has_pcid()) return skip("PCID", "no PCID");
  write_cr4(read_cr4() | CR4_PCIDE);
  write_cr3(home | 1);
  check_equal(in_turns(home | 1, away | 2, FEW), (2 + 32 * 2) * FEW, "with PCIDs");
  const word keep_home = home | 1 | NO_FLUSH, keep_away = away | 2 | NO_FLUSH;
  check_equal(in_turns(keep_home, keep_away, FEW), (2 + 32 * 2) * FEW, "whose translations are kept");
  write_cr3(keep_away);
  *there = of(callees[2]);
  invlpg((void *)(FIRST + 4096));
  check_equal(run(FIRST, FEW), 3 * FEW, "INVLPG gives the current one another callee");
  write_cr3(keep_home);
  check_equal(run(FIRST, FEW), FEW, "and the other keeps its own");
  check_equal(in_turns(keep_home, keep_away, FEW), (2 + 32 * 3) * FEW, "in turns as well");
  if (has_invpcid()) {
    struct {
      u64 pcid;
      word address;
    } ALIGNED(16) of_away = {2, FIRST + 4096};
    *there = of(callees[0]);
    asm volatile("invpcid %0, %1" ::"m"(of_away), "r"((word)0) : "memory");
    check_equal(in_turns(keep_home, keep_away, FEW), (2 + 32) * FEW, "INVPCID of an address in the other");
    *there = of(callees[1]);
    asm volatile("invpcid %0, %1" ::"m"(of_away), "r"((word)1) : "memory");
    check_equal(in_turns(keep_home, keep_away, FEW), (2 + 32 * 2) * FEW, "INVPCID of all of the other");
  } else skip("INVPCID", "no INVPCID");
  write_cr3(home);
  write_cr4(read_cr4() & ~(word)CR4_PCIDE);
  check_equal(run(FIRST, FEW), FEW, "without PCIDs again");
}

void guest(void) {
  for (u32 i = 0; i < 2; i++) callers[i] = new_page();
  for (u32 i = 0; i < 3; i++) callees[i] = new_page();
  write_code();
  two_addresses();
  moved();
  returns();
  tables();
  gone();
  spaces();
}
