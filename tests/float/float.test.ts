// The core's floating point against the host's own processor: every operation with every rounding
// mode, precision, DAZ and FTZ setting and random exception masks, on random and corner-case operands.
//
// LODGE_FLOAT_CASES sets the cases an operation gets (2000 unless told), LODGE_FLOAT_SEED the seed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostProcessor } from '../instructions/native-runner.ts';
import { answerSize, buildCore, buildNative, caseSize, hostHasAvx, nativeObstacle } from './build.ts';
import { Random, operand } from './operands.ts';
import type { Operation } from './operation.ts';
import { sseOperations } from './sse-operations.ts';
import { transcendentalOperations } from './transcendental-operations.ts';
import { x87Operations } from './x87-operations.ts';

const casesPerOperation = Number(process.env['LODGE_FLOAT_CASES'] ?? 2000);
const seed = BigInt(process.env['LODGE_FLOAT_SEED'] ?? Math.floor(Math.random() * 2 ** 32));

/** An MXCSR or control word: half the time everything masked, else random masks. */
function controlWord(random: Random, kind: 'sse' | 'x87'): number {
  const masks = random.below(2) === 0 ? 63 : random.below(64);
  const rounding = random.below(2) === 0 ? 0 : random.below(4);
  if (kind === 'x87') return masks | (random.pick([0, 2, 3, 3]) << 8) | (rounding << 10);
  const zeros = random.below(3) === 0 ? random.pick([0x40, 0x8000, 0x8040]) : 0;
  const sticky = random.below(2) === 0 ? 0x20 : 0;
  return (masks << 7) | (rounding << 13) | zeros | sticky;
}

function makeCases(random: Random, index: number, operation: Operation, count: number): Uint8Array {
  const cases = new Uint8Array(count * caseSize);
  const view = new DataView(cases.buffer);
  for (let offset = 0; offset < cases.length; offset += caseSize) {
    const control = controlWord(random, operation.control);
    const a = operand(random, operation.a, undefined);
    const b = operand(random, operation.b, operation.a === operation.b ? a : undefined);
    view.setUint32(offset, index, true);
    view.setUint32(offset + 4, control, true);
    view.setUint32(offset + 8, operation.control === 'sse' ? control >> 7 : control, true);
    view.setUint32(offset + 12, operation.control === 'sse' ? control & 63 : 0, true);
    view.setBigUint64(offset + 16, a[0], true);
    view.setBigUint64(offset + 24, a[1], true);
    view.setBigUint64(offset + 32, b[0], true);
    view.setBigUint64(offset + 40, b[1], true);
  }
  return cases;
}

function hex(bytes: Uint8Array, offset: number, length: number): string {
  return Array.from(bytes.subarray(offset, offset + length), (byte) => byte.toString(16).padStart(2, '0'))
    .toReversed()
    .join('');
}

/** The value of an extended number on a line where neighbours differ by 1. */
function position(bytes: Uint8Array, offset: number): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, 16);
  const significand = BigInt.asUintN(63, view.getBigUint64(0, true));
  const high = BigInt(view.getUint16(8, true));
  const magnitude = ((high & 0x7fffn) << 63n) | significand;
  return high >> 15n ? -magnitude : magnitude;
}

/** Moves answers of both sides that are within the tolerance of each other onto each other. */
function forgive(expected: Uint8Array, actual: Uint8Array, tolerance: number): void {
  for (let offset = 0; offset < expected.length; offset += 16) {
    if (offset % answerSize === 32) continue;
    const difference = position(expected, offset) - position(actual, offset);
    if (difference !== 0n && difference <= BigInt(tolerance) && -difference <= BigInt(tolerance)) {
      actual.set(expected.subarray(offset, offset + 10), offset);
    }
  }
}

function describeAnswer(answers: Uint8Array, index: number, conditions: number): string {
  const base = index * answerSize;
  const view = new DataView(answers.buffer, answers.byteOffset + base, answerSize);
  const names = ['IE', 'DE', 'ZE', 'OE', 'UE', 'PE'].filter((_, bit) => (view.getUint32(32, true) >> bit) & 1);
  const condition = (view.getUint32(36, true) & conditions).toString(16);
  return `${hex(answers, base, 10)} ${hex(answers, base + 16, 10)} flags ${names.join('|')} conditions ${condition} fault ${view.getUint32(40, true)}`;
}

/** The core follows AMD's processors. Others' report underflow otherwise in these operations. */
const underflowVaries = new Set([
  ...transcendentalOperations.map(({ name }) => name),
  'f80Remainder',
  'f80RemainderNearest',
  'f80Scale',
]);

const obstacle = nativeObstacle();
if (obstacle !== undefined) {
  test('floating point agrees with the processor', { skip: `not compared with hardware: ${obstacle}` }, () => {});
} else {
  const operations = [...sseOperations, ...x87Operations, ...transcendentalOperations];
  const native = buildNative(operations);
  const core = buildCore('native-comparison', operations);
  const avx = hostHasAvx();
  const isAmd = hostProcessor().vendor === 'AuthenticAMD';
  for (const [index, operation] of operations.entries()) {
    test(
      `${operation.name} agrees with the processor`,
      { skip: operation.avx && !avx ? 'the host has no AVX' : false },
      () => {
        const cases = makeCases(new Random(seed + BigInt(index)), index, operation, casesPerOperation);
        const expected = native(cases);
        const actual = core(cases);
        if (operation.tolerance !== undefined) forgive(expected, actual, operation.tolerance);
        const differences: string[] = [];
        let count = 0;
        for (let number = 0; number < casesPerOperation; number++) {
          const wanted = describeAnswer(expected, number, operation.conditions ?? 0);
          const got = describeAnswer(actual, number, operation.conditions ?? 0);
          if (wanted === got) continue;
          if (!isAmd && underflowVaries.has(operation.name) && /UE/.test(wanted + got)) continue;
          count++;
          const base = number * caseSize;
          if (differences.length < 5) {
            differences.push(
              `control ${hex(cases, base + 4, 4)} a ${hex(cases, base + 16, 10)} b ${hex(cases, base + 32, 10)}\n  processor ${wanted}\n  core      ${got}`,
            );
          }
        }
        assert.equal(
          count,
          0,
          `${count} of ${casesPerOperation} differ, LODGE_FLOAT_SEED=${seed}\n${differences.join('\n')}`,
        );
      },
    );
  }
}
