// Flags, control, debug and model-specific registers, ports, and what is due at an instruction boundary.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CR4,
  DR0,
  EXIT_HALT,
  EXIT_REASON,
  INTERRUPT_PENDING,
  INTERRUPT_SHADOW,
  MODE,
  MODE_STEP,
  MSR_KERNEL_GS_BASE,
  MSR_TSC_ADJUST,
  NMI_BLOCKED,
  NMI_PENDING,
  RFLAGS,
  RIP,
  SEGMENT_BASE,
  SEGMENT_GS,
  SEGMENT_LIMIT,
  SEGMENT_TR,
  VECTOR_DB,
  VECTOR_GP,
  VECTOR_NMI,
  VECTOR_UD,
  XCR0,
} from '../../src/core/layout.ts';
import {
  CODE_0,
  DATA_0,
  FREE,
  GDT,
  TASK,
  TSS,
  UNMAPPED,
  handler,
  longMode,
  protectedMode,
  user32,
  userLong,
} from './system-environments.ts';
import { RAX, RCX, RDX, RSP } from './system-machine.ts';
import type { SystemMachine } from './system-machine.ts';

const GP = [{ vector: VECTOR_GP, code: 0 }];
const UD = [{ vector: VECTOR_UD, code: -1 }];
const DR6 = DR0 + 48;
const DR7 = DR0 + 56;

test('flags go through the lazy form unchanged', () => {
  const machine = longMode();
  for (let bits = 0; bits < 64; bits++) {
    const flags =
      (bits & 1) | ((bits & 2) << 1) | ((bits & 4) << 2) | ((bits & 8) << 3) | ((bits & 16) << 3) | ((bits & 32) << 6);
    machine.core('setFlags', flags, 0x8d5);
    assert.equal(machine.flags, flags | 2);
  }
  machine.core('setFlags', 0x41, 0x40);
  assert.equal(machine.flags & 1, 1, 'a flag outside the mask stays');
});

test('POPF changes IOPL and IF only where it may', () => {
  const kernel = longMode();
  kernel.execute(0x7000n, 1, 'popFlags', 0x3f7fd5n, 64);
  assert.equal(kernel.flags, 0x247fd7, 'all but RF, VM, VIF and VIP');
  const user = longMode();
  userLong(user);
  user.execute(0x7000n, 1, 'popFlags', 0x3200n, 64);
  assert.equal(user.flags, 2);
  user.set32(RFLAGS, 0x3002);
  user.execute(0x7000n, 1, 'popFlags', 0x200n, 64);
  assert.equal(user.flags, 0x3202);
  user.execute(0x7000n, 1, 'popFlags', 0xffff0001n, 16);
  assert.equal(user.flags, 0x3003, 'a 16-bit image leaves the upper half');
});

test('STI casts a shadow only when it sets IF, and CLI obeys IOPL', () => {
  const machine = longMode();
  machine.execute(0x7000n, 1, 'sti');
  assert.equal(machine.get32(INTERRUPT_SHADOW), 1);
  machine.set32(INTERRUPT_SHADOW, 0);
  machine.execute(0x7001n, 1, 'sti');
  assert.equal(machine.get32(INTERRUPT_SHADOW), 0);
  userLong(machine);
  assert.deepEqual(machine.execute(0x7000n, 1, 'cli').raised, GP);
});

/** Sets RIP and goes through an instruction boundary. */
function boundary(machine: SystemMachine, rip: bigint): ReturnType<SystemMachine['run']> {
  machine.set64(RIP, rip);
  return machine.run(() => machine.core('boundary'));
}

test('an interrupt is taken at a boundary when IF is set', () => {
  const machine = longMode();
  machine.interrupts = [0x40];
  machine.set32(INTERRUPT_PENDING, 1);
  boundary(machine, 0x7000n);
  assert.equal(machine.rip, 0x7000n);
  machine.set32(RFLAGS, 0x202);
  boundary(machine, 0x7000n);
  assert.equal(machine.rip, handler(0x40));
  assert.deepEqual(machine.words(Number(machine.get64(RSP)), 8, 3), [0x7000n, 0x28n, 0x202n]);
});

test('the instruction after STI runs alone before the interrupt', () => {
  const machine = longMode();
  machine.interrupts = [0x40];
  machine.set32(INTERRUPT_PENDING, 1);
  machine.execute(0x7000n, 1, 'sti');
  boundary(machine, 0x7001n);
  assert.equal(machine.rip, 0x7001n);
  assert.equal(machine.get32(MODE) & MODE_STEP, MODE_STEP);
  boundary(machine, 0x7002n);
  assert.equal(machine.rip, handler(0x40));
  assert.equal(machine.get32(MODE) & MODE_STEP, 0);
});

