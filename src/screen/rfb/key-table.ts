/** A key of a PC keyboard with 102 keys in the layout of the United States. */
export interface Key {
  /** Make code in scan code set 1, 0xE0xx if extended. */
  readonly set1: number;
  /** Make code in scan code set 2, 0xE0xx if extended; 0xE11477 for Pause. */
  readonly set2: number;
  /** X keysyms that the key makes without Shift. */
  readonly plain: readonly number[];
  /** X keysyms that it makes with Shift alone. */
  readonly shifted: readonly number[];
}

/** Keys that make characters: codes in set 1 and set 2, the character without Shift, the one with Shift. */
const CHARACTER_KEYS = `
29 0e \` ~ | 02 16 1 ! | 03 1e 2 @ | 04 26 3 # | 05 25 4 $ | 06 2e 5 % | 07 36 6 ^ | 08 3d 7 & | 09 3e 8 * | 0a 46 9 ( |
0b 45 0 ) | 0c 4e - _ | 0d 55 = + | 10 15 q Q | 11 1d w W | 12 24 e E | 13 2d r R | 14 2c t T | 15 35 y Y | 16 3c u U |
17 43 i I | 18 44 o O | 19 4d p P | 1a 54 [ { | 1b 5b ] } | 1e 1c a A | 1f 1b s S | 20 23 d D | 21 2b f F | 22 34 g G |
23 33 h H | 24 3b j J | 25 42 k K | 26 4b l L | 27 4c ; : | 28 52 ' " | 2b 5d \\ \u00a6 | 2c 1a z Z | 2d 22 x X | 2e 21 c C |
2f 2a v V | 30 32 b B | 31 31 n N | 32 3a m M | 33 41 , < | 34 49 . > | 35 4a / ? | 56 61 \u00a7 \u00b1`;

/** Other keys: codes in set 1 and set 2, and keysyms (X11 `keysymdef.h`), of which those after a slash want Shift. */
const OTHER_KEYS = `
01 76 ff1b | 0e 66 ff08 | 0f 0d ff09/fe20 | 1c 5a ff0d | 1d 14 ffe3 | 2a 12 ffe1 | 36 59 ffe2 | 38 11 ffe9 ffe7 |
39 29 20 | 3a 58 ffe5 | 3b 05 ffbe | 3c 06 ffbf | 3d 04 ffc0 | 3e 0c ffc1 | 3f 03 ffc2 | 40 0b ffc3 | 41 83 ffc4 |
42 0a ffc5 | 43 01 ffc6 | 44 09 ffc7 | 57 78 ffc8 | 58 07 ffc9 | 45 77 ff7f | 46 7e ff14 | 37 7c ffaa |
47 6c ff95 ffb7 | 48 75 ff97 ffb8 | 49 7d ff9a ffb9 | 4a 7b ffad | 4b 6b ff96 ffb4 | 4c 73 ff9d ffb5 | 4d 74 ff98 ffb6 |
4e 79 ffab | 4f 69 ff9c ffb1 | 50 72 ff99 ffb2 | 51 7a ff9b ffb3 | 52 70 ff9e ffb0 | 53 71 ff9f ffae ffac |
e01c e05a ff8d | e01d e014 ffe4 | e035 e04a ffaf | e037 e07c ff61/ff15 | e038 e011 ffea fe03 ff7e ffe8 |
e047 e06c ff50 | e048 e075 ff52 | e049 e07d ff55 | e04b e06b ff51 | e04d e074 ff53 | e04f e069 ff57 | e050 e072 ff54 |
e051 e07a ff56 | e052 e070 ff63 | e053 e071 ffff | e05b e01f ffeb | e05c e027 ffec | e05d e02f ff67 |
e046 e11477 ff13 ff6b`;

const rowsOf = (table: string): string[][] => table.split(/ \|\s*/).map((row) => row.trim().split(/\s+/));
const hexadecimal = (text: string): number => Number.parseInt(text, 16);

const characterKeys = rowsOf(CHARACTER_KEYS).map(([set1 = '', set2 = '', plain = '', shifted = '']): Key => ({
  set1: hexadecimal(set1),
  set2: hexadecimal(set2),
  plain: [plain.charCodeAt(0)],
  // The bar is what separates keys in the table.
  shifted: [(shifted === '\u00a6' ? '|' : shifted).charCodeAt(0)],
}));

const otherKeys = rowsOf(OTHER_KEYS).map(([set1 = '', set2 = '', ...symbols]): Key => {
  const [plain = '', shifted = ''] = symbols.join(' ').split('/');
  const keysyms = (text: string): number[] => (text === '' ? [] : text.split(' ').map(hexadecimal));
  return { set1: hexadecimal(set1), set2: hexadecimal(set2), plain: keysyms(plain), shifted: keysyms(shifted) };
});

const KEYS: readonly Key[] = [...characterKeys, ...otherKeys];

const BY_SET_1 = new Map(KEYS.map((key) => [key.set1, key]));
const BY_KEYSYM = new Map(
  KEYS.flatMap((key) => [...key.plain, ...key.shifted].map((keysym) => [keysym, key] as const)),
);

/** The key of a scan code of set 1, 0xE0xx if extended. */
export const keyOfScanCode = (code: number): Key | undefined => BY_SET_1.get(code);
/** The key that makes an X keysym in the layout of the United States. */
export const keyOfKeysym = (keysym: number): Key | undefined => BY_KEYSYM.get(keysym);
