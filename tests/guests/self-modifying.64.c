// Code that changes: in the same page and the next instruction, across pages, by an alias, by string
// instructions, by new translations, hot and cold (SDM volume 3, 8.1.3 and 11.6).
#include "support/paging.h"

#define ALIAS ((word)1 << 39)
#define RUNS 20000 // enough for code to count as hot

typedef u32 function(u32);
static u8 code[4 * 4096] ALIGNED(4096);

// B8 imm32 C3: MOV EAX, imm32; RET
static void write_return(u8 *at, u32 value) {
  at[0] = 0xb8;
  memcpy(at + 1, &value, 4);
  at[5] = 0xc3;
}
static u32 run(const u8 *at) { return ((function *)at)(0); }

static u32 run_often(const u8 *at) {
  u32 sum = 0;
  for (u32 i = 0; i < RUNS; i++) sum += run(at);
  return sum;
}

// The store changes the very next instruction, whose immediate starts as 1.
CODE(next_instruction, "movl %eax, 1f + 1(%rip)\n 1: mov $1, %eax\n ret");
// The store changes an instruction earlier in a loop.
CODE(in_a_loop, "xor %eax, %eax\n mov $3, %ecx\n 1: add $1, %eax\n addb $1, 1b + 2(%rip)\n dec %ecx\n jnz 1b\n"
                "movb $1, 1b + 2(%rip)\n ret");
// A call that is turned into another.
CODE(patched_call, "lea second(%rip), %rdx\n lea 1f + 5(%rip), %rcx\n sub %rcx, %rdx\n mov %edx, 1f + 1(%rip)\n"
                   "1: call first\n ret\n first: mov $1, %eax\n ret\n second: mov $2, %eax\n ret");
// REP STOSB over the instructions that follow it, which become INC EAX (FF C0), twice.
CODE(string_ahead, "xor %eax, %eax\n lea 1f(%rip), %rdi\n lea 2f(%rip), %rsi\n mov $4, %ecx\n cld\n rep movsb\n"
                   "1: .byte 0x90, 0x90, 0x90, 0x90\n ret\n 2: .byte 0xff, 0xc0, 0xff, 0xc0");
// A prefix becomes another, without the length changing: MOV AX, DX (66) and REX.W (48).
CODE(prefix_change, "mov $-1, %rax\n mov $0x12345678, %edx\n movb $0x48, 1f(%rip)\n 1: .byte 0x66, 0x89, 0xd0\n"
                    "movb $0x66, 1b(%rip)\n ret");

static void same_page(void) {
  for (u32 value = 2; value < 5; value++) {
    attempt(next_instruction, value);
    check_equal(caught.ax, value, "a store to the next instruction takes effect at once");
  }
  attempt(in_a_loop);
  check_equal(caught.ax, 1 + 2 + 3, "a loop sees each change that it makes to itself");
  attempt(in_a_loop);
  check_equal(caught.ax, 1 + 2 + 3, "every time");
  attempt(patched_call);
  check_equal(caught.ax, 2, "a call that was patched goes to its new target");
  attempt(string_ahead);
  check_equal(caught.ax, 2, "instructions that a string move has just written are run");
  attempt(prefix_change);
  check_equal(caught.ax, 0x12345678, "a changed prefix changes the instruction");
}

static void other_page(void) {
  write_return(code, 1);
  check_equal(run_often(code), RUNS, "written code runs");
  write_return(code, 2);
  check_equal(run(code), 2, "a write from another page changes hot code");
  write_return(code, 1);
  check_equal(run_often(code), RUNS, "and back");
  code[1] = 7;
  check_equal(run(code), 7, "a write of one byte as well");
  *(volatile u64 *)code = 0x0000c300000009b8;
  check_equal(run(code), 9, "and a wide one");
  // The instruction lies across two pages, and each half is changed alone.
  u8 *across = code + 4096 - 2;
  write_return(across, 0x11111111);
  check_equal(run_often(across), 0x11111111u * RUNS, "an instruction across two pages runs");
  code[4095] = 0x22;
  check_equal(run(across), 0x11111122, "a change in its first page is seen");
  code[4096] = 0x33;
  check_equal(run(across), 0x11113322, "and in its second");
  // A loop in one page calls into another, which it changes each time.
  u32 sum = 0;
  for (u32 i = 0; i < 1000; i++) {
    write_return(code + 8192, i);
    sum += run(code + 8192);
  }
  check_equal(sum, 999 * 1000 / 2, "code changed before each call is run as it then is");
}

