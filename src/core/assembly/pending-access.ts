// The access that goes through BOUNCE: one or two parts, each in a frame, in ROM or on the MMIO bus.

import { BOUNCE, COUNT_MMIO, FRAME_CODE } from '../layout.ts';
import { invalidateMachine } from './code-frames.ts';
import { frameFlags } from './frames.ts';
import { mmioRead, mmioWrite } from './imports.ts';
import { specialGfn, specialMachine, TRANSLATE_MMIO, TRANSLATE_ROM } from './tlb.ts';

// A part: target (a machine address, or a TRANSLATE_ value), its gfn or ROM address, offset in the page, bytes.
const PART_PLACE = 4;
const PART_OFFSET = 8;
const PART_BYTES = 12;
const PART_SIZE: u32 = 16;
const parts = memory.data(32);
let count: u32 = 0;

/** Begins an access. */
export function resetParts(): void {
  count = 0;
}

/** Adds `bytes` at what `translate` just returned for the page offset `offset`. */
export function addPart(target: u32, offset: u32, bytes: u32): void {
  const part = parts + count * PART_SIZE;
  store<u32>(part, target);
  store<u32>(part, target == TRANSLATE_MMIO ? specialGfn : specialMachine, PART_PLACE);
  store<u32>(part, offset, PART_OFFSET);
  store<u32>(part, bytes, PART_BYTES);
  count++;
}

/** The widest access a device sees that fits into `left` bytes: 4, 2 or 1. */
// @ts-ignore: decorator
@inline
function deviceBytes(left: u32): u32 {
  return left >= 4 ? 4 : left >= 2 ? 2 : 1;
}

function countDevice(): void {
  store<i64>(COUNT_MMIO, load<i64>(COUNT_MMIO) + 1);
}

function readDevice(gfn: u32, offset: u32, to: u32, bytes: u32): void {
  let done: u32 = 0;
  while (done < bytes) {
    const size = deviceBytes(bytes - done);
    countDevice();
    const value = mmioRead(gfn, offset + done, size);
    if (size == 4) store<u32>(to + done, value);
    else if (size == 2) store<u16>(to + done, value);
    else store<u8>(to + done, value);
    done += size;
  }
}

function writeDevice(gfn: u32, offset: u32, from: u32, bytes: u32): void {
  let done: u32 = 0;
  while (done < bytes) {
    const size = deviceBytes(bytes - done);
    countDevice();
    const value: u32 = size == 4 ? load<u32>(from + done) : size == 2 ? load<u16>(from + done) : load<u8>(from + done);
    mmioWrite(gfn, offset + done, size, value);
    done += size;
  }
}

/** Reads all parts into BOUNCE. */
export function gatherParts(): void {
  let to: u32 = BOUNCE;
  for (let i: u32 = 0; i < count; i++) {
    const part = parts + i * PART_SIZE;
    const target = load<u32>(part);
    const bytes = load<u32>(part, PART_BYTES);
    if (target == TRANSLATE_MMIO) readDevice(load<u32>(part, PART_PLACE), load<u32>(part, PART_OFFSET), to, bytes);
    else memory.copy(to, target == TRANSLATE_ROM ? load<u32>(part, PART_PLACE) : target, bytes);
    to += bytes;
  }
}

/** Writes BOUNCE to all parts. */
export function commitParts(): void {
  let from: u32 = BOUNCE;
  for (let i: u32 = 0; i < count; i++) {
    const part = parts + i * PART_SIZE;
    const target = load<u32>(part);
    const bytes = load<u32>(part, PART_BYTES);
    if (target == TRANSLATE_MMIO) {
      writeDevice(load<u32>(part, PART_PLACE), load<u32>(part, PART_OFFSET), from, bytes);
    } else if (target != TRANSLATE_ROM) {
      memory.copy(target, from, bytes);
      if (frameFlags(target) & FRAME_CODE) invalidateMachine(target, bytes);
    }
    from += bytes;
  }
}
