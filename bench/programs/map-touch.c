// Mapping memory, touching each page of it, and unmapping it again.
#define _GNU_SOURCE
#include <sys/mman.h>
#include "report.h"

enum { ROUNDS = 150, PAGES = 512, PAGE = 4096 };

int main(void) {
  uint64_t sum = 0;
  for (int round = 0; round < ROUNDS; round++) {
    uint8_t *memory = mmap(0, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return 1;
    // Single pages: huge ones would make this a test of clearing memory.
    madvise(memory, PAGES * PAGE, MADV_NOHUGEPAGE);
    for (int page = 0; page < PAGES; page++) {
      sum += memory[page * PAGE] + (uint64_t)page;
      memory[page * PAGE] = (uint8_t)page;
    }
    munmap(memory, PAGES * PAGE);
  }
  report(sum);
  return 0;
}
