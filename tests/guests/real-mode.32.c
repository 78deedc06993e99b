// Real mode: the way there and back, 64 KiB limits, interrupt vectors, instructions that it lacks, and segments that
// keep a limit of protected mode (SDM volume 3, 9.9 and chapter 20).
#include "support/trap.h"

#define SEGMENT 0x2000
#define BASE (SEGMENT << 4)
#define CODE16 SPARE
#define DATA16 (SPARE + 8)

// The program runs at SEGMENT:0. At 0x4000 is what brings it there from protected mode, at 0x4100 what brings it back,
// at 0x4200 are handlers of its exceptions, which note what happened at 0x7000 and leave.
extern char passage[], passage_end[];
asm(".pushsection .rodata\n .code16\n passage:\n"
    "mov %ax, %ds\n mov %ax, %es\n mov %ax, %fs\n mov %ax, %gs\n mov %ax, %ss\n"
    "mov %cr0, %eax\n and $0xfe, %al\n mov %eax, %cr0\n ljmp $0x2000, $(0x4000 + 1f - passage)\n"
    "1: mov $0x2000, %ax\n mov %ax, %ds\n mov %ax, %es\n mov %ax, %ss\n mov $0x8000, %sp\n"
    "lidtw %cs:(0x4000 + 2f - passage)\n xor %ax, %ax\n xor %bx, %bx\n jmp . + 0x10000 - (. - passage) - 0x4000\n"
    "2: .word 0x3ff, 0, 0\n"
    ".org passage + 0x100\n"
    "mov %ax, %cs:0x7010\n mov %bx, %cs:0x7012\n mov %cx, %cs:0x7014\n mov %dx, %cs:0x7016\n mov %sp, %cs:0x7018\n"
    "cli\n mov %cr0, %eax\n or $1, %al\n mov %eax, %cr0\n ljmpl $8, $real_mode_left\n"
    ".org passage + 0x200\n .set vector, 0\n .rept 32\n .balign 8\n push $vector\n jmp 3f\n .set vector, vector + 1\n .endr\n"
    "3: popw %cs:0x7000\n popw %cs:0x7002\n popw %cs:0x7004\n popw %cs:0x7006\n mov $0x2000, %bp\n mov %bp, %ss\n"
    "ljmp $0x2000, $0x4100\n passage_end:\n .code32\n .popsection");

struct table_register saved_idt;
word saved_stack;
void enter_real_mode(u32 data_selector);
asm(".pushsection .text\n enter_real_mode:\n mov 4(%esp), %eax\n push %ebx\n push %ebp\n push %esi\n push %edi\n"
    "mov %esp, saved_stack\n sidt saved_idt\n ljmp $0x50, $0x4000\n"
    "real_mode_left:\n mov $0x10, %eax\n mov %eax, %ds\n mov %eax, %es\n mov %eax, %fs\n mov %eax, %gs\n mov %eax, %ss\n"
    "mov saved_stack, %esp\n lidt saved_idt\n pop %edi\n pop %esi\n pop %ebp\n pop %ebx\n ret\n .popsection");

static volatile struct {
  u16 vector, ip, cs, flags, pad[4], ax, bx, cx, dx, sp;
} *const result = (void *)(BASE + 0x7000);

#define PROGRAM(name, body)                                                                                            \
  extern char name[], name##_end[];                                                                                    \
  asm(".pushsection .rodata\n .code16\n" #name ":\n" body "\n ljmp $0x2000, $0x4100\n" #name "_end:\n .code32\n"       \
      ".popsection")

static u32 run_program(const char *from, const char *to, u32 data_selector) {
  memcpy((void *)BASE, from, (u32)(to - from));
  result->vector = NOTHING;
  enter_real_mode(data_selector);
  return result->vector;
}
#define run(name) run_program(name, name##_end, DATA16)

static void check_real_fault(u32 vector, u32 ip, const char *name) {
  check_equal((u32)result->vector << 16 | result->ip, vector << 16 | ip, name);
}

