// Files of chosen cases, one a line:
//
//   ADDRESS BYTES | DISASSEMBLY | INPUTS => OUTPUTS
//
// ADDRESS and BYTES are hexadecimal; a line `code 32` or `code 16` or `code 64` tells the code size of those that follow; what
// comes after # is a remark. INPUTS and OUTPUTS are fields `name=value`, in hexadecimal:
//   rax…r15 rsp rip   cf pf af zf sf of df   xmm0…xmm15   st0…st7   mm0…mm7   mxcsr fcw fsw ftw   [ADDRESS] (bytes as they lie)
// Inputs that are not named have fixed values. All that is not among the outputs must stay as it was; a flag that is `?` there
// may be anything. An instruction that faults has `fault=VECTOR` among its outputs, with `error` and `cr2` where the vector
// has them.

import type { Flag } from '../../src/isa/abstract-machine.ts';
import { StateImage, WINDOW, WINDOW_SIZE } from './state-image.ts';

export interface InsCase {
  /** For messages: the line itself. */
  readonly line: string;
  readonly disassembly: string;
  readonly image: StateImage;
  readonly expected: StateImage;
  /** Flags that may be anything afterwards. */
  readonly undefined: readonly Flag[];
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
const flagBits: Record<string, number> = { cf: 0, pf: 2, af: 4, zf: 6, sf: 7, df: 10, of: 11 };
const BREAKPOINT = 3;
const FIXED_FLAGS = 0x202;
const RESUME_FLAG = 0x10000;
const MMX_EXPONENT = 0xffffn << 64n;

interface Field {
  readonly name: string;
  readonly value: string;
}

function parseFields(text: string): Field[] {
  return text
    .split(/\s+/)
    .filter(Boolean)
    .map((word) => {
      const [, name, value] = /^([^=]+)=(.+)$/.exec(word) ?? [];
      if (name === undefined || value === undefined) throw new Error(`"${word}" is no field`);
      return { name, value };
    });
}

function writeMemory(image: StateImage, address: number, value: string): void {
  const bytes = Buffer.from(value, 'hex');
  const at = address - WINDOW;
  if (bytes.length * 2 !== value.length) throw new Error(`"${value}" is no bytes`);
  if (!(at >= 0 && at + bytes.length <= WINDOW_SIZE)) throw new Error(`${address.toString(16)} is not in the window`);
  image.window.set(bytes, at);
}

/** Puts a field into an image. */
function setField(image: StateImage, { name, value }: Field): void {
  const memory = /^\[([0-9a-f]+)\]$/.exec(name);
  if (memory) return writeMemory(image, Number.parseInt(memory[1] as string, 16), value);
  const number = BigInt(`0x${value}`);
  const register = registers.indexOf(name);
  if (register >= 0) return image.setRegister(register, number);
  const [, kind, digits] = /^(xmm|st|mm)(\d+)$/.exec(name) ?? [];
  const index = Number(digits);
  if (kind === 'xmm') return image.setXmm(index, number);
  if (kind === 'mm') return image.setSt(index, MMX_EXPONENT | number);
  if (kind === 'st') return image.setSt(index, number);
  const bit = flagBits[name];
  if (bit !== undefined) {
    image.flags = (image.flags & ~(1 << bit)) | (Number(number) << bit);
    return;
  }
  switch (name) {
    case 'mxcsr':
      image.mxcsr = Number(number);
      return;
    case 'fcw':
      image.fpuControl = Number(number);
      return;
    case 'fsw':
      image.fpuStatus = Number(number);
      return;
    case 'ftw':
      image.fpuTag = Number(number);
      return;
    default:
      throw new Error(`there is no field ${name}`);
  }
}

/** The state that inputs change: every register has a value of its own, memory is zero, all x87 registers hold zero. */
function initialImage(): StateImage {
  const image = new StateImage();
  for (let i = 0; i < 16; i++) {
    image.setRegister(i, BigInt(i + 1) * 0x0101_0101_0101_0101n);
    image.setXmm(i, BigInt(i + 1) * 0x0101_0101_0101_0101_0101_0101_0101_0101n);
  }
  image.setRegister(4, BigInt(WINDOW + 512));
  image.flags = FIXED_FLAGS;
  image.fpuControl = 0x37f;
  image.fpuTag = 0xff;
  image.mxcsr = 0x1f80;
  return image;
}

/** What the answer must be: the inputs, changed by the outputs. */
function expectedAnswer(image: StateImage, outputs: readonly Field[]): StateImage {
  const expected = new StateImage(image.bytes.slice());
  const output = (name: string): bigint | undefined => {
    const field = outputs.find((candidate) => candidate.name === name);
    return field && BigInt(`0x${field.value}`);
  };
  const vector = output('fault');
  const next = image.rip + BigInt(image.instruction.length);
  expected.setException(Number(vector ?? BREAKPOINT), Number(output('error') ?? 0n), output('cr2') ?? 0n);
  for (const field of outputs) {
    if (['fault', 'error', 'cr2', 'rip'].includes(field.name) || field.value === '?') continue;
    setField(expected, field);
  }
  if (vector !== undefined) {
    expected.flags |= RESUME_FLAG;
    expected.rip = output('rip') ?? image.rip;
  } else expected.rip = (output('rip') ?? next) + 1n;
  return expected;
}

function parseLine(line: string, codeSize: 16 | 32 | 64): InsCase {
  const [code = '', disassembly = '', fields = ''] = line.split('|').map((part) => part.trim());
  const [address = '', ...bytes] = code.split(/\s+/);
  const [inputs = '', outputs] = fields.split('=>');
  if (outputs === undefined) throw new Error('there is no =>');
  const image = initialImage();
  image.setInstruction(
    codeSize,
    bytes.map((byte) => Number.parseInt(byte, 16)),
  );
  image.rip = BigInt(`0x${address}`);
  for (const field of parseFields(inputs)) setField(image, field);
  if (codeSize !== 64) for (let i = 0; i < 16; i++) image.setRegister(i, BigInt.asUintN(32, image.register(i)));
  const wanted = parseFields(outputs);
  const anything = wanted.filter(({ value }) => value === '?').map(({ name }) => name.toUpperCase() as Flag);
  return { line, disassembly, image, expected: expectedAnswer(image, wanted), undefined: anything };
}

/** All cases of a file's text. Throws an Error that names the line when one is not understood. */
export function parseInsFile(text: string, name: string): InsCase[] {
  let codeSize: 16 | 32 | 64 = 64;
  const cases: InsCase[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.replace(/#.*/, '').trim();
    if (line === '') continue;
    const mode = /^code (16|32|64)$/.exec(line);
    if (mode) codeSize = Number(mode[1]) as 16 | 32 | 64;
    else {
      try {
        cases.push(parseLine(line, codeSize));
      } catch (error) {
        throw new Error(`${name}, line ${index + 1}: ${(error as Error).message}`, { cause: error });
      }
    }
  }
  return cases;
}
