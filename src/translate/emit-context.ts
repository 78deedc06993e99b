// What the parts of the emitter share, whether they write a handler of the interpreter or a part of a region.

import type { Flag } from '../isa/abstract-machine.ts';
import type { Code } from '../wasm/code.ts';
import type { PlainType } from '../wasm/value-type.ts';
import type { HandlerImports } from './emit-transfer.ts';
import type { FloatValues } from './float/float-values.ts';
import type { HandlerVariant } from './handler-variant.ts';
import type { Node, Operation, RegisterKind, RegisterPlace } from './ir.ts';

export type OperationOf<Name extends Operation['op']> = Extract<Operation, { op: Name }>;

/** The bits of an access that the core's memory routines take besides its size in bytes. */
export const ACCESS_STACK = 0x100;
export const ACCESS_WRITE = 0x200;

/** What stands for "settled": bits in the place of an exponent's, so that one `and` tests both. See float/scalar-tests.ts. */
export const SETTLED = 0x7e0;

/** How emitted code keeps the flags. */
export interface FlagAccess {
  /** Push a flag, or one of the sixteen conditions, as 0 or 1. */
  read(flag: Flag): void;
  condition(code: number): void;
  /** Replaces one flag. */
  write(flag: Flag, value: Node): void;
  /** Replaces CF and OF. */
  writeCarryAndOverflow(carry: Node, overflow: Node): void;
  /** All six flags of a + b or a - b (± a carry from below) = result; CF is `carry` unless that is null. */
  fromSum(subtracts: boolean, a: Node, b: Node, result: Node, carry: Node | null): void;
  /** ZF, SF and PF of the result, the others as given. */
  fromResult(result: Node, rest: { CF: Node; OF: Node; AF: Node }): void;
  all(values: Record<Flag, Node>): void;
}

/** How emitted code reaches the decoded instruction and the CPU state. */
export interface MachineAccess {
  readonly flags: FlagAccess;
  /** Pushes the address of the instruction's record, an i32. */
  record(): void;
  immediate(slot: 0 | 1, bits: number): void;
  registerNumber(field: 'A' | 'B'): void;
  /** Push the address of the next instruction, and of a jump's target, as i64 not cut to size. */
  nextInstruction(): void;
  relativeTarget(): void;
  /** Pushes base + index × scale + displacement, an i64 (`wide`) or i32. */
  operandOffset(wide: boolean): void;
  /** Pushes the 64-bit absolute address of a MOV with memory offset. */
  absoluteOffset(): void;
  /** False when the base of the operand's segment is known to be 0; when those of ES and SS are. */
  readonly hasSegmentBase: boolean;
  readonly hasImplicitBases: boolean;
  /** Pushes the base of the operand's segment, an i64. */
  segmentBase(): void;
  /** Pushes the number of the operand's segment, an i32. */
  segmentNumber(): void;
  /** Says that MXCSR may have changed. */
  noteMxcsr(): void;
  /** The value of an immediate when it is known while emitting, else null. */
  knownImmediate(slot: 0 | 1, bits: number): number | null;
  /** Pushes SETTLED when MXCSR rounds to nearest and masks PE, which is set: an inexact result changes nothing else. Else 0. */
  settled(): void;
  /** True for a register that holds a vector in a local. */
  isVector(place: RegisterPlace): boolean;
  /** `isFloat`: the value is on the stack as an f32 or f64. */
  readRegister(place: RegisterPlace, bits: number, isFloat?: boolean): void;
  /** What comes before the value that is written is pushed, and what comes behind it. */
  beginWrite(place: RegisterPlace, bits: number): void;
  endWrite(place: RegisterPlace, kind: RegisterKind, bits: number, isFloat?: boolean): void;
  /** Leaves the instruction, none of whose effects have happened, for the fault that the core noted. */
  fault(): void;
  /** Leaves it for an exception; code -1: none. */
  raise(vector: number, code: number): void;
}

export interface EmitContext {
  readonly code: Code;
  readonly variant: HandlerVariant;
  readonly imports: HandlerImports;
  readonly machine: MachineAccess;
  /** Which values are f32 or f64. */
  readonly floats: FloatValues;
  /** A new local. */
  local(type: PlainType): number;
  /** The scratch local for a TLB entry's address. */
  entry(): number;
  /**
   * Emits what leaves a region for the handler of the instruction at hand, none of whose effects have happened. Null where
   * there is no such way.
   */
  readonly leaveForHandler: (() => void) | null;
  /** Puts a node's value on the stack. */
  push(node: Node): void;
  /** A local that holds a node's value. */
  asLocal(node: Node): number;
  /** Takes the value on the stack as the node's; drops it when nobody uses the node. */
  keep(node: Node): void;
  /** Says which local holds a node's value. */
  bind(node: Node, local: number): void;
}

/** With a condition on the stack: when it holds, delivers the fault that the core noted. */
export function faultIf(context: EmitContext): void {
  const { code } = context;
  code.if(undefined);
  context.machine.fault();
  code.end();
}