PROGRAM(nothing, "mov $0x1234, %ax\n mov %cs, %bx\n mov %cr0, %ecx\n mov %cx, %dx");
PROGRAM(segments, "mov $0x1001, %ax\n mov %ax, %es\n mov %es:0x10, %bx\n mov $0xffff, %ax\n mov %ax, %fs\n mov %fs:0x10, %cx");
PROGRAM(byte_at_limit, "mov 0xffff, %al");
PROGRAM(word_at_limit, "mov 0xffff, %ax");
PROGRAM(wide_at_limit, "mov 0xfffd, %eax");
PROGRAM(past_64k, "mov $0x10000, %ebx\n addr32 mov (%ebx), %al");
PROGRAM(wraps, "mov $0xfff0, %bx\n mov 0x20(%bx), %ax");
PROGRAM(stack_at_limit, "mov $0xffff, %sp\n pop %ax");
PROGRAM(far_away, "mov $0x110000, %ebx\n movl $0x5a5a5a5a, %ss:(%ebx)\n xor %ax, %ax\n mov %ax, %ds\n addr32 mov (%ebx), %ax");
PROGRAM(interrupt, "sti\n mov $0x100, %cx\n int $0x41\n pushf\n pop %bx\n cli");
PROGRAM(on_interrupt, "mov %sp, %bp\n mov 2(%bp), %dx\n pushf\n pop %ax\n mov $0x77, %cx\n iret");
PROGRAM(short_table, "lidtw %cs:1f - short_table\n mov $1, %cx\n int $0x41\n jmp 2f\n 1: .word 0x41 * 4 + 2, 0, 0\n 2:");
PROGRAM(moved_table, "lidtw %cs:1f - moved_table\n int $0x41\n jmp 2f\n 1: .word 0x3ff, 0x6000, 2\n 2:");
PROGRAM(divide, "xor %dx, %dx\n xor %cx, %cx\n div %cx");
PROGRAM(breakpoint, "int3");
PROGRAM(overflow, "mov $0x7f, %al\n inc %al\n into");
PROGRAM(bound, "movw $0, 0x100\n movw $5, 0x102\n mov $6, %ax\n bound %ax, 0x100");
PROGRAM(undefined, "ud2");
PROGRAM(flags, "push $0x7002\n popf\n pushf\n pop %ax\n push $2\n popf");
PROGRAM(machine_status, "smsw %ax\n mov $0x8, %bx\n lmsw %ax\n smsw %bx");
PROGRAM(far_call, "lcall $0x2000, $1f - far_call\n mov $1, %cx\n jmp 2f\n 1: mov %sp, %bp\n mov (%bp), %ax\n mov 2(%bp), %bx\n"
                  "lret\n 2:");
PROGRAM(wide, "mov $0x12345678, %eax\n push %eax\n pop %bx\n pop %cx\n lea (%eax), %edx\n pusha\n popa");
// Instructions that protected mode alone has.
#define LACKING(name, body) PROGRAM(lacking_##name, body)
LACKING(sldt, "sldt %ax");
LACKING(str, "str %ax");
LACKING(lldt, "lldt %ax");
LACKING(ltr, "ltr %ax");
LACKING(verr, "verr %ax");
LACKING(verw, "verw %ax");
LACKING(lar, "lar %ax, %bx");
LACKING(lsl, "lsl %ax, %bx");
LACKING(arpl, "arpl %ax, %bx");
LACKING(sysexit, ".byte 0x0f, 0x35");

static void basics(void) {
  check_equal(run(nothing), NOTHING, "a program runs in real mode and protected mode comes back");
  check_equal(result->ax, 0x1234, "with its registers");
  check_equal(result->bx, SEGMENT, "CS is a paragraph number");
  check(!(result->dx & CR0_PE), "CR0.PE is clear");
  check_equal(result->sp, 0x8000, "the stack is as it was");
  *(u16 *)0x10020 = 0x4321;
  *(u16 *)0x100000 = *(u16 *)0x100000;
  run(segments);
  check_equal(result->bx, 0x4321, "an address is 16 times the segment plus the offset");
  check_equal(result->cx, *(u16 *)0x100000, "which goes past 1 MiB");
  check_equal(run(far_call), NOTHING, "far calls return");
  check_equal(result->bx, SEGMENT, "to the segment on the stack");
  check_equal(result->ax, 5, "and the offset");
  check_equal(run(wide), NOTHING, "operand-size prefixes give 32 bits");
  check_equal((u32)result->cx << 16 | result->bx, 0x12345678, "in PUSH, low word first");
  run(flags);
  check_equal(result->ax, 0x7002, "POPF sets IOPL and NT");
  check_equal(run(machine_status), NOTHING, "SMSW and LMSW work");
}

