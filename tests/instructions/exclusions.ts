// What the differential tests leave out, each with its reason.

import type { Form } from '../../src/isa/form.ts';

/** Why a form cannot be run by itself at all, or null. */
export function whyNotTested({ instruction, attributes }: Form): string | null {
  if (attributes.has('transfers')) return 'goes to another code segment or privilege level; guests test these';
  if (instruction.mnemonic === 'cpuid') return 'reads what the board composes';
  return null;
}

const reasons: Record<string, string> = {
  sgdt: 'Linux emulates it (UMIP)',
  sidt: 'Linux emulates it (UMIP)',
  sldt: 'Linux emulates it (UMIP)',
  str: 'Linux emulates it (UMIP)',
  smsw: 'Linux emulates it (UMIP)',
  rdtsc: 'time',
  rdtscp: 'time',
  rdpmc: 'counters',
  rdrand: 'random',
  rdseed: 'random',
  rdpid: 'the number of the processor',
  xgetbv: 'the host has more state components',
  xsave: 'the host has more state components',
  xrstor: 'the host has more state components',
  lar: "Linux's descriptor tables",
  lsl: "Linux's descriptor tables",
  verr: "Linux's descriptor tables",
  verw: "Linux's descriptor tables",
};
const segmentLoads: ReadonlySet<string> = new Set(['lds', 'les', 'lfs', 'lgs', 'lss']);

/** Why the host's processor cannot judge a form, or null. */
export function whyNotNative({ instruction, operands }: Form): string | null {
  const { mnemonic } = instruction;
  const reason = reasons[mnemonic];
  if (reason !== undefined) return reason;
  if (segmentLoads.has(mnemonic) || mnemonic.startsWith('pop ') || operands.some(({ place }) => place === 'S')) {
    return "Linux's descriptor tables";
  }
  return null;
}
