// Segmentation of protected mode: limits, expand-down, types, 16-bit code and stacks, LAR, LSL, VERR, VERW, ARPL
// (SDM volume 3, chapters 3 and 5).
#include "support/trap.h"

#define DATA SPARE
#define CODE_SPARE (SPARE + 8)
#define STACK16 (SPARE + 16)
#define RIGHTS_READ_ONLY 0x4091
#define RIGHTS_BYTES 0x4093     // writable data, byte granularity, 32-bit
#define RIGHTS_EXPAND_DOWN 0x4097
#define RIGHTS_EXPAND_DOWN16 0x0097
#define RIGHTS_EXECUTE_ONLY 0x4099

static u8 area[0x20000] ALIGNED(4096);

CODE(load_byte, "mov %edx, %fs\n movb %fs:(%eax), %cl\n ret");
CODE(load, "mov %edx, %fs\n mov %fs:(%eax), %ecx\n ret");
CODE(store, "mov %edx, %fs\n mov %eax, %fs:(%eax)\n ret");
CODE(load_quad, "mov %edx, %fs\n fldl %fs:(%eax)\n fstp %st(0)\n ret");
CODE(by_stack, "mov %ss, %ecx\n mov %esp, %ebx\n mov %edx, %ss\n mov %eax, %esp\n push %eax\n mov %ecx, %ss\n mov %ebx, %esp\n ret");
CODE(pop_stack, "mov %ss, %ecx\n mov %esp, %ebx\n mov %edx, %ss\n mov %eax, %esp\n pop_stack_at: pop %edi\n mov %ecx, %ss\n"
                "mov %ebx, %esp\n ret");
LABEL(pop_stack_at);
CODE(base_pointer, "mov %ss, %edi\n mov %esp, %esi\n mov %ebp, %ebx\n mov %edx, %ss\n mov %ecx, %esp\n mov %eax, %ebp\n"
                   "base_pointer_at: mov (%ebp), %eax\n mov %edi, %ss\n mov %esi, %esp\n mov %ebx, %ebp\n ret");
LABEL(base_pointer_at);
CODE(store_code, "mov %eax, %cs:area\n ret");
CODE(set_fs, "mov %ax, %fs\n ret");
CODE(use_fs, "mov %ax, %fs\n use_fs_at: mov %fs:0, %eax\n ret");
LABEL(use_fs_at);
CODE(call_far, "lcall *(%eax)\n ret");
CODE(jump_far, "push %edx\n push %eax\n ljmp *(%esp)");
CODE(load_access, "lar %eax, %ecx\n mov $0, %eax\n jnz 1f\n mov %ecx, %eax\n 1: ret");
CODE(load_limit, "lsl %eax, %ecx\n mov $-1, %eax\n jnz 1f\n mov %ecx, %eax\n 1: ret");
CODE(verify_read, "verr %ax\n setz %al\n movzbl %al, %eax\n ret");
CODE(verify_write, "verw %ax\n setz %al\n movzbl %al, %eax\n ret");
CODE(adjust, "arpl %dx, %ax\n setz %dl\n movzwl %ax, %eax\n shl $16, %edx\n or %edx, %eax\n ret");
CODE(user_verify, "verr %ax\n setz %al\n movzbl %al, %eax\n int $0x80");
CODE(user_limit, "lsl %eax, %ecx\n mov $-1, %eax\n jnz 1f\n mov %ecx, %eax\n 1: int $0x80");
CODE(load_wide, "lds (%eax), %ecx\n ret");

static u32 at(const char *code, u32 offset, u32 selector) { return attempt(code, offset, selector); }

static void limits(void) {
  set_segment(DATA, (u32)area, 0xff, RIGHTS_BYTES);
  check_equal(at(load_byte, 0xff, DATA), NOTHING, "the limit is the last byte");
  at(load_byte, 0x100, DATA);
  check_fault(GP, 0, load_byte + 2, "the byte after it raises #GP(0)");
  check_equal(at(load, 0xfc, DATA), NOTHING, "a doubleword may end at the limit");
  at(load, 0xfd, DATA);
  check_fault(GP, 0, load + 2, "and not past it");
  at(store, 0xfd, DATA);
  check_fault(GP, 0, store + 2, "nor be written past it");
  check_equal(at(load, 0xfffffffe, DATA), GP, "an operand that wraps past 4 GiB raises #GP");
  check_equal(at(load_quad, 0xf8, DATA), NOTHING, "eight bytes may end at the limit");
  check_equal(at(load_quad, 0xf9, DATA), GP, "and not past it");
  set_segment(DATA, (u32)area, 1, RIGHTS_DATA);
  check_equal(at(load, 0x1ffc, DATA), NOTHING, "with page granularity the limit has 12 low bits set");
  check_equal(at(load, 0x1ffd, DATA), GP, "and ends there");
  set_segment(DATA, (u32)area - 0x1000, 0xfffff, RIGHTS_DATA);
  check_equal(at(load, 0x1000, DATA), NOTHING, "a base adds to the offset");
  *(u32 *)area = 0xbeef;
  set_segment(DATA, (u32)area + 0x10, 0xfffff, RIGHTS_DATA);
  attempt(load, 0xfffffff0, DATA);
  check_equal(caught.frame.vector, NOTHING, "base and offset add modulo 4 GiB");

  set_segment(DATA, (u32)area, 0xfff, RIGHTS_EXPAND_DOWN);
  at(load_byte, 0xfff, DATA);
  check_fault(GP, 0, load_byte + 2, "an expand-down segment begins after its limit");
  check_equal(at(load_byte, 0x1000, DATA), NOTHING, "there");
  check_equal(at(load, 0xffd, DATA), GP, "an operand must be above the limit whole");
  set_segment(DATA, (u32)area, 0xfff, RIGHTS_EXPAND_DOWN16);
  check_equal(at(load, 0xfffc, DATA), NOTHING, "with B clear it ends at 64 KiB");
  check_equal(at(load, 0xfffd, DATA), GP, "and not past it");
  check_equal(at(load_byte, 0x10000, DATA), GP, "nor after");
}

