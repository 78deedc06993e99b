// Seeded operands that like the places where floating point goes wrong.

import type { OperandKind } from './operation.ts';

/** A small seeded generator of 64-bit numbers. */
export class Random {
  #state: bigint;

  constructor(seed: bigint) {
    this.#state = BigInt.asUintN(64, seed);
  }

  /** A uniform 64-bit number (SplitMix64). */
  next(): bigint {
    this.#state = BigInt.asUintN(64, this.#state + 0x9e3779b97f4a7c15n);
    let word = this.#state;
    word = BigInt.asUintN(64, (word ^ (word >> 30n)) * 0xbf58476d1ce4e5b9n);
    word = BigInt.asUintN(64, (word ^ (word >> 27n)) * 0x94d049bb133111ebn);
    return word ^ (word >> 31n);
  }

  /** A whole number from 0 to limit - 1. */
  below(limit: number): number {
    return Number(this.next() % BigInt(limit));
  }

  /** One of the items. */
  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)]!;
  }
}

/** An operand as two little-endian words. */
export type Operand = readonly [low: bigint, high: bigint];

interface Format {
  readonly exponentBits: number;
  readonly fractionBits: number;
}

const formats: Readonly<Record<'f32' | 'f64' | 'f80', Format>> = {
  f32: { exponentBits: 8, fractionBits: 23 },
  f64: { exponentBits: 11, fractionBits: 52 },
  // The integer bit is dealt with apart.
  f80: { exponentBits: 15, fractionBits: 63 },
};

/** A fraction field: uniform, few bits, nearly all bits, or near a rounding boundary of a smaller format. */
function fraction(random: Random, bits: number): bigint {
  const all = (1n << BigInt(bits)) - 1n;
  switch (random.below(8)) {
    case 0:
      return 0n;
    case 1:
      return all;
    case 2:
      return all >> BigInt(random.below(bits));
    case 3:
      return 1n << BigInt(random.below(bits));
    case 4: {
      const cut = BigInt(random.below(bits));
      return ((random.next() & all) >> cut) << cut;
    }
    case 5: {
      // Ends in 0111..., 1000..., or 1000...1.
      const cut = BigInt(random.pick([11, 29, 40, 12, random.below(bits)]) % bits);
      const tail = (1n << cut) + BigInt(random.below(3) - 1);
      return ((((random.next() << cut) << 1n) & all) | tail) & all;
    }
    default:
      return random.next() & all;
  }
}

/** An exponent field: anything, near one, near the ends, or near another operand's. */
function exponent(random: Random, bits: number, near: number | undefined): number {
  const all = (1 << bits) - 1;
  const bias = all >> 1;
  const clamp = (value: number): number => Math.min(all, Math.max(0, value));
  switch (random.below(10)) {
    case 0:
      return 0;
    case 1:
      return all;
    case 2:
      return clamp(1 + random.below(4));
    case 3:
      return clamp(all - 1 - random.below(4));
    case 4:
      return random.below(all + 1);
    case 5:
      return near === undefined ? random.below(all + 1) : clamp(near + random.below(160) - 80);
    case 6:
      return near === undefined ? bias : clamp(near + random.below(5) - 2);
    case 7:
      // So that a product falls near the ends.
      return near === undefined
        ? random.below(all + 1)
        : clamp(random.pick([bias, -bias]) + bias - (near - bias) + random.below(140) - 70);
    default:
      return clamp(bias + random.below(140) - 70);
  }
}

/** The exponent field of an operand. */
function fieldOf(kind: 'f32' | 'f64' | 'f80', [low, high]: Operand): number {
  if (kind === 'f80') return Number(high & 0x7fffn);
  const { exponentBits, fractionBits } = formats[kind];
  return Number((low >> BigInt(fractionBits)) & ((1n << BigInt(exponentBits)) - 1n));
}

function float(random: Random, kind: 'f32' | 'f64' | 'f80', other: Operand | undefined): Operand {
  if (other !== undefined && random.below(12) === 0) return other;
  const { exponentBits, fractionBits } = formats[kind];
  const sign = BigInt(random.below(2));
  const field = exponent(random, exponentBits, other && fieldOf(kind, other));
  let bits = fraction(random, fractionBits);
  if (other !== undefined && random.below(8) === 0) {
    bits = BigInt.asUintN(fractionBits, other[0] + BigInt(random.below(5) - 2));
  }
  if (kind !== 'f80')
    return [(sign << BigInt(exponentBits + fractionBits)) | (BigInt(field) << BigInt(fractionBits)) | bits, 0n];
  // One in twelve has the wrong integer bit: unnormals, pseudo-denormals, pseudo-NaNs, pseudo-infinities.
  const integer = (field !== 0) !== (random.below(12) === 0) ? 1n : 0n;
  return [(integer << 63n) | bits, (sign << 15n) | BigInt(field)];
}

/** An operand of the kind; `other` is the operand it may be put close to, when that has the same kind. */
export function operand(random: Random, kind: OperandKind, other: Operand | undefined): Operand {
  switch (kind) {
    case 'none':
      return [0n, 0n];
    case 'i32':
    case 'i64': {
      const width = kind === 'i32' ? 32 : 64;
      const word = BigInt.asUintN(width, random.next() >> BigInt(64 - width));
      const shifted = BigInt.asIntN(width, word) >> BigInt(random.below(width));
      const exact = fraction(random, width);
      return [BigInt.asUintN(width, random.below(2) === 0 ? shifted : exact), 0n];
    }
    case 'decimal': {
      let digits = 0n;
      for (let index = 0; index < 18; index++) digits = (digits << 4n) | BigInt(random.below(10));
      digits >>= BigInt(4 * random.below(18));
      return [BigInt.asUintN(64, digits), (digits >> 64n) | (BigInt(random.below(2)) << 15n)];
    }
    default:
      return float(random, kind, other);
  }
}
