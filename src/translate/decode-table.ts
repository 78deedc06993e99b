// Finds the forms that an opcode can be. Derived from the catalog once, when the module is loaded.

import { forms } from '../isa/catalog.ts';
import type { Form } from '../isa/form.ts';

/** Candidates of one opcode whose ModRM.reg has one value. */
export type Candidates = readonly DecodeEntry[];

/** A form with what the decoder asks of it most, looked up beforehand. */
export interface DecodeEntry {
  readonly form: Form;
  readonly vex: boolean;
  readonly prefix: Form['prefix'];
  readonly modrmByte: number;
  readonly acceptsRegister: boolean;
  readonly acceptsMemory: boolean;
  readonly only64: boolean;
  readonly not64: boolean;
  readonly default64: boolean;
  readonly sizeFixed: 0 | 16 | 32 | 64;
  /** Required REX.W or VEX.W, or -1. */
  readonly w: -1 | 0 | 1;
  /** The register in the opcode may not be number 0. */
  readonly not0: boolean;
  /** F2 and F3 are not among its prefixes. */
  readonly noRepeat: boolean;
  readonly lockable: boolean;
  readonly protectedOnly: boolean;
  readonly ends: boolean;
  readonly repeatable: boolean;
  readonly sized: boolean;
  /** Operands narrower than 32 bits are taken as 32 (suffix y). */
  readonly atLeast32: boolean;
  readonly needs: 'nothing' | 'x87' | 'mmx' | 'sse';
  readonly stack: boolean;
  readonly usesString: boolean;
  readonly addressSizeMatters: boolean;
  readonly touchesMemory: boolean;
}

import { acceptsMemory, acceptsRegister, usesImplicitMemory } from './handler-variant.ts';

function unitOf(form: Form): DecodeEntry['needs'] {
  const has = (places: string): boolean => form.operands.some(({ place }) => places.includes(place));
  if (has('VWU') || form.attributes.has('sse')) return 'sse';
  if (has('PQN') || form.instruction.feature === 'mmx') return 'mmx';
  return form.instruction.feature === 'x87' ? 'x87' : 'nothing';
}

function entryOf(form: Form): DecodeEntry {
  const { attributes } = form;
  const usesString = form.operands.some(({ place }) => place === 'X' || place === 'Y');
  const sizeFixed = attributes.has('s16') ? 16 : attributes.has('s32') ? 32 : attributes.has('s64') ? 64 : 0;
  return {
    form,
    vex: form.vex,
    prefix: form.prefix,
    modrmByte: form.modrmByte,
    acceptsRegister: acceptsRegister(form),
    acceptsMemory: acceptsMemory(form),
    only64: attributes.has('o64'),
    not64: attributes.has('i64'),
    default64: attributes.has('d64'),
    sizeFixed,
    w: attributes.has('w1') ? 1 : attributes.has('w0') ? 0 : -1,
    not0: attributes.has('not0'),
    noRepeat: attributes.has('norep'),
    lockable: attributes.has('lock'),
    protectedOnly: attributes.has('prot'),
    ends: attributes.has('ends') || attributes.has('transfers'),
    repeatable: attributes.has('rep') || attributes.has('repz'),
    sized: form.sizes[0] !== 0,
    atLeast32: form.sizes[0] === 32 && sizeFixed === 0,
    needs: unitOf(form),
    stack: attributes.has('stack'),
    usesString,
    addressSizeMatters: attributes.has('implicit') || usesString,
    touchesMemory: usesImplicitMemory(form),
  };
}

const OPCODES = 4 * 256;
const none: Candidates = [];
const table: Candidates[] = Array.from({ length: OPCODES * 8 }, () => none);
const withModrm = new Uint8Array(OPCODES);

function addTo(slot: number, entry: DecodeEntry): void {
  table[slot] = [...table[slot]!, entry];
}

for (const form of forms) {
  const entry = entryOf(form);
  const opcodes = form.opcodeRegister
    ? [0, 1, 2, 3, 4, 5, 6, 7].map((register) => form.opcode + register)
    : [form.opcode];
  for (const opcode of opcodes) {
    const index = form.map * 256 + opcode;
    if (form.modrm !== 'none') withModrm[index] = 1;
    if (typeof form.modrm === 'number') addTo(index * 8 + form.modrm, entry);
    else for (let reg = 0; reg < 8; reg++) addTo(index * 8 + reg, entry);
  }
}

/** True when the opcode of a map (0: one byte, 1: 0F, 2: 0F 38, 3: 0F 3A) is followed by a ModRM byte. */
export function hasModrm(map: number, opcode: number): boolean {
  return withModrm[map * 256 + opcode] === 1;
}

/** The forms that an opcode with a ModRM.reg value (0 without ModRM) can be. */
export function candidates(map: number, opcode: number, reg: number): Candidates {
  return table[(map * 256 + opcode) * 8 + reg]!;
}
