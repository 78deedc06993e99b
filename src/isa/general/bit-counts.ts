// Bit scans and counts. APM vol. 3 "BSF", "BSR", "LZCNT", "TZCNT", "POPCNT".

import type { AbstractMachine, Operand, Value } from '../abstract-machine.ts';
import { instruction } from '../instruction.ts';

/**
 * Scans write nothing for a source of zero (APM; Intel's manual leaves the destination undefined). Only ZF is documented;
 * AMD's processors of family 19h clear the other flags, but PF, which is the parity of the index.
 */
function scan(index: (m: AbstractMachine, source: Value) => Value) {
  return (m: AbstractMachine, destination: Operand, operand: Operand): void => {
    const source = m.read(operand);
    const zero = m.isZero(source);
    const result = index(m, source);
    m.if(m.not(zero), () => m.write(destination, result));
    const clear = m.constant(0, 1);
    // A bit above the byte that PF looks at keeps an index of 0 from being taken for a source of zero.
    const witness = m.select(zero, m.constant(0, source.bits), m.or(result, m.constant(0x100, source.bits)));
    m.setFlagsFromResult(witness, { CF: clear, OF: clear, AF: clear });
  };
}

export const bsf = instruction({
  mnemonic: 'bsf',
  forms: ['0f bc /r Gv Ev'],
  manual: 'APM 3 "BSF"',
  undefined: ['CF', 'OF', 'SF', 'AF', 'PF'],
  meaning: scan((m, source) => m.ctz(source)),
});
export const bsr = instruction({
  mnemonic: 'bsr',
  forms: ['0f bd /r Gv Ev'],
  manual: 'APM 3 "BSR"',
  undefined: ['CF', 'OF', 'SF', 'AF', 'PF'],
  meaning: scan((m, source) => m.sub(m.constant(source.bits - 1, source.bits), m.clz(source))),
});

/** CF: the source is zero. ZF: the result is. The rest is undefined by the manual; AMD's processors keep OF and clear SF, AF and PF. */
function count(zeros: (m: AbstractMachine, source: Value) => Value) {
  return (m: AbstractMachine, destination: Operand, operand: Operand): void => {
    const source = m.read(operand);
    const result = zeros(m, source);
    m.write(destination, result);
    const clear = m.constant(0, 1);
    m.setFlags({ CF: m.isZero(source), PF: clear, AF: clear, ZF: m.isZero(result), SF: clear, OF: m.flag('OF') });
  };
}

export const tzcnt = instruction({
  mnemonic: 'tzcnt',
  forms: ['f3 0f bc /r Gv Ev'],
  manual: 'APM 3 "TZCNT"',
  feature: 'bmi1',
  undefined: ['OF', 'SF', 'AF', 'PF'],
  meaning: count((m, source) => m.ctz(source)),
});
export const lzcnt = instruction({
  mnemonic: 'lzcnt',
  forms: ['f3 0f bd /r Gv Ev'],
  manual: 'APM 3 "LZCNT"',
  feature: 'lzcnt',
  undefined: ['OF', 'SF', 'AF', 'PF'],
  meaning: count((m, source) => m.clz(source)),
});

export const popcnt = instruction({
  mnemonic: 'popcnt',
  forms: ['f3 0f b8 /r Gv Ev'],
  manual: 'APM 3 "POPCNT"',
  feature: 'popcnt',
  meaning: (m, destination, operand) => {
    const result = m.popcnt(m.read(operand));
    m.write(destination, result);
    const clear = m.constant(0, 1);
    m.setFlags({ CF: clear, PF: clear, AF: clear, ZF: m.isZero(result), SF: clear, OF: clear });
  },
});
