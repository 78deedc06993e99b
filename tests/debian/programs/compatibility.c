// 32-bit system calls, signals and segments, on a 32-bit kernel as on a 64-bit one: the two must agree, and so must the
// guest and the host. Without a C library, since few hosts have one of 32 bits.
#include "freestanding.h"

enum { EXIT = 1, FORK = 2, READ = 3, WRITE = 4, OPEN = 5, WAITPID = 7, GETPID = 20, KILL = 37, PIPE = 42, MODIFY_LDT = 123 };
enum { MPROTECT = 125, RT_SIGACTION = 174, RT_SIGRETURN = 173, MMAP2 = 192, SET_THREAD_AREA = 243 };
enum { SIGILL = 4, SIGTRAP = 5, SIGBUS = 7, SIGFPE = 8, SIGUSR1 = 10, SIGSEGV = 11 };

static long call6(long number, long a, long b, long c, long d, long e) {
  long result;
  __asm__ volatile("push %%ebp\n xor %%ebp, %%ebp\n int $0x80\n pop %%ebp"
                   : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e) : "memory");
  return result;
}

static void say(const char *name, long value) {
  hash = (uint64_t)value;
  print_line(name);
}

// What struct sigcontext_32 of the kernel holds at these words of the ucontext.
enum { CONTEXT_IP = 19, CONTEXT_TRAP = 17, CONTEXT_ERROR = 18 };

static volatile uint32_t caught, caught_code, caught_trap, caught_error, recovery, address;

static void on_signal(int number, uint32_t *information, uint32_t *context) {
  caught = (uint32_t)number;
  caught_code = information[2];
  address = information[3];
  caught_trap = context[CONTEXT_TRAP];
  caught_error = context[CONTEXT_ERROR];
  if (recovery != 0) context[CONTEXT_IP] = recovery;
}

static void handle(int number) {
  const struct { void *handler; uint32_t flags; void *restorer; uint32_t mask[2]; } action = {on_signal, 4, 0, {0, 0}};
  call6(RT_SIGACTION, number, (long)&action, 0, 8, 0);
}

#define TRAP(name, code)                                                                              \
  do {                                                                                                \
    caught = caught_code = caught_trap = caught_error = 0;                                            \
    __asm__ volatile("movl $1f, %0\n" code "\n1:" : "=m"(recovery) : : "eax", "edx", "cc", "memory"); \
    recovery = 0;                                                                                     \
    say(name, caught << 24 | (caught_code & 0xff) << 16 | caught_trap << 8 | (caught_error & 0xff));  \
  } while (0)

static void signals(void) {
  const int numbers[] = {SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGUSR1, SIGSEGV};
  for (int i = 0; i < 6; i++) handle(numbers[i]);
  TRAP("divide", "xor %%eax, %%eax\n div %%eax");
  TRAP("overflow", "mov $0x7fffffff, %%eax\n add $1, %%eax\n into");
  TRAP("undefined", "ud2");
  TRAP("breakpoint", "int3");
  TRAP("privileged", "cli");
  TRAP("null", "movl $1, 0");
  TRAP("selector", "mov $0x1234, %%eax\n mov %%eax, %%fs");
  TRAP("interrupt", "int $0x81");
  TRAP("x87", "fninit\n pushl $0x37b\n fldcw (%%esp)\n add $4, %%esp\n fld1\n fldz\n fdivrp\n fwait");
  __asm__ volatile("fninit");
  caught = 0;
  call6(KILL, call6(GETPID, 0, 0, 0, 0, 0), SIGUSR1, 0, 0, 0);
  say("kill", caught);
}

