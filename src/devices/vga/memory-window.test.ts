import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { BenchBoard } from '../board/bench-board.ts';
import { setStandardMode, STANDARD_MODES } from './standard-modes.ts';
import { createVga } from './vga.ts';
import type { Vga } from './vga.ts';

let board: BenchBoard;
let vga: Vga;
const setMode = (mode: keyof typeof STANDARD_MODES): void =>
  setStandardMode(STANDARD_MODES[mode], (port, value) => board.out8(port, value), (port) => void board.in8(port)); // prettier-ignore
const graphics = (index: number, value: number): void => board.ports.write(0x3ce, 2, index | (value << 8));
const mapMask = (mask: number): void => board.ports.write(0x3c4, 2, 2 | (mask << 8));
const write = (value: number, at = 0): void => board.mmio.write(0xa0000 + at, 1, value);
const read = (at = 0): number => board.mmio.read(0xa0000 + at, 1);
/** The bytes of planes 0 to 3 at an address. */
const planes = (at = 0): number[] => [0, 1, 2, 3].map((plane) => vga.frameBuffer.read(at * 4 + plane, 1));

beforeEach(() => {
  board = new BenchBoard();
  vga = createVga(board);
  setMode('12');
});

describe('write modes', () => {
  test('0: the map mask, the rotator, set/reset, the bit mask', () => {
    mapMask(0b0101);
    write(0xc3);
    assert.deepEqual(planes(), [0xc3, 0, 0xc3, 0]);
    graphics(3, 3);
    write(0x07);
    assert.deepEqual(planes(), [0xe0, 0, 0xe0, 0]);
    graphics(3, 0);
    mapMask(0x0f);
    graphics(0, 0b0110);
    graphics(1, 0b0011);
    write(0x55);
    assert.deepEqual(planes(), [0x00, 0xff, 0x55, 0x55]);
    graphics(1, 0);
    read();
    graphics(8, 0xf0);
    write(0xaa);
    assert.deepEqual(planes(), [0xa0, 0xaf, 0xa5, 0xa5]);
  });

  test('0: and, or and exclusive or with the latches', () => {
    write(0x0f);
    for (const [logic, result] of [
      [1, 0x03],
      [2, 0x3f],
      [3, 0x3c],
    ] as const) {
      graphics(3, 0);
      write(0x0f);
      read();
      graphics(3, logic << 3);
      write(0x33);
      assert.deepEqual(planes(), [result, result, result, result]);
    }
  });

  test('1: copies the latches, whatever is written', () => {
    for (const plane of [0, 1, 2, 3]) {
      mapMask(1 << plane);
      write(0x10 + plane);
    }
    mapMask(0x0f);
    read();
    graphics(5, 1);
    graphics(8, 0);
    write(0xff, 5);
    assert.deepEqual(planes(5), [0x10, 0x11, 0x12, 0x13]);
  });

  test('2: a colour, where the bit mask is set', () => {
    write(0x0f);
    read();
    graphics(5, 2);
    graphics(8, 0x3c);
    write(0b1010);
    assert.deepEqual(planes(), [0x03, 0x3f, 0x03, 0x3f]);
  });

  test('3: the set/reset colour, where both data and bit mask are set', () => {
    read();
    graphics(5, 3);
    graphics(0, 0b1001);
    graphics(8, 0x7e);
    write(0x1f);
    assert.deepEqual(planes(), [0x1e, 0, 0, 0x1e]);
  });
});

test('read mode 0 shows a plane, read mode 1 where a colour is', () => {
  mapMask(0b0001);
  write(0xf0);
  mapMask(0b0010);
  write(0xcc);
  graphics(4, 1);
  assert.equal(read(), 0xcc);
  graphics(5, 8);
  graphics(2, 0b0011);
  assert.equal(read(), 0xc0);
  graphics(7, 0b0001);
  assert.equal(read(), 0xf0);
  graphics(7, 0);
  assert.equal(read(), 0xff);
});

test('chained planes are a byte a pixel, in plane 0 to 3 in turn', () => {
  setMode('13');
  board.mmio.write(0xa0000, 4, 0x0403_0201);
  assert.deepEqual(planes(), [1, 2, 3, 4]);
  assert.equal(board.mmio.read(0xa0001, 2), 0x0302);
  mapMask(0b0100);
  board.mmio.write8(0xa0000, 0x1111_1111_1111_1111n);
  assert.equal(board.mmio.read8(0xa0000), 0x0011_0000_0411_0201n);
});

test('odd and even addresses are characters and attributes', () => {
  setMode('03');
  board.mmio.write(0xb8000, 2, 0x1f41);
  board.mmio.write(0xb8002, 2, 0x2e42);
  assert.deepEqual(
    [planes(0), planes(2)],
    [
      [0x41, 0x1f, 0, 0],
      [0x42, 0x2e, 0, 0],
    ],
  );
  assert.equal(board.mmio.read(0xb8000, 4), 0x2e42_1f41);
  assert.equal(board.mmio.read(0xa0000, 4), 0xffff_ffff, 'nothing is mapped there');
});

test('the window is where the memory map field puts it, and nowhere with memory disabled', () => {
  const answers = (): boolean[] =>
    [0xa0000, 0xb0000, 0xb8000].map((base) => {
      board.mmio.write(base + 0x100, 1, 0x5a);
      return board.mmio.read(base + 0x100, 1) === 0x5a;
    });
  const found = [0, 1, 2, 3].map((map) => {
    graphics(6, 1 | (map << 2));
    return answers();
  });
  assert.deepEqual(found, [
    [true, true, true],
    [true, false, false],
    [false, true, false],
    [false, false, true],
  ]);
  board.out8(0x3c2, 0x01);
  assert.deepEqual(answers(), [false, false, false]);
});
