import type { Display, DisplaySize, Rectangle } from '../base/display.ts';
import { Emitter } from '../base/event.ts';
import { Surface } from '../base/surface.ts';

/** A display that shows what tests paint. */
export class TestDisplay implements Display {
  #surface: Surface;
  readonly #resized = new Emitter<DisplaySize>();
  readonly onResize = this.#resized.event;

  constructor(width: number, height: number) {
    this.#surface = new Surface({ width, height }, 1);
  }

  get size(): DisplaySize {
    return this.#surface.size;
  }

  get pixels(): Uint8Array {
    return this.#surface.bytes;
  }

  resize(width: number, height: number): void {
    this.#surface = new Surface({ width, height }, this.#surface.commit() + 1);
    this.#resized.fire(this.size);
  }

  /** Sets every pixel to `colourAt(x, y)`, a number 0xRRGGBB. */
  paint(colourAt: (x: number, y: number) => number): void {
    const { width, height } = this.size;
    for (let y = 0; y < height; y += 1) {
      const row = Uint32Array.from({ length: width }, (_, x) => {
        const colour = colourAt(x, y);
        return 0xff00_0000 | ((colour & 0xff) << 16) | (colour & 0xff00) | (colour >> 16);
      });
      this.#surface.setRow(y, row);
    }
  }

  refresh(): number {
    return this.#surface.commit();
  }

  damageSince(version: number): readonly Rectangle[] {
    return this.#surface.damageSince(version);
  }

  text(): undefined {
    return undefined;
  }
}
