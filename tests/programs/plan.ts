// What the instructions of one program agree on: which registers hold addresses, and what parts the data have.

import type { Random } from '../instructions/random.ts';
import { DATA, DATA_SIZE } from '../instructions/state-image.ts';

export const RSP = 4;
export const RBP = 5;

// The data, from DATA on: two zones that instructions read and write, the stack, counters of loops, pointers to code.
const FIRST_ZONE = 0x100;
const SECOND_ZONE = 0x1080;
const SECOND_END = 0x1a00;
const MIDDLE = 0x1000;
const COUNTERS = DATA + 0x1f00;
const POINTERS = DATA + 0x1f40;
const MOST_POINTERS = 23;
/** A device's registers, behind the data. */
export const DEVICE = DATA + 0x8000;
const DEVICE_SIZE = 0x1000;
/** What displacements of a byte and indexes can add to a pointer. */
const REACH = 0x280;

export interface Plan {
  readonly codeSize: 32 | 64;
  /** Registers of addresses and what they hold, those of indexes likewise. */
  readonly bases: ReadonlyMap<number, number>;
  readonly indexes: ReadonlyMap<number, number>;
  /** Registers that only loops change. */
  readonly counters: readonly number[];
  /** What random instructions must not write. */
  readonly reserved: ReadonlySet<number>;
  readonly stack: number;
  /** String instructions change RSI, RDI and RCX. */
  readonly hasStrings: boolean;
  /** Some jumps and calls go to the copies of the area. */
  readonly hasAlias: boolean;
  /** It uses the device: where it is interrupted then depends on the slices. */
  readonly hasDevice: boolean;
  /** Its pages lie in other frames now and then, in which some instructions are others. */
  readonly usesSpaces: boolean;
  /** Mnemonics that it leaves out. */
  readonly avoided: ReadonlySet<string>;
}

export function makePlan(random: Random, avoided: ReadonlySet<string>): Plan {
  const codeSize = random.oneIn(3) ? 32 : 64;
  const hasStrings = codeSize === 64 || random.oneIn(2);
  // None of them is written without being named; but RSI and RDI are, by string instructions.
  const candidates = codeSize === 64 ? [3, 5, 8, 9, 10, 11, 12, 13, 14, 15] : [3, 5, ...(hasStrings ? [] : [6, 7])];
  const take = (): number => candidates.splice(random.below(candidates.length), 1)[0]!;
  const stackCrosses = random.oneIn(3);
  const stack = DATA + (stackCrosses ? MIDDLE + 0x40 + (random.oneIn(4) ? random.below(8) : 0) : 0x1e00);
  const pointer = (): number => {
    const first = random.oneIn(2);
    const from = first ? FIRST_ZONE + REACH : SECOND_ZONE + REACH;
    const to = first ? (stackCrosses ? 0xc00 : MIDDLE) : SECOND_END - REACH;
    const at = DATA + from + random.below(to - from);
    return random.oneIn(6) ? at : at - (at % 16);
  };
  const bases = new Map([0, 1].map(() => [take(), pointer()]));
  const indexes = new Map(
    candidates.length > 0 ? [[take(), random.oneIn(3) ? random.below(64) : 16 * random.below(4)]] : [],
  );
  const counters = candidates.length > 2 ? [take(), take()] : candidates.length > 0 && random.oneIn(2) ? [take()] : [];
  const reserved = new Set([RSP, ...bases.keys(), ...indexes.keys(), ...counters]);
  const hasAlias = random.oneIn(3);
  const usesSpaces = hasAlias ? !random.oneIn(4) : random.oneIn(8);
  const hasDevice = random.oneIn(5);
  return { codeSize, bases, indexes, counters, reserved, stack, hasStrings, hasAlias, hasDevice, usesSpaces, avoided };
}

/** An address for an operand of `bytes` bytes: mostly aligned, sometimes over the page boundary, now and then one that faults. */
export function dataAddress(random: Random, plan: Plan, bytes: number): number {
  const end = DATA + DATA_SIZE;
  if (plan.hasDevice && random.oneIn(8)) return DEVICE + random.below(DEVICE_SIZE / bytes) * bytes;
  if (random.oneIn(24))
    return random.pick([
      end - random.below(bytes),
      end + random.below(4096),
      end + 4096 - random.below(bytes),
      end + 2 * 8192,
      DATA - random.below(bytes + 1),
    ]);
  const stackCrosses = plan.stack < DATA + SECOND_ZONE;
  if (bytes > 1 && !stackCrosses && random.oneIn(10)) return DATA + MIDDLE - 1 - random.below(bytes - 1);
  const [from, to] = random.oneIn(2) ? [FIRST_ZONE, stackCrosses ? 0xc00 : 0xf00] : [SECOND_ZONE, SECOND_END];
  const address = DATA + from + random.below(to - from);
  return random.oneIn(5) ? address : address - (address % bytes);
}

/** The memory of a loop's counter. */
export function counterAddress(index: number): number {
  return COUNTERS + 4 * index;
}

/** The memory of a pointer to code, of which there are not many. */
export function pointerAddress(index: number, codeSize: 32 | 64): number | null {
  return index < MOST_POINTERS ? POINTERS + (index * codeSize) / 8 : null;
}
