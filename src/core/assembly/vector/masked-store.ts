// MASKMOVDQU and MASKMOVQ. SDM volume 2.

import { CURRENT, FAULT_CODE, FAULT_VECTOR, RECORD_ADDRESSING } from '../../layout.ts';
import { checkWrite, write8 } from '../access.ts';
import { linearAddress } from '../effective-address.ts';
import { raise } from '../exceptions.ts';

const ACCESS_WRITE_BYTE: i32 = 0x201;

/** Linear address of the byte at `offset` of the running instruction's segment. Raises #GP(0) or #SS(0). */
function byteAddress(offset: i64): i64 {
  const addressing = <u32>load<u8>(load<u32>(CURRENT) + RECORD_ADDRESSING);
  const size = (addressing >> 5) & 3;
  const wrapped = size == 0 ? offset & 0xffff : size == 1 ? offset & 0xffffffff : offset;
  const linear = linearAddress((addressing >> 2) & 7, wrapped, ACCESS_WRITE_BYTE);
  if (linear == -1) raise(load<i32>(FAULT_VECTOR), load<i32>(FAULT_CODE));
  return linear;
}

/**
 * Stores the bytes of `data` whose byte of `mask` has its top bit set, from `offset` on in the data segment. Bytes that are
 * not stored need not be accessible; nothing is stored when one of the others faults.
 */
export function storeMasked(offset: i64, data: v128, mask: v128): void {
  const chosen = i8x16.bitmask(mask);
  for (let rest = chosen; rest != 0; rest &= rest - 1) checkWrite(byteAddress(offset + ctz(rest)), 1);
  for (let rest = chosen; rest != 0; rest &= rest - 1) {
    const index = ctz(rest);
    const byte = i8x16.extract_lane_u(i8x16.swizzle(data, i8x16.splat(<i8>index)), 0);
    write8(byteAddress(offset + index), byte);
  }
}
