// The machine that an instruction's `meaning` is a function over. It is abstract: the oracle computes with
// bigint at once, the interpreter generator and the translator build IR. So a meaning must not look at
// values with JavaScript's own `if`: what depends on a value goes through `m.if` or `m.select`, whose
// branches may both be read. What is fixed when the handler is made (operand sizes, register or memory) may
// be decided in plain TypeScript.

import type { CoreRoutine } from './core-routines.ts';
import type { VectorOperator } from './vector-operators.ts';

/** Width of a value in bits. 1 is a truth value, 128 a vector register. */
export type Bits = 1 | 8 | 16 | 32 | 64 | 128;

/** A value of the abstract machine: an unsigned integer of `bits` bits. Only the machine that made it looks inside. */
export interface Value {
  readonly bits: Bits;
}

/** The arithmetic flags of RFLAGS. */
export type Flag = 'CF' | 'PF' | 'AF' | 'ZF' | 'SF' | 'OF';

/** The exceptions that a meaning can raise by itself. */
export type ExceptionName = '#DE' | '#BR' | '#UD' | '#NM' | '#SS' | '#GP' | '#MF' | '#XM' | '#OF' | '#BP' | '#DB';

/** An operand of the form at hand, as the encoding tells it. */
export interface Operand {
  /** Width of what `read` gives; 0 for operands that are only an address or a number. */
  readonly bits: Bits | 0;
  /** True when this handler's operand is in memory. */
  readonly isMemory: boolean;
}

/** Encoding numbers of the general registers, for implicit operands. */
export const RAX = 0;
export const RCX = 1;
export const RDX = 2;
export const RBX = 3;
export const RSP = 4;
export const RBP = 5;
export const RSI = 6;
export const RDI = 7;

/** Bit positions in RFLAGS of the flags that are not arithmetic. */
export const systemFlags = { TF: 8, IF: 9, DF: 10, NT: 14, RF: 16, VM: 17, AC: 18, VIF: 19, VIP: 20, ID: 21 } as const;
export type SystemFlag = keyof typeof systemFlags;

/** Which segment an implicit memory access goes through: the override or DS, or always ES. */
export type ImplicitSegment = 'data' | 'ES';

export interface AbstractMachine {
  /** Effective operand size of this form: 16, 32 or 64. */
  readonly operandSize: 16 | 32 | 64;
  /** Effective address size, for instructions that use rSI, rDI or rCX implicitly. */
  readonly addressSize: 16 | 32 | 64;
  /** True in 64-bit mode (known for forms marked `env`, i.e. those that touch memory or the stack). */
  readonly isLong: boolean;

  // ---- Operands. A fault of any access leaves no trace as long as the meaning writes state last. ----
  /** The operand's value. A memory operand is loaded. */
  read(operand: Operand): Value;
  /** Like `read`, for an operand that `write` follows: memory is checked for writing first. */
  readForWrite(operand: Operand): Value;
  /** Writes a value of the operand's width. A 32-bit general register is zero-extended to 64; narrower ones and parts of XMM are merged. */
  write(operand: Operand, value: Value): void;
  /** The offset (effective address without segment) of a memory operand, of address-size bits zero-extended to 64. */
  offset(operand: Operand): Value;
  /** The linear address of a memory operand of `bytes` bytes, segment checks done; 64 bits. */
  linear(operand: Operand, bytes: number, write: boolean): Value;
  /** A memory operand whose offset is moved by a signed 64-bit number of bytes (bit strings of BT and its kin). */
  displaced(operand: Operand, byteOffset: Value): Operand;
  /** The selector and offset of a far pointer immediate. */
  farPointer(operand: Operand): { selector: Value; offset: Value };
  /** The number that encodes a segment, control, debug or x87 register operand; 32 bits. */
  number(operand: Operand): Value;
  /** Moves rSI or rDI of a string operand past the element, in the direction of DF. */
  advance(operand: Operand): void;

  // ---- Memory without a ModRM operand. ----
  /** Loads from segment:offset; the offset is a value of address-size bits. */
  loadAt(segment: ImplicitSegment, offset: Value, bits: Bits): Value;
  storeAt(segment: ImplicitSegment, offset: Value, value: Value): void;
  /** Loads and stores at a linear address that `linear` gave (plus a constant). */
  loadLinear(address: Value, bits: Bits): Value;
  storeLinear(address: Value, value: Value): void;

  // ---- Stack, with the stack's own address size. ----
  push(value: Value): void;
  pop(bits: Bits): Value;
  /** The value that is `byteOffset` (a number, or a value of 64 bits) bytes above the top of the stack. */
  peek(bits: Bits, byteOffset?: number | Value): Value;
  /** Adds `bytes` (a constant, or a value of 32 or 64 bits) to the stack pointer. */
  dropStack(bytes: number | Value): void;

