/** A device's side of a DMA channel: what it does with DREQ and DACK. The guest has programmed where, how much and which way. */
export interface DmaChannel {
  /** Whether the channel serves requests now: it is neither masked nor is its controller disabled. */
  readonly isReady: boolean;
  /** Hands over bytes for memory. Returns how many were taken before the terminal count was met. */
  toMemory(bytes: Uint8Array): DmaProgress;
  /** Fills `into` from memory. Returns how many bytes were given before the terminal count was met. */
  fromMemory(into: Uint8Array): DmaProgress;
}

export interface DmaProgress {
  readonly count: number;
  /** Whether the terminal count was met: the device is to end. */
  readonly isTerminal: boolean;
}
