// Every instruction whose core routine has a usual case (src/translate/float), with operands and MXCSR around its edges.

import { forms } from '../../src/isa/catalog.ts';
import { usualCaseOf } from '../../src/translate/float/usual-cases.ts';
import { type HandlerVariant, variantsOf } from '../../src/translate/handler-variant.ts';
import { IrBuilder } from '../../src/translate/ir-builder.ts';
import { type Random, operand } from '../float/operands.ts';
import { CODE, StateImage, WINDOW } from './state-image.ts';

const RDX = 2;
const RSI = 6;
const RDI = 7;
/** ModRM: register 1 (XMM1, RCX), and register 2 or the memory at RSI. */
const REGISTERS = 0xca;
const MEMORY = 0x0e;

export interface FloatCode {
  readonly name: string;
  readonly bytes: readonly number[];
  /** Where the ModRM byte is. */
  readonly modrmAt: number;
}

function encodings(variant: HandlerVariant): FloatCode[] {
  const { form, memory, operandSize } = variant;
  const words = form.text.split(' ');
  const opcode = words.slice(0, words.indexOf('/r')).filter((word) => word !== 'np');
  const wide = operandSize === 64 ? ['48'] : [];
  // REX comes after a mandatory prefix.
  const at = /^(66|f2|f3)$/.test(opcode[0]!) ? 1 : 0;
  const bytes = opcode.toSpliced(at, 0, ...wide).map((word) => Number.parseInt(word, 16));
  const name = `${form.instruction.mnemonic} "${form.text}" ${operandSize} ${memory ? 'memory' : 'register'}`;
  const complete = [...bytes, memory ? MEMORY : REGISTERS];
  const modrmAt = bytes.length;
  if (!words.includes('Ib')) return [{ name, bytes: complete, modrmAt }];
  const immediates = form.instruction.mnemonic.startsWith('round') ? 16 : 8;
  return Array.from({ length: immediates }, (_, immediate) => ({
    name: `${name} ${immediate}`,
    bytes: [...complete, immediate],
    modrmAt,
  }));
}

/** One code for each of them, each kind of operand and each immediate byte that means something else. */
export const floatCodes: readonly FloatCode[] = forms.flatMap((form) =>
  [...variantsOf(form)]
    .filter(({ environment, operandSize }) => 'none long plain'.includes(environment) && operandSize !== 16)
    .filter((variant) => IrBuilder.build(variant).some((node) => usualCaseOf(node)))
    .flatMap(encodings),
);

const view = new DataView(new ArrayBuffer(8));

function double(value: number): bigint {
  view.setFloat64(0, value);
  return view.getBigUint64(0);
}
function single(value: number): bigint {
  view.setFloat32(0, value);
  return BigInt(view.getUint32(0));
}
/** Numbers with neighbours in the last place, of both signs. */
function around(bits: (value: number) => bigint, sign: bigint, values: readonly number[]): bigint[] {
  return values.flatMap((value) => [-1n, 0n, 1n].flatMap((last) => [bits(value) + last, (bits(value) + last) | sign]));
}

function bothSigns(sign: bigint, words: string): bigint[] {
  return words.split(' ').flatMap((word) => [BigInt(`0x${word}`), sign | BigInt(`0x${word}`)]);
}

/** Limits of integers and of the formats; powers of two whose products and roots are such limits; numbers to be rounded. */
const powers = [31, 63, 24, 53, -126, -149, -150, -511, -512, 511, 512, -63, -64, 63, 64, 127, 128, 0, 1, -1];
const plain = [1.5, 2.5, 0.75, 3, 1 / 3, 4194304.5, 2 ** 31 - 0.5, 2 ** 31 + 0.5, 2 ** 52 - 0.5, 2 ** 31 - 1];
const sign64 = 1n << 63n;
const sign32 = 1n << 31n;

