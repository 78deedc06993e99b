const UNITS = [
  [2 ** 40, 'TiB'],
  [2 ** 30, 'GiB'],
  [2 ** 20, 'MiB'],
  [2 ** 10, 'KiB'],
] as const;

/** A number of bytes for a message: exact when it is a whole number of a unit, else to one decimal. */
export function formatBytes(bytes: number): string {
  for (const [size, unit] of UNITS) {
    if (bytes < size) continue;
    const count = bytes / size;
    return `${Number.isInteger(count) ? count : count.toFixed(1)} ${unit}`;
  }
  return bytes === 1 ? '1 byte' : `${bytes} bytes`;
}

/** An address for a message. */
export const formatAddress = (address: number): string => `0x${address.toString(16)}`;
