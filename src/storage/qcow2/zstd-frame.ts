import { CorruptImageError } from './corrupt-image.ts';

const MAGIC = 0xfd2f_b528;

/**
 * The length of the Zstandard frame at the start (RFC 8878, 3.1.1). An image says of a compressed cluster only in which sector it
 * ends, and the next one may begin right after it. Throws a CorruptImageError when there is no whole frame.
 */
export function zstdFrameLength(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  try {
    if (view.getUint32(0, true) !== MAGIC) throw new RangeError();
    const descriptor = view.getUint8(4);
    const isSingleSegment = (descriptor & 0x20) !== 0;
    const contentSizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >>> 6] as number;
    const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] as number;
    let position = 5 + (isSingleSegment ? 0 : 1) + dictionaryBytes + contentSizeBytes;
    for (let isLast = false; !isLast;) {
      const header = view.getUint16(position, true) | (view.getUint8(position + 2) << 16);
      isLast = (header & 1) !== 0;
      // A block of one byte repeated holds just that byte.
      const isRepeated = ((header >>> 1) & 3) === 1;
      position += 3 + (isRepeated ? 1 : header >>> 3);
    }
    position += (descriptor & 4) !== 0 ? 4 : 0;
    if (position > bytes.length) throw new RangeError();
    return position;
  } catch {
    throw new CorruptImageError('a compressed cluster is no zstd frame');
  }
}
