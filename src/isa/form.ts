// The notation of forms: one line a form, in the style of the opcode maps (Intel SDM vol. 2 appendix A).
//
//   [vex] [np|66|f3|f2] opcode bytes [/r | /0…/7 | +r | =modrm byte] operands… [attribute,attribute…]
//
// An operand is a letter for where it is and a suffix for how wide, or a fixed register:
//   E general register or memory (ModRM.rm)   G general register (ModRM.reg)   Z register in the opcode (+r)
//   B general register (VEX.vvvv)             M memory only                    R general register in ModRM.rm only
//   V XMM (reg)  W XMM or memory (rm)  U XMM (rm)   P MMX (reg)  Q MMX or memory  N MMX (rm)
//   S segment register  C control register  D debug register  F x87 register ST(i) (rm)
//   I immediate  J relative target  O memory at an absolute offset  A far pointer immediate
//   X string source DS:rSI  Y string destination ES:rDI
//   AL CL AX DX rAX eAX XMM0 ST0 1
// Suffixes: b 8, w 16, d 32, q 64, x 128 bits; v operand size (16/32/64); y operand size but at least 32;
//   z operand size, an immediate of at most 32 bits sign-extended; bs a byte immediate sign-extended to operand size;
//   none: an address or number only.
// Attributes:
//   i64 invalid in 64-bit mode   o64 only in 64-bit mode   d64 operand size defaults to 64 in 64-bit mode (no 32)
//   w0 w1 REX.W/VEX.W fixed   l0 VEX.L = 0   s16 s32 s64 only this operand size   sized: expand over operand sizes although no operand shows it
//   a16 a32 a64 only this address size
//   lock: LOCK allowed with a memory destination   rep: REP variants exist   repz: REPE/REPNE variants exist
//   stack: uses the stack   implicit: uses rSI/rDI/rCX with address size
//   ends: the block ends after it (it may change mode, mappings or interrupts)   transfers: its core routine sets RIP
//   exits: its core routine sets RIP and EXIT_REASON, and control goes to the run loop
//   p0: privilege level 0 only
//   not0: the register in the opcode is not number 0, which is another instruction (90 is NOP, but XCHG r8 with REX.B)
//   prot: #UD outside protected mode   aligned: a 128-bit memory operand must be aligned   bias: POP's address counts from the popped stack pointer
//   norep: #UD with F2 or F3, though 66 only sets the operand size
//   sse: needs the SSE state enabled although no operand shows it
//   nolong: documented to be #UD in long mode even in compatibility mode

import type { Bits } from './abstract-machine.ts';
import type { Instruction } from './instruction.ts';

export type OperandPlace =
  | 'E'
  | 'G'
  | 'Z'
  | 'B'
  | 'M'
  | 'R'
  | 'V'
  | 'W'
  | 'U'
  | 'P'
  | 'Q'
  | 'N'
  | 'S'
  | 'C'
  | 'D'
  | 'F'
  | 'I'
  | 'J'
  | 'O'
  | 'A'
  | 'X'
  | 'Y'
  | 'fixed'
  | 'one'
  | 'st0'
  | 'xmm0';
export type OperandWidth = 'b' | 'w' | 'd' | 'q' | 'x' | 'v' | 'y' | 'z' | 'bs' | '';

export interface OperandPattern {
  readonly place: OperandPlace;
  readonly width: OperandWidth;
  /** The notation itself, e.g. `Ev`. */
  readonly text: string;
  /** Encoding number of a fixed register. */
  readonly register: number;
}

const attributeNames = [
  'i64',
  'o64',
  'd64',
  'w0',
  'w1',
  'l0',
  's16',
  's32',
  's64',
  'sized',
  'a16',
  'a32',
  'a64',
  'lock',
  'rep',
  'repz',
  'stack',
  'implicit',
  'ends',
  'transfers',
  'exits',
  'p0',
  'not0',
  'prot',
  'aligned',
  'bias',
  'nolong',
  'norep',
  'sse',
] as const;
export type Attribute = (typeof attributeNames)[number];

export type MandatoryPrefix = 'any' | 'np' | '66' | 'f3' | 'f2';

export interface Form {
  readonly instruction: Instruction;
  readonly text: string;
  readonly vex: boolean;
  readonly prefix: MandatoryPrefix;
  /** 0: one-byte opcodes, 1: 0F, 2: 0F 38, 3: 0F 3A. */
  readonly map: 0 | 1 | 2 | 3;
  readonly opcode: number;
  /** `none`: no ModRM; `reg`: /r; a number: the opcode extension in ModRM.reg. */
  readonly modrm: 'none' | 'reg' | number;
  /** A whole ModRM byte that must match, or -1. */
  readonly modrmByte: number;
  /** The register is in the opcode's low three bits. */
  readonly opcodeRegister: boolean;
  readonly operands: readonly OperandPattern[];
  readonly attributes: ReadonlySet<Attribute>;
  /** Operand sizes to make handlers for; [0] when the operand size does not matter. */
  readonly sizes: readonly (0 | 16 | 32 | 64)[];
}

