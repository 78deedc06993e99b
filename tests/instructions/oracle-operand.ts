// Where an instruction's operands are, read off the decoder's result and the registers, with no record between.

import { GPR, XMM, XMM_STRIDE } from '../../src/core/layout.ts';
import type { Bits, Operand } from '../../src/isa/abstract-machine.ts';
import { operandBits, type OperandPattern } from '../../src/isa/form.ts';
import { SEGMENT_NONE, type Decoder } from '../../src/translate/decoder.ts';

/** A register as a place in the CPU state, with what a write does to the rest of it. */
export type Location =
  | { readonly kind: 'general' | 'vector' | 'mmx'; readonly address: number }
  | { readonly kind: 'memory'; readonly displacement: bigint }
  | { readonly kind: 'immediate'; readonly value: bigint }
  | { readonly kind: 'number'; readonly number: number };

export interface OracleOperand extends Operand {
  readonly pattern: OperandPattern;
  readonly location: Location;
  /** Linear address that was checked for a write to come. */
  checked: bigint | null;
}

function general(number: number, isByte: boolean, rex: number): Location {
  // Without a REX prefix byte registers 4 to 7 are the second bytes of the first four (SDM vol. 2 table 2-2).
  const isHigh = isByte && rex === 0 && number >= 4 && number < 8;
  return { kind: 'general', address: isHigh ? GPR + (number - 4) * 8 + 1 : GPR + number * 8 };
}

const vector = (number: number): Location => ({ kind: 'vector', address: XMM + number * XMM_STRIDE });

function immediate(decoder: Decoder, { width }: OperandPattern, isSecond: boolean): bigint {
  if (isSecond) return BigInt(decoder.secondImmediate);
  const value = (BigInt(decoder.immediateHigh) << 32n) | BigInt(decoder.immediateLow >>> 0);
  return width === 'b' ? value & 0xffn : value;
}

function locate(decoder: Decoder, pattern: OperandPattern, isSecond: boolean): Location {
  const { place, width } = pattern;
  const isByte = width === 'b';
  const memory: Location = { kind: 'memory', displacement: 0n };
  switch (place) {
    case 'G':
      return general(decoder.reg, isByte, decoder.rex);
    case 'Z':
      return general(decoder.rm, isByte, decoder.rex);
    case 'B':
      return general(decoder.vvvv, false, 1);
    case 'fixed':
      return general(pattern.register, false, 1);
    case 'E':
    case 'R':
      return place === 'E' && decoder.memory ? memory : general(decoder.rm, isByte, decoder.rex);
    case 'V':
      return vector(decoder.reg);
    case 'W':
    case 'U':
      return place === 'W' && decoder.memory ? memory : vector(decoder.rm);
    case 'xmm0':
      return vector(0);
    case 'P':
      return { kind: 'mmx', address: decoder.reg & 7 };
    case 'Q':
    case 'N':
      return place === 'Q' && decoder.memory ? memory : { kind: 'mmx', address: decoder.rm & 7 };
    case 'S':
      return { kind: 'number', number: decoder.reg & 7 };
    case 'C':
    case 'D':
      return { kind: 'number', number: decoder.reg };
    case 'F':
      return { kind: 'number', number: decoder.modrm & 7 };
    case 'st0':
      return { kind: 'number', number: 0 };
    case 'one':
      return { kind: 'immediate', value: 1n };
    case 'I':
    case 'J':
    case 'A':
      return { kind: 'immediate', value: immediate(decoder, pattern, isSecond) };
    default:
      return memory;
  }
}

/** The operands of the decoder's instruction, in the form's order. */
export function locateOperands(decoder: Decoder): OracleOperand[] {
  let immediates = 0;
  const { form, sized } = decoder.entry;
  return form.operands.map((pattern) => {
    const location = locate(decoder, pattern, pattern.place === 'I' && immediates++ > 0);
    const bits: Bits | 0 = operandBits(pattern, sized ? decoder.operandSize : 32);
    return { pattern, bits, isMemory: location.kind === 'memory', location, checked: null };
  });
}

/** The segment of the ModRM or string operand (ES CS SS DS FS GS): the override, else SS for addresses by rSP or rBP, else DS. */
export function dataSegment(decoder: Decoder): number {
  if (decoder.override !== SEGMENT_NONE) return decoder.override;
  const isStackBased = decoder.base === 4 || decoder.base === 5;
  return decoder.memory && !decoder.entry.usesString && isStackBased ? 2 : 3;
}

/** The offset of the memory operand without displacements of its own, before it is cut to the address size. */
export function effectiveAddress(decoder: Decoder, register: (number: number) => bigint, next: bigint): bigint {
  if (decoder.entry.form.operands.some(({ place }) => place === 'O')) {
    return (BigInt(decoder.immediateHigh >>> 0) << 32n) | BigInt(decoder.displacement >>> 0);
  }
  let address = BigInt(decoder.displacement);
  if (decoder.base >= 0) address += register(decoder.base);
  if (decoder.index >= 0) address += register(decoder.index) << BigInt(decoder.scale);
  if (decoder.ripRelative) address += next;
  // POP counts from the stack pointer after the pop (APM vol. 3 "POP").
  if (decoder.entry.form.attributes.has('bias') && decoder.base === 4) address += BigInt(decoder.operandSize / 8);
  return address;
}
