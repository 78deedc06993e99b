/**
 * The host's side of a serial line. The device calls `write`; the host calls the input side that the
 * device hands over in `connect`. Neither side blocks.
 */
export interface CharacterBackend {
  /** Bytes the guest sent. The array belongs to the callee. */
  write(bytes: Uint8Array): void;
  /** The device that takes the host's input. Called once, when the device is made. */
  connect(input: CharacterInput): void;
}

/** The device's side of a serial line: where the host puts what was typed. */
export interface CharacterInput {
  /** How many bytes `receive` would take now. */
  readonly room: number;
  /** Queues as many bytes as there is room for and returns how many; the host keeps the rest. */
  receive(bytes: Uint8Array): number;
  /** Called when there is room again after `receive` took less than it was given. */
  onRoom(listener: () => void): void;
  /** Signals a break condition, as `Ctrl-A B` does. */
  receiveBreak(): void;
}
