// Port input and output. APM vol. 3 "IN", "OUT", "INS", "OUTS". They end their blocks, because devices go by the exact time.

import type { AbstractMachine, Operand, Value } from '../abstract-machine.ts';
import { instruction } from '../instruction.ts';

/** An operand's width in bytes, as the core takes it. */
function bytesOf(m: AbstractMachine, operand: Operand): Value {
  return m.constant(operand.bits / 8, 32);
}

export const input = instruction({
  mnemonic: 'in',
  forms: [
    'e4 AL Ib [ends]',
    'e5 AX Ib [s16 ends]',
    'e5 eAX Ib [s32 ends]',
    'e5 eAX Ib [s64 ends]',
    'ec AL DX [ends]',
    'ed AX DX [s16 ends]',
    'ed eAX DX [s32 ends]',
    'ed eAX DX [s64 ends]',
  ],
  manual: 'APM 3 "IN"',
  meaning: (m, destination, port) => {
    const value = m.core('portIn', m.zeroExtend(m.read(port), 32), bytesOf(m, destination));
    m.write(destination, m.truncate(value, destination.bits as 8 | 16 | 32));
  },
});

export const output = instruction({
  mnemonic: 'out',
  forms: [
    'e6 Ib AL [ends]',
    'e7 Ib AX [s16 ends]',
    'e7 Ib eAX [s32 ends]',
    'e7 Ib eAX [s64 ends]',
    'ee DX AL [ends]',
    'ef DX AX [s16 ends]',
    'ef DX eAX [s32 ends]',
    'ef DX eAX [s64 ends]',
  ],
  manual: 'APM 3 "OUT"',
  meaning: (m, port, source) =>
    m.core('portOut', m.zeroExtend(m.read(port), 32), bytesOf(m, source), m.zeroExtend(m.read(source), 32)),
});

/** The port of a string instruction. It must be allowed before memory is touched, and even when rCX is 0. */
function portOf(m: AbstractMachine, port: Operand, element: Operand): Value {
  const number = m.zeroExtend(m.read(port), 32);
  m.core('checkPort', number, bytesOf(m, element));
  return number;
}

export const ins = instruction({
  mnemonic: 'ins',
  forms: [
    '6c Yb DX [rep implicit ends]',
    '6d Yw DX [rep implicit s16 ends]',
    '6d Yd DX [rep implicit s32 ends]',
    '6d Yd DX [rep implicit s64 ends]',
  ],
  manual: 'APM 3 "INS"',
  meaning: (m, destination, port) => {
    const number = portOf(m, port, destination);
    m.repeat(() => {
      const linear = m.linear(destination, (destination.bits as number) / 8, true);
      m.core('portInString', linear, number, bytesOf(m, destination));
      m.advance(destination);
    });
  },
});

export const outs = instruction({
  mnemonic: 'outs',
  forms: [
    '6e DX Xb [rep implicit ends]',
    '6f DX Xw [rep implicit s16 ends]',
    '6f DX Xd [rep implicit s32 ends]',
    '6f DX Xd [rep implicit s64 ends]',
  ],
  manual: 'APM 3 "OUTS"',
  meaning: (m, port, source) => {
    const number = portOf(m, port, source);
    m.repeat(() => {
      m.core('portOut', number, bytesOf(m, source), m.zeroExtend(m.read(source), 32));
      m.advance(source);
    });
  },
});
