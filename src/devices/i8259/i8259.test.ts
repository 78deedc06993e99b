import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { BenchBoard } from '../board/bench-board.ts';
import { createI8259Pair } from './i8259-pair.ts';
import type { I8259Pair } from './i8259-pair.ts';

let board: BenchBoard;
let pics: I8259Pair;
let outputs: boolean[];

/** The initialization that PC firmware and Linux do, with vectors 0x30 and 0x38. */
const initialize = (icw4 = 0x01): void => {
  for (const [base, vector, cascade] of [
    [0x20, 0x30, 0x04],
    [0xa0, 0x38, 0x02],
  ] as const) {
    board.out8(base, 0x11);
    board.out8(base + 1, vector);
    board.out8(base + 1, cascade);
    board.out8(base + 1, icw4);
  }
};

const readService = (base: number): number => {
  board.out8(base, 0x0b);
  return board.in8(base);
};

const readRequest = (base: number): number => {
  board.out8(base, 0x0a);
  return board.in8(base);
};

beforeEach(() => {
  board = new BenchBoard();
  outputs = [];
  pics = createI8259Pair(board, { onOutput: (high) => outputs.push(high) });
  initialize();
});

describe('fully nested mode', () => {
  test('a rising edge makes a request, INTA takes it into service, EOI ends it', () => {
    pics.setRequest(4, true);
    assert.equal(readRequest(0x20), 0x10);
    assert.deepEqual(outputs, [true]);
    assert.equal(pics.pendingVector(), 0x34);
    assert.equal(pics.acknowledge(), 0x34);
    assert.deepEqual(outputs, [true, false]);
    assert.equal(readRequest(0x20), 0);
    assert.equal(readService(0x20), 0x10);
    board.out8(0x20, 0x20);
    assert.equal(readService(0x20), 0);
    assert.equal(pics.pendingVector(), -1, 'the input is still high, but there was no new edge');
  });

  test('a lower input waits for the end of a higher one, a higher one interrupts it', () => {
    pics.setRequest(5, true);
    assert.equal(pics.acknowledge(), 0x35);
    pics.setRequest(6, true);
    assert.equal(pics.pendingVector(), -1);
    pics.setRequest(1, true);
    assert.equal(pics.acknowledge(), 0x31);
    board.out8(0x20, 0x20);
    assert.equal(readService(0x20), 0x20, 'a non-specific EOI ends the highest');
    board.out8(0x20, 0x65);
    assert.equal(pics.acknowledge(), 0x36);
  });

  test('the slave answers for inputs 8 to 15, and both chips want an EOI', () => {
    pics.setRequest(12, true);
    pics.setRequest(8, true);
    assert.equal(pics.acknowledge(), 0x38);
    assert.deepEqual([readService(0x20), readService(0xa0)], [0x04, 0x01]);
    board.out8(0xa0, 0x20);
    assert.equal(pics.pendingVector(), -1, 'the master still has the cascade in service');
    board.out8(0x20, 0x20);
    assert.equal(pics.acknowledge(), 0x3c);
  });

  test('the mask holds back a request without losing it', () => {
    board.out8(0x21, 0x10);
    assert.equal(board.in8(0x21), 0x10);
    pics.setRequest(4, true);
    assert.equal(pics.output, false);
    board.out8(0x21, 0);
    assert.equal(pics.acknowledge(), 0x34);
  });

  test('an INTA without a request yields the vector of input 7, with nothing in service', () => {
    assert.equal(pics.acknowledge(), 0x37);
    assert.equal(readService(0x20), 0);
  });
});

describe('triggering', () => {
  test('the ELCR leaves the system inputs edge triggered', () => {
    board.out8(0x4d0, 0xff);
    board.out8(0x4d1, 0xff);
    assert.deepEqual([board.in8(0x4d0), board.in8(0x4d1)], [0xf8, 0xde]);
  });

  test('a level-triggered input asks again until it falls', () => {
    board.out8(0x4d1, 0x04);
    pics.setRequest(10, true);
    assert.equal(pics.acknowledge(), 0x3a);
    board.out8(0xa0, 0x20);
    board.out8(0x20, 0x20);
    assert.equal(pics.pendingVector(), 0x3a);
    pics.setRequest(10, false);
    assert.equal(pics.pendingVector(), -1);
    assert.equal(readRequest(0x20) & 4, 0, "the master's request goes away with the slave's output");
  });

  test('ICW1 forgets edges that were latched', () => {
    pics.setRequest(3, true);
    initialize();
    assert.equal(pics.pendingVector(), -1);
    pics.setRequest(3, false);
    pics.setRequest(3, true);
    assert.equal(pics.pendingVector(), 0x33);
  });
});

