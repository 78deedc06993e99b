// String instructions. APM vol. 3 "MOVS", "STOS", "LODS", "CMPS", "SCAS"; repetition: APM 3 section 1.2.6.

import type { AbstractMachine, Operand, Value } from '../abstract-machine.ts';
import { instruction } from '../instruction.ts';

export const movs = instruction({
  mnemonic: 'movs',
  forms: ['a4 Yb Xb [rep implicit]', 'a5 Yv Xv [rep implicit]'],
  manual: 'APM 3 "MOVS"',
  meaning: (m, destination, source) =>
    m.repeatBulk('move', () => {
      m.write(destination, m.read(source));
      m.advance(source);
      m.advance(destination);
    }),
});

export const stos = instruction({
  mnemonic: 'stos',
  forms: ['aa Yb AL [rep implicit]', 'ab Yv rAX [rep implicit]'],
  manual: 'APM 3 "STOS"',
  meaning: (m, destination, source) =>
    m.repeatBulk('fill', () => {
      m.write(destination, m.read(source));
      m.advance(destination);
    }),
});

export const lods = instruction({
  mnemonic: 'lods',
  forms: ['ac AL Xb [rep implicit]', 'ad rAX Xv [rep implicit]'],
  manual: 'APM 3 "LODS"',
  meaning: (m, destination, source) =>
    m.repeat(() => {
      m.write(destination, m.read(source));
      m.advance(source);
    }),
});

/** Flags of a - b; REPE goes on while they are equal, REPNE while they differ. */
function compareEach(m: AbstractMachine, a: Operand, b: Operand, advance: readonly Operand[]): void {
  m.repeat(
    () => {
      // AMD's processors try the destination string first.
      const right = m.read(b);
      const left = m.read(a);
      const difference = m.sub(left, right);
      for (const operand of advance) m.advance(operand);
      m.setFlagsFromDifference(left, right, difference);
    },
    (): Value => (m.repetition === 'repe' ? m.not(m.flag('ZF')) : m.flag('ZF')),
  );
}

export const cmps = instruction({
  mnemonic: 'cmps',
  forms: ['a6 Xb Yb [repz implicit]', 'a7 Xv Yv [repz implicit]'],
  manual: 'APM 3 "CMPS"',
  meaning: (m, source, destination) => compareEach(m, source, destination, [source, destination]),
});

export const scas = instruction({
  mnemonic: 'scas',
  forms: ['ae AL Yb [repz implicit]', 'af rAX Yv [repz implicit]'],
  manual: 'APM 3 "SCAS"',
  meaning: (m, accumulator, element) => compareEach(m, accumulator, element, [element]),
});
