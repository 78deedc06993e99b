// WebAssembly's vector operators on integer lanes, as the core specification defines them (section 4.3.2), over bigint.

import type { VectorOperator } from '../../src/isa/vector-operators.ts';

/** The lanes of a vector, lowest first, as unsigned integers of `width` bits. */
export function lanesOf(vector: bigint, width: number): bigint[] {
  return Array.from({ length: 128 / width }, (_, lane) => BigInt.asUintN(width, vector >> BigInt(lane * width)));
}

/** A vector of lanes, of which the low `width` bits count. */
export function vectorOf(lanes: readonly bigint[], width: number): bigint {
  return lanes.reduce((vector, lane, index) => vector | (BigInt.asUintN(width, lane) << BigInt(index * width)), 0n);
}

const abs = (value: bigint): bigint => (value < 0n ? -value : value);
const ones = (condition: boolean): bigint => (condition ? -1n : 0n);

function saturate(value: bigint, width: number, signed: boolean): bigint {
  const low = signed ? -(1n << BigInt(width - 1)) : 0n;
  const high = (1n << BigInt(signed ? width - 1 : width)) - 1n;
  return value < low ? low : value > high ? high : value;
}

function popcount(value: bigint): bigint {
  return BigInt([...value.toString(2)].filter((digit) => digit === '1').length);
}

/** Operators that combine lanes of one width, by their names without shape and signedness. */
const laneBinary: Record<string, (a: bigint, b: bigint, width: number, signed: boolean) => bigint> = {
  Eq: (a, b) => ones(a === b),
  Gt: (a, b) => ones(a > b),
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  AddSat: (a, b, width, signed) => saturate(a + b, width, signed),
  SubSat: (a, b, width, signed) => saturate(a - b, width, signed),
  Min: (a, b) => (a < b ? a : b),
  Max: (a, b) => (a > b ? a : b),
  Avgr: (a, b) => (a + b + 1n) >> 1n,
  Q15mulrSat: (a, b) => saturate((a * b + 0x4000n) >> 15n, 16, true),
};

const laneUnary: Record<string, (a: bigint) => bigint> = { Abs: abs, Neg: (a) => -a, Popcnt: popcount };

const laneShift: Record<string, (a: bigint, amount: bigint) => bigint> = {
  Shl: (a, amount) => a << amount,
  Shr: (a, amount) => a >> amount,
};

const whole: Record<string, (a: bigint, b: bigint) => bigint> = {
  v128And: (a, b) => a & b,
  v128Andnot: (a, b) => a & ~b,
  v128Or: (a, b) => a | b,
  v128Xor: (a, b) => a ^ b,
  v128Not: (a) => ~a,
};

/** What an operator gives for known vectors and integers (all unsigned). */
export function evaluateVector(operator: VectorOperator, values: readonly bigint[]): { value: bigint; bits: 32 | 128 } {
  const [a = 0n, b = 0n] = values;
  const simple = whole[operator];
  if (simple) return { value: BigInt.asUintN(128, simple(a, b)), bits: 128 };
  if (operator === 'v128AnyTrue') return { value: a === 0n ? 0n : 1n, bits: 32 };
  const match = /^i(\d+)x\d+([A-Z][A-Za-z0-9]*?)(?:(I\d+x\d+))?([SU])?$/.exec(operator);
  if (!match) throw new Error(`The oracle does not know the vector operator ${operator}.`);
  const width = Number(match[1]);
  const name = match[2] as string;
  const signed = match[4] === 'S' || name === 'Abs' || name === 'Neg';
  const source = match[3] ? Number(/\d+/.exec(match[3])?.[0]) : width;
  const lanes = (vector: bigint): bigint[] =>
    lanesOf(vector, source).map((lane) => (signed ? BigInt.asIntN(source, lane) : lane));
  const vector = (result: readonly bigint[]) => ({ value: vectorOf(result, width), bits: 128 as const });
  const half = (all: bigint[]): bigint[] =>
    name.endsWith('High') ? all.slice(all.length / 2) : all.slice(0, all.length / 2);
  const pairs = (all: readonly bigint[]): bigint[] =>
    Array.from({ length: all.length / 2 }, (_, i) => (all[2 * i] as bigint) + (all[2 * i + 1] as bigint));
  switch (name) {
    case 'Splat':
      return vector(Array.from({ length: 128 / width }, () => a));
    case 'AllTrue':
      return { value: lanes(a).every((lane) => lane !== 0n) ? 1n : 0n, bits: 32 };
    case 'Bitmask':
      return {
        value: lanes(a).reduce((mask, lane, i) => mask | ((lane >> BigInt(width - 1)) << BigInt(i)), 0n),
        bits: 32,
      };
    case 'Swizzle':
      return vector(lanes(b).map((index) => (index < 16n ? (lanes(a)[Number(index)] as bigint) : 0n)));
    case 'Narrow': {
      // The source lanes are signed whatever the saturation.
      const wide = [...lanesOf(a, source), ...lanesOf(b, source)].map((lane) => BigInt.asIntN(source, lane));
      return vector(wide.map((lane) => saturate(lane, width, signed)));
    }
    case 'ExtendLow':
    case 'ExtendHigh':
      return vector(half(lanes(a)));
    case 'ExtmulLow':
    case 'ExtmulHigh': {
      const right = half(lanes(b));
      return vector(half(lanes(a)).map((lane, i) => lane * (right[i] as bigint)));
    }
    case 'ExtaddPairwise':
      return vector(pairs(lanes(a)));
    case 'Dot': {
      const right = lanes(b);
      return vector(pairs(lanes(a).map((lane, i) => lane * (right[i] as bigint))));
    }
    default:
  }
  const binary = laneBinary[name];
  if (binary) {
    const right = lanes(b);
    return vector(lanes(a).map((lane, i) => binary(lane, right[i] as bigint, width, signed)));
  }
  const unary = laneUnary[name];
  if (unary) return vector(lanes(a).map(unary));
  const shift = laneShift[name];
  if (shift) return vector(lanes(a).map((lane) => shift(lane, b % BigInt(width))));
  throw new Error(`The oracle does not know the vector operator ${operator}.`);
}
