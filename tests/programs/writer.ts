// Writes the steps of a program: what its structure is made of, in 32- and 64-bit code alike.

import { DATA, DATA_SIZE } from '../instructions/state-image.ts';
import type { Random } from '../instructions/random.ts';
import { counterAddress, pointerAddress, RSP, type Plan } from './plan.ts';
import { ALIAS, COPIES, type Patch, type Pointer, type Step, type Target } from './program.ts';

const zeros = (count: number): number[] => Array.from({ length: count }, () => 0);
export const little = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >> shift) & 0xff);

/** Where a memory operand lies: at a place, or where one of the low registers but RSP and RBP points. */
export type Address = Target | { readonly base: number; readonly plus: number };

/** A function of the program. */
export interface Callee {
  readonly label: string;
  /** Words of arguments, which its RET takes from the stack. */
  readonly words: number;
}

export class Writer {
  readonly steps: Step[] = [];
  readonly pointers: Pointer[] = [];
  readonly plan: Plan;
  readonly #labels: { next: number };
  #counters = 0;

  constructor(plan: Plan, labels = { next: 0 }) {
    this.plan = plan;
    this.#labels = labels;
  }

  /** Another one for the same program, for steps that go in between. */
  fork(): Writer {
    return new Writer(this.plan, this.#labels);
  }

  label(): string {
    return `l${this.#labels.next++}`;
  }

  /** Memory for the counter of one more loop. */
  counter(): number {
    return counterAddress(1 + (this.#counters++ % 14));
  }

  add(step: Step): void {
    this.steps.push(step);
  }

  emit(bytes: readonly number[], ...patches: readonly Patch[]): void {
    this.add({ bytes, patches });
  }

  /** The place of a label, at an offset in a page if that matters. */
  mark(label: string, at?: number): void {
    this.add({ bytes: [], label, ...(at === undefined ? {} : { at }) });
  }

  // ---- Transfers of control. ----
  #relative(opcode: readonly number[], size: 1 | 4, label: string, plus = 0): void {
    const bytes = [...opcode, ...zeros(size)];
    this.emit(bytes, { at: opcode.length, size, target: { label, plus }, from: 'end' });
  }

  jump(label: string, plus = 0): void {
    this.#relative([0xe9], 4, label, plus);
  }

  jumpIf(condition: number, label: string, short = false): void {
    this.#relative(short ? [0x70 | condition] : [0x0f, 0x80 | condition], short ? 1 : 4, label);
  }

  call(label: string, plus = 0): void {
    this.#relative([0xe8], 4, label, plus);
  }

  /** JMP (4) or CALL (2) to where a register points. */
  throughRegister(operation: 2 | 4, register: number): void {
    this.emit([...this.#rex(register), 0xff, 0xc0 | (operation << 3) | (register & 7)]);
  }

  throughMemory(operation: 2 | 4, address: number): void {
    this.emit([0xff, ...this.#absolute(operation, address)]);
  }

  /** JMP or CALL by an entry of a table: a register counts the entries. */
  throughTable(operation: 2 | 4, address: number, register: number): void {
    const scale = this.plan.codeSize === 64 ? 3 : 2;
    const prefix = register >= 8 ? [0x42] : [];
    const sib = (scale << 6) | ((register & 7) << 3) | 5;
    this.emit([...prefix, 0xff, (operation << 3) | 4, sib, ...little(address)]);
  }

  // ---- Moves. ----
  #rex(register: number): number[] {
    return register >= 8 ? [0x41] : [];
  }

  /** ModRM for an absolute address. */
  #absolute(reg: number, address: number): number[] {
    const modrm = this.plan.codeSize === 64 ? [(reg << 3) | 4, 0x25] : [(reg << 3) | 5];
    return [...modrm, ...little(address)];
  }

  /** MOV of a 32-bit constant, or of a label's address. */
  load(register: number, value: Target): void {
    const head = [...this.#rex(register), 0xb8 | (register & 7)];
    if (typeof value === 'number') this.emit([...head, ...little(value)]);
    else this.emit([...head, 0, 0, 0, 0], { at: head.length, size: 4, target: value });
  }

  /**
   * An instruction with /r or /n, a memory operand, and an immediate.
   * @param value what the immediate depends on
   */
  onMemory(
    opcode: readonly number[],
    reg: number,
    address: Address,
    immediate: readonly number[],
    value?: Omit<Patch, 'at'>,
  ): void {
    const isBased = typeof address === 'object' && 'base' in address;
    const operand = isBased
      ? [0x80 | (reg << 3) | address.base, ...little(address.plus)]
      : this.#absolute(reg, typeof address === 'number' ? address : 0);
    const at = opcode.length + operand.length;
    const patches: Patch[] = [];
    if (typeof address === 'object' && !isBased) patches.push({ at: at - 4, size: 4, target: address });
    if (value) patches.push({ ...value, at });
    this.emit([...opcode, ...operand, ...immediate], ...patches);
  }

  /** DEC, so that its flags tell when a loop is over. */
  decrement(register: number): void {
    if (this.plan.codeSize === 64) this.emit([...this.#rex(register), 0xff, 0xc8 | (register & 7)]);
    else this.emit([0x48 | register]);
  }

  push(register: number): void {
    this.emit([...this.#rex(register), 0x50 | (register & 7)]);
  }

  pushTarget(target: Target): void {
    this.emit([0x68, 0, 0, 0, 0], { at: 1, size: 4, target });
  }

  pop(register: number): void {
    this.emit([...this.#rex(register), 0x58 | (register & 7)]);
  }

  /** Distance of the area or, when the program uses them, of one of its copies. */
  copy(random: Random): number {
    return this.plan.hasAlias ? ALIAS * random.below(COPIES) : 0;
  }

  somewhere(random: Random, label: string): Target {
    return { label, plus: this.copy(random) };
  }

  /** Where a relative jump goes: now and then on to the next copy. */
  nextCopy(random: Random): number {
    return this.plan.hasAlias && random.oneIn(5) ? ALIAS : 0;
  }

  /** Pointers in a row in the data; null when there is no room. */
  table(targets: readonly Target[]): number | null {
    const { codeSize } = this.plan;
    const first = this.pointers.length;
    const address = pointerAddress(first, codeSize);
    if (address === null || pointerAddress(first + targets.length - 1, codeSize) === null) return null;
    targets.forEach((target, index) => {
      const at = pointerAddress(first + index, codeSize)!;
      if (at + codeSize / 8 > DATA + DATA_SIZE) throw new Error('The pointers go beyond the data.');
      this.pointers.push({ address: at, target });
    });
    return address;
  }

  /** Sets all registers that the program relies on. */
  setReserved(): void {
    const { bases, indexes, stack } = this.plan;
    this.load(RSP, stack);
    for (const [register, value] of [...bases, ...indexes]) this.load(register, value);
  }
}
