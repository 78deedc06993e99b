// A second opinion on decoding: iced-x86 must see the same length and the same instruction in random encodings of
// every form.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Decoder as IcedDecoder, DecoderOptions, Mnemonic } from 'iced-x86';
import { forms } from '../../src/isa/catalog.ts';
import type { Form } from '../../src/isa/form.ts';
import { disassemble } from '../../src/translate/disassemble.ts';
import { generateCase, type Case } from './generate-cases.ts';

const CASES = 30;
const SEED = 7;

/** Names of iced-x86 that are not those of the forms, apart from the suffixes of string instructions. */
const aliases: Record<string, string> = {
  jae: 'jnb',
  je: 'jz',
  jne: 'jnz',
  ja: 'jnbe',
  jge: 'jnl',
  jg: 'jnle',
  loopne: 'loopnz',
  loope: 'loopz',
  sal: 'shl',
  xlatb: 'xlat',
  endbr32: 'endbr',
  endbr64: 'endbr',
  reservednop: 'nop',
  cldemote: 'nop',
  wait: 'fwait',
  fstdw: 'fnstsw',
  sysexitq: 'sysexit',
  pcmpestrm64: 'pcmpestrm',
  pcmpestri64: 'pcmpestri',
  ...Object.fromEntries(
    ['ae', 'e', 'ne', 'a', 'ge', 'g'].flatMap((icedName, index) => {
      const name = ['nb', 'z', 'nz', 'nbe', 'nl', 'nle'][index] as string;
      return [
        [`cmov${icedName}`, `cmov${name}`],
        [`set${icedName}`, `set${name}`],
      ];
    }),
  ),
};

/** What iced-x86 does not take for an instruction, or takes for another. */
function isDisputed({ text }: Form): boolean {
  // Control and debug registers that do not exist, segments that cannot be loaded; UD0 with and without ModRM.
  return /^0f 2[0-3] |^8e |^0f ff/.test(text);
}

/** The mnemonic alone, as the forms have it: without prefixes, string suffixes and far or segment operands. */
function mnemonicOf(text: string): string {
  return text.replace(/^((lock|rep|repe|repne|data16|data32|addr16|addr32|rex\.w) )+/, '').split(' ')[0] as string;
}

function icedMnemonic({ image, variant }: Case): { length: number; mnemonic: string } {
  const decoder = new IcedDecoder(image.codeSize, image.instruction, DecoderOptions.AMD);
  const instruction = decoder.decode();
  const { length } = instruction;
  let mnemonic = (Mnemonic[instruction.mnemonic] as string).toLowerCase();
  instruction.free();
  decoder.free();
  mnemonic = aliases[mnemonic] ?? mnemonic;
  const own = variant.form.instruction.mnemonic;
  if (['movs', 'cmps', 'stos', 'lods', 'scas', 'ins', 'outs'].includes(own)) mnemonic = mnemonic.slice(0, -1);
  // Hints: the forms have them all under one name.
  if (own === 'prefetch' && /^(prefetch|nop)/.test(mnemonic)) mnemonic = own;
  return { length, mnemonic };
}

test('iced-x86 finds the same lengths and mnemonics in every form', () => {
  let compared = 0;
  for (const form of forms) {
    if (isDisputed(form)) continue;
    for (let index = 0; index < CASES; index++) {
      const made = generateCase(form, SEED, index);
      if (!made) continue;
      const { image } = made;
      const { text, length } = disassemble(image.instruction, 0, image.codeSize, image.rip);
      const bytes = Buffer.from(image.instruction).toString('hex');
      assert.deepEqual(
        { length, mnemonic: mnemonicOf(text) },
        icedMnemonic(made),
        `${bytes}: ${text}, form ${form.text}`,
      );
      compared++;
    }
  }
  assert.ok(compared > forms.length * CASES * 0.9, `only ${compared} cases of ${forms.length} forms`);
});
