/** The sizes that follow from an image's header. */
export interface Geometry {
  readonly version: 2 | 3;
  /** 9 to 21: a cluster has 2 to this power bytes. */
  readonly clusterBits: number;
  readonly clusterSize: number;
  /** Entries in an L2 table, each for a guest cluster. */
  readonly l2Entries: number;
  /** 0 to 6: a refcount has 2 to this power bits. */
  readonly refcountOrder: number;
  /** Entries in a refcount block, each for a host cluster. */
  readonly blockEntries: number;
}

export function makeGeometry(version: 2 | 3, clusterBits: number, refcountOrder: number): Geometry {
  const clusterSize = 2 ** clusterBits;
  return {
    version,
    clusterBits,
    clusterSize,
    l2Entries: clusterSize / 8,
    refcountOrder,
    blockEntries: (clusterSize * 8) / 2 ** refcountOrder,
  };
}
