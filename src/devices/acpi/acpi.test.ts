import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { BenchBoard } from '../board/bench-board.ts';
import { createAcpi } from './acpi.ts';
import type { Acpi } from './acpi.ts';

let board: BenchBoard;
let acpi: Acpi;

beforeEach(() => {
  board = new BenchBoard();
  acpi = createAcpi(board);
});

const read = (port: number, size: 1 | 2 | 4 = 2): number => board.ports.read(port, size);
const write = (port: number, value: number, size: 1 | 2 | 4 = 2): void => board.ports.write(port, size, value);

test('the PM timer runs at 3.579545 MHz and turns over at 32 bits', () => {
  board.advance(1e9);
  assert.equal(read(0x608, 4), 3_579_545);
  board.advance(1200e9);
  assert.equal(read(0x608, 4), (3_579_545 * 1201) % 2 ** 32);
});

test('the machine is in ACPI mode for good', () => {
  assert.equal(read(0x604), 1);
  write(0x604, 0);
  assert.equal(read(0x604), 1);
});

test('S5 switches off, other sleeping states do nothing', () => {
  write(0x604, 0x2000 | (3 << 10));
  write(0x604, 5 << 10);
  assert.deepEqual(board.powerRequests, []);
  write(0x604, 0x2000 | (5 << 10));
  assert.deepEqual(board.powerRequests, ['shutdown']);
});

test('S5 written a byte at a time, as some firmware does', () => {
  write(0x605, 0x34, 1);
  assert.deepEqual(board.powerRequests, ['shutdown']);
});

describe('the SCI', () => {
  test('the power button, held until its status is cleared', () => {
    acpi.pressPowerButton();
    assert.deepEqual([read(0x600), board.lineChanges], [0x100, []]);
    write(0x602, 0x100);
    assert.deepEqual(board.lineChanges, ['9+']);
    write(0x600, 0x20);
    assert.equal(read(0x600), 0x100);
    write(0x600, 0x100);
    assert.deepEqual([read(0x600), board.lineChanges], [0, ['9+', '9-']]);
    assert.equal(read(0x600, 4), 0x0100_0000);
  });

  test("the timer's top bit", () => {
    write(0x602, 1);
    board.advance((2 ** 31 / 3_579_545) * 1e9 - 1000);
    assert.deepEqual(board.lineChanges, []);
    board.advance(2000);
    assert.deepEqual(board.lineChanges, ['9+']);
    write(0x600, 1);
    assert.deepEqual(board.lineChanges, ['9+', '9-']);
    board.advance((2 ** 31 / 3_579_545) * 1e9);
    assert.equal(read(0x600), 1);
  });

  test('general-purpose events', () => {
    write(0x622, 0x0002);
    acpi.raiseEvent(0);
    assert.deepEqual(board.lineChanges, []);
    acpi.raiseEvent(1);
    assert.deepEqual([board.lineChanges, read(0x620)], [['9+'], 3]);
    write(0x620, 2);
    assert.deepEqual([board.lineChanges, read(0x620)], [['9+', '9-'], 1]);
  });
});

test('a restored block goes on where the saved one was', () => {
  write(0x602, 0x100);
  acpi.pressPowerButton();
  const saved = JSON.parse(JSON.stringify(acpi.save()));
  const other = new BenchBoard();
  const copy = createAcpi(other);
  copy.restore(saved);
  assert.deepEqual([copy.save(), other.lineChanges], [saved, ['9+']]);
});

test('whatever is written, the ports answer', () => {
  let seed = 23;
  const random = (): number => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) >>> 3;
  for (let step = 0; step < 20_000; step += 1) {
    const port = 0x5fe + (random() % 0x34);
    const size = ([1, 2, 4] as const)[random() % 3]!;
    if (random() % 2 === 0) write(port, random() * 8, size);
    else assert.ok(read(port, size) <= 0xffff_ffff);
    board.advance(random() * 100);
  }
  acpi.restore(JSON.parse(JSON.stringify(acpi.save())));
});
