// The vector and bit-manipulation extensions over random operands: one line an extension, with a checksum of all results.
// A line says "unsupported" where the processor lacks the extension.
#include <immintrin.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define ROUNDS 2000

static uint64_t hash, random_state = 0x9e3779b97f4a7c15;

static void note(const void *data, size_t count) {
  const uint8_t *bytes = data;
  while (count--) hash = (hash ^ *bytes++) * 0x100000001b3;
}
static void note64(uint64_t value) { note(&value, sizeof value); }
static void note128(__m128i value) { note(&value, sizeof value); }
static void note_single(__m128 value) { note(&value, sizeof value); }
static void note_double(__m128d value) { note(&value, sizeof value); }

static uint64_t random64(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  return random_state ^= random_state << 17;
}
static __m128i random128(void) { return _mm_set_epi64x((long long)random64(), (long long)random64()); }

static void sse2(void) {
  for (int i = 0; i < ROUNDS; i++) {
    const __m128i a = random128(), b = random128();
    note128(_mm_adds_epi16(a, b)), note128(_mm_subs_epu8(a, b)), note128(_mm_madd_epi16(a, b)), note128(_mm_avg_epu8(a, b));
    note128(_mm_sad_epu8(a, b)), note128(_mm_packs_epi32(a, b)), note128(_mm_packus_epi16(a, b));
    note128(_mm_unpacklo_epi8(a, b)), note128(_mm_unpackhi_epi64(a, b)), note128(_mm_mulhi_epu16(a, b));
    note128(_mm_cmpgt_epi8(a, b)), note128(_mm_shuffle_epi32(a, 0x1b)), note128(_mm_shufflehi_epi16(a, 0x72));
    note128(_mm_slli_si128(a, 5)), note128(_mm_srl_epi64(a, _mm_and_si128(b, _mm_set_epi64x(0, 63))));
    note64((uint64_t)_mm_movemask_epi8(a)), note128(_mm_mul_epu32(a, b)), note128(_mm_min_epi16(a, b));
    const __m128 c = _mm_cvtepi32_ps(a), d = _mm_cvtepi32_ps(b);
    note_single(_mm_div_ps(c, d)), note_single(_mm_sqrt_ps(d)), note_single(_mm_shuffle_ps(c, d, 0x6c));
    note_single(_mm_cmplt_ps(c, d)), note128(_mm_cvtps_epi32(_mm_mul_ps(c, _mm_set1_ps(0.37f))));
    const __m128d e = _mm_cvtepi32_pd(a), f = _mm_cvtps_pd(d);
    note_double(_mm_div_pd(e, f)), note_double(_mm_max_pd(e, f)), note128(_mm_cvttpd_epi32(_mm_sqrt_pd(e)));
  }
}

__attribute__((target("ssse3"))) static void ssse3(void) {
  for (int i = 0; i < ROUNDS; i++) {
    const __m128i a = random128(), b = random128();
    note128(_mm_shuffle_epi8(a, b)), note128(_mm_maddubs_epi16(a, b)), note128(_mm_mulhrs_epi16(a, b));
    note128(_mm_alignr_epi8(a, b, 11)), note128(_mm_sign_epi16(a, b)), note128(_mm_abs_epi8(a)), note128(_mm_hadds_epi16(a, b));
    note_double(_mm_hadd_pd(_mm_cvtepi32_pd(a), _mm_cvtepi32_pd(b)));
  }
}

