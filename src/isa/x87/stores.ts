// Storing ST(0), which the core writes itself: only it knows whether an unmasked exception forbids that. SDM volume 2
// "FST", "FIST", "FISTTP", "FBSTP". DF D0+i and DF D8+i are not documented; they do what DD D8+i does. D9 D8+i is not
// documented either.

import type { CoreRoutine } from '../core-routines.ts';
import type { Instruction } from '../instruction.ts';
import { linearOf, ofRegister, x87 } from './x87-instruction.ts';

/** The core routine of the operand's linear address and constants. */
function storing(core: CoreRoutine, bytes: number, ...numbers: number[]): Instruction['meaning'] {
  return (m, destination) => {
    m.core(core, linearOf(m, destination!, bytes, true), ...numbers.map((number) => m.constant(number, 32)));
  };
}

export const toMemory = [
  x87('fst', ['d9 /2 Md'], storing('x87StoreSingle', 4, 0)),
  x87('fstp', ['d9 /3 Md'], storing('x87StoreSingle', 4, 1)),
  x87('fst', ['dd /2 Mq'], storing('x87StoreDouble', 8, 0)),
  x87('fstp', ['dd /3 Mq'], storing('x87StoreDouble', 8, 1)),
  x87('fstp', ['db /7 M'], storing('x87StoreExtended', 10)),
  x87('fbstp', ['df /6 M'], storing('x87StoreDecimal', 10)),
];

function integer(mnemonic: string, forms: readonly string[], pops: 0 | 1, truncate: 0 | 1): Instruction {
  return x87(mnemonic, forms, (m, destination) => {
    const { bits } = destination!;
    const linear = linearOf(m, destination!, bits / 8, true);
    m.core('x87StoreInteger', linear, m.constant(bits, 32), m.constant(pops, 32), m.constant(truncate, 32));
  });
}

export const toIntegers = [
  integer('fist', ['df /2 Mw', 'db /2 Md'], 0, 0),
  integer('fistp', ['df /3 Mw', 'db /3 Md', 'df /7 Mq'], 1, 0),
  // SSE3 brought FISTTP, but it is an instruction of the x87 unit, which is what the feature tells the decoder.
  integer('fisttp', ['df /1 Mw', 'db /1 Md', 'dd /1 Mq'], 1, 1),
];

export const fst = x87('fst', ['dd /2 F'], ofRegister('x87StoreRegister', 0));
export const fstp = x87('fstp', ['dd /3 F', 'df /2 F', 'df /3 F'], ofRegister('x87StoreRegister', 1));
export const fstpnce = x87('fstpnce', ['d9 /3 F'], ofRegister('x87StoreQuietly'));
