// IN, OUT, INS and OUTS: who may use a port, and the way to the host. SDM volume 1 chapter 18 (18.5 for the
// permission map of the TSS).

import {
  COUNT_PORT_IO,
  CPL,
  SEGMENT_ATTRIBUTES,
  SEGMENT_BASE,
  SEGMENT_LIMIT,
  SEGMENT_TR,
  VECTOR_GP,
} from '../layout.ts';
import { readSystem16 } from './access.ts';
import { notePortAccess } from './debug-events.ts';
import { ATTRIBUTE_UNUSABLE, wrapLinear } from './descriptors.ts';
import { raise } from './exceptions.ts';
import { ioPrivilege } from './flags.ts';
import { portRead, portWrite } from './imports.ts';
import { inRealMode, inVirtual8086 } from './mode.ts';

/** True when the I/O permission map of the TSS allows the ports `port` … `port + size - 1`. */
function mapAllows(port: u32, size: u32): bool {
  const attributes = load<u32>(SEGMENT_TR + SEGMENT_ATTRIBUTES);
  const limit = load<u32>(SEGMENT_TR + SEGMENT_LIMIT);
  if ((attributes & ATTRIBUTE_UNUSABLE) != 0 || (attributes & 0x800) == 0 || limit < 103) return false;
  const base = load<i64>(SEGMENT_TR + SEGMENT_BASE);
  const map = <u32>readSystem16(wrapLinear(base + 102)) & 0xffff;
  const offset = map + (port >> 3);
  // Two bytes are always read, so that an access over a byte's end needs no special case.
  if (offset + 1 > limit) return false;
  const bits = <u32>readSystem16(wrapLinear(base + <i64>offset)) & 0xffff;
  return ((bits >> (port & 7)) & ((1 << size) - 1)) == 0;
}

/** Raises #GP(0) when the running program may not access the `size` (1, 2, 4) ports from `port` on. For INS and OUTS before they touch memory. */
export function checkPort(port: i32, size: i32): void {
  if (inRealMode()) return;
  if ((inVirtual8086() || load<u32>(CPL) > ioPrivilege()) && !mapAllows(<u32>port & 0xffff, size)) raise(VECTOR_GP, 0);
}

function count(): void {
  store<i64>(COUNT_PORT_IO, load<i64>(COUNT_PORT_IO) + 1);
}

/** IN: `size` (1, 2, 4) bytes from a port (0…65535), zero-extended. */
export function portIn(port: i32, size: i32): i32 {
  checkPort(port, size);
  count();
  notePortAccess(port & 0xffff, size);
  return portRead(<u32>port & 0xffff, size);
}

/** OUT: the low `size` (1, 2, 4) bytes of `value` to a port (0…65535). */
export function portOut(port: i32, size: i32, value: i32): void {
  checkPort(port, size);
  count();
  notePortAccess(port & 0xffff, size);
  portWrite(<u32>port & 0xffff, size, value);
}
