// FXSAVE, XSAVE and the x87 environment as memory images. SDM volume 1 sections 8.1, 10.5 and 13.4.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CR0,
  CR4,
  FPR,
  FPU_CONTROL,
  FPU_IP,
  FPU_IP_SELECTOR,
  FPU_OPCODE,
  FPU_STATUS,
  FPU_TAG,
  FPU_TOP,
  MXCSR,
  VECTOR_GP,
  VECTOR_NM,
  VECTOR_UD,
  XCR0,
  XMM,
  XMM_STRIDE,
} from '../../src/core/layout.ts';
import { longMode, protectedMode, realMode } from './system-environments.ts';
import { RAX, RDX } from './system-machine.ts';
import type { SystemMachine } from './system-machine.ts';

const AREA = 0x6000;
const GP = [{ vector: VECTOR_GP, code: 0 }];

/** Fills x87 and SSE state with telling values. */
function fill(machine: SystemMachine): void {
  machine.set32(FPU_CONTROL, 0x27f);
  machine.set32(FPU_STATUS, 0x4100);
  machine.set32(FPU_TOP, 6);
  machine.set32(FPU_TAG, 0xc1);
  machine.set32(FPU_OPCODE, 0x5ab);
  machine.set64(FPU_IP, 0x1234_5678_9abcn);
  machine.set32(FPU_IP_SELECTOR, 0x33);
  machine.set32(MXCSR, 0x1fa0);
  for (let i = 0; i < 8; i++) {
    machine.set64(FPR + i * 16, 0x8000000000000000n + BigInt(i));
    machine.set64(FPR + i * 16 + 8, 0x3fffn + BigInt(i));
  }
  for (let i = 0; i < 16; i++) machine.set64(XMM + i * XMM_STRIDE, 0x1000n + BigInt(i));
}

test('FXSAVE64 writes control words, registers from ST(0) on, and sixteen XMM registers', () => {
  const machine = longMode();
  fill(machine);
  assert.deepEqual(machine.execute(0x7000n, 4, 'fxsave', BigInt(AREA), 64).raised, []);
  assert.deepEqual(machine.words(AREA, 2, 4), [0x27fn, 0x7100n, 0xc1n, 0x5abn]);
  assert.equal(machine.peek(AREA + 8, 8), 0x123456789abcn);
  assert.deepEqual(machine.words(AREA + 24, 4, 2), [0x1fa0n, 0xffffn]);
  assert.deepEqual(machine.words(AREA + 32, 8, 2), [0x8000000000000006n, 0x4005n]);
  assert.equal(machine.peek(AREA + 160 + 15 * 16, 8), 0x100fn);
  const other = longMode();
  for (let i = 0; i < 512; i += 8) other.poke(AREA + i, 8, machine.peek(AREA + i, 8));
  other.execute(0x7000n, 4, 'fxrstor', BigInt(AREA), 64);
  for (const cell of [FPU_CONTROL, FPU_STATUS, FPU_TOP, FPU_TAG, FPU_OPCODE, MXCSR, XMM + 15 * XMM_STRIDE]) {
    assert.equal(other.get32(cell), machine.get32(cell), cell.toString(16));
  }
  for (let i = 0; i < 128; i += 8) assert.equal(other.get64(FPR + i), machine.get64(FPR + i));
});

test('FXSAVE outside 64-bit mode writes selectors and leaves the upper XMM registers', () => {
  const machine = protectedMode();
  fill(machine);
  machine.execute(0x7000n, 3, 'fxsave', BigInt(AREA), 32);
  assert.deepEqual(machine.words(AREA + 8, 4, 2), [0x56789abcn, 0x33n]);
  assert.equal(machine.peek(AREA + 160 + 8 * 16, 8), 0n);
});

test('FXSAVE and FXRSTOR refuse what the manual refuses', () => {
  const machine = longMode();
  assert.deepEqual(machine.execute(0x7000n, 3, 'fxsave', BigInt(AREA + 8), 32).raised, GP);
  machine.poke(AREA + 24, 4, 0x10000);
  assert.deepEqual(machine.execute(0x7000n, 3, 'fxrstor', BigInt(AREA), 32).raised, GP);
  machine.set64(CR0, machine.get64(CR0) | 8n);
  assert.deepEqual(machine.execute(0x7000n, 3, 'fxsave', BigInt(AREA), 32).raised, [{ vector: VECTOR_NM, code: -1 }]);
  machine.set64(CR0, machine.get64(CR0) | 4n);
  assert.deepEqual(machine.execute(0x7000n, 3, 'fxsave', BigInt(AREA), 32).raised, [{ vector: VECTOR_UD, code: -1 }]);
});

function enableXsave(): SystemMachine {
  const machine = longMode();
  machine.set64(CR4, 0x40620n);
  machine.set64(XCR0, 3n);
  machine.set64(RDX, 0n);
  return machine;
}

