// The Internet checksum (RFC 1071).

/** Whether this host keeps the low byte of a 16-bit number first. */
const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/**
 * The ones' complement sum of big-endian 16-bit words from `start` to `end`, an odd last byte padded with zero,
 * added to `initial` and folded to 16 bits.
 */
export function sumWords(bytes: Uint8Array, start: number, end: number, initial = 0): number {
  const address = bytes.byteOffset + start;
  const words = (end - start) >>> 1;
  let sum = 0;
  if ((address & 1) === 0 && words > 32) {
    // The sum of byte-swapped words is the byte-swapped sum (RFC 1071, 2 B), so the host's order will do.
    const view = new Uint16Array(bytes.buffer, address, words);
    for (let index = 0; index < words; index += 1) sum += view[index] as number;
    sum = fold(sum);
    if (LITTLE_ENDIAN) sum = ((sum & 0xff) << 8) | (sum >>> 8);
  } else {
    for (let offset = start; offset < end - 1; offset += 2) {
      sum += ((bytes[offset] as number) << 8) | (bytes[offset + 1] as number);
    }
  }
  if (((end - start) & 1) !== 0) sum += (bytes[end - 1] as number) << 8;
  return fold(sum + initial);
}

/** Folds a sum below 2^47 to 16 bits by adding its carries. */
function fold(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded % 0x1_0000) + Math.floor(folded / 0x1_0000);
  return folded;
}

/** The checksum field for a sum: its complement. */
export function complement(sum: number): number {
  return ~sum & 0xffff;
}

/** The sum of the pseudo-header of TCP and UDP over IPv4, addresses as numbers (RFC 9293, 3.1). */
export function pseudoHeaderSum(source: number, destination: number, protocol: number, length: number): number {
  return fold(
    (source >>> 16) +
      (source & 0xffff) +
      (destination >>> 16) +
      (destination & 0xffff) +
      protocol +
      (length >>> 16) +
      (length & 0xffff),
  );
}
