// The intermediate representation between an instruction's meaning and WebAssembly. A handler's (later: a
// region's) code is a list of nodes in order of effect. Pure nodes may be moved to where they are used; all
// others happen where they stand. Values are unsigned integers of `bits` bits, kept zero-extended: 1 to 32 bits
// in an i32, 64 in an i64, 128 in a v128.

import type { Bits, Flag, SystemFlag, Value } from '../isa/abstract-machine.ts';
import type { CoreRoutine } from '../isa/core-routines.ts';
import type { VectorOperator } from '../isa/vector-operators.ts';

export type PureOperator =
  | 'add'
  | 'sub'
  | 'mul'
  | 'and'
  | 'or'
  | 'xor'
  | 'not'
  | 'neg'
  | 'shl'
  | 'shr'
  | 'sar'
  | 'rotl'
  | 'rotr'
  | 'eq'
  | 'ltu'
  | 'lts'
  | 'isZero'
  | 'select'
  | 'zeroExtend'
  | 'signExtend'
  | 'truncate'
  | 'popcnt'
  | 'clz'
  | 'ctz';

/** Where a register operand is: named by a field of the record, or fixed in the CPU state. */
export type RegisterPlace = { readonly field: 'A' | 'B' | 'C' } | { readonly address: number };

/** What a write does to the rest: a 32-bit general register is zero-extended, an MMX register gets the exponent of a NaN, a vector is merged. */
export type RegisterKind = 'general' | 'mmx' | 'vector';

/** How a probe will be used, which decides the tag that must match. */
export type ProbeKind = 'read' | 'write' | 'update';

/** Whose segment an access goes through: it decides between #SS and #GP for a non-canonical address. */
export type ProbeSegment = 'operand' | 'SS';

export type Operation =
  // Pure.
  | { readonly op: PureOperator }
  | { readonly op: 'constant'; readonly value: bigint }
  | { readonly op: 'vector'; readonly operator: VectorOperator }
  | { readonly op: 'shuffle'; readonly indices: readonly number[] }
  | { readonly op: 'lane'; readonly width: 8 | 16 | 32 | 64; readonly index: number }
  | { readonly op: 'setLane'; readonly width: 8 | 16 | 32 | 64; readonly index: number }
  // Of the decoded instruction (fixed while it runs).
  | { readonly op: 'immediate'; readonly slot: 0 | 1 }
  | { readonly op: 'registerNumber'; readonly field: 'A' | 'B' }
  | { readonly op: 'nextInstruction' }
  | { readonly op: 'relativeTarget' }
  // State.
  | { readonly op: 'readRegister'; readonly place: RegisterPlace }
  | { readonly op: 'writeRegister'; readonly place: RegisterPlace; readonly kind: RegisterKind }
  | { readonly op: 'readFlag'; readonly flag: Flag }
  | { readonly op: 'writeFlag'; readonly flag: Flag }
  | { readonly op: 'writeCarryAndOverflow' }
  | { readonly op: 'condition'; readonly code: number }
  | { readonly op: 'writeFlagsFromSum'; readonly subtracts: boolean }
  | { readonly op: 'writeFlagsFromResult' }
  | { readonly op: 'writeFlags' }
  | { readonly op: 'readSystemFlag'; readonly flag: SystemFlag }
  | { readonly op: 'writeSystemFlag'; readonly flag: SystemFlag }
  | { readonly op: 'privilege' }
  // Memory.
  | { readonly op: 'offset'; readonly absolute: boolean }
  | {
      readonly op: 'segmentAddress';
      readonly segment: 'operand' | 'ES' | 'SS';
      readonly bytes: number;
      readonly write: boolean;
    }
  | { readonly op: 'stackOffset' }
  | { readonly op: 'adjustStack' }
  | { readonly op: 'probe'; readonly kind: ProbeKind; readonly bytes: number; readonly segment: ProbeSegment }
  | { readonly op: 'loadMachine' }
  | { readonly op: 'storeMachine'; readonly commits: boolean }
  // Control.
  | { readonly op: 'core'; readonly routine: CoreRoutine }
  | { readonly op: 'if'; readonly then: Node[]; readonly otherwise: Node[] }
  | { readonly op: 'raise'; readonly vector: number; readonly code: number }
  | { readonly op: 'repeat'; readonly body: Node[]; readonly until: Node | null; readonly bulk: 'move' | 'fill' | null }
  | { readonly op: 'jumpTo' }
  | { readonly op: 'jump' }
  | { readonly op: 'jumpIf' };

/** When a node is emitted. */
export const EFFECT = 0;
/** It may be read where its value is used, where the kind of code allows that. */
export const READ = 1;
/** It depends on the decoded instruction alone; or on its inputs alone. */
export const OF_RECORD = 2;
export const PURE = 3;
type NodeKind = typeof EFFECT | typeof READ | typeof OF_RECORD | typeof PURE;

export interface Node extends Value {
  readonly bits: Bits;
  readonly operation: Operation;
  readonly inputs: readonly Node[];
  readonly kind: NodeKind;
  /** Its number among the nodes of its instruction. */
  readonly index: number;
  /** How often it is an input; counted by the builder. */
  uses: number;
  /** That of a pure node, once it was needed: see pure-code.ts. */
  code: PureCode | null;
}

/** Bytes before, between and behind the inputs that are to be pushed. */
export interface PureCode {
  readonly bytes: readonly Uint8Array[];
  readonly inputs: readonly Node[];
}

const kinds: Partial<Record<Operation['op'], NodeKind>> = {
  readRegister: READ,
  condition: READ,
  offset: READ,
  segmentAddress: READ,
  stackOffset: READ,
  immediate: OF_RECORD,
  registerNumber: OF_RECORD,
  nextInstruction: OF_RECORD,
  relativeTarget: OF_RECORD,
  add: PURE,
  sub: PURE,
  mul: PURE,
  and: PURE,
  or: PURE,
  xor: PURE,
  not: PURE,
  neg: PURE,
  shl: PURE,
  shr: PURE,
  sar: PURE,
  rotl: PURE,
  rotr: PURE,
  eq: PURE,
  ltu: PURE,
  lts: PURE,
  isZero: PURE,
  select: PURE,
  zeroExtend: PURE,
  signExtend: PURE,
  truncate: PURE,
  popcnt: PURE,
  clz: PURE,
  ctz: PURE,
  constant: PURE,
  vector: PURE,
  shuffle: PURE,
  lane: PURE,
  setLane: PURE,
};

export function kindOf({ op }: Operation): NodeKind {
  return kinds[op] ?? EFFECT;
}

/** True when the node depends on its inputs alone, so that it may be computed anywhere after them, or not at all. */
export function isPure({ kind }: Node): boolean {
  return kind >= OF_RECORD;
}

/** True when a node of the operation is among the nodes, or inside one of them. */
export function contains(nodes: readonly Node[], op: Operation['op']): boolean {
  return nodes.some(
    ({ operation }) =>
      operation.op === op ||
      (operation.op === 'if' && (contains(operation.then, op) || contains(operation.otherwise, op))) ||
      (operation.op === 'repeat' && contains(operation.body, op)),
  );
}
