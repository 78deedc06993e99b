import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { guestPhysical } from '../../base/address.ts';
import { BenchBoard } from '../board/bench-board.ts';
import { createI8237 } from './i8237.ts';
import type { I8237 } from './i8237.ts';

let board: BenchBoard;
let dma: I8237;

/** Programs channel 2 as drivers do. `mode` has the channel in it. */
const program = (address: number, count: number, mode: number): void => {
  board.out8(0x0a, 0x06);
  board.out8(0x0c, 0);
  for (const byte of [address & 0xff, (address >> 8) & 0xff]) board.out8(0x04, byte);
  board.out8(0x81, address >> 16);
  for (const byte of [(count - 1) & 0xff, (count - 1) >> 8]) board.out8(0x05, byte);
  board.out8(0x0b, mode);
  board.out8(0x0a, 0x02);
};
const bytesOf = (count: number): Uint8Array => Uint8Array.from({ length: count }, (_, n) => n + 1);
const memory = (address: number, count: number): number[] => [...board.memory.readBytes(guestPhysical(address), count)];

beforeEach(() => {
  board = new BenchBoard();
  dma = createI8237(board);
});

describe('a channel', () => {
  test('writes memory up to the terminal count, then masks itself', () => {
    program(0x2_1000, 6, 0x46);
    const channel = dma.channel(2);
    assert.deepEqual([channel.isReady, channel.toMemory(bytesOf(4))], [true, { count: 4, isTerminal: false }]);
    board.out8(0x0c, 0);
    assert.deepEqual([board.in8(0x04), board.in8(0x04), board.in8(0x05), board.in8(0x05)], [0x04, 0x10, 1, 0]);
    assert.deepEqual(channel.toMemory(bytesOf(4)), { count: 2, isTerminal: true });
    assert.deepEqual(memory(0x2_1000, 7), [1, 2, 3, 4, 1, 2, 0]);
    assert.deepEqual([board.in8(0x08), board.in8(0x08), channel.isReady], [0x04, 0, false]);
    assert.deepEqual(channel.toMemory(bytesOf(4)), { count: 0, isTerminal: false });
  });

  test('reads memory, begins anew when told to, and counts down when told to', () => {
    board.memory.writeBytes(guestPhysical(0x1000), bytesOf(8));
    program(0x1000, 4, 0x5a);
    const into = new Uint8Array(4);
    for (let round = 0; round < 2; round += 1) {
      assert.deepEqual(dma.channel(2).fromMemory(into), { count: 4, isTerminal: true });
      assert.deepEqual([...into], [1, 2, 3, 4]);
    }
    program(0x1003, 4, 0x6a);
    dma.channel(2).fromMemory(into);
    assert.deepEqual([...into], [4, 3, 2, 1]);
    program(0x1107, 3, 0x66);
    dma.channel(2).toMemory(bytesOf(3));
    assert.deepEqual(memory(0x1104, 5), [0, 3, 2, 1, 0]);
  });

  test('wraps around in its page', () => {
    program(0x1_fffe, 4, 0x46);
    dma.channel(2).toMemory(bytesOf(4));
    assert.deepEqual(
      [memory(0x1_fffe, 2), memory(0x1_0000, 2), memory(0x2_0000, 2)],
      [
        [1, 2],
        [3, 4],
        [0, 0],
      ],
    );
  });

  test('that verifies, or goes the other way, touches no memory', () => {
    program(0x1000, 4, 0x42);
    assert.deepEqual(dma.channel(2).toMemory(bytesOf(4)), { count: 4, isTerminal: true });
    program(0x1000, 4, 0x4a);
    assert.deepEqual(dma.channel(2).toMemory(bytesOf(4)), { count: 4, isTerminal: true });
    assert.deepEqual(memory(0x1000, 4), [0, 0, 0, 0]);
  });

  test('of the second controller moves words', () => {
    board.out8(0xd8, 0);
    for (const [port, value] of [[0xc4, 0x00], [0xc4, 0x08], [0xc6, 1], [0xc6, 0], [0x8b, 0x03], [0xd6, 0x45], [0xd4, 0x01]] as const) board.out8(port, value); // prettier-ignore
    assert.deepEqual(dma.channel(5).toMemory(bytesOf(6)), { count: 4, isTerminal: true });
    assert.deepEqual(memory(0x2_1000, 5), [1, 2, 3, 4, 0]);
  });

  test('of a disabled controller does nothing', () => {
    program(0x1000, 4, 0x46);
    board.out8(0x08, 0x04);
    assert.equal(dma.channel(2).isReady, false);
    board.out8(0x0d, 0);
    assert.deepEqual([dma.channel(2).isReady, board.in8(0x0f)], [false, 0xff]);
    board.out8(0x0e, 0);
    assert.equal(dma.channel(2).isReady, true);
  });
});

test('a restored controller goes on in the middle', () => {
  program(0x1000, 4, 0x46);
  dma.channel(2).toMemory(bytesOf(2));
  const saved = JSON.parse(JSON.stringify(dma.save()));
  dma.reset();
  assert.equal(dma.channel(2).isReady, false);
  dma.restore(saved);
  assert.deepEqual(dma.channel(2).toMemory(bytesOf(4)), { count: 2, isTerminal: true });
  assert.deepEqual(memory(0x1000, 4), [1, 2, 1, 2]);
});

test('whatever is written, nothing throws', () => {
  let seed = 9;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  for (let step = 0; step < 20_000; step += 1) {
    const port = [random(16), 0xc0 + random(32), 0x81 + random(15)][random(3)] as number;
    board.out8(port, random(256));
    board.in8(port);
    if (step % 20 !== 0) continue;
    const channel = dma.channel(random(8));
    const { count } = random(2) === 0 ? channel.toMemory(bytesOf(random(600))) : channel.fromMemory(bytesOf(600));
    assert.ok(count <= 600);
  }
});
