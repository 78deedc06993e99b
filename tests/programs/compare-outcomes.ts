// Finds the differences between two outcomes of a program.

import { compareAnswers, type Difference } from '../instructions/compare.ts';
import { DATA, StateImage } from '../instructions/state-image.ts';
import type { Fault } from './handlers.ts';
import { AREA } from './program.ts';
import type { Outcome } from './program-cell.ts';

const hex = (value: number | bigint): string => value.toString(16);

function describeFault(fault: Fault | undefined): string {
  if (!fault) return 'none';
  const { vector, error, rip, address, flags, rsp } = fault;
  const code = vector === 14 && address >> 63n ? error | 1 : error;
  return `#${vector} at ${hex(rip)}, code ${hex(code)}, cr2 ${hex(address)}, rflags ${hex(flags)}, rsp ${hex(rsp)}`;
}

function compareBytes(name: string, start: number, left: Uint8Array, right: Uint8Array): Difference[] {
  if (Buffer.compare(left, right) === 0) return [];
  const at = left.findIndex((byte, i) => byte !== right[i]);
  const bytes = (of: Uint8Array): string => Buffer.from(of.subarray(at, at + 16)).toString('hex');
  return [{ field: `${name} ${hex(start + at)}`, left: bytes(left), right: bytes(right) }];
}

/** The window is part of the data, which are compared as a whole. */
function withoutWindow(state: StateImage): StateImage {
  const copy = new StateImage(state.bytes.slice());
  copy.window.fill(0);
  copy.changedOutside = false;
  return copy;
}

export function compareOutcomes(left: Outcome, right: Outcome, codeSize: 32 | 64): Difference[] {
  const found: Difference[] = [];
  const check = (field: string, a: number | string, b: number | string): void => {
    if (a !== b) found.push({ field, left: String(a), right: String(b) });
  };
  for (let index = 0; index < Math.max(left.faults.length, right.faults.length); index++) {
    check(`exception ${index}`, describeFault(left.faults[index]), describeFault(right.faults[index]));
    if (found.length > 0) break;
  }
  check('exceptions', left.faultCount, right.faultCount);
  check('accesses to the device', left.board, right.board);
  check('ended', `${left.ended}`, `${right.ended}`);
  if (left.retired >= 0 && right.retired >= 0) check('retired instructions', left.retired, right.retired);
  found.push(...compareAnswers(withoutWindow(left.state), withoutWindow(right.state), { codeSize, undefined: [] }));
  found.push(...compareBytes('data', DATA, left.data, right.data));
  found.push(...compareBytes('code', AREA, left.code[0], right.code[0]));
  found.push(...compareBytes('code in second frames', AREA, left.code[1], right.code[1]));
  return found;
}
