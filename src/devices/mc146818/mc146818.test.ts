import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { BenchBoard } from '../board/bench-board.ts';
import { createMc146818 } from './mc146818.ts';
import type { Mc146818 } from './mc146818.ts';

const MIB = 1 << 20;
let board: BenchBoard;
let clock: Mc146818;
let masks: boolean[];

const read = (register: number): number => {
  board.out8(0x70, register);
  return board.in8(0x71);
};
const write = (register: number, value: number): void => {
  board.out8(0x70, register);
  board.out8(0x71, value);
};
const time = (): string => [0x32, 9, 8, 7, 4, 2, 0].map((r) => read(r).toString(16).padStart(2, '0')).join(' ');

beforeEach(() => {
  board = new BenchBoard({ wallClockStart: Date.UTC(2024, 1, 28, 23, 59, 50) });
  masks = [];
  clock = createMc146818(board, {
    memory: { below4G: 512 * MIB, above4G: 2048 * MIB },
    onNonMaskableMask: (masked) => masks.push(masked),
  });
});

describe('the time', () => {
  test('is that of the wall clock, and goes on', () => {
    assert.equal(time(), '20 24 02 28 23 59 50');
    assert.equal(read(6), 4, 'a Wednesday');
    board.advance(10e9);
    assert.equal(time(), '20 24 02 29 00 00 00');
    assert.equal(read(0x0d), 0x80);
  });

  test('in binary and in 12 hours', () => {
    write(0x0b, 0x06);
    assert.deepEqual([read(9), read(4), read(2)], [24, 23, 59]);
    write(0x0b, 0x04);
    assert.equal(read(4), 0x80 | 11);
    write(0x0b, 0x00);
    assert.equal(read(4), 0x91);
    board.advance(10e9);
    assert.equal(read(4), 0x12, 'midnight');
  });

  test('is set while SET holds the clock', () => {
    write(0x0b, 0x82);
    board.advance(5e9);
    assert.equal(read(0), 0x50);
    for (const [register, value] of [
      [0, 0x58],
      [2, 0x59],
      [4, 0x23],
      [7, 0x31],
      [8, 0x12],
      [9, 0x99],
      [0x32, 0x19],
    ] as const) {
      write(register, value);
    }
    write(0x0b, 0x02);
    assert.equal(time(), '19 99 12 31 23 59 58');
    board.advance(2e9);
    assert.equal(time(), '20 00 01 01 00 00 00');
  });

  test('register A warns of an update 244 microseconds before it', () => {
    board.advance(1e9 - 245_000);
    assert.equal(read(0x0a) & 0x80, 0);
    board.advance(2000);
    assert.equal(read(0x0a) & 0x80, 0x80);
    board.advance(243_000);
    assert.deepEqual([read(0x0a) & 0x80, read(0)], [0, 0x51]);
  });

  test('a divider held in reset stops the clock; it starts half a second before an update', () => {
    write(0x0a, 0x76);
    board.advance(7e9);
    assert.equal(read(0), 0x50);
    write(0x0a, 0x26);
    board.advance(499e6);
    assert.equal(read(0), 0x50);
    board.advance(2e6);
    assert.equal(read(0), 0x51);
  });

  test('values that are no time do no harm', () => {
    for (let register = 0; register < 10; register += 1) write(register, 0xff);
    write(0x32, 0xff);
    board.advance(3e9);
    assert.match(time(), /^[0-9a-f ]+$/);
  });
});

