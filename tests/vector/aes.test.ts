import assert from 'node:assert/strict';
import { createCipheriv } from 'node:crypto';
import { test } from 'node:test';
import { randomVectors, VectorMachine } from './vector-machine.ts';

const machine = new VectorMachine();

// FIPS 197 appendix B writes the first byte first; a register holds it lowest.
const bytesOf = (value: bigint): Uint8Array =>
  Uint8Array.from({ length: 16 }, (_, index) => Number((value >> BigInt(8 * index)) & 0xffn));
const valueOf = (bytes: Uint8Array): bigint => bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);

const ENCRYPT = '66 0f 38 dc ca';
const ENCRYPT_LAST = '66 0f 38 dd ca';
const DECRYPT = '66 0f 38 de ca';
const DECRYPT_LAST = '66 0f 38 df ca';
const INVERSE_MIX_COLUMNS = '66 0f 38 db ca';
const assistKey = (roundConstant: number): string => `66 0f 3a df ca ${roundConstant.toString(16).padStart(2, '0')}`;

/** The eleven round keys of AES-128 (FIPS 197 section 5.2). */
function roundKeys(key: bigint): bigint[] {
  const keys = [key];
  for (const constant of [1, 2, 4, 8, 0x10, 0x20, 0x40, 0x80, 0x1b, 0x36]) {
    const previous = keys.at(-1)!;
    const word = machine.combine(assistKey(constant), 0n, previous) >> 96n;
    let sum = previous ^ (previous << 32n) ^ (previous << 64n) ^ (previous << 96n);
    sum ^= word | (word << 32n) | (word << 64n) | (word << 96n);
    keys.push(BigInt.asUintN(128, sum));
  }
  return keys;
}

test('AES-128 by its instructions is that of OpenSSL, both ways', () => {
  const random = randomVectors(1n);
  for (let round = 0; round < 20; round++) {
    const key = random();
    const text = random();
    const keys = roundKeys(key);
    let state = text ^ keys[0]!;
    for (const roundKey of keys.slice(1, 10)) state = machine.combine(ENCRYPT, state, roundKey);
    state = machine.combine(ENCRYPT_LAST, state, keys[10]!);
    const cipher = createCipheriv('aes-128-ecb', bytesOf(key), null).setAutoPadding(false);
    assert.equal(state, valueOf(cipher.update(bytesOf(text))));

    state ^= keys[10]!;
    for (const roundKey of keys.slice(1, 10).toReversed()) {
      state = machine.combine(DECRYPT, state, machine.combine(INVERSE_MIX_COLUMNS, 0n, roundKey));
    }
    state = machine.combine(DECRYPT_LAST, state, keys[0]!);
    assert.equal(state, text);
  }
});

test('AESKEYGENASSIST gives words 1 and 3, substituted, also turned with the constant added', () => {
  const words = machine.combine(assistKey(1), 0n, 0x3c4fcf098815f7aba6d2ae2816157e2bn);
  assert.equal(words, 0x01eb848beb848a013424b5e524b5e434n);
});
