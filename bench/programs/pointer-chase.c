// Following pointers around one random cycle through 32 MiB: every step misses the caches and the TLB.
#include "report.h"

enum { NODES = (32 << 20) / 64, STEPS = 3000000 };

struct node {
  struct node *next;
  char rest[64 - sizeof(struct node *)];
};

static struct node nodes[NODES];
static uint32_t order[NODES];

int main(void) {
  uint64_t random = 13;
  for (uint32_t i = 0; i < NODES; i++) order[i] = i;
  // Sattolo's shuffle gives a single cycle.
  for (uint32_t i = NODES - 1; i > 0; i--) {
    uint32_t j = (uint32_t)(random64(&random) % i), held = order[i];
    order[i] = order[j];
    order[j] = held;
  }
  for (uint32_t i = 0; i < NODES; i++) nodes[order[i]].next = &nodes[order[(i + 1) % NODES]];
  struct node *at = nodes;
  for (int i = 0; i < STEPS; i++) at = at->next;
  report((uint64_t)(at - nodes));
  return 0;
}
