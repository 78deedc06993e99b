// The C library's memcpy, of long pieces and of short ones.
#include <string.h>
#include "report.h"

enum { LENGTH = 8 << 20, LONG_ROUNDS = 50, SHORT_ROUNDS = 2000000 };

static uint8_t from[LENGTH], to[LENGTH];

int main(void) {
  uint64_t random = 5, checksum = 0;
  for (int i = 0; i < LENGTH; i += 8) *(uint64_t *)(from + i) = random64(&random);
  for (int i = 0; i < LONG_ROUNDS; i++) {
    memcpy(to, from, LENGTH);
    checksum = mix(checksum, to[random64(&random) % LENGTH]);
    from[random64(&random) % LENGTH]++;
  }
  for (int i = 0; i < SHORT_ROUNDS; i++) {
    uint32_t at = (uint32_t)random64(&random);
    memcpy(to + (at & 0xffff), from + (at >> 16), at & 127);
  }
  report(mix(checksum, to[1000]));
  return 0;
}
