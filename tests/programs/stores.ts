// Stores of a program into its own code. One may lie before the slots of the program are known, so that stores are written
// last, into places that were marked for them.

import type { Random } from '../instructions/random.ts';
import { operationOn } from './operations.ts';
import { counterAddress, dataAddress, RSP } from './plan.ts';
import type { Patch, Step, Target } from './program.ts';
import { slotCode, type Slot } from './slots.ts';
import { little, type Address, type Callee, type Writer } from './writer.ts';

const EQUAL = 4;
const NOT_EQUAL = 5;
/** Registers that no program relies on. */
const scratch = [0, 1, 2] as const;

interface Place {
  readonly address: Address;
  /** A register that may be spoilt. */
  readonly spare: number;
}

const beyond = (address: Address, bytes: number): Address =>
  typeof address === 'number' ? address + bytes : { ...address, plus: address.plus + bytes };

const randomBytes = (random: Random, count: number): number[] => Array.from({ length: count }, () => random.below(256));

function emitBytes(random: Random, writer: Writer, { address, spare }: Place, bytes: readonly number[]): void {
  switch (bytes.length) {
    case 1:
      if (random.oneIn(3)) return writer.onMemory([0xfe], random.below(2), address, []);
      if (random.oneIn(3)) return writer.onMemory([0x80], 6, address, bytes);
      return writer.onMemory([0xc6], 0, address, bytes);
    case 2:
      return writer.onMemory([0x66, 0xc7], 0, address, bytes);
    case 4:
      return writer.onMemory([0xc7], 0, address, bytes);
    default:
      if (writer.plan.codeSize === 64) {
        // MOV, or XCHG.
        writer.emit([0x48, 0xb8 | spare, ...bytes]);
        return writer.onMemory([0x48, random.oneIn(3) ? 0x87 : 0x89], spare, address, []);
      }
      writer.onMemory([0xc7], 0, address, bytes.slice(0, 4));
      return writer.onMemory([0xc7], 0, beyond(address, 4), bytes.slice(4));
  }
}

/** Whatever an instruction with this memory operand makes of a slot's constant. */
function emitAnything(random: Random, writer: Writer, { address, spare }: Place, size: number): void {
  if (typeof address === 'object' && 'base' in address) {
    return writer.add(operationOn(random, writer.plan, address.base, size));
  }
  // ADD, and XADD or MOV of an unknown register.
  if (random.oneIn(2)) return writer.onMemory([size >= 4 ? 0x83 : 0x80], 0, address, [random.below(128)]);
  if (size === 1) return writer.onMemory([0x88], spare, address, []);
  writer.onMemory(random.oneIn(2) ? [0x0f, 0xc1] : [0x89], spare, address, []);
}

function emitChange(random: Random, writer: Writer, slot: Slot, place: Place, callees: readonly Callee[]): void {
  switch (slot.kind) {
    case 'constant':
      if (slot.size * 8 === writer.plan.codeSize && random.oneIn(3))
        return emitStackChange(random, writer, slot, place);
      if (random.oneIn(2)) return emitAnything(random, writer, place, slot.size);
      return emitBytes(random, writer, place, randomBytes(random, slot.size));
    case 'byte':
      if (random.oneIn(2)) return emitAnything(random, writer, place, slot.size);
      return emitBytes(random, writer, place, randomBytes(random, slot.size));
    case 'condition':
      if (random.oneIn(2)) return writer.onMemory([0x80], 6, place.address, [1 + random.below(15)]);
      return writer.onMemory([0xc6], 0, place.address, [0x70 | random.below(16)]);
    case 'call': {
      const target = random.pick(callees.filter(({ words }) => words === 0));
      const from = { label: slot.label, plus: slot.at + slot.size };
      const patch: Omit<Patch, 'at'> = { size: 4, target: { label: target.label, plus: 0 }, from };
      return writer.onMemory([0xc7], 0, place.address, [0, 0, 0, 0], patch);
    }
    case 'code':
      return emitBytes(random, writer, place, slotCode(random, writer, slot.size));
  }
}

/** What CALL or PUSH writes, with the stack in the program's code; the spare register keeps the stack pointer meanwhile. */
function emitStackChange(random: Random, writer: Writer, slot: Slot, { address, spare }: Place): void {
  const wide = writer.plan.codeSize === 64 ? [0x48] : [];
  writer.emit([...wide, 0x89, 0xe0 | spare]);
  if (typeof address === 'object' && 'base' in address) {
    writer.emit([...wide, 0x8d, 0xa0 | address.base, ...little(address.plus + slot.size)]);
  } else writer.load(RSP, beyond(address, slot.size) as Target);
  if (random.oneIn(3)) writer.emit([0x50 | random.below(4)]);
  else {
    const next = writer.label();
    writer.call(next);
    writer.mark(next);
  }
  writer.emit([...wide, 0x89, 0xc4 | (spare << 3)]);
}

/**
 * The store of one change: in each round; or in some rounds of the outermost loop, which count down to 1.
 * @param isEager whether it may be in many rounds, which leaves little time to get hot
 */
function emitStore(random: Random, writer: Writer, slot: Slot, callees: readonly Callee[], isEager: boolean): void {
  const target = { label: slot.label, plus: slot.at + writer.copy(random) };
  const first = random.below(3);
  const [pointer, other, spare] = [0, 1, 2].map((i) => scratch[(first + i) % 3]!) as [number, number, number];
  const change = (address: Address): void => emitChange(random, writer, slot, { address, spare }, callees);
  const compare = (): void => {
    if (isEager && random.oneIn(2)) writer.onMemory([0xf6], 0, counterAddress(0), [random.pick([1, 3])]);
    else writer.onMemory([0x83], 7, counterAddress(0), [1 + random.below(4)]);
  };
  if (isEager && random.oneIn(3)) return change(target);
  if (random.oneIn(6)) {
    const end = writer.label();
    compare();
    writer.jumpIf(NOT_EQUAL, end);
    change(target);
    return writer.mark(end);
  }
  // The same instruction stores into data in the other rounds, so that by then it is part of something hot.
  writer.load(pointer, dataAddress(random, writer.plan, 16));
  writer.load(other, target);
  compare();
  writer.emit([0x0f, 0x40 | EQUAL, 0xc0 | (pointer << 3) | other]);
  change({ base: pointer, plus: 0 });
}

/** Writes the steps of a program with its stores in the places that are marked for them. */
export function withStores(random: Random, writer: Writer, slots: readonly Slot[], callees: readonly Callee[]): Step[] {
  const bySlot = new Map(slots.map((slot) => [slot.label, slot]));
  const isEager = random.oneIn(4);
  return writer.steps.flatMap((step) => {
    if (step.storeTo === undefined) return [step];
    if (slots.length === 0) return [];
    const slot = bySlot.get(step.storeTo) ?? random.pick(slots);
    const inserted = writer.fork();
    emitStore(random, inserted, slot, callees, isEager);
    return inserted.steps;
  });
}
