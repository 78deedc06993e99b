/** What reaches a vCPU from its local APIC, besides the answer to "is an interrupt pending?". */
export interface ProcessorSignals {
  /** `InterruptSource.pendingVector` may have changed. Called often: set a flag and return. */
  interruptChanged(): void;
  /** A non-maskable interrupt. */
  nonMaskableInterrupt(): void;
  /** A system management interrupt. */
  systemManagementInterrupt(): void;
  /** An INIT: the processor resets itself, but keeps its caches and floating-point state. */
  init(): void;
  /** A start-up IPI: a processor waiting for one begins in real mode at `vector` times 4096. */
  startup(vector: number): void;
}

/** What a vCPU asks when it could take a maskable interrupt. */
export interface InterruptSource {
  /** The vector that `acknowledge` would return now, 0 to 255, or -1 when there is none. Changes nothing. */
  pendingVector(): number;
  /** The INTA cycle: takes the pending interrupt into service and returns its vector, or -1 when there is none. */
  acknowledge(): number;
}
