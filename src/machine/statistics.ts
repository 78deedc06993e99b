/** What a run has counted so far, since power-on. */
export interface Statistics {
  /** Nanoseconds of the host since the domain was made. */
  readonly wallTime: number;
  /** Nanoseconds on the domain's own clock. */
  readonly virtualTime: number;
  /** Retired instructions. */
  readonly instructions: number;
  /** Interrupts from outside that were delivered. */
  readonly interrupts: number;
  /** Exceptions that were delivered, page faults too. */
  readonly exceptions: number;
  readonly pageFaults: number;
  /** How often control left guest code for the monitor, by reason. */
  readonly exits: Readonly<Record<string, number>>;
  readonly tlbFills: number;
  /** Accesses to memory-mapped registers. */
  readonly mmio: number;
  /** Accesses to ports. */
  readonly portIo: number;
  readonly blocksDecoded: number;
  readonly instructionsDecoded: number;
  /** What the translator has made; absent when the interpreter runs everything. */
  readonly translation?: {
    readonly regions: number;
    readonly modules: number;
    readonly wasmBytes: number;
    /** Guest instructions in all regions. */
    readonly instructions: number;
    /** Retired instructions that were translated ones; the rest was interpreted. Absent unless asked for. */
    readonly inRegions?: number;
    /** Nanoseconds of the host: on the guest's thread, and on the one that compiles beside it. */
    readonly time: number;
    readonly timeBeside: number;
  };
  /** Frames of 4 KiB of machine memory in use. */
  readonly framesUsed: number;
}
