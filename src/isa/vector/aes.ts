// Rounds of the Advanced Encryption Standard (FIPS 197). SDM vol. 2 "AESENC", "AESDEC", "AESIMC", "AESKEYGENASSIST".

import type { CoreRoutine } from '../core-routines.ts';
import { instruction, type Instruction } from '../instruction.ts';
import { ssePacked } from './packed-forms.ts';

/** The routine transforms the state; the round key is added last. */
function round(mnemonic: string, opcode: string, routine: CoreRoutine): Instruction {
  return ssePacked(mnemonic, `0f 38 ${opcode}`, 'aes', (m, state, key) =>
    m.vector('v128Xor', m.core(routine, state), key),
  );
}

export const aesRounds = [
  round('aesenc', 'dc', 'aesEncrypt'),
  round('aesenclast', 'dd', 'aesEncryptLast'),
  round('aesdec', 'de', 'aesDecrypt'),
  round('aesdeclast', 'df', 'aesDecryptLast'),
  ssePacked('aesimc', '0f 38 db', 'aes', (m, _, key) => m.core('aesInverseMixColumns', key)),
];

export const aeskeygenassist = instruction({
  mnemonic: 'aeskeygenassist',
  forms: ['66 0f 3a df /r Vx Wx Ib [aligned]'],
  manual: 'SDM 2 "AESKEYGENASSIST"',
  feature: 'aes',
  meaning: (m, destination, source, roundConstant) => {
    // The routine gives the substituted words 1 and 3, as they are and rotated by a byte.
    const words = m.core('aesSubstituteWords', m.read(source));
    const constant = m.zeroExtend(m.read(roundConstant), 32);
    const zero = m.vectorConstant(0n);
    m.write(destination, m.vector('v128Xor', words, m.setLane(m.setLane(zero, 1, constant), 3, constant)));
  },
});
