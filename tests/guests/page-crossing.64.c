// Accesses and instructions that cross a page, with faults on either side: nothing is half done (SDM volume 3, 4.7).
#include "support/paging.h"

#define WINDOW ((word)1 << 39) // two pages, mapped to frames that do not follow each other
#define EDGE (WINDOW + 4096)

CODE(load2, "movzwl (%rax), %eax\n ret");
CODE(load4, "mov (%rax), %eax\n ret");
CODE(load8, "mov (%rax), %rax\n ret");
CODE(load16, "movups (%rax), %xmm0\n movq %xmm0, %rax\n ret");
CODE(load10, "fldt (%rax)\n fstp %st(0)\n ret");
CODE(store2, "mov %dx, (%rax)\n ret");
CODE(store4, "mov %edx, (%rax)\n ret");
CODE(store8, "mov %rdx, (%rax)\n ret");
CODE(store16, "movq %rdx, %xmm0\n punpcklqdq %xmm0, %xmm0\n movups %xmm0, (%rax)\n ret");
CODE(store10, "fld1\n store10_at: fstpt (%rax)\n ret");
LABEL(store10_at);
CODE(modify, "lock add %rdx, (%rax)\n ret");
CODE(reset_x87, "fninit\n ret");
CODE(push_across, "mov %rsp, %rcx\n mov %rax, %rsp\n push_across_at: push %rdx\n mov %rcx, %rsp\n ret");
LABEL(push_across_at);
CODE(string8, "mov %rax, %rdi\n mov %rdx, %rax\n mov $2, %ecx\n cld\n string8_at: rep stosq\n ret");
LABEL(string8_at);

static u8 *first, *second;

static void map(u64 first_bits, u64 second_bits) {
  *(volatile u64 *)entry_of(WINDOW, 1) = first_bits ? (word)first | first_bits : 0;
  *(volatile u64 *)entry_of(EDGE, 1) = second_bits ? (word)second | second_bits : 0;
  flush();
}
static void fill(void) {
  for (u32 i = 0; i < 32; i++) {
    first[4096 - 32 + i] = (u8)(0x10 + i);
    second[i] = (u8)(0x30 + i);
  }
}
// The byte that fill() put at an offset from the edge.
static u8 filled(int offset) { return (u8)(0x30 + offset); }
static int untouched(void) {
  for (int i = 0; i < 32; i++) {
    if (second[i] != filled(i) || first[4096 - 32 + i] != filled(i - 32)) return 0;
  }
  return 1;
}

static const struct {
  const char *load, *store, *store_at;
  int size;
} widths[] = {{load2, store2, store2, 2},
              {load4, store4, store4, 4},
              {load8, store8, store8, 8},
              {load10, store10, store10_at, 10},
              {load16, store16, 0, 16}};

static void values(void) {
  int loads = 1, stores = 1;
  map(P | W, P | W);
  for (int split = 1; split < 8; split++) {
    fill();
    attempt(load8, EDGE - split);
    for (int i = 0; i < 8; i++) loads &= (caught.ax >> 8 * i & 0xff) == filled(i - split);
    attempt(store8, EDGE - split, 0x8877665544332211);
    for (int i = 0; i < 8; i++) {
      const u8 *at = i < split ? first + 4096 - split + i : second + i - split;
      stores &= *at == 0x11 * (i + 1);
    }
    stores &= first[4096 - split - 1] == filled(-split - 1) && second[8 - split] == filled(8 - split);
  }
  check(loads, "a load across pages takes its bytes from both frames, at every split");
  check(stores, "a store puts them in both, and nothing beside");
  fill();
  attempt(modify, EDGE - 4, 0x0101010101010101);
  check(first[4095] == filled(-1) + 1 && second[0] == filled(0) + 1, "a locked read-modify-write across pages works");
}

