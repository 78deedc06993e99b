// Rounds and message schedule of SHA-256 (FIPS 180-4). SDM vol. 2 "SHA256RNDS2", "SHA256MSG1", "SHA256MSG2".

import type { AbstractMachine, Value } from '../abstract-machine.ts';
import { instruction } from '../instruction.ts';

import { choice, descendingWords, fromDescendingWords, majority, sha } from './sha1.ts';

/** The XOR of three rotations to the right. */
function sigma(m: AbstractMachine, x: Value, first: number, second: number, third: number): Value {
  return m.xor(m.xor(m.rotr(x, first), m.rotr(x, second)), m.rotr(x, third));
}

/** The XOR of two rotations and a shift to the right. */
function smallSigma(m: AbstractMachine, x: Value, first: number, second: number, shift: number): Value {
  return m.xor(m.xor(m.rotr(x, first), m.rotr(x, second)), m.shr(x, shift));
}

const sigma0 = (m: AbstractMachine, x: Value): Value => smallSigma(m, x, 7, 18, 3);
const sigma1 = (m: AbstractMachine, x: Value): Value => smallSigma(m, x, 17, 19, 10);

/** The destination holds C, D, G, H, the source A, B, E, F; XMM0 the next two words with their constants added. */
export const sha256rnds2 = instruction({
  mnemonic: 'sha256rnds2',
  forms: ['np 0f 38 cb /r Vx Wx XMM0'],
  manual: 'SDM 2 "SHA256RNDS2"',
  feature: 'sha',
  meaning: (m, destination, source, words) => {
    let [a, b, e, f] = descendingWords(m, m.read(source));
    let [c, d, g, h] = descendingWords(m, m.read(destination));
    const message = m.read(words);
    for (const index of [0, 1]) {
      const first = m.add(m.add(choice(m, e, f, g), sigma(m, e, 6, 11, 25)), m.add(m.lane(message, 32, index), h));
      const second = m.add(majority(m, a, b, c), sigma(m, a, 2, 13, 22));
      [a, b, c, d, e, f, g, h] = [m.add(first, second), a, b, c, m.add(first, d), e, f, g];
    }
    m.write(destination, fromDescendingWords(m, [a, b, e, f]));
  },
});

export const sha256msg1 = sha('sha256msg1', '0f 38 cc', (m, first, second) => {
  const [w3, w2, w1, w0] = descendingWords(m, first);
  const w4 = m.lane(second, 32, 0);
  const sums = [m.add(w3, sigma0(m, w4)), m.add(w2, sigma0(m, w3)), m.add(w1, sigma0(m, w2))] as const;
  return fromDescendingWords(m, [...sums, m.add(w0, sigma0(m, w1))]);
});

export const sha256msg2 = sha('sha256msg2', '0f 38 cd', (m, first, second) => {
  const [w15, w14] = descendingWords(m, second);
  const w16 = m.add(m.lane(first, 32, 0), sigma1(m, w14));
  const w17 = m.add(m.lane(first, 32, 1), sigma1(m, w15));
  const w18 = m.add(m.lane(first, 32, 2), sigma1(m, w16));
  return fromDescendingWords(m, [m.add(m.lane(first, 32, 3), sigma1(m, w17)), w18, w17, w16]);
});
