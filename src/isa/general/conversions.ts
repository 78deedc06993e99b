// Changes of width and of byte order. APM vol. 3 "CBW", "CWD", "MOVSX", "MOVZX", "BSWAP", "MOVBE", "XLAT".

import type { AbstractMachine, Operand, Value } from '../abstract-machine.ts';
import { RAX, RBX, RDX } from '../abstract-machine.ts';
import { instruction } from '../instruction.ts';

function extendAccumulator(m: AbstractMachine): void {
  const half = (m.operandSize / 2) as 8 | 16 | 32;
  m.setRegister(RAX, m.signExtend(m.register(RAX, half), m.operandSize));
}

function spreadSign(m: AbstractMachine): void {
  m.setRegister(RDX, m.sar(m.register(RAX, m.operandSize), m.operandSize - 1));
}

export const cbw = instruction({
  mnemonic: 'cbw',
  forms: ['98 [s16]'],
  manual: 'APM 3 "CBW, CWDE, CDQE"',
  meaning: extendAccumulator,
});
export const cwde = instruction({
  mnemonic: 'cwde',
  forms: ['98 [s32]'],
  manual: 'APM 3 "CBW, CWDE, CDQE"',
  meaning: extendAccumulator,
});
export const cdqe = instruction({
  mnemonic: 'cdqe',
  forms: ['98 [s64]'],
  manual: 'APM 3 "CBW, CWDE, CDQE"',
  meaning: extendAccumulator,
});
export const cwd = instruction({
  mnemonic: 'cwd',
  forms: ['99 [s16]'],
  manual: 'APM 3 "CWD, CDQ, CQO"',
  meaning: spreadSign,
});
export const cdq = instruction({
  mnemonic: 'cdq',
  forms: ['99 [s32]'],
  manual: 'APM 3 "CWD, CDQ, CQO"',
  meaning: spreadSign,
});
export const cqo = instruction({
  mnemonic: 'cqo',
  forms: ['99 [s64]'],
  manual: 'APM 3 "CWD, CDQ, CQO"',
  meaning: spreadSign,
});

export const movzx = instruction({
  mnemonic: 'movzx',
  forms: ['0f b6 /r Gv Eb', '0f b7 /r Gv Ew'],
  manual: 'APM 3 "MOVZX"',
  meaning: (m, destination, source) => m.write(destination, m.zeroExtend(m.read(source), m.operandSize)),
});

export const movsx = instruction({
  mnemonic: 'movsx',
  forms: ['0f be /r Gv Eb', '0f bf /r Gv Ew'],
  manual: 'APM 3 "MOVSX"',
  meaning: (m, destination, source) => m.write(destination, m.signExtend(m.read(source), m.operandSize)),
});

export const movsxd = instruction({
  mnemonic: 'movsxd',
  forms: ['63 /r Gv Ed [o64]'],
  manual: 'APM 3 "MOVSXD"',
  meaning: (m, destination, source) => {
    const value = m.read(source);
    m.write(destination, m.operandSize === 64 ? m.signExtend(value, 64) : m.truncate(value, m.operandSize));
  },
});

/** The value with its bytes in the opposite order. */
function reverseBytes(m: AbstractMachine, value: Value): Value {
  if (value.bits === 16) return m.rotl(value, 8);
  if (value.bits === 32) {
    const odd = m.and(m.rotl(value, 8), m.constant(0x00ff00ff, 32));
    return m.or(odd, m.and(m.rotr(value, 8), m.constant(0xff00ff00, 32)));
  }
  const low = reverseBytes(m, m.truncate(value, 32));
  const high = reverseBytes(m, m.truncate(m.shr(value, 32), 32));
  return m.or(m.shl(m.zeroExtend(low, 64), 32), m.zeroExtend(high, 64));
}

export const bswap = instruction({
  mnemonic: 'bswap',
  forms: ['0f c8 +r Zv'],
  manual: 'APM 3 "BSWAP"',
  // The result of a 16-bit BSWAP is undefined; it is zero on AMD's and Intel's processors alike.
  meaning: (m, operand) =>
    m.write(operand, m.operandSize === 16 ? m.constant(0, 16) : reverseBytes(m, m.read(operand))),
});

const moveReversed = (m: AbstractMachine, destination: Operand, source: Operand): void =>
  m.write(destination, reverseBytes(m, m.read(source)));

export const movbe = instruction({
  mnemonic: 'movbe',
  forms: ['0f 38 f0 /r Gv Mv [norep]', '0f 38 f1 /r Mv Gv [norep]'],
  manual: 'APM 3 "MOVBE"',
  feature: 'movbe',
  meaning: moveReversed,
});

export const xlat = instruction({
  mnemonic: 'xlat',
  forms: ['d7 [implicit]'],
  manual: 'APM 3 "XLAT"',
  meaning: (m) => {
    const offset = m.add(m.register(RBX, m.addressSize), m.zeroExtend(m.register(RAX, 8), m.addressSize));
    m.setRegister(RAX, m.loadAt('data', offset, 8));
  },
});
