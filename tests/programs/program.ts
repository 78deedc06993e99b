// A random program: a list of steps that refer to each other by labels, so that a step can be taken out and the rest still
// means the same; and its assembly.

import { CODE, DATA, DATA_SIZE, type StateImage } from '../instructions/state-image.ts';

/** Where programs lie: a few pages in the middle of the code. All that is not theirs is INT3. */
export const AREA = CODE + 0x4000;
export const AREA_SIZE = 0x4000;
/** The area can be reached so many times, each so far behind the one before. */
export const COPIES = 3;
export const ALIAS = 0x4000;
const PAGE = 0x1000;

/** The place of a label, or so many bytes behind it; or an address. */
export type Target = number | { readonly label: string; readonly plus: number };

/** Bytes of a step that depend on where things lie. */
export interface Patch {
  readonly at: number;
  readonly size: 1 | 2 | 4 | 8;
  readonly target: Target;
  /** What the distance is taken from, instead of the address itself; `end`: from the end of the step. */
  readonly from?: Target | 'end';
}

/** An instruction, or a few that belong together. */
export interface Step {
  readonly bytes: readonly number[];
  readonly patches?: readonly Patch[];
  readonly label?: string;
  /** Offset in the next page that has not come to it where the step is to lie; what lies before it has to jump there. */
  readonly at?: number;
  /** While a program is made: a store to the slot with this label is to come here, or to any slot. */
  readonly storeTo?: string;
}

/** A pointer to a label in the program's data. */
export interface Pointer {
  readonly address: number;
  readonly target: Target;
}

/** Other bytes for a slot. */
export interface Change {
  readonly label: string;
  readonly plus: number;
  readonly bytes: readonly number[];
}

/** What happens from outside when so many instructions were retired: to the code, the address space, or the processor. */
export type Intervention = { readonly after: number } & (
  | ({ readonly kind: 'write' } & Change)
  | { readonly kind: 'interrupt'; readonly number: number }
  | { readonly kind: 'map'; readonly page: number; readonly which: 0 | 1 }
  | { readonly kind: 'enter'; readonly space: 0 | 1; readonly pcid: number; readonly keeps: boolean }
);

export interface Program {
  readonly codeSize: 32 | 64;
  readonly state: StateImage;
  /** Both data pages, without the pointers. */
  readonly data: Uint8Array;
  readonly steps: readonly Step[];
  readonly pointers: readonly Pointer[];
  /** In order of time. */
  readonly interventions: readonly Intervention[];
  /** What is other in the second frames of the area. */
  readonly alternate: readonly Change[];
  /** In which frame each page of the area and its alias lies at first, in both spaces; null: all in the first, in one space. */
  readonly frames: readonly [readonly (0 | 1)[], readonly (0 | 1)[]] | null;
  readonly changesItself: boolean;
  readonly hasDevice: boolean;
}

export interface Assembled {
  readonly codeSize: 32 | 64;
  readonly state: StateImage;
  readonly data: Uint8Array;
  /** AREA_SIZE bytes. */
  readonly code: Uint8Array;
  /** For each byte of the area at which a step's instruction begins: how long it is; else 0. */
  readonly lengths: Uint8Array;
  /** Address of each step. */
  readonly places: readonly number[];
  /** The same for the second frames. */
  readonly alternate: Uint8Array;
  readonly interventions: readonly Intervention[];
  readonly frames: Program['frames'];
  readonly resolve: (target: Target) => number;
  readonly changesItself: boolean;
  readonly hasDevice: boolean;
}

/** Thrown when a program does not fit its area, or a jump its distance. */
export class DoesNotFit extends Error {}

function placeSteps(steps: readonly Step[]): number[] {
  let next = AREA;
  return steps.map(({ bytes, at }) => {
    if (at !== undefined) {
      const page = next - (next % PAGE);
      next = page + at >= next ? page + at : page + PAGE + at;
    }
    const place = next;
    next += bytes.length;
    // Some INT3 stay behind the last one.
    if (next > AREA + AREA_SIZE - 16) throw new DoesNotFit('The program is too long.');
    return place;
  });
}

function little(value: bigint, size: number): number[] {
  return Array.from({ length: size }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
}

/** @param lengthAt length of the instruction at an offset of the code, at least 1 */
export function assemble(program: Program, lengthAt: (code: Uint8Array, at: number) => number): Assembled {
  const { steps, codeSize } = program;
  const places = placeSteps(steps);
  const labels = new Map(steps.flatMap(({ label }, i) => (label === undefined ? [] : [[label, places[i]!]])));
  const resolve = (target: Target): number => {
    if (typeof target === 'number') return target;
    const place = labels.get(target.label);
    if (place === undefined) throw new Error(`There is no label ${target.label}.`);
    return place + target.plus;
  };
  const code = new Uint8Array(AREA_SIZE).fill(0xcc);
  const lengths = new Uint8Array(AREA_SIZE);
  steps.forEach(({ bytes, patches = [] }, i) => {
    const start = places[i]! - AREA;
    code.set(bytes, start);
    for (const { at, size, target, from } of patches) {
      const base = from === undefined ? 0 : from === 'end' ? places[i]! + bytes.length : resolve(from);
      const value = BigInt(resolve(target) - base);
      if (from !== undefined && BigInt.asIntN(size * 8, value) !== value) throw new DoesNotFit('A jump is too long.');
      code.set(little(value, size), start + at);
    }
  });
  steps.forEach(({ bytes }, i) => {
    const start = places[i]! - AREA;
    for (let at = start; at < start + bytes.length;) {
      lengths[at] = lengthAt(code, at);
      at += lengths[at]!;
    }
  });
  const data = program.data.slice();
  for (const { address, target } of program.pointers) {
    data.set(little(BigInt(resolve(target)), codeSize / 8), address - DATA);
  }
  if (data.length !== DATA_SIZE) throw new Error('The data of a program are two pages.');
  const { state } = program;
  state.setInstruction(codeSize, [0xcc]);
  state.rip = BigInt(places[0] ?? AREA);
  const alternate = code.slice();
  for (const { label, plus, bytes } of program.alternate) alternate.set(bytes, resolve({ label, plus }) - AREA);
  const { interventions, frames, changesItself, hasDevice } = program;
  return {
    codeSize,
    state,
    data,
    code,
    alternate,
    lengths,
    places,
    interventions,
    frames,
    resolve,
    changesItself,
    hasDevice,
  };
}
