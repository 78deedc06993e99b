// MASKMOVDQU and MASKMOVQ. SDM volume 2.

import { CURRENT, FAULT_CODE, FAULT_VECTOR, RECORD_ADDRESSING } from '../../layout.ts';
import { checkWrite, write8 } from '../access.ts';
import { wrapLinear } from '../descriptors.ts';
import { linearAddress } from '../effective-address.ts';
import { raise } from '../exceptions.ts';

const ACCESS_WRITE: i32 = 0x200;

/** Linear address of the `bytes` at `offset` of the running instruction's segment. Raises #GP(0) or #SS(0). */
function destination(offset: i64, bytes: i32): i64 {
  const addressing = <u32>load<u8>(load<u32>(CURRENT) + RECORD_ADDRESSING);
  const linear = linearAddress((addressing >> 2) & 7, offset, bytes | ACCESS_WRITE);
  if (linear == -1) raise(load<i32>(FAULT_VECTOR), load<i32>(FAULT_CODE));
  return linear;
}

/**
 * Stores those of the low `bytes` (8 or 16) bytes of `data` whose byte of `mask` has its top bit set, from `offset` on in
 * the data segment. All bytes must be writable, chosen or not: the manual leaves that to the processor, and AMD's check
 * them all.
 */
export function storeMasked(offset: i64, data: v128, mask: v128, bytes: i32): void {
  const linear = destination(offset, bytes);
  checkWrite(linear, bytes);
  for (let rest = i8x16.bitmask(mask); rest != 0; rest &= rest - 1) {
    const index = ctz(rest);
    const byte = i8x16.extract_lane_u(i8x16.swizzle(data, i8x16.splat(<i8>index)), 0);
    write8(wrapLinear(linear + index), byte);
  }
}
