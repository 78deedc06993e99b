/** A set of the 256 interrupt vectors, as the eight 32-bit words that the APIC shows (SDM vol. 3, 12.8.4). */
export type VectorSet = number[];

export const addVector = (set: VectorSet, vector: number): void => {
  set[vector >> 5] = ((set[vector >> 5] as number) | (1 << (vector & 31))) >>> 0;
};

export const removeVector = (set: VectorSet, vector: number): void => {
  set[vector >> 5] = ((set[vector >> 5] as number) & ~(1 << (vector & 31))) >>> 0;
};

export const hasVector = (set: VectorSet, vector: number): boolean =>
  ((set[vector >> 5] as number) & (1 << (vector & 31))) !== 0;

/** The highest vector of the set, which has the highest priority, or -1 when it is empty. */
export const highestVector = (set: VectorSet): number => {
  for (let word = 7; word >= 0; word -= 1) {
    const bits = set[word] as number;
    if (bits !== 0) return word * 32 + 31 - Math.clz32(bits);
  }
  return -1;
};