test('an NMI is taken whatever IF says, and blocks the next until IRET', () => {
  const machine = longMode();
  machine.set32(NMI_PENDING, 1);
  boundary(machine, 0x7000n);
  assert.equal(machine.rip, handler(VECTOR_NMI));
  assert.equal(machine.get32(NMI_BLOCKED), 1);
  machine.set32(NMI_PENDING, 1);
  boundary(machine, 0x5020n);
  assert.equal(machine.rip, 0x5020n);
  machine.execute(0x5020n, 2, 'interruptReturn', 64);
  assert.equal(machine.rip, 0x7000n);
  boundary(machine, 0x7000n);
  assert.equal(machine.rip, handler(VECTOR_NMI));
});

test('single step traps after the instruction that began with TF', () => {
  const machine = longMode();
  machine.execute(0x7000n, 1, 'popFlags', 0x102n, 64);
  assert.equal(machine.get32(MODE) & MODE_STEP, MODE_STEP);
  boundary(machine, 0x7001n);
  assert.equal(machine.rip, 0x7001n, 'not after POPF itself');
  boundary(machine, 0x7004n);
  assert.equal(machine.rip, handler(VECTOR_DB));
  assert.equal(machine.get32(DR6) & 0x4000, 0x4000);
  const frame = machine.words(Number(machine.get64(RSP)), 8, 3);
  assert.deepEqual(frame, [0x7004n, 0x28n, 0x102n]);
  assert.equal(machine.get32(MODE) & MODE_STEP, 0);
});

test('a code breakpoint faults before its instruction, and RF passes it once', () => {
  const machine = longMode();
  machine.execute(0x7000n, 3, 'movToDr', 0, 0x7010n);
  machine.execute(0x7003n, 3, 'movToDr', 7, 1n);
  assert.equal(machine.get32(MODE) & MODE_STEP, MODE_STEP);
  boundary(machine, 0x7010n);
  assert.equal(machine.rip, handler(VECTOR_DB));
  assert.equal(machine.get32(DR6) & 0xf, 1);
  assert.equal(machine.peek(Number(machine.get64(RSP)) + 16, 8), 2n, 'RF is left to the handler');
  machine.set32(RFLAGS, 0x10002);
  boundary(machine, 0x7010n);
  assert.equal(machine.rip, 0x7010n);
  boundary(machine, 0x7010n);
  assert.equal(machine.rip, handler(VECTOR_DB));
});

test('an I/O breakpoint traps after the instruction', () => {
  const machine = longMode();
  machine.set64(CR4, 0x28n);
  machine.execute(0x7000n, 3, 'movToDr', 1, 0x3f8n);
  machine.execute(0x7003n, 3, 'movToDr', 7, 0x0020_0008n);
  machine.execute(0x7006n, 1, 'portOut', 0x3f8, 1, 0x41);
  boundary(machine, 0x7007n);
  assert.equal(machine.rip, handler(VECTOR_DB));
  assert.equal(machine.get32(DR6) & 0xf, 2);
});

test('debug registers: fixed bits, aliases, general detection', () => {
  const machine = longMode();
  machine.execute(0x7000n, 3, 'movToDr', 6, 0n);
  assert.equal(machine.core('movFromDr', 6), 0xffff0ff0n);
  machine.execute(0x7000n, 3, 'movToDr', 5, 0x2000n);
  assert.equal(machine.get64(DR7), 0x2400n);
  const outcome = machine.execute(0x7000n, 3, 'movFromDr', 0);
  assert.deepEqual(outcome.raised, [{ vector: VECTOR_DB, code: -1 }]);
  assert.equal(machine.get32(DR6) & 0x2000, 0x2000);
  assert.equal(machine.get64(DR7), 0x400n);
  machine.set64(CR4, 0x28n);
  assert.deepEqual(machine.execute(0x7000n, 3, 'movToDr', 4, 0n).raised, UD);
  assert.deepEqual(machine.execute(0x7000n, 3, 'movToDr', 7, 1n << 32n).raised, GP);
});

function msr(machine: SystemMachine, index: number, value: bigint): ReturnType<SystemMachine['run']> {
  machine.set64(RCX, BigInt(index));
  machine.set64(RAX, value & 0xffffffffn);
  machine.set64(RDX, value >> 32n);
  return machine.execute(0x7000n, 2, 'writeMsr');
}

