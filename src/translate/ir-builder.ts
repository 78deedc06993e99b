// Reads a meaning into IR: the abstract machine whose values are IR nodes. Folds constants, nothing more.

import type {
  AbstractMachine,
  Bits,
  ExceptionName,
  Flag,
  ImplicitSegment,
  Operand,
  SystemFlag,
  Value,
} from '../isa/abstract-machine.ts';
import { coreRoutines, type CoreRoutine } from '../isa/core-routines.ts';
import { operandBits, type OperandPattern } from '../isa/form.ts';
import type { VectorOperator } from '../isa/vector-operators.ts';
import { vectorReduce } from '../isa/vector-operators.ts';
import { FPR, GPR, XMM } from '../core/layout.ts';
import type { HandlerVariant } from './handler-variant.ts';
import type { Node, Operation, PureOperator, RegisterKind, RegisterPlace } from './ir.ts';

const vectors: Record<ExceptionName, { vector: number; code: number }> = {
  '#DE': { vector: 0, code: -1 },
  '#DB': { vector: 1, code: -1 },
  '#BP': { vector: 3, code: -1 },
  '#OF': { vector: 4, code: -1 },
  '#BR': { vector: 5, code: -1 },
  '#UD': { vector: 6, code: -1 },
  '#NM': { vector: 7, code: -1 },
  '#SS': { vector: 12, code: 0 },
  '#GP': { vector: 13, code: 0 },
  '#MF': { vector: 16, code: -1 },
  '#XM': { vector: 19, code: -1 },
};
const reductions: ReadonlySet<string> = new Set(vectorReduce);

/** An operand of the variant at hand: where the record says it is. */
class BoundOperand implements Operand {
  readonly pattern: OperandPattern;
  readonly bits: Bits | 0;
  readonly isMemory: boolean;
  readonly place: RegisterPlace | null;
  readonly immediateSlot: 0 | 1;
  readonly displacement: Node | null;
  /** The probe of `readForWrite`, for the `write` that follows. */
  probe: Node | null = null;

  constructor(
    pattern: OperandPattern,
    variant: HandlerVariant,
    immediateSlot: 0 | 1,
    displacement: Node | null = null,
  ) {
    this.pattern = pattern;
    this.bits = operandBits(pattern, variant.operandSize);
    this.isMemory = 'OMXY'.includes(pattern.place) || ('EWQ'.includes(pattern.place) && variant.memory);
    this.place = this.isMemory ? null : registerPlace(pattern);
    this.immediateSlot = immediateSlot;
    this.displacement = displacement;
  }
}

function registerPlace(pattern: OperandPattern): RegisterPlace | null {
  switch (pattern.place) {
    case 'G':
    case 'Z':
    case 'V':
    case 'P':
    case 'S':
    case 'C':
    case 'D':
      return { field: 'A' };
    case 'E':
    case 'R':
    case 'W':
    case 'U':
    case 'Q':
    case 'N':
    case 'F':
      return { field: 'B' };
    case 'B':
      return { field: 'C' };
    case 'fixed':
      return { address: GPR + pattern.register * 8 };
    case 'xmm0':
      return { address: XMM };
    case 'st0':
      return { address: FPR };
    default:
      return null;
  }
}

function registerKind(pattern: OperandPattern): RegisterKind {
  if ('PQN'.includes(pattern.place)) return 'mmx';
  return 'VWU'.includes(pattern.place) || pattern.place === 'xmm0' ? 'vector' : 'general';
}

function mask(bits: number): bigint {
  return (1n << BigInt(bits)) - 1n;
}

export class IrBuilder implements AbstractMachine {
  readonly variant: HandlerVariant;
  readonly operandSize: 16 | 32 | 64;
  readonly addressSize: 16 | 32 | 64;
  readonly isLong: boolean;
  readonly repetition: 'none' | 'repe' | 'repne';
  readonly operands: readonly BoundOperand[];
  /** The nodes so far, in order of effect. */
  nodes: Node[] = [];

  constructor(variant: HandlerVariant) {
    this.variant = variant;
    this.operandSize = variant.operandSize === 0 ? 32 : variant.operandSize;
    this.addressSize = variant.addressSize;
    this.isLong = variant.environment === 'long';
    this.repetition = variant.repetition;
    let immediates = 0;
    this.operands = variant.form.operands.map((pattern) => {
      const slot = pattern.place === 'I' && immediates++ > 0 ? 1 : 0;
      return new BoundOperand(pattern, variant, slot);
    });
  }

