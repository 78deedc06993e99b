// What a kernel lets a program do with the processor's debugging and segmentation: a tracer that steps and watches a child,
// the trap and alignment-check flags, segment bases, code of other sizes through the local descriptor table. A line says
// "unsupported" where the kernel has no such thing or forbids it.
#define _GNU_SOURCE
#include <asm/ldt.h>
#include <asm/prctl.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile uint32_t watched[4];

__attribute__((noinline)) static unsigned work(unsigned rounds) {
  unsigned sum = 1;
  for (unsigned i = 1; i <= rounds; i++) {
    sum = sum * 31 + i;
    if (i % 10 == 0) watched[1] = sum;
    if (i % 25 == 0) sum += watched[2];
  }
  return sum;
}

static pid_t traced_child(void) {
  fflush(stdout);
  const pid_t child = fork();
  if (child != 0) return child;
  if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0) _exit(1);
  raise(SIGSTOP);
  __asm__ volatile("" : : : "memory");
  _exit((int)(work(100) & 0x7f));
}

// Counts the steps inside work(), and hashes what is in the registers there.
static void single_steps(void) {
  const pid_t child = traced_child();
  int status, inside = 0;
  uint32_t hash = 2166136261;
  waitpid(child, &status, 0);
  if (!WIFSTOPPED(status)) {
    puts("single-steps unsupported");
    return;
  }
  while (ptrace(PTRACE_SINGLESTEP, child, NULL, NULL) == 0 && waitpid(child, &status, 0) > 0 && WIFSTOPPED(status)) {
    struct user_regs_struct registers;
    ptrace(PTRACE_GETREGS, child, NULL, &registers);
    if (registers.rip < (uintptr_t)work || registers.rip >= (uintptr_t)work + 200) continue;
    inside++;
    hash = (hash ^ (uint32_t)registers.rip ^ (uint32_t)registers.rax) * 16777619;
  }
  printf("single-steps %d %08x exit %d\n", inside > 500, hash, WEXITSTATUS(status));
}

static void watchpoint(const char *name, void *address, unsigned long control) {
  const pid_t child = traced_child();
  int status, hits = 0;
  unsigned long seen = 0;
  waitpid(child, &status, 0);
  const size_t debug = offsetof(struct user, u_debugreg);
  int failed = !WIFSTOPPED(status) || ptrace(PTRACE_POKEUSER, child, debug, address) != 0;
  failed |= ptrace(PTRACE_POKEUSER, child, debug + 7 * sizeof(long), control) != 0;
  while (!failed && ptrace(PTRACE_CONT, child, NULL, NULL) == 0 && waitpid(child, &status, 0) > 0 && WIFSTOPPED(status)) {
    hits++;
    seen |= (unsigned long)ptrace(PTRACE_PEEKUSER, child, debug + 6 * sizeof(long), NULL) & 0xf;
  }
  if (failed) kill(child, SIGKILL), waitpid(child, &status, 0);
  if (failed) printf("%s unsupported\n", name);
  else printf("%s %d hits, DR6 %lx\n", name, hits, seen);
}

static sigjmp_buf recovery;
static volatile int trapped, steps;
static void on_fault(int number) {
  trapped = number;
  siglongjmp(recovery, 1);
}
static void on_step(int number) { steps += number == SIGTRAP; }

static void flags(void) {
  signal(SIGTRAP, on_step);
  steps = 0;
  __asm__ volatile(
      "pushf\n orl $0x100, (%%rsp)\n popf\n nop\n mov $39, %%eax\n syscall\n mov $3, %%ecx\n rep stosb\n"
      "pushf\n andl $~0x100, (%%rsp)\n popf\n nop"
      : : "D"((char *)watched), "a"(0) : "rbx", "rcx", "rdx", "r11", "cc", "memory");
  printf("trap-flag %d steps\n", steps);
  signal(SIGBUS, on_fault);
  static uint64_t aligned[2];
  trapped = 0;
  if (sigsetjmp(recovery, 1) == 0) {
    __asm__ volatile("pushf\n orl $0x40000, (%%rsp)\n popf\n mov 1(%0), %%eax\n pushf\n andl $~0x40000, (%%rsp)\n popf"
                     : : "r"(aligned) : "rax", "cc");
  }
  __asm__ volatile("pushf\n andl $~0x40000, (%%rsp)\n popf" : : : "cc");
  printf("alignment-check signal %d\n", trapped);
}

static void segment_bases(void) {
  static uint64_t table[4] = {11, 22, 33, 44};
  unsigned long base = 0;
  uint64_t got = 0;
  syscall(SYS_arch_prctl, ARCH_SET_GS, table + 1);
  __asm__ volatile("mov %%gs:8, %0" : "=r"(got));
  syscall(SYS_arch_prctl, ARCH_GET_GS, &base);
  printf("gs %lu %d\n", (unsigned long)got, base == (unsigned long)(table + 1));
}

// Calls code of another size with a far call and returns from it; entry 0 of the local descriptor table describes it.
static void other_code(const char *name, const uint8_t *code, size_t size, int is32) {
  // The stack has to be in the low 4 GiB too; the page behind the code serves.
  uint8_t *low = mmap(NULL, 8192, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  memcpy(low, code, size);
  struct user_desc entry = {.entry_number = 0, .base_addr = (unsigned)(uintptr_t)low, .limit = 4095, .seg_32bit = is32,
                            .contents = MODIFY_LDT_CONTENTS_CODE, .useable = 1};
  if (syscall(SYS_modify_ldt, 1, &entry, sizeof entry) != 0) {
    printf("%s unsupported\n", name);
    return;
  }
  const struct { uint32_t offset; uint16_t selector; } __attribute__((packed)) target = {0, 7};
  uint32_t result = 0x12345678;
  __asm__ volatile("mov %%rsp, %%rbx\n mov %2, %%rsp\n lcall *(%1)\n mov %%rbx, %%rsp"
                   : "+a"(result) : "r"(&target), "r"(low + 8192) : "rbx", "rcx", "rdx", "cc", "memory");
  printf("%s %08x\n", name, result);
}

int main(void) {
  single_steps();
  // DR7: local enable of DR0, a write of 4 bytes; a read or write; an execution.
  watchpoint("watch-writes", (void *)&watched[1], 0xd0001);
  watchpoint("watch-accesses", (void *)&watched[2], 0xf0001);
  watchpoint("breakpoint", (void *)work, 0x1);
  flags();
  segment_bases();
  // add eax, 1; daa; push cs; pop ecx; lea eax, [eax+ecx*2]; retf
  static const uint8_t code32[] = {0x83, 0xc0, 0x01, 0x27, 0x0e, 0x59, 0x8d, 0x04, 0x48, 0xcb};
  other_code("code-32", code32, sizeof code32, 1);
  // add ax, 1; aas; rol ax, 3; o32 retf
  static const uint8_t code16[] = {0x83, 0xc0, 0x01, 0x3f, 0xc1, 0xc0, 0x03, 0x66, 0xcb};
  other_code("code-16", code16, sizeof code16, 0);
  // int 0x80 from 64-bit code: getpid.
  long pid = 20;
  __asm__ volatile("int $0x80" : "+a"(pid) : : "r8", "r9", "r10", "r11", "memory");
  printf("int80 %d\n", pid == getpid());
  return 0;
}