test('model-specific registers check what they are given', () => {
  const machine = longMode();
  assert.deepEqual(msr(machine, 0xc0000101, 0xffff888000000000n).raised, []);
  assert.equal(machine.get64(SEGMENT_GS + SEGMENT_BASE), 0xffff888000000000n);
  for (const [index, value] of [
    [0xc0000101, 0x0000800000000000n],
    [0xc0000082, 0x0000800000000000n],
    [0xc0000080, 0x401n],
    [0xc0000080, 0x4501n],
    [0x277, 2n],
    [0xc0000103, 1n << 32n],
    [0x12345, 0n],
  ] as const) {
    assert.deepEqual(msr(machine, index, value).raised, GP, index.toString(16));
  }
  machine.msrs.set(0x2ff, 0n);
  msr(machine, 0x2ff, 0x1_00000006n);
  assert.equal(machine.msrs.get(0x2ff), 0x1_00000006n);
  machine.execute(0x7000n, 2, 'readMsr');
  assert.deepEqual([machine.get64(RAX), machine.get64(RDX)], [6n, 1n]);
  userLong(machine);
  assert.deepEqual(machine.execute(0x7000n, 2, 'readMsr').raised, GP);
});

test('the time-stamp counter takes writes and adjustments', () => {
  const machine = longMode();
  msr(machine, 0x10, 5000n);
  assert.equal(machine.get64(MSR_TSC_ADJUST), 4000n);
  machine.tsc = 1100;
  machine.execute(0x7000n, 2, 'rdtsc');
  assert.equal(machine.get64(RAX), 5100n);
  msr(machine, 0x3b, 0n);
  machine.execute(0x7000n, 2, 'rdtsc');
  assert.equal(machine.get64(RAX), 1100n);
  userLong(machine);
  machine.set64(CR4, 0x24n);
  assert.deepEqual(machine.execute(0x7000n, 2, 'rdtsc').raised, GP);
});

test('SWAPGS and the base instructions', () => {
  const machine = longMode();
  machine.set64(MSR_KERNEL_GS_BASE, 0x1234n);
  machine.execute(0x7000n, 3, 'swapgs');
  assert.deepEqual([machine.get64(SEGMENT_GS + SEGMENT_BASE), machine.get64(MSR_KERNEL_GS_BASE)], [0x1234n, 0n]);
  assert.deepEqual(machine.execute(0x7000n, 4, 'readSegmentBase', 5).raised, UD);
  machine.set64(CR4, 0x10020n);
  assert.equal(machine.execute(0x7000n, 4, 'readSegmentBase', 5).result, 0x1234n);
  assert.deepEqual(machine.execute(0x7000n, 4, 'writeSegmentBase', 4, 1n << 47n).raised, GP);
});

test('descriptor tables are loaded and stored', () => {
  const machine = longMode();
  machine.poke(0x6000, 2, 0x1ff);
  machine.poke(0x6002, 8, 0xffffffff81234000n);
  machine.execute(0x7000n, 3, 'lidt', 0x6000n, 64);
  machine.execute(0x7000n, 3, 'sidt', 0x6100n);
  assert.deepEqual([machine.peek(0x6100, 2), machine.peek(0x6102, 8)], [0x1ffn, 0xffffffff81234000n]);
  machine.poke(0x6002, 8, 0x0000800000000000n);
  machine.set64(0x620, 0x2000n);
  machine.set32(0x628, 0xfff);
  assert.deepEqual(machine.execute(0x7000n, 3, 'lgdt', 0x6000n, 64).raised, GP);
  const old = protectedMode();
  old.poke(0x6000, 2, 0x1ff);
  old.poke(0x6002, 4, 0xaa001000);
  old.execute(0x7000n, 3, 'lgdt', 0x6000n, 16);
  assert.equal(old.get64(0x600), 0x1000n, 'a 16-bit operand has a 24-bit base');
});

test('UMIP hides tables from level 3', () => {
  for (const [name, ...values] of [['sgdt', 0x6000n], ['sidt', 0x6000n], ['sldt'], ['str'], ['smsw']] as const) {
    const machine = longMode();
    userLong(machine);
    assert.deepEqual(machine.execute(0x7000n, 3, name, ...values).raised, [], name);
    machine.set64(CR4, 0x820n);
    assert.deepEqual(machine.execute(0x7000n, 3, name, ...values).raised, GP, name);
  }
});

