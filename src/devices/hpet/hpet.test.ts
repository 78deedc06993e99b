import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { BenchBoard } from '../board/bench-board.ts';
import { createHpet } from './hpet.ts';
import type { Hpet } from './hpet.ts';

const BASE = 0xfed0_0000;
let board: BenchBoard;
let hpet: Hpet;
let legacy: boolean[];

const read = (offset: number): number => board.mmio.read(BASE + offset, 4);
const write = (offset: number, value: number): void => board.mmio.write(BASE + offset, 4, value);

beforeEach(() => {
  board = new BenchBoard();
  legacy = [];
  hpet = createHpet(board, { onLegacyReplacement: (active) => legacy.push(active) });
});

test('capabilities: 10 ns, 64 bits, three timers, legacy replacement', () => {
  assert.deepEqual([read(0), read(4)], [0x8086_a201, 10_000_000]);
  assert.deepEqual([read(0x100), read(0x104), read(0x140), read(0x144)], [0x30, 0x00f0_0000, 0x30, 0x00f0_0800]);
  assert.equal(read(0x160), 0);
});

describe('the main counter', () => {
  test('runs while enabled, and can be written while halted', () => {
    board.advance(1e6);
    assert.equal(read(0xf0), 0);
    board.mmio.write8(BASE + 0xf0, 0x1_0000_0000n - 50n);
    write(0x10, 1);
    board.advance(1e3);
    assert.equal(board.mmio.read8(BASE + 0xf0), 0x1_0000_0032n);
    write(0xf0, 7);
    assert.equal(read(0xf0), 0x32, 'a running counter takes no writes');
    write(0x10, 0);
    board.advance(1e6);
    assert.equal(read(0xf0), 0x32);
    write(0x10, 1);
    board.advance(100);
    assert.equal(read(0xf0), 0x3c);
  });
});

describe('one-shot', () => {
  test('an edge when the counter meets the comparator', () => {
    write(0x10, 1);
    write(0x100, 0x104 | (20 << 9));
    write(0x108, 1000);
    board.advance(9999);
    assert.deepEqual(board.lineChanges, []);
    board.advance(1);
    assert.deepEqual(board.lineChanges, ['20+', '20-']);
    board.advance(0xffff_ffff * 10);
    assert.equal(board.lineChanges.length, 2);
    board.advance(10);
    assert.equal(board.lineChanges.length, 4, 'a 32-bit comparator matches again after a round');
  });

  test('a level until the status bit is cleared', () => {
    write(0x10, 1);
    write(0x120, 0x106 | (21 << 9));
    write(0x128, 1000);
    board.advance(20_000);
    assert.deepEqual([board.lineChanges, read(0x20)], [['21+'], 2]);
    write(0x20, 1);
    assert.equal(read(0x20), 2);
    write(0x20, 2);
    assert.deepEqual([board.lineChanges, read(0x20)], [['21+', '21-'], 0]);
  });

  test('a route that is not offered is refused', () => {
    write(0x100, 0x104 | (5 << 9));
    assert.equal(read(0x100), 0x134);
  });

  test('a match that came due before the guest moved the comparator is not lost', () => {
    write(0x10, 1);
    write(0x100, 0x104 | (20 << 9));
    write(0x108, 1000);
    board.clock.time = 15_000;
    write(0x108, 100_000);
    assert.deepEqual(board.lineChanges, ['20+', '20-']);
  });
});

describe('periodic, with legacy replacement', () => {
  /** As Linux sets it up: the first match, then the period. */
  const begin = (first: number, period: number): void => {
    write(0x100, 0x14c);
    write(0x108, first);
    write(0x108, period);
    write(0x10, 3);
  };

  test('timer 0 is IRQ0 and timer 1 is IRQ8', () => {
    begin(1000, 100_000);
    assert.deepEqual(legacy, [true]);
    assert.equal(read(0x100), 0x13c, 'VAL_SET is cleared by the first write');
    board.advance(10_000);
    assert.deepEqual(board.lineChanges, ['0+', '0-']);
    board.advance(3_000_000);
    assert.equal(board.lineChanges.length, 8);
    assert.equal(read(0x108), 401_000, 'the comparator shows the next match');
    write(0x120, 0x104);
    write(0x128, read(0xf0) + 100);
    board.advance(1000);
    assert.deepEqual(board.lineChanges.slice(8), ['8+', '8-']);
    write(0x10, 0);
    assert.deepEqual(legacy, [true, false]);
  });

  test('periods that were missed make one interrupt', () => {
    begin(1000, 100_000);
    board.clock.time = 50_000_000;
    board.events.runDue(board.clock.time);
    assert.deepEqual(board.lineChanges, ['0+', '0-']);
    assert.equal(read(0x108), 5_001_000);
  });

  test('a hostile period of one tick does not fire more than 50,000 times a second', () => {
    begin(1, 1);
    board.advance(1e6);
    assert.ok(board.lineChanges.length / 2 <= 51);
  });

  test('a 64-bit period is written in two halves', () => {
    write(0x100, 0x4c);
    write(0x108, 5);
    write(0x10c, 1);
    assert.equal(board.mmio.read8(BASE + 0x108), 0x1_0000_0005n);
    assert.equal(read(0x100), 0x3c);
  });
});

test('a restored HPET goes on where the saved one was', () => {
  write(0x100, 0x14c);
  write(0x108, 1000);
  write(0x108, 100_000);
  write(0x10, 3);
  board.advance(123_450);
  const saved = JSON.parse(JSON.stringify(hpet.save()));
  const other = new BenchBoard();
  other.clock.time = board.clock.time;
  const switched: boolean[] = [];
  const copy = createHpet(other, { onLegacyReplacement: (active) => switched.push(active) });
  copy.restore(saved);
  assert.deepEqual([copy.save(), switched], [saved, [true]]);
  assert.equal(other.events.nextDeadline(), board.events.nextDeadline());
});

test('whatever is written, nothing throws', () => {
  let seed = 17;
  const random = (): number => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) >>> 4;
  for (let step = 0; step < 20_000; step += 1) {
    const offset = (random() % 0x180) & ~(random() % 2 ? 7 : 3);
    const value = random() % 2 ? random() % 1000 : random() * 16;
    if (random() % 3 === 0) board.mmio.read8(BASE + offset);
    else if (random() % 2) write(offset, value);
    else board.mmio.write8(BASE + offset, BigInt(value) << BigInt(random() % 40));
    board.advance(random() % 10_000);
  }
  hpet.restore(JSON.parse(JSON.stringify(hpet.save())));
});
