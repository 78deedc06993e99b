// The values of IR: integer and vector operations as nodes, constants folded where that is free.

import type { Bits, Value } from '../isa/abstract-machine.ts';
import { vectorReduce, type VectorOperator } from '../isa/vector-operators.ts';
import { kindOf, type Node, type Operation, type PureOperator } from './ir.ts';

const reductions: ReadonlySet<string> = new Set(vectorReduce);

function mask(bits: number): bigint {
  return (1n << BigInt(bits)) - 1n;
}

/** Makes nodes in order of effect. */
export class IrValues {
  /** The nodes so far. */
  nodes: Node[] = [];
  #count = 0;

  protected node(bits: Bits, operation: Operation, ...inputs: Value[]): Node {
    const node: Node = {
      bits,
      operation,
      inputs: inputs as Node[],
      kind: kindOf(operation),
      index: this.#count++,
      uses: 0,
      code: null,
    };
    for (const input of node.inputs) input.uses++;
    this.nodes.push(node);
    return node;
  }

  private pure(op: PureOperator, bits: Bits, ...inputs: Value[]): Node {
    return this.node(bits, { op }, ...inputs);
  }

  protected nested(body: () => void): Node[] {
    const outer = this.nodes;
    this.nodes = [];
    body();
    const inner = this.nodes;
    this.nodes = outer;
    return inner;
  }

  private static known(value: Value): bigint | undefined {
    const { operation } = value as Node;
    return operation.op === 'constant' ? operation.value : undefined;
  }

  // ---- Integers. ----
  constant(value: number | bigint, bits: Bits): Node {
    return this.node(bits, { op: 'constant', value: BigInt(value) & mask(bits) });
  }
  private both(op: PureOperator, a: Value, b: Value, bits: Bits = a.bits): Node {
    if (a.bits !== b.bits) throw new Error(`${op} of ${a.bits} and ${b.bits} bits`);
    return this.pure(op, bits, a, b);
  }
  add(a: Value, b: Value): Node {
    if (IrValues.known(b) === 0n) return a as Node;
    return this.both('add', a, b);
  }
  sub(a: Value, b: Value): Node {
    return this.both('sub', a, b);
  }
  mul(a: Value, b: Value): Node {
    return this.both('mul', a, b);
  }
  and(a: Value, b: Value): Node {
    return this.both('and', a, b);
  }
  or(a: Value, b: Value): Node {
    return this.both('or', a, b);
  }
  xor(a: Value, b: Value): Node {
    return this.both('xor', a, b);
  }
  not(a: Value): Node {
    return this.pure('not', a.bits, a);
  }
  neg(a: Value): Node {
    return this.pure('neg', a.bits, a);
  }
  private shift(op: PureOperator, a: Value, amount: Value | number): Node {
    const by =
      typeof amount === 'number'
        ? this.constant(amount, a.bits === 64 ? 64 : 32)
        : this.resize(amount, a.bits === 64 ? 64 : 32);
    return this.pure(op, a.bits, a, by);
  }
  shl(a: Value, amount: Value | number): Node {
    return this.shift('shl', a, amount);
  }
  shr(a: Value, amount: Value | number): Node {
    return this.shift('shr', a, amount);
  }
  sar(a: Value, amount: Value | number): Node {
    return this.shift('sar', a, amount);
  }
  rotl(a: Value, amount: Value | number): Node {
    return this.shift('rotl', a, amount);
  }
  rotr(a: Value, amount: Value | number): Node {
    return this.shift('rotr', a, amount);
  }
  eq(a: Value, b: Value): Node {
    return this.both('eq', a, b, 1);
  }
  ltu(a: Value, b: Value): Node {
    return this.both('ltu', a, b, 1);
  }
  lts(a: Value, b: Value): Node {
    return this.both('lts', a, b, 1);
  }
  isZero(a: Value): Node {
    return this.pure('isZero', 1, a);
  }
  select(condition: Value, then: Value, otherwise: Value): Node {
    if (then.bits !== otherwise.bits) throw new Error(`select of ${then.bits} and ${otherwise.bits} bits`);
    return this.pure('select', then.bits, condition, then, otherwise);
  }
  zeroExtend(a: Value, bits: Bits): Node {
    const known = IrValues.known(a);
    if (known !== undefined) return this.constant(known, bits);
    return a.bits === bits ? (a as Node) : this.pure('zeroExtend', bits, a);
  }
  signExtend(a: Value, bits: Bits): Node {
    return a.bits === bits ? (a as Node) : this.pure('signExtend', bits, a);
  }
  truncate(a: Value, bits: Bits): Node {
    const known = IrValues.known(a);
    if (known !== undefined) return this.constant(known, bits);
    return a.bits === bits ? (a as Node) : this.pure('truncate', bits, a);
  }
  resize(a: Value, bits: Bits): Node {
    return bits < a.bits ? this.truncate(a, bits) : this.zeroExtend(a, bits);
  }
  bit(a: Value, position: number): Node {
    return this.truncate(position === 0 ? a : this.shr(a, position), 1);
  }
  sign(a: Value): Node {
    return this.bit(a, a.bits - 1);
  }
  popcnt(a: Value): Node {
    return this.pure('popcnt', a.bits, a);
  }
  clz(a: Value): Node {
    return this.pure('clz', a.bits, a);
  }
  ctz(a: Value): Node {
    return this.pure('ctz', a.bits, a);
  }

  // ---- Vectors. ----
  vector(operator: VectorOperator, ...values: Value[]): Node {
    return this.node(reductions.has(operator) ? 32 : 128, { op: 'vector', operator }, ...values);
  }
  shuffle(a: Value, b: Value, indices: readonly number[]): Node {
    return this.node(128, { op: 'shuffle', indices }, a, b);
  }
  lane(a: Value, bits: 8 | 16 | 32 | 64, index: number): Node {
    return this.node(bits, { op: 'lane', width: bits, index }, a);
  }
  setLane(a: Value, index: number, value: Value): Node {
    return this.node(128, { op: 'setLane', width: value.bits as 8 | 16 | 32 | 64, index }, a, value);
  }
  vectorConstant(value: bigint): Node {
    return this.node(128, { op: 'constant', value: value & mask(128) });
  }
}
