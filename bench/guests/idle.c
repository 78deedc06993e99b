// Touches nothing and waits for good with interrupts on.
#include "serial.h"

int main(void) {
  say("touched\n");
  for (;;) __asm__ volatile("sti; hlt");
}
