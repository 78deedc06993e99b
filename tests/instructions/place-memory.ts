// Chooses where a memory operand lies, and makes its address come out there.

import { operandBits } from '../../src/isa/form.ts';
import { modrmOperand } from '../../src/translate/handler-variant.ts';
import type { Draft } from './generate-cases.ts';
import { dataSegment } from './oracle-operand.ts';
import { CODE, DATA, DATA_SIZE, SMALL_BASE, WINDOW, WINDOW_SIZE } from './state-image.ts';
import { operandValue } from './values.ts';

const MIDDLE = WINDOW + WINDOW_SIZE / 2;

/** Images of x87 and SSE state, up to 512 bytes. */
const longOperands: ReadonlySet<string> = new Set([
  'fxsave',
  'fxrstor',
  'xsave',
  'xrstor',
  'xsaveopt',
  'xsavec',
  'fnsave',
  'frstor',
  'fnstenv',
  'fldenv',
]);

/** Bytes of the operand, 16 when its form does not tell. */
export function operandBytes(draft: Draft): number {
  const { form } = draft.variant;
  const pattern = modrmOperand(form) ?? form.operands.find(({ place }) => place === 'O');
  const bits = pattern ? operandBits(pattern, draft.decoder.operandSize) : 0;
  return bits === 0 ? 16 : bits / 8;
}

/** An address in the window, for an operand of `bytes` bytes: mostly aligned, sometimes over the page boundary. */
export function windowAddress(draft: Draft, bytes: number): number {
  const { random } = draft;
  if (longOperands.has(draft.variant.form.instruction.mnemonic))
    return WINDOW + 64 + (random.oneIn(8) ? random.below(300) : 64 * random.below(6));
  if (bytes > 1 && random.oneIn(8)) return MIDDLE - 1 - random.below(bytes - 1);
  const address = MIDDLE - 200 + random.below(400);
  return random.oneIn(4) ? address : address - (address % bytes);
}

/** An address that faults, or is near one that does. */
function faultingAddress(draft: Draft, bytes: number): bigint {
  const { random } = draft;
  const end = DATA + DATA_SIZE;
  const choices = [
    BigInt(end - random.below(bytes + 1)),
    BigInt(end + random.below(4096)),
    BigInt(end + 4096 - random.below(bytes + 1)),
    BigInt(end + 8192),
    BigInt(DATA - random.below(bytes + 1)),
  ];
  if (draft.variant.codeSize === 64) choices.push((1n << 47n) + 0x10000n, 1n << 63n);
  return random.pick(choices);
}

/** The base of a segment (ES CS SS DS FS GS) in a case. */
export function baseOf({ image, variant }: Draft, segment: number): bigint {
  if (variant.codeSize === 64) return segment === 4 ? image.fsBase : segment === 5 ? image.gsBase : 0n;
  if (segment === 1) return variant.codeSize === 16 ? BigInt(CODE) : 0n;
  return variant.small && (segment === 0 || segment === 3) ? BigInt(SMALL_BASE) : 0n;
}

/** Sets registers and displacement so that the operand is at the linear address. False when the encoding cannot reach it. */
function reach(draft: Draft, linear: bigint): boolean {
  const { random, decoder, image, encoding, variant } = draft;
  const bits = decoder.addressSize;
  const distance = linear - baseOf(draft, dataSegment(decoder));
  const offset = BigInt.asUintN(bits, distance);
  if (bits === 16 && offset !== distance) return false;
  const { displacementSize } = encoding;
  const isMoffs = variant.form.operands.some(({ place }) => place === 'O');
  let displacement = 0n;
  if (isMoffs) displacement = offset;
  else if (decoder.ripRelative) displacement = offset - image.rip - BigInt(decoder.length);
  else if (decoder.base < 0 && decoder.index < 0) displacement = BigInt.asIntN(bits, offset);
  else {
    // Registers first, with what the displacement is to add left over.
    displacement = BigInt.asIntN(displacementSize * 8, random.oneIn(2) ? random.bits(8) : random.bits(32));
    if (displacementSize === 0) displacement = 0n;
    const rest = offset - displacement;
    const scale = BigInt(decoder.scale);
    if (decoder.base < 0) {
      const index = rest >> scale;
      displacement += rest - (index << scale);
      image.setRegister(decoder.index, BigInt.asUintN(64, index));
    } else if (decoder.base === decoder.index) {
      const factor = 1n + (1n << scale);
      const value = BigInt.asUintN(bits, rest) / factor;
      displacement += BigInt.asUintN(bits, rest) - value * factor;
      image.setRegister(decoder.base, value);
    } else {
      if (random.oneIn(2) && decoder.index >= 0 && decoder.index !== 4)
        image.setRegister(decoder.index, BigInt(random.below(64)));
      const index = decoder.index >= 0 ? image.register(decoder.index) << scale : 0n;
      const high = bits < variant.codeSize || bits === 16 ? random.bits(bits) << BigInt(bits) : 0n;
      image.setRegister(decoder.base, BigInt.asUintN(bits, rest - index) | high);
    }
  }
  if (variant.form.attributes.has('bias') && decoder.base === 4)
    image.setRegister(4, image.register(4) - BigInt(decoder.operandSize / 8));
  const size = BigInt(displacementSize * 8);
  const fits =
    isMoffs || bits === displacementSize * 8 ? true : BigInt.asIntN(Number(size), displacement) === displacement;
  if (!fits) return false;
  for (let i = 0; i < displacementSize; i++)
    encoding.bytes[encoding.displacementAt + i] = Number((displacement >> BigInt(8 * i)) & 0xffn);
  return true;
}

/** Places the memory operand and gives it a value. False when this encoding cannot have one. */
export function placeMemoryOperand(draft: Draft): boolean {
  const { random, image, decoder, variant } = draft;
  const bytes = operandBytes(draft);
  if (decoder.addressSize === 16 && !variant.small) return !variant.form.attributes.has('ends');
  const isJump = variant.form.attributes.has('ends');
  if (isJump && (decoder.base === 4 || decoder.index === 4)) return false;
  if (!isJump && random.oneIn(24)) return reach(draft, faultingAddress(draft, bytes));
  const address = windowAddress(draft, bytes);
  if (!reach(draft, BigInt(address))) return false;
  draft.address = address;
  image.writeWindow(address, bytes, operandValue(random, bytes * 8));
  return true;
}
