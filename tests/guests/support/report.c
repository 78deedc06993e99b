#include "report.h"

#define SERIAL 0x3f8
#define SERIAL_LINE_CONTROL (SERIAL + 3)
#define SERIAL_LINE_STATUS (SERIAL + 5)
#define DIVISOR_LATCH 0x80
#define EIGHT_BITS 3
#define TRANSMITTER_EMPTY 0x20
#define DEBUG_EXIT 0xf4

static int checks, failures;

void init_serial(void) {
  out8(SERIAL_LINE_CONTROL, DIVISOR_LATCH);
  out8(SERIAL, 1); // 115200 baud
  out8(SERIAL + 1, 0);
  out8(SERIAL_LINE_CONTROL, EIGHT_BITS);
}

static void print_char(char c) {
  while (!(in8(SERIAL_LINE_STATUS) & TRANSMITTER_EMPTY)) {
  }
  out8(SERIAL, (u8)c);
}

void print(const char *text) {
  while (*text) print_char(*text++);
}

void print_hex(u64 value) {
  print("0x");
  int shift = 60;
  while (shift > 0 && !(value >> shift & 15)) shift -= 4;
  for (; shift >= 0; shift -= 4) print_char("0123456789abcdef"[value >> shift & 15]);
}

static void print_decimal(int value) {
  if (value >= 10) print_decimal(value / 10);
  print_char((char)('0' + value % 10));
}

static void result(int holds, const char *name) {
  print(holds ? "ok " : "not ok ");
  print_decimal(++checks);
  print(" ");
  print(name);
  if (!holds) failures++;
}

void check_holds(int holds, const char *name) {
  result(holds, name);
  print("\n");
}

void check_equal(u64 actual, u64 expected, const char *name) {
  check(actual == expected, name);
  if (actual == expected) return;
  print("# got ");
  print_hex(actual);
  print(", expected ");
  print_hex(expected);
  print("\n");
}

void skip(const char *name, const char *reason) {
  result(1, name);
  print(" # SKIP ");
  print(reason);
  print("\n");
}

void finish(void) {
  print("1..");
  print_decimal(checks);
  print("\n");
  out8(DEBUG_EXIT, failures != 0);
  for (;;) asm volatile("cli; hlt");
}

void *memset(void *to, int value, __SIZE_TYPE__ length) {
  void *start = to;
  asm volatile("rep stosb" : "+D"(to), "+c"(length) : "a"(value) : "memory");
  return start;
}

void *memcpy(void *to, const void *from, __SIZE_TYPE__ length) {
  void *start = to;
  asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(length)::"memory");
  return start;
}
