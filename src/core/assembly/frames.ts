// Machine frames: 4 KiB pieces of machine memory from FRAME_NEXT to FRAME_END. A frame that was never used is memory
// the host's operating system has not committed, so taking one costs nothing until it is written.

import { FRAME_END, FRAME_FLAGS, FRAME_FREE, FRAME_NEXT, FRAMES_USED } from '../layout.ts';
import { outOfFrames } from './imports.ts';

export const FRAME_SIZE: u32 = 4096;
export const OFFSET_MASK: u32 = 0xfff;

/** The FRAME_ flags of the frame that holds a machine address. */
// @ts-ignore: decorator
@inline
export function frameFlags(machine: u32): u32 {
  return load<u8>(load<u32>(FRAME_FLAGS) + (machine >>> 12));
}

/** Replaces the flags of the frame that holds a machine address. */
export function setFrameFlags(machine: u32, flags: u32): void {
  store<u8>(load<u32>(FRAME_FLAGS) + (machine >>> 12), flags);
}

/** Takes a frame of zeros and returns its machine address. When none is left the host makes room or ends the run. */
export function allocateFrame(): u32 {
  while (true) {
    const free = load<u32>(FRAME_FREE);
    if (free != 0) {
      store<u32>(FRAME_FREE, load<u32>(free));
      memory.fill(free, 0, FRAME_SIZE);
      store<u32>(FRAMES_USED, load<u32>(FRAMES_USED) + 1);
      return free;
    }
    const next = load<u32>(FRAME_NEXT);
    // FRAME_END may be 2^32, which is kept as 0; FRAME_NEXT is never 0 before the last frame is gone.
    if (next != load<u32>(FRAME_END)) {
      store<u32>(FRAME_NEXT, next + FRAME_SIZE);
      store<u32>(FRAMES_USED, load<u32>(FRAMES_USED) + 1);
      return next;
    }
    if (!outOfFrames()) break;
  }
  unreachable();
  return 0;
}

/** Gives back a frame that no p2m entry, TLB entry or block refers to any more. */
export function freeFrame(frame: u32): void {
  store<u32>(frame, load<u32>(FRAME_FREE));
  store<u32>(FRAME_FREE, frame);
  store<u32>(FRAMES_USED, load<u32>(FRAMES_USED) - 1);
  setFrameFlags(frame, 0);
}
