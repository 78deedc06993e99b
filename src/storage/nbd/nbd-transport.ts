/** A connection to a server of network block devices: bytes in order, both ways. */
export interface NbdTransport {
  /** Sends what nobody changes until the server has answered, or the connection is over. */
  send(...parts: readonly Uint8Array[]): void;
  /** Fills `into` with the bytes that come next. Rejects when the connection ends before. One call at a time. */
  receive(into: Uint8Array): Promise<void>;
  /** Ends the connection, when what was sent is on its way. Calling it again does nothing. */
  close(): void;
}