  /** The IR of the variant's whole meaning. */
  static build(variant: HandlerVariant): Node[] {
    const m = new IrBuilder(variant);
    const { form } = variant;
    if (form.attributes.has('p0')) m.if(m.not(m.isZero(m.privilege())), () => m.raise('#GP'));
    form.instruction.meaning(m, ...m.operands);
    return m.nodes;
  }

  // ---- Making nodes. ----
  private node(bits: Bits, operation: Operation, ...inputs: Value[]): Node {
    const node: Node = { bits, operation, inputs: inputs as Node[], uses: 0 };
    for (const input of node.inputs) input.uses++;
    this.nodes.push(node);
    return node;
  }

  private pure(op: PureOperator, bits: Bits, ...inputs: Value[]): Node {
    return this.node(bits, { op }, ...inputs);
  }

  private nested(body: () => void): Node[] {
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

  // ---- Operands. ----
  private place(operand: BoundOperand): RegisterPlace {
    if (!operand.place) throw new Error(`operand ${operand.pattern.text} is not a register`);
    return operand.place;
  }

  private stringOffset(operand: BoundOperand): Node {
    const register = operand.pattern.place === 'X' ? 6 : 7;
    return this.zeroExtend(this.register(register, this.addressSize), 64);
  }

  private operandLinear(operand: BoundOperand, bytes: number, write: boolean): Node {
    if (operand.pattern.place === 'X' || operand.pattern.place === 'Y') {
      const segment = operand.pattern.place === 'X' ? 'operand' : 'ES';
      return this.node(64, { op: 'segmentAddress', segment, bytes, write }, this.stringOffset(operand));
    }
    const linear = this.node(64, { op: 'segmentAddress', segment: 'operand', bytes, write }, this.offset(operand));
    if (this.variant.form.attributes.has('aligned') && bytes === 16) {
      this.if(this.not(this.isZero(this.and(linear, this.constant(15, 64)))), () => this.raise('#GP'));
    }
    return linear;
  }

  private probe(linear: Node, kind: 'read' | 'write' | 'update', bytes: number, stack = false): Node {
    return this.node(32, { op: 'probe', kind, bytes, stack }, linear);
  }

  private load(probe: Node, bits: Bits): Node {
    return this.node(bits, { op: 'loadMachine' }, probe);
  }

  private store(probe: Node, value: Value): void {
    this.node(1, { op: 'storeMachine', commits: true }, probe, value);
  }

  read(operand: Operand): Node {
    const bound = operand as BoundOperand;
    const { pattern } = bound;
    if (pattern.place === 'one') return this.constant(1, 8);
    const bits = bound.bits as Bits;
    if (pattern.place === 'I') return this.node(bits, { op: 'immediate', slot: bound.immediateSlot });
    if (!bound.isMemory) return this.node(bits, { op: 'readRegister', place: this.place(bound) });
    return this.load(this.probe(this.operandLinear(bound, bits / 8, false), 'read', bits / 8), bits);
  }

  readForWrite(operand: Operand): Node {
    const bound = operand as BoundOperand;
    if (!bound.isMemory) return this.read(operand);
    const bits = bound.bits as Bits;
    bound.probe = this.probe(this.operandLinear(bound, bits / 8, true), 'update', bits / 8);
    return this.load(bound.probe, bits);
  }

  write(operand: Operand, value: Value): void {
    const bound = operand as BoundOperand;
    if (!bound.isMemory) return this.writePlace(this.place(bound), value, registerKind(bound.pattern));
    const bytes = value.bits / 8;
    this.store(bound.probe ?? this.probe(this.operandLinear(bound, bytes, true), 'write', bytes), value);
  }

  private writePlace(place: RegisterPlace, value: Value, kind: RegisterKind): void {
    this.node(1, { op: 'writeRegister', place, kind }, value);
  }

  offset(operand: Operand): Node {
    const bound = operand as BoundOperand;
    const absolute = bound.pattern.place === 'O' && this.variant.environment === 'long';
    return this.node(64, { op: 'offset', absolute }, ...(bound.displacement ? [bound.displacement] : []));
  }

  displaced(operand: Operand, byteOffset: Value): Operand {
    const bound = operand as BoundOperand;
    return new BoundOperand(bound.pattern, this.variant, bound.immediateSlot, byteOffset as Node);
  }

  linear(operand: Operand, bytes: number, write: boolean): Node {
    return this.operandLinear(operand as BoundOperand, bytes, write);
  }

  number(operand: Operand): Node {
    const place = this.place(operand as BoundOperand);
    if (!('field' in place) || place.field === 'C') throw new Error('only fields A and B hold register numbers');
    return this.node(32, { op: 'registerNumber', field: place.field });
  }

  farPointer(_operand: Operand): { selector: Node; offset: Node } {
    return {
      offset: this.resize(this.node(32, { op: 'immediate', slot: 0 }), this.operandSize),
      selector: this.node(16, { op: 'immediate', slot: 1 }),
    };
  }

  advance(operand: Operand): void {
    const bound = operand as BoundOperand;
    const bytes = (bound.bits as number) / 8;
    const register = bound.pattern.place === 'X' ? 6 : 7;
    const size = this.addressSize;
    const step = this.select(this.systemFlag('DF'), this.constant(-bytes, size), this.constant(bytes, size));
    this.setRegister(register, this.add(this.register(register, size), step));
  }

  loadAt(segment: ImplicitSegment, offset: Value, bits: Bits): Node {
    const bytes = bits / 8;
    const linear = this.node(
      64,
      { op: 'segmentAddress', segment: segment === 'ES' ? 'ES' : 'operand', bytes, write: false },
      this.zeroExtend(offset, 64),
    );
    return this.load(this.probe(linear, 'read', bytes), bits);
  }

  storeAt(segment: ImplicitSegment, offset: Value, value: Value): void {
    const bytes = value.bits / 8;
    const linear = this.node(
      64,
      { op: 'segmentAddress', segment: segment === 'ES' ? 'ES' : 'operand', bytes, write: true },
      this.zeroExtend(offset, 64),
    );
    this.store(this.probe(linear, 'write', bytes), value);
  }

  loadLinear(address: Value, bits: Bits): Node {
    return this.load(this.probe(address as Node, 'read', bits / 8), bits);
  }

  storeLinear(address: Value, value: Value): void {
    this.store(this.probe(address as Node, 'write', value.bits / 8), value);
  }

  // ---- Stack. ----
  private stackLinear(byteOffset: number | Value, bytes: number, write: boolean): Node {
    const distance = typeof byteOffset === 'number' ? this.constant(byteOffset, 64) : byteOffset;
    const offset = this.node(64, { op: 'stackOffset' }, distance);
    return this.node(64, { op: 'segmentAddress', segment: 'SS', bytes, write }, offset);
  }

  push(value: Value): void {
    const bytes = value.bits / 8;
    this.store(this.probe(this.stackLinear(-bytes, bytes, true), 'write', bytes, true), value);
    this.dropStack(-bytes);
  }

  peek(bits: Bits, byteOffset: number | Value = 0): Node {
    const bytes = bits / 8;
    return this.load(this.probe(this.stackLinear(byteOffset, bytes, false), 'read', bytes, true), bits);
  }

  pop(bits: Bits): Node {
    const value = this.peek(bits);
    this.dropStack(bits / 8);
    return value;
  }

  dropStack(bytes: number | Value): void {
    this.node(1, { op: 'adjustStack' }, typeof bytes === 'number' ? this.constant(bytes, 64) : this.resize(bytes, 64));
  }

  // ---- State. ----
  register(number: number, bits: 8 | 16 | 32 | 64): Node {
    return this.node(bits, { op: 'readRegister', place: { address: GPR + number * 8 } });
  }
  setRegister(number: number, value: Value): void {
    this.writePlace({ address: GPR + number * 8 }, value, 'general');
  }
  flag(flag: Flag): Node {
    return this.node(1, { op: 'readFlag', flag });
  }
  setFlag(flag: Flag, value: Value): void {
    this.node(1, { op: 'writeFlag', flag }, value);
  }
  setFlagsFromCarries(result: Value, carries: Value): void {
    this.node(1, { op: 'writeFlagsFromCarries' }, result, carries);
  }
  setFlagsFromResult(result: Value, rest: { CF: Value; OF: Value; AF: Value }): void {
    this.node(1, { op: 'writeFlagsFromResult' }, result, rest.CF, rest.OF, rest.AF);
  }
  setFlags(flags: Record<Flag, Value>): void {
    this.node(1, { op: 'writeFlags' }, flags.CF, flags.PF, flags.AF, flags.ZF, flags.SF, flags.OF);
  }
  systemFlag(flag: SystemFlag): Node {
    return this.node(1, { op: 'readSystemFlag', flag });
  }
  setSystemFlag(flag: SystemFlag, value: Value): void {
    this.node(1, { op: 'writeSystemFlag', flag }, value);
  }
  privilege(): Node {
    return this.node(32, { op: 'privilege' });
  }

  // ---- Control. ----
  if(condition: Value, then: () => void, otherwise?: () => void): void {
    this.node(1, { op: 'if', then: this.nested(then), otherwise: otherwise ? this.nested(otherwise) : [] }, condition);
  }
  raise(exception: ExceptionName): void {
    this.node(1, { op: 'raise', ...vectors[exception] });
  }
  core(routine: CoreRoutine, ...values: Value[]): Node {
    const { parameters, result } = coreRoutines[routine];
    if (values.length !== parameters.length)
      throw new Error(`${routine} takes ${parameters.length} values, not ${values.length}`);
    return this.node(result === 'v128' ? 128 : result === 'i64' ? 64 : 32, { op: 'core', routine }, ...values);
  }
  nextInstruction(): Node {
    return this.resize(this.node(64, { op: 'nextInstruction' }), this.operandSize);
  }
  jumpTo(target: Operand): void {
    if (this.operandSize === 16) this.jump(this.relativeTarget(target));
    else this.node(1, { op: 'jumpTo' });
  }
  jump(target: Value): void {
    this.node(1, { op: 'jump' }, this.zeroExtend(target, 64));
  }
  jumpIf(condition: Value, target: Operand): void {
    if (this.operandSize === 16) this.if(condition, () => this.jump(this.relativeTarget(target)));
    else this.node(1, { op: 'jumpIf' }, condition);
  }
  private relativeTarget(_target: Operand): Node {
    return this.resize(this.node(64, { op: 'relativeTarget' }), this.operandSize);
  }
  repeat(body: () => void, until?: () => Value): void {
    this.repeated(body, until, null);
  }
  repeatBulk(kind: 'move' | 'fill', body: () => void): void {
    this.repeated(body, undefined, kind);
  }
  private repeated(body: () => void, until: (() => Value) | undefined, bulk: 'move' | 'fill' | null): void {
    if (this.repetition === 'none') return body();
    let stop: Node | null = null;
    const nodes = this.nested(() => {
      body();
      stop = until ? (until() as Node) : null;
      if (stop) stop.uses++;
    });
    this.node(1, { op: 'repeat', body: nodes, until: stop, bulk });
  }

  // ---- Integers. ----
  constant(value: number | bigint, bits: Bits): Node {
    return this.node(bits, { op: 'constant', value: BigInt(value) & mask(bits) });
  }
  private both(op: PureOperator, a: Value, b: Value, bits: Bits = a.bits): Node {
    if (a.bits !== b.bits) throw new Error(`${op} of ${a.bits} and ${b.bits} bits in ${this.variant.form.text}`);
    return this.pure(op, bits, a, b);
  }
  add(a: Value, b: Value): Node {
    if (IrBuilder.known(b) === 0n) return a as Node;
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
    if (then.bits !== otherwise.bits)
      throw new Error(`select of ${then.bits} and ${otherwise.bits} bits in ${this.variant.form.text}`);
    return this.pure('select', then.bits, condition, then, otherwise);
  }
  zeroExtend(a: Value, bits: Bits): Node {
    const known = IrBuilder.known(a);
    if (known !== undefined) return this.constant(known, bits);
    return a.bits === bits ? (a as Node) : this.pure('zeroExtend', bits, a);
  }
  signExtend(a: Value, bits: Bits): Node {
    return a.bits === bits ? (a as Node) : this.pure('signExtend', bits, a);
  }
  truncate(a: Value, bits: Bits): Node {
    const known = IrBuilder.known(a);
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
