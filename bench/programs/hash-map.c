// A hash map from words to counts: open addressing, growth, look-ups that hit and miss, removal.
#include <stdlib.h>
#include <string.h>
#include "report.h"

enum { ROUNDS = 4, KEYS = 120000, LOOKUPS = 400000 };

struct entry {
  char key[20];
  uint32_t length; // 0: free
  uint32_t count;  // 0: removed
};

struct map {
  struct entry *entries;
  uint32_t capacity, used;
};

static uint32_t hash(const char *key, uint32_t length) {
  uint32_t h = 2166136261u;
  for (uint32_t i = 0; i < length; i++) h = (h ^ (uint8_t)key[i]) * 16777619u;
  return h ^ h >> 15;
}

static struct entry *find(const struct map *map, const char *key, uint32_t length) {
  uint32_t at = hash(key, length) & (map->capacity - 1);
  for (;; at = (at + 1) & (map->capacity - 1)) {
    struct entry *entry = &map->entries[at];
    if (entry->length == 0 || (entry->length == length && memcmp(entry->key, key, length) == 0)) return entry;
  }
}

static void grow(struct map *map) {
  struct map bigger = {calloc(map->capacity * 2, sizeof(struct entry)), map->capacity * 2, 0};
  for (uint32_t i = 0; i < map->capacity; i++) {
    const struct entry *entry = &map->entries[i];
    if (entry->count == 0) continue;
    *find(&bigger, entry->key, entry->length) = *entry;
    bigger.used++;
  }
  free(map->entries);
  *map = bigger;
}

static void add(struct map *map, const char *key, uint32_t length) {
  if (map->used * 4 >= map->capacity * 3) grow(map);
  struct entry *entry = find(map, key, length);
  if (entry->length == 0) {
    memcpy(entry->key, key, length);
    entry->length = length;
    map->used++;
  }
  entry->count++;
}

static uint32_t word(char *text, uint32_t number) {
  uint32_t length = 0;
  do text[length++] = (char)('a' + number % 26);
  while ((number /= 26) != 0);
  memcpy(text + length, "-word", 5);
  return length + 5;
}

int main(void) {
  uint64_t random = 7, checksum = 0;
  char text[20];
  for (int round = 0; round < ROUNDS; round++) {
    struct map map = {calloc(64, sizeof(struct entry)), 64, 0};
    for (int i = 0; i < KEYS; i++) {
      uint32_t length = word(text, (uint32_t)(random64(&random) % (KEYS * 2)));
      add(&map, text, length);
    }
    for (int i = 0; i < LOOKUPS; i++) {
      uint32_t length = word(text, (uint32_t)(random64(&random) % (KEYS * 3)));
      struct entry *entry = find(&map, text, length);
      if (entry->length != 0) checksum += entry->count;
      if (entry->length != 0 && i % 16 == 0) entry->count = 0;
    }
    checksum = mix(checksum, map.used);
    free(map.entries);
  }
  report(checksum);
  return 0;
}
