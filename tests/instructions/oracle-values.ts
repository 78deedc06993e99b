// The values of the oracle, and all operations of the abstract machine that only compute: plain arithmetic on bigint.

import type { Bits, Value } from '../../src/isa/abstract-machine.ts';
import type { VectorOperator } from '../../src/isa/vector-operators.ts';
import { evaluateVector, lanesOf, vectorOf } from './oracle-vectors.ts';

/** A value that is known. */
export class Known implements Value {
  readonly bits: Bits;
  readonly value: bigint;

  /** @param value may have any sign and size; its low `bits` bits are kept */
  constructor(value: bigint | number, bits: Bits) {
    this.bits = bits;
    this.value = BigInt.asUintN(bits, BigInt(value));
  }

  get signed(): bigint {
    return BigInt.asIntN(this.bits, this.value);
  }
}

const known = (value: Value): Known => value as Known;

function same(a: Value, b: Value): [bigint, bigint] {
  if (a.bits !== b.bits) throw new Error(`An operation has operands of ${a.bits} and ${b.bits} bits.`);
  return [known(a).value, known(b).value];
}

/** A shift amount: the abstract machine promises nothing for amounts that are not less than the width. */
function amountOf(amount: Value | number, bits: number): bigint {
  const value = typeof amount === 'number' ? BigInt(amount) : known(amount).value;
  if (value >= bits) throw new Error(`A shift of ${bits} bits by ${value}.`);
  return value;
}

export class Calculator {
  constant(value: number | bigint, bits: Bits): Known {
    return new Known(value, bits);
  }
  add(a: Value, b: Value): Known {
    const [x, y] = same(a, b);
    return new Known(x + y, a.bits);
  }
  sub(a: Value, b: Value): Known {
    const [x, y] = same(a, b);
    return new Known(x - y, a.bits);
  }
  mul(a: Value, b: Value): Known {
    const [x, y] = same(a, b);
    return new Known(x * y, a.bits);
  }
  and(a: Value, b: Value): Known {
    const [x, y] = same(a, b);
    return new Known(x & y, a.bits);
  }
  or(a: Value, b: Value): Known {
    const [x, y] = same(a, b);
    return new Known(x | y, a.bits);
  }
  xor(a: Value, b: Value): Known {
    const [x, y] = same(a, b);
    return new Known(x ^ y, a.bits);
  }
  not(a: Value): Known {
    return new Known(~known(a).value, a.bits);
  }
  neg(a: Value): Known {
    return new Known(-known(a).value, a.bits);
  }
  shl(a: Value, amount: Value | number): Known {
    return new Known(known(a).value << amountOf(amount, a.bits), a.bits);
  }
  shr(a: Value, amount: Value | number): Known {
    return new Known(known(a).value >> amountOf(amount, a.bits), a.bits);
  }
  sar(a: Value, amount: Value | number): Known {
    return new Known(known(a).signed >> amountOf(amount, a.bits), a.bits);
  }
  rotl(a: Value, amount: Value | number): Known {
    const by = amountOf(amount, a.bits);
    return new Known((known(a).value << by) | (known(a).value >> (BigInt(a.bits) - by)), a.bits);
  }
  rotr(a: Value, amount: Value | number): Known {
    const by = amountOf(amount, a.bits);
    return new Known((known(a).value >> by) | (known(a).value << (BigInt(a.bits) - by)), a.bits);
  }
  eq(a: Value, b: Value): Known {
    const [x, y] = same(a, b);
    return new Known(x === y ? 1 : 0, 1);
  }
  ltu(a: Value, b: Value): Known {
    const [x, y] = same(a, b);
    return new Known(x < y ? 1 : 0, 1);
  }
  lts(a: Value, b: Value): Known {
    same(a, b);
    return new Known(known(a).signed < known(b).signed ? 1 : 0, 1);
  }
  isZero(a: Value): Known {
    return new Known(known(a).value === 0n ? 1 : 0, 1);
  }
  select(condition: Value, then: Value, otherwise: Value): Known {
    same(then, otherwise);
    return known(this.holds(condition) ? then : otherwise);
  }
  zeroExtend(a: Value, bits: Bits): Known {
    return this.#widen(a, bits, known(a).value);
  }
  signExtend(a: Value, bits: Bits): Known {
    return this.#widen(a, bits, known(a).signed);
  }
  #widen(a: Value, bits: Bits, value: bigint): Known {
    if (bits < a.bits) throw new Error(`An extension from ${a.bits} to ${bits} bits.`);
    return new Known(value, bits);
  }
  truncate(a: Value, bits: Bits): Known {
    if (bits > a.bits) throw new Error(`A truncation from ${a.bits} to ${bits} bits.`);
    return new Known(known(a).value, bits);
  }
  resize(a: Value, bits: Bits): Known {
    return new Known(known(a).value, bits);
  }
  bit(a: Value, position: number): Known {
    return new Known(known(a).value >> BigInt(position), 1);
  }
  sign(a: Value): Known {
    return this.bit(a, a.bits - 1);
  }
  popcnt(a: Value): Known {
    return new Known([...known(a).value.toString(2)].filter((digit) => digit === '1').length, a.bits);
  }
  clz(a: Value): Known {
    const { value } = known(a);
    return new Known(value === 0n ? a.bits : a.bits - value.toString(2).length, a.bits);
  }
  ctz(a: Value): Known {
    const { value } = known(a);
    return new Known(value === 0n ? a.bits : (value & -value).toString(2).length - 1, a.bits);
  }

  vector(operator: VectorOperator, ...values: Value[]): Known {
    const { value, bits } = evaluateVector(
      operator,
      values.map((given) => known(given).value),
    );
    return new Known(value, bits);
  }
  shuffle(a: Value, b: Value, indices: readonly number[]): Known {
    const bytes = [...lanesOf(known(a).value, 8), ...lanesOf(known(b).value, 8)];
    return new Known(
      vectorOf(
        indices.map((index) => bytes[index] as bigint),
        8,
      ),
      128,
    );
  }
  lane(a: Value, bits: 8 | 16 | 32 | 64, index: number): Known {
    return new Known(lanesOf(known(a).value, bits)[index] as bigint, bits);
  }
  setLane(a: Value, index: number, value: Value): Known {
    const lanes = lanesOf(known(a).value, value.bits);
    lanes[index] = known(value).value;
    return new Known(vectorOf(lanes, value.bits), 128);
  }
  vectorConstant(value: bigint): Known {
    return new Known(value, 128);
  }

  protected holds(condition: Value): boolean {
    if (condition.bits !== 1) throw new Error(`A condition of ${condition.bits} bits.`);
    return known(condition).value === 1n;
  }
}
