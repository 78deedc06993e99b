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
const put = (port: number, index: number, value: number): void => board.ports.write(port, 2, index | (value << 8));
const writeVbe = (index: number, value: number): void => {
  board.ports.write(0x1ce, 2, index);
  board.ports.write(0x1cf, 2, value);
};
/** Colour register n is (n, 2n, 3n) modulo 64. */
const setPalette = (): void => {
  board.out8(0x3c8, 0);
  for (let n = 0; n < 256; n += 1) for (const factor of [1, 2, 3]) board.out8(0x3c9, (n * factor) & 63);
};
const wide = (six: number): number => (six << 2) | (six >> 4);
const colour = (n: number): string => [n, 2 * n, 3 * n].map((value) => wide(value & 63)).join();
/** The colour at a place, after a refresh. */
const at = (x: number, y: number): string => {
  vga.display.refresh();
  const offset = (y * vga.display.size.width + x) * 4;
  assert.equal(vga.display.pixels[offset + 3], 255);
  return vga.display.pixels.subarray(offset, offset + 3).join();
};
const row = (x: number, y: number, count: number): string[] => Array.from({ length: count }, (_, n) => at(x + n, y));
/** Which of a row of dots have the colour register `foreground`. */
const dots = (x: number, y: number, count: number, foreground: number): string =>
  row(x, y, count).map((value) => (value === colour(foreground) ? '#' : '.')).join(''); // prettier-ignore
/** Puts a glyph's scan lines into the font at `font`, through plane 2 as a video BIOS does. */
const setGlyph = (character: number, lines: readonly number[], font = 0): void => {
  for (const [port, index, value] of [[0x3c4, 2, 4], [0x3c4, 4, 6], [0x3ce, 5, 0], [0x3ce, 6, 4]] as const) put(port, index, value); // prettier-ignore
  for (const [line, bits] of lines.entries()) board.mmio.write(0xa0000 + font + character * 32 + line, 1, bits);
  for (const [port, index, value] of [[0x3c4, 2, 3], [0x3c4, 4, 2], [0x3ce, 5, 0x10], [0x3ce, 6, 0x0e]] as const) put(port, index, value); // prettier-ignore
};
const cell = (index: number, character: number, attribute: number): void =>
  board.mmio.write(0xb8000 + index * 2, 2, character | (attribute << 8));

beforeEach(() => {
  board = new BenchBoard();
  vga = createVga(board);
  setPalette();
});

