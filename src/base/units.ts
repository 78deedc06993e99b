/** A span of time, or an instant since the domain was powered on, in nanoseconds (a float64: exact for 104 days). */
export type Nanoseconds = number;

export const SECOND: Nanoseconds = 1e9;

/** The instant that never comes: what an unarmed timer reports. */
export const NEVER: Nanoseconds = Infinity;

export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;
