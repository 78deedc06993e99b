// Rounds and message schedule of SHA-1 (FIPS 180-4). SDM vol. 2 "SHA1RNDS4", "SHA1NEXTE", "SHA1MSG1", "SHA1MSG2".
// Word 0 of the standard is the highest doubleword.

import type { AbstractMachine, Value } from '../abstract-machine.ts';
import { instruction, type Instruction } from '../instruction.ts';
import { packedMeaning, type PackedOperation } from './packed-forms.ts';

/** The four doublewords, highest first. */
export function descendingWords(m: AbstractMachine, vector: Value): [Value, Value, Value, Value] {
  return [m.lane(vector, 32, 3), m.lane(vector, 32, 2), m.lane(vector, 32, 1), m.lane(vector, 32, 0)];
}

/** The vector of four doublewords, highest first. */
export function fromDescendingWords(m: AbstractMachine, words: readonly [Value, Value, Value, Value]): Value {
  return words.reduce((vector, word, index) => m.setLane(vector, 3 - index, word), m.vectorConstant(0n));
}

/** (x AND y) XOR (NOT x AND z) */
export function choice(m: AbstractMachine, x: Value, y: Value, z: Value): Value {
  return m.xor(z, m.and(x, m.xor(y, z)));
}

export function majority(m: AbstractMachine, x: Value, y: Value, z: Value): Value {
  return m.or(m.and(x, y), m.and(z, m.or(x, y)));
}

function parity(m: AbstractMachine, x: Value, y: Value, z: Value): Value {
  return m.xor(m.xor(x, y), z);
}

/** The immediate's low two bits tell which twenty rounds these are of, and so function and constant (FIPS 180-4 sections 4.1.1, 4.2.1). */
export const sha1rnds4 = instruction({
  mnemonic: 'sha1rnds4',
  forms: ['np 0f 3a cc /r Vx Wx Ib'],
  manual: 'SDM 2 "SHA1RNDS4"',
  feature: 'sha',
  meaning: (m, destination, source, immediate) => {
    const message = descendingWords(m, m.read(source));
    let [a, b, c, d] = descendingWords(m, m.read(destination));
    const quarter = m.read(immediate);
    const [low, high] = [m.bit(quarter, 0), m.bit(quarter, 1)];
    const pick = (values: readonly [Value, Value, Value, Value]): Value =>
      m.select(high, m.select(low, values[3], values[2]), m.select(low, values[1], values[0]));
    const number = (value: number): Value => m.constant(value, 32);
    const constant = pick([number(0x5a827999), number(0x6ed9eba1), number(0x8f1bbcdc), number(0xca62c1d6)]);
    let e: Value | null = null;
    for (const word of message) {
      const odd = parity(m, b, c, d);
      const mixed = pick([choice(m, b, c, d), odd, majority(m, b, c, d), odd]);
      const sum = m.add(m.add(m.add(mixed, m.rotl(a, 5)), word), constant);
      const next: Value = e ? m.add(sum, e) : sum;
      [a, b, c, d, e] = [next, a, m.rotl(b, 30), c, d];
    }
    m.write(destination, fromDescendingWords(m, [a, b, c, d]));
  },
});

/** `np opcode /r Vx Wx`. AMD's processors ask no alignment of the memory operands of these, unlike the manual. */
export function sha(mnemonic: string, opcode: string, operation: PackedOperation): Instruction {
  return instruction({
    mnemonic,
    forms: [`np ${opcode} /r Vx Wx`],
    manual: `SDM 2 "${mnemonic.toUpperCase()}"`,
    feature: 'sha',
    meaning: packedMeaning(operation),
  });
}

export const sha1nexte = sha('sha1nexte', '0f 38 c8', (m, state, message) => {
  const e = m.rotl(m.lane(state, 32, 3), 30);
  return m.setLane(message, 3, m.add(m.lane(message, 32, 3), e));
});

export const sha1msg1 = sha('sha1msg1', '0f 38 c9', (m, first, second) =>
  m.vector('v128Xor', first, m.shuffle(first, second, [24, 25, 26, 27, 28, 29, 30, 31, 0, 1, 2, 3, 4, 5, 6, 7])),
);

export const sha1msg2 = sha('sha1msg2', '0f 38 ca', (m, first, second) => {
  const [w0, w1, w2, w3] = descendingWords(m, first);
  const [, w13, w14, w15] = descendingWords(m, second);
  const w16 = m.rotl(m.xor(w0, w13), 1);
  const w17 = m.rotl(m.xor(w1, w14), 1);
  const w18 = m.rotl(m.xor(w2, w15), 1);
  return fromDescendingWords(m, [w16, w17, w18, m.rotl(m.xor(w3, w16), 1)]);
});
