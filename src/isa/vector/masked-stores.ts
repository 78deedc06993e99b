// Stores of the bytes whose mask byte has its top bit set, to DS:rDI. SDM vol. 2 "MASKMOVDQU", "MASKMOVQ". A core routine
// stores byte by byte, so the block ends here in case the bytes are code.

import { RDI, type AbstractMachine, type Operand } from '../abstract-machine.ts';
import { instruction } from '../instruction.ts';
import { inMmx, readVector } from './packed-forms.ts';

function store(m: AbstractMachine, data: Operand, mask: Operand): void {
  const offset = m.zeroExtend(m.register(RDI, m.addressSize), 64);
  m.core('storeMasked', offset, readVector(m, data), readVector(m, mask), m.constant(data.bits / 8, 32));
}

export const maskedStores = [
  instruction({
    mnemonic: 'maskmovdqu',
    forms: ['66 0f f7 /r Vx Ux [implicit ends]'],
    manual: 'SDM 2 "MASKMOVDQU"',
    feature: 'sse2',
    meaning: store,
  }),
  instruction({
    mnemonic: 'maskmovq',
    forms: ['np 0f f7 /r Pq Nq [implicit ends]'],
    manual: 'SDM 2 "MASKMOVQ"',
    feature: 'sse',
    // Unlike other MMX instructions it enters the MMX state even when its store faults.
    meaning: (m, data, mask) => {
      inMmx(() => {})(m);
      store(m, data, mask);
    },
  }),
];
