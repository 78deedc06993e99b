// Additions with two independent carry chains, checksums, and stores that bypass caches. APM vol. 3 "ADCX", "ADOX", "CRC32",
// "MOVNTI".

import type { AbstractMachine, Flag, Operand } from '../abstract-machine.ts';
import { instruction } from '../instruction.ts';

function addWith(flag: Flag) {
  return (m: AbstractMachine, destination: Operand, source: Operand): void => {
    const b = m.read(source);
    const a = m.read(destination);
    const result = m.add(m.add(a, b), m.zeroExtend(m.flag(flag), a.bits));
    m.write(destination, result);
    // The carry out of the top bit: of two ones, or of a one and a carry from below.
    m.setFlag(flag, m.sign(m.or(m.and(a, b), m.and(m.or(a, b), m.not(result)))));
  };
}

export const adcx = instruction({
  mnemonic: 'adcx',
  forms: ['66 0f 38 f6 /r Gy Ey'],
  manual: 'APM 3 "ADCX"',
  feature: 'adx',
  meaning: addWith('CF'),
});
export const adox = instruction({
  mnemonic: 'adox',
  forms: ['f3 0f 38 f6 /r Gy Ey'],
  manual: 'APM 3 "ADOX"',
  feature: 'adx',
  meaning: addWith('OF'),
});

export const crc32 = instruction({
  mnemonic: 'crc32',
  forms: ['f2 0f 38 f0 /r Gy Eb', 'f2 0f 38 f1 /r Gy Ev'],
  manual: 'APM 3 "CRC32"',
  feature: 'sse4.2',
  meaning: (m, destination, source) => {
    const value = m.read(source);
    const remainder = m.truncate(m.read(destination), 32);
    const result = m.core('crc32c', remainder, m.zeroExtend(value, 64), m.constant(value.bits / 8, 32));
    m.write(destination, m.zeroExtend(result, destination.bits as 32 | 64));
  },
});

export const movnti = instruction({
  mnemonic: 'movnti',
  forms: ['np 0f c3 /r My Gy'],
  manual: 'APM 3 "MOVNTI"',
  feature: 'sse2',
  meaning: (m, destination, source) => m.write(destination, m.read(source)),
});
