// Instructions that do nothing here: hints, prefetches, fences (one vCPU runs at a time, in program order), cache flushes.
// APM vol. 3 "NOP", "PAUSE", "PREFETCH", "LFENCE", "MFENCE", "SFENCE".

import { instruction } from '../instruction.ts';

const nothing = (): void => undefined;

export const nop = instruction({
  mnemonic: 'nop',
  // 0F 19…1F are hint space: reserved NOPs with a ModRM operand that is not accessed. ENDBR32 and ENDBR64 are two of them.
  forms: ['90', ...['19', '1a', '1b', '1c', '1d', '1e', '1f'].map((opcode) => `0f ${opcode} /r E`)],
  manual: 'APM 3 "NOP"',
  meaning: nothing,
});

export const pause = instruction({ mnemonic: 'pause', forms: ['f3 90'], manual: 'APM 3 "PAUSE"', meaning: nothing });

export const endbr = instruction({
  mnemonic: 'endbr',
  forms: ['f3 0f 1e =fa', 'f3 0f 1e =fb'],
  manual: 'SDM 2 "ENDBR64"',
  meaning: nothing,
});

export const prefetch = instruction({
  mnemonic: 'prefetch',
  // Numbers 4…7 of 0F 18 are reserved and behave as NOP, like the register forms; of 0F 0D the register forms are invalid.
  forms: ['0f 18 /r E', '0f 0d /r M'],
  manual: 'APM 3 "PREFETCH", "PREFETCHlevel"',
  meaning: nothing,
});

export const lfence = instruction({
  mnemonic: 'lfence',
  forms: ['np 0f ae /5 R'],
  manual: 'APM 3 "LFENCE"',
  meaning: nothing,
});
export const mfence = instruction({
  mnemonic: 'mfence',
  forms: ['np 0f ae /6 R'],
  manual: 'APM 3 "MFENCE"',
  meaning: nothing,
});
export const sfence = instruction({
  mnemonic: 'sfence',
  forms: ['np 0f ae /7 R'],
  manual: 'APM 3 "SFENCE"',
  meaning: nothing,
});
