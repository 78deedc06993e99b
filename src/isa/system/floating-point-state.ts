// Images of x87 and SSE state. APM vol. 5 "FXSAVE", "FXRSTOR"; APM vol. 4 "XSAVE", "XRSTOR".

import type { AbstractMachine, Operand } from '../abstract-machine.ts';
import { instruction } from '../instruction.ts';

const LEGACY_BYTES = 512;
const EXTENDED_BYTES = 576;

/** An image longer than any operand: its first and last bytes are checked against the segment, its pages by the core. */
function image(routine: 'fxsave' | 'fxrstor' | 'xsave' | 'xrstor', bytes: number, write: boolean) {
  return (m: AbstractMachine, operand: Operand): void => {
    m.linear(m.displaced(operand, m.constant(bytes - 1, 64)), 1, write);
    m.core(routine, m.linear(operand, 1, write), m.constant(m.operandSize, 32));
  };
}

export const fxsave = instruction({
  mnemonic: 'fxsave',
  forms: ['np 0f ae /0 M [sized]'],
  manual: 'APM 5 "FXSAVE"',
  meaning: image('fxsave', LEGACY_BYTES, true),
});
export const fxrstor = instruction({
  mnemonic: 'fxrstor',
  forms: ['np 0f ae /1 M [sized]'],
  manual: 'APM 5 "FXRSTOR"',
  meaning: image('fxrstor', LEGACY_BYTES, false),
});
export const xsave = instruction({
  mnemonic: 'xsave',
  forms: ['np 0f ae /4 M [sized]'],
  manual: 'APM 4 "XSAVE"',
  feature: 'xsave',
  meaning: image('xsave', EXTENDED_BYTES, true),
});
export const xrstor = instruction({
  mnemonic: 'xrstor',
  forms: ['np 0f ae /5 M [sized]'],
  manual: 'APM 4 "XRSTOR"',
  feature: 'xsave',
  meaning: image('xrstor', EXTENDED_BYTES, false),
});
