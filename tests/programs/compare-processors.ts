// Compares the processors of two cells while they run.

import * as layout from '../../src/core/layout.ts';
import type { Difference } from '../instructions/compare.ts';
import type { ProgramCell } from './program-cell.ts';

/** Differences of the processors of two cells that have retired the same number of instructions. */
export function compareProcessors(left: ProgramCell, right: ProgramCell): Difference[] {
  const found: Difference[] = [];
  const [a, b] = [left.test.view, right.test.view];
  const compare = (field: string, address: number): void => {
    const [one, other] = [a.getBigUint64(address, true), b.getBigUint64(address, true)];
    if (one !== other) found.push({ field, left: one.toString(16), right: other.toString(16) });
  };
  const count = (field: string, one: number, other: number): void => {
    if (one !== other) found.push({ field, left: String(one), right: String(other) });
  };
  count('retired instructions', left.retired, right.retired);
  count('events', left.events, right.events);
  compare('rip', layout.RIP);
  for (let i = 0; i < 16; i++) compare(`register ${i}`, layout.GPR + i * 8);
  for (let i = 0; i < 16; i++) {
    compare(`xmm${i}, low half`, layout.XMM + i * layout.XMM_STRIDE);
    compare(`xmm${i}, high half`, layout.XMM + i * layout.XMM_STRIDE + 8);
  }
  for (let at = layout.FPU_CONTROL; at < layout.XMM; at += 8) compare(`x87 state at ${at.toString(16)}`, at);
  compare('cr2', layout.CR2);
  const [one, other] = [left, right].map((cell) => (cell.test.core['getFlags']() as number) >>> 0) as [number, number];
  if (one !== other) found.push({ field: 'rflags', left: one.toString(16), right: other.toString(16) });
  return found;
}