describe('operation commands', () => {
  test('automatic EOI leaves nothing in service, and rotates if told to', () => {
    initialize(0x03);
    board.out8(0x20, 0x80);
    pics.setRequest(3, true);
    pics.setRequest(5, true);
    assert.equal(pics.acknowledge(), 0x33);
    assert.equal(readService(0x20), 0);
    pics.setRequest(3, false);
    pics.setRequest(3, true);
    assert.equal(pics.acknowledge(), 0x35, 'input 3 became the lowest');
    assert.equal(pics.acknowledge(), 0x33);
  });

  test('automatic EOI in both chips serves two slave requests one after the other', () => {
    initialize(0x03);
    pics.setRequest(9, true);
    pics.setRequest(10, true);
    assert.equal(pics.acknowledge(), 0x39);
    assert.equal(pics.acknowledge(), 0x3a);
    assert.equal(pics.pendingVector(), -1);
  });

  test('rotate on specific EOI and set priority', () => {
    pics.setRequest(4, true);
    assert.equal(pics.acknowledge(), 0x34);
    board.out8(0x20, 0xe4);
    pics.setRequest(5, true);
    pics.setRequest(0, true);
    assert.equal(pics.pendingVector(), 0x35, 'input 4 is the lowest, so 5 is the highest');
    board.out8(0x20, 0xc7);
    assert.equal(pics.pendingVector(), 0x30);
  });

  test('special mask mode lets lower inputs through while a masked one is in service', () => {
    pics.setRequest(1, true);
    assert.equal(pics.acknowledge(), 0x31);
    pics.setRequest(6, true);
    assert.equal(pics.pendingVector(), -1);
    board.out8(0x20, 0x68);
    board.out8(0x21, 0x02);
    assert.equal(pics.acknowledge(), 0x36);
    board.out8(0x20, 0x20);
    assert.equal(readService(0x20), 0x02, 'the EOI passes over the masked level');
  });

  test('special fully nested mode lets a second slave request through', () => {
    initialize(0x11);
    pics.setRequest(12, true);
    assert.equal(pics.acknowledge(), 0x3c);
    pics.setRequest(9, true);
    assert.equal(pics.acknowledge(), 0x39);
  });

  test('a poll takes the request into service', () => {
    board.out8(0x20, 0x0c);
    assert.equal(board.in8(0x20), 0x07);
    pics.setRequest(6, true);
    board.out8(0x20, 0x0c);
    assert.equal(board.in8(0x20), 0x86);
    assert.equal(readService(0x20), 0x40);
  });
});

test('a restored pair goes on where the saved one was', () => {
  pics.setRequest(4, true);
  pics.setRequest(9, true);
  board.out8(0x4d0, 0x20);
  const saved = JSON.parse(JSON.stringify(pics.save()));
  const other = createI8259Pair(new BenchBoard());
  other.restore(saved);
  assert.deepEqual(other.save(), saved);
  assert.equal(other.output, true);
  assert.equal(other.acknowledge(), 0x39, 'input 2 of the master ranks before input 4');
  assert.equal(other.pendingVector(), -1);
});

test('whatever is written, the pair answers', () => {
  let seed = 1;
  const random = (): number => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) >>> 8;
  for (let step = 0; step < 20_000; step += 1) {
    const port = [0x20, 0x21, 0xa0, 0xa1, 0x4d0, 0x4d1][random() % 6] as number;
    if (random() % 3 === 0) assert.ok(board.in8(port) <= 0xff);
    else board.out8(port, random() & 0xff);
    pics.setRequest(random() % 16, random() % 2 === 0);
    const expected = pics.pendingVector();
    if (expected >= 0 && random() % 4 === 0) assert.equal(pics.acknowledge(), expected);
  }
});
