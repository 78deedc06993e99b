import { TableWriter } from './table-writer.ts';

/** A piece of ACPI machine language, encoded (ACPI 6.5, chapter 20). */
export type Aml = Uint8Array;

const join = (parts: readonly Aml[]): Aml => {
  const writer = new TableWriter();
  for (const part of parts) writer.append(part);
  return writer.bytes();
};

const bytes = (...values: readonly number[]): Aml => Uint8Array.from(values);

/** `PkgLength` counts itself: one byte up to 63, else two to four with the low nibble first (20.2.4). */
const withLength = (content: Aml): Aml => {
  if (content.length + 1 < 0x40) return join([bytes(content.length + 1), content]);
  for (let extra = 1; extra <= 3; extra += 1) {
    const length = content.length + 1 + extra;
    if (length >= 1 << (4 + 8 * extra)) continue;
    const rest = Array.from({ length: extra }, (_, n) => (length >> (4 + 8 * n)) & 0xff);
    return join([bytes((extra << 6) | (length & 15), ...rest), content]);
  }
  throw new RangeError(`An AML package of ${content.length} bytes is longer than the format allows.`);
};

/** A name such as `_HID`, `\_SB.PCI0` or `^COM1`. Segments shorter than four characters are padded with underscores. */
export const namePath = (name: string): Aml => {
  const [, prefix = '', path = ''] = /^(\\|\^*)(.*)$/.exec(name) ?? [];
  const segments = path === '' ? [] : path.split('.');
  const count = [bytes(0x00), bytes(), bytes(0x2e)][segments.length] ?? bytes(0x2f, segments.length);
  const text = (value: string): Aml => Uint8Array.from(value, (character) => character.charCodeAt(0));
  return join([text(prefix), count, ...segments.map((segment) => text(segment.padEnd(4, '_')))]);
};

/** An unsigned integer below 2^32, in its shortest form. */
export const integer = (value: number): Aml => {
  if (value <= 1) return bytes(value);
  if (value <= 0xff) return bytes(0x0a, value);
  if (value <= 0xffff) return new TableWriter().u8(0x0b).u16(value).bytes();
  return new TableWriter().u8(0x0c).u32(value).bytes();
};

/** A Plug and Play ID such as `PNP0A03`, compressed to an integer (ACPI 6.5, 19.6.37). */
export const eisaId = (id: string): Aml => {
  const [a = 0, b = 0, c = 0] = Array.from(id.slice(0, 3), (letter) => letter.charCodeAt(0) - 0x40);
  const number = Number.parseInt(id.slice(3), 16);
  return bytes(0x0c, (a << 2) | (b >> 3), ((b & 7) << 5) | c, number >> 8, number & 0xff);
};

/** An ASCII string. */
export const string = (value: string): Aml =>
  join([bytes(0x0d), Uint8Array.from(value, (character) => character.charCodeAt(0)), bytes(0)]);

/** `Name (path, value)`. */
export const name = (path: string, value: Aml): Aml => join([bytes(0x08), namePath(path), value]);

/** `Package () { … }` of at most 255 elements. */
export const packageOf = (elements: readonly Aml[]): Aml =>
  join([bytes(0x12), withLength(join([bytes(elements.length), ...elements]))]);

/** `Buffer () { … }`. */
export const buffer = (content: Uint8Array): Aml =>
  join([bytes(0x11), withLength(join([integer(content.length), content]))]);

/** `Scope (path) { … }`. */
export const scope = (path: string, content: readonly Aml[]): Aml =>
  join([bytes(0x10), withLength(join([namePath(path), ...content]))]);

/** `Device (path) { … }`. */
export const device = (path: string, content: readonly Aml[]): Aml =>
  join([bytes(0x5b, 0x82), withLength(join([namePath(path), ...content]))]);
