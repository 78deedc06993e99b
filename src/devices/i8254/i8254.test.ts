import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { timeOfTick } from '../../base/frequency.ts';
import { BenchBoard } from '../board/bench-board.ts';
import { createI8254, PIT_HERTZ } from './i8254.ts';
import type { I8254 } from './i8254.ts';

let board: BenchBoard;
let pit: I8254;
let tick: number;

/** Moves time to `ticks` clock pulses after where it was. */
const wait = (ticks: number): void => {
  tick += ticks;
  board.advance(timeOfTick(tick, PIT_HERTZ) - board.clock.time);
};

const program = (channel: number, mode: number, count: number, bcd = 0): void => {
  board.out8(0x43, (channel << 6) | 0x30 | (mode << 1) | bcd);
  board.out8(0x40 + channel, count & 0xff);
  board.out8(0x40 + channel, count >> 8);
};

const readCount = (channel: number): number => {
  board.out8(0x43, channel << 6);
  return board.in8(0x40 + channel) | (board.in8(0x40 + channel) << 8);
};

const status = (channel: number): number => {
  board.out8(0x43, 0xe0 | (2 << channel));
  return board.in8(0x40 + channel);
};

/** OUT of counter 2 over the next `ticks` clock pulses, a digit each. */
const outputs = (ticks: number): string => {
  let text = '';
  for (let i = 0; i < ticks; i += 1) {
    text += (board.in8(0x61) >> 5) & 1;
    wait(1);
  }
  return text;
};

const gate = (high: boolean): void => board.out8(0x61, high ? 1 : 0);

beforeEach(() => {
  board = new BenchBoard();
  pit = createI8254(board);
  tick = 0;
  wait(1000);
  gate(true);
});

describe('counter modes, by the waveforms of the data sheet', () => {
  test('mode 0: OUT goes high n + 1 pulses after the count was written', () => {
    program(2, 0, 4);
    assert.equal(outputs(7), '0000011');
    assert.equal(readCount(2), 0xfffe, 'the counter goes on below zero');
  });

  test('mode 0: the gate stops the counting', () => {
    program(2, 0, 4);
    wait(3);
    assert.equal(readCount(2), 2);
    gate(false);
    wait(10);
    assert.equal(readCount(2), 2);
    gate(true);
    assert.equal(outputs(4), '0011');
  });

  test('mode 0: the first byte of a new count stops the counting with OUT low', () => {
    program(2, 0, 1);
    wait(3);
    assert.equal(board.in8(0x61) & 0x20, 0x20);
    board.out8(0x42, 3);
    assert.equal(outputs(5), '00000');
    board.out8(0x42, 0);
    assert.equal(outputs(5), '00001');
  });

  test('mode 1: a rising gate makes one low pulse of n, and may do so again', () => {
    program(2, 1, 3);
    assert.equal(outputs(3), '111');
    gate(false);
    gate(true);
    assert.equal(outputs(6), '100011');
    gate(false);
    gate(true);
    wait(3);
    gate(false);
    gate(true);
    assert.equal(outputs(6), '000011');
  });

  test('mode 2: OUT is low for the last of every n pulses', () => {
    program(2, 2, 3);
    wait(1);
    assert.equal(outputs(7), '1101101');
  });

  test('mode 2: a new count takes over at the end of the cycle', () => {
    program(2, 2, 4);
    wait(2);
    board.out8(0x42, 3);
    board.out8(0x42, 0);
    assert.equal(status(2) & 0x40, 0x40, 'NULL COUNT until then');
    assert.equal(outputs(9), '110110110');
    assert.equal(status(2) & 0x40, 0);
  });

  test('mode 2: a low gate holds OUT high, a rising one begins a new cycle', () => {
    program(2, 2, 3);
    wait(3);
    gate(false);
    assert.equal(outputs(3), '111');
    gate(true);
    wait(1);
    assert.equal(outputs(4), '1101');
  });

  test('mode 3: a square wave, one pulse longer high than low when n is odd', () => {
    program(2, 3, 4);
    wait(1);
    assert.equal(outputs(8), '11001100');
    program(2, 3, 5);
    wait(1);
    assert.equal(outputs(10), '1110011100');
  });

  test('mode 3: counts down by two', () => {
    program(2, 3, 8);
    wait(1);
    const counts = Array.from({ length: 6 }, () => {
      const count = readCount(2);
      wait(1);
      return count;
    });
    assert.deepEqual(counts, [8, 6, 4, 2, 8, 6]);
  });

  test('mode 3: a new count takes over at the end of the half-cycle', () => {
    program(2, 3, 8);
    wait(2);
    board.out8(0x42, 4);
    board.out8(0x42, 0);
    assert.equal(outputs(9), '111001100');
  });

  test('mode 4: one low pulse n + 1 pulses after the count was written', () => {
    program(2, 4, 3);
    assert.equal(outputs(7), '1111011');
  });

  test('mode 5: one low pulse n pulses after the trigger', () => {
    program(2, 5, 3);
    assert.equal(outputs(6), '111111');
    gate(false);
    gate(true);
    assert.equal(outputs(7), '1111011');
  });

  test('BCD counts from 10000', () => {
    program(2, 0, 0, 1);
    wait(2);
    assert.equal(readCount(2), 0x9999);
    program(2, 0, 0x0100, 1);
    wait(2);
    assert.equal(readCount(2), 0x0099);
  });
});

