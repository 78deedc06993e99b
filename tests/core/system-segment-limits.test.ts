// Limit, type and null checks of memory operands outside 64-bit mode. SDM volume 3A sections 5.3 and 5.5.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  FAULT_VECTOR,
  MODE,
  MODE_STACK_32,
  MODE_UNCHECKED_ES,
  MODE_UNCHECKED_SS,
  SEGMENT_DS,
  SEGMENT_SS,
  VECTOR_GP,
  VECTOR_SS,
} from '../../src/core/layout.ts';
import { DATA_0, longMode, protectedMode, realMode } from './system-environments.ts';
import { RSP } from './system-machine.ts';

const DS = 3;
const SS = 2;
const WRITE = 0x200;
const UNCHECKED_DS = MODE_UNCHECKED_ES << DS;

test('an access may end at the limit and not beyond', () => {
  const machine = protectedMode();
  machine.setSegment(SEGMENT_DS, DATA_0, 0x10000n, 0xfff, 0x409300);
  assert.equal(machine.core('linearAddress', DS, 0xffcn, 4), 0x10ffcn);
  assert.equal(machine.core('linearAddress', DS, 0xffdn, 4), -1n);
  assert.equal(machine.get32(FAULT_VECTOR), VECTOR_GP);
  assert.equal(machine.core('linearAddress', DS, 0xfffffffen, 4), -1n, 'offsets do not wrap');
});

test('an expand-down segment has its bytes above the limit', () => {
  const machine = protectedMode();
  machine.setSegment(SEGMENT_SS, DATA_0, 0x10000n, 0xfff, 0x9700);
  assert.equal(machine.core('linearAddress', SS, 0x1000n, 2), 0x11000n);
  assert.equal(machine.core('linearAddress', SS, 0xfffen, 2), 0x1fffen);
  assert.equal(machine.core('linearAddress', SS, 0xffffn, 2), -1n, 'a small one ends at 64 KiB');
  assert.equal(machine.core('linearAddress', SS, 0xfffn, 2), -1n);
  assert.equal(machine.get32(FAULT_VECTOR), VECTOR_SS);
  machine.setSegment(SEGMENT_SS, DATA_0, 0n, 0xfff, 0x409700);
  assert.equal(machine.core('linearAddress', SS, 0xfffffffcn, 4), 0xfffffffcn);
});

test('types allow reads and writes', () => {
  const cases: [attributes: number, read: boolean, write: boolean][] = [
    [0x409300, true, true],
    [0x409100, true, false],
    [0x409b00, true, false],
    [0x409900, false, false],
    [1, false, false],
  ];
  for (const [attributes, read, write] of cases) {
    const machine = protectedMode();
    machine.setSegment(SEGMENT_DS, DATA_0, 0n, 0xffffffff, attributes);
    assert.equal(machine.core('linearAddress', DS, 0x100n, 4) !== -1n, read);
    assert.equal(machine.core('linearAddress', DS, 0x100n, 4 | WRITE) !== -1n, write);
  }
});

test('only flat writable segments need no checks', () => {
  const machine = protectedMode();
  const isUnchecked = (limit: number, attributes: number): boolean => {
    machine.setSegment(SEGMENT_DS, DATA_0, 0n, limit, attributes);
    machine.core('updateMode');
    return (machine.get32(MODE) & UNCHECKED_DS) !== 0;
  };
  assert.equal(isUnchecked(0xffffffff, 0xc09300), true);
  for (const [limit, attributes] of [
    [0xfffffffe, 0xc09300],
    [0xffffffff, 0xc09100],
    [0xffffffff, 0xc09700],
    [0xffffffff, 0xc09b00],
    [0xffffffff, 1],
  ] as const) {
    assert.equal(isUnchecked(limit, attributes), false, attributes.toString(16));
  }
  assert.equal(machine.get32(MODE) & (MODE_UNCHECKED_SS | MODE_STACK_32), MODE_UNCHECKED_SS | MODE_STACK_32);
});

test('real mode checks limits and no types', () => {
  const machine = realMode();
  machine.setSegment(SEGMENT_DS, 0x1234, 0x12340n, 0xffff, 1);
  assert.equal(machine.core('linearAddress', DS, 0xfffen, 2 | WRITE), 0x2233en);
  assert.equal(machine.core('linearAddress', DS, 0xffffn, 2), -1n);
});

test('the stack pointer wraps at its own width', () => {
  const machine = realMode();
  machine.set64(RSP, 0x12340000n);
  assert.equal(machine.core('stackOffset', -2n), 0xfffen);
  machine.core('adjustStack', -2n);
  assert.equal(machine.get64(RSP), 0x1234fffen);
  const long = longMode();
  long.set64(RSP, 0n);
  assert.equal(BigInt.asUintN(64, BigInt(long.core('stackOffset', -8n))), 0xfffffffffffffff8n);
});