test('LTR takes an available TSS of 16 bytes and makes it busy', () => {
  const machine = longMode();
  machine.descriptor(GDT + FREE, 0x3000, 0x67, 0x8900);
  machine.poke(GDT + FREE + 8, 8, 0xffff8000);
  assert.deepEqual(machine.execute(0x7000n, 3, 'ltr', FREE).raised, []);
  assert.equal(machine.get64(SEGMENT_TR + SEGMENT_BASE), 0xffff800000003000n);
  assert.equal(machine.get32(SEGMENT_TR + SEGMENT_LIMIT), 0x67);
  assert.equal(machine.peek(GDT + FREE + 5, 1), 0x8bn);
  assert.deepEqual(machine.execute(0x7000n, 3, 'ltr', FREE).raised, [{ vector: VECTOR_GP, code: FREE }]);
  assert.deepEqual(machine.execute(0x7000n, 3, 'ltr', 0).raised, GP);
});

test("LAR, LSL, VERR and VERW look with the program's privilege", () => {
  const machine = protectedMode();
  assert.equal(machine.core('lar', CODE_0), 0xcf9b00n);
  assert.equal(machine.core('lsl', CODE_0), 0xffffffffn);
  assert.equal(machine.core('lsl', TASK), 0x2067n);
  assert.deepEqual(
    [machine.core('verr', CODE_0), machine.core('verw', CODE_0), machine.core('verw', DATA_0)],
    [1, 0, 1],
  );
  user32(machine);
  assert.deepEqual(
    [machine.core('lar', CODE_0), machine.core('lsl', DATA_0), machine.core('verr', DATA_0)],
    [-1n, -1n, 0],
  );
  assert.equal(machine.core('lar', 0), -1n);
  assert.equal(machine.core('lar', 0x1000), -1n);
});

test('ports above IOPL need their bit in the TSS clear', () => {
  const machine = longMode();
  userLong(machine);
  machine.poke(TSS + 104 + (0x3f8 >> 3), 1, 0);
  assert.equal(machine.execute(0x7000n, 1, 'portIn', 0x3f8, 1).result, 0x5a);
  machine.poke(TSS + 104 + (0x3f8 >> 3), 1, 0x02);
  assert.deepEqual(machine.execute(0x7000n, 1, 'portIn', 0x3f8, 2).raised, GP);
  userLong(machine);
  assert.deepEqual(machine.execute(0x7000n, 1, 'portIn', 0x3f8, 1).raised, []);
  machine.set32(SEGMENT_TR + SEGMENT_LIMIT, 103);
  assert.deepEqual(machine.execute(0x7000n, 1, 'portOut', 0x3f8, 1, 0).raised, GP);
  assert.deepEqual(machine.portReads, [0x3f8, 0x3f8]);
});

test('HLT and the other privileged instructions are #GP(0) at level 3', () => {
  const calls: [name: string, ...values: (number | bigint)[]][] = [
    ['halt'],
    ['clts'],
    ['lmsw', 0],
    ['invlpg', 0n],
    ['swapgs'],
    ['writeMsr'],
    ['movFromCr', 0],
    ['movToCr', 3, 0n],
    ['movToDr', 0, 0n],
    ['lgdt', 0x6000n, 64],
    ['lidt', 0x6000n, 64],
    ['lldt', 0],
    ['ltr', TASK],
  ];
  for (const [name, ...values] of calls) {
    const machine = longMode();
    userLong(machine);
    assert.deepEqual(machine.execute(0x7000n, 2, name, ...values).raised, GP, name);
  }
  const machine = longMode();
  machine.execute(0x7000n, 1, 'halt');
  assert.deepEqual([machine.get32(EXIT_REASON), machine.rip], [EXIT_HALT, 0x7001n]);
});

test('XCR0 needs CR4.OSXSAVE and keeps x87', () => {
  const machine = longMode();
  assert.deepEqual(machine.execute(0x7000n, 3, 'xgetbv').raised, UD);
  machine.set64(CR4, 0x40020n);
  machine.set64(RCX, 0n);
  machine.set64(RDX, 0n);
  for (const [value, raised] of [
    [3n, []],
    [2n, GP],
    [0x83n, GP],
  ] as const) {
    machine.set64(RAX, value);
    assert.deepEqual(machine.execute(0x7000n, 3, 'xsetbv').raised, raised);
  }
  assert.equal(machine.get64(XCR0), 3n);
});

test('a data page that is missing faults in the middle of a core routine', () => {
  const machine = longMode();
  const { raised } = machine.execute(0x7000n, 3, 'lgdt', UNMAPPED - 4n, 64);
  assert.deepEqual(raised, [{ vector: 14, code: 0 }]);
  assert.equal(machine.get64(0x600), BigInt(GDT));
});