static void limits(void) {
  check_equal(run(byte_at_limit), NOTHING, "the byte at 0xffff can be read");
  run(word_at_limit);
  check_real_fault(GP, 0, "a word there raises #GP");
  check_equal(result->sp, 0x8000, "without an error code on the stack");
  check_equal(result->cs, SEGMENT, "with CS");
  run(wide_at_limit);
  check_real_fault(GP, 0, "so does a doubleword that reaches past 64 KiB");
  run(past_64k);
  check_real_fault(GP, 6, "and an offset above 64 KiB");
  check_equal(run(wraps), NOTHING, "16-bit address arithmetic wraps");
  run(stack_at_limit);
  check_real_fault(SS, 3, "a word on the stack at 0xffff raises #SS");
  *(u16 *)0x110000 = 0x600d;
  *(u32 *)(0x110000 + BASE) = 0;
  check_equal(run_program(far_away, far_away_end, KERNEL_DATA), NOTHING, "a 4 GiB limit of protected mode stays in real mode");
  check_equal(result->ax, 0x600d, "so that all memory can be read");
  check_equal(*(u32 *)(0x110000 + BASE), 0x5a5a5a5a, "and written");
  run(far_away);
  check_equal(result->vector, SS, "but not with a limit of 64 KiB");
}

static void interrupts(void) {
  u32 *const vectors = 0;
  memcpy((void *)(BASE + 0x6800), on_interrupt, (u32)(on_interrupt_end - on_interrupt));
  vectors[0x41] = SEGMENT << 16 | 0x6800;
  check_equal(run(interrupt), NOTHING, "INT goes through the vector table and IRET comes back");
  check_equal(result->cx, 0x77, "from the handler");
  check_equal(result->dx, SEGMENT, "which has CS on its stack");
  check(!(result->ax & FLAG_IF), "and IF clear");
  check(result->bx & FLAG_IF, "until IRET");
  run(short_table);
  check_real_fault(GP, 9, "a vector past the limit of IDTR raises #GP");
  check_equal(result->cx, 1, "at the INT");
  memcpy((void *)0x26000, (void *)0, 0x400);
  ((u32 *)0x26000)[0x41] = SEGMENT << 16 | (0x4200 + 8 * 7);
  run(moved_table);
  check_equal(result->vector, 7, "the table may be anywhere");
  run(divide);
  check_real_fault(DE, 4, "DIV by zero goes to vector 0, at the instruction");
  run(breakpoint);
  check_real_fault(BP, 1, "INT3 to vector 3, past it");
  run(overflow);
  check_real_fault(OF, 5, "INTO to vector 4, past it");
  run(bound);
  check_real_fault(BR, 15, "BOUND to vector 5, at the instruction");
  run(undefined);
  check_real_fault(UD, 0, "UD2 to vector 6");
}

static void lacking(void) {
  static const struct {
    const char *from, *to, *name;
  } cases[] = {
#define CASE(name, text) {lacking_##name, lacking_##name##_end, text}
      CASE(sldt, "SLDT"), CASE(str, "STR"), CASE(lldt, "LLDT"), CASE(ltr, "LTR"),   CASE(verr, "VERR"),
      CASE(verw, "VERW"), CASE(lar, "LAR"), CASE(lsl, "LSL"),   CASE(arpl, "ARPL"),
  };
  for (u32 i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    run_program(cases[i].from, cases[i].to, DATA16);
    print("# ");
    print(cases[i].name);
    print("\n");
    check_real_fault(UD, 0, "raises #UD in real mode");
  }
  run_program(lacking_sysexit, lacking_sysexit_end, DATA16);
  check_real_fault(GP, 0, "SYSEXIT raises #GP in real mode");
}

void guest(void) {
  set_segment(CODE16, BASE, 0xffff, RIGHTS_CODE16);
  set_segment(DATA16, BASE, 0xffff, RIGHTS_DATA16);
  memcpy((void *)(BASE + 0x4000), passage, (u32)(passage_end - passage));
  for (u32 vector = 0; vector < 32; vector++) *(volatile u32 *)(vector * 4) = SEGMENT << 16 | (0x4200 + 8 * vector);
  basics();
  limits();
  interrupts();
  lacking();
}
