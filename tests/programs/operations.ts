// Random instructions of a program that neither jump nor use the stack: any encoding of any form that user mode has.

import { forms } from '../../src/isa/catalog.ts';
import { operandBits, type Form, type OperandPattern } from '../../src/isa/form.ts';
import { Decoder, decodeStatus } from '../../src/translate/decoder.ts';
import { modrmOperand } from '../../src/translate/handler-variant.ts';
import { encode, type AddressRegisters, type Encoding } from '../instructions/encode.ts';
import { whyNotNative, whyNotTested } from '../instructions/exclusions.ts';
import type { Random } from '../instructions/random.ts';
import { caseVariants, type CaseVariant } from '../instructions/variants.ts';
import { dataAddress, type Plan } from './plan.ts';
import type { Step } from './program.ts';

/** What answers to within a tolerance only would spoil all that follows. */
const approximate = /^(rcp|rsqrt)|^(fsin|fcos|fsincos|fptan|fpatan|f2xm1|fyl2x|fyl2xp1)$/;
/** What would make most of what follows fault. */
const harmful = /^(ldmxcsr|fldcw|wrfsbase|wrgsbase)$/;
const excluded = /^(enter|pusha|popa|ud[012]|cli|sti|jmp|call|bound|into)$/;
const readsFlags = /^(adc|sbb|adcx|adox|rcl|rcr|lahf|sahf|cmc|set|cmov|inc|dec|bt|salc|fcmov|daa|das)/;
const onlyReads: ReadonlySet<string> = new Set(['cmp', 'test', 'bt']);
const writesAll: ReadonlySet<string> = new Set(['xchg', 'xadd', 'mulx']);

/** Whether programs can contain the form. */
export function isUsable(form: Form): boolean {
  const { attributes, instruction, operands } = form;
  const { mnemonic } = instruction;
  if (whyNotTested(form) ?? whyNotNative(form)) return false;
  const unwanted = ['ends', 'exits', 'p0', 'implicit', 'stack'] as const;
  if (unwanted.some((attribute) => attributes.has(attribute))) return false;
  if (operands.some(({ place }) => 'XYCDSJA'.includes(place))) return false;
  if (mnemonic !== 'lea' && operands.some(({ place, width }) => place === 'M' && width === '')) return false;
  return !approximate.test(mnemonic) && !excluded.test(mnemonic);
}

const everything = forms
  .filter(isUsable)
  .flatMap(caseVariants)
  .filter(({ small }) => !small);
const isGeneral = ({ form }: CaseVariant): boolean => form.instruction.feature === undefined;
const isOld = ({ form }: CaseVariant): boolean => /x87|mmx/.test(form.instruction.feature ?? '');

/** What compilers make most of their code of. */
const commonplace = new RegExp(
  `^(${[
    'mov|movzx|movsx|movsxd|lea|add|sub|and|or|xor|cmp|test|inc|dec|neg|not|imul|shl|shr|sar|adc|sbb',
    'set(z|nz|c|l|be)|cmov(z|nz|c|s)',
    'mov(aps|ups|dqa|dqu|d|q|sd)|p(xor|and|or|addd|cmpeqb)|(add|sub|mul)sd',
  ].join('|')})$`,
);

interface Pools {
  /** By mnemonic. */
  readonly common: readonly (readonly CaseVariant[])[];
  readonly general: readonly CaseVariant[];
  readonly flags: readonly CaseVariant[];
  readonly vector: readonly CaseVariant[];
  readonly old: readonly CaseVariant[];
}

function poolsOf(codeSize: number): Pools {
  const variants = everything.filter((variant) => variant.codeSize === codeSize);
  const common = variants.filter(({ form }) => commonplace.test(form.instruction.mnemonic));
  const mnemonics = [...new Set(common.map(({ form }) => form.instruction.mnemonic))];
  return {
    common: mnemonics.map((mnemonic) => common.filter(({ form }) => form.instruction.mnemonic === mnemonic)),
    general: variants.filter(isGeneral),
    flags: variants.filter(({ form }) => readsFlags.test(form.instruction.mnemonic)),
    old: variants.filter(isOld),
    vector: variants.filter((variant) => !isGeneral(variant) && !isOld(variant)),
  };
}
const pools = { 32: poolsOf(32), 64: poolsOf(64) };

const decoder = new Decoder();

/** The register that an operand names, or -1. */
function registerOf({ place, width, register }: OperandPattern): number {
  const byte = (number: number): number =>
    width === 'b' && decoder.rex === 0 && number >= 4 && number < 8 ? number - 4 : number;
  if (place === 'G') return byte(decoder.reg);
  if ((place === 'E' || place === 'R') && !decoder.memory) return byte(decoder.rm);
  if (place === 'Z') return byte(decoder.rm);
  if (place === 'B') return decoder.vvvv;
  return place === 'fixed' ? register : -1;
}

