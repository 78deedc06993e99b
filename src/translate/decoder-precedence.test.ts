import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Decoder, decodeStatus, type CodeSize } from './decoder.ts';

/** Mnemonic and form of the bytes (hexadecimal), or what became of them. */
function decode(hex: string, codeSize: CodeSize = 64): string {
  const bytes = Uint8Array.from(hex.replaceAll(' ', '').match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
  const decoder = new Decoder();
  const status = decoder.decode(bytes, 0, bytes.length, codeSize, true);
  if (status !== decodeStatus.ok) return status === decodeStatus.invalid ? 'invalid' : `status ${status}`;
  assert.equal(decoder.length, bytes.length, `length of ${hex}`);
  return decoder.entry.form.instruction.mnemonic;
}

const cases: readonly (readonly [why: string, hex: string, expected: string, codeSize?: CodeSize])[] = [
  ['90 is NOP, not XCHG EAX, EAX', '90', 'nop'],
  ['REX.B makes it XCHG R8', '41 90', 'xchg'],
  ['F3 makes it PAUSE', 'f3 90', 'pause'],
  ['91 has no such exception', '91', 'xchg'],
  ['F3 tells TZCNT from BSF', 'f3 0f bc c1', 'tzcnt'],
  ['F2 does not', 'f2 0f bc c1', 'bsf'],
  ['F2 tells CRC32 from MOVBE', 'f2 0f 38 f1 06', 'crc32'],
  ['66 with F2 is an operand size', '66 f2 0f 38 f1 06', 'crc32'],
  ['66 alone is one for MOVBE', '66 0f 38 f1 06', 'movbe'],
  ['MOVBE has no register form', '0f 38 f1 c1', 'invalid'],
  ['66 is part of ADCX', '66 0f 38 f6 c1', 'adcx'],
  ['F3 0F 1E FA is ENDBR64', 'f3 0f 1e fa', 'endbr'],
  ['other ModRM bytes are hints', 'f3 0f 1e c8', 'nop'],
  ['memory and register forms of 0F AE /5', '0f ae 28', 'xrstor'],
  ['memory and register forms of 0F AE /5', '0f ae e8', 'lfence'],
  ['F3 0F AE /0 with a register is RDFSBASE', 'f3 48 0f ae c0', 'rdfsbase'],
  ['only in 64-bit mode', 'f3 0f ae c0', 'invalid', 32],
  ['C4 with a register is VEX in 32-bit code', 'c4 e2 68 f2 c1', 'andn', 32],
  ['with memory it is LES', 'c4 06', 'les', 32],
  ['there is no LES in 64-bit code', 'c4 06', 'status 1', 64],
  ['40 is INC outside of 64-bit mode', '40', 'inc', 32],
  ['63 is ARPL outside of 64-bit mode', '63 c8', 'arpl', 32],
  ['and MOVSXD inside', '63 c8', 'movsxd', 64],
  ['MOV CR3 ignores ModRM.mod', '0f 22 18', 'mov'],
  ['REX.W tells CMPXCHG16B from CMPXCHG8B', '48 0f c7 0e', 'cmpxchg16b'],
  ['REX.W tells CMPXCHG16B from CMPXCHG8B', '0f c7 0e', 'cmpxchg8b'],
  ['LOCK needs a memory destination', 'f0 87 c8', 'invalid'],
  ['LOCK needs an instruction that has it', 'f0 39 08', 'invalid'],
];

for (const [why, hex, expected, codeSize] of cases) {
  test(`${hex}: ${why}`, () => assert.equal(decode(hex, codeSize), expected));
}
