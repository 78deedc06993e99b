// Runs single instructions on this machine's processor: the judge of the differential tests.
//
// Usage: native CASES ANSWERS. A case and its answer are both one `struct image` (state-image.ts has the same offsets). Code is
// surrounded by INT3, data by a pattern, then a page that cannot be written and one that is not there. A 32-bit case runs in
// the compatibility-mode code segment of Linux, a 16-bit one in segments of the LDT.

#include "native.h"

static struct image *cases;
static struct image *answers;
static long count;
static volatile long current = -1;
static long ticked = -1;
static uint8_t pattern[DATA_SIZE];

// RIP of a 16-bit case counts from the base of its segment.
static void *code_of(const struct image *test) {
  return (void *)(test->vector == 16 ? CODE + test->rip : test->rip);
}

static void record(struct image *answer, const ucontext_t *context, uint64_t fs, uint64_t gs, int hangs) {
  record_registers(answer, context, fs, gs);
  if (hangs) answer->vector = VECTOR_HANG;
  memcpy(answer->window, (void *)WINDOW, WINDOW_SIZE);
  const uint8_t *data = (const uint8_t *)DATA;
  size_t before = WINDOW - DATA, after = before + WINDOW_SIZE;
  answer->outside = memcmp(data, pattern, before) != 0 || memcmp(data + after, pattern + after, DATA_SIZE - after) != 0;
}

static void load(const struct image *test, ucontext_t *context) {
  memcpy((void *)DATA, pattern, DATA_SIZE);
  memcpy((void *)WINDOW, test->window, WINDOW_SIZE);
  memcpy(code_of(test), test->code, test->error);
  load_registers(test, context);
  load_segments(test);
}

static void handle(int signal, siginfo_t *information, void *pointer) {
  (void)information;
  ucontext_t *context = pointer;
  uint64_t fs = fs_base(), gs = gs_base();
  clear_flags();
  set_bases(own_fs_base, own_gs_base);
  if (signal == SIGALRM) {
    if (current < 0 || current != ticked) {
      ticked = current;
      set_bases(fs, gs);
      return;
    }
  }
  if (current < 0) save_own(context);
  else {
    record(&answers[current], context, fs, gs, signal == SIGALRM);
    memset(code_of(&cases[current]), 0xcc, CODE_BYTES);
  }
  current++;
  if (current == count) {
    current = -1;
    load_own(context);
    return;
  }
  load(&cases[current], context);
}

static void install_segments(void) {
  struct user_desc code = {.entry_number = 0, .base_addr = CODE, .limit = 0xffff, .contents = 2};
  struct user_desc small = {.entry_number = 1, .base_addr = SMALL_BASE, .limit = SMALL_LIMIT, .seg_32bit = 1};
  if (syscall(SYS_modify_ldt, 1, &code, sizeof code) != 0) fail("modify_ldt");
  if (syscall(SYS_modify_ldt, 1, &small, sizeof small) != 0) fail("modify_ldt");
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  count = (long)map_files(argv + 1, sizeof *cases, sizeof *answers, (void **)&cases, (void **)&answers);
  if (count == 0) return 0;
  map(CODE, CODE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC);
  map(DATA, DATA_SIZE, PROT_READ | PROT_WRITE);
  map(DATA + DATA_SIZE, PAGE, PROT_READ);
  // A page that was never touched would fault as one that is not there.
  (void)*(volatile uint8_t *)(DATA + DATA_SIZE);
  memset((void *)CODE, 0xcc, CODE_SIZE);
  for (size_t i = 0; i < DATA_SIZE; i++) pattern[i] = (uint8_t)(i * 197 + (i >> 8) * 31 + 7);
  install_segments();
  install_handler(handle);
  __asm__ volatile("int3" : : : "memory");
  return 0;
}
