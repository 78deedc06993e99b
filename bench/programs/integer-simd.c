// Whole-number SSE2: blending and averaging of images, sums of absolute differences, dot products, a filter with
// saturation, comparisons and masks.
#include <emmintrin.h>
#include <string.h>
#include "report.h"

enum { ROUNDS = 4000, VECTORS = 4096 };

static __m128i first[VECTORS], second[VECTORS], result[VECTORS];

int main(void) {
  uint64_t random = 11, checksum = 0;
  for (unsigned i = 0; i < sizeof first; i++) {
    ((uint8_t *)first)[i] = (uint8_t)random64(&random);
    ((uint8_t *)second)[i] = (uint8_t)(random64(&random) >> 8);
  }
  const __m128i zero = _mm_setzero_si128();
  for (int round = 0; round < ROUNDS; round++) {
    const __m128i alpha = _mm_set1_epi16((short)(round & 255));
    const __m128i bound = _mm_set1_epi8((char)(round & 127));
    __m128i distance = zero, dot = zero;
    for (int i = 0; i < VECTORS; i++) {
      __m128i a = first[i], b = second[i];
      distance = _mm_add_epi64(distance, _mm_sad_epu8(a, b));
      __m128i low = _mm_mullo_epi16(_mm_sub_epi16(_mm_unpacklo_epi8(a, zero), _mm_unpacklo_epi8(b, zero)), alpha);
      __m128i high = _mm_mullo_epi16(_mm_sub_epi16(_mm_unpackhi_epi8(a, zero), _mm_unpackhi_epi8(b, zero)), alpha);
      __m128i blend = _mm_packus_epi16(_mm_srai_epi16(low, 7), _mm_srai_epi16(high, 7));
      dot = _mm_add_epi32(dot, _mm_madd_epi16(low, high));
      __m128i mask = _mm_cmpgt_epi8(a, bound);
      __m128i mean = _mm_avg_epu8(_mm_adds_epu8(a, blend), _mm_subs_epu8(b, blend));
      result[i] = _mm_or_si128(_mm_and_si128(mask, mean), _mm_andnot_si128(mask, _mm_shuffle_epi32(blend, 0x1b)));
    }
    uint64_t parts[2];
    memcpy(parts, &distance, 16);
    checksum = mix(checksum, parts[0] + parts[1]);
    memcpy(parts, &dot, 16);
    checksum = mix(checksum, parts[0] ^ parts[1]);
    memcpy(parts, &result[round % VECTORS], 16);
    checksum = mix(checksum, parts[0] ^ parts[1]);
  }
  report(checksum);
  return 0;
}
