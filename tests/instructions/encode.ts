// Assembles one of the many encodings of a variant, chosen at random. SDM vol. 2 chapter 2; APM vol. 3 chapter 1.

import type { Random } from './random.ts';
import type { CaseVariant } from './variants.ts';

export interface Encoding {
  readonly bytes: number[];
  /** Where the displacement is that a memory operand's address is made right with, and its size in bytes (0, 1, 2, 4 or 8). */
  readonly displacementAt: number;
  readonly displacementSize: number;
}

interface ModrmBytes {
  readonly bytes: number[];
  readonly displacementAt: number;
  readonly displacementSize: number;
  readonly rexX: number;
  readonly rexB: number;
}

function random4(random: Random): number {
  return random.below(16);
}

/** The registers that memory operands may name. */
export interface AddressRegisters {
  readonly bases: readonly number[];
  readonly indexes: readonly number[];
}

/** ModRM, SIB and a displacement of zeros for a memory operand by chosen registers. */
function chosenModrm(random: Random, reg: number, { bases, indexes }: AddressRegisters): ModrmBytes {
  const base = random.oneIn(8) ? -1 : random.pick(bases);
  const index = indexes.length > 0 && random.oneIn(3) ? random.pick(indexes) : -1;
  const rexB = base < 0 ? 0 : base >> 3;
  const rexX = index < 0 ? 0 : index >> 3;
  // Without a displacement RBP and R13 are not to be had as a base.
  const mod = base < 0 ? 0 : (base & 7) === 5 ? 1 + random.below(2) : random.below(3);
  const displacementSize = base < 0 ? 4 : [0, 1, 4][mod]!;
  const needsSib = index >= 0 || base < 0 || (base & 7) === 4 || random.oneIn(8);
  const sib = needsSib ? [(random.below(4) << 6) | ((index < 0 ? 4 : index & 7) << 3) | (base < 0 ? 5 : base & 7)] : [];
  const head = [(mod << 6) | (reg << 3) | (needsSib ? 4 : base & 7), ...sib];
  return { bytes: [...head, ...zeros(displacementSize)], displacementAt: head.length, displacementSize, rexX, rexB };
}

/** ModRM, SIB and a displacement of zeros for a memory operand. */
function memoryModrm(random: Random, reg: number, addressSize: 16 | 32 | 64, is64: boolean): ModrmBytes {
  const made = (mod: number, rm: number, sib: number[], displacementSize: number, rexX = 0, rexB = 0): ModrmBytes => {
    const head = [(mod << 6) | (reg << 3) | rm, ...sib];
    return { bytes: [...head, ...zeros(displacementSize)], displacementAt: head.length, displacementSize, rexX, rexB };
  };
  if (addressSize === 16) {
    const mod = random.below(3);
    const rm = random.below(8);
    return made(mod, rm, [], mod === 2 || (mod === 0 && rm === 6) ? 2 : mod);
  }
  const wide = is64 ? random4(random) : random.below(8);
  const mod = random.below(3);
  const size = mod === 1 ? 1 : mod === 2 ? 4 : 0;
  if (random.oneIn(2)) {
    // No SIB: base alone, or RIP-relative or absolute.
    if (random.oneIn(6)) return made(0, 5, [], 4, 0, wide >> 3);
    const base = (wide & 7) === 4 ? wide + 1 : wide;
    if ((base & 7) === 5 && mod === 0) return made(0, 5, [], 4, 0, base >> 3);
    return made(mod, base & 7, [], size, 0, base >> 3);
  }
  const index = is64 ? random4(random) : random.below(8);
  const scale = random.below(4) << 6;
  const noBase = (wide & 7) === 5 && mod === 0;
  return made(mod, 4, [scale | ((index & 7) << 3) | (wide & 7)], noBase ? 4 : size, index >> 3, wide >> 3);
}

/** The same without registers: by RIP, or at an absolute address. */
function absoluteModrm(random: Random, reg: number, is64: boolean): ModrmBytes {
  const head = is64 && random.oneIn(2) ? [(reg << 3) | 4, 0x25] : [(reg << 3) | 5];
  return { bytes: [...head, ...zeros(4)], displacementAt: head.length, displacementSize: 4, rexX: 0, rexB: 0 };
}

const zeros = (count: number): number[] => Array.from({ length: count }, () => 0);
const randomBytes = (random: Random, count: number): number[] => Array.from({ length: count }, () => random.below(256));

/** Bytes of all immediates. */
function immediateBytes(random: Random, variant: CaseVariant, operandSize: number): number[] {
  const bytes: number[] = [];
  for (const { place, width } of variant.form.operands) {
    if (place === 'A') bytes.push(...randomBytes(random, (operandSize === 16 ? 2 : 4) + 2));
    if (place !== 'I' && place !== 'J') continue;
    if (width === 'b' || width === 'bs') bytes.push(random.below(256));
    else if (width === 'w') bytes.push(...randomBytes(random, 2));
    else if (width === 'd') bytes.push(...randomBytes(random, 4));
    else if (width === 'q') bytes.push(...randomBytes(random, 8));
    else if (width === 'v' && operandSize === 64) bytes.push(...randomBytes(random, 8));
    else bytes.push(...randomBytes(random, operandSize === 16 ? 2 : 4));
  }
  return bytes;
}

const mapBytes = [[], [0x0f], [0x0f, 0x38], [0x0f, 0x3a]];
const mandatory = { any: 0, np: 0, '66': 0x66, f3: 0xf3, f2: 0xf2 } as const;

