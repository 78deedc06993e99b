// Hardware task switches and virtual-8086 mode. SDM volume 3A chapters 8 and 20.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CPL,
  CR0,
  CR4,
  INTERRUPT_SHADOW,
  RFLAGS,
  SEGMENT_BASE,
  SEGMENT_CS,
  SEGMENT_DS,
  SEGMENT_GS,
  SEGMENT_LDTR,
  SEGMENT_SS,
  SEGMENT_TR,
  VECTOR_GP,
  VECTOR_NP,
  VECTOR_TS,
  VECTOR_UD,
} from '../../src/core/layout.ts';
import {
  CODE_0,
  CODE_3,
  DATA_0,
  DATA_3,
  FREE,
  GDT,
  IDT,
  LOCAL_TABLE,
  TASK,
  TASK_OTHER,
  TSS,
  TSS_OTHER,
  handler,
  protectedMode,
  realMode,
} from './system-environments.ts';
import { RAX, RSP } from './system-machine.ts';
import type { SystemMachine } from './system-machine.ts';

/** A 32-bit task at level 3 in TSS_OTHER. */
function otherTask(machine: SystemMachine): void {
  machine.poke(TSS_OTHER + 4, 4, 0xb000);
  machine.poke(TSS_OTHER + 8, 4, DATA_0);
  machine.poke(TSS_OTHER + 0x20, 4, 0x40404);
  machine.poke(TSS_OTHER + 0x24, 4, 0x202);
  for (let i = 0; i < 8; i++) machine.poke(TSS_OTHER + 0x28 + i * 4, 4, 0x1000 * (i + 1));
  const selectors = [DATA_3, CODE_3, DATA_3, DATA_3, 0, 0];
  selectors.forEach((selector, index) => machine.poke(TSS_OTHER + 0x48 + index * 4, 4, selector));
  machine.poke(TSS_OTHER + 0x60, 4, LOCAL_TABLE);
}

function isBusy(machine: SystemMachine, selector: number): boolean {
  return (machine.peek(GDT + selector + 5, 1) & 2n) !== 0n;
}

test('a far jump to a TSS switches tasks', () => {
  const machine = protectedMode();
  otherTask(machine);
  machine.set64(RAX, 0xaaaan);
  machine.set32(RFLAGS, 0x202);
  assert.deepEqual(machine.execute(0x7000n, 7, 'farJump', TASK_OTHER, 0n, 32).raised, []);
  assert.equal(machine.rip, 0x40404n);
  assert.deepEqual(
    [machine.get32(CPL), machine.selector(SEGMENT_CS), machine.selector(SEGMENT_SS)],
    [3, CODE_3, DATA_3],
  );
  assert.deepEqual([machine.get64(RAX), machine.get64(RSP)], [0x1000n, 0x5000n]);
  assert.deepEqual([machine.selector(SEGMENT_LDTR), machine.selector(SEGMENT_TR)], [LOCAL_TABLE, TASK_OTHER]);
  assert.equal(machine.get64(SEGMENT_LDTR + SEGMENT_BASE), 0x4000n);
  assert.deepEqual([isBusy(machine, TASK), isBusy(machine, TASK_OTHER)], [false, true]);
  assert.deepEqual(machine.words(TSS + 0x20, 4, 3), [0x7007n, 0x202n, 0xaaaan]);
  assert.equal(machine.peek(TSS + 0x4c, 2), BigInt(CODE_0));
  assert.equal(machine.get32(CR0) & 8, 8);
  assert.equal(machine.flags, 0x202);
});

test('a far call nests, IRET comes back', () => {
  const machine = protectedMode();
  otherTask(machine);
  machine.poke(TSS_OTHER + 0x4c, 4, CODE_0);
  for (const offset of [0x48, 0x50, 0x54]) machine.poke(TSS_OTHER + offset, 4, DATA_0);
  machine.gate(GDT + FREE, TASK_OTHER, 0n, 0x8500);
  machine.execute(0x7000n, 7, 'farCall', FREE, 0n, 32);
  assert.equal(machine.rip, 0x40404n);
  assert.equal(machine.flags, 0x4202);
  assert.equal(machine.peek(TSS_OTHER, 2), BigInt(TASK));
  assert.deepEqual([isBusy(machine, TASK), isBusy(machine, TASK_OTHER)], [true, true]);
  assert.deepEqual(machine.execute(0x40500n, 1, 'interruptReturn', 32).raised, []);
  assert.equal(machine.rip, 0x7007n);
  assert.deepEqual([machine.get32(CPL), machine.get64(RSP), machine.selector(SEGMENT_TR)], [0, 0x8000n, TASK]);
  assert.deepEqual([isBusy(machine, TASK), isBusy(machine, TASK_OTHER)], [true, false]);
  assert.deepEqual(machine.words(TSS_OTHER + 0x20, 4, 2), [0x40501n, 0x202n], 'the finished task saves NT clear');
});

