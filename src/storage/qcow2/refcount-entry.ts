// Entries of a refcount block: 1 to 64 bits wide; bytes are big-endian, but the entries within a byte begin at its lowest bit.

/** The refcount at an index. Those above 2^53 come out rounded. */
export function readRefcount(block: DataView, index: number, order: number): number {
  if (order === 4) return block.getUint16(index * 2);
  if (order < 3) {
    const { byte, shift, mask } = place(index, order);
    return (block.getUint8(byte) >>> shift) & mask;
  }
  if (order === 3) return block.getUint8(index);
  if (order === 5) return block.getUint32(index * 4);
  return block.getUint32(index * 8) * 2 ** 32 + block.getUint32(index * 8 + 4);
}

/** @param count less than 2 to the power of the entry's width, and than 2^53 */
export function writeRefcount(block: DataView, index: number, order: number, count: number): void {
  if (order === 4) block.setUint16(index * 2, count);
  else if (order < 3) {
    const { byte, shift, mask } = place(index, order);
    block.setUint8(byte, (block.getUint8(byte) & ~(mask << shift)) | (count << shift));
  } else if (order === 3) block.setUint8(index, count);
  else if (order === 5) block.setUint32(index * 4, count);
  else {
    block.setUint32(index * 8, Math.floor(count / 2 ** 32));
    block.setUint32(index * 8 + 4, count % 2 ** 32);
  }
}

function place(index: number, order: number): { byte: number; shift: number; mask: number } {
  const bits = 1 << order;
  return { byte: Math.floor((index * bits) / 8), shift: (index * bits) % 8, mask: (1 << bits) - 1 };
}
