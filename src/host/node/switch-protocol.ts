// Frames on the socket between two processes of a switch: each with a header of 10 bytes, big-endian: the length of the
// frame (4), where its checksum is to be computed from and stored (2 and 2), and its segment size (2).

import type { NetworkFrame } from '../../base/network-backend.ts';
import { isSound, LARGEST_FRAME } from '../../net/resolve-offloads.ts';

const HEADER = 10;
const NO_CHECKSUM = 0xffff;
/** What either side says first: a name, a version, and whether the switch has a router. */
const HELLO = Buffer.from('lodge-switch 1 ');
export const HELLO_LENGTH = HELLO.length + 1;

export function encodeHello(hasRouter: boolean): Buffer {
  return Buffer.concat([HELLO, Buffer.of(hasRouter ? 1 : 0)]);
}

/** Whether the switch has a router; undefined when this is no hello of a switch. */
export function decodeHello(bytes: Buffer): boolean | undefined {
  return bytes.subarray(0, HELLO.length).equals(HELLO) ? bytes[HELLO.length] === 1 : undefined;
}

export function encodeFrame({ bytes, checksum, segmentSize }: NetworkFrame): Buffer {
  const message = Buffer.allocUnsafe(HEADER + bytes.length);
  message.writeUInt32BE(bytes.length, 0);
  message.writeUInt16BE(checksum?.start ?? NO_CHECKSUM, 4);
  message.writeUInt16BE(checksum?.offset ?? 0, 6);
  message.writeUInt16BE(segmentSize ?? 0, 8);
  message.set(bytes, HEADER);
  return message;
}

/** Cuts a stream into frames. */
export class FrameDecoder {
  #rest: Buffer = Buffer.alloc(0);

  /** The frames that are whole now; undefined when the stream is damaged. */
  push(bytes: Buffer): readonly NetworkFrame[] | undefined {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const frames: NetworkFrame[] = [];
    let start = 0;
    while (start + HEADER <= all.length) {
      const length = all.readUInt32BE(start);
      if (length > LARGEST_FRAME) return undefined;
      if (start + HEADER + length > all.length) break;
      const frame = decodeFrame(all.subarray(start, start + HEADER + length));
      if (frame === undefined) return undefined;
      frames.push(frame);
      start += HEADER + length;
    }
    this.#rest = all.subarray(start);
    return frames;
  }
}

function decodeFrame(message: Buffer): NetworkFrame | undefined {
  const bytes = new Uint8Array(message.subarray(HEADER));
  const start = message.readUInt16BE(4);
  const offset = message.readUInt16BE(6);
  const segmentSize = message.readUInt16BE(8);
  const frame = {
    bytes,
    ...(start === NO_CHECKSUM ? {} : { checksum: { start, offset } }),
    ...(segmentSize === 0 ? {} : { segmentSize }),
  };
  return isSound(frame) ? frame : undefined;
}
