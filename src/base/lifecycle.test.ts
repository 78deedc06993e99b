import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressOfGfn, addressOfMfn, gfnOf, guestPhysical, guestVirtual, machineAddress, mfnOf } from './address.ts';
import { DisposableStore, toDisposable } from './disposable.ts';
import { UserError } from './errors.ts';
import { Emitter } from './event.ts';

test('a store disposes of what it owns, the last first, once', () => {
  const store = new DisposableStore();
  const gone: string[] = [];
  store.add(toDisposable(() => gone.push('a')));
  store.add(toDisposable(() => gone.push('b')));
  store.dispose();
  store.dispose();
  assert.deepEqual(gone, ['b', 'a']);
  store.add(toDisposable(() => gone.push('late')));
  assert.deepEqual(gone, ['b', 'a', 'late']);
});

test('listeners hear what is fired until they are disposed of', () => {
  const emitter = new Emitter<number>();
  const heard: string[] = [];
  const listener = (value: number): void => void heard.push(`same ${value}`);
  const first = emitter.event(listener);
  emitter.event(listener);
  emitter.fire(1);
  first.dispose();
  emitter.fire(2);
  emitter.dispose();
  emitter.fire(3);
  assert.deepEqual(heard, ['same 1', 'same 1', 'same 2']);
});

test('a user error carries its exit status', () => {
  const cause = new Error('no such file');
  assert.deepEqual([new UserError('x').status, new UserError('x', { status: 3 }).status], [2, 3]);
  assert.equal(new UserError('x', { cause }).cause, cause);
});

test('frames and addresses', () => {
  assert.equal(gfnOf(guestPhysical(0x1_2345_6789)), 0x12_3456);
  assert.equal(addressOfGfn(gfnOf(guestPhysical(0x1_2345_6789))), 0x1_2345_6000);
  assert.equal(addressOfMfn(mfnOf(machineAddress(0xffff_ffff))), 0xffff_f000);
  assert.equal(guestVirtual(-1n), 0xffff_ffff_ffff_ffffn);
});
