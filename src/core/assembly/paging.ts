// skeleton: signatures are final
/** Loads PDPTE0…3 from CR3 in PAE mode (SDM 3A 4.4.1). False when a present one has reserved bits set: the caller raises #GP(0), nothing changed. `cr3` is the value about to be loaded. */
export function loadPageDirectoryPointers(cr3: u64): bool { return true; }
