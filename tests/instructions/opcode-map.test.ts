// The whole opcode map against iced-x86: what CPUID advertises decodes, and nothing else does.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Code, CpuidFeature, Decoder as IcedDecoder, DecoderOptions, Mnemonic } from 'iced-x86';
import { Decoder, decodeStatus, type CodeSize } from '../../src/translate/decoder.ts';

/** CPUID features by iced-x86's names that the instructions of the catalog belong to. */
const advertised: ReadonlySet<string> = new Set(
  `
    INTEL8086 INTEL8086_ONLY INTEL186 INTEL286 INTEL386 INTEL486 X64 FPU FPU287 FPU387 CMOV CPUID CX8 MSR TSC
    RDPMC PAUSE MULTIBYTENOP SYSCALL SEP FXSR MMX SSE SSE2 SSE3 SSSE3 SSE4_1 SSE4_2 POPCNT LZCNT BMI1 BMI2 ADX
    MOVBE AES PCLMULQDQ SHA RDRAND RDSEED FSGSBASE RDTSCP RDPID CLFSH XSAVE INVPCID SMAP PREFETCHW CMPXCHG16B
  `
    .trim()
    .split(/\s+/),
);

/** Where iced-x86 and the processor see it differently, by mnemonic, or by form for what iced-x86 finds invalid. */
const disputed: readonly RegExp[] = [
  // Newer names for hints that older processors, and this one, take for NOP, prefetches or WBINVD.
  /^extra (nop|endbr|prefetch|wbinvd) /,
  // Registers that do not exist: the instruction is there, and raises #UD when it runs.
  /^extra mov (0f 2[0-3]|8c|8e) /,
  // AMD's processors raise #UD for PREFETCH of a register, and so does UD1 whatever follows it.
  /^missing (Reservednop|Ud1)$/,
];

const prefixes = [[], [0x66], [0xf3], [0xf2]];
const escapes = [[], [0x0f], [0x0f, 0x38], [0x0f, 0x3a]];
const notOpcodes: ReadonlySet<number> = new Set([
  0x0f, 0x26, 0x2e, 0x36, 0x3e, 0x62, 0x64, 0x65, 0x66, 0x67, 0x8f, 0xc4, 0xc5, 0xf0, 0xf2, 0xf3,
]);

function isOpcode(map: number, opcode: number, codeSize: CodeSize): boolean {
  if (map === 0) return !notOpcodes.has(opcode) && !(codeSize === 64 && (opcode & 0xf0) === 0x40);
  return map !== 1 || (opcode !== 0x38 && opcode !== 0x3a);
}

function* encodings(codeSize: CodeSize): Generator<Uint8Array> {
  for (const prefix of prefixes) {
    for (const rex of codeSize === 64 ? [[], [0x48]] : [[]]) {
      for (const [map, escape] of escapes.entries()) {
        for (let opcode = 0; opcode < 256; opcode++) {
          if (!isOpcode(map, opcode, codeSize)) continue;
          for (let modrm = 0; modrm < 256; modrm++) {
            // Memory without a displacement, and registers.
            if (modrm < 0x40 || modrm >= 0xc0)
              yield Uint8Array.of(...prefix, ...rex, ...escape, opcode, modrm, 0, 0, 0, 0, 0, 0, 0, 0);
          }
        }
      }
    }
  }
}

const decoder = new Decoder();

/** What is wrong with the decoder's view of the bytes, or null. */
function complaint(bytes: Uint8Array, codeSize: CodeSize): string | null {
  const decodes = decoder.decode(bytes, 0, bytes.length, codeSize, true) === decodeStatus.ok;
  const iced = new IcedDecoder(codeSize, bytes, DecoderOptions.AMD);
  const instruction = iced.decode();
  const { code, length, mnemonic } = instruction;
  const features = [...instruction.cpuidFeatures()].map((feature) => CpuidFeature[feature] as string);
  instruction.free();
  iced.free();
  const should = code !== Code.INVALID && features.every((feature) => advertised.has(feature));
  if (should && !decodes) return `missing ${Mnemonic[mnemonic]}`;
  const form = decodes ? decoder.entry.form : null;
  if (form && !should) return `extra ${form.instruction.mnemonic} ${form.text}`;
  return form && decoder.length !== length ? `length of ${form.text}: ${decoder.length}, not ${length}` : null;
}

for (const codeSize of [64, 32, 16] as const) {
  test(`${codeSize}-bit code: every opcode with every ModRM byte is an instruction for both or for neither`, () => {
    const complaints = new Map<string, string>();
    for (const bytes of encodings(codeSize)) {
      const text = complaint(bytes, codeSize);
      if (text !== null && !disputed.some((pattern) => pattern.test(text)))
        complaints.set(text, Buffer.from(bytes).toString('hex'));
    }
    assert.deepEqual([...complaints], []);
  });
}