describe('reading', () => {
  test('a latched count stays until it is read', () => {
    program(2, 2, 1000);
    wait(11);
    board.out8(0x43, 0x80);
    wait(100);
    board.out8(0x43, 0x80);
    assert.equal(board.in8(0x42) | (board.in8(0x42) << 8), 990);
    assert.equal(readCount(2), 890);
  });

  test('read-back yields the status and then the count', () => {
    program(2, 3, 1000);
    wait(1);
    board.out8(0x43, 0xc8);
    assert.equal(board.in8(0x42), 0xb6, 'OUT high, both bytes, mode 3');
    assert.equal(board.in8(0x42) | (board.in8(0x42) << 8), 1000);
  });

  test('one-byte access', () => {
    board.out8(0x43, 0x90 | (2 << 1));
    board.out8(0x42, 0x20);
    wait(2);
    assert.equal(board.in8(0x42), 0x1f);
    board.out8(0x43, 0xa0 | (2 << 1));
    board.out8(0x42, 0x20);
    wait(2);
    assert.equal(board.in8(0x42), 0x1f);
  });

  test('the control register reads as open bus', () => {
    assert.equal(board.in8(0x43), 0xff);
  });
});

describe('IRQ0', () => {
  test('mode 2 interrupts once a period, at the right time', () => {
    program(0, 2, 1193);
    const times: number[] = [];
    board.lines.connect((number, high) => {
      if (number === 0 && high) times.push(board.clock.time);
    });
    wait(1193 * 3 + 1);
    assert.deepEqual(
      times,
      [1, 2, 3].map((n) => timeOfTick(1001 + 1193 * n, PIT_HERTZ)),
    );
  });

  test('mode 0 interrupts once', () => {
    program(0, 0, 100);
    wait(100);
    assert.deepEqual(board.lineChanges, []);
    wait(1);
    assert.deepEqual(board.lineChanges, ['0+']);
    wait(100_000);
    assert.deepEqual(board.lineChanges, ['0+']);
    program(0, 0, 100);
    assert.deepEqual(board.lineChanges, ['0+', '0-']);
  });

  test('mode 3 with a count of 0 is the 18.2 Hz of a PC', () => {
    program(0, 3, 0);
    board.advance(1e9);
    assert.equal(board.lineChanges.filter((change) => change === '0+').length, 18);
  });

  test('is silent while the HPET replaces it', () => {
    program(0, 2, 1000);
    wait(1500);
    pit.connectInterrupt(false);
    board.lineChanges.length = 0;
    wait(5000);
    assert.deepEqual(board.lineChanges, []);
    pit.connectInterrupt(true);
    wait(1000);
    assert.deepEqual(board.lineChanges, ['0+']);
  });

  test('a hostile count of 1 does not interrupt more than 50,000 times a second', () => {
    program(0, 2, 1);
    board.advance(1e6);
    assert.ok(board.lineChanges.length / 2 <= 51);
  });
});

test('the refresh bit of port 0x61 toggles about every 15 microseconds', () => {
  const first = board.in8(0x61) & 0x10;
  wait(18);
  assert.equal(board.in8(0x61) & 0x10, first ^ 0x10);
  wait(18);
  assert.equal(board.in8(0x61) & 0x10, first);
});

test('a kernel that calibrates its TSC with counter 2 sees 50 ms pass', () => {
  gate(false);
  const latch = Math.round(PIT_HERTZ / 20);
  board.out8(0x61, (board.in8(0x61) & ~2) | 1);
  board.out8(0x43, 0xb0);
  board.out8(0x42, latch & 0xff);
  board.out8(0x42, latch >> 8);
  const start = board.clock.time;
  while ((board.in8(0x61) & 0x20) === 0) board.advance(1000);
  assert.ok(Math.abs(board.clock.time - start - 50e6) < 5000);
});

test('a restored timer goes on where the saved one was', () => {
  program(0, 2, 1193);
  wait(600);
  const other = new BenchBoard();
  other.clock.time = board.clock.time;
  const copy = createI8254(other);
  copy.restore(JSON.parse(JSON.stringify(pit.save())));
  assert.deepEqual(copy.save(), pit.save());
  assert.equal(other.events.nextDeadline(), board.events.nextDeadline());
});

test('whatever is written, the timer answers with bytes', () => {
  let seed = 7;
  const random = (): number => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) >>> 8;
  for (let step = 0; step < 20_000; step += 1) {
    const port = [0x40, 0x41, 0x42, 0x43, 0x61][random() % 5] as number;
    if (random() % 3 === 0) {
      const value = board.in8(port);
      assert.ok(value >= 0 && value <= 0xff);
    } else board.out8(port, random() & 0xff);
    board.advance(random() % 5000);
  }
  createI8254(new BenchBoard()).restore(JSON.parse(JSON.stringify(pit.save())));
});
