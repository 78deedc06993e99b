// The control registers of the SSE and MMX units. SDM vol. 2 "LDMXCSR", "STMXCSR", "EMMS".

import { instruction } from '../instruction.ts';

export const ldmxcsr = instruction({
  mnemonic: 'ldmxcsr',
  forms: ['np 0f ae /2 Md [sse]'],
  manual: 'SDM 2 "LDMXCSR"',
  feature: 'sse',
  meaning: (m, source) => {
    m.core('writeMxcsr', m.read(source));
  },
});

export const stmxcsr = instruction({
  mnemonic: 'stmxcsr',
  forms: ['np 0f ae /3 Md [sse]'],
  manual: 'SDM 2 "STMXCSR"',
  feature: 'sse',
  meaning: (m, destination) => m.write(destination, m.core('readMxcsr')),
});

export const emms = instruction({
  mnemonic: 'emms',
  forms: ['np 0f 77'],
  manual: 'SDM 2 "EMMS"',
  feature: 'mmx',
  meaning: (m) => {
    m.core('requireMmx');
    m.core('emms');
  },
});
