// Products of polynomials over GF(2), 64 bits each. SDM volume 2, PCLMULQDQ.
//
// Integer products of numbers that have every fourth bit only: a column sums up at most 16 bits, so that carries reach
// the next such column only beyond bit 63, and masking drops the rest.

const EVERY_FOURTH: u64 = 0x1111111111111111;

// @ts-ignore: decorator
@inline
function column(value: u64, which: u64): u64 {
  return value & (EVERY_FOURTH << which);
}

/** The low 64 bits of the product. */
export function carrylessLow(a: u64, b: u64): u64 {
  const a0 = column(a, 0);
  const a1 = column(a, 1);
  const a2 = column(a, 2);
  const a3 = column(a, 3);
  const b0 = column(b, 0);
  const b1 = column(b, 1);
  const b2 = column(b, 2);
  const b3 = column(b, 3);
  const c0 = (a0 * b0) ^ (a1 * b3) ^ (a2 * b2) ^ (a3 * b1);
  const c1 = (a0 * b1) ^ (a1 * b0) ^ (a2 * b3) ^ (a3 * b2);
  const c2 = (a0 * b2) ^ (a1 * b1) ^ (a2 * b0) ^ (a3 * b3);
  const c3 = (a0 * b3) ^ (a1 * b2) ^ (a2 * b1) ^ (a3 * b0);
  return column(c0, 0) | column(c1, 1) | column(c2, 2) | column(c3, 3);
}

function reverse(value: u64): u64 {
  let v = value;
  v = ((v >> 1) & 0x5555555555555555) | ((v & 0x5555555555555555) << 1);
  v = ((v >> 2) & 0x3333333333333333) | ((v & 0x3333333333333333) << 2);
  v = ((v >> 4) & 0x0f0f0f0f0f0f0f0f) | ((v & 0x0f0f0f0f0f0f0f0f) << 4);
  return bswap<u64>(v);
}

/** The high 64 bits of the product (bit 63 is always zero): the reversed product of the reversed factors has them low. */
export function carrylessHigh(a: u64, b: u64): u64 {
  return reverse(carrylessLow(reverse(a), reverse(b))) >> 1;
}
