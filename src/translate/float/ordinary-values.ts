// Which elements of XMM registers are known to be ordinary, that is, neither denormal numbers nor NaNs: what was computed or
// tested need not be tested again. Only regions know it, where what comes after an instruction is known as well. (Infinities
// need no test as operands. They are rare as results, and the tests of results leave them out.)

import type { Node } from '../ir.ts';
import { NodeNumbers } from '../node-numbers.ts';

/** Elements as bits: two of 64 bits, and four of 32 bits. */
export const DOUBLE = 0x01;
export const DOUBLES = 0x03;
export const SINGLE = 0x10;
export const SINGLES = 0xf0;

const ALL = DOUBLES | SINGLES;

/** What lies in so many low bits. */
const within: Readonly<Record<number, number>> = { 128: ALL, 64: 0x31, 32: SINGLE };

/** What is known of each register, by its address in the CPU state. */
export type OrdinaryRegisters = ReadonlyMap<number, number>;

export class OrdinaryValues {
  #registers: OrdinaryRegisters = new Map();
  /** The same when nobody else has it, so that it may change. */
  #own: Map<number, number> | null = null;
  readonly #nodes = new NodeNumbers();
  /** Registers that nodes read. */
  readonly #sources = new NodeNumbers();

  /** What is known of the registers; to be set where code goes on from a place further up. */
  get registers(): OrdinaryRegisters {
    this.#own = null;
    return this.#registers;
  }
  set registers(known: OrdinaryRegisters) {
    this.#own = null;
    this.#registers = known;
  }

  #note(address: number, elements: number): void {
    this.#own ??= new Map(this.#registers);
    this.#own.set(address, elements);
    this.#registers = this.#own;
  }

  /** Forgets nodes: before another instruction. */
  clear(): void {
    this.#nodes.clear();
    this.#sources.clear();
  }

  /** Notes that a node reads a register. */
  read(node: Node, address: number): void {
    this.#sources.set(node, address);
    this.#nodes.set(node, this.#registers.get(address) ?? 0);
  }

  /** Notes that a value of `bits` bits, or one of which nothing is known, is written to a register, the rest of which stays. */
  write(address: number, bits: number, value: Node | null): void {
    const taken = value === null ? 0 : this.of(value) & (within[bits] ?? 0);
    // Of a number that is overwritten in part nothing is known.
    const lost = (within[bits] ?? 0) | DOUBLE | SINGLE;
    this.#note(address, ((this.#registers.get(address) ?? 0) & ~lost) | taken);
  }

  /** Notes that elements of a node's value are ordinary, and so those of the register that it was read from. */
  learn(node: Node, elements: number): void {
    this.#nodes.set(node, this.of(node) | elements);
    const address = this.#sources.get(node);
    if (address >= 0) this.#note(address, (this.#registers.get(address) ?? 0) | elements);
  }

  /** The elements of a node's value that are known to be ordinary. */
  of(node: Node): number {
    const known = this.#nodes.get(node);
    if (known >= 0) return known;
    const { operation, inputs, bits } = node;
    const [first, second] = inputs;
    switch (operation.op) {
      case 'constant':
        return operation.value === 0n ? ALL : 0;
      case 'zeroExtend':
        if (bits !== 128) return 0;
        // Zeros above are ordinary; but as a binary64 number a binary32 number with zeros above it is denormal.
        if (first!.bits === 64) return (this.of(first!) & within[64]!) | (ALL & ~within[64]!);
        return (this.of(first!) & (within[first!.bits] ?? 0)) | (ALL & ~(DOUBLE | SINGLE));
      case 'truncate':
        return this.of(first!) & (within[bits] ?? 0);
      case 'lane':
        return element(this.of(first!), operation.width, operation.index);
      case 'setLane':
        return replaced(this.of(first!), operation.width, operation.index, this.of(second!));
      case 'shuffle':
        return shuffled([this.of(first!), this.of(second!)], operation.indices);
      case 'vector': {
        // What clears a register.
        const source = this.#sources.get(first!);
        const clears = operation.operator === 'v128Xor' && source >= 0 && source === this.#sources.get(second!);
        return clears ? ALL : 0;
      }
      default:
        return 0;
    }
  }
}

/** The bit of element `index` of a width. */
function bitOf(width: 32 | 64, index: number): number {
  return (width === 64 ? DOUBLE : SINGLE) << index;
}

function element(known: number, width: 8 | 16 | 32 | 64, index: number): number {
  if (width === 64) return ((known >> index) & DOUBLE) | ((known >> (2 * index)) & 0x30);
  return width === 32 ? (known >> index) & SINGLE : 0;
}

function replaced(known: number, width: 8 | 16 | 32 | 64, index: number, value: number): number {
  if (width < 32) return 0;
  const double = width === 64 ? index : index >> 1;
  const kept = known & ~bitOf(64, double);
  if (width === 32) return (kept & ~bitOf(32, index)) | ((value & SINGLE) << index);
  return (kept & ~(0x30 << (2 * index))) | ((value & DOUBLE) << index) | ((value & 0x30) << (2 * index));
}

/** Elements of a shuffle are known when they are whole elements of its operands that are. */
function shuffled(known: readonly [number, number], indices: readonly number[]): number {
  let result = 0;
  for (const width of [32, 64] as const) {
    const bytes = width / 8;
    for (let at = 0; at < 16; at += bytes) {
      const from = indices[at]!;
      const isWhole =
        from % bytes === 0 && indices.slice(at, at + bytes).every((byte, offset) => byte === from + offset);
      const source = known[from < 16 ? 0 : 1];
      if (isWhole && source & bitOf(width, (from % 16) / bytes)) result |= bitOf(width, at / bytes);
    }
  }
  return result;
}
