// INS: memory is checked before the port is read, because a port may not be read twice. SDM volume 2, INS.

import { checkWrite, write16, write32, write8 } from './access.ts';
import { checkPort, portIn } from './ports.ts';

/** Reads `size` (1, 2, 4) bytes from a port and writes them at a linear address. */
export function portInString(linear: i64, port: i32, size: i32): void {
  checkPort(port, size);
  checkWrite(linear, size);
  const value = portIn(port, size);
  if (size == 1) write8(linear, value);
  else if (size == 2) write16(linear, value);
  else write32(linear, value);
}
