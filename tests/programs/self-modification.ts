// Programs that change themselves: slots are instructions that may be changed, stores change one of them. A store may lie
// before the slots of the program are known, so that stores are written last.

import type { Random } from '../instructions/random.ts';
import { randomOperation } from './operations.ts';
import { counterAddress } from './plan.ts';
import type { Patch, Step, Target } from './program.ts';
import { little, type Callee, type Writer } from './writer.ts';

/** How a slot can be changed. */
export interface Slot {
  readonly label: string;
  /** `constant`: 4 bytes at `at`; `byte`: one at `at`; `condition`: of a jump; `call`: its target; `code`: all of its bytes. */
  readonly kind: 'constant' | 'byte' | 'condition' | 'call' | 'code';
  readonly at: number;
  readonly size: number;
}

const NOP = 0x90;
const JUMP = 0xe8;

/** A random instruction of at most `size` bytes, which NOPs fill up. */
function padded(random: Random, writer: Writer, size: number): number[] {
  for (;;) {
    const { bytes, patches } = randomOperation(random, writer.plan);
    if (bytes.length <= size && patches === undefined) {
      return [...bytes, ...Array.from({ length: size - bytes.length }, () => NOP)];
    }
  }
}

/** The registers that a slot may write. */
function freeLow(random: Random, { plan }: Writer): number {
  return random.pick([0, 1, 2, 3, 6, 7].filter((register) => !plan.reserved.has(register)));
}

/** Writes an instruction that can be changed. */
export function emitSlot(random: Random, writer: Writer, slots: Slot[], callees: readonly Callee[]): void {
  const label = writer.label();
  const add = (kind: Slot['kind'], at: number, size: number, step: Step): void => {
    slots.push({ label, kind, at, size });
    writer.add({ ...step, label });
  };
  const register = freeLow(random, writer);
  const simple = callees.filter(({ words }) => words === 0);
  switch (random.below(simple.length > 0 ? 6 : 5)) {
    case 0:
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
      return add('code', 0, size, { bytes: padded(random, writer, size) });
    }
    default: {
      const target = { label: random.pick(simple).label, plus: 0 };
      add('call', 1, 4, { bytes: [JUMP, 0, 0, 0, 0], patches: [{ at: 1, size: 4, target, from: 'end' }] });
    }
  }
}

/** Marks the place of a store. */
export function emitStore(_random: Random, writer: Writer): void {
  writer.add({ bytes: [], isStore: true });
}

/** A store of `size` bytes, or something like it. */
function emitWrite(random: Random, writer: Writer, address: Target, bytes: readonly number[]): void {
  const { codeSize } = writer.plan;
  switch (bytes.length) {
    case 1:
      if (random.oneIn(3)) return writer.onMemory([0xfe], random.below(2), address, []);
      if (random.oneIn(3)) return writer.onMemory([0x80], 6, address, bytes);
      return writer.onMemory([0xc6], 0, address, bytes);
    case 2:
      return writer.onMemory([0x66, 0xc7], 0, address, bytes);
    case 4:
      return writer.onMemory([0xc7], 0, address, bytes);
    default: {
      if (codeSize === 64 && random.oneIn(2)) {
        const register = [0, 1, 2, 6, 7].find((candidate) => !writer.plan.reserved.has(candidate))!;
        writer.emit([0x48, 0xb8 | register, ...bytes]);
        return writer.onMemory([0x48, random.oneIn(3) ? 0x87 : 0x89], register, address, []);
      }
      writer.onMemory([0xc7], 0, address, bytes.slice(0, 4));
      const second = typeof address === 'number' ? address + 4 : { ...address, plus: address.plus + 4 };
      return writer.onMemory([0xc7], 0, second, bytes.slice(4));
    }
  }
}

function emitChange(random: Random, writer: Writer, slot: Slot, callees: readonly Callee[]): void {
  const address = { label: slot.label, plus: slot.at };
  switch (slot.kind) {
    case 'constant':
      if (random.oneIn(3))
        return emitWrite(random, writer, { ...address, plus: 1 + random.below(4) }, [random.below(256)]);
      // ADD, so that each pass makes another constant of it.
      if (random.oneIn(3)) return writer.onMemory([0x83], 0, address, [random.below(128)]);
      return emitWrite(random, writer, address, little(random.next()));
    case 'byte':
      return emitWrite(random, writer, address, [random.below(256)]);
    case 'condition':
      if (random.oneIn(2)) return writer.onMemory([0x80], 6, address, [1 + random.below(15)]);
      return writer.onMemory([0xc6], 0, address, [0x70 | random.below(16)]);
    case 'call': {
      const target = random.pick(callees.filter(({ words }) => words === 0));
      const from = { label: slot.label, plus: slot.size + slot.at };
      const size = writer.plan.codeSize === 64 ? 3 : 2;
      const patch: Patch = { at: size + 4, size: 4, target: { label: target.label, plus: 0 }, from };
      return writer.onMemory([0xc7], 0, address, [0, 0, 0, 0], patch);
    }
    case 'code':
      return emitWrite(random, writer, address, padded(random, writer, slot.size));
  }
}

/** Puts stores of slots in the places that were marked for them. */
export function writeStores(
  random: Random,
  writer: Writer,
  slots: readonly Slot[],
  callees: readonly Callee[],
): Step[] {
  return writer.steps.flatMap((step, index) => {
    if (!step.isStore) return [step];
    if (slots.length === 0) return [];
    // Often one nearby, such as the next instruction.
    const near = writer.steps
      .slice(index + 1, index + 4)
      .flatMap(({ label }) => slots.find((slot) => slot.label === label) ?? []);
    const slot = near.length > 0 && random.oneIn(2) ? near[0]! : random.pick(slots);
    const inserted = writer.fork();
    if (random.oneIn(3)) {
      // In one round of the outermost loop only: before it the code gets hot.
      const end = writer.label();
      inserted.onMemory([0x83], 7, counterAddress(0), [1 + random.below(3)]);
      inserted.jumpIf(5, end, true);
      emitChange(random, inserted, slot, callees);
      inserted.mark(end);
    } else emitChange(random, inserted, slot, callees);
    return inserted.steps;
  });
}
