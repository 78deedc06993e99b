import { encode } from 'fast-png';
import type { Display } from '../base/display.ts';

/** What a display shows now, as a PNG file. */
export const screenshot = (display: Display): Uint8Array => {
  display.refresh();
  const { width, height } = display.size;
  // The pixels are opaque: without their fourth byte the file is smaller.
  const data = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; to < data.length; from += 4, to += 3) {
    data[to] = display.pixels[from] as number;
    data[to + 1] = display.pixels[from + 1] as number;
    data[to + 2] = display.pixels[from + 2] as number;
  }
  return encode({ width, height, data, channels: 3, depth: 8 });
};
