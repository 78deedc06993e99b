/** How a message is to be taken by the processor: the encoding of ICR, LVT and redirection entries (SDM vol. 3, 12.5.1). */
export const DELIVERY = {
  fixed: 0,
  lowestPriority: 1,
  systemManagement: 2,
  nonMaskable: 4,
  init: 5,
  startup: 6,
  external: 7,
} as const;

/** An interrupt on its way from an I/O APIC, a device or a processor to local APICs. */
export interface InterruptMessage {
  /** An APIC ID, or a logical destination when `logical` is set. */
  readonly destination: number;
  readonly logical: boolean;
  /** One of `DELIVERY`; 3 is reserved. */
  readonly delivery: number;
  /** 0 to 255; what is below 16 is an error. */
  readonly vector: number;
  readonly levelTriggered: boolean;
  /** False for the INIT level de-assert message, which modern processors ignore. */
  readonly assert: boolean;
}
