import type { StorageFile } from '../base/storage-file.ts';
import { MIB } from '../base/units.ts';

/** Zeroes to write from, 1 MiB. Nobody changes them. */
const ZEROES = new Uint8Array(MIB);

/** Whether every byte is zero. */
export function isZero(bytes: Uint8Array): boolean {
  const { buffer, byteOffset, length } = bytes;
  let index = 0;
  if (byteOffset % 4 === 0) {
    const words = new Uint32Array(buffer, byteOffset, length >>> 2);
    while (index < words.length && words[index] === 0) index += 1;
    if (index < words.length) return false;
    index *= 4;
  }
  while (index < length && bytes[index] === 0) index += 1;
  return index === length;
}

/** Calls `write` with zeroes for every part of a range, one after the other, in parts that end at multiples of 1 MiB. */
export async function writeZeroesInParts(
  offset: number,
  length: number,
  write: (offset: number, zeroes: Uint8Array) => Promise<void>,
): Promise<void> {
  const end = offset + length;
  for (let start = offset; start < end;) {
    const part = Math.min(MIB - (start % MIB), end - start);
    await write(start, ZEROES.subarray(0, part));
    start += part;
  }
}

/** Makes a range of a file read as zeroes, and writes only where it does not, so that holes of a sparse file stay holes. */
export async function zeroRange(file: StorageFile, offset: number, length: number): Promise<void> {
  const found = new Uint8Array(Math.min(length, MIB));
  await writeZeroesInParts(offset, length, async (start, zeroes) => {
    const now = found.subarray(0, zeroes.length);
    await file.read(start, now);
    if (!isZero(now)) await file.write(start, zeroes);
  });
}
