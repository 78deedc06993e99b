// Sequence numbers of TCP, which are modulo 2^32 (RFC 9293, 3.4).

/** How far `a` is past `b`; negative when it is before. */
export function distance(a: number, b: number): number {
  return (a - b) | 0;
}

export function advance(sequence: number, count: number): number {
  return (sequence + count) >>> 0;
}