describe('interrupts', () => {
  test('the update interrupt comes once a second until register C is read', () => {
    write(0x0b, 0x12);
    board.advance(1e9);
    assert.deepEqual(board.lineChanges, ['8+']);
    board.advance(2e9);
    assert.deepEqual(board.lineChanges, ['8+']);
    assert.equal(read(0x0c) & 0xb0, 0x90);
    assert.deepEqual(board.lineChanges, ['8+', '8-']);
    board.advance(1e9);
    assert.deepEqual(board.lineChanges, ['8+', '8-', '8+']);
  });

  test('the periodic interrupt comes at the rate of register A', () => {
    write(0x0a, 0x26);
    read(0x0c);
    write(0x0b, 0x42);
    let count = 0;
    board.lines.connect((_line, high) => {
      if (high) count += 1;
    });
    for (let step = 0; step < 10_000; step += 1) {
      board.advance(1e5);
      if (board.lines.level(8)) assert.equal(read(0x0c) & 0xc0, 0xc0);
    }
    assert.equal(count, 1024);
  });

  test('the alarm comes at its time', () => {
    write(1, 0x05);
    write(3, 0x00);
    write(5, 0x00);
    write(0x0b, 0x22);
    board.advance(15e9 - 1);
    assert.deepEqual(board.lineChanges, []);
    board.advance(1);
    assert.deepEqual(board.lineChanges, ['8+']);
    assert.equal(read(0x0c) & 0xa0, 0xa0);
    board.advance(86_399e9);
    assert.equal(board.lines.level(8), false);
    board.advance(1e9);
    assert.equal(board.lines.level(8), true);
  });

  test('an alarm byte of 0xC0 and more matches anything', () => {
    write(1, 0x30);
    write(3, 0xff);
    write(5, 0xc0);
    write(0x0b, 0x22);
    for (let minute = 0; minute < 3; minute += 1) {
      board.advance(60e9);
      assert.equal(read(0x0c) & 0xa0, 0xa0);
    }
  });

  test('the alarm comes before 1970 too', () => {
    write(0x32, 0x00);
    write(9, 0x01);
    write(1, 0x52);
    write(3, 0xff);
    write(5, 0xff);
    write(0x0b, 0x22);
    const began = performance.now();
    board.advance(2e9);
    assert.deepEqual(board.lineChanges, ['8+']);
    assert.ok(performance.now() - began < 500, 'it is not searched for through the centuries');
  });

  test('flags are set without their interrupts too', () => {
    read(0x0c);
    board.advance(1e9);
    assert.equal(read(0x0c), 0x50, 'update and periodic');
    assert.equal(read(0x0c), 0);
    assert.deepEqual(board.lineChanges, []);
  });

  test('are silent while the HPET replaces them', () => {
    clock.connectInterrupt(false);
    write(0x0b, 0x12);
    board.advance(2e9);
    assert.deepEqual(board.lineChanges, []);
    clock.connectInterrupt(true);
    assert.deepEqual(board.lineChanges, ['8+']);
  });
});

describe('the CMOS memory', () => {
  test('tells the sizes of memory', () => {
    assert.equal(read(0x15) | (read(0x16) << 8), 640);
    assert.equal(read(0x30) | (read(0x31) << 8), 0xffff);
    assert.equal((read(0x34) | (read(0x35) << 8)) * 64, (512 - 16) * 1024);
    assert.equal((read(0x5b) | (read(0x5c) << 8) | (read(0x5d) << 16)) * 64, 2048 * 1024);
    let sum = 0;
    for (let offset = 0x10; offset < 0x2e; offset += 1) sum += read(offset);
    assert.equal((read(0x2e) << 8) | read(0x2f), sum);
  });

  test('keeps what is written', () => {
    write(0x0f, 0x5a);
    write(0x7f, 0xa5);
    clock.reset();
    assert.deepEqual([read(0x0f), read(0x7f)], [0x5a, 0xa5]);
  });

  test('bit 7 of the index masks NMI', () => {
    board.out8(0x70, 0x80);
    assert.equal(board.in8(0x71), 0x50);
    board.out8(0x70, 0x00);
    assert.deepEqual(masks, [true, false]);
    assert.equal(board.in8(0x70), 0xff);
  });
});

test('a restored clock goes on where the saved one was', () => {
  write(0x0b, 0x12);
  board.advance(700e6);
  const saved = JSON.parse(JSON.stringify(clock.save()));
  const other = new BenchBoard();
  other.clock.time = board.clock.time;
  const copy = createMc146818(other, { memory: { below4G: MIB, above4G: 0 } });
  copy.restore(saved);
  for (const seconds of [0.5, 1e300]) {
    assert.throws(() => copy.restore({ ...saved, fields: { ...saved.fields, seconds } }), { name: 'StateError' });
  }
  other.advance(300e6);
  assert.deepEqual(other.lineChanges, ['8+']);
});

test('whatever is written, the clock answers with bytes', () => {
  let seed = 13;
  const random = (): number => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) >>> 8;
  for (let step = 0; step < 5000; step += 1) {
    if (random() % 2 === 0) write(random() % 14, random() & 0xff);
    else assert.ok(read(random() & 0x7f) <= 0xff);
    board.advance(random() * 100);
  }
  clock.restore(JSON.parse(JSON.stringify(clock.save())));
});
