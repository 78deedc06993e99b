/** The width of one access to an I/O port, in bytes. */
export type PortSize = 1 | 2 | 4;

/**
 * What a device does when the guest uses `in` and `out`. Values are unsigned and already cut to
 * `size` bytes. Guest input is hostile: no handler throws, whatever it is given.
 */
export interface PortHandler {
  read(port: number, size: PortSize): number;
  write(port: number, size: PortSize, value: number): void;
}

/** A range of I/O ports that a device answers. */
export interface PortClaim {
  /** Whose it is, for messages. */
  readonly owner: string;
  /** The first port, 0 to 0xFFFF. */
  readonly first: number;
  readonly count: number;
  /** The widest access the handler takes. The bus splits wider ones, low byte first. 1 unless told. */
  readonly width?: PortSize;
  readonly handler: PortHandler;
}
