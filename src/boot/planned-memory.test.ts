// Reads what a plan puts into guest memory, as a kernel would; and what a refused request says.

import assert from 'node:assert/strict';
import { UserError } from '../base/errors.ts';
import type { BootPlan, BootRequest } from './boot-plan.ts';
import { endOf } from './memory-map.ts';
import { planBoot } from './plan-boot.ts';

export const MIB = 2 ** 20;

/** The bytes that a plan puts at an address. Memory that nothing is copied to is zero. */
export function bytesAt(planned: BootPlan, address: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (const placement of planned.placements) {
    for (let index = 0; index < length; index++) {
      const byte = placement.bytes[address + index - placement.address];
      if (byte !== undefined) bytes[index] = byte;
    }
  }
  return bytes;
}

const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
export const u8At = (planned: BootPlan, address: number): number => bytesAt(planned, address, 1)[0] ?? 0;
export const u16At = (planned: BootPlan, address: number): number =>
  view(bytesAt(planned, address, 2)).getUint16(0, true);
export const u32At = (planned: BootPlan, address: number): number =>
  view(bytesAt(planned, address, 4)).getUint32(0, true);
export const u64At = (planned: BootPlan, address: number): bigint =>
  view(bytesAt(planned, address, 8)).getBigUint64(0, true);

/** The text at an address, up to its zero byte. */
export function textAt(planned: BootPlan, address: number): string {
  let text = '';
  for (let at = address, byte = u8At(planned, at); byte !== 0; byte = u8At(planned, ++at))
    text += String.fromCharCode(byte);
  return text;
}

/** Plans a boot and checks what holds for every plan: placements lie in RAM and do not overlap. */
export function plan(request: BootRequest): BootPlan {
  const planned = planBoot(request);
  const sorted = planned.placements.toSorted((a, b) => a.address - b.address);
  sorted.forEach((placement, index) => {
    const end = placement.address + placement.bytes.length;
    const home = planned.memoryMap.find((of) => of.address <= placement.address && end <= endOf(of));
    assert.equal(home?.type, 'usable', `${placement.what} at ${placement.address.toString(16)} is not in RAM`);
    const next = sorted[index + 1];
    assert.ok(next === undefined || end <= next.address, `${placement.what} overlaps ${next?.what}`);
  });
  return planned;
}

/** Checks that a request is refused in one sentence that matches, and says what to do. */
export function refuses(request: BootRequest, message: RegExp): void {
  assert.throws(
    () => planBoot(request),
    (error: unknown) => {
      assert.ok(error instanceof UserError, String(error));
      assert.match(error.message, message);
      assert.match(error.message, /^[A-Z][^\n]*\.$/, 'one sentence');
      assert.match(error.message, /; /, 'the sentence says what to do');
      assert.equal(error.status, 2);
      return true;
    },
  );
}
