// Bit tests. APM vol. 3 "BT", "BTC", "BTR", "BTS". A bit offset in a register reaches beyond a memory operand, to either
// side. The manual leaves OF, SF, AF and PF undefined; processors keep them.

import type { AbstractMachine, Operand, Value } from '../abstract-machine.ts';
import { instruction } from '../instruction.ts';

type Change = (m: AbstractMachine, value: Value, mask: Value) => Value;

function bitTest(change: Change | null) {
  return (m: AbstractMachine, operand: Operand, offset: Operand): void => {
    const position = m.read(offset);
    const bits = m.operandSize;
    let target = operand;
    if (operand.isMemory && offset.bits !== 8) {
      const elements = m.sar(m.signExtend(position, 64), Math.log2(bits));
      target = m.displaced(operand, m.shl(elements, Math.log2(bits / 8)));
    }
    const within = m.and(m.resize(position, 8), m.constant(bits - 1, 8));
    const value = change ? m.readForWrite(target) : m.read(target);
    if (change) m.write(target, change(m, value, m.shl(m.constant(1, bits), within)));
    m.setFlag('CF', m.truncate(m.shr(value, within), 1));
  };
}

function bitTestForms(opcode: string, extension: number, attribute: string): string[] {
  return [`0f ${opcode} /r Ev Gv${attribute}`, `0f ba /${extension} Ev Ib${attribute}`];
}

export const bt = instruction({
  mnemonic: 'bt',
  forms: bitTestForms('a3', 4, ''),
  manual: 'APM 3 "BT"',
  undefined: ['OF', 'SF', 'AF', 'PF'],
  meaning: bitTest(null),
});
export const bts = instruction({
  mnemonic: 'bts',
  forms: bitTestForms('ab', 5, ' [lock]'),
  manual: 'APM 3 "BTS"',
  undefined: ['OF', 'SF', 'AF', 'PF'],
  meaning: bitTest((m, value, mask) => m.or(value, mask)),
});
export const btr = instruction({
  mnemonic: 'btr',
  forms: bitTestForms('b3', 6, ' [lock]'),
  manual: 'APM 3 "BTR"',
  undefined: ['OF', 'SF', 'AF', 'PF'],
  meaning: bitTest((m, value, mask) => m.and(value, m.not(mask))),
});
export const btc = instruction({
  mnemonic: 'btc',
  forms: bitTestForms('bb', 7, ' [lock]'),
  manual: 'APM 3 "BTC"',
  undefined: ['OF', 'SF', 'AF', 'PF'],
  meaning: bitTest((m, value, mask) => m.xor(value, mask)),
});
