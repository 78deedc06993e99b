// A copy of one byte at a time, as firmware and simple C libraries do it.
#include "report.h"

enum { LENGTH = 1 << 20, ROUNDS = 200 };

static uint8_t from[LENGTH], to[LENGTH];

// The barrier keeps the compiler from making a call of memcpy, or vectors, out of it.
static void __attribute__((noinline)) copy(uint8_t *target, const uint8_t *source, unsigned length) {
  for (unsigned i = 0; i < length; i++) {
    target[i] = source[i];
    __asm__ volatile("");
  }
}

int main(void) {
  uint64_t random = 9, checksum = 0;
  for (int i = 0; i < LENGTH; i++) from[i] = (uint8_t)random64(&random);
  for (int round = 0; round < ROUNDS; round++) {
    copy(to, from, LENGTH);
    checksum = mix(checksum, to[random64(&random) % LENGTH]);
    from[random64(&random) % LENGTH]++;
  }
  report(checksum);
  return 0;
}
