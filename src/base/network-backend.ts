/**
 * An Ethernet frame from the header to the end of the payload, without a frame check sequence. With `segmentSize` it
 * stands for several: a TCP segment of up to 64 KiB that whoever needs smaller ones cuts up (virtio 1.2, 5.1.6.2).
 */
export interface NetworkFrame {
  readonly bytes: Uint8Array;
  /**
   * Where the transport checksum is still to be computed over everything from `start`, and stored `offset` bytes after it; the
   * field holds the sum of the pseudo-header. Absent: the frame's checksums are right.
   */
  readonly checksum?: { readonly start: number; readonly offset: number };
  /** Bytes of TCP payload that each of the frames it stands for may carry at most. Absent: it is one frame. */
  readonly segmentSize?: number;
}

/** The device's side of a network cable. */
export interface NetworkReceiver {
  /** How many bytes of frame the device takes at once: 1514, or up to 65,550 when the guest takes frames that stand for several. */
  readonly largestFrame: number;
  /** Whether the guest takes frames whose checksum is yet to be computed. */
  readonly takesPartialChecksums: boolean;
  /** Takes a frame. False when the guest has no buffer for it: keep it until `onRoom`, or drop it as a network does. */
  receive(frame: NetworkFrame): boolean;
  /** Calls `listener` whenever there is room again after a frame was not taken. */
  onRoom(listener: () => void): void;
}

/** The host's side of a network cable. Neither side blocks; `send` never calls `receive` before it has returned. */
export interface NetworkBackend {
  /** Whether `send` takes frames with `checksum` and `segmentSize`. */
  readonly takesOffloads: boolean;
  /** A frame that the guest sent. Its bytes belong to the callee. Malformed ones are dropped. */
  send(frame: NetworkFrame): void;
  /** The device at the other end. A machine that starts anew has a new one, which takes the place of the old. */
  connect(receiver: NetworkReceiver): void;
  /** Ends every connection. Nothing is asked of it afterwards. */
  close(): void;
}
