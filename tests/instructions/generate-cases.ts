// Makes random cases of a form.

import type { Form } from '../../src/isa/form.ts';
import { Decoder, decodeStatus } from '../../src/translate/decoder.ts';
import { adjust } from './adjustments.ts';
import { encode, type Encoding } from './encode.ts';
import { placeMemoryOperand } from './place-memory.ts';
import { hash, mix, Random } from './random.ts';
import { CODE, fillWindow, StateImage, WINDOW } from './state-image.ts';
import { extended, integer, vector } from './values.ts';
import { caseVariants, type CaseVariant } from './variants.ts';

const ARITHMETIC_FLAGS = 0x8d5;
const DIRECTION_FLAG = 0x400;
const FIXED_FLAGS = 0x202;

export interface Case {
  readonly variant: CaseVariant;
  readonly image: StateImage;
  /** What reproduces it. */
  readonly index: number;
  /** Linear address of the memory operand; 0 when there is none or it is meant to fault. */
  readonly address: number;
}

/** A case while it is made. */
export interface Draft {
  readonly random: Random;
  readonly variant: CaseVariant;
  readonly image: StateImage;
  readonly decoder: Decoder;
  readonly encoding: Encoding;
  /** Linear address of the memory operand; 0 when there is none or it is meant to fault. */
  address: number;
}

const decoder = new Decoder();

function randomX87(random: Random, image: StateImage): void {
  const rounding = random.below(4) << 10;
  const precision = random.pick([0, 2, 3, 3, 3]) << 8;
  const masks = random.oneIn(8) ? random.below(64) : 0x3f;
  image.fpuControl = 0x40 | rounding | precision | masks;
  const flags = random.oneIn(3) ? random.below(64) : 0;
  // A stack fault comes with the invalid flag only.
  const stackFault = flags & 1 && random.oneIn(4) ? 0x40 : 0;
  const summary = flags & ~masks & 0x3f ? 0x8080 : 0;
  const conditions = random.below(16);
  const condition = ((conditions & 7) << 8) | ((conditions & 8) << 11);
  image.fpuStatus = condition | (random.below(8) << 11) | flags | stackFault | summary;
  image.fpuTag = random.oneIn(2) ? 0xff : random.below(256);
  for (let i = 0; i < 8; i++) image.setSt(i, extended(random));
}

function randomMxcsr(random: Random): number {
  const masks = random.oneIn(8) ? random.below(64) << 7 : 0x1f80;
  const modes = (random.below(4) << 13) | (random.oneIn(4) ? 0x8000 : 0) | (random.oneIn(4) ? 0x40 : 0);
  return masks | modes | (random.oneIn(2) ? random.below(64) : 0);
}

/** Fills all of the processor's state and the window. */
export function randomState(random: Random, image: StateImage): void {
  fillWindow(image, random.next());
  for (let i = 0; i < 16; i++) {
    image.setRegister(i, integer(random, 64));
    image.setXmm(i, vector(random));
  }
  image.setRegister(4, BigInt(WINDOW + 384 + 8 * random.below(32) + (random.oneIn(8) ? random.below(8) : 0)));
  image.flags = FIXED_FLAGS | (random.next() & (ARITHMETIC_FLAGS | (random.oneIn(2) ? DIRECTION_FLAG : 0)));
  image.fsBase = random.bits(random.pick([12, 30, 40]));
  image.gsBase = random.bits(random.pick([12, 30, 40]));
  image.mxcsr = randomMxcsr(random);
  randomX87(random, image);
}

/** A place in the code page; now and then over its end. */
function codeAddress(random: Random, length: number): number {
  return random.oneIn(32) ? CODE + 0x9000 - random.below(length) : CODE + 0x8000 + random.below(0xff0);
}

/** Tries once. Null when the bytes came out as another form: encodings overlap. */
function attempt(random: Random, variant: CaseVariant): Omit<Case, 'index'> | null {
  const encoding = encode(random, variant);
  const { bytes } = encoding;
  if (bytes.length > 15) return null;
  const status = decoder.decode(Uint8Array.from(bytes), 0, bytes.length, variant.codeSize, true);
  if (status !== decodeStatus.ok || decoder.entry.form !== variant.form) return null;
  if (decoder.length !== bytes.length)
    throw new Error(`${bytes.length} bytes were decoded as ${decoder.length}: ${variant.form.text}`);
  const image = new StateImage();
  randomState(random, image);
  image.rip = BigInt(codeAddress(random, bytes.length) - (variant.codeSize === 16 ? CODE : 0));
  image.isSmall = variant.small;
  const draft: Draft = { random, variant, image, decoder, encoding, address: 0 };
  if (!adjust(draft, 'registers')) return null;
  if (decoder.memory && !placeMemoryOperand(draft)) return null;
  if (!adjust(draft, 'memory')) return null;
  image.setInstruction(variant.codeSize, bytes);
  if (variant.codeSize !== 64)
    for (let i = 0; i < 16; i++) image.setRegister(i, i < 8 ? BigInt.asUintN(32, image.register(i)) : 0n);
  return { variant, image, address: draft.address };
}

const variantsOf = new Map<Form, CaseVariant[]>();

/** Case number `index` of a form, always the same for the same seed. Null when the form has none. */
export function generateCase(form: Form, seed: number, index: number): Case | null {
  let variants = variantsOf.get(form);
  if (!variants) variantsOf.set(form, (variants = caseVariants(form)));
  if (variants.length === 0) return null;
  const variant = variants[index % variants.length] as CaseVariant;
  const random = new Random(mix(seed) ^ hash(`${form.instruction.mnemonic} ${form.text}`) ^ mix(index + 1));
  for (let tries = 0; tries < 50; tries++) {
    const made = attempt(random, variant);
    if (made) return { ...made, index };
  }
  return null;
}