const doubles: readonly bigint[] = [
  ...around(double, sign64, [...powers.map((power) => 2 ** power), ...plain, 2 ** -1021, 2 ** -1020, 2 ** 1023]),
  // Zeros, denormals, the smallest and largest normals, infinities, NaNs; exponents where "clear" begins.
  ...bothSigns(
    sign64,
    '0 1 fffffffffffff 10000000000000 10000000000001 1fffffffffffff 1efffffffffffff 1f0000000000000',
  ),
  ...bothSigns(sign64, '7fefffffffffffff 7ff0000000000000 7ff0000000000001 7ff8000000000000 7fffffffffffffff'),
];
const singles: readonly bigint[] = [
  ...around(single, sign32, [...powers.filter((power) => Math.abs(power) < 127).map((power) => 2 ** power), ...plain]),
  ...bothSigns(sign32, '0 1 7fffff 800000 800001 ffffff 1000000 1800000 7f7fffff 7f800000 7f800001 7fc00000 7fffffff'),
];

/** Operands whose product, or quotient, is tiny but rounded up to the smallest normal number. */
const doublePairs: readonly (readonly [bigint, bigint])[] = [
  [0x3fefffffffffffffn, 0x0010000000000000n],
  [0x001fffffffffffffn, 0x4000000000000000n],
  [0x801fffffffffffffn, 0x3fe0000000000000n],
];
const singlePairs: readonly (readonly [bigint, bigint])[] = [
  [0x3f7fffffn, 0x00800000n],
  [0x00ffffffn, 0x40000000n],
  [0x80ffffffn, 0x3f000000n],
];

function element(random: Random, width: 32 | 64, other: bigint | undefined): bigint {
  const kind = width === 64 ? 'f64' : 'f32';
  if (random.below(2) === 0) return random.pick(width === 64 ? doubles : singles);
  return operand(random, kind, other === undefined ? undefined : [other, 0n])[0];
}

/** Makes a lane of both vectors. */
function meeting(random: Random, width: 32 | 64): readonly [bigint, bigint] {
  if (random.below(8) === 0) return random.pick(width === 64 ? doublePairs : singlePairs);
  const first = element(random, width, undefined);
  return [first, element(random, width, first)];
}

/** Two vectors of numbers. In a third of them only the lowest lane is out of the ordinary, as packed data mostly is not. */
function vectors(random: Random): readonly [bigint, bigint] {
  const width = random.below(2) === 0 ? 64 : 32;
  const ordinary = width === 64 ? double : single;
  const isTame = random.below(3) === 0;
  let [first, second] = [0n, 0n];
  for (let lane = 0; lane < 128; lane += width) {
    const [a, b] =
      isTame && lane > 0 ? [ordinary(random.below(5) / 4), ordinary(random.below(5) / 4)] : meeting(random, width);
    first |= a << BigInt(lane);
    second |= b << BigInt(lane);
  }
  return [first, second];
}

/** Settled, PE clear, other roundings, FTZ, DAZ, one exception unmasked, and anything. */
function mxcsr(random: Random): number {
  const settled = 0x1fa0;
  switch (random.below(12)) {
    case 0:
      return 0x1f80;
    case 1:
      return settled | (random.below(4) << 13);
    case 2:
      return settled | random.pick([0x8000, 0x40, 0x8040]);
    case 3:
      return settled & ~(0x80 << random.below(6));
    case 4:
      return random.below(0x10000);
    case 5:
      return settled | random.below(0x40);
    default:
      return settled;
  }
}

/** Moves that carry numbers from register to register, and to and from memory; their ModRM bytes are put behind. */
const moves = [
  '0f 28, 66 0f 28, f2 0f 10, f3 0f 10, f3 0f 7e, 66 0f 14, 0f 14, 66 0f 15, f2 0f 12, 0f 57, 66 0f ef, 66 0f 54, 66 0f 6e',
  '66 48 0f 6e, f2 0f 11, f3 0f 11, 0f 29, 66 0f 70, 0f c6, 66 0f c6, 0f 16, 0f 12',
]
  .flatMap((line) => line.split(', '))
  .map((text) => text.split(' ').map((word) => Number.parseInt(word, 16)));
const withImmediate = /^(102,15,112|15,198|102,15,198)$/;

function move(random: Random): FloatCode {
  const bytes = random.pick(moves);
  const immediate = withImmediate.test(bytes.join()) ? [random.below(256)] : [];
  return { name: 'move', bytes: [...bytes, REGISTERS, ...immediate], modrmAt: bytes.length };
}

