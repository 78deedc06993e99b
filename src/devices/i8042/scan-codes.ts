/**
 * The controller's table from scan code set 2 to set 1 (IBM Personal System/2 Hardware Interface
 * Technical Reference, keyboard controller), for codes 0x00 to 0x7F, 16 a line.
 */
const SET_2_TO_SET_1: readonly number[] = [
  'ff 43 41 3f 3d 3b 3c 58 64 44 42 40 3e 0f 29 59',
  '65 38 2a 70 1d 10 02 5a 66 71 2c 1f 1e 11 03 5b',
  '67 2e 2d 20 12 05 04 5c 68 39 2f 21 14 13 06 5d',
  '69 31 30 23 22 15 07 5e 6a 72 32 24 16 08 09 5f',
  '6b 33 25 17 18 0b 0a 60 6c 34 35 26 27 19 0c 61',
  '6d 73 28 74 1a 0d 62 6e 3a 36 1c 1b 75 2b 63 76',
  '55 56 77 78 79 7a 0e 7b 7c 4f 7d 4b 47 7e 7f 6f',
  '52 53 50 4c 4d 48 01 45 57 4e 51 4a 37 49 46 54',
].flatMap((line) => line.split(' ').map((digits) => Number.parseInt(digits, 16)));

/** A byte of set 2 as the controller translates it. Codes from 0x80 on pass, but for F7 and Alt + Print Screen. */
export const translate = (code: number): number => {
  if (code === 0x83) return 0x41;
  if (code === 0x84) return 0x54;
  return SET_2_TO_SET_1[code] ?? code;
};

/** The key that has no break code and sends this for a press, in set 2. */
export const PAUSE = 0xe11477;
const PAUSE_SET_2 = [0xe1, 0x14, 0x77, 0xe1, 0xf0, 0x14, 0xf0, 0x77];
const PAUSE_SET_1 = [0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5];

/** What the keyboard sends when a key goes down or up. `code` is its set 2 make code, 0xE0xx if extended, or `PAUSE`. */
export const keyStroke = (code: number, down: boolean, scanCodeSet: number): readonly number[] => {
  if (code === PAUSE) return down ? (scanCodeSet === 1 ? PAUSE_SET_1 : PAUSE_SET_2) : [];
  const prefix = code > 0xff ? [0xe0] : [];
  const key = code & 0xff;
  if (scanCodeSet === 1) return [...prefix, translate(key) | (down ? 0 : 0x80)];
  return down ? [...prefix, key] : [...prefix, 0xf0, key];
};