test('a task gate in the IDT pushes the error code on the new stack', () => {
  const machine = protectedMode();
  otherTask(machine);
  machine.gate(IDT + VECTOR_GP * 8, TASK_OTHER, 0n, 0x8500);
  machine.fault(0x7000n, VECTOR_GP, 0x28);
  assert.equal(machine.rip, 0x40404n);
  assert.equal(machine.get64(RSP), 0x5000n - 4n);
  assert.equal(machine.peek(0x5000 - 4, 4), 0x28n);
  assert.deepEqual(machine.words(TSS + 0x20, 4, 2), [0x7000n, 0x10002n]);
});

test('checks before the switch fault in the old task, after it in the new', () => {
  const machine = protectedMode();
  otherTask(machine);
  machine.poke(GDT + TASK_OTHER + 5, 1, 0x09);
  assert.deepEqual(machine.execute(0x7000n, 7, 'farJump', TASK_OTHER, 0n, 32).raised, [
    { vector: VECTOR_NP, code: TASK_OTHER },
  ]);
  assert.equal(machine.peek(Number(machine.get64(RSP)) + 4, 4), 0x7000n);

  const late = protectedMode();
  otherTask(late);
  late.poke(TSS_OTHER + 0x50, 4, DATA_0);
  assert.deepEqual(late.execute(0x7000n, 7, 'farJump', TASK_OTHER, 0n, 32).raised, [
    { vector: VECTOR_TS, code: DATA_0 },
  ]);
  assert.equal(late.selector(SEGMENT_TR), TASK_OTHER);
  assert.equal(late.rip, handler(VECTOR_TS));
  assert.deepEqual(late.words(0xb000 - 24, 4, 3), [BigInt(DATA_0), 0x40404n, BigInt(CODE_3)]);

  assert.deepEqual(protectedMode().execute(0x7000n, 7, 'farJump', TASK, 0n, 32).raised, [
    { vector: VECTOR_GP, code: TASK },
  ]);
});

test('a 16-bit TSS saves and loads words', () => {
  const machine = protectedMode();
  machine.descriptor(GDT + TASK_OTHER, TSS_OTHER, 0x2b, 0x8100);
  machine.poke(TSS_OTHER + 0x0e, 2, 0x4040);
  machine.poke(TSS_OTHER + 0x10, 2, 2);
  machine.poke(TSS_OTHER + 0x12, 2, 0x1234);
  machine.poke(TSS_OTHER + 0x1a, 2, 0x6000);
  [DATA_0, CODE_0, DATA_0, DATA_0].forEach((selector, index) =>
    machine.poke(TSS_OTHER + 0x22 + index * 2, 2, selector),
  );
  assert.deepEqual(machine.execute(0x7000n, 7, 'farJump', TASK_OTHER, 0n, 32).raised, []);
  assert.deepEqual([machine.rip, machine.get64(RAX) & 0xffffn], [0x4040n, 0x1234n]);
  machine.execute(0x4040n, 7, 'farJump', TASK, 0n, 32);
  assert.equal(machine.peek(TSS_OTHER + 0x0e, 2), 0x4047n);
});

/** Enters virtual-8086 mode at 0x1000:0x0100 through IRET. */
function virtual8086(iopl: number): SystemMachine {
  const machine = protectedMode();
  machine.set64(RSP, 0x8000n);
  const frame = [0x100, 0x1000, 0x20202 | (iopl << 12), 0xfffe, 0x2000, 0x3000, 0x4000, 0x5000, 0x6000];
  frame.forEach((word, index) => machine.poke(0x8000 + index * 4, 4, word));
  assert.deepEqual(machine.execute(0x7000n, 1, 'interruptReturn', 32).raised, []);
  return machine;
}

test('IRET enters virtual-8086 mode', () => {
  const machine = virtual8086(0);
  assert.deepEqual([machine.rip, machine.get32(CPL), machine.get64(RSP)], [0x100n, 3, 0xfffen]);
  assert.equal(machine.get64(SEGMENT_CS + SEGMENT_BASE), 0x10000n);
  assert.equal(machine.get64(SEGMENT_DS + SEGMENT_BASE), 0x40000n);
  assert.equal(machine.get64(SEGMENT_GS + SEGMENT_BASE), 0x60000n);
});

