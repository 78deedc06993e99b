// Products of square matrices of doubles, by the three loops that everybody writes.
#include <string.h>
#include "report.h"

#ifndef ROUNDS
#define ROUNDS 4
#endif

enum { SIZE = 256 };

static double a[SIZE][SIZE], b[SIZE][SIZE], c[SIZE][SIZE];

int main(void) {
  uint64_t random = 3, checksum = 0;
  for (int i = 0; i < SIZE; i++)
    for (int j = 0; j < SIZE; j++) {
      a[i][j] = (double)(int32_t)random64(&random) / 65536.0;
      b[i][j] = (double)(int32_t)random64(&random) / 65536.0;
    }
  for (int round = 0; round < ROUNDS; round++) {
    for (int i = 0; i < SIZE; i++) {
      for (int j = 0; j < SIZE; j++) c[i][j] = 0;
      for (int k = 0; k < SIZE; k++) {
        double factor = a[i][k];
        for (int j = 0; j < SIZE; j++) c[i][j] += factor * b[k][j];
      }
    }
    for (int i = 0; i < SIZE; i++) {
      uint64_t bits;
      memcpy(&bits, &c[i][i], 8);
      checksum = mix(checksum, bits);
      a[i][i] += 1;
    }
  }
  report(checksum);
  return 0;
}
