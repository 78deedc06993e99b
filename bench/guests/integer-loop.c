// A hot loop of register arithmetic, a load, a store and a branch; the iterations are told on the serial port's line.
#include "serial.h"

int main(void) {
  static volatile unsigned cell = 1;
  unsigned sum = 0;
  say("begin\n");
  for (unsigned i = 1; i != 40000000u; i++) {
    unsigned value = cell ^ i;
    value = (value << 5) | (value >> 27);
    sum += value;
    cell = sum;
  }
  say("end\n");
  return (int)(sum & 1);
}
