// Integer, SSE and x87 arithmetic over random operands, the special ones among them. Each line depends on every bit of
// every result, so that a guest and its host agree only when they agree everywhere.
#include "freestanding.h"

#define ROUNDS 3000

static uint32_t value32(void) {
  const uint64_t random = random64();
  static const uint32_t corners[8] = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0xff, 0x8000, 31};
  return random >> 60 == 0 ? corners[random & 7] : (uint32_t)random >> (random >> 32 & 31);
}

static uint64_t double_bits(void) {
  const uint64_t random = random64();
  static const uint64_t corners[8] = {
      0,                  0x8000000000000000, 0x7ff0000000000000, 0xfff0000000000000,
      0x7ff8000000000001, 0x0000000000000001, 0x7fefffffffffffff, 0x3ff0000000000000,
  };
  if (random >> 60 == 0) return corners[random & 7];
  // Exponents near those of 1, so that sums do not only give one of their operands.
  const uint64_t exponent = 0x3ff - 40 + (random >> 52 & 0x3f);
  return (random64() & 0x800fffffffffffff) | exponent << 52;
}

static double double_value(void) {
  const uint64_t bits = double_bits();
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static void integers(void) {
  for (int i = 0; i < ROUNDS; i++) {
    const uint32_t a = value32(), b = value32() | 1;
    note64(a + b), note64(a - b), note64(a * b), note64((uint64_t)a * b), note64((int64_t)(int32_t)a * (int32_t)b);
    note64(a / b), note64(a % b), note64(a << (b & 31)), note64(a >> (b & 31)), note64((int32_t)a >> (b & 31));
    // INT_MIN / -1 raises #DE.
    if (b != 0xffffffff) note64((int32_t)a / (int32_t)b), note64((int32_t)a % (int32_t)b);
    note64(a << (b & 31) | a >> (-b & 31)), note64(__builtin_bswap32(a)), note64(a < b), note64((int32_t)a < (int32_t)b);
    const uint64_t wide = random64(), other = random64();
    note64(wide + other), note64(wide - other), note64(wide * other), note64(wide << (a & 63)), note64(wide >> (a & 63));
    note64((int64_t)wide >> (a & 63)), note64((int64_t)wide < (int64_t)other), note64(wide < other);
  }
}

static void bits_and_flags(void) {
  for (int i = 0; i < ROUNDS; i++) {
    uint32_t a = value32(), b = value32() | 1, found = 0, carry = 0;
    __asm__("bsf %1, %0" : "+r"(found) : "r"(b) : "cc");
    note64(found);
    __asm__("bsr %1, %0" : "+r"(found) : "r"(b) : "cc");
    note64(found);
    // CF alone, all the way through rotates, adds with carry and double shifts by one.
    __asm__("add %2, %0\n adc %2, %0\n rcl $3, %0\n sbb %2, %0\n rcr $1, %0\n sbb %1, %1" : "+r"(a), "+r"(carry) : "r"(b) : "cc");
    note64(a), note64(carry);
    __asm__("shld $7, %1, %0\n shrd $1, %1, %0" : "+r"(a) : "r"(b) : "cc");
    note64(a);
    uint8_t overflow, parity, sign;
    __asm__("cmp %4, %3\n seto %0\n setp %1\n sets %2" : "=q"(overflow), "=q"(parity), "=q"(sign) : "r"(a), "r"(b) : "cc");
    note64(overflow << 2 | parity << 1 | sign);
    __asm__("btc %1, %0" : "+r"(a) : "r"(b) : "cc");
    note64(a);
  }
}

static void sse_doubles(void) {
  for (int i = 0; i < ROUNDS; i++) {
    const double a = double_value(), b = double_value();
    const float f = (float)a, g = (float)b;
    note_double(a + b), note_double(a - b), note_double(a * b), note_double(a / b), note_double(__builtin_sqrt(a));
    note_double(a < b), note_double(a == b), note_double((double)(f * g)), note_double((double)(f / g));
    double least = a, most = a;
    int32_t nearest, truncated;
    __asm__("minsd %1, %0" : "+x"(least) : "x"(b));
    __asm__("maxsd %1, %0" : "+x"(most) : "x"(b));
    __asm__("cvtsd2si %1, %0" : "=r"(nearest) : "x"(a));
    __asm__("cvttsd2si %1, %0" : "=r"(truncated) : "x"(a));
    note_double(least), note_double(most), note64((uint32_t)nearest), note64((uint32_t)truncated);
    note_double((double)nearest);
  }
  uint32_t status;
  __asm__("stmxcsr %0" : "=m"(status));
  note64(status);
}

static int ordinary(long double value) {
  const long double magnitude = value < 0 ? -value : value;
  return magnitude > 0x1p-30L && magnitude < 0x1p30L;
}

static void x87(void) {
  for (int round = 0; round < 4; round++) {
    const uint16_t control = 0x37f | round << 10;
    __asm__ volatile("fninit\n fldcw %0" : : "m"(control));
    for (int i = 0; i < ROUNDS; i++) {
      const long double a = double_value(), b = (long double)double_value() / 3;
      note_long_double(a + b), note_long_double(a - b), note_long_double(a * b), note_long_double(a / b);
      long double root, rounded, remainder, scaled, fraction, exponent;
      uint16_t status;
      __asm__("fsqrt" : "=t"(root) : "0"(a));
      __asm__("frndint" : "=t"(rounded) : "0"(a));
      __asm__("fnclex\n fprem\n fnstsw %1" : "=t"(remainder), "=a"(status) : "0"(a), "u"(b));
      // How much of a wide gap one FPREM closes, and the condition codes for NaNs, differ between processors.
      if (!ordinary(a) || !ordinary(b)) remainder = 0, status = 0;
      note64(status & 0x47ff);
      __asm__("fscale" : "=t"(scaled) : "0"(a), "u"(rounded));
      __asm__("fxtract" : "=t"(fraction), "=u"(exponent) : "0"(b));
      note_long_double(root), note_long_double(rounded), note_long_double(remainder), note_long_double(scaled);
      note_long_double(fraction), note_long_double(exponent);
      note_double((double)b), note_double((double)(float)b);
      int64_t integer;
      uint8_t decimal[10];
      __asm__("fistpll %0" : "=m"(integer) : "t"(a) : "st");
      __asm__("fbstp %0" : "=m"(decimal) : "t"(a) : "st");
      note64((uint64_t)integer), note(decimal, sizeof decimal);
    }
    uint16_t status;
    __asm__ volatile("fnstsw %0" : "=a"(status));
    note64(status & 0x3f);
  }
  __asm__ volatile("fninit");
}

static void strings(void) {
  static uint8_t text[8192], copy[8192];
  for (size_t i = 0; i < sizeof text; i++) text[i] = (uint8_t)random64();
  for (int i = 0; i < 200; i++) {
    const size_t from = random64() % 4096, to = random64() % 4096;
    size_t count = random64() % 4096;
    memcpy(copy + to, text + from, count);
    const uint8_t *left = text + from, *right = copy + to + 1;
    size_t left_over = count;
    __asm__ volatile("cmp %%eax, %%eax\n repe cmpsb" : "+S"(left), "+D"(right), "+c"(left_over) : : "cc", "memory");
    note64(left_over);
    const uint8_t *scanned = text + from;
    left_over = count;
    __asm__ volatile("repne scasb" : "+D"(scanned), "+c"(left_over) : "a"(i) : "cc", "memory");
    note64(left_over);
    // Backwards and over itself.
    uint8_t *target = copy + 6000, *source = copy + 5993;
    count = count / 4;
    __asm__ volatile("std\n rep movsl\n cld" : "+S"(source), "+D"(target), "+c"(count) : : "memory");
  }
  note(copy, sizeof copy);
}

int run(void) {
  integers(), print_line("integers");
  bits_and_flags(), print_line("bits-and-flags");
  sse_doubles(), print_line("sse");
  x87(), print_line("x87");
  strings(), print_line("strings");
  return 0;
}
