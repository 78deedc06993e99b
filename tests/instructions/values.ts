// Operand values that find mistakes: corner cases more often than chance would.

import type { Random } from './random.ts';

const doubles = [
  0x0000000000000000n,
  0x8000000000000000n,
  0x3ff0000000000000n,
  0xbff0000000000000n,
  0x7ff0000000000000n,
  0xfff0000000000000n,
  0x7ff8000000000000n,
  0xfff8000000000000n,
  0x7ff0000000000001n,
  0xfff4000000000123n,
  0x7ff8000000abcdefn,
  0x0000000000000001n,
  0x800fffffffffffffn,
  0x0010000000000000n,
  0x7fefffffffffffffn,
  0xffefffffffffffffn,
  0x4340000000000000n,
  0x41dfffffffc00000n,
  0x41e0000000000000n,
  0xc1e0000000200000n,
  0x43e0000000000000n,
  0xc3e0000000000000n,
  0x3fe0000000000000n,
  0x3ff8000000000000n,
  0x4004000000000000n,
  0xbfe0000000000001n,
  0x3fdfffffffffffffn,
  0x47efffffe0000000n,
  0x3690000000000000n,
  0x380fffffe0000000n,
];
const singles = [
  0x00000000n,
  0x80000000n,
  0x3f800000n,
  0xbf800000n,
  0x7f800000n,
  0xff800000n,
  0x7fc00000n,
  0xffc00000n,
  0x7f800001n,
  0xffa00123n,
  0x7fcabcden,
  0x00000001n,
  0x807fffffn,
  0x00800000n,
  0x7f7fffffn,
  0xff7fffffn,
  0x4b000000n,
  0x4effffffn,
  0x4f000000n,
  0xcf000000n,
  0xcf000001n,
  0x5f000000n,
  0xdf000000n,
  0x3f000000n,
  0x3fc00000n,
  0x40200000n,
  0xbf000001n,
  0x3effffffn,
  0x47000000n,
  0x43000000n,
];

/** An integer of `bits` bits. */
export function integer(random: Random, bits: number): bigint {
  const wide = BigInt(bits);
  switch (random.below(12)) {
    case 0:
      return 0n;
    case 1:
      return 1n;
    case 2:
      return BigInt.asUintN(bits, -1n);
    case 3:
      return 1n << (wide - 1n);
    case 4:
      return (1n << (wide - 1n)) - 1n;
    case 5:
      return 1n << BigInt(random.below(bits));
    case 6:
      return BigInt.asUintN(bits, BigInt(random.below(512) - 256));
    case 7:
      return random.bits(random.below(bits) + 1);
    default:
      return random.bits(bits);
  }
}

/** An IEEE number of 32 or 64 bits: all classes, and exponents near each other so that operands interact. */
export function float(random: Random, bits: 32 | 64): bigint {
  const known = bits === 64 ? doubles : singles;
  switch (random.below(6)) {
    case 0:
    case 1:
      return random.pick(known);
    case 2:
      return random.bits(bits);
    case 3: {
      // A small whole number, or half of one.
      const view = new DataView(new ArrayBuffer(8));
      const value = (random.below(2001) - 1000) / (1 << random.below(3));
      if (bits === 64) view.setFloat64(0, value);
      else view.setFloat32(0, value);
      return bits === 64 ? view.getBigUint64(0) : BigInt(view.getUint32(0));
    }
    default: {
      const [fraction, bias] = bits === 64 ? [52, 1023] : [23, 127];
      const exponent = BigInt(bias + random.below(64) - 32);
      return (BigInt(random.below(2)) << BigInt(bits - 1)) | (exponent << BigInt(fraction)) | integer(random, fraction);
    }
  }
}

/** 128 bits: lanes of integers, or of floating-point numbers. */
export function vector(random: Random): bigint {
  const lanes = (bits: number, lane: () => bigint): bigint => {
    let value = 0n;
    for (let at = 0; at < 128; at += bits) value |= lane() << BigInt(at);
    return value;
  };
  switch (random.below(8)) {
    case 0:
      return random.bits(128);
    case 1:
    case 2:
      return lanes(32, () => float(random, 32));
    case 3:
    case 4:
      return lanes(64, () => float(random, 64));
    case 5:
      return lanes(8, () => integer(random, 8));
    case 6:
      return lanes(16, () => integer(random, 16));
    default:
      return lanes(32, () => integer(random, 32));
  }
}

/** An x87 register: sign and exponent above the 64 bits of the significand. All classes, the unsupported ones too. */
export function extended(random: Random): bigint {
  const sign = BigInt(random.below(2)) << 79n;
  const integerBit = 1n << 63n;
  const special = (exponent: bigint, significand: bigint): bigint => sign | (exponent << 64n) | significand;
  switch (random.below(16)) {
    case 0:
      return special(0n, 0n);
    case 1:
      return special(0x3fffn, integerBit);
    case 2:
      return special(0x7fffn, integerBit);
    case 3:
      return special(0x7fffn, integerBit | (1n << 62n) | random.bits(62));
    case 4:
      return special(0x7fffn, integerBit | random.bits(61) | 1n);
    case 5:
      return special(0n, random.bits(63));
    case 6:
      return special(0n, integerBit | random.bits(63));
    case 7:
      return special(BigInt(random.below(0x7fff) + 1), random.bits(63));
    case 8:
      return special(0x7ffen, random.bits(64) | integerBit);
    case 9:
      return special(BigInt(1 + random.below(64)), random.bits(64) | integerBit);
    case 10:
      return special(
        0x3fffn + BigInt(random.below(66)),
        integerBit | (random.bits(63) & ~((1n << BigInt(random.below(63))) - 1n)),
      );
    case 11: {
      // A whole number.
      const value = random.bits(random.below(63) + 1) | 1n;
      const length = BigInt(value.toString(2).length);
      return special(0x3fffn + length - 1n, value << (64n - length));
    }
    default:
      return special(BigInt(0x3fff + random.below(80) - 40), random.bits(64) | integerBit);
  }
}

/** A value of an operand as wide as `bits`, by chance an integer or a floating-point number. */
export function operandValue(random: Random, bits: number): bigint {
  if (bits === 128) return vector(random);
  if ((bits === 32 || bits === 64) && random.oneIn(3)) return float(random, bits);
  return integer(random, bits);
}
