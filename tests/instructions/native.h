// What native.c and programs/native-programs.c share. State goes into the processor and comes out of it through signal
// frames: the handler of one case's trap fills the frame for the next case and returns into it, so that neither load nor
// store code of its own can be wrong.

#define _GNU_SOURCE
#include <asm/ldt.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#define CODE 0x10000000ul
#define CODE_SIZE 0x10000ul
#define DATA 0x20000000ul
#define PAGE 0x1000ul
#define DATA_SIZE (2 * PAGE)
#define WINDOW (DATA + PAGE - WINDOW_SIZE / 2)
#define WINDOW_SIZE 1024ul
#define FX_SIZE 416
#define CODE_BYTES 192

#define FLAG_NT 0x4000ul
#define FLAG_AC 0x40000ul
#define FLAG_ID 0x200000ul
#define VECTOR_HANG 255

#define CODE_SEGMENT_64 0x33
#define CODE_SEGMENT_32 0x23
#define CODE_SEGMENT_16 0x07
#define DATA_SEGMENT 0x2b
// A data segment in the LDT whose limit is the end of the writable data.
#define SMALL_SEGMENT 0x0f
#define SMALL_BASE (DATA - 0x8000ul)
#define SMALL_LIMIT (0x8000ul + DATA_SIZE - 1)

struct image {
  uint32_t vector; // case: code size in bits
  uint32_t error; // case: bytes of code
  uint64_t fault_address;
  uint64_t outside; // 1 when memory outside the window has changed
  uint64_t rip;
  uint64_t flags;
  uint64_t fs_base;
  uint64_t gs_base;
  uint64_t small; // of a case: 1 when DS and ES are the small segment
  uint64_t registers[16];
  uint8_t fx[FX_SIZE]; // the part of an FXSAVE image that has state
  uint8_t padding[32];
  uint8_t window[WINDOW_SIZE];
  uint8_t code[CODE_BYTES]; // of a case
};