describe('text', () => {
  beforeEach(() => {
    setMode('03');
    put(0x3d4, 0x0a, 0x20); // no cursor
    setGlyph(0x41, [0x81, 0xff, 0x18]);
    setGlyph(0xc4, [0x00, 0xff, 0x01]);
  });

  test('cells of nine dots; the ninth is blank but for characters that draw lines', () => {
    cell(0, 0x41, 0x17);
    cell(1, 0xc4, 0x17);
    assert.deepEqual([vga.display.refresh() > 0, vga.display.size], [true, { width: 720, height: 400 }]);
    assert.deepEqual(
      [0, 1, 2].map((y) => dots(0, y, 18, 7)),
      ['#......#..........', '########.#########', '...##...........##'],
    );
    assert.equal(at(1, 0), colour(1));
  });

  test('what is written can be read as text', () => {
    for (const [index, code] of [...'Lodge'].entries()) cell(80 + index, code.charCodeAt(0), 7);
    cell(85, 0xc9, 7);
    const text = vga.display.text() ?? [];
    assert.deepEqual([text.length, text[1]?.slice(0, 7), text[1]?.length], [25, 'Lodge╔ ', 80]);
  });

  test('the cursor is where and as tall as it was set, and blinks', () => {
    put(0x3d4, 0x0a, 13);
    put(0x3d4, 0x0b, 14);
    put(0x3d4, 0x0e, 0);
    put(0x3d4, 0x0f, 81);
    cell(81, 0x20, 0x07);
    const column = (): string => [12, 13, 14, 15].map((y) => dots(9, 16 + y, 9, 7)).join();
    assert.equal(column(), '.........,#########,#########,.........');
    board.advance(8 * 14.3e6);
    assert.equal(column(), '.........,.........,.........,.........');
    board.advance(8 * 14.3e6);
    assert.equal(column(), '.........,#########,#########,.........');
  });

  test('bit 7 of the attribute blinks, or is a bright background', () => {
    cell(0, 0x41, 0x97);
    assert.deepEqual([dots(0, 1, 9, 7), at(8, 1)], ['########.', colour(1)]);
    board.advance(16 * 14.3e6);
    assert.deepEqual([dots(0, 1, 9, 7), at(0, 1)], ['.........', colour(1)]);
    board.in8(0x3da);
    for (const value of [0x30, 0x04]) board.out8(0x3c0, value);
    assert.deepEqual([dots(0, 1, 9, 7), at(8, 1)], ['########.', colour(0x39)]);
  });

  test('two fonts, chosen by bit 3 of the attribute', () => {
    setGlyph(0x41, [0xaa], 0x4000);
    put(0x3c4, 3, 0x01);
    cell(0, 0x41, 0x0f);
    cell(1, 0x41, 0x07);
    assert.deepEqual([dots(0, 0, 9, 0x3f), dots(9, 0, 9, 7)], ['#......#.', '#.#.#.#..']);
  });

  test('underlined where the underline location says', () => {
    put(0x3d4, 0x14, 15);
    cell(0, 0x20, 0x01);
    assert.deepEqual([dots(0, 15, 10, 1), dots(0, 14, 10, 1)], ['#########.', '..........']);
  });

  test('start address, panning, preset row and the split screen', () => {
    cell(80, 0x41, 7);
    cell(81, 0xc4, 7);
    put(0x3d4, 0x0d, 80);
    assert.equal(dots(0, 1, 18, 7), '########.#########');
    put(0x3d4, 0x08, 1);
    assert.equal(dots(0, 0, 18, 7), '########.#########');
    board.in8(0x3da);
    for (const value of [0x33, 0x02]) board.out8(0x3c0, value);
    assert.equal(dots(0, 0, 18, 7), '#####.#########...');
    cell(0, 0x41, 4);
    put(0x3d4, 0x18, 99);
    put(0x3d4, 0x11, 0x0e);
    put(0x3d4, 0x07, 0x0f);
    put(0x3d4, 0x09, 0x0f);
    assert.equal(dots(0, 101, 9, 4), '#####....');
    board.in8(0x3da);
    for (const value of [0x30, 0x2c]) board.out8(0x3c0, value);
    assert.equal(dots(0, 101, 9, 4), '########.', 'the split part does not pan when told so');
  });

  test('40 columns have dots of twice the width', () => {
    setMode('01');
    put(0x3d4, 0x0a, 0x20);
    cell(0, 0x41, 7);
    assert.equal(dots(0, 0, 18, 7), '##............##..');
    assert.deepEqual([vga.display.size, vga.display.text()?.[0]?.length], [{ width: 720, height: 400 }, 40]);
  });
});

describe('graphics', () => {
  test('16 colours: a bit of each plane makes a pixel', () => {
    setMode('12');
    for (const [plane, bits] of [0xaa, 0xcc, 0xf0, 0x01].entries()) {
      put(0x3c4, 2, 1 << plane);
      board.mmio.write(0xa0000 + 80, 1, bits);
    }
    const palette = [0, 1, 2, 3, 4, 5, 0x14, 7, 0x38];
    assert.deepEqual(
      row(0, 1, 8),
      [7, 6, 5, 4, 3, 2, 1, 8].map((n) => colour(palette[n] as number)),
    );
    assert.deepEqual(vga.display.size, { width: 640, height: 480 });
  });

  test('4 colours as on a CGA: pairs of bits, odd lines 8 KiB further on', () => {
    setMode('04');
    board.mmio.write(0xb8000, 2, 0b11_10_01_00 | (0b00_01_10_11 << 8));
    board.mmio.write(0xb8000 + 0x2000, 1, 0b01_01_01_01);
    const palette = [0, 0x13, 0x15, 0x17];
    const pixels = [3, 2, 1, 0, 0, 1, 2, 3].flatMap((n) => [n, n]);
    assert.deepEqual(
      row(0, 1, 16),
      pixels.map((n) => colour(palette[n] as number)),
    );
    assert.deepEqual([at(0, 2), at(7, 3), at(8, 3)], [0x13, 0x13, 0].map(colour));
  });

  test('256 colours, chained and not', () => {
    setMode('13');
    board.mmio.write(0xa0000 + 320 * 199 + 316, 4, 0x0403_0201);
    assert.deepEqual(row(632, 399, 8), [1, 1, 2, 2, 3, 3, 4, 4].map(colour));
    setMode('unchained');
    put(0x3c4, 2, 0b0010);
    board.mmio.write(0xa0000 + 80 * 239 + 79, 1, 0x77);
    assert.deepEqual([at(634, 479), at(635, 478), vga.display.size.height], [colour(0x77), colour(0x77), 480]);
  });

  test('switched off, the screen is black', () => {
    setMode('13');
    board.mmio.write(0xa0000, 1, 5);
    assert.equal(at(0, 0), colour(5));
    put(0x3c4, 1, 0x21);
    assert.equal(at(0, 0), '0,0,0');
    assert.equal(vga.display.text(), undefined);
  });
});

