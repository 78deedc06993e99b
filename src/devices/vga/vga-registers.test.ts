import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { BenchBoard } from '../board/bench-board.ts';
import { buildEdid } from './edid.ts';
import { setStandardMode, STANDARD_MODES } from './standard-modes.ts';
import { createVga } from './vga.ts';
import type { Vga } from './vga.ts';

let board: BenchBoard;
let vga: Vga;
const setMode = (mode: keyof typeof STANDARD_MODES): void =>
  setStandardMode(STANDARD_MODES[mode], (port, value) => board.out8(port, value), (port) => void board.in8(port)); // prettier-ignore
const indexed = (port: number, index: number): number => {
  board.out8(port, index);
  return board.in8(port + 1);
};
const writeVbe = (index: number, value: number): void => {
  board.ports.write(0x1ce, 2, index);
  board.ports.write(0x1cf, 2, value);
};
const readVbe = (index: number): number => {
  board.ports.write(0x1ce, 2, index);
  return board.ports.read(0x1cf, 2);
};

beforeEach(() => {
  board = new BenchBoard();
  vga = createVga(board);
});

describe('ports', () => {
  test('indexed registers keep the bits that they have', () => {
    setMode('03');
    for (const [port, index, value, read] of [
      [0x3c4, 1, 0xff, 0x3d],
      [0x3c4, 2, 0xff, 0x0f],
      [0x3ce, 3, 0xff, 0x1f],
      [0x3ce, 8, 0xff, 0xff],
      [0x3d4, 0x0e, 0xab, 0xab],
      [0x3d4, 0x30, 0xab, 0x00],
    ] as const) {
      board.ports.write(port, 2, index | (value << 8));
      assert.equal(indexed(port, index), read, `${port.toString(16)}.${index}`);
    }
  });

  test('the CRT controller is at 0x3D4 or at 0x3B4, as bit 0 of the miscellaneous output says', () => {
    board.out8(0x3c2, 1);
    board.ports.write(0x3d4, 2, 0x420f);
    assert.deepEqual([indexed(0x3d4, 0x0f), indexed(0x3b4, 0x0f)], [0x42, 0xff]);
    board.out8(0x3c2, 0);
    assert.deepEqual([indexed(0x3d4, 0x0f), indexed(0x3b4, 0x0f)], [0xff, 0x42]);
    assert.equal(board.in8(0x3cc), 0);
  });

  test('CRTC registers 0 to 7 are protected but for the line compare bit', () => {
    setMode('03');
    board.ports.write(0x3d4, 2, 0x0001);
    assert.equal(indexed(0x3d4, 1), 0x4f);
    board.ports.write(0x3d4, 2, 0x0007);
    assert.equal(indexed(0x3d4, 7), 0x0f);
    board.ports.write(0x3d4, 2, 0x0e11);
    board.ports.write(0x3d4, 2, 0x2001);
    assert.equal(indexed(0x3d4, 1), 0x20);
  });

  test('the attribute controller takes index and data in turn, begun anew by a read of input status 1', () => {
    board.out8(0x3c2, 1);
    board.in8(0x3da);
    for (const value of [0x03, 0x2a, 0x30, 0x01]) board.out8(0x3c0, value);
    board.in8(0x3da);
    board.out8(0x3c0, 0x03);
    assert.equal(board.in8(0x3c1), 0x2a);
    board.in8(0x3da);
    // With bit 5 of the index the palette cannot be written.
    for (const value of [0x23, 0x15]) board.out8(0x3c0, value);
    assert.deepEqual([board.in8(0x3c0), board.in8(0x3c1)], [0x23, 0x2a]);
  });

  test('colour registers are written and read by components, and advance', () => {
    board.out8(0x3c8, 254);
    for (const value of [1, 2, 3, 0x7f, 5, 6, 7, 8, 9]) board.out8(0x3c9, value);
    assert.deepEqual([board.in8(0x3c8), board.in8(0x3c7)], [1, 0]);
    board.out8(0x3c7, 255);
    assert.equal(board.in8(0x3c7), 3);
    assert.deepEqual(
      Array.from({ length: 6 }, () => board.in8(0x3c9)),
      [0x3f, 5, 6, 7, 8, 9],
    );
    board.out8(0x3c8, 1);
    board.out8(0x3c9, 60);
    board.out8(0x3c7, 1);
    assert.equal(board.in8(0x3c9), 0, 'red alone changes nothing');
  });
});