static void stacks(void) {
  // Handlers run on these stacks too, so that their bases are zero and only the limits are special.
  const u32 start = (u32)area;
  set_segment(DATA, 0, start >> 12, RIGHTS_DATA);
  attempt(pop_stack, start + 0x1000, DATA);
  check_fault(SS, 0, pop_stack_at, "POP past the limit of SS raises #SS(0)");
  check_equal(attempt(pop_stack, start + 0xffc, DATA), NOTHING, "the last doubleword can be popped");
  attempt(base_pointer, start + 0xffd, DATA, start + 0x800);
  check_fault(SS, 0, base_pointer_at, "an access by EBP past the limit raises #SS(0)");
  set_segment(DATA, 0, start >> 12, RIGHTS_EXPAND_DOWN | 0x8000);
  attempt(base_pointer, start + 0xffd, DATA, start + 0x1800);
  check_fault(SS, 0, base_pointer_at, "so does one below an expand-down stack");
  check_equal(attempt(base_pointer, start + 0x1000, DATA, start + 0x1800), NOTHING, "which begins after its limit");

  // With B clear, PUSH uses SP: the upper half of ESP stays, and SP wraps.
  set_segment(STACK16, (u32)area, 0xffff, RIGHTS_DATA16);
  *(u32 *)(area + 0xfffc) = 0;
  check_equal(at(by_stack, 0x12340000, STACK16), NOTHING, "PUSH on a 16-bit stack uses SP");
  check_equal(*(u32 *)(area + 0xfffc), 0x12340000, "which wraps at 64 KiB");
}

static void types(void) {
  set_segment(DATA, (u32)area, 0xfff, RIGHTS_READ_ONLY);
  check_equal(at(load, 0, DATA), NOTHING, "read-only data can be read");
  at(store, 0, DATA);
  check_fault(GP, 0, store + 2, "and not written");
  attempt(store_code);
  check_fault(GP, 0, store_code, "code cannot be written");
  check_equal(at(load, 0x100000, KERNEL_CODE), NOTHING, "readable code can be read");
  set_segment(DATA, 0, 0xfffff, RIGHTS_EXECUTE_ONLY);
  attempt(set_fs, DATA);
  check_fault(GP, DATA, set_fs, "execute-only code cannot be loaded");
  check_equal(attempt(set_fs, 0), NOTHING, "a null selector can");
  attempt(use_fs, 0);
  check_fault(GP, 0, use_fs_at, "and not used");
  check_equal(attempt(use_fs, 3), GP, "null selectors may have any RPL");
  set_segment(DATA, (u32)area, 0xfff, RIGHTS_BYTES & ~1);
  attempt(set_fs, DATA);
  check(gdt[DATA >> 3] >> 40 & 1, "loading a segment sets its accessed bit");
  static u32 far_pointer[2] = {5, KERNEL_DATA};
  check_equal(attempt(load_wide, far_pointer), NOTHING, "LDS loads a far pointer");
  attempt(set_fs, KERNEL_DATA);
}

CODE(code_at_limit, "nop\n nop\n nop\n lret");
CODE(code_past_limit, "nop\n nop\n nop\n lret");
static void code_limits(void) {
  struct {
    u32 offset;
    u16 selector;
  } PACKED target = {0, CODE_SPARE};
  set_segment(CODE_SPARE, (u32)code_at_limit, 3, RIGHTS_CODE32 & 0x7fff);
  check_equal(attempt(call_far, &target), NOTHING, "code may run to its limit");
  set_segment(CODE_SPARE, (u32)code_past_limit, 2, RIGHTS_CODE32 & 0x7fff);
  attempt(call_far, &target);
  check_fault(GP, 0, (void *)3, "and raises #GP(0) past it");
  check_equal(caught.frame.cs, CODE_SPARE, "in its segment");
  target.offset = 3;
  attempt(call_far, &target);
  check_fault(GP, 0, call_far, "a far call past the limit raises #GP(0) at the call");
  attempt(jump_far, 0x100, CODE_SPARE);
  check_equal(caught.frame.vector, GP, "so does a far jump");
}