test('XSAVE writes and marks only the requested components', () => {
  const machine = enableXsave();
  fill(machine);
  machine.set64(RAX, 2n);
  machine.poke(AREA + 512, 8, 1);
  assert.deepEqual(machine.execute(0x7000n, 4, 'xsave', BigInt(AREA), 64).raised, []);
  assert.equal(machine.peek(AREA, 8), 0n, 'x87 state was not asked for');
  assert.equal(machine.peek(AREA + 160, 8), 0x1000n);
  assert.equal(machine.peek(AREA + 512, 8), 3n);
});

test('XRSTOR puts absent components into their initial state', () => {
  const machine = enableXsave();
  fill(machine);
  machine.set64(RAX, 3n);
  machine.poke(AREA + 24, 4, 0x1f80);
  assert.deepEqual(machine.execute(0x7000n, 4, 'xrstor', BigInt(AREA), 64).raised, []);
  assert.deepEqual(
    [machine.get32(FPU_CONTROL) & 0xffff, machine.get32(FPU_TAG), machine.get32(MXCSR)],
    [0x37f, 0, 0x1f80],
  );
  assert.deepEqual([machine.get64(FPR), machine.get64(XMM)], [0n, 0n]);
});

test('XRSTOR refuses bad headers and misalignment', () => {
  for (const [offset, value] of [
    [512, 4n],
    [520, 1n],
    [528, 1n],
  ] as const) {
    const machine = enableXsave();
    machine.set64(RAX, 3n);
    machine.poke(AREA + offset, 8, value);
    assert.deepEqual(machine.execute(0x7000n, 4, 'xrstor', BigInt(AREA), 64).raised, GP);
  }
  assert.deepEqual(enableXsave().execute(0x7000n, 4, 'xrstor', BigInt(AREA + 16), 64).raised, GP);
});

test('XSAVEC marks the compacted format, which XRSTOR reads back', () => {
  const machine = enableXsave();
  fill(machine);
  machine.set64(RAX, 3n);
  machine.execute(0x7000n, 4, 'xsavec', BigInt(AREA), 64);
  assert.deepEqual(machine.words(AREA + 512, 8, 2), [3n, 0x8000000000000003n]);
  machine.set64(XMM, 0n);
  assert.deepEqual(machine.execute(0x7000n, 4, 'xrstor', BigInt(AREA), 64).raised, []);
  assert.equal(machine.get64(XMM), 0x1000n);
});

test('FNSTENV has four layouts, and masks exceptions', () => {
  const machine = protectedMode();
  fill(machine);
  machine.set32(FPU_CONTROL, 0x240);
  machine.execute(0x7000n, 2, 'fnstenv', BigInt(AREA), 32);
  // Registers R0, R6 and R7 are in use: tags 00, the others 11.
  assert.deepEqual(
    machine.words(AREA, 4, 5),
    [0xffff0240n, 0xffff7100n, 0xffff0ffcn, 0x56789abcn & 0xffffn, 0x05ab0033n].map((value, index) =>
      index === 3 ? (0x5678n << 16n) | value : value,
    ),
  );
  assert.equal(machine.get32(FPU_CONTROL) & 0x3f, 0x3f);
  const real = realMode();
  fill(real);
  real.set64(FPU_IP, 0x1234n);
  real.set32(FPU_IP_SELECTOR, 0x2000);
  real.execute(0x7000n, 2, 'fnstenv', BigInt(AREA), 16);
  assert.deepEqual(real.words(AREA, 2, 5), [0x27fn, 0x7100n, 0x0ffcn, 0x1234n, 0x25abn]);
  real.execute(0x7000n, 2, 'fldenv', BigInt(AREA), 16);
  assert.deepEqual([real.get64(FPU_IP), real.get32(FPU_TAG) & 0xff, real.get32(FPU_TOP)], [0x21234n, 0xc1, 6]);
});

test('FNSAVE and FRSTOR move the registers in stack order', () => {
  const machine = protectedMode();
  fill(machine);
  machine.execute(0x7000n, 2, 'fnsave', BigInt(AREA), 32);
  assert.equal(machine.peek(AREA + 28, 8), 0x8000000000000006n);
  assert.equal(machine.peek(AREA + 36, 2), 0x4005n);
  assert.deepEqual(
    [machine.get32(FPU_CONTROL) & 0xffff, machine.get32(FPU_TAG) & 0xff, machine.get32(FPU_TOP)],
    [0x37f, 0, 0],
  );
  machine.set64(FPR + 96, 0n);
  machine.execute(0x7000n, 2, 'frstor', BigInt(AREA), 32);
  assert.deepEqual([machine.get64(FPR + 96), machine.get32(FPU_TOP)], [0x8000000000000006n, 6]);
});
