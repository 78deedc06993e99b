import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { randomVectors, VectorMachine } from './vector-machine.ts';

const machine = new VectorMachine();
const MASK = 0xffffffffn;

/** Four doublewords, highest first, as a vector and back. */
const vector = (words: readonly bigint[]): bigint => words.reduce((sum, word) => (sum << 32n) | (word & MASK), 0n);
const descending = (value: bigint): bigint[] => [96n, 64n, 32n, 0n].map((place) => (value >> place) & MASK);
/** Lane-wise additions modulo 2^32. */
const add = (a: bigint, b: bigint): bigint => {
  const other = descending(b);
  return vector(descending(a).map((word, index) => word + other[index]!));
};

/** A message of at most 55 bytes as the one padded block that it is: sixteen words (FIPS 180-4 section 5.1.1). */
function paddedWords(message: Buffer): bigint[] {
  const block = Buffer.alloc(64);
  message.copy(block);
  block[message.length] = 0x80;
  block.writeUInt32BE(message.length * 8, 60);
  return Array.from({ length: 16 }, (_, index) => BigInt(block.readUInt32BE(index * 4)));
}

function hexadecimal(words: readonly bigint[]): string {
  return words.map((word) => (word & MASK).toString(16).padStart(8, '0')).join('');
}

/** SHA-1 of one block; word 0 is the highest doubleword. */
function sha1(message: Buffer): string {
  const words = paddedWords(message);
  const schedule = [0, 4, 8, 12].map((first) => vector(words.slice(first, first + 4)));
  for (let index = 4; index < 20; index++) {
    const [a, b, c, d] = schedule.slice(index - 4) as [bigint, bigint, bigint, bigint];
    const first = machine.combine('0f 38 c9 ca', a, b);
    schedule.push(machine.combine('0f 38 ca ca', first ^ c, d));
  }
  const start = [0x67452301n, 0xefcdab89n, 0x98badcfen, 0x10325476n];
  let state = vector(start);
  let addend = add(schedule[0]!, 0xc3d2e1f0n << 96n);
  for (let index = 0; index < 20; index++) {
    const before = state;
    state = machine.combine(`0f 3a cc ca 0${Math.floor(index / 5)}`, state, addend);
    addend = machine.combine('0f 38 c8 ca', before, schedule[index + 1] ?? 0n);
  }
  const e = (addend >> 96n) + 0xc3d2e1f0n;
  return hexadecimal([...descending(add(state, vector(start))), e]);
}

const primes: number[] = [];
for (let number = 2; primes.length < 64; number++)
  if (primes.every((prime) => number % prime !== 0)) primes.push(number);

/** The first 32 bits of the fraction of the `degree`-th root of a prime (FIPS 180-4 section 4.2.2). */
function rootFraction(prime: number, degree: 2n | 3n): bigint {
  const scaled = BigInt(prime) << (32n * degree);
  let [low, high] = [0n, 1n << 40n];
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** degree <= scaled) low = middle;
    else high = middle;
  }
  return low & MASK;
}

function sha256(message: Buffer): string {
  const words = paddedWords(message);
  const ascending = (first: number): bigint => vector(words.slice(first, first + 4).toReversed());
  const schedule = [0, 4, 8, 12].map(ascending);
  for (let index = 4; index < 16; index++) {
    const [a, b, c, d] = schedule.slice(index - 4) as [bigint, bigint, bigint, bigint];
    const seven = (c >> 32n) | ((d & MASK) << 96n);
    schedule.push(machine.combine('0f 38 cd ca', add(machine.combine('0f 38 cc ca', a, b), seven), d));
  }
  const [a, b, c, d, e, f, g, h] = primes.slice(0, 8).map((prime) => rootFraction(prime, 2n)) as [
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  let abef = vector([a, b, e, f]);
  let cdgh = vector([c, d, g, h]);
  for (let index = 0; index < 16; index++) {
    const constants = primes.slice(index * 4, index * 4 + 4).map((prime) => rootFraction(prime, 3n));
    const sum = add(schedule[index]!, vector(constants.toReversed()));
    machine.setXmm(0, sum);
    cdgh = machine.combine('0f 38 cb ca', cdgh, abef);
    machine.setXmm(0, sum >> 64n);
    abef = machine.combine('0f 38 cb ca', abef, cdgh);
  }
  const [a2, b2, e2, f2] = descending(abef) as [bigint, bigint, bigint, bigint];
  const [c2, d2, g2, h2] = descending(cdgh) as [bigint, bigint, bigint, bigint];
  return hexadecimal([a + a2, b + b2, c + c2, d + d2, e + e2, f + f2, g + g2, h + h2]);
}

for (const [name, digest] of [
  ['sha1', sha1],
  ['sha256', sha256],
] as const) {
  test(`${name} of one block by its instructions is that of OpenSSL`, () => {
    const random = randomVectors(3n);
    for (const length of [0, 3, 16, 31, 55]) {
      const text = `${random().toString(36)}${random().toString(36)}${random().toString(36)}`;
      const message = Buffer.from(text.slice(0, length));
      assert.equal(digest(message), createHash(name).update(message).digest('hex'));
    }
  });
}
