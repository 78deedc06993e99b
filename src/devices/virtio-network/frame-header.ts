import type { NetworkFrame } from '../../base/network-backend.ts';

/** Bytes before every frame (virtio 1.2, 5.1.6). */
export const FRAME_HEADER_LENGTH = 12;
/** A frame that stands for several has at most 64 KiB of IP packet. */
export const LARGEST_FRAME = 65_550;
const ETHERNET_HEADER = 14;

const FLAG = { needsChecksum: 1, checksumIsValid: 2 } as const;
const SEGMENTATION = { none: 0, tcp4: 1, explicitCongestion: 0x80 } as const;

/** Reads a frame that the guest sends. Undefined when it is none: it is dropped then. */
export function readFrame(bytes: Uint8Array): NetworkFrame | undefined {
  if (bytes.length < FRAME_HEADER_LENGTH + ETHERNET_HEADER) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, FRAME_HEADER_LENGTH);
  const frame = bytes.subarray(FRAME_HEADER_LENGTH);
  const kind = view.getUint8(1) & ~SEGMENTATION.explicitCongestion;
  const segmentSize = view.getUint16(4, true);
  if (kind !== SEGMENTATION.none && (kind !== SEGMENTATION.tcp4 || segmentSize === 0)) return undefined;
  const start = view.getUint16(6, true);
  const offset = view.getUint16(8, true);
  const isPartial = (view.getUint8(0) & FLAG.needsChecksum) !== 0;
  if (isPartial && start + offset + 2 > frame.length) return undefined;
  return {
    bytes: frame,
    ...(isPartial ? { checksum: { start, offset } } : {}),
    ...(kind === SEGMENTATION.tcp4 ? { segmentSize } : {}),
  };
}

/** The header before a frame that the guest receives, spread over so many buffers. */
export function writeHeader({ checksum, segmentSize }: NetworkFrame, buffers: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(FRAME_HEADER_LENGTH));
  // A checksum that is not left to the guest is right, for the frame never was on a wire.
  view.setUint8(0, checksum === undefined ? FLAG.checksumIsValid : FLAG.needsChecksum);
  if (checksum !== undefined) {
    view.setUint16(6, checksum.start, true);
    view.setUint16(8, checksum.offset, true);
  }
  if (segmentSize !== undefined) {
    view.setUint8(1, SEGMENTATION.tcp4);
    view.setUint16(4, segmentSize, true);
    // Linux takes the length of the headers as a hint alone.
    view.setUint16(2, 54, true);
  }
  view.setUint16(10, buffers, true);
  return new Uint8Array(view.buffer);
}
