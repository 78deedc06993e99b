// Quicksort of a million 32-bit numbers, insertion sort for the short ends.
#include "report.h"

enum { ROUNDS = 3, COUNT = 1000000 };

static uint32_t numbers[COUNT];

static void sort(uint32_t *first, uint32_t *last) {
  while (last - first > 12) {
    uint32_t a = *first, b = first[(last - first) / 2], c = *last;
    uint32_t pivot = a < b ? (b < c ? b : a < c ? c : a) : (a < c ? a : b < c ? c : b);
    uint32_t *low = first, *high = last;
    while (low <= high) {
      while (*low < pivot) low++;
      while (*high > pivot) high--;
      if (low <= high) {
        uint32_t held = *low;
        *low++ = *high;
        *high-- = held;
      }
    }
    if (high - first < last - low) {
      sort(first, high);
      first = low;
    } else {
      sort(low, last);
      last = high;
    }
  }
  for (uint32_t *at = first + 1; at <= last; at++) {
    uint32_t held = *at, *to = at;
    for (; to > first && to[-1] > held; to--) *to = to[-1];
    *to = held;
  }
}

int main(void) {
  uint64_t random = 42, checksum = 0;
  for (int round = 0; round < ROUNDS; round++) {
    for (int i = 0; i < COUNT; i++) numbers[i] = (uint32_t)random64(&random);
    sort(numbers, numbers + COUNT - 1);
    for (int i = 0; i < COUNT; i += 1000) checksum = mix(checksum, numbers[i]);
  }
  report(checksum);
  return 0;
}
