// RFLAGS: the arithmetic flags are kept as a result and an auxiliary word (see FLAG_RESULT and FLAG_AUX in layout.ts),
// the others in place. SDM volume 1 section 3.4.3.

import { FLAG_AUX, FLAG_RESULT, RFLAGS } from '../layout.ts';
import { updateMode } from './mode.ts';

export const FLAG_CF: u32 = 0x1;
export const FLAG_PF: u32 = 0x4;
export const FLAG_AF: u32 = 0x10;
export const FLAG_ZF: u32 = 0x40;
export const FLAG_SF: u32 = 0x80;
export const FLAG_TF: u32 = 0x100;
export const FLAG_IF: u32 = 0x200;
export const FLAG_DF: u32 = 0x400;
export const FLAG_OF: u32 = 0x800;
export const FLAG_IOPL: u32 = 0x3000;
export const FLAG_NT: u32 = 0x4000;
export const FLAG_RF: u32 = 0x10000;
export const FLAG_VM: u32 = 0x20000;
export const FLAG_AC: u32 = 0x40000;
export const FLAG_VIF: u32 = 0x80000;
export const FLAG_VIP: u32 = 0x100000;
export const FLAG_ID: u32 = 0x200000;
/** CF, PF, AF, ZF, SF and OF: the flags that are kept lazily. */
export const FLAGS_ARITHMETIC: u32 = 0x8d5;
/** Every flag that exists, without the fixed bit 1. */
export const FLAGS_ALL: u32 = 0x3f7fd5;
/** The flags on which MODE and the TLB context depend. */
const FLAGS_MODE: u32 = 0x60100;

/** IOPL, 0…3. */
export function ioPrivilege(): u32 {
  return (load<u32>(RFLAGS) >> 12) & 3;
}

/** RFLAGS with every flag in its place and bit 1 set. */
export function getFlags(): u32 {
  const result = load<i64>(FLAG_RESULT);
  const aux = load<u64>(FLAG_AUX);
  const carry = <u32>(aux >> 63);
  const overflow = carry ^ (<u32>(aux >> 62) & 1);
  const adjust = <u32>(aux >> 3) & 1;
  const zero = u32(result == 0);
  const sign = <u32>(<u64>result >> 63) ^ (<u32>aux & 1);
  const odd = popcnt<u32>((<u32>result ^ <u32>(aux >> 8)) & 0xff) & 1;
  const arithmetic = carry | ((odd ^ 1) << 2) | (adjust << 4) | (zero << 6) | (sign << 7) | (overflow << 11);
  return (load<u32>(RFLAGS) & ~FLAGS_ARITHMETIC) | arithmetic | 2;
}

/** Replaces the flags that are set in `mask` by those of `value`. Recomputes MODE when TF, VM or AC changes. */
export function setFlags(value: u32, mask: u32): void {
  if (mask & FLAGS_ARITHMETIC) {
    const flags = (getFlags() & ~mask) | (value & mask);
    const carry = <u64>(flags & 1);
    const overflow = <u64>((flags >> 11) & 1);
    // Any non-zero value whose low byte is zero stands for "not zero"; sign and parity come from the auxiliary word.
    store<i64>(FLAG_RESULT, flags & FLAG_ZF ? 0 : 0x100);
    store<u64>(
      FLAG_AUX,
      (carry << 63) |
        ((carry ^ overflow) << 62) |
        (<u64>(flags & FLAG_AF) >> 1) |
        <u64>((flags >> 7) & 1) |
        (flags & FLAG_PF ? 0 : 0x100),
    );
  }
  const old = load<u32>(RFLAGS);
  const other = (old & ~mask) | (value & mask);
  store<u32>(RFLAGS, (other & FLAGS_ALL & ~FLAGS_ARITHMETIC) | 2);
  if ((old ^ other) & FLAGS_MODE) updateMode();
}