static void by_alias(void) {
  u8 *alias = (u8 *)ALIAS;
  for (u32 page = 0; page < 2; page++) {
    set_entry(entry_of(ALIAS + page * 4096, 1), ((word)code + page * 4096) | P | W | U);
  }
  write_return(code, 1);
  check_equal(run_often(code), RUNS, "code runs at its first address");
  write_return(alias, 2);
  check_equal(run(code), 2, "a write through another mapping changes it");
  check_equal(run_often(alias), 2 * RUNS, "it runs at its second address");
  write_return(code, 3);
  check_equal(run(alias), 3, "and is changed there by a write at the first");
  memset(alias + 100, 0x90, 50);
  alias[150] = 0xc3;
  check_equal(attempt(code + 100), NOTHING, "a string store by the alias writes code too");
}

static void by_translation(void) {
  u8 *window = (u8 *)ALIAS;
  write_return(code, 1);
  write_return(code + 8192, 2);
  set_entry(entry_of(ALIAS, 1), (word)code | P | W | U);
  check_equal(run_often(window), RUNS, "code behind a window runs");
  *(volatile u64 *)entry_of(ALIAS, 1) = (word)(code + 8192) | P | W | U;
  invlpg(window);
  check_equal(run(window), 2, "after INVLPG the window's new page runs");
  *(volatile u64 *)entry_of(ALIAS, 1) = (word)code | P | W | U;
  flush();
  check_equal(run_often(window), RUNS, "after a load of CR3 too");
  // The first half of an instruction stays while the page of the second half changes.
  u8 *across = code + 4096 - 2;
  write_return(across, 0x01010101);
  memcpy(code + 12288, code + 4096, 64);
  code[12288] = 0x05;
  set_entry(entry_of(ALIAS + 4096, 1), (word)(code + 4096) | P | W | U);
  check_equal(run_often(window + 4096 - 2), 0x01010101u * RUNS, "an instruction across two mappings runs");
  *(volatile u64 *)entry_of(ALIAS + 4096, 1) = (word)(code + 12288) | P | W | U;
  invlpg(window + 4096);
  check_equal(run(window + 4096 - 2), 0x01010501, "and is another when the second page is");
  set_entry(entry_of(ALIAS + 4096, 1), 0);
  attempt(window + 4096 - 2);
  check_fault(PF, 0, window + 4096 - 2, "or raises #PF when it is gone");
  check_equal(caught.cr2, ALIAS + 4096, "with the second page's address");
  set_entry(entry_of(ALIAS, 1), 0);
  attempt(window);
  check_fault(PF, 0, window, "hot code whose page is gone raises #PF");
}

static void modes(void) {
  // 48 B8 + imm64 is one instruction in 64-bit mode, and DEC EAX; MOV EAX, imm32 in compatibility mode.
  static const u8 bytes[] = {0x48, 0xb8, 5, 0, 0, 0, 0x90, 0x90, 0x90, 0x90, 0xcd, 0x80};
  memcpy(code, bytes, sizeof bytes);
  for (u32 i = 0; i < 3; i++) {
    attempt_user(code, 0);
    check_equal(caught.ax, 0x9090909000000005, "bytes mean one thing in 64-bit mode");
    attempt_outer((word)code, USER_CODE32, USER_DATA, 0, (word[4]){0});
    check_equal(caught.ax, 5, "and another in compatibility mode");
  }
}

void guest(void) {
  same_page();
  other_page();
  by_alias();
  by_translation();
  modes();
}