static void faults(void) {
  int second_loads = 1, second_stores = 1, first_loads = 1, first_stores = 1, read_only = 1, nothing = 1;
  for (u32 i = 0; i < sizeof widths / sizeof widths[0]; i++) {
    const char *at = widths[i].store_at ? widths[i].store_at : widths[i].store + 8;
    for (int split = 1; split < widths[i].size; split++) {
      const word address = EDGE - split;
      fill();
      map(P | W, 0);
      attempt(widths[i].load, address);
      second_loads &= caught.frame.vector == PF && caught.frame.error == 0 && caught.cr2 == EDGE &&
                      caught.frame.ip == (word)widths[i].load;
      attempt(widths[i].store, address, 0);
      second_stores &= caught.frame.vector == PF && caught.frame.error == PF_WRITE && caught.cr2 == EDGE;
      if (widths[i].size != 16) second_stores &= caught.frame.ip == (word)at;
      attempt(reset_x87);
      map(0, P | W);
      attempt(widths[i].load, address);
      first_loads &= caught.frame.vector == PF && caught.frame.error == 0 && caught.cr2 == address;
      attempt(widths[i].store, address, 0);
      first_stores &= caught.frame.vector == PF && caught.frame.error == PF_WRITE && caught.cr2 == address;
      attempt(reset_x87);
      map(P | W, P);
      attempt(widths[i].store, address, 0);
      read_only &= caught.frame.vector == PF && caught.frame.error == (PF_WRITE | PF_PRESENT) && caught.cr2 == EDGE;
      attempt(reset_x87);
      // Wider stores may be done in parts, of which the first may stay (SDM volume 3, 9.1.1).
      if (widths[i].size <= 8) nothing &= untouched();
    }
  }
  check(second_loads, "a load whose second page is missing faults with that page's address, at every width and split");
  check(second_stores, "so does a store");
  check(first_loads, "a load whose first page is missing faults with its own address");
  check(first_stores, "so does a store");
  check(read_only, "a store whose second page is read-only faults as one");
  check(nothing, "and none of these stores of up to 8 bytes writes anything");
}

static void others(void) {
  fill();
  map(P | W, P);
  attempt(modify, EDGE - 1, 1);
  check_fault(PF, PF_PRESENT | PF_WRITE, modify, "a read-modify-write needs both pages writable");
  check_equal(caught.cr2, EDGE, "and says which is not");
  check(untouched(), "and writes nothing");
  idt[PF] = make_gate(trap_entry(PF), KERNEL_CODE, GATE_INTERRUPT, 1);
  map(P | W, P);
  attempt(push_across, EDGE + 4, 1);
  check_fault(PF, PF_PRESENT | PF_WRITE, push_across_at, "a push across pages faults");
  check_equal(caught.frame.sp, EDGE + 4, "with RSP as it was");
  check(untouched(), "and nothing written");
  idt[PF] = make_gate(trap_entry(PF), KERNEL_CODE, GATE_INTERRUPT, 0);
  map(P | W, P);
  attempt(string8, EDGE - 12, -1);
  check_fault(PF, PF_PRESENT | PF_WRITE, string8_at, "REP STOSQ faults at the element that crosses");
  check(caught.frame.cx == 1 && caught.frame.di == EDGE - 4, "after the one before it is done");
  check(first[4096 - 5] == 0xff && first[4096 - 4] == filled(-4), "and no byte of the other is written");
  fill();
  *entry_of(WINDOW, 1) &= ~(A | D);
  map(P | W, P | W);
  attempt(store8, EDGE - 1, 0);
  check((*entry_of(WINDOW, 1) & D) && (*entry_of(EDGE, 1) & D), "a store across pages makes both dirty");
}

// MOV EAX, imm32 lies across the edge.
static void instructions(void) {
  for (int split = 1; split < 5; split++) {
    static const u8 bytes[] = {0xb8, 0x78, 0x56, 0x34, 0x12, 0xc3};
    for (int i = 0; i < 6; i++) *(i < split ? first + 4096 - split + i : second + i - split) = bytes[i];
    const void *at = (void *)(EDGE - split);
    map(P, P);
    attempt(at);
    check(caught.frame.vector == NOTHING && caught.ax == 0x12345678, "an instruction across pages runs");
    map(P, 0);
    attempt(at, 1);
    check_fault(PF, PF_FETCH, at, "without its second page it faults at its start");
    check(caught.cr2 == EDGE && caught.ax == 1, "with the address of the second page, and has no effect");
    map(P, P | NX);
    attempt(at);
    check_fault(PF, PF_PRESENT | PF_FETCH, at, "NX of the second page counts");
    check_equal(caught.cr2, EDGE, "with its address");
    map(0, P);
    attempt(at);
    check_fault(PF, PF_FETCH, at, "without its first page it faults there");
    check_equal(caught.cr2, (word)at, "with its own address");
  }
}

void guest(void) {
  static u8 frames[3][4096] ALIGNED(4096);
  static u8 stack[4096] ALIGNED(16);
  first = frames[2];
  second = frames[0];
  task.ist[0] = (word)(stack + sizeof stack);
  write_msr(MSR_EFER, read_msr(MSR_EFER) | EFER_NXE);
  write_cr0((read_cr0() | CR0_WP | CR0_MP | CR0_NE) & ~(word)(CR0_EM | CR0_TS));
  write_cr4(read_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT);
  values();
  faults();
  others();
  instructions();
}
