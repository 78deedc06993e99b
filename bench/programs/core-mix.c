// A mix like that of CoreMark: linked lists that are searched, reversed and sorted, small integer matrices, a state
// machine over text, and a CRC over the results.
#include <stdlib.h>
#include "report.h"

enum { ROUNDS = 900, NODES = 240, SIZE = 20 };

struct node {
  struct node *next;
  int16_t key, value;
};

static struct node nodes[NODES];
static int16_t left[SIZE][SIZE], right[SIZE][SIZE];
static int32_t product[SIZE][SIZE];

static uint16_t crc16(uint16_t crc, uint16_t value) {
  for (int bit = 0; bit < 16; bit++) {
    int carry = (crc ^ value) & 1;
    value >>= 1;
    crc >>= 1;
    if (carry) crc ^= 0xa001;
  }
  return crc;
}

static struct node *build(uint64_t *state) {
  struct node *head = 0;
  for (int i = 0; i < NODES; i++) {
    nodes[i] = (struct node){head, (int16_t)random64(state), (int16_t)i};
    head = &nodes[i];
  }
  return head;
}

static struct node *reverse(struct node *list) {
  struct node *done = 0;
  while (list) {
    struct node *next = list->next;
    list->next = done;
    done = list;
    list = next;
  }
  return done;
}

static int by_key(const struct node *a, const struct node *b) { return a->key - b->key; }
static int by_value(const struct node *a, const struct node *b) { return a->value - b->value; }

static struct node *merge_sort(struct node *list, int (*compare)(const struct node *, const struct node *)) {
  if (!list || !list->next) return list;
  struct node *slow = list, *fast = list->next;
  while (fast && fast->next) {
    slow = slow->next;
    fast = fast->next->next;
  }
  struct node *second = merge_sort(slow->next, compare);
  slow->next = 0;
  struct node *first = merge_sort(list, compare);
  struct node *head = 0, **tail = &head;
  while (first && second) {
    struct node **smaller = compare(first, second) <= 0 ? &first : &second;
    *tail = *smaller;
    tail = &(*tail)->next;
    *smaller = *tail;
  }
  *tail = first ? first : second;
  return head;
}

static uint16_t lists(uint64_t *state) {
  struct node *list = build(state);
  uint16_t crc = 0;
  for (int i = 0; i < 24; i++) {
    struct node *node = list;
    while (node && node->value != i * 9) node = node->next;
    crc = crc16(crc, node ? (uint16_t)node->key : 0);
    list = reverse(list);
  }
  list = merge_sort(list, by_key);
  for (struct node *node = list; node; node = node->next) crc = crc16(crc, (uint16_t)node->value);
  list = merge_sort(list, by_value);
  return crc16(crc, (uint16_t)list->key);
}

static uint16_t matrices(int16_t seed) {
  for (int i = 0; i < SIZE; i++)
    for (int j = 0; j < SIZE; j++) {
      left[i][j] = (int16_t)(seed + i * 3 + j);
      right[i][j] = (int16_t)(seed - j * 5 + i);
    }
  for (int i = 0; i < SIZE; i++)
    for (int j = 0; j < SIZE; j++) {
      int32_t sum = 0;
      for (int k = 0; k < SIZE; k++) {
        int32_t term = left[i][k] * right[k][j];
        sum += ((term >> 2) & 15) * ((term >> 5) & 127);
      }
      product[i][j] = sum;
    }
  uint16_t crc = 0;
  for (int i = 0; i < SIZE; i++) crc = crc16(crc, (uint16_t)product[i][SIZE - 1 - i]);
  return crc;
}

enum state { START, SIGN, INTEGER, FRACTION, EXPONENT, INVALID, STATES };

static enum state step(enum state state, char c) {
  int digit = c >= '0' && c <= '9';
  switch (state) {
    case START:
      return digit ? INTEGER : c == '+' || c == '-' ? SIGN : c == '.' ? FRACTION : INVALID;
    case SIGN:
      return digit ? INTEGER : c == '.' ? FRACTION : INVALID;
    case INTEGER:
      return digit ? INTEGER : c == '.' ? FRACTION : c == 'e' ? EXPONENT : INVALID;
    case FRACTION:
      return digit ? FRACTION : c == 'e' ? EXPONENT : INVALID;
    case EXPONENT:
      return digit || c == '-' ? EXPONENT : INVALID;
    default:
      return INVALID;
  }
}

static uint16_t states(int shift) {
  static const char text[] = "5012,1234,-874,+122,35.54400,.1234500,-110.700,+0.64400,5.500e+3,-.123e-2,-87e+832,"
                             "+0.6e-12,T0.3e-1F,-T.T++Tq,1T3.4e4z,34.0e-T^,";
  unsigned counts[STATES] = {0};
  enum state state = START;
  for (unsigned i = 0; i < sizeof text - 1; i++) {
    char c = text[i];
    if (c == ',') {
      counts[state]++;
      state = START;
    } else
      state = step(state, (i + (unsigned)shift) % 31 == 0 ? (char)(c ^ 1) : c);
  }
  uint16_t crc = 0;
  for (int i = 0; i < STATES; i++) crc = crc16(crc, (uint16_t)counts[i]);
  return crc;
}

int main(void) {
  uint64_t random = 88172645463325252u, checksum = 0;
  for (int round = 0; round < ROUNDS; round++) {
    checksum = mix(checksum, lists(&random));
    for (int i = 0; i < 4; i++) checksum = mix(checksum, matrices((int16_t)(round + i)));
    for (int i = 0; i < 40; i++) checksum = mix(checksum, states(round + i));
  }
  report(checksum);
  return 0;
}
