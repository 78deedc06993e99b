// Programs that change themselves: slots are instructions that stores may change (stores.ts).

import type { Random } from '../instructions/random.ts';
import { randomOperation } from './operations.ts';
import type { Patch, Step } from './program.ts';
import { little, type Callee, type Writer } from './writer.ts';

/** How a slot can be changed. */
export interface Slot {
  readonly label: string;
  /** `constant`: 4 or 8 bytes at `at`; `byte`: one at `at`; `condition`: of a jump; `call`: its target; `code`: all of its bytes. */
  readonly kind: 'constant' | 'byte' | 'condition' | 'call' | 'code';
  readonly at: number;
  readonly size: number;
}

const NOP = 0x90;
const CALL = 0xe8;

/**
 * Instructions for a slot: one that NOPs fill up; in 32-bit code, where no plain store has 8 bytes, two of 4 bytes.
 * Between two stores there is nothing then that is no instruction.
 */
export function slotCode(random: Random, writer: Writer, size: number): number[] {
  if (size < 8 || writer.plan.codeSize === 64) return paddedOperation(random, writer, size);
  return [...paddedOperation(random, writer, 4), ...paddedOperation(random, writer, 4)];
}

/** A random instruction of at most `size` bytes, which NOPs fill up. */
function paddedOperation(random: Random, writer: Writer, size: number): number[] {
  for (;;) {
    const { bytes, patches } = randomOperation(random, writer.plan);
    if (bytes.length <= size && patches === undefined) {
      return [...bytes, ...Array.from({ length: size - bytes.length }, () => NOP)];
    }
  }
}

/** Writes an instruction that can be changed. */
export function emitSlot(
  random: Random,
  writer: Writer,
  slots: Slot[],
  callees: readonly Callee[],
  label: string,
): void {
  const add = (kind: Slot['kind'], at: number, size: number, step: Step): void => {
    slots.push({ label, kind, at, size });
    writer.add({ ...step, label });
  };
  const register = random.pick([0, 1, 2, 3, 6, 7].filter((candidate) => !writer.plan.reserved.has(candidate)));
  const simple = callees.filter(({ words }) => words === 0);
  switch (random.below(simple.length > 0 ? 6 : 5)) {
    case 0:
      if (writer.plan.codeSize === 64 && random.oneIn(2)) {
        const constant = [...little(random.next()), ...little(random.next())];
        return add('constant', 2, 8, { bytes: [0x48, 0xb8 | register, ...constant] });
      }
      return add('constant', 1, 4, { bytes: [0xb8 | register, ...little(random.next())] });
    case 1:
      return add('byte', 2, 1, { bytes: [0x83, 0xc0 | (random.below(8) << 3) | register, random.below(256)] });
    case 2: {
      const end = writer.label();
      const patch: Patch = { at: 1, size: 1, target: { label: end, plus: 0 }, from: 'end' };
      add('condition', 0, 1, { bytes: [0x70 | random.below(16), 0], patches: [patch] });
      writer.add(randomOperation(random, writer.plan));
      return writer.mark(end);
    }
    case 3:
    case 4: {
      const size = random.pick([2, 4, 8]);
      return add('code', 0, size, { bytes: slotCode(random, writer, size) });
    }
    default: {
      const target = { label: random.pick(simple).label, plus: 0 };
      add('call', 1, 4, { bytes: [CALL, 0, 0, 0, 0], patches: [{ at: 1, size: 4, target, from: 'end' }] });
    }
  }
}