// Where the frame keeps the registers, in encoding order.
static const int frame_registers[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                        REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

static uint64_t own_fs_base, own_gs_base;
static gregset_t own_registers;
static uint8_t own_fx[512];

static inline uint64_t fs_base(void) {
  uint64_t base;
  __asm__ volatile("rdfsbase %0" : "=r"(base));
  return base;
}

static inline uint64_t gs_base(void) {
  uint64_t base;
  __asm__ volatile("rdgsbase %0" : "=r"(base));
  return base;
}

static inline void set_bases(uint64_t fs, uint64_t gs) {
  __asm__ volatile("wrfsbase %0; wrgsbase %1" : : "r"(fs), "r"(gs));
}

// For a handler that is to return into C.
static inline void save_own(const ucontext_t *context) {
  memcpy(own_registers, context->uc_mcontext.gregs, sizeof own_registers);
  memcpy(own_fx, context->uc_mcontext.fpregs, sizeof own_fx);
}

static inline void load_own(ucontext_t *context) {
  memcpy(context->uc_mcontext.gregs, own_registers, sizeof own_registers);
  memcpy(context->uc_mcontext.fpregs, own_fx, sizeof own_fx);
}

// The kernel leaves the program's flags that it does not need to change.
static inline void clear_flags(void) {
  __asm__ volatile("pushfq; andq %0, (%%rsp); popfq" : : "i"(~(FLAG_NT | FLAG_AC | FLAG_ID)) : "cc", "memory");
}

// All of a case's processor but the data segments and the bases of FS and GS.
static inline void load_registers(const struct image *test, ucontext_t *context) {
  greg_t *frame = context->uc_mcontext.gregs;
  uint64_t code = test->vector == 64 ? CODE_SEGMENT_64 : test->vector == 32 ? CODE_SEGMENT_32 : CODE_SEGMENT_16;
  frame[REG_CSGSFS] = (greg_t)(((uint64_t)frame[REG_CSGSFS] & ~0xfffful) | code);
  frame[REG_RIP] = (greg_t)test->rip;
  frame[REG_EFL] = (greg_t)test->flags;
  for (int i = 0; i < 16; i++) frame[frame_registers[i]] = (greg_t)test->registers[i];
  uint8_t *fx = (uint8_t *)context->uc_mcontext.fpregs;
  memcpy(fx, test->fx, FX_SIZE);
  // The header of the XSAVE image behind it: x87 and SSE state are in the image.
  fx[512] |= 3;
}

// 64-bit programs have null selectors here, which other code sizes cannot use.
static inline void load_segments(const struct image *test) {
  uint32_t data_segment = test->small ? SMALL_SEGMENT : test->vector == 64 ? 0 : DATA_SEGMENT;
  __asm__ volatile("mov %0, %%ds; mov %0, %%es; mov %1, %%fs; mov %1, %%gs" : : "r"(data_segment), "r"(0));
  set_bases(test->fs_base, test->gs_base);
}

static inline void record_registers(struct image *answer, const ucontext_t *context, uint64_t fs, uint64_t gs) {
  const greg_t *frame = context->uc_mcontext.gregs;
  answer->vector = (uint32_t)frame[REG_TRAPNO];
  answer->error = (uint32_t)frame[REG_ERR];
  answer->fault_address = (uint64_t)frame[REG_CR2];
  answer->rip = (uint64_t)frame[REG_RIP];
  answer->flags = (uint64_t)frame[REG_EFL];
  answer->fs_base = fs;
  answer->gs_base = gs;
  for (int i = 0; i < 16; i++) answer->registers[i] = (uint64_t)frame[frame_registers[i]];
  memcpy(answer->fx, context->uc_mcontext.fpregs, FX_SIZE);
}

static inline void fail(const char *what) {
  perror(what);
  exit(1);
}

static inline void map(unsigned long address, size_t size, int protection) {
  void *got = mmap((void *)address, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (got != (void *)address) fail("mmap");
}

static inline void install_handler(void (*handle)(int, siginfo_t *, void *)) {
  if (!(getauxval(AT_HWCAP2) & 2)) {
    fprintf(stderr, "The kernel does not let programs set segment bases.\n");
    exit(3);
  }
  stack_t stack = {.ss_size = 1 << 20, .ss_sp = malloc(1 << 20)};
  if (stack.ss_sp == NULL || sigaltstack(&stack, NULL) != 0) fail("sigaltstack");
  struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK};
  action.sa_sigaction = handle;
  sigfillset(&action.sa_mask);
  const int signals[] = {SIGTRAP, SIGSEGV, SIGILL, SIGFPE, SIGBUS, SIGALRM};
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
    if (sigaction(signals[i], &action, NULL) != 0) fail("sigaction");
  }
  struct itimerval tick = {{1, 0}, {1, 0}};
  setitimer(ITIMER_REAL, &tick, NULL);
  own_fs_base = fs_base();
  own_gs_base = gs_base();
}

// Opens the files of cases and answers, and maps both; gives the number of bytes.
static inline size_t map_files(char **names, size_t case_size, size_t answer_size, void **cases, void **answers) {
  int input = open(names[0], O_RDONLY);
  struct stat information;
  if (input < 0 || fstat(input, &information) != 0) fail(names[0]);
  size_t count = (size_t)information.st_size / case_size;
  int output = open(names[1], O_RDWR | O_CREAT | O_TRUNC, 0600);
  if (output < 0 || ftruncate(output, (off_t)(count * answer_size)) != 0) fail(names[1]);
  if (count == 0) return 0;
  *cases = mmap(NULL, count * case_size, PROT_READ, MAP_PRIVATE, input, 0);
  *answers = mmap(NULL, count * answer_size, PROT_READ | PROT_WRITE, MAP_SHARED, output, 0);
  if (*cases == MAP_FAILED || *answers == MAP_FAILED) fail("mmap");
  return count;
}
