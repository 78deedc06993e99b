// INTO. SDM volume 2.

import { RIP, VECTOR_OF } from '../layout.ts';
import { nextRip, softwareException } from './exceptions.ts';

/** INTO: the overflow exception when `overflow` is not zero. Sets RIP. */
export function interruptOnOverflow(overflow: i32): void {
  if (overflow) softwareException(VECTOR_OF);
  else store<i64>(RIP, nextRip());
}
