// Writes to every page of 100 MiB, then waits for good with interrupts on.
#include "serial.h"

int main(void) {
  volatile unsigned char *memory = (volatile unsigned char *)0x1000000;
  for (unsigned page = 0; page < 100u * 256u; page++) memory[page * 4096u] = (unsigned char)(page | 1u);
  say("touched\n");
  for (;;) __asm__ volatile("sti; hlt");
}