/** True when the decoded instruction may spoil what the program relies on. */
function spoils(plan: Plan): boolean {
  const { form } = decoder.entry;
  const { mnemonic } = form.instruction;
  if (onlyReads.has(mnemonic)) return false;
  const written = writesAll.has(mnemonic) ? form.operands : form.operands.slice(0, 1);
  return written.some((operand) => plan.reserved.has(registerOf(operand)));
}

/** A register as the offset of a bit in memory reaches anywhere. */
function reachesFar(plan: Plan): boolean {
  const { form } = decoder.entry;
  return (
    decoder.memory &&
    /^bt[src]?$/.test(form.instruction.mnemonic) &&
    form.modrm === 'reg' &&
    !plan.indexes.has(decoder.reg)
  );
}

function operandBytes(form: Form): number {
  const pattern = modrmOperand(form) ?? form.operands.find(({ place }) => place === 'O');
  const bits = pattern ? operandBits(pattern, decoder.operandSize) : 0;
  return bits === 0 ? 16 : bits / 8;
}

/** Makes the decoded instruction's memory operand come out at an address of the data. */
function aim(random: Random, plan: Plan, bytes: number[], at: number, size: number): Step {
  const operand = operandBytes(decoder.entry.form);
  const target = dataAddress(random, plan, operand);
  if (decoder.ripRelative) return { bytes, patches: [{ at, size: 4, target, from: 'end' }] };
  const isMoffs = decoder.entry.form.operands.some(({ place }) => place === 'O');
  let displacement = target;
  if (!isMoffs) {
    if (decoder.base >= 0) displacement -= plan.bases.get(decoder.base) ?? 0;
    if (decoder.index >= 0) displacement -= (plan.indexes.get(decoder.index) ?? 0) << decoder.scale;
  }
  if (size === 1) {
    const near = random.below(256) - 128;
    displacement = random.oneIn(4) ? near : near - (near % operand);
  }
  for (let i = 0; i < size; i++) bytes[at + i] = Number((BigInt(displacement) >> BigInt(8 * i)) & 0xffn);
  return { bytes };
}

/** An encoding of a variant that the program may have, in the decoder; null when it came out as something else. */
function attempt(random: Random, plan: Plan, variant: CaseVariant, addressing: AddressRegisters): Encoding | null {
  const encoding = encode(random, variant, addressing);
  const { bytes } = encoding;
  if (bytes.length > 15) return null;
  const status = decoder.decode(Uint8Array.from(bytes), 0, bytes.length, plan.codeSize, true);
  if (status !== decodeStatus.ok || decoder.entry.form !== variant.form || decoder.length !== bytes.length) return null;
  if (plan.avoided.has(variant.form.instruction.mnemonic)) return null;
  return spoils(plan) || reachesFar(plan) ? null : encoding;
}

export function randomOperation(random: Random, plan: Plan): Step {
  const { common, general, flags, vector, old } = pools[plan.codeSize];
  const addressing = { bases: [...plan.bases.keys()], indexes: [...plan.indexes.keys()] };
  for (;;) {
    const kind = random.below(20);
    const pool = kind < 6 ? random.pick(common) : kind < 11 ? general : kind < 15 ? flags : kind < 18 ? vector : old;
    const variant = random.pick(pool);
    if (harmful.test(variant.form.instruction.mnemonic) && !random.oneIn(8)) continue;
    const encoding = attempt(random, plan, variant, addressing);
    if (!encoding) continue;
    const { bytes, displacementAt, displacementSize } = encoding;
    return displacementAt < 0 ? { bytes } : aim(random, plan, bytes, displacementAt, displacementSize);
  }
}

/** An instruction whose memory operand, of at most `size` bytes, is what a register points to. */
export function operationOn(random: Random, plan: Plan, base: number, size: number): Step {
  const { general, vector, old } = pools[plan.codeSize];
  for (;;) {
    const variant = random.pick(random.pick([general, general, general, vector, old]));
    const encoding = variant.memory ? attempt(random, plan, variant, { bases: [base], indexes: [] }) : null;
    if (encoding && decoder.base === base && operandBytes(variant.form) <= size) return { bytes: encoding.bytes };
  }
}

/** Length of the instruction at an offset of some code; 1 when there is none. */
export function lengthAt(code: Uint8Array, at: number, codeSize: 32 | 64): number {
  const status = decoder.decode(code, at, code.length, codeSize, true);
  return status === decodeStatus.ok ? decoder.length : 1;
}