/** Scalar and packed, binary32 and binary64. */
const types = ['ss', 'sd', 'ps', 'pd'] as const;
type Type = (typeof types)[number];
const ofType = (operations: string): Record<Type, readonly FloatCode[]> => {
  const codes = (type: Type): FloatCode[] =>
    floatCodes.filter(({ name }) => new RegExp(`^(${operations})${type} `).test(name));
  return { ss: codes('ss'), sd: codes('sd'), ps: codes('ps'), pd: codes('pd') };
};
const arithmetic = ofType('add|sub|mul|div|sqrt|min|max');
/** What tells numbers apart that are out of the ordinary. */
const comparisons = ofType('cmp|u?comi|min|max');

/** @param type of most instructions, so that one has use for the results of another */
function step(random: Random, type: Type): FloatCode {
  const kind = random.below(10);
  if (kind < 2) return move(random);
  if (kind < 5) return random.pick(arithmetic[type]);
  if (kind < 8) return random.pick(comparisons[type]);
  return random.pick(kind < 9 ? arithmetic[random.pick(types)] : floatCodes);
}

/** Codes on few registers and one place in memory, so that one has the results of another for operands; some jumped over. */
function steps(random: Random, most: number, type: Type): number[] {
  // XMM3 is less busy, so that something stays.
  const register = (): number => random.pick([1, 1, 2, 2, 3]);
  return Array.from({ length: 1 + random.below(most) }, () => {
    const { bytes, modrmAt } = step(random, type);
    const isMemory = bytes[modrmAt] === MEMORY;
    const modrm = (register() << 3) | (isMemory ? RSI : 0xc0 | register());
    const jump = random.below(6) === 0 ? [0x70 | random.below(16), bytes.length] : [];
    return [...jump, ...bytes.with(modrmAt, modrm)];
  }).flat();
}

/** A program of such codes, a part of which may be gone through twice. */
export function floatProgram(random: Random): number[] {
  const type = random.pick(types);
  const before = steps(random, 4, type);
  const body = steps(random, 6, type);
  // DEC EDI, JNZ.
  return [...before, ...body, ...(random.below(2) === 0 ? [] : [0xff, 0xcf, 0x75, (-body.length - 4) & 0xff])];
}

/** Numbers of everyday life, but now and then one that is not. */
function calmVectors(random: Random): readonly [bigint, bigint] {
  const width = random.below(2) === 0 ? 64 : 32;
  const bits = width === 64 ? double : single;
  const vector = (): bigint =>
    Array.from({ length: 128 / width }, () =>
      random.below(24) === 0 ? element(random, width, undefined) : bits((random.below(4000) - 1000) / 8),
    ).reduce((sum, value, lane) => sum | (value << BigInt(lane * width)), 0n);
  return [vector(), vector()];
}

/**
 * A case of some code. Its place is always the same, so that what was translated for one is there for all.
 * @param isCalm hardly anything is out of the ordinary
 */
export function floatCase(random: Random, bytes: readonly number[], isCalm: boolean): StateImage {
  const image = new StateImage();
  image.setInstruction(64, bytes);
  image.rip = BigInt(CODE + 0x8000);
  image.flags = 0x202 | (random.below(2) === 0 ? 0x8d5 : 0);
  image.fpuControl = 0x37f;
  image.mxcsr = isCalm ? 0x1fa0 : mxcsr(random);
  const [first, second] = isCalm ? calmVectors(random) : vectors(random);
  image.setXmm(1, first);
  image.setXmm(2, second);
  image.setXmm(3, (isCalm ? calmVectors(random) : vectors(random))[0]);
  const isInteger = random.below(2) === 0;
  const integer = operand(random, random.below(2) === 0 ? 'i64' : 'i32', undefined)[0];
  image.setRegister(4, BigInt(WINDOW + 512));
  image.setRegister(RDX, integer);
  image.setRegister(RSI, BigInt(WINDOW));
  image.setRegister(RDI, 2n);
  image.writeWindow(WINDOW, 16, isInteger ? integer | (second << 64n) : second);
  return image;
}

/** Cases of a program in which hardly anything is out of the ordinary, and others. */
const CALM_CASES = 20;
const OTHER_CASES = 10;

export function floatProgramCases(random: Random, bytes: readonly number[]): StateImage[] {
  return Array.from({ length: CALM_CASES + OTHER_CASES }, (_, number) => floatCase(random, bytes, number < CALM_CASES));
}
