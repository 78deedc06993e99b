// Operands as text, in the manual's (Intel's) syntax: destination first, numbers hexadecimal, memory in brackets.

import { operandBits, type OperandPattern } from '../isa/form.ts';
import { SEGMENT_NONE, type CodeSize, type Decoder } from './decoder.ts';

const legacyBytes = ['al', 'cl', 'dl', 'bl', 'ah', 'ch', 'dh', 'bh'];
const rexBytes = ['al', 'cl', 'dl', 'bl', 'spl', 'bpl', 'sil', 'dil'];
const words = ['ax', 'cx', 'dx', 'bx', 'sp', 'bp', 'si', 'di'];
const segments = ['es', 'cs', 'ss', 'ds', 'fs', 'gs', '?', '?'];
const suffixes: Record<number, string> = { 8: 'b', 16: 'w', 32: 'd', 64: '' };
const pointers: Record<number, string> = {
  8: 'byte ptr ',
  16: 'word ptr ',
  32: 'dword ptr ',
  64: 'qword ptr ',
  80: 'tbyte ptr ',
  128: 'xmmword ptr ',
};

/** The name of general register `number` (0 to 15) as wide as `bits`; bytes 4 to 7 depend on a REX prefix. */
export function generalName(number: number, bits: number, hasRex: boolean): string {
  if (number >= 8) return `r${number}${suffixes[bits] ?? ''}`;
  if (bits === 8) return (hasRex ? rexBytes : legacyBytes)[number] as string;
  const word = words[number] as string;
  return bits === 16 ? word : `${bits === 64 ? 'r' : 'e'}${word}`;
}

const hex = (value: bigint): string => `0x${value.toString(16)}`;

/** The memory operand's address as the instruction spells it. */
function address(decoder: Decoder, code: CodeSize, next: bigint): string {
  const { addressSize } = decoder;
  const prefix = decoder.override === SEGMENT_NONE ? '' : `${segments[decoder.override]}:`;
  const parts: string[] = [];
  if (decoder.base >= 0) parts.push(generalName(decoder.base, addressSize, false));
  if (decoder.index >= 0) {
    const scale = decoder.scale === 0 ? '' : `*${1 << decoder.scale}`;
    parts.push(generalName(decoder.index, addressSize, false) + scale);
  }
  const displacement = BigInt(decoder.displacement);
  if (parts.length > 0) {
    const sum = parts.join('+');
    if (displacement === 0n) return `${prefix}[${sum}]`;
    return `${prefix}[${sum}${displacement < 0n ? `-${hex(-displacement)}` : `+${hex(displacement)}`}]`;
  }
  if (decoder.ripRelative) return `${prefix}[rel ${hex(BigInt.asUintN(addressSize, next + displacement))}]`;
  const isAbsolute = decoder.entry.form.operands.some(({ place }) => place === 'O');
  const high = isAbsolute && code === 64 ? BigInt(decoder.immediateHigh >>> 0) << 32n : 0n;
  const low = isAbsolute ? BigInt(decoder.displacement >>> 0) : displacement;
  return `${prefix}[${hex(BigInt.asUintN(addressSize, high | low))}]`;
}

function immediate(decoder: Decoder, bits: number, isSecond: boolean): string {
  if (isSecond) return hex(BigInt(decoder.secondImmediate));
  const value = (BigInt(decoder.immediateHigh) << 32n) | BigInt(decoder.immediateLow >>> 0);
  return hex(BigInt.asUintN(bits, value));
}

/** The width that shows: that of the operand, or of what an x87 operand without one is. */
function pointerBits(decoder: Decoder, bits: number): number {
  const { form } = decoder.entry;
  const isExtended = bits === 0 && form.instruction.feature === 'x87' && !form.attributes.has('sized');
  return isExtended ? 80 : bits;
}

function string(decoder: Decoder, place: 'X' | 'Y'): string {
  const register = generalName(place === 'X' ? 6 : 7, decoder.addressSize, false);
  if (place === 'Y') return `es:[${register}]`;
  return decoder.override === SEGMENT_NONE ? `[${register}]` : `${segments[decoder.override]}:[${register}]`;
}

function operandText(
  decoder: Decoder,
  code: CodeSize,
  next: bigint,
  pattern: OperandPattern,
  isSecond: boolean,
): string {
  const { place } = pattern;
  const bits = operandBits(pattern, decoder.operandSize);
  const hasRex = decoder.rex !== 0;
  const memory = (): string => (pointers[pointerBits(decoder, bits)] ?? '') + address(decoder, code, next);
  const register = (number: number): string => generalName(number, bits === 0 ? decoder.operandSize : bits, hasRex);
  switch (place) {
    case 'G':
      return register(decoder.reg);
    case 'Z':
    case 'R':
      return register(decoder.rm);
    case 'B':
      return register(decoder.vvvv);
    case 'fixed':
      return register(pattern.register);
    case 'E':
      return decoder.memory ? memory() : register(decoder.rm);
    case 'V':
      return `xmm${decoder.reg}`;
    case 'U':
      return `xmm${decoder.rm}`;
    case 'W':
      return decoder.memory ? memory() : `xmm${decoder.rm}`;
    case 'xmm0':
      return 'xmm0';
    case 'P':
      return `mm${decoder.reg & 7}`;
    case 'N':
      return `mm${decoder.rm & 7}`;
    case 'Q':
      return decoder.memory ? memory() : `mm${decoder.rm & 7}`;
    case 'S':
      return segments[decoder.reg & 7] as string;
    case 'C':
      return `cr${decoder.reg}`;
    case 'D':
      return `dr${decoder.reg}`;
    case 'F':
      return `st(${decoder.modrm & 7})`;
    case 'st0':
      return 'st(0)';
    case 'one':
      return '1';
    case 'I':
      return immediate(decoder, bits, isSecond);
    case 'J': {
      // In 64-bit mode a 66h prefix cuts the target too.
      const target = next + ((BigInt(decoder.immediateHigh) << 32n) | BigInt(decoder.immediateLow >>> 0));
      return hex(BigInt.asUintN(decoder.operandSize, target));
    }
    case 'A':
      return `${hex(BigInt(decoder.secondImmediate))}:${hex(BigInt.asUintN(decoder.operandSize, BigInt(decoder.immediateLow)))}`;
    case 'X':
    case 'Y':
      return (pointers[bits] ?? '') + string(decoder, place);
    default:
      return memory();
  }
}

/** All operands of the decoder's instruction in code of size `code`; `next` is the address of the instruction after it. */
export function operandTexts(decoder: Decoder, code: CodeSize, next: bigint): string[] {
  let immediates = 0;
  return decoder.entry.form.operands.map((pattern) =>
    operandText(decoder, code, next, pattern, pattern.place === 'I' && immediates++ > 0),
  );
}
