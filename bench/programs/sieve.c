// The sieve of Eratosthenes over a byte a number.
#include <string.h>
#include "report.h"

enum { ROUNDS = 10, LIMIT = 4000000 };

static uint8_t composite[LIMIT];

int main(void) {
  uint64_t checksum = 0;
  for (int round = 0; round < ROUNDS; round++) {
    memset(composite, 0, sizeof composite);
    unsigned primes = 0;
    for (unsigned i = 2; i < LIMIT; i++) {
      if (composite[i]) continue;
      primes++;
      for (uint64_t j = (uint64_t)i * i; j < LIMIT; j += i) composite[j] = 1;
    }
    checksum = mix(checksum, primes + (unsigned)round);
  }
  report(checksum);
  return 0;
}