// fork, pipes, and registers of the x87 that live through switches between processes.
static void processes(void) {
  int pipes[2];
  call6(PIPE, (long)pipes, 0, 0, 0, 0);
  for (int child = 1; child <= 4; child++) {
    if (call6(FORK, 0, 0, 0, 0, 0) != 0) continue;
    long double sum = 0;
    for (int i = 1; i < 60000; i++) sum += (long double)child / i;
    hash = 0xcbf29ce484222325;
    note_long_double(sum);
    const uint64_t result = hash;
    call6(WRITE, pipes[1], (long)&result, sizeof result, 0, 0);
    call6(EXIT, child, 0, 0, 0, 0);
  }
  uint64_t all = 0, one;
  int status, statuses = 0;
  for (int child = 1; child <= 4; child++) {
    call6(READ, pipes[0], (long)&one, sizeof one, 0, 0);
    all ^= one;
    call6(WAITPID, -1, (long)&status, 0, 0, 0);
    statuses += status >> 8 & 0xff;
  }
  hash = all;
  print_line("x87-in-processes");
  say("statuses", statuses);
}

struct descriptor {
  uint32_t entry, base, limit, flags;
};
enum { IS_32BIT = 1, CODE = 2 << 1, IN_PAGES = 0x10, USEABLE = 0x40 };

static void segments(void) {
  static uint32_t thread_data[4] = {101, 202, 303, 404};
  struct descriptor area = {(uint32_t)-1, (uint32_t)thread_data, 0xfffff, IS_32BIT | IN_PAGES | USEABLE};
  say("set-thread-area", call6(SET_THREAD_AREA, (long)&area, 0, 0, 0, 0));
  uint32_t value;
  __asm__ volatile("mov %1, %%gs\n mov %%gs:8, %0" : "=r"(value) : "r"(area.entry * 8 + 3));
  say("gs", (long)value);

  // An expand-up data segment of 8 bytes: the ninth is beyond it.
  struct descriptor data = {1, (uint32_t)thread_data, 7, IS_32BIT | USEABLE};
  say("modify-ldt", call6(MODIFY_LDT, 1, (long)&data, sizeof data, 0, 0));
  __asm__ volatile("mov %0, %%fs" : : "r"(15));
  TRAP("within", "mov %%fs:4, %%eax");
  TRAP("limit", "mov %%fs:5, %%eax");

  // Code of 32 bits at a base of its own, through a call gate's poor relative, the far call.
  static const uint8_t code[] = {0xe8, 0, 0, 0, 0, 0x58, 0xcb}; // call next; next: pop eax; retf
  uint8_t *page = (uint8_t *)call6(MMAP2, 0, 4096, 7, 0x22, -1);
  memcpy(page + 16, code, sizeof code);
  struct descriptor text = {2, (uint32_t)page, 4095, IS_32BIT | CODE | USEABLE};
  call6(MODIFY_LDT, 1, (long)&text, sizeof text, 0, 0);
  __asm__ volatile("lcall $23, $16" : "=a"(value));
  say("far-call", (long)value);
  uint32_t limit = 0, rights = 0;
  __asm__ volatile("mov $23, %%eax\n lsl %%eax, %0\n lar %%eax, %1" : "=r"(limit), "=r"(rights) : : "eax", "cc");
  say("lsl", (long)limit);
  say("lar", (long)(rights & 0xf0ff00));
}

// The entry that the kernel gives in the auxiliary vector is SYSENTER or SYSCALL where the processor has it.
static void fast_system_call(void) {
  static uint32_t vector[128];
  const long file = call6(OPEN, (long)"/proc/self/auxv", 0, 0, 0, 0);
  const long size = call6(READ, file, (long)vector, sizeof vector, 0, 0);
  for (long i = 0; i < size / 8; i++) {
    if (vector[2 * i] != 32) continue;
    long sum = 0, mine = call6(GETPID, 0, 0, 0, 0, 0);
    for (int round = 0; round < 1000; round++) {
      long result = GETPID;
      __asm__ volatile("call *%1" : "+a"(result) : "r"(vector[2 * i + 1]) : "memory");
      sum += result == mine;
    }
    say("system-calls", sum);
  }
}

int run(void) {
  signals();
  processes();
  segments();
  fast_system_call();
  return 0;
}
