// CPUID, time-stamp counter, model-specific registers, segment bases, TLB and cache control. APM vol. 3 chapters 3 and 4.

import { instruction } from '../instruction.ts';

export const cpuid = instruction({
  mnemonic: 'cpuid',
  forms: ['0f a2'],
  manual: 'APM 3 "CPUID"',
  meaning: (m) => m.core('cpuid'),
});

// The clock is read at the end of a block, where the count of retired instructions is exact.
export const rdtsc = instruction({
  mnemonic: 'rdtsc',
  forms: ['0f 31 [ends]'],
  manual: 'APM 3 "RDTSC"',
  meaning: (m) => m.core('rdtsc'),
});
export const rdtscp = instruction({
  mnemonic: 'rdtscp',
  forms: ['0f 01 =f9 [ends]'],
  manual: 'APM 3 "RDTSCP"',
  feature: 'rdtscp',
  meaning: (m) => m.core('rdtscp'),
});
export const rdpid = instruction({
  mnemonic: 'rdpid',
  forms: ['f3 0f c7 /7 Rq [o64]', 'f3 0f c7 /7 Rd [i64]'],
  manual: 'APM 3 "RDPID"',
  feature: 'rdpid',
  meaning: (m, destination) => m.write(destination, m.resize(m.core('rdpid'), destination.bits as 32 | 64)),
});
export const rdpmc = instruction({
  mnemonic: 'rdpmc',
  forms: ['0f 33 [ends]'],
  manual: 'APM 3 "RDPMC"',
  meaning: (m) => m.core('rdpmc'),
});

export const rdmsr = instruction({
  mnemonic: 'rdmsr',
  forms: ['0f 32 [p0 ends]'],
  manual: 'APM 3 "RDMSR"',
  meaning: (m) => m.core('readMsr'),
});
export const wrmsr = instruction({
  mnemonic: 'wrmsr',
  forms: ['0f 30 [p0 ends]'],
  manual: 'APM 3 "WRMSR"',
  meaning: (m) => m.core('writeMsr'),
});

export const swapgs = instruction({
  mnemonic: 'swapgs',
  forms: ['0f 01 =f8 [o64 p0]'],
  manual: 'APM 3 "SWAPGS"',
  meaning: (m) => m.core('swapgs'),
});

export const readSegmentBases = (['fs', 'gs'] as const).map((name, index) =>
  instruction({
    mnemonic: `rd${name}base`,
    forms: [`f3 0f ae /${index} Ry [o64]`],
    manual: 'APM 3 "RDFSBASE", "RDGSBASE"',
    feature: 'fsgsbase',
    meaning: (m, destination) =>
      m.write(destination, m.resize(m.core('readSegmentBase', m.constant(4 + index, 32)), destination.bits as 32 | 64)),
  }),
);

export const writeSegmentBases = (['fs', 'gs'] as const).map((name, index) =>
  instruction({
    mnemonic: `wr${name}base`,
    forms: [`f3 0f ae /${index + 2} Ry [o64]`],
    manual: 'APM 3 "WRFSBASE", "WRGSBASE"',
    feature: 'fsgsbase',
    meaning: (m, source) => m.core('writeSegmentBase', m.constant(4 + index, 32), m.zeroExtend(m.read(source), 64)),
  }),
);

export const invlpg = instruction({
  mnemonic: 'invlpg',
  forms: ['0f 01 /7 M [p0 ends]'],
  manual: 'APM 3 "INVLPG"',
  meaning: (m, operand) => m.core('invlpg', m.linear(operand, 1, false)),
});

export const invpcid = instruction({
  mnemonic: 'invpcid',
  forms: ['66 0f 38 82 /r Gq M [o64 p0 ends]', '66 0f 38 82 /r Gd M [i64 p0 ends]'],
  manual: 'APM 3 "INVPCID"',
  feature: 'invpcid',
  meaning: (m, type, descriptor) => m.core('invpcid', m.zeroExtend(m.read(type), 64), m.linear(descriptor, 16, false)),
});

const nothing = (): void => undefined;

/** Caches are not modelled: memory is always coherent. */
export const wbinvd = instruction({
  mnemonic: 'wbinvd',
  forms: ['0f 09 [p0]'],
  manual: 'APM 3 "WBINVD"',
  meaning: nothing,
});
export const invd = instruction({ mnemonic: 'invd', forms: ['0f 08 [p0]'], manual: 'APM 3 "INVD"', meaning: nothing });

export const clflush = instruction({
  mnemonic: 'clflush',
  forms: ['np 0f ae /7 M'],
  manual: 'APM 3 "CLFLUSH"',
  feature: 'clflush',
  // Nothing is written back, but the access is checked like a load of a byte.
  meaning: (m, operand) => {
    m.loadLinear(m.linear(operand, 1, false), 8);
  },
});
