// Conditional moves and sets. APM vol. 3 "CMOVcc", "SETcc".

import { instruction } from '../instruction.ts';
import { allConditions } from './branches.ts';

export const conditionalMoves = allConditions.map(({ name, code }) =>
  instruction({
    mnemonic: `cmov${name}`,
    forms: [`0f 4${code.toString(16)} /r Gv Ev`],
    manual: 'APM 3 "CMOVcc"',
    // Memory is read whatever the condition, and a 32-bit destination is zero-extended even when it keeps its value.
    meaning: (m, destination, source) =>
      m.write(destination, m.select(m.condition(code), m.read(source), m.read(destination))),
  }),
);

export const conditionalSets = allConditions.map(({ name, code }) =>
  instruction({
    mnemonic: `set${name}`,
    forms: [`0f 9${code.toString(16)} /r Eb`],
    manual: 'APM 3 "SETcc"',
    meaning: (m, destination) => m.write(destination, m.zeroExtend(m.condition(code), 8)),
  }),
);
