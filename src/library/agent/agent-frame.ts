// The frames of the guest's agent: images/debian-full/agent says what they mean.

/** Kinds of frames, both ways. */
export const FRAME = {
  run: 1,
  input: 2,
  signal: 3,
  resize: 4,
  hello: 5,
  output: 6,
  errors: 7,
  exit: 8,
  failed: 9,
  window: 10,
} as const;

export interface AgentFrame {
  /** One of `FRAME`. */
  readonly kind: number;
  /** The number of the command that it is about. */
  readonly session: number;
  readonly data: Uint8Array;
}

/** Length, kind and session. */
const HEADER_LENGTH = 9;
/** Bytes of kind, session and data at most. */
const LONGEST = 1 << 20;

export function encodeFrame({ kind, session, data }: AgentFrame): Uint8Array {
  const bytes = new Uint8Array(HEADER_LENGTH + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length + 5, true);
  view.setUint8(4, kind);
  view.setUint32(5, session, true);
  bytes.set(data, HEADER_LENGTH);
  return bytes;
}

/** Puts frames together from the pieces in which their bytes come. */
export class FrameReader {
  readonly #onFrame: (frame: AgentFrame) => void;
  #bytes = new Uint8Array(0);

  constructor(onFrame: (frame: AgentFrame) => void) {
    this.#onFrame = onFrame;
  }

  /** Throws an `Error` when what comes is no frame; nothing that follows can be understood then. */
  read(piece: Uint8Array): void {
    const bytes = new Uint8Array(this.#bytes.length + piece.length);
    bytes.set(this.#bytes);
    bytes.set(piece, this.#bytes.length);
    const view = new DataView(bytes.buffer);
    let at = 0;
    while (bytes.length - at >= HEADER_LENGTH) {
      const length = view.getUint32(at, true);
      if (length < 5 || length > LONGEST) throw new Error(`The agent sent a frame of ${length} bytes.`);
      const end = at + 4 + length;
      if (end > bytes.length) break;
      const data = bytes.slice(at + HEADER_LENGTH, end);
      this.#onFrame({ kind: view.getUint8(at + 4), session: view.getUint32(at + 5, true), data });
      at = end;
    }
    this.#bytes = bytes.slice(at);
  }

  /** Forgets the frame that has come in part. */
  reset(): void {
    this.#bytes = new Uint8Array(0);
  }
}