test('virtual-8086 mode is left through a 32-bit gate to level 0 with all segments pushed', () => {
  const machine = virtual8086(0);
  machine.fault(0x110n, VECTOR_UD, -1);
  assert.equal(machine.rip, handler(VECTOR_UD));
  assert.deepEqual([machine.get32(CPL), machine.selector(SEGMENT_DS), machine.get32(RFLAGS) & 0x20000], [0, 0, 0]);
  assert.deepEqual(machine.words(0x9000 - 36, 4, 9), [
    0x110n,
    0x1000n,
    0x30202n,
    0xfffen,
    0x2000n,
    0x3000n,
    0x4000n,
    0x5000n,
    0x6000n,
  ]);
  machine.execute(0x5000n, 1, 'interruptReturn', 32);
  assert.deepEqual([machine.rip, machine.get64(RSP), machine.selector(SEGMENT_GS)], [0x110n, 0xfffen, 0x6000]);
});

test('INT n, CLI, PUSHF and IRET are sensitive to IOPL in virtual-8086 mode', () => {
  const gp = [{ vector: VECTOR_GP, code: 0 }];
  for (const [name, ...values] of [
    ['softwareInterrupt', 0x21],
    ['cli'],
    ['sti'],
    ['pushFlags', 16],
    ['popFlags', 2n, 16],
    ['interruptReturn', 16],
  ] as const) {
    assert.deepEqual(virtual8086(0).execute(0x110n, 2, name, ...values).raised, gp, name);
  }
  const free = virtual8086(3);
  assert.deepEqual(free.execute(0x110n, 1, 'cli').raised, []);
  assert.equal(free.get32(RFLAGS) & 0x200, 0);
  free.gate(IDT + 0x21 * 8, CODE_0, handler(0x21), 0xee00);
  assert.deepEqual(free.execute(0x110n, 2, 'softwareInterrupt', 0x21).raised, []);
  assert.equal(free.rip, handler(0x21));
});

test('virtual-mode extensions redirect INT n to the program and keep VIF', () => {
  const machine = virtual8086(0);
  machine.set64(CR4, 1n);
  machine.poke(TSS + 102, 2, 0x100);
  machine.poke(0x21 * 4, 4, 0x1000_0300);
  assert.deepEqual(machine.execute(0x110n, 1, 'sti').raised, []);
  assert.equal(machine.get32(RFLAGS) & 0x80000, 0x80000);
  assert.deepEqual(machine.execute(0x111n, 2, 'softwareInterrupt', 0x21).raised, []);
  assert.deepEqual([machine.rip, machine.selector(SEGMENT_CS)], [0x300n, 0x1000]);
  assert.deepEqual(machine.words(0x20000 + 0xfff8, 2, 3), [0x113n, 0x1000n, 0x3202n]);
  assert.equal(machine.get32(RFLAGS) & 0x80200, 0x200, 'VIF is clear, IF untouched');
  assert.deepEqual(machine.execute(0x300n, 1, 'interruptReturn', 16).raised, []);
  assert.equal(machine.get32(RFLAGS) & 0x80200, 0x80200);
  assert.equal(machine.rip, 0x113n);
  // With its bit in the redirection map set the interrupt is the monitor's.
  machine.poke(TSS + 0x100 - 32 + (0x21 >> 3), 1, 1 << (0x21 & 7));
  assert.deepEqual(machine.execute(0x113n, 2, 'softwareInterrupt', 0x21).raised, [{ vector: VECTOR_GP, code: 0 }]);
});

test('real mode pushes words and uses the vector table', () => {
  const machine = realMode();
  machine.set32(RFLAGS, 0x202);
  machine.execute(0x7000n, 2, 'softwareInterrupt', 0x10);
  assert.deepEqual([machine.rip, machine.selector(SEGMENT_CS)], [0x100n, 0x50]);
  assert.deepEqual(machine.words(0x7ffa, 2, 3), [0x7002n, 0n, 0x202n]);
  assert.equal(machine.flags, 2);
  machine.execute(0x100n, 1, 'interruptReturn', 16);
  assert.deepEqual([machine.rip, machine.flags, machine.get64(RSP)], [0x7002n, 0x202, 0x8000n]);
  machine.fault(0x7000n, VECTOR_GP, 0);
  assert.deepEqual(machine.words(0x7ffa, 2, 3), [0x7000n, 0n, 0x202n], 'no error code, no RF in 16 bits');
});

test('loading SS holds back interrupts for one instruction', () => {
  const machine = realMode();
  machine.execute(0x7000n, 2, 'loadSegment', 2, 0x1234);
  assert.equal(machine.get64(SEGMENT_SS + SEGMENT_BASE), 0x12340n);
  assert.notEqual(machine.get32(INTERRUPT_SHADOW), 0);
});