test('input status 1 follows the beam: 449 lines at 31.47 kHz, the retrace from line 412', () => {
  setMode('03');
  const line = (100 * 9 * 1e9) / 28_322_000;
  const at = (lines: number): number => {
    board.clock.time = Math.ceil(lines * line);
    return board.in8(0x3da) & 0x09;
  };
  assert.deepEqual(
    [0.1, 0.9, 399.1, 400.1, 411.9, 412.1, 413.9, 414.1, 448.9, 449.1].map(at),
    [0, 1, 0, 1, 1, 9, 9, 1, 1, 0],
  );
});

describe('the DISPI interface', () => {
  test('tells what it is and what it can do', () => {
    assert.deepEqual([readVbe(0), readVbe(10), readVbe(11)], [0xb0c5, 256, 0]);
    writeVbe(4, 2);
    assert.deepEqual([readVbe(1), readVbe(2), readVbe(3)], [4096, 4096, 32]);
    writeVbe(0, 0xb0c2);
    assert.equal(readVbe(0), 0xb0c2);
    writeVbe(0, 0x1234);
    assert.equal(readVbe(0), 0xb0c2);
  });

  test('sets a mode, clears what it shows, and keeps what was asked to be kept', () => {
    vga.frameBuffer.write(100, 4, 0x1234_5678);
    for (const [index, value] of [[1, 800], [2, 600], [3, 32], [4, 0xc1]] as const) writeVbe(index, value); // prettier-ignore
    assert.deepEqual([readVbe(6), readVbe(7), readVbe(4)], [800, 5242, 0xc1]);
    assert.equal(vga.frameBuffer.read(100, 4), 0x1234_5678);
    writeVbe(4, 0);
    writeVbe(4, 0x41);
    assert.equal(vga.frameBuffer.read(100, 4), 0);
    writeVbe(6, 1600);
    writeVbe(8, 5000);
    writeVbe(9, 5000);
    assert.deepEqual([readVbe(6), readVbe(7), readVbe(8), readVbe(9)], [1600, 2621, 800, 2021]);
  });

  test('never shows more than there is memory', () => {
    for (const [index, value] of [[1, 0xffff], [2, 0xffff], [3, 32], [4, 0x41], [6, 0xffff]] as const) writeVbe(index, value); // prettier-ignore
    assert.deepEqual([readVbe(1), readVbe(6), readVbe(2)], [4096, 32768, 128]);
    vga.display.refresh();
    assert.deepEqual(vga.display.size, { width: 4096, height: 128 });
  });

  test('banks show video memory at 0xA0000', () => {
    for (const [index, value] of [[1, 640], [2, 480], [3, 8], [4, 1], [5, 3]] as const) writeVbe(index, value); // prettier-ignore
    board.mmio.write(0xa1234, 4, 0xaabb_ccdd);
    board.mmio.write8(0xa2000, 0x0102_0304_0506_0708n);
    assert.equal(vga.frameBuffer.read(0x3_1234, 4), 0xaabb_ccdd);
    assert.equal(vga.frameBuffer.read8!(0x3_2000), 0x0102_0304_0506_0708n);
    assert.equal(board.mmio.read(0xa1235, 2), 0xbbcc);
    assert.equal(board.mmio.read(0xb8000, 2), 0xffff);
  });

  test('is in the register page too, beside the monitor and the ports', () => {
    const page = vga.registerPage;
    assert.deepEqual([page.read(0x500, 2), page.read(0x514, 2), page.read(0x604, 4)], [0xb0c5, 256, 0x1e1e_1e1e]);
    page.write(0x502, 4, (300 << 16) | 400);
    assert.deepEqual([readVbe(1), readVbe(2)], [400, 300]);
    page.write(0x402, 1, 0x67);
    page.write(0x414, 2, 0x990f);
    assert.deepEqual([indexed(0x3d4, 0x0f), page.read(0x40c, 1)], [0x99, 0x67]);
    assert.deepEqual([page.read(0, 4), page.read(0x80, 4), page.read(0x700, 4)], [0xffff_ff00, 0, 0xffff_ffff]);
  });
});

test('the monitor is identified by name and preferred size', () => {
  const edid = buildEdid({ width: 1280, height: 800 });
  assert.equal(edid.reduce((sum, byte) => sum + byte, 0) & 0xff, 0);
  assert.deepEqual([edid[56]! | ((edid[58]! >> 4) << 8), edid[59]! | ((edid[61]! >> 4) << 8)], [1280, 800]);
  const clock = (edid[54]! | (edid[55]! << 8)) * 10_000;
  const total = (1280 + 160) * (800 + (edid[60]! | ((edid[61]! & 15) << 8)));
  assert.ok(Math.abs(clock / total - 60) < 0.1);
});
