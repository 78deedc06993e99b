// A region looks itself for a pending x87 exception before it calls routines that raise nothing else.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runPlaced, runTranslated } from './run-translated.ts';
import { CODE, StateImage } from './state-image.ts';
import { TestCell } from './test-cell.ts';

const RCX = 1;
const VECTOR_MF = 16;
/** All exceptions masked but invalid operation, and one of those pending: IE, ES and B. */
const CONTROL = 0x037e;
const STATUS = 0x8081;

const instructions: readonly (readonly [name: string, code: readonly number[]])[] = [
  ['FLD1', [0xd9, 0xe8]],
  ['FADD ST(1)', [0xd8, 0xc1]],
  ['FWAIT', [0x9b]],
  // At an address without memory: #MF comes before #PF.
  ['FLD m64', [0xdd, 0x04, 0x25, 0x00, 0x50, 0x00, 0x00]],
  ['FMUL m32', [0xd8, 0x0c, 0x25, 0x00, 0x50, 0x00, 0x00]],
  ['FSTP m64', [0xdd, 0x1c, 0x25, 0x00, 0x50, 0x00, 0x00]],
];

for (const [name, code] of instructions) {
  test(`a pending exception is raised by ${name} in a region, after what came before it`, () => {
    const image = new StateImage();
    image.rip = BigInt(CODE);
    image.mxcsr = 0x1f80;
    image.setRegister(RCX, 6n);
    // INC ECX
    image.setInstruction(64, [0xff, 0xc1, ...code]);
    image.fpuControl = CONTROL;
    image.fpuStatus = STATUS;
    const cell = new TestCell(1);
    assert.ok(runTranslated(cell, image).regions > 0);
    cell.load(image);
    for (let times = 0; times < 3; times++) {
      const answer = runPlaced(cell, image);
      assert.equal(answer.vector, VECTOR_MF);
      assert.equal(answer.register(RCX), 7n);
      assert.equal(answer.rip, BigInt(CODE) + 2n);
    }
  });
}
