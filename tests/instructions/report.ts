// What a failed case looks like to the person who has to find out why.

import { Decoder as IcedDecoder, Formatter, FormatterSyntax } from 'iced-x86';
import { compareAnswers, type Difference } from './compare.ts';
import type { Case } from './generate-cases.ts';
import type { StateImage } from './state-image.ts';

export interface Answers {
  readonly oracle: StateImage | Error;
  readonly interpreter: StateImage | Error;
  readonly translator: StateImage | Error;
  readonly native: StateImage | null;
}

const hex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');

/** A second opinion on what the instruction is. */
export function disassembleWithIced({ image }: Case): string {
  const decoder = new IcedDecoder(image.codeSize, image.instruction, 0);
  decoder.ip = image.rip;
  const instruction = decoder.decode();
  const formatter = new Formatter(FormatterSyntax.Intel);
  const text = formatter.format(instruction);
  const note = instruction.length === image.instruction.length ? '' : ` (${instruction.length} bytes by iced-x86)`;
  for (const freed of [formatter, instruction, decoder]) freed.free();
  return text + note;
}

const registers = [
  'rax',
  'rcx',
  'rdx',
  'rbx',
  'rsp',
  'rbp',
  'rsi',
  'rdi',
  'r8',
  'r9',
  'r10',
  'r11',
  'r12',
  'r13',
  'r14',
  'r15',
];

function describeInputs(image: StateImage): string {
  const general = registers
    .slice(0, image.codeSize === 64 ? 16 : 8)
    .map((name, i) => `${name}=${image.register(i).toString(16)}`);
  const units = [
    `rflags=${image.flags.toString(16)}`,
    `mxcsr=${image.mxcsr.toString(16)}`,
    `fcw=${image.fpuControl.toString(16)}`,
    `fsw=${image.fpuStatus.toString(16)}`,
    `ftw=${image.fpuTag.toString(16)}`,
  ];
  return `${general.join(' ')}\n    ${units.join(' ')}`;
}

/** The vectors and memory that the differences are about, before the instruction. */
function describeTouched(image: StateImage, differences: readonly Difference[]): string {
  const touched = new Set(differences.map(({ field }) => field));
  const lines: string[] = [];
  const modrmRegisters = Array.from({ length: 16 }, (_, i) => i);
  if ([...touched].some((field) => field.startsWith('xmm'))) {
    lines.push(...modrmRegisters.map((i) => `xmm${i}=${image.xmm(i).toString(16).padStart(32, '0')}`));
  }
  if ([...touched].some((field) => /^(st\d|x87)/.test(field))) {
    lines.push(...modrmRegisters.slice(0, 8).map((i) => `st${i}=${image.st(i).toString(16).padStart(20, '0')}`));
  }
  return lines.length > 0 ? `\n    ${lines.join(' ')}` : '';
}

/** All differences of the answers to that of the interpreter. */
export function findDifferences(
  made: Case,
  { oracle, interpreter, translator, native }: Answers,
  nativeOptions: Parameters<typeof compareAnswers>[2] | null,
): { readonly pair: string; readonly differences: readonly Difference[] }[] {
  const found: { pair: string; differences: readonly Difference[] }[] = [];
  const thrown = (pair: string, error: Error): void => {
    found.push({ pair, differences: [{ field: 'thrown', left: error.message, right: '' }] });
  };
  if (oracle instanceof Error) thrown('oracle', oracle);
  if (translator instanceof Error) thrown('translator', translator);
  if (interpreter instanceof Error) {
    thrown('interpreter', interpreter);
    return found;
  }
  for (const [who, answer] of [
    ['oracle', oracle],
    ['translator', translator],
  ] as const) {
    if (answer instanceof Error) continue;
    const differences = compareAnswers(answer, interpreter, { codeSize: made.image.codeSize, undefined: [] });
    if (differences.length > 0) found.push({ pair: `${who} ≠ interpreter`, differences });
  }
  if (native && nativeOptions) {
    const differences = compareAnswers(native, interpreter, nativeOptions);
    if (differences.length > 0) found.push({ pair: 'processor ≠ interpreter', differences });
  }
  return found;
}

export function describeFailure(made: Case, found: ReturnType<typeof findDifferences>, seed: number): string {
  const { form, codeSize } = made.variant;
  const { image } = made;
  const lines = found.flatMap(({ pair, differences }) => [
    `    ${pair}:`,
    ...differences.slice(0, 8).map(({ field, left, right }) => `      ${field}: ${left} ≠ ${right}`),
  ]);
  const everything = found.flatMap(({ differences }) => differences);
  return [
    `${form.instruction.mnemonic} "${form.text}", seed ${seed}, case ${made.index}`,
    `    ${codeSize}-bit code at ${image.rip.toString(16)}: ${hex(image.instruction)}   ${disassembleWithIced(made)}`,
    `    ${describeInputs(image)}${describeTouched(image, everything)}`,
    ...lines,
  ].join('\n');
}
