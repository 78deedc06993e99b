// Reads a meaning into IR: the abstract machine whose values are IR nodes. Folds constants, nothing more.

import {
  RDI,
  RSI,
  type AbstractMachine,
  type Bits,
  type ImplicitSegment,
  type Operand,
  type Value,
} from '../isa/abstract-machine.ts';
import { BoundOperand, registerKind } from './bound-operand.ts';
import { hasLongAddresses, type HandlerVariant } from './handler-variant.ts';
import type { Node, ProbeSegment, RegisterPlace } from './ir.ts';
import { IrEffects } from './ir-effects.ts';

export class IrBuilder extends IrEffects implements AbstractMachine {
  readonly variant: HandlerVariant;
  readonly operandSize: 16 | 32 | 64;
  readonly addressSize: 16 | 32 | 64;
  readonly isLong: boolean;
  readonly repetition: 'none' | 'repe' | 'repne';
  readonly operands: readonly BoundOperand[];

  constructor(variant: HandlerVariant) {
    super();
    this.variant = variant;
    this.operandSize = variant.operandSize === 0 ? 32 : variant.operandSize;
    this.addressSize = variant.addressSize;
    this.isLong = hasLongAddresses(variant.environment);
    this.repetition = variant.repetition;
    let immediates = 0;
    this.operands = variant.form.operands.map((pattern) => {
      const slot = pattern.place === 'I' && immediates++ > 0 ? 1 : 0;
      return new BoundOperand(pattern, variant, slot);
    });
  }

  /** The IR of the variant's whole meaning. Throws an Error naming the form when the meaning mixes widths. */
  static build(variant: HandlerVariant): Node[] {
    const m = new IrBuilder(variant);
    const { form } = variant;
    try {
      if (form.attributes.has('p0')) m.if(m.not(m.isZero(m.privilege())), () => m.raise('#GP'));
      form.instruction.meaning(m, ...m.operands);
    } catch (error) {
      throw new Error(`${form.instruction.mnemonic} "${form.text}": ${(error as Error).message}`, { cause: error });
    }
    return m.nodes;
  }

  // ---- Operands. ----
  private place(operand: BoundOperand): RegisterPlace {
    if (!operand.place) throw new Error(`operand ${operand.pattern.text} is not a register`);
    return operand.place;
  }

  private stringOffset(operand: BoundOperand): Node {
    const register = operand.pattern.place === 'X' ? RSI : RDI;
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

  private probe(
    linear: Node,
    kind: 'read' | 'write' | 'update',
    bytes: number,
    segment: ProbeSegment = 'operand',
  ): Node {
    return this.node(32, { op: 'probe', kind, bytes, segment }, linear);
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

  offset(operand: Operand): Node {
    const bound = operand as BoundOperand;
    const absolute = bound.pattern.place === 'O' && this.isLong;
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
    const register = bound.pattern.place === 'X' ? RSI : RDI;
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
    this.store(this.probe(this.stackLinear(-bytes, bytes, true), 'write', bytes, 'SS'), value);
    this.dropStack(-bytes);
  }

  peek(bits: Bits, byteOffset: number | Value = 0): Node {
    const bytes = bits / 8;
    return this.load(this.probe(this.stackLinear(byteOffset, bytes, false), 'read', bytes, 'SS'), bits);
  }

  pop(bits: Bits): Node {
    const value = this.peek(bits);
    this.dropStack(bits / 8);
    return value;
  }

  dropStack(bytes: number | Value): void {
    this.node(1, { op: 'adjustStack' }, typeof bytes === 'number' ? this.constant(bytes, 64) : this.resize(bytes, 64));
  }

  // ---- Control. ----
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
}
