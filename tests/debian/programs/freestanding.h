// A program without a C library, for x86-64 and i386 Linux alike: the start, two system calls, and lines of the form
// "name checksum", where the checksum is the FNV-1a hash of every result that was noted since the line before.
#pragma once

#include <stddef.h>
#include <stdint.h>

int run(void);

#ifdef __x86_64__
#define SYSCALL_WRITE 1
#define SYSCALL_EXIT 60
static long system_call(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return result;
}
__asm__(".globl _start\n_start: and $-16, %rsp\n call start\n");
#else
#define SYSCALL_WRITE 4
#define SYSCALL_EXIT 1
static long system_call(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory");
  return result;
}
__asm__(".globl _start\n_start: and $-16, %esp\n call start\n");
#endif

void *memset(void *to, int byte, size_t count) {
  volatile uint8_t *bytes = to;
  while (count--) *bytes++ = (uint8_t)byte;
  return to;
}

void *memcpy(void *to, const void *from, size_t count) {
  uint8_t *target = to;
  const uint8_t *source = from;
  __asm__ volatile("rep movsb" : "+D"(target), "+S"(source), "+c"(count) : : "memory");
  return to;
}

static uint64_t hash = 0xcbf29ce484222325;

static void note(const void *data, size_t count) {
  const uint8_t *bytes = data;
  while (count--) hash = (hash ^ *bytes++) * 0x100000001b3;
}

static void note64(uint64_t value) { note(&value, sizeof value); }
static void note_double(double value) { note(&value, sizeof value); }
// The ten bytes that a long double has; what pads them is anything.
static void note_long_double(long double value) { note(&value, 10); }

static uint64_t random_state = 0x9e3779b97f4a7c15;

// Marsaglia's xorshift64.
static uint64_t random64(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  return random_state ^= random_state << 17;
}

static void print_line(const char *name) {
  char line[64];
  size_t length = 0;
  while (name[length] != 0) {
    line[length] = name[length];
    length++;
  }
  line[length++] = ' ';
  for (int shift = 60; shift >= 0; shift -= 4) line[length++] = "0123456789abcdef"[hash >> shift & 15];
  line[length++] = '\n';
  system_call(SYSCALL_WRITE, 1, (long)line, (long)length);
  hash = 0xcbf29ce484222325;
}

__attribute__((used)) static void start(void) {
  const int status = run();
  system_call(SYSCALL_EXIT, status, 0, 0);
}
