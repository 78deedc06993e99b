/** The host's side of a connection to a client. Neither side blocks. */
export interface ByteStream {
  /** Sends bytes, which belong to the callee. Does nothing once the connection is gone. */
  write(bytes: Uint8Array): void;
  /** How many bytes were written that the network has not taken yet. */
  readonly waiting: number;
  /** Sends what was written, then ends the connection. */
  end(): void;
}

/** Who serves a client. */
export interface ByteStreamHandler {
  /** Bytes that the client sent. They are the caller's again when this returns. Never throws, whatever they are. */
  receive(bytes: Uint8Array): void;
  /** The connection is gone. */
  closed(): void;
}
