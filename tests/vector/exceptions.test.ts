// Which vector instructions fault on what, and that nothing has changed when they do.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as layout from '../../src/core/layout.ts';
import { DATA, VectorMachine } from './vector-machine.ts';

const GENERAL_PROTECTION = { vector: 13, code: 0 };
const ABSENT = DATA + 0x1000;
const VALUE = 0x0f0e0d0c0b0a09080706050403020100n;

/** The encoding of an absolute address after an opcode, for the ModRM.reg of XMM1. */
function at(address: number): string {
  return `0c 25 ${[0, 8, 16, 24].map((shift) => ((address >> shift) & 0xff).toString(16).padStart(2, '0')).join(' ')}`;
}

test('an operand of 128 bits that is not aligned is a general-protection fault', () => {
  const machine = new VectorMachine();
  for (const opcode of [
    '0f 28',
    '0f 29',
    '66 0f 6f',
    '66 0f 7f',
    '66 0f fc',
    '66 0f e7',
    '66 0f 38 2a',
    '0f 54',
    'f3 0f 16',
  ]) {
    machine.setXmm(1, VALUE);
    assert.deepEqual(machine.execute(`${opcode} ${at(DATA + 8)}`), GENERAL_PROTECTION, opcode);
    assert.equal(machine.xmm(1), VALUE);
    assert.equal(machine.execute(`${opcode} ${at(DATA + 16)}`), null, opcode);
  }
});

test('the fault for alignment comes before that of the page', () => {
  const machine = new VectorMachine();
  assert.deepEqual(machine.execute(`0f 28 ${at(ABSENT + 4)}`), GENERAL_PROTECTION);
  assert.deepEqual(machine.execute(`0f 28 ${at(ABSENT)}`), { vector: 14, code: 0 });
});

test('unaligned moves, LDDQU, string comparisons and narrower operands need no alignment', () => {
  const machine = new VectorMachine();
  for (const opcode of [
    '0f 10',
    '0f 11',
    '66 0f 10',
    'f3 0f 6f',
    'f3 0f 7f',
    'f2 0f f0',
    'f2 0f 12',
    '66 0f 38 20',
    '0f 16',
  ]) {
    assert.equal(machine.execute(`${opcode} ${at(DATA + 5)}`), null, opcode);
  }
  assert.equal(machine.execute(`66 0f 3a 63 ${at(DATA + 5)} 00`), null);
});

test('a store across pages that faults in the second one writes nothing', () => {
  const machine = new VectorMachine();
  machine.setXmm(1, VALUE);
  assert.deepEqual(machine.execute(`0f 11 ${at(ABSENT - 8)}`), { vector: 14, code: 2 });
  assert.equal(machine.read(ABSENT - 8, 8), 0n);
});

test('MASKMOVDQU writes the bytes that its mask names and no others', () => {
  const machine = new VectorMachine();
  machine.setRegister(7, BigInt(DATA));
  machine.setXmm(1, VALUE);
  machine.setXmm(2, 0x80007fn << 8n);
  const before = machine.read(DATA, 4);
  assert.equal(machine.execute('66 0f f7 ca'), null);
  assert.equal(machine.read(DATA, 4), (before & 0x00ffffffn) | (VALUE & 0xff000000n));
});

test('MASKMOVDQU faults for any byte of its operand, chosen or not, as AMD processors do', () => {
  const machine = new VectorMachine();
  machine.setRegister(7, BigInt(ABSENT - 4));
  machine.setXmm(1, VALUE);
  machine.setXmm(2, 0x80007fn << 8n);
  const before = machine.read(ABSENT - 4, 4);
  assert.deepEqual(machine.execute('66 0f f7 ca'), { vector: 14, code: 2 });
  assert.equal(machine.read(ABSENT - 4, 4), before);
});

test('MASKMOVDQU stores through the address-size override and the segment override', () => {
  const machine = new VectorMachine();
  machine.view.setBigUint64(layout.SEGMENT_FS, 0x100n, true);
  machine.setRegister(7, 0xffff_ffff_0000_0000n + BigInt(DATA));
  machine.setXmm(1, VALUE);
  machine.setXmm(2, 2n ** 128n - 1n);
  assert.equal(machine.execute('64 67 66 0f f7 ca'), null);
  assert.equal(machine.read(DATA + 0x100, 16), VALUE);
});

/** Stack top 3, registers partly empty. */
function withX87State(machine: VectorMachine): void {
  machine.view.setUint32(layout.FPU_TOP, 3, true);
  machine.view.setUint8(layout.FPU_TAG, 0x0f);
}

function x87State(machine: VectorMachine): [top: number, tags: number] {
  return [machine.view.getUint32(layout.FPU_TOP, true), machine.view.getUint8(layout.FPU_TAG)];
}

test('MMX instructions set TOP to 0 and all tags to valid, EMMS to empty', () => {
  const machine = new VectorMachine();
  for (const bytes of [
    '0f ef c9',
    '0f 6e c8',
    '0f 7e c8',
    '0f d7 c1',
    'f3 0f d6 c9',
    'f2 0f d6 c9',
    `0f e7 ${at(DATA)}`,
  ]) {
    withX87State(machine);
    assert.equal(machine.execute(bytes), null, bytes);
    assert.deepEqual(x87State(machine), [0, 0xff], bytes);
  }
  withX87State(machine);
  assert.equal(machine.execute('0f 77'), null);
  assert.deepEqual(x87State(machine), [0, 0]);
});

test('a write to an MMX register sets its exponent and sign to ones', () => {
  const machine = new VectorMachine();
  machine.setRegister(0, 0x1234n);
  assert.equal(machine.execute('0f 6e c8'), null);
  assert.equal(machine.view.getBigUint64(layout.FPR + 16, true), 0x1234n);
  assert.equal(machine.view.getUint16(layout.FPR + 24, true), 0xffff);
});

test('an MMX instruction that faults leaves TOP and the tags', () => {
  const machine = new VectorMachine();
  for (const opcode of ['0f 6f', '0f 7f', '0f fc', '0f e7']) {
    withX87State(machine);
    assert.equal(machine.execute(`${opcode} ${at(ABSENT)}`)?.vector, 14, opcode);
    assert.deepEqual(x87State(machine), [3, 0x0f], opcode);
  }
});

test('a pending x87 exception is raised before an MMX instruction does anything', () => {
  const machine = new VectorMachine();
  withX87State(machine);
  machine.view.setUint16(layout.FPU_STATUS, 0x8081, true);
  for (const bytes of ['0f ef c9', '0f 77', `0f 6f ${at(ABSENT)}`]) {
    assert.deepEqual(machine.execute(bytes), { vector: 16 }, bytes);
    assert.deepEqual(x87State(machine), [3, 0x0f], bytes);
  }
  assert.equal(machine.execute('66 0f ef c9'), null);
});

test('LDMXCSR takes no reserved bit', () => {
  const machine = new VectorMachine();
  const load = '0f ae 14 25 00 00 20 00';
  machine.write(DATA, 0xffffn, 4);
  assert.equal(machine.execute(load), null);
  machine.write(DATA, 0x11f80n, 4);
  assert.deepEqual(machine.execute(load), GENERAL_PROTECTION);
  assert.equal(machine.view.getUint32(layout.MXCSR, true), 0xffff);
  assert.equal(machine.execute('0f ae 1c 25 20 00 20 00'), null);
  assert.equal(machine.read(DATA + 0x20, 4), 0xffffn);
});
