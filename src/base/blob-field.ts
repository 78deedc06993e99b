import type { PlainData, StateField } from './state-field.ts';

/** The unit in which a blob is saved; units that are all zeroes are left out. */
const PAGE = 4096;

/**
 * A large byte array of fixed length, such as video memory. Saved as pairs of an offset and what is there in base64, for every
 * run of 4 KiB pages that are not all zeroes.
 */
export const blob = (length: number, description: string): StateField<Uint8Array> => ({
  type: `blob[${length}]`,
  description,
  initial: () => new Uint8Array(length),
  encode(value) {
    const runs: [number, string][] = [];
    for (let start = 0; start < length;) {
      let end = start;
      while (end < length && !isZero(value, end, Math.min(end + PAGE, length))) end = Math.min(end + PAGE, length);
      if (end > start) runs.push([start, toBase64(value.subarray(start, end))]);
      start = Math.max(end, start + PAGE);
    }
    return runs;
  },
  decode(data) {
    if (!Array.isArray(data)) throw new Error(`expected an array of offsets and bytes`);
    const value = new Uint8Array(length);
    for (const run of data as readonly PlainData[]) {
      const [offset, text] = Array.isArray(run) ? (run as readonly PlainData[]) : [];
      if (typeof offset !== 'number' || !Number.isInteger(offset) || offset < 0 || typeof text !== 'string') {
        throw new Error('expected an offset and bytes in base64');
      }
      const bytes = fromBase64(text);
      if (offset + bytes.length > length)
        throw new Error(`expected ${length} bytes, found some at ${offset} and beyond`);
      value.set(bytes, offset);
    }
    return value;
  },
});

const isZero = (bytes: Uint8Array, start: number, end: number): boolean => {
  for (let index = start; index < end; index += 1) if (bytes[index] !== 0) return false;
  return true;
};

const toBase64 = (bytes: Uint8Array): string => {
  let text = '';
  // As many arguments as every engine takes, and a multiple of three.
  for (let start = 0; start < bytes.length; start += 0x3000) {
    text += btoa(String.fromCharCode(...bytes.subarray(start, start + 0x3000)));
  }
  return text;
};

const fromBase64 = (text: string): Uint8Array => {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    throw new Error('expected bytes in base64');
  }
};
