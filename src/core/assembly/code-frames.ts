// Writes that hit decoded code: by the guest's own stores, by the processor's page-table updates, and by devices.

import { CODE_DROPPED, COUNT_CODE_DROPPED, FRAME_CODE } from '../layout.ts';
import { dropFrame, holdsCode } from './blocks.ts';
import { frameFlags, FRAME_SIZE, OFFSET_MASK } from './frames.ts';

/**
 * Drops the decoded code whose bytes lie in [address, address + bytes) of machine memory, before or after they were
 * written. Counts CODE_DROPPED up when there was some: whoever runs a block then leaves it.
 */
export function invalidateMachine(address: u32, bytes: u32): void {
  let at = address;
  let left = bytes;
  while (left != 0) {
    const piece = min(left, FRAME_SIZE - (at & OFFSET_MASK));
    if ((frameFlags(at) & FRAME_CODE) != 0 && holdsCode(at, piece)) {
      dropFrame(at);
      store<u32>(CODE_DROPPED, load<u32>(CODE_DROPPED) + 1);
      store<i64>(COUNT_CODE_DROPPED, load<i64>(COUNT_CODE_DROPPED) + 1);
    }
    at += piece;
    left -= piece;
  }
}
