// The p2m: a domain's table from guest-physical frame numbers (gfn) to machine frames. Only the monitor writes it, so a
// machine address taken from it always lies in a frame of the guest.

import {
  FRAME_CODE,
  P2M,
  P2M_COUNT,
  P2M_RAM,
  P2M_READ_ONLY,
  P2M_ROM,
  P2M_UNPOPULATED,
  OPEN_BUS_FRAME,
  ZERO_FRAME,
} from '../layout.ts';
import { invalidateMachine } from './code-frames.ts';
import { allocateFrame, frameFlags, freeFrame, FRAME_SIZE, OFFSET_MASK } from './frames.ts';
import { flushAll } from './tlb.ts';

const FRAME_MASK: u32 = 0xfffff000;

/** The p2m entry of a gfn, 0 beyond the table. */
// @ts-ignore: decorator
@inline
export function p2mEntry(gfn: u32): u32 {
  return gfn < load<u32>(P2M_COUNT) ? load<u32>(load<u32>(P2M) + gfn * 4) : 0;
}

function setP2mEntry(gfn: u32, entry: u32): void {
  store<u32>(load<u32>(P2M) + gfn * 4, entry);
}

/** Makes `count` frames from `gfn` on memory without contents: `rom` is 1 when the guest cannot write them. */
export function mapMemory(gfn: u32, count: u32, rom: i32): void {
  const entry: u32 = rom ? P2M_UNPOPULATED | P2M_READ_ONLY | P2M_ROM : P2M_UNPOPULATED;
  const end = min(load<u32>(P2M_COUNT), gfn + count);
  for (let i = gfn; i < end; i++) {
    releaseFrame(i);
    setP2mEntry(i, entry);
  }
  flushAll();
}

/** Takes `count` frames from `gfn` on out of memory: accesses go to the MMIO bus from now on. */
export function unmapMemory(gfn: u32, count: u32): void {
  const end = min(load<u32>(P2M_COUNT), gfn + count);
  for (let i = gfn; i < end; i++) {
    releaseFrame(i);
    setP2mEntry(i, 0);
  }
  flushAll();
}

/** Gives the frame behind a gfn back to the cell. The caller flushes the TLB. */
function releaseFrame(gfn: u32): void {
  const entry = p2mEntry(gfn);
  if ((entry & P2M_RAM) == 0) return;
  const frame = entry & FRAME_MASK;
  invalidateMachine(frame, FRAME_SIZE);
  // A shared frame has other users: it is freed by whoever counts them.
  if ((entry & (P2M_READ_ONLY | P2M_ROM)) != P2M_READ_ONLY) freeFrame(frame);
}

/** Gives an unpopulated gfn a frame of zeros; returns its p2m entry. */
export function populate(gfn: u32): u32 {
  const entry = p2mEntry(gfn);
  if ((entry & P2M_UNPOPULATED) == 0) return entry;
  const populated = allocateFrame() | P2M_RAM | (entry & (P2M_READ_ONLY | P2M_ROM));
  setP2mEntry(gfn, populated);
  return populated;
}

/** Changes whenever a gfn gets another frame while the guest runs: machine addresses from before may be wrong. */
export let frameMoves: u32 = 0;

/** Gives a gfn that shares its frame a copy of its own; returns its p2m entry. */
export function unshare(gfn: u32): u32 {
  frameMoves++;
  const copy = allocateFrame();
  memory.copy(copy, p2mEntry(gfn) & FRAME_MASK, FRAME_SIZE);
  const entry = copy | P2M_RAM;
  setP2mEntry(gfn, entry);
  flushAll();
  return entry;
}

/** Machine address of the frame to read a gfn from, 0 when it is not memory. Takes no frame: what is unpopulated reads zero. */
export function frameForRead(gfn: u32): u32 {
  const entry = p2mEntry(gfn);
  if (entry & P2M_RAM) return entry & FRAME_MASK;
  return entry & P2M_UNPOPULATED ? load<u32>(ZERO_FRAME) : 0;
}

/** Machine address of the frame to write a gfn to, 0 when it is not memory or read-only to the guest. */
export function frameForWrite(gfn: u32): u32 {
  let entry = p2mEntry(gfn);
  if (entry & P2M_ROM) return 0;
  if (entry & P2M_UNPOPULATED) entry = populate(gfn);
  else if (entry & P2M_READ_ONLY) entry = unshare(gfn);
  return entry & P2M_RAM ? entry & FRAME_MASK : 0;
}

/** As `frameForWrite`, but ROM may be written: for firmware that the monitor puts there. */
export function frameForLoad(gfn: u32): u32 {
  const entry = p2mEntry(gfn);
  if ((entry & P2M_ROM) == 0) return frameForWrite(gfn);
  return populate(gfn) & FRAME_MASK;
}

/** Machine address of a guest-physical address (up to 44 bits) for a read or a write, 0 when nothing can be read or written there. */
export function physicalToMachine(physical: u64, write: bool): u32 {
  if (physical >> 44) return 0;
  const gfn = <u32>(physical >> 12);
  const frame = write ? frameForWrite(gfn) : frameForRead(gfn);
  return frame == 0 ? 0 : frame | (<u32>physical & OFFSET_MASK);
}

/**
 * Machine address to read a page-table entry from. Where there is no memory the walk sees ones, which no paging mode
 * that checks reserved bits takes for a translation.
 */
// @ts-ignore: decorator
@inline
export function tableMachine(physical: u64): u32 {
  const entry = p2mEntry(<u32>(physical >> 12));
  const offset = <u32>physical & OFFSET_MASK;
  if (entry & P2M_RAM) return (entry & FRAME_MASK) | offset;
  return load<u32>(entry & P2M_UNPOPULATED ? ZERO_FRAME : OPEN_BUS_FRAME) | offset;
}

/** Sets bits (accessed, dirty) in the byte at a guest-physical address, as the processor's locked update of a page table does. */
export function setTableBits(physical: u64, bits: u32): void {
  const frame = frameForWrite(<u32>(physical >> 12));
  if (frame == 0) return;
  const machine = frame | (<u32>physical & OFFSET_MASK);
  store<u8>(machine, load<u8>(machine) | bits);
  if (frameFlags(machine) & FRAME_CODE) invalidateMachine(machine, 1);
}
