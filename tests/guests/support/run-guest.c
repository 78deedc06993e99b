// What every guest does before and after its own checks.
#include "trap.h"

void run_guest(void) {
  // Interrupt requests stay masked until a guest asks for them.
  out8(0x21, 0xff);
  out8(0xa1, 0xff);
  init_serial();
  init_descriptors();
  init_traps();
  guest();
  finish();
}
