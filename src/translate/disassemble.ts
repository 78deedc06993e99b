// Machine code as text. Derived from the forms: what the decoder does not know, this does not print.

import { decodeStatus, Decoder, type CodeSize } from './decoder.ts';
import { operandTexts } from './operand-text.ts';

export interface Disassembled {
  /** Bytes; at least 1 as long as there are bytes. */
  readonly length: number;
  /** The instruction in Intel's syntax, or `(bad)` when the processor knows no such instruction. */
  readonly text: string;
}

const sizes = { 16: '', 32: 'd', 64: 'q' } as const;
const onlyWide = { 16: '', 32: '', 64: 'q' } as const;
const image = { 16: '', 32: '', 64: '64' } as const;
/** Suffixes by which mnemonics tell their operand size, because no operand does. */
const sizeSuffixes: Record<string, Record<16 | 32 | 64, string>> = {
  pushf: sizes,
  popf: sizes,
  iret: sizes,
  pusha: sizes,
  popa: sizes,
  sysret: onlyWide,
  fxsave: image,
  fxrstor: image,
  xsave: image,
  xrstor: image,
};
const countRegisters = { 16: 'jcxz', 32: 'jecxz', 64: 'jrcxz' } as const;

const decoder = new Decoder();

/** Prefixes that neither the mnemonic nor an operand shows. */
function prefixes(codeSize: CodeSize): string {
  const { form, sized, sizeFixed, default64, addressSizeMatters } = decoder.entry;
  const { mnemonic } = form.instruction;
  let text = '';
  if (decoder.lock) text += 'lock ';
  if (decoder.repetition !== 'none') {
    const isComparison = form.attributes.has('repz');
    text += isComparison ? `${decoder.repetition} ` : 'rep ';
  }
  const isShown =
    sizeFixed !== 0 || mnemonic in sizeSuffixes || form.operands.some(({ width }) => width === 'v' || width === 'y');
  const usual = codeSize === 64 ? (default64 ? 64 : 32) : codeSize;
  if (sized && !isShown && decoder.operandSize !== usual)
    text += decoder.operandSize === 64 ? 'rex.w ' : `data${decoder.operandSize} `;
  const hasString = form.operands.some(({ place }) => place === 'X' || place === 'Y');
  const isCountJump = mnemonic === 'jcxz';
  if (addressSizeMatters && !hasString && !isCountJump && decoder.addressSize !== codeSize)
    text += `addr${decoder.addressSize} `;
  return text;
}

function mnemonicText(): string {
  const { mnemonic } = decoder.entry.form.instruction;
  if (mnemonic === 'jcxz') return countRegisters[decoder.addressSize];
  return mnemonic + (sizeSuffixes[mnemonic]?.[decoder.operandSize] ?? '');
}

/**
 * Disassembles the instruction at `offset` of `bytes`.
 * @param codeSize 16, 32 or 64; 16-bit code is taken for that of protected mode
 * @param address of the instruction, which relative operands are shown by
 */
export function disassemble(bytes: Uint8Array, offset: number, codeSize: CodeSize, address: bigint): Disassembled {
  const status = decoder.decode(bytes, offset, bytes.length, codeSize, true);
  if (status === decodeStatus.truncated) return { length: bytes.length - offset, text: '(bad)' };
  if (status !== decodeStatus.ok) return { length: 1, text: '(bad)' };
  const next = BigInt.asUintN(codeSize, address + BigInt(decoder.length));
  const operands = operandTexts(decoder, codeSize, next);
  const text = prefixes(codeSize) + mnemonicText() + (operands.length > 0 ? ` ${operands.join(', ')}` : '');
  return { length: decoder.length, text };
}
