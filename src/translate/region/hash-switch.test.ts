import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ModuleBuilder } from '../../wasm/module-builder.ts';
import { emitHashSwitch, hashDistances } from './hash-switch.ts';

/** A function that gives the index of the case that a number leads to, -1 when that is none. */
function compile(numbers: readonly number[]): (value: number) => number {
  const builder = new ModuleBuilder();
  const index = builder.declareFunction(builder.type(['i32'], ['i32']));
  builder.export('find', 'function', index);
  const code = builder.body(index);
  emitHashSwitch(
    code,
    hashDistances(numbers),
    () => code.localGet(0),
    (found) => {
      code.localGet(0);
      code.i32Const(numbers[found]!);
      code.i32Eq();
      code.if(undefined);
      code.i32Const(found);
      code.return();
      code.end();
    },
  );
  code.i32Const(-1);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(builder.toBytes()));
  return exports['find'] as (value: number) => number;
}

test('a switch finds each of its numbers and no other', () => {
  for (const numbers of [
    [5, -5],
    [0, 1, 2, 3, 4, 5, 6, 7],
    Array.from({ length: 64 }, (_, index) => 0x1000 + index * 16),
    Array.from({ length: 40 }, (_, index) => Math.imul(index, 0x01000193)),
  ]) {
    const find = compile(numbers);
    numbers.forEach((number, index) => assert.equal(find(number), index));
    for (const other of [0x7fff_ffff, -0x8000_0000, 99_999]) assert.equal(find(other), -1);
  }
});
