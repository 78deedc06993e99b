import assert from 'node:assert/strict';
import { test } from 'node:test';
import { guestPhysical } from '../../src/base/address.ts';
import { GPR, TLB_ENTRIES } from '../../src/core/layout.ts';
import { GuestMachine, PRESENT, WRITABLE } from './guest-machine.ts';

const BASE = 0x10000;
const at = guestPhysical;

/** Two pages of known bytes without paging, both in the TLB for reading and writing. */
function ready(): GuestMachine {
  const machine = new GuestMachine();
  machine.cell.guestMemory.writeBytes(
    at(BASE),
    Uint8Array.from({ length: 8192 }, (_, i) => i * 7 + (i >> 8)),
  );
  machine.enter({ kind: 'real' });
  machine.store(BigInt(BASE));
  machine.store(BigInt(BASE + 4096));
  return machine;
}

const bytes = (machine: GuestMachine, start: number, length: number): number[] => [
  ...machine.cell.guestMemory.readBytes(at(start), length),
];

/** What moving element by element does. */
function moved(memory: number[], from: number, to: number, elements: number, size: number): number[] {
  const result = [...memory];
  for (let i = 0; i < elements; i += 1) {
    const element = result.slice(from + i * size, from + (i + 1) * size);
    for (let j = 0; j < size; j += 1) result[to + i * size + j] = element[j] as number;
  }
  return result;
}

test('moves do what moving element by element does, however source and destination overlap', () => {
  for (const shift of [0, 1, 2, 3]) {
    const size = 1 << shift;
    for (const distance of [-64, -9, -size, -1, 1, 2, 3, size, size + 1, 13, 24, 64, 500]) {
      const machine = ready();
      const before = bytes(machine, BASE, 2048);
      const [from, to] = [600, 600 + distance];
      const elements = machine.core['bulkMove'](BigInt(BASE + from), BigInt(BASE + to), 50n, shift) as number;
      assert.equal(elements, distance > 0 && distance < size ? 0 : 50, `distance ${distance}, size ${size}`);
      assert.deepEqual(
        bytes(machine, BASE, 2048),
        moved(before, from, to, elements, size),
        `distance ${distance}, size ${size}`,
      );
    }
  }
});

test('a run ends with either page, and does not begin in an element that crosses', () => {
  const machine = ready();
  const move = (from: number, to: number, count: bigint, shift: number): number =>
    machine.core['bulkMove'](BigInt(BASE + from), BigInt(BASE + to), count, shift);
  assert.equal(move(0, 4096 + 4000, 1000n, 0), 96);
  assert.equal(move(4096 - 10, 4096, 1000n, 2), 2);
  assert.equal(move(4096 - 3, 4096, 1000n, 2), 0);
  assert.equal(move(0, 4096, 0n, 2), 0);
  assert.equal(move(0, 4096, -1n, 3), 512, 'counts are unsigned');
});

test('without TLB entries the ordinary way has to be taken', () => {
  const machine = ready();
  assert.equal(machine.core['bulkMove'](BigInt(BASE + 8192), BigInt(BASE), 4n, 0), 0);
  assert.equal(machine.core['bulkMove'](BigInt(BASE), BigInt(BASE + 8192), 4n, 0), 0);
  assert.equal(machine.core['bulkFill'](BigInt(BASE + 8192), 4n, 0), 0);
  assert.equal(machine.core['bulkFill'](0xfee00000n, 4n, 0), 0);
});

test('pages that share a TLB entry are moved between at once, unless the ordinary way has something to say', () => {
  const machine = new GuestMachine();
  // Addresses that far apart have the same place in the TLB.
  const [to, from, missing, device] = [1, 2, 3, 4].map((times) => times * TLB_ENTRIES * 4096) as [
    number,
    number,
    number,
    number,
  ];
  machine.map(BigInt(to), BigInt(BASE) | PRESENT | WRITABLE);
  machine.map(BigInt(from), BigInt(BASE + 4096) | PRESENT | WRITABLE);
  machine.map(BigInt(device), 0xfee00000n | PRESENT | WRITABLE);
  machine.cell.guestMemory.writeBytes(at(BASE + 4096), Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
  machine.enter({ kind: 'long' });
  const move = (source: number, count: bigint): number => {
    machine.store(BigInt(to));
    return machine.core['bulkMove'](BigInt(source), BigInt(to), count, 2);
  };
  assert.equal(move(from, 2n), 2);
  assert.deepEqual(bytes(machine, BASE, 9), [1, 2, 3, 4, 5, 6, 7, 8, 0]);
  assert.equal(move(missing, 2n), 0);
  assert.equal(move(device, 2n), 0);
  assert.equal(machine.core['bulkMove'](BigInt(to) | (1n << 63n), BigInt(to), 2n, 2), 0);
  // What is at the destination is not known any more.
  assert.equal(move(from, 1n), 1);
  assert.equal(machine.core['bulkMove'](BigInt(from), BigInt(to), 1n, 2), 0);
});

test('fills store the low bytes of RAX', () => {
  for (const shift of [0, 1, 2, 3]) {
    const machine = ready();
    const size = 1 << shift;
    machine.view.setBigUint64(GPR, 0x8877_6655_4433_2211n, true);
    const before = bytes(machine, BASE, 512);
    assert.equal(machine.core['bulkFill'](BigInt(BASE + 101), 23n, shift), 23);
    const pattern = [0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88].slice(0, size);
    const expected = [...before];
    for (let i = 0; i < 23 * size; i += 1) expected[101 + i] = pattern[i % size] as number;
    assert.deepEqual(bytes(machine, BASE, 512), expected);
    assert.equal(machine.core['bulkFill'](BigInt(BASE + 4096 - 20), 1000n, shift), Math.floor(20 / size));
  }
});
