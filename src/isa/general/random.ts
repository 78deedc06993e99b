// Random numbers. APM vol. 3 "RDRAND", "RDSEED". There are always some: CF is set and the other flags are clear.

import type { AbstractMachine, Operand } from '../abstract-machine.ts';
import { instruction } from '../instruction.ts';

function random(m: AbstractMachine, destination: Operand): void {
  m.write(destination, m.truncate(m.core('randomBits'), m.operandSize));
  const clear = m.constant(0, 1);
  m.setFlags({ CF: m.constant(1, 1), PF: clear, AF: clear, ZF: clear, SF: clear, OF: clear });
}

export const rdrand = instruction({
  mnemonic: 'rdrand',
  forms: ['0f c7 /6 Rv [norep]'],
  manual: 'APM 3 "RDRAND"',
  feature: 'rdrand',
  meaning: random,
});
export const rdseed = instruction({
  mnemonic: 'rdseed',
  forms: ['0f c7 /7 Rv [norep]'],
  manual: 'APM 3 "RDSEED"',
  feature: 'rdseed',
  meaning: random,
});
