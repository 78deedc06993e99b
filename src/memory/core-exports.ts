/**
 * The functions of core.wasm that TypeScript calls. Generated code imports these and many more by name. Addresses and
 * frame numbers come back signed (a Wasm i32): take `>>> 0` of them.
 */
export interface CoreExports {
  /** Empties every TLB table. */
  resetTlb(): void;
  /** Recomputes what derives from control registers, segments, CPL and flags: after TypeScript has written CPU state. */
  updateMode(): void;
  /** RFLAGS as PUSHF would show it, the lazy arithmetic flags included. */
  getFlags(): number;
  /** Drops every translation: after CR3 or another paging register was written from TypeScript. */
  flushAll(): void;
  /** Makes `count` guest frames from `gfn` on memory without contents; `rom` 1: the guest cannot write them. */
  mapMemory(gfn: number, count: number, rom: number): void;
  /** Takes `count` guest frames from `gfn` on out of memory. */
  unmapMemory(gfn: number, count: number): void;
  /** Machine address of the frame to read a gfn from, 0 when it is no memory. Takes no frame. */
  frameForRead(gfn: number): number;
  /** Machine address of the frame to write a gfn to, 0 when it is no memory or ROM. May take a frame. */
  frameForWrite(gfn: number): number;
  /** As `frameForWrite`, but ROM may be written. */
  frameForLoad(gfn: number): number;
  /** Takes a frame of zeros for the monitor's own use. */
  allocateFrame(): number;
  /** Drops decoded code whose bytes lie in [address, address + bytes) of machine memory. */
  invalidateMachine(address: number, bytes: number): void;
  /** Makes a block known that was written at ARENA_NEXT; returns its first record. See blocks.ts of the core. */
  noteCode(block: number): number;
  /** Forgets all decoded code and empties the arena. */
  dropAllCode(): void;
  /** Machine address of the page after RIP's for a fetch, or 0 with the fault in FAULT_VECTOR. */
  nextCodePage(): number;
  /** An instruction boundary: the first record to run, or 0 with EXIT_REASON set. */
  currentBlock(): number;
  /** Delivers the exception in FAULT_VECTOR at RIP. 0: the vCPU shut down. */
  deliverHere(): number;
  /** Delivers what a core routine raised before it unwound. 0: the vCPU shut down. */
  deliverCurrent(): number;
  /** An external interrupt waits: the running block is the last before it is looked at. */
  requestInterrupt(): void;
  /** Makes the running block the last before `currentBlock` looks at what is due. */
  requestBoundary(): void;
  /** Ends the slice with the running block. */
  endSlice(): void;
}
