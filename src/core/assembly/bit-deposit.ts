// PDEP and PEXT. APM volume 3, PDEP and PEXT.

/** PDEP: the low bits of `value`, in order, at the places where `mask` has ones. */
export function depositBits(value: u64, mask: u64): u64 {
  let result: u64 = 0;
  let rest = mask;
  let source = value;
  while (rest != 0) {
    if (source & 1) result |= rest & (0 - rest);
    source >>= 1;
    rest &= rest - 1;
  }
  return result;
}

/** PEXT: the bits of `value` at the places where `mask` has ones, packed at the low end. */
export function extractBits(value: u64, mask: u64): u64 {
  let result: u64 = 0;
  let rest = mask;
  let bit: u64 = 1;
  while (rest != 0) {
    if (value & rest & (0 - rest)) result |= bit;
    bit <<= 1;
    rest &= rest - 1;
  }
  return result;
}
