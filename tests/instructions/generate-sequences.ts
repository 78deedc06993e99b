// Makes short programs of random instructions: straight code, jumps over an instruction, a loop around it all. Memory operands
// are at fixed addresses, so that no instruction can spoil the address of another.

import { forms } from '../../src/isa/catalog.ts';
import type { Form } from '../../src/isa/form.ts';
import { Decoder, decodeStatus } from '../../src/translate/decoder.ts';
import { encode } from './encode.ts';
import { whyNotNative, whyNotTested } from './exclusions.ts';
import { randomState } from './generate-cases.ts';
import { Random } from './random.ts';
import { CODE, CODE_BYTES, StateImage, WINDOW, WINDOW_SIZE } from './state-image.ts';
import { variesInFamily } from './tolerances.ts';
import { caseVariants, type CaseVariant } from './variants.ts';

const R15 = 15;
const MOST_INSTRUCTIONS = 12;
/** Bytes that the loop's end takes: DEC R15, JNZ rel32. */
const LOOP_BYTES = 9;
/** An instruction, and a jump over it. */
const LONGEST_STEP = 15 + 2;
/** What answers to within a tolerance only would spoil all that follows. */
const approximate = /^(rcp|rsqrt)|^(fsin|fcos|fsincos|fptan|fpatan|f2xm1|fyl2x|fyl2xp1)$/;

function isUsable(form: Form): boolean {
  const { attributes, instruction, operands } = form;
  if (whyNotTested(form) ?? whyNotNative(form)) return false;
  if (variesInFamily.has(instruction.mnemonic)) return false;
  if (
    attributes.has('ends') ||
    attributes.has('exits') ||
    attributes.has('p0') ||
    attributes.has('implicit') ||
    attributes.has('stack')
  )
    return false;
  if (operands.some(({ place, width }) => 'XYCDSJA'.includes(place) || (place === 'M' && width === ''))) return false;
  return !approximate.test(instruction.mnemonic) && !/^(enter|pusha|popa|ud[012]|cli|sti)$/.test(instruction.mnemonic);
}

const variants: readonly CaseVariant[] = forms
  .filter(isUsable)
  .flatMap(caseVariants)
  .filter(({ codeSize }) => codeSize === 64);
/** General-purpose ones are half of all, though the vector units have more forms. */
const general = variants.filter(({ form }) => form.instruction.feature === undefined);

const decoder = new Decoder();

function decode(bytes: readonly number[]): boolean {
  return decoder.decode(Uint8Array.from(bytes), 0, bytes.length, 64, true) === decodeStatus.ok;
}

/** True when the instruction touches the loop's counter. */
function usesCounter(): boolean {
  const { reg, rm, vvvv, memory, entry } = decoder;
  const has = (places: string): boolean => entry.form.operands.some(({ place }) => places.includes(place));
  return (has('G') && reg === R15) || (has('B') && vvvv === R15) || (has('EZR') && !memory && rm === R15);
}

/** One instruction at `address`. */
function instructionAt(random: Random, address: number): number[] {
  for (;;) {
    const variant = random.pick(random.oneIn(2) ? general : variants);
    const { bytes, displacementAt, displacementSize } = encode(random, variant, 'absolute');
    if (!decode(bytes) || decoder.entry.form !== variant.form || usesCounter()) continue;
    // A bit offset in a register would reach anywhere.
    if (decoder.memory && /^bt[src]?$/.test(variant.form.instruction.mnemonic)) continue;
    if (displacementAt >= 0) {
      const target = WINDOW + 16 * random.below(WINDOW_SIZE / 16 - 1) + (random.oneIn(4) ? random.below(16) : 0);
      const displacement = BigInt(decoder.ripRelative ? target - address - bytes.length : target);
      for (let i = 0; i < displacementSize; i++)
        bytes[displacementAt + i] = Number((displacement >> BigInt(8 * i)) & 0xffn);
    }
    return bytes;
  }
}

const little = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >> shift) & 0xff);

export interface Sequence {
  readonly image: StateImage;
  /** The bytes of each instruction, in order. */
  readonly instructions: readonly (readonly number[])[];
}

/** Program number `index`: always the same for the same seed. */
export function generateSequence(seed: number, index: number): Sequence {
  const random = new Random(seed * 7919 + index);
  const image = new StateImage();
  randomState(random, image);
  // All exceptions masked, mostly: a program that faults at its first instruction proves little.
  image.mxcsr |= 0x1f80;
  image.fpuControl |= 0x3f;
  image.fpuStatus &= 0x7f00;
  const start = CODE + 0x8000 + random.below(0xf00);
  image.rip = BigInt(start);
  const loops = random.oneIn(2);
  image.setRegister(R15, BigInt(1 + random.below(4)));
  const instructions: number[][] = [];
  let length = 0;
  const count = 2 + random.below(MOST_INSTRUCTIONS - 1);
  const add = (bytes: number[]): void => {
    instructions.push(bytes);
    length += bytes.length;
  };
  const hasRoom = (): boolean => length + LONGEST_STEP + LOOP_BYTES <= CODE_BYTES;
  while (instructions.length < count && hasRoom()) {
    const jumps = random.oneIn(5);
    const bytes = instructionAt(random, start + length + (jumps ? 2 : 0));
    if (jumps) add([0x70 | random.below(16), bytes.length]);
    add(bytes);
  }
  if (loops) {
    add([0x49, 0xff, 0xcf]);
    add([0x0f, 0x85, ...little(-length - 6)]);
  }
  image.setInstruction(64, instructions.flat());
  return { image, instructions };
}
