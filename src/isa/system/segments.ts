// Segment registers. APM vol. 3 "MOV", "PUSH", "POP", "LDS LES LFS LGS LSS". Every load ends its block, because what the
// segments are is part of what decoded code depends on.

import type { AbstractMachine, Operand, Value } from '../abstract-machine.ts';
import { instruction } from '../instruction.ts';

/** The selector in the segment register of an operand; #UD for numbers 6 and 7. */
function selectorOf(m: AbstractMachine, operand: Operand): Value {
  const number = m.number(operand);
  m.if(m.ltu(m.constant(5, 32), number), () => m.raise('#UD'));
  return m.truncate(m.core('readSelector', number), 16);
}

export const movFromSegment = instruction({
  mnemonic: 'mov',
  forms: ['8c /r Rv S'],
  manual: 'APM 3 "MOV"',
  meaning: (m, destination, segment) => m.write(destination, m.zeroExtend(selectorOf(m, segment), m.operandSize)),
});

export const storeSegment = instruction({
  mnemonic: 'mov',
  forms: ['8c /r Mw S'],
  manual: 'APM 3 "MOV"',
  meaning: (m, destination, segment) => m.write(destination, selectorOf(m, segment)),
});

export const movToSegment = instruction({
  mnemonic: 'mov',
  forms: ['8e /r S Ew [ends]'],
  manual: 'APM 3 "MOV"',
  meaning: (m, segment, source) => m.core('loadSegment', m.number(segment), m.read(source)),
});

interface FixedSegment {
  readonly name: string;
  readonly number: number;
  readonly push: string;
  /** CS has none: 0F is the escape to two-byte opcodes. */
  readonly pop?: string;
  readonly attributes: string;
}

const fixedSegments: readonly FixedSegment[] = [
  { name: 'es', number: 0, push: '06', pop: '07', attributes: 'i64' },
  { name: 'cs', number: 1, push: '0e', attributes: 'i64' },
  { name: 'ss', number: 2, push: '16', pop: '17', attributes: 'i64' },
  { name: 'ds', number: 3, push: '1e', pop: '1f', attributes: 'i64' },
  { name: 'fs', number: 4, push: '0f a0', pop: '0f a1', attributes: 'd64' },
  { name: 'gs', number: 5, push: '0f a8', pop: '0f a9', attributes: 'd64' },
];

export const pushSegment = fixedSegments.map(({ name, number, push, attributes }) =>
  instruction({
    mnemonic: `push ${name}`,
    forms: [`${push} [${attributes} sized stack]`],
    manual: 'APM 3 "PUSH"',
    meaning: (m) => m.push(m.resize(m.core('readSelector', m.constant(number, 32)), m.operandSize)),
  }),
);

export const popSegment = fixedSegments.flatMap(({ name, number, pop, attributes }) =>
  pop === undefined
    ? []
    : [
        instruction({
          mnemonic: `pop ${name}`,
          forms: [`${pop} [${attributes} sized stack ends]`],
          manual: 'APM 3 "POP"',
          meaning: (m) => {
            m.core('loadSegment', m.constant(number, 32), m.truncate(m.peek(m.operandSize), 16));
            m.dropStack(m.operandSize / 8);
          },
        }),
      ],
);

/**
 * The far pointer in memory: selector and offset, which is zero-extended to 64 bits. REX.W does not widen the offset on
 * AMD's processors (APM 3 section 1.2.7).
 */
export function loadFarPointer(m: AbstractMachine, operand: Operand): { selector: Value; offset: Value } {
  const bits = m.operandSize === 16 ? 16 : 32;
  const linear = m.linear(operand, bits / 8 + 2, false);
  const offset = m.loadLinear(linear, bits);
  return { offset: m.zeroExtend(offset, 64), selector: m.loadLinear(m.add(linear, m.constant(bits / 8, 64)), 16) };
}

const farLoads: readonly { mnemonic: string; number: number; form: string }[] = [
  { mnemonic: 'les', number: 0, form: 'c4 /r Gv M [i64 ends]' },
  { mnemonic: 'lds', number: 3, form: 'c5 /r Gv M [i64 ends]' },
  { mnemonic: 'lss', number: 2, form: '0f b2 /r Gv M [ends]' },
  { mnemonic: 'lfs', number: 4, form: '0f b4 /r Gv M [ends]' },
  { mnemonic: 'lgs', number: 5, form: '0f b5 /r Gv M [ends]' },
];

export const loadFarPointers = farLoads.map(({ mnemonic, number, form }) =>
  instruction({
    mnemonic,
    forms: [form],
    manual: 'APM 3 "LDS, LES, LFS, LGS, LSS"',
    meaning: (m, destination, source) => {
      const { selector, offset } = loadFarPointer(m, source);
      m.core('loadSegment', m.constant(number, 32), selector);
      m.write(destination, m.resize(offset, m.operandSize));
    },
  }),
);
