// Touches nearly all of the memory that is free, and gives it back. After it a guest has used all that it has, so that
// its monitor's memory can grow by the monitor's own needs alone.
#include <stdlib.h>
#include <unistd.h>
#include "report.h"

int main(void) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  size_t pages = (size_t)sysconf(_SC_AVPHYS_PAGES) / 100 * 92;
  volatile uint8_t *memory = malloc(pages * page);
  if (!memory) return 1;
  for (size_t i = 0; i < pages; i++) memory[i * page] = 1;
  report(0);
  return 0;
}
