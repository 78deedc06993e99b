// The differential tests prove something only when they can fail: here are mistakes that they must notice.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forms } from '../../src/isa/catalog.ts';
import { compareAnswers } from './compare.ts';
import { generateCase } from './generate-cases.ts';
import { nativeObstacle, runNative } from './native-runner.ts';
import { Oracle } from './oracle.ts';
import { runInterpreter } from './run-interpreter.ts';
import { StateImage, WINDOW_SIZE } from './state-image.ts';
import { TestCell } from './test-cell.ts';

const options = { codeSize: 64, undefined: [] } as const;
const copy = (image: StateImage): StateImage => new StateImage(image.bytes.slice());

/** A case whose instruction goes through: ADD of two registers, with the carry set. */
function additionCase(): StateImage {
  const image = new StateImage();
  image.setInstruction(64, [0x48, 0x01, 0xd8]);
  image.rip = 0x1000_8000n;
  image.flags = 0x203;
  image.setRegister(0, 5n);
  image.setRegister(3, 7n);
  image.setRegister(4, 0x2000_1000n);
  image.mxcsr = 0x1f80;
  image.fpuControl = 0x37f;
  return image;
}

test('a change of any field of an answer is a difference', () => {
  const answer = runInterpreter(new TestCell(), additionCase());
  const changes: readonly [string, (image: StateImage) => void][] = [
    ['vector', (image) => image.setException(6, 0, 0n)],
    ['error code', (image) => image.setException(3, 1, 0n)],
    ['rip', (image) => (image.rip += 1n)],
    ['rflags', (image) => (image.flags ^= 0x10)],
    ['fs base', (image) => (image.fsBase += 1n)],
    ['gs base', (image) => (image.gsBase += 1n)],
    ['r15', (image) => image.setRegister(15, 1n << 63n)],
    ['xmm15', (image) => image.setXmm(15, 1n << 127n)],
    ['st7', (image) => image.setSt(7, 1n << 79n)],
    ['mxcsr', (image) => (image.mxcsr ^= 0x20)],
    ['x87 control', (image) => (image.fpuControl ^= 1)],
    ['x87 status', (image) => (image.fpuStatus ^= 0x3800)],
    ['x87 tag', (image) => (image.fpuTag ^= 0x80)],
    ['memory 200011ff', (image) => (image.window[WINDOW_SIZE - 1]! ^= 1)],
    ['memory elsewhere changed', (image) => (image.changedOutside = true)],
  ];
  assert.deepEqual(compareAnswers(answer, copy(answer), options), []);
  for (const [field, change] of changes) {
    const changed = copy(answer);
    change(changed);
    assert.deepEqual(
      compareAnswers(answer, changed, options).map((difference) => difference.field),
      [field],
    );
  }
});

test('another instruction on the same state is a difference, whoever runs it', (t) => {
  const cell = new TestCell();
  const add = additionCase();
  const adc = copy(add);
  adc.setInstruction(64, [0x48, 0x11, 0xd8]);
  const fields = (left: StateImage, right: StateImage): string[] =>
    compareAnswers(left, right, options).map(({ field }) => field);
  assert.deepEqual(fields(new Oracle(cell).run(adc), runInterpreter(cell, add)), ['rflags', 'rax']);
  const obstacle = nativeObstacle();
  if (obstacle !== null) return t.skip(obstacle);
  const [native] = runNative([adc]) as [StateImage];
  assert.deepEqual(fields(native, runInterpreter(cell, add)), ['rflags', 'rax']);
});

test('cases depend on the seed and the index alone', () => {
  const form = forms.find(({ text }) => text === '01 /r Ev Gv [lock]');
  assert.ok(form);
  const bytes = (seed: number, index: number): Uint8Array | undefined => generateCase(form, seed, index)?.image.bytes;
  assert.deepEqual(bytes(1, 5), bytes(1, 5));
  assert.notDeepEqual(bytes(1, 5), bytes(2, 5));
  assert.notDeepEqual(bytes(1, 5), bytes(1, 6));
});
