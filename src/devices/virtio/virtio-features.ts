/** Feature bits that belong to the transport and the rings (virtio 1.2, 6). */
export const FEATURE = {
  indirect: 1n << 28n,
  eventIndex: 1n << 29n,
  version1: 1n << 32n,
  packedRing: 1n << 34n,
} as const;

/** Offered by every device here. */
export const COMMON_FEATURES = FEATURE.indirect | FEATURE.eventIndex | FEATURE.version1 | FEATURE.packedRing;

/** Bits of the device status register (virtio 1.2, 2.1). */
export const STATUS = { featuresOk: 8, driverOk: 4, needsReset: 64 } as const;