const fixedRegisters: Record<string, { width: OperandWidth; register: number }> = {
  AL: { width: 'b', register: 0 },
  CL: { width: 'b', register: 1 },
  AX: { width: 'w', register: 0 },
  DX: { width: 'w', register: 2 },
  rAX: { width: 'v', register: 0 },
  eAX: { width: 'd', register: 0 },
};

function parseOperand(text: string): OperandPattern {
  const fixed = fixedRegisters[text];
  if (fixed) return { place: 'fixed', text, ...fixed };
  if (text === '1') return { place: 'one', width: 'b', text, register: 0 };
  if (text === 'ST0') return { place: 'st0', width: '', text, register: 0 };
  if (text === 'XMM0') return { place: 'xmm0', width: 'x', text, register: 0 };
  const match = /^([EGZBMRVWUPQNSCDFIJOAXY])(bs|b|w|d|q|x|v|y|z|)$/.exec(text);
  if (!match) throw new Error(`no such operand notation: ${text}`);
  return { place: match[1] as OperandPlace, width: match[2] as OperandWidth, text, register: 0 };
}

/** Parses one form; throws an Error naming the form when the text is not in the notation. */
export function parseForm(text: string, owner: Instruction): Form {
  try {
    return parse(text, owner);
  } catch (error) {
    throw new Error(`form "${text}" of ${owner.mnemonic}: ${(error as Error).message}`, { cause: error });
  }
}

function parse(text: string, owner: Instruction): Form {
  const attributes = new Set<Attribute>();
  const bracket = /\[([^\]]*)\]\s*$/.exec(text);
  for (const name of bracket ? bracket[1]!.split(/[\s,]+/).filter(Boolean) : []) {
    if (!(attributeNames as readonly string[]).includes(name)) throw new Error(`no such attribute: ${name}`);
    attributes.add(name as Attribute);
  }
  const tokens = (bracket ? text.slice(0, bracket.index) : text).trim().split(/\s+/);
  const vex = tokens[0] === 'vex';
  if (vex) tokens.shift();
  let prefix: MandatoryPrefix = 'any';
  const isPrefix =
    tokens[0] === 'np' ||
    ((tokens[0] === '66' || tokens[0] === 'f3' || tokens[0] === 'f2') && /^[0-9a-f]{2}$/.test(tokens[1] ?? ''));
  if (isPrefix) prefix = tokens.shift() as MandatoryPrefix;
  const bytes: number[] = [];
  while (tokens[0] !== undefined && /^[0-9a-f]{2}$/.test(tokens[0])) bytes.push(Number.parseInt(tokens.shift()!, 16));
  let map: Form['map'] = 0;
  if (bytes.length > 1) {
    if (bytes.shift() !== 0x0f) throw new Error('a longer opcode starts with 0f');
    map = 1;
    if (bytes.length > 1) {
      const second = bytes.shift();
      if (second !== 0x38 && second !== 0x3a) throw new Error('a three-byte opcode starts with 0f 38 or 0f 3a');
      map = second === 0x38 ? 2 : 3;
    }
  }
  if (bytes.length !== 1) throw new Error('one opcode byte after the map is wanted');
  let modrm: Form['modrm'] = 'none';
  let modrmByte = -1;
  let opcodeRegister = false;
  const next = tokens[0] ?? '';
  if (next === '/r') modrm = 'reg';
  else if (/^\/[0-7]$/.test(next)) modrm = Number(next[1]);
  else if (/^=[0-9a-f]{2}$/.test(next)) {
    modrmByte = Number.parseInt(next.slice(1), 16);
    modrm = (modrmByte >> 3) & 7;
  } else if (next === '+r') opcodeRegister = true;
  if (modrm !== 'none' || opcodeRegister) tokens.shift();
  const operands = tokens.map(parseOperand);
  return {
    instruction: owner,
    text,
    vex,
    prefix,
    map,
    opcode: bytes[0]!,
    modrm,
    modrmByte,
    opcodeRegister,
    operands,
    attributes,
    sizes: sizesOf(operands, attributes),
  };
}

function sizesOf(operands: readonly OperandPattern[], attributes: ReadonlySet<Attribute>): Form['sizes'] {
  for (const size of [16, 32, 64] as const) if (attributes.has(`s${size}`)) return [size];
  const widths = operands.map((operand) => operand.width);
  const byOperandSize =
    attributes.has('sized') || widths.some((width) => width === 'v' || width === 'z' || width === 'bs');
  if (byOperandSize) {
    if (attributes.has('w1')) return [64];
    return attributes.has('i64') ? [16, 32] : [16, 32, 64];
  }
  if (widths.includes('y')) {
    if (attributes.has('w1')) return [64];
    return attributes.has('w0') || attributes.has('i64') ? [32] : [32, 64];
  }
  return [0];
}

/** Width in bits of an operand in a handler made for an operand size; 0 for addresses and numbers. */
export function operandBits(pattern: OperandPattern, operandSize: number): Bits | 0 {
  switch (pattern.width) {
    case 'b':
      return 8;
    case 'w':
      return 16;
    case 'd':
      return 32;
    case 'q':
      return 64;
    case 'x':
      return 128;
    case 'y':
      return operandSize === 64 ? 64 : 32;
    case 'v':
    case 'z':
    case 'bs':
      return operandSize as Bits;
    case '':
      return 0;
  }
}
