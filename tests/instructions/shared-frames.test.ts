// A region may hold where a page lies for several accesses; a store of its own to a page that shares its frame moves it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DATA_FRAMES } from './guest-tables.ts';
import { runPlaced, runTranslated } from './run-translated.ts';
import { CODE, StateImage, WINDOW } from './state-image.ts';
import { TestCell } from './test-cell.ts';

const RBX = 3;
const RSI = 6;
const RDI = 7;
const TIMES = 5;

// RSI and RDI point to the same bytes, which nothing tells before the code runs.
// oxfmt-ignore
const code = [
  0xb9, TIMES, 0, 0, 0, //  mov ecx, TIMES
  0x8b, 0x46, 0x04, //      mov eax, [rsi+4]
  0x89, 0x0f, //            mov [rdi], ecx
  0x03, 0x1e, //            add ebx, [rsi]
  0xff, 0xc9, //            dec ecx
  0x75, 0xf5, //            jnz to the first load
];

test('a region sees its store to a page whose frame is shared', () => {
  const image = new StateImage();
  image.rip = BigInt(CODE);
  image.mxcsr = 0x1f80;
  image.setRegister(RSI, BigInt(WINDOW));
  image.setRegister(RDI, BigInt(WINDOW));
  image.setInstruction(64, code);
  const cell = new TestCell(1);
  const { regions } = runTranslated(cell, image);
  assert.ok(regions > 0);
  cell.load(image);
  runPlaced(cell, image);
  const run = cell.vcpu.run.bind(cell.vcpu);
  // Loading a case writes to the page, so it is shared after that.
  cell.vcpu.run = (budget) => {
    cell.share(DATA_FRAMES);
    return run(budget);
  };
  const expected = BigInt((TIMES * (TIMES + 1)) / 2);
  for (let times = 0; times < 3; times++) assert.equal(runPlaced(cell, image).register(RBX), expected);
});
