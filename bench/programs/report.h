// What every program of the benchmark shares: the line that is compared between systems, and numbers that are the same
// everywhere.
#include <stdint.h>
#include <stdio.h>

static inline void report(uint64_t checksum) {
  printf("@checksum %016llx\n", (unsigned long long)checksum);
}

// Marsaglia's xorshift64.
static inline uint64_t random64(uint64_t *state) {
  uint64_t x = *state;
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  return *state = x;
}

static inline uint64_t mix(uint64_t checksum, uint64_t value) {
  checksum ^= value;
  checksum *= 0x9e3779b97f4a7c15u;
  return checksum ^ (checksum >> 29);
}