__attribute__((target("sse4.2"))) static void sse4(void) {
  for (int i = 0; i < ROUNDS; i++) {
    const __m128i a = random128(), b = random128();
    note128(_mm_blendv_epi8(a, b, random128())), note128(_mm_mullo_epi32(a, b)), note128(_mm_packus_epi32(a, b));
    note128(_mm_cvtepi8_epi64(a)), note128(_mm_minpos_epu16(a)), note128(_mm_mpsadbw_epu8(a, b, 5));
    note_double(_mm_round_pd(_mm_div_pd(_mm_cvtepi32_pd(a), _mm_set1_pd(1000)), _MM_FROUND_TO_NEG_INF));
    note_single(_mm_dp_ps(_mm_cvtepi32_ps(a), _mm_cvtepi32_ps(b), 0xd3)), note128(_mm_cmpgt_epi64(a, b));
    note64((uint64_t)_mm_testc_si128(a, b)), note64((uint64_t)_mm_extract_epi32(a, 2));
    const __m128i text = _mm_and_si128(a, _mm_set1_epi8(3)), set = _mm_and_si128(b, _mm_set1_epi8(3));
    note64((uint64_t)_mm_cmpistri(text, set, 0)), note64((uint64_t)_mm_cmpestri(text, i % 17, set, i % 13, 0x0c));
    note128(_mm_cmpistrm(text, set, 0x44)), note64(_mm_crc32_u64((uint32_t)i, random64())), note64(_mm_crc32_u8((uint32_t)i, 9));
  }
}

__attribute__((target("popcnt,lzcnt,bmi,bmi2"))) static void bits(void) {
  for (int i = 0; i < ROUNDS; i++) {
    const uint64_t a = random64() >> (i & 63), b = random64();
    unsigned long long high;
    note64((uint64_t)_mm_popcnt_u64(a)), note64(_lzcnt_u64(a)), note64(_tzcnt_u32((uint32_t)b)), note64(_andn_u64(a, b));
    note64(_bextr_u64(b, i & 63, 13)), note64(_blsi_u64(a)), note64(_blsr_u64(a)), note64(_bzhi_u64(b, (unsigned)i));
    note64(_pdep_u64(a, b)), note64(_pext_u64(a, b)), note64(_mulx_u64(a, b, &high)), note64(high);
  }
}

__attribute__((target("aes,pclmul,sse2"))) static void ciphers(void) {
  for (int i = 0; i < ROUNDS; i++) {
    const __m128i a = random128(), b = random128();
    note128(_mm_aesenc_si128(a, b)), note128(_mm_aesenclast_si128(a, b)), note128(_mm_aesdec_si128(a, b));
    note128(_mm_aesdeclast_si128(a, b)), note128(_mm_aesimc_si128(a)), note128(_mm_aeskeygenassist_si128(a, 0x1b));
    note128(_mm_clmulepi64_si128(a, b, 0x10));
  }
}

__attribute__((target("sha,sse4.1"))) static void sha(void) {
  for (int i = 0; i < ROUNDS; i++) {
    const __m128i a = random128(), b = random128(), c = random128();
    note128(_mm_sha1rnds4_epu32(a, b, 2)), note128(_mm_sha1nexte_epu32(a, b)), note128(_mm_sha1msg1_epu32(a, b));
    note128(_mm_sha1msg2_epu32(a, b)), note128(_mm_sha256rnds2_epu32(a, b, c)), note128(_mm_sha256msg1_epu32(a, b));
    note128(_mm_sha256msg2_epu32(a, b));
  }
}

static int cpuid_bit(unsigned leaf, int output, int bit) {
  unsigned registers[4];
  __asm__("cpuid" : "=a"(registers[0]), "=b"(registers[1]), "=c"(registers[2]), "=d"(registers[3]) : "a"(leaf), "c"(0));
  return registers[output] >> bit & 1;
}

static void section(const char *name, int supported, void (*run)(void)) {
  hash = 0xcbf29ce484222325;
  if (supported) run();
  printf(supported ? "%s %016llx\n" : "%s unsupported\n", name, (unsigned long long)hash);
}

int main(void) {
  section("sse2", 1, sse2);
  section("ssse3", cpuid_bit(1, 2, 9), ssse3);
  section("sse4", cpuid_bit(1, 2, 20), sse4);
  section("bits", cpuid_bit(7, 1, 8) && cpuid_bit(0x80000001, 2, 5), bits);
  section("ciphers", cpuid_bit(1, 2, 25) && cpuid_bit(1, 2, 1), ciphers);
  section("sha", cpuid_bit(7, 1, 29), sha);
  return 0;
}
