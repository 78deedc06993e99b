// The comparison behind PCMPESTRI, PCMPESTRM, PCMPISTRI and PCMPISTRM. SDM volume 2 section 4.1.
//
// `control` is the immediate: bit 0 words instead of bytes, bit 1 signed, bits 2-3 how results are aggregated, bit 4
// negated, bit 5 with bit 4: only where the second string is valid.

const WORDS: i32 = 1;
const SIGNED: i32 = 2;
const EQUAL_ANY: i32 = 0;
const RANGES: i32 = 1;
const EQUAL_EACH: i32 = 2;
const NEGATIVE: i32 = 0x10;
const MASKED: i32 = 0x20;

/** One bit an element. */
function elementBits(mask: v128, words: bool): i32 {
  return words ? i16x8.bitmask(mask) : i8x16.bitmask(mask);
}

/** Element `index` in all elements. */
function broadcast(vector: v128, index: i32, words: bool): v128 {
  if (words) return i8x16.swizzle(vector, i16x8.splat(<i16>(index * 0x0202 + 0x0100)));
  return i8x16.swizzle(vector, i8x16.splat(<i8>index));
}

function equal(a: v128, b: v128, words: bool): v128 {
  return words ? i16x8.eq(a, b) : i8x16.eq(a, b);
}

/** Where `a` is at most `b`. */
function atMost(a: v128, b: v128, control: i32): v128 {
  if (control & WORDS) return control & SIGNED ? i16x8.le_s(a, b) : i16x8.le_u(a, b);
  return control & SIGNED ? i8x16.le_s(a, b) : i8x16.le_u(a, b);
}

/** How many elements precede the first zero: at most 16 bytes or 8 words. */
export function stringLength(text: v128, control: i32): i32 {
  const words = (control & WORDS) != 0;
  const zeros = elementBits(equal(text, i8x16.splat(0), words), words);
  return ctz(zeros | (words ? 0x100 : 0x10000));
}

/** Elements of `b` that equal any of `a`. */
function equalAny(a: v128, b: v128, lengthA: i32, words: bool): i32 {
  let found = i8x16.splat(0);
  for (let i = 0; i < lengthA; i++) found = v128.or(found, equal(broadcast(a, i, words), b, words));
  return elementBits(found, words);
}

/** Elements of `b` inside any of the ranges whose bounds are pairs of `a`; half a range is none. */
function inRanges(a: v128, b: v128, lengthA: i32, control: i32): i32 {
  const words = (control & WORDS) != 0;
  let found = i8x16.splat(0);
  for (let i = 0; i + 1 < lengthA; i += 2) {
    const above = atMost(broadcast(a, i, words), b, control);
    const below = atMost(b, broadcast(a, i + 1, words), control);
    found = v128.or(found, v128.and(above, below));
  }
  return elementBits(found, words);
}

/** Places from which on `b` has `a`, or as much of it as there is room for up to the end of the vector. */
function substring(a: v128, b: v128, lengthA: i32, validB: i32, elements: i32): i32 {
  const words = elements == 8;
  let places = -1;
  for (let i = 0; i < lengthA; i++) {
    const same = elementBits(equal(broadcast(a, i, words), b, words), words) & validB;
    places &= (same >> i) | (-1 << (elements - i));
  }
  return places;
}

/**
 * Compares the first `lengthA` elements of `a` with the first `lengthB` of `b` (at most 16 bytes or 8 words).
 * @returns IntRes2: one bit an element of `b`
 */
export function compareStrings(a: v128, b: v128, lengthA: i32, lengthB: i32, control: i32): i32 {
  const words = (control & WORDS) != 0;
  const elements = words ? 8 : 16;
  const all = (1 << elements) - 1;
  const validB = (1 << lengthB) - 1;
  const aggregation = (control >> 2) & 3;
  let result: i32;
  if (aggregation == EQUAL_ANY) {
    result = equalAny(a, b, lengthA, words) & validB;
  } else if (aggregation == RANGES) {
    result = inRanges(a, b, lengthA, control) & validB;
  } else if (aggregation == EQUAL_EACH) {
    // Past the end of both strings elements count as equal, past the end of one as different.
    const validA = (1 << lengthA) - 1;
    result = (elementBits(equal(a, b, words), words) & validA & validB) | ~(validA | validB);
  } else {
    result = substring(a, b, lengthA, validB, elements);
  }
  if (control & NEGATIVE) result ^= control & MASKED ? validB : all;
  return result & all;
}