describe('extended modes', () => {
  const set = (depth: number, flags = 0x41): void => {
    writeVbe(4, 0);
    for (const [index, value] of [[1, 320], [2, 200], [3, depth], [4, flags]] as const) writeVbe(index, value); // prettier-ignore
  };

  test('every depth shows its colours', () => {
    for (const [depth, value, expected] of [
      [8, 0x21, colour(0x21)],
      [15, 0b0_10000_00001_11111, '132,8,255'],
      [16, 0b10000_000001_11111, '132,4,255'],
      [24, 0x12_3456, '18,52,86'],
      [32, 0xff12_3456, '18,52,86'],
    ] as const) {
      set(depth);
      vga.frameBuffer.write(((depth + 7) >> 3) * 321, 4, value);
      assert.equal(at(1, 1), expected, `${depth} bits`);
    }
    assert.equal(vga.display.text(), undefined);
  });

  test('16 colours have planes', () => {
    setMode('12');
    set(4);
    put(0x3c4, 2, 0b0110);
    board.mmio.write(0xa0000 + 40, 1, 0x80);
    assert.deepEqual([at(0, 1), at(1, 1)], [colour(0x14), colour(0)]);
  });

  test('colour registers may have 8 bits', () => {
    set(8, 0x61);
    board.out8(0x3c8, 1);
    for (const value of [201, 102, 3]) board.out8(0x3c9, value);
    vga.frameBuffer.write(0, 1, 1);
    assert.equal(at(0, 0), '201,102,3');
  });

  test('a picture larger than the screen is moved over', () => {
    set(32);
    writeVbe(6, 640);
    writeVbe(8, 100);
    writeVbe(9, 50);
    vga.frameBuffer.write((60 * 640 + 105) * 4, 4, 0x00ff_0000);
    assert.equal(at(5, 10), '255,0,0');
  });

  test('what is written damages the tiles that it changes', () => {
    set(32);
    const sizes: unknown[] = [];
    vga.display.onResize((size) => sizes.push(size));
    const first = vga.display.refresh();
    assert.deepEqual(sizes, [{ width: 320, height: 200 }]);
    assert.equal(vga.display.refresh(), first);
    vga.frameBuffer.write8!((100 * 320 + 70) * 4, 0xff00ff_00ff00ffn);
    assert.equal(vga.display.refresh(), first + 1);
    assert.deepEqual(vga.display.damageSince(first), [{ x: 64, y: 96, width: 64, height: 16 }]);
  });
});

test('a restored VGA shows what the saved one did', () => {
  setMode('03');
  setGlyph(0x41, [0x81, 0xff, 0x18]);
  cell(3, 0x41, 0x1e);
  vga.display.refresh();
  const picture = vga.display.pixels.slice();
  const saved = JSON.parse(JSON.stringify(vga.save()));
  vga.reset();
  vga.display.refresh();
  assert.notDeepEqual(vga.display.pixels, picture);
  vga.restore(saved);
  vga.display.refresh();
  assert.deepEqual(vga.display.pixels, picture);
  const other = createVga(new BenchBoard());
  other.restore(saved);
  other.display.refresh();
  assert.deepEqual(other.display.pixels, picture);
  vga.dispose();
  assert.equal(board.in8(0x3cc), 0xff);
});

test('whatever is written, nothing throws', () => {
  let seed = 23;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  for (let step = 0; step < 60_000; step += 1) {
    const size = [1, 2, 4][random(3)] as 1 | 2 | 4;
    const value = random(2) === 0 ? random(0x40) : random(2 ** 32);
    const port = random(8) === 0 ? 0x1ce + random(2) : 0x3b0 + random(0x30);
    const address = 0xa0000 + random(0x20000);
    if (random(2) === 0) board.ports.write(port, port < 0x3b0 ? 2 : size, value);
    else assert.ok(board.ports.read(port, size) >= 0);
    board.mmio.write(address, size, value);
    assert.ok(board.mmio.read(address, size) <= 0xffff_ffff);
    vga.registerPage.write(random(0xffc), size, value);
    vga.registerPage.read(random(0xffc), size);
    vga.frameBuffer.write(random(vga.frameBufferLength - 4), size, value);
    board.advance(random(100_000));
    if (step % 300 !== 0) continue;
    vga.display.refresh();
    const { width, height } = vga.display.size;
    assert.equal(vga.display.pixels.length, width * height * 4);
    vga.display.text();
  }
  vga.restore(JSON.parse(JSON.stringify(vga.save())));
});
