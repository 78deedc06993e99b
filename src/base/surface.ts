import type { DisplaySize, Rectangle } from './display.ts';

/** Changes are told apart by tiles of this many pixels. */
const TILE_WIDTH = 64;
const TILE_HEIGHT = 16;

/** The picture of a `Display`: pixels, and for each tile of them the version in which it changed last. */
export class Surface {
  readonly size: DisplaySize;
  /** Bytes red, green, blue, 255 for each pixel. */
  readonly bytes: Uint8Array;
  /** The same, a pixel a word. */
  readonly #words: Uint32Array;
  readonly #columns: number;
  readonly #tiles: Float64Array;
  #version: number;
  #changed = true;

  /** A black picture, all of it new in `version`, which is at least 1. */
  constructor(size: DisplaySize, version: number) {
    this.size = size;
    this.#words = new Uint32Array(size.width * size.height).fill(0xff00_0000);
    this.bytes = new Uint8Array(this.#words.buffer);
    this.#columns = Math.ceil(size.width / TILE_WIDTH);
    this.#tiles = new Float64Array(this.#columns * Math.ceil(size.height / TILE_HEIGHT)).fill(version);
    this.#version = version - 1;
  }

  /** The version of what was drawn up to now. */
  commit(): number {
    if (this.#changed) this.#version += 1;
    this.#changed = false;
    return this.#version;
  }

  /** Replaces row `y`. Pixels are words 0xFFBBGGRR; as many as the picture is wide count. */
  setRow(y: number, row: Uint32Array): void {
    const { width } = this.size;
    const words = this.#words;
    const start = y * width;
    const firstTile = Math.floor(y / TILE_HEIGHT) * this.#columns;
    for (let column = 0; column < this.#columns; column += 1) {
      const left = column * TILE_WIDTH;
      const right = Math.min(left + TILE_WIDTH, width);
      let x = left;
      while (x < right && words[start + x] === row[x]) x += 1;
      if (x === right) continue;
      for (; x < right; x += 1) words[start + x] = row[x] as number;
      this.#tiles[firstTile + column] = this.#version + 1;
      this.#changed = true;
    }
  }

  /** See `Display.damageSince`. */
  damageSince(version: number): readonly Rectangle[] {
    const { height } = this.size;
    const done: Rectangle[] = [];
    let open: Rectangle[] = [];
    for (let y = 0; y < height; y += TILE_HEIGHT) {
      const tall = Math.min(TILE_HEIGHT, height - y);
      const next: Rectangle[] = [];
      for (const { left, right } of this.#runs(y / TILE_HEIGHT, version)) {
        const above = open.find((r) => r.x === left && r.width === right - left);
        if (above !== undefined) open.splice(open.indexOf(above), 1);
        const top = above?.y ?? y;
        next.push({ x: left, y: top, width: right - left, height: y + tall - top });
      }
      done.push(...open);
      open = next;
    }
    done.push(...open);
    return done;
  }

  /** Runs of neighbouring tiles in a row of tiles that are newer than `version`, in pixels. */
  *#runs(tileRow: number, version: number): Iterable<{ readonly left: number; readonly right: number }> {
    const first = tileRow * this.#columns;
    let from = -1;
    for (let column = 0; column <= this.#columns; column += 1) {
      const isNew = column < this.#columns && (this.#tiles[first + column] as number) > version;
      if (isNew && from < 0) from = column;
      if (isNew || from < 0) continue;
      yield { left: from * TILE_WIDTH, right: Math.min(column * TILE_WIDTH, this.size.width) };
      from = -1;
    }
  }
}