// 16-bit code: operands and addresses have 16 bits unless prefixed.
CODE(code16, ".code16\n mov $0xffff, %ax\n inc %ax\n mov $0x10000, %ecx\n mov %sp, %dx\n push %ax\n sub %sp, %dx\n pop %ax\n"
             "mov %ax, %ds:(0x20)\n mov %eax, %ds:(0x24)\n addr32 mov %dx, (0x28)\n call 2f\n lretl\n"
             "2: ret\n .code32\n code16_end:");
LABEL(code16_end);
CODE(run_code16, "mov %ds, %ebx\n mov %edx, %ds\n push %ebx\n lcall *%cs:(%eax)\n pop %ebx\n mov %ebx, %ds\n ret");

static void sixteen_bits(void) {
  static struct {
    u32 offset;
    u16 selector;
  } PACKED target = {0, CODE_SPARE};
  set_segment(CODE_SPARE, (u32)code16, 0xffff, RIGHTS_CODE16);
  set_segment(DATA, (u32)area, 0xfff, RIGHTS_BYTES);
  memset(area, 0xcc, 0x40);
  check_equal(attempt(run_code16, &target, DATA), NOTHING, "16-bit code runs and returns");
  check_equal(*(u16 *)(area + 0x20), 0, "its arithmetic has 16 bits");
  check_equal(*(u16 *)(area + 0x22), 0xcccc, "and its stores");
  check_equal(*(u32 *)(area + 0x24) & 0xffff, 0, "a prefix makes 32");
  check_equal(*(u16 *)(area + 0x28), 2, "PUSH pushes a word");
}

static u32 value(const char *code, u32 selector) {
  attempt(code, selector);
  return caught.ax;
}

static void inspection(void) {
  set_segment(DATA, 0, 0x12345, RIGHTS_BYTES);
  check_equal(value(load_limit, DATA), 0x12345, "LSL gives the limit in bytes");
  set_segment(DATA, 0, 0x12345, RIGHTS_DATA);
  check_equal(value(load_limit, DATA), 0x12345fff, "scaled by granularity");
  check_equal(value(load_limit, TASK), sizeof task - 1, "of a TSS too");
  check_equal(value(load_limit, sizeof gdt), (u32)-1, "and clears ZF past the GDT");
  check_equal(value(load_limit, 0), (u32)-1, "or for a null selector");
  // What LAR gives for the limit's nibble, bits 16 to 19, is undefined.
  check_equal(value(load_access, DATA) & ~0xf0000u, 0x00c09300, "LAR gives the access rights");
  gdt[DATA >> 3] = make_gate(0, KERNEL_CODE, GATE_CALL, 0).low;
  check_equal(value(load_access, DATA) & 0xff00, 0x8c00, "LAR takes call gates");
  check_equal(value(load_limit, DATA), (u32)-1, "LSL does not");
  gdt[DATA >> 3] = make_gate(0, KERNEL_CODE, GATE_INTERRUPT, 0).low;
  check_equal(value(load_access, DATA), 0, "LAR does not take interrupt gates");
  check_equal(value(verify_read, KERNEL_DATA), 1, "VERR accepts data");
  check_equal(value(verify_write, KERNEL_DATA), 1, "VERW accepts writable data");
  check_equal(value(verify_write, KERNEL_CODE), 0, "VERW refuses code");
  set_segment(DATA, 0, 0xfff, RIGHTS_EXECUTE_ONLY);
  check_equal(value(verify_read, DATA), 0, "VERR refuses execute-only code");
  check_equal(value(verify_read, TASK), 0, "and system segments");
  attempt_user(user_verify, KERNEL_DATA);
  check_equal(caught.ax, 0, "VERR in ring 3 refuses ring 0's data");
  attempt_user(user_verify, USER_DATA);
  check_equal(caught.ax, 1, "and accepts its own");
  attempt_user(user_limit, KERNEL_DATA);
  check_equal(caught.ax, (u32)-1, "LSL too");
  attempt(adjust, 0x8, 0x3);
  check_equal(caught.ax & 0x1ffff, 0x1000b, "ARPL raises the RPL and sets ZF");
  attempt(adjust, 0xb, 0x1);
  check_equal(caught.ax & 0x1ffff, 0xb, "and leaves a higher one, clearing ZF");
}

void guest(void) {
  limits();
  stacks();
  types();
  code_limits();
  sixteen_bits();
  inspection();
}
