// Software interrupts, invalid opcodes, the interrupt flag, HLT. APM vol. 3 chapters 3 and 4.

import { instruction } from '../instruction.ts';

export const int = instruction({
  mnemonic: 'int',
  forms: ['cd Ib [ends transfers]'],
  manual: 'APM 3 "INT"',
  meaning: (m, vector) => m.core('softwareInterrupt', m.read(vector)),
});

export const int3 = instruction({
  mnemonic: 'int3',
  forms: ['cc [ends transfers]'],
  manual: 'APM 3 "INT 3"',
  meaning: (m) => m.core('softwareException', m.constant(3, 32)),
});

export const int1 = instruction({
  mnemonic: 'int1',
  forms: ['f1 [ends transfers]'],
  manual: 'SDM 2 "INT1"',
  meaning: (m) => m.core('debugInterrupt'),
});

export const into = instruction({
  mnemonic: 'into',
  forms: ['ce [i64 ends transfers]'],
  manual: 'APM 3 "INTO"',
  meaning: (m) => m.core('interruptOnOverflow', m.flag('OF')),
});

export const iret = instruction({
  mnemonic: 'iret',
  forms: ['cf [sized ends transfers]'],
  manual: 'APM 3 "IRET"',
  meaning: (m) => m.core('interruptReturn', m.constant(m.operandSize, 32)),
});

export const ud0 = instruction({
  mnemonic: 'ud0',
  forms: ['0f ff'],
  manual: 'APM 3 "UD0"',
  meaning: (m) => m.raise('#UD'),
});
export const ud1 = instruction({
  mnemonic: 'ud1',
  forms: ['0f b9 /r'],
  manual: 'APM 3 "UD1"',
  meaning: (m) => m.raise('#UD'),
});
export const ud2 = instruction({
  mnemonic: 'ud2',
  forms: ['0f 0b'],
  manual: 'APM 3 "UD2"',
  meaning: (m) => m.raise('#UD'),
});

export const cli = instruction({
  mnemonic: 'cli',
  forms: ['fa'],
  manual: 'APM 3 "CLI"',
  meaning: (m) => m.core('cli'),
});
export const sti = instruction({
  mnemonic: 'sti',
  forms: ['fb [ends]'],
  manual: 'APM 3 "STI"',
  meaning: (m) => m.core('sti'),
});

export const hlt = instruction({
  mnemonic: 'hlt',
  forms: ['f4 [ends exits]'],
  manual: 'APM 3 "HLT"',
  meaning: (m) => m.core('halt'),
});

export const pushf = instruction({
  mnemonic: 'pushf',
  forms: ['9c [d64 sized stack]'],
  manual: 'APM 3 "PUSHF"',
  meaning: (m) => m.push(m.resize(m.core('pushFlags', m.constant(m.operandSize, 32)), m.operandSize)),
});

export const popf = instruction({
  mnemonic: 'popf',
  forms: ['9d [d64 sized stack ends]'],
  manual: 'APM 3 "POPF"',
  meaning: (m) => {
    m.core('popFlags', m.zeroExtend(m.peek(m.operandSize), 64), m.constant(m.operandSize, 32));
    m.dropStack(m.operandSize / 8);
  },
});

export const stac = instruction({
  mnemonic: 'stac',
  forms: ['np 0f 01 =cb [ends]'],
  manual: 'APM 3 "STAC"',
  meaning: (m) => m.core('setAccessCheck', m.constant(1, 32)),
});
export const clac = instruction({
  mnemonic: 'clac',
  forms: ['np 0f 01 =ca [ends]'],
  manual: 'APM 3 "CLAC"',
  meaning: (m) => m.core('setAccessCheck', m.constant(0, 32)),
});