  // ---- State. ----
  register(number: number, bits: 8 | 16 | 32 | 64): Value;
  /** Writes an implicit general register, with the width's merging rule. */
  setRegister(number: number, value: Value): void;
  flag(flag: Flag): Value;
  setFlag(flag: Flag, value: Value): void;
  /** CF and OF, and no other. */
  setCarryAndOverflow(carry: Value, overflow: Value): void;
  /** One of the sixteen conditions, by its encoding in Jcc, SETcc and CMOVcc (SDM vol. 1 appendix B.1): 1 bit. */
  condition(code: number): Value;
  /** All six flags of `result` = `a` + `b` (+ a carry); CF is `carry` where that is given (INC). */
  setFlagsFromSum(a: Value, b: Value, result: Value, carry?: Value): void;
  /** All six flags of `result` = `a` - `b` (- a borrow); CF is `carry` where that is given (DEC). */
  setFlagsFromDifference(a: Value, b: Value, result: Value, carry?: Value): void;
  /** ZF, SF and PF from `result`; the others as given. */
  setFlagsFromResult(result: Value, rest: { CF: Value; OF: Value; AF: Value }): void;
  /** All six flags, each given. */
  setFlags(flags: Record<Flag, Value>): void;
  systemFlag(flag: SystemFlag): Value;
  setSystemFlag(flag: SystemFlag, value: Value): void;
  /** Current privilege level, 32 bits. */
  privilege(): Value;

  // ---- Control. ----
  if(condition: Value, then: () => void, otherwise?: () => void): void;
  /** Raises an exception, precisely; does nothing after it. The error code is 0 for those that have one. */
  raise(exception: ExceptionName): void;
  /** Calls a core routine. It may fault; then nothing after it happens. */
  core(routine: CoreRoutine, ...values: Value[]): Value;
  /** Address of the next instruction, of operand-size bits. */
  nextInstruction(): Value;
  /** Continues at the target of a relative operand; the last act of a meaning. */
  jumpTo(target: Operand): void;
  /** Continues at an address (operand-size bits); the last act of a meaning. */
  jump(target: Value): void;
  /** Continues at the target when the condition holds, else at the next instruction. */
  jumpIf(condition: Value, target: Operand): void;
  /** For REP forms: does `body` while rCX is not zero, counting it down; stops early when `until` (read after `body`) holds. Without REP: once. */
  repeat(body: () => void, until?: () => Value): void;
  /** Like `repeat`, of a body that moves the source string to the destination, or stores the accumulator there: engines may do many at once. */
  repeatBulk(kind: 'move' | 'fill', body: () => void): void;
  /** True when the form's instruction has a REP prefix of the kind (fixed per handler). */
  readonly repetition: 'none' | 'repe' | 'repne';

  // ---- Integer operations. Operands of two-operand ones have the same width, and so has the result. ----
  constant(value: number | bigint, bits: Bits): Value;
  add(a: Value, b: Value): Value;
  sub(a: Value, b: Value): Value;
  mul(a: Value, b: Value): Value;
  and(a: Value, b: Value): Value;
  or(a: Value, b: Value): Value;
  xor(a: Value, b: Value): Value;
  /** Bitwise complement; of a truth value: negation. */
  not(a: Value): Value;
  neg(a: Value): Value;
  /** Shifts; the amount (any integer width, or a constant) must be less than the width of `a`. */
  shl(a: Value, amount: Value | number): Value;
  shr(a: Value, amount: Value | number): Value;
  sar(a: Value, amount: Value | number): Value;
  rotl(a: Value, amount: Value | number): Value;
  rotr(a: Value, amount: Value | number): Value;
  /** Comparisons give 1 bit. */
  eq(a: Value, b: Value): Value;
  ltu(a: Value, b: Value): Value;
  lts(a: Value, b: Value): Value;
  isZero(a: Value): Value;
  select(condition: Value, then: Value, otherwise: Value): Value;
  zeroExtend(a: Value, bits: Bits): Value;
  signExtend(a: Value, bits: Bits): Value;
  truncate(a: Value, bits: Bits): Value;
  /** Truncates or zero-extends to the width. */
  resize(a: Value, bits: Bits): Value;
  /** Bit `position` of `a`: 1 bit. */
  bit(a: Value, position: number): Value;
  /** The top bit of `a`. */
  sign(a: Value): Value;
  popcnt(a: Value): Value;
  /** Leading and trailing zeros; the width for zero. */
  clz(a: Value): Value;
  ctz(a: Value): Value;

  // ---- Vectors of 128 bits. ----
  /** An operator of WebAssembly's SIMD instruction set, with its exact meaning; shift amounts are 32-bit values. */
  vector(operator: VectorOperator, ...values: Value[]): Value;
  /** Bytes of `a` and `b` (32 in all), picked by sixteen constant indices. */
  shuffle(a: Value, b: Value, indices: readonly number[]): Value;
  /** Lane `index` of the given width, as an integer. */
  lane(a: Value, bits: 8 | 16 | 32 | 64, index: number): Value;
  /** `a` with one lane replaced by `value`, whose width tells the lane's. */
  setLane(a: Value, index: number, value: Value): Value;
  /** A vector constant, lowest byte first in the number. */
  vectorConstant(value: bigint): Value;
}