/** Legacy prefixes, in any order. */
function prefixBytes(random: Random, variant: CaseVariant, addressOverride: boolean, addressing: Addressing): number[] {
  const { form, codeSize, operandSize, memory } = variant;
  const prefixes: number[] = [];
  if (!form.vex) {
    const prefix = mandatory[form.prefix];
    if (prefix) prefixes.push(prefix);
    // Operands of at least 32 bits have them in 16-bit code too.
    const isAtLeast32 = form.sizes[0] === 32 && !form.attributes.has('s32');
    const isOverridden = codeSize === 16 ? operandSize === 32 && !isAtLeast32 : operandSize === 16;
    if (isOverridden) prefixes.push(0x66);
    if (variant.lock) prefixes.push(0xf0);
    if (variant.repetition === 'repe') prefixes.push(0xf3);
    if (variant.repetition === 'repne') prefixes.push(0xf2);
  }
  if (addressOverride) prefixes.push(0x67);
  const usesMemory =
    memory || form.attributes.has('implicit') || form.operands.some(({ place }) => 'OX'.includes(place));
  // FS and GS have no segment in legacy code here.
  if (addressing !== 'absolute' && usesMemory && random.oneIn(6))
    prefixes.push(
      random.pick(codeSize === 64 ? [0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x64, 0x65] : [0x26, 0x2e, 0x36, 0x3e, 0x3e]),
    );
  for (let i = prefixes.length - 1; i > 0; i--) {
    const other = random.below(i + 1);
    [prefixes[i], prefixes[other]] = [prefixes[other] as number, prefixes[i] as number];
  }
  return prefixes;
}

/** What a 67h prefix makes of the address size. */
const otherAddressSize = { 64: 32, 32: 16, 16: 32 } as const;

/** How memory operands are addressed: by any registers, by none, or by these. */
export type Addressing = 'any' | 'absolute' | AddressRegisters;

/** @param addressing `absolute`: memory operands name no register */
export function encode(random: Random, variant: CaseVariant, addressing: Addressing = 'any'): Encoding {
  const { form, codeSize, operandSize, memory } = variant;
  const is64 = codeSize === 64;
  const { attributes } = form;
  const usesAddress = memory || attributes.has('implicit') || form.operands.some(({ place }) => 'OXY'.includes(place));
  // Through flat segments 16-bit addresses reach nothing, so they are tried only now and then.
  const chance = is64 ? 6 : variant.small ? 2 : 24;
  const addressOverride =
    addressing !== 'absolute' && (addressing === 'any' || is64) && usesAddress && random.oneIn(chance);
  const addressSize = addressOverride ? otherAddressSize[codeSize] : codeSize;
  const prefixes = prefixBytes(random, variant, addressOverride, addressing);

  const isFree =
    attributes.has('w0') || attributes.has('w1')
      ? false
      : form.sizes[0] === 0 || (attributes.has('d64') && operandSize === 64);
  const needsW = attributes.has('w1') || (operandSize === 64 && !attributes.has('d64'));
  const rexW = is64 && (needsW || (isFree && random.oneIn(6))) ? 1 : 0;
  let rexR = 0;
  let rexX = 0;
  let rexB = 0;
  let body: number[] = [];
  let displacementAt = -1;
  let displacementSize = 0;
  const extra = (): number => (is64 && random.oneIn(2) ? 1 : 0);
  if (form.modrmByte >= 0) body = [form.modrmByte];
  else if (form.modrm !== 'none') {
    let reg = typeof form.modrm === 'number' ? form.modrm : random.below(8);
    if (form.operands.some(({ place }) => place === 'S')) reg = random.below(6);
    if (form.modrm === 'reg') rexR = extra();
    if (memory) {
      const made =
        addressing === 'any'
          ? memoryModrm(random, reg, addressSize, is64)
          : addressing === 'absolute' || random.oneIn(6)
            ? absoluteModrm(random, reg, is64)
            : chosenModrm(random, reg, addressing);
      ({ displacementAt, displacementSize, rexX, rexB } = made);
      body = made.bytes;
    } else {
      const rm = form.modrm === 'reg' && random.oneIn(6) ? reg : random.below(8);
      rexB = extra();
      body = [0xc0 | (reg << 3) | rm];
    }
  } else if (form.opcodeRegister) rexB = extra();
  const opcode = form.opcodeRegister ? form.opcode | random.below(8) : form.opcode;

  const head: number[] = [...prefixes];
  if (form.vex) {
    const vvvv = form.operands.some(({ place }) => place === 'B') ? random.below(is64 ? 16 : 8) : 0;
    const pp = { any: 0, np: 0, '66': 1, f3: 2, f2: 3 }[form.prefix];
    const w = needsW ? 1 : 0;
    if (form.map === 1 && !rexX && !rexB && !w && random.oneIn(2)) {
      head.push(0xc5, (rexR ? 0 : 0x80) | ((~vvvv & 15) << 3) | pp, opcode);
    } else {
      head.push(
        0xc4,
        (rexR ? 0 : 0x80) | (rexX ? 0 : 0x40) | (rexB ? 0 : 0x20) | form.map,
        (w << 7) | ((~vvvv & 15) << 3) | pp,
        opcode,
      );
    }
  } else {
    const rex = (rexW << 3) | (rexR << 2) | (rexX << 1) | rexB;
    if (rex || (is64 && random.oneIn(5))) head.push(0x40 | rex);
    head.push(...(mapBytes[form.map] as number[]), opcode);
  }
  let immediates = immediateBytes(random, variant, operandSize);
  if (form.operands.some(({ place }) => place === 'O')) {
    displacementSize = addressSize / 8;
    displacementAt = 0;
    body = zeros(displacementSize);
    immediates = [];
  }
  return {
    bytes: [...head, ...body, ...immediates],
    displacementAt: displacementAt < 0 ? -1 : head.length + displacementAt,
    displacementSize,
  };
}
