// RDRAND and RDSEED. SDM volume 1 section 7.3.17.

import { randomWord } from './imports.ts';

/** 64 random bits, where the host gets them. */
export function randomBits(): u64 {
  const high = <u64>randomWord();
  return (high << 32) | <u64>randomWord();
}
