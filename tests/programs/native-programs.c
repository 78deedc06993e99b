// Runs whole programs on this machine's processor, with their exceptions: what handlers.ts does in the guest, the signal
// handler does here.
//
// Usage: native-programs PROGRAMS OUTCOMES. run-native.ts has the same layouts.

#define _GNU_SOURCE
#include <sys/mman.h>

#include "../instructions/native.h"

#define AREA (CODE + 0x4000ul)
#define AREA_SIZE 0x4000ul
#define COPIES 3
#define LOST (CODE + 0x100ul)
#define MOST_FAULTS 256
#define VECTOR_BREAKPOINT 3

struct program {
  struct image image;
  uint8_t data[DATA_SIZE];
  uint8_t code[AREA_SIZE];
  uint8_t lengths[AREA_SIZE];
};

struct fault {
  uint32_t vector, error;
  uint64_t rip, address, flags, rsp;
};

struct outcome {
  struct image image;
  uint64_t fault_count;
  struct fault faults[MOST_FAULTS];
  uint8_t data[DATA_SIZE];
  uint8_t code[AREA_SIZE];
};

static struct program *programs;
static struct outcome *outcomes;
static long count;
static volatile long current = -1;
static long ticked = -1;

// Notes the exception and goes on behind its instruction.
static void skip(const struct program *program, struct outcome *outcome, ucontext_t *context) {
  greg_t *frame = context->uc_mcontext.gregs;
  struct fault *fault = &outcome->faults[outcome->fault_count++ % MOST_FAULTS];
  fault->vector = (uint32_t)frame[REG_TRAPNO];
  fault->error = (uint32_t)frame[REG_ERR];
  fault->rip = (uint64_t)frame[REG_RIP];
  fault->address = (uint64_t)frame[REG_CR2];
  fault->flags = (uint64_t)frame[REG_EFL];
  fault->rsp = (uint64_t)frame[REG_RSP];
  uint64_t at = fault->rip - AREA;
  uint8_t length = at < COPIES * AREA_SIZE ? program->lengths[at % AREA_SIZE] : 0;
  frame[REG_RIP] = length ? (greg_t)(fault->rip + length) : (greg_t)LOST;
}

static void handle(int signal, siginfo_t *information, void *pointer) {
  (void)information;
  ucontext_t *context = pointer;
  uint64_t fs = fs_base(), gs = gs_base();
  clear_flags();
  set_bases(own_fs_base, own_gs_base);
  int hangs = signal == SIGALRM;
  if (hangs && (current < 0 || current != ticked)) {
    ticked = current;
    set_bases(fs, gs);
    return;
  }
  if (current < 0) save_own(context);
  else {
    struct outcome *outcome = &outcomes[current];
    if (!hangs && context->uc_mcontext.gregs[REG_TRAPNO] != VECTOR_BREAKPOINT) {
      skip(&programs[current], outcome, context);
      set_bases(fs, gs);
      return;
    }
    record_registers(&outcome->image, context, fs, gs);
    if (hangs) outcome->image.vector = VECTOR_HANG;
    memcpy(outcome->data, (void *)DATA, DATA_SIZE);
    memcpy(outcome->code, (void *)AREA, AREA_SIZE);
  }
  current++;
  if (current == count) {
    current = -1;
    load_own(context);
    return;
  }
  const struct program *next = &programs[current];
  memcpy((void *)DATA, next->data, DATA_SIZE);
  memcpy((void *)AREA, next->code, AREA_SIZE);
  load_registers(&next->image, context);
  load_segments(&next->image);
}

static void map_shared(unsigned long address, size_t size, int file, off_t offset) {
  void *got = mmap((void *)address, size, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED | MAP_FIXED, file, offset);
  if (got != (void *)address) fail("mmap");
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  count = (long)map_files(argv + 1, sizeof *programs, sizeof *outcomes, (void **)&programs, (void **)&outcomes);
  if (count == 0) return 0;
  map(CODE, CODE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC);
  // The area and its copies are the same memory.
  int file = memfd_create("area", 0);
  if (file < 0 || ftruncate(file, AREA_SIZE) != 0) fail("memfd_create");
  for (int i = 0; i < COPIES; i++) map_shared(AREA + (unsigned long)i * AREA_SIZE, AREA_SIZE, file, 0);
  memset((void *)CODE, 0xcc, CODE_SIZE);
  map(DATA, DATA_SIZE, PROT_READ | PROT_WRITE);
  map(DATA + DATA_SIZE, PAGE, PROT_READ);
  // A page that was never touched would fault as one that is not there.
  (void)*(volatile uint8_t *)(DATA + DATA_SIZE);
  install_handler(handle);
  __asm__ volatile("int3" : : : "memory");
  return 0;
}
