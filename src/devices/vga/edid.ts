import type { DisplaySize } from '../../base/display.ts';

const LENGTH = 128;
/** Millimetres of a pixel at 96 a inch. */
const MILLIMETRES = 25.4 / 96;
/** Blanking of reduced-blanking timings (VESA Coordinated Video Timings 1.2): pixels a line, and lines that last this long (µs). */
const HORIZONTAL_BLANK = 160;
const VERTICAL_BLANK_TIME = 460;
const REFRESH = 60;

/** What the monitor is (VESA Enhanced EDID 1.4): its name, and `preferred` as its best size, at 60 Hz. */
export const buildEdid = (preferred: DisplaySize): Uint8Array => {
  const edid = new Uint8Array(LENGTH);
  const view = new DataView(edid.buffer);
  edid.set([0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00], 0);
  view.setUint16(8, manufacturer('LDG'));
  view.setUint16(10, 1, true);
  view.setUint32(12, 1, true);
  edid.set([1, 2024 - 1990, 1, 4], 16); // week, year, version 1.4
  const centimetres = (pixels: number): number => Math.min(Math.round((pixels * MILLIMETRES) / 10), 255);
  // Digital, 8 bits a colour; gamma 2.2; sRGB, the first detailed timing is the native one.
  edid.set([0xa0, centimetres(preferred.width), centimetres(preferred.height), 120, 0x06], 20);
  edid.set([0xee, 0x91, 0xa3, 0x54, 0x4c, 0x99, 0x26, 0x0f, 0x50, 0x54], 25); // chromaticity of sRGB
  edid.set([0x21, 0x08, 0x00], 35); // 640x480, 800x600 and 1024x768 at 60 Hz
  edid.fill(0x01, 38, 54); // no standard timings
  edid.set(detailedTiming(preferred), 54);
  edid.set(descriptor(0xfc, text('Lodge')), 72);
  edid.set(descriptor(0x10, []), 90);
  edid.set(descriptor(0x10, []), 108);
  edid[LENGTH - 1] = -edid.reduce((sum, byte) => sum + byte, 0) & 0xff;
  return edid;
};

/** Three letters, five bits each. */
const manufacturer = (id: string): number =>
  Array.from(id, (letter) => letter.charCodeAt(0) - 0x40).reduce((bits, letter) => (bits << 5) | letter, 0);

const text = (value: string): readonly number[] =>
  Array.from(`${value}\n`.padEnd(13), (character) => character.charCodeAt(0));

const descriptor = (tag: number, data: readonly number[]): Uint8Array => {
  const bytes = new Uint8Array(18);
  bytes.set([0, 0, 0, tag, 0, ...data]);
  return bytes;
};

/** A detailed timing descriptor (3.10.2). */
const detailedTiming = ({ width, height }: DisplaySize): Uint8Array => {
  const verticalBlank = Math.ceil(height / (1e6 / REFRESH / VERTICAL_BLANK_TIME - 1)) + 1;
  const clock = Math.round(((width + HORIZONTAL_BLANK) * (height + verticalBlank) * REFRESH) / 10_000);
  const high = (shown: number, blank: number): number => ((shown >> 8) << 4) | (blank >> 8);
  const [wide, tall] = [Math.round(width * MILLIMETRES), Math.round(height * MILLIMETRES)];
  const [frontPorch, sync, lineFrontPorch, lineSync] = [48, 32, 3, 6];
  return Uint8Array.of(
    Math.min(clock, 0xffff) & 0xff,
    Math.min(clock, 0xffff) >> 8,
    width & 0xff,
    HORIZONTAL_BLANK,
    high(width, HORIZONTAL_BLANK),
    height & 0xff,
    verticalBlank & 0xff,
    high(height, verticalBlank),
    frontPorch,
    sync,
    (lineFrontPorch << 4) | lineSync,
    0,
    wide & 0xff,
    tall & 0xff,
    high(wide, tall),
    0,
    0,
    0x1a, // digital separate sync, horizontal positive
  );
};
