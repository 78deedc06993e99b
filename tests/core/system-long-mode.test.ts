// Deliveries, returns and far transfers in long mode. SDM volume 3A section 6.14; APM volume 2 section 8.9.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  BUDGET,
  CPL,
  CR2,
  DELIVERING,
  MODE,
  MODE_CODE_32,
  MODE_CODE_64,
  MODE_CODE_MASK,
  MSR_LSTAR,
  MSR_SFMASK,
  MSR_STAR,
  NMI_BLOCKED,
  RFLAGS,
  SEGMENT_ATTRIBUTES,
  SEGMENT_CS,
  SEGMENT_DS,
  SEGMENT_FS,
  SEGMENT_SS,
  SLICE,
  VECTOR_DF,
  VECTOR_GP,
  VECTOR_NP,
  VECTOR_PF,
  VECTOR_SS,
  VECTOR_TS,
  VECTOR_UD,
} from '../../src/core/layout.ts';
import {
  CODE_0,
  CODE_0_LONG,
  CODE_3,
  CODE_3_LONG,
  DATA_0,
  DATA_3,
  FREE,
  GDT,
  IDT,
  TASK,
  TSS,
  UNMAPPED,
  handler,
  longMode,
  user32,
  userLong,
} from './system-environments.ts';
import { R11, RCX, RSP } from './system-machine.ts';

const IF = 0x200;
const NON_CANONICAL = 0x0000800000000000n;

function codeSize(machine: ReturnType<typeof longMode>): number {
  return machine.get32(MODE) & MODE_CODE_MASK;
}

test('a fault at level 0 pushes an aligned frame on the same stack and clears IF', () => {
  const machine = longMode();
  machine.set32(RFLAGS, 0x202);
  machine.set64(RSP, 0x800bn);
  const { raised } = machine.fault(0x7000n, VECTOR_GP, 0x18);
  assert.deepEqual(raised, [{ vector: VECTOR_GP, code: 0x18 }]);
  assert.equal(machine.rip, handler(VECTOR_GP));
  assert.equal(machine.get64(RSP), 0x8000n - 48n);
  // Error code, RIP, CS, RFLAGS with RF, RSP, SS.
  assert.deepEqual(machine.words(0x8000 - 48, 8, 6), [
    0x18n,
    0x7000n,
    BigInt(CODE_0_LONG),
    0x10202n,
    0x800bn,
    BigInt(DATA_0),
  ]);
  assert.equal(machine.get32(RFLAGS) & IF, 0);
  assert.equal(machine.selector(SEGMENT_SS), DATA_0);
  assert.equal(machine.get32(DELIVERING), 0xffffffff);
  // The instruction did not retire, but its delivery shortened the slice by one.
  assert.equal(machine.get32(BUDGET), 100);
  assert.equal(machine.get32(SLICE) | 0, -1);
});

test('a trap gate leaves IF set', () => {
  const machine = longMode();
  machine.set32(RFLAGS, 0x202);
  machine.gate(IDT + VECTOR_UD * 16, CODE_0_LONG, handler(VECTOR_UD), 0x8f00, true);
  machine.fault(0x7000n, VECTOR_UD, -1);
  assert.equal(machine.get32(RFLAGS) & IF, IF);
});

test('a fault at level 3 switches to RSP0 with a null SS', () => {
  const machine = longMode();
  userLong(machine);
  machine.set32(RFLAGS, 0x246 & ~0x44);
  machine.fault(0x7000n, VECTOR_UD, -1);
  assert.equal(machine.rip, handler(VECTOR_UD));
  assert.equal(machine.get32(CPL), 0);
  assert.equal(machine.selector(SEGMENT_SS), 0);
  assert.equal(machine.selector(SEGMENT_CS), CODE_0_LONG);
  assert.deepEqual(machine.words(0x9000 - 40, 8, 5), [
    0x7000n,
    BigInt(CODE_3_LONG),
    0x10202n,
    0x20003n,
    BigInt(DATA_3),
  ]);
});

test('an interrupt-stack-table entry is used whatever the level', () => {
  const machine = longMode();
  machine.gate(IDT + VECTOR_PF * 16, CODE_0_LONG, 0xffff800000001000n, 0x8e01, true);
  machine.fault(0x7000n, VECTOR_PF, 2);
  assert.equal(machine.rip, 0xffff800000001000n);
  assert.equal(machine.get64(RSP), 0xa000n - 48n);
  assert.equal(machine.peek(0xa000 - 48, 8), 2n);
});

test('compatibility mode is left for 64-bit handlers', () => {
  const machine = longMode();
  user32(machine);
  assert.equal(codeSize(machine), MODE_CODE_32);
  machine.set64(RSP, 0xffffffff00020000n);
  machine.fault(0x7000n, VECTOR_UD, -1);
  assert.equal(codeSize(machine), MODE_CODE_64);
  assert.equal(machine.peek(0x9000 - 16, 8), 0x20000n, 'the pushed RSP is the 32-bit one');
});

test('a software interrupt needs a gate of DPL 3 at level 3, and returns behind itself', () => {
  const machine = longMode();
  userLong(machine);
  const refused = machine.execute(0x7000n, 2, 'softwareInterrupt', 0x80);
  assert.deepEqual(refused.raised, [{ vector: VECTOR_GP, code: 0x80 * 8 + 2 }]);
  assert.equal(machine.rip, handler(VECTOR_GP));
  assert.deepEqual(machine.words(0x9000 - 48, 8, 2), [0x402n, 0x7000n]);

  const allowed = longMode();
  userLong(allowed);
  allowed.gate(IDT + 0x80 * 16, CODE_0_LONG, handler(0x80), 0xee00, true);
  assert.deepEqual(allowed.execute(0x7000n, 2, 'softwareInterrupt', 0x80).raised, []);
  assert.equal(allowed.rip, handler(0x80));
  assert.equal(allowed.peek(0x9000 - 40, 8), 0x7002n);
});

test('a gate that is not present is #NP with IDT and EXT in the error code', () => {
  const machine = longMode();
  machine.gate(IDT + VECTOR_UD * 16, CODE_0_LONG, handler(VECTOR_UD), 0x0e00, true);
  const { raised } = machine.fault(0x7000n, VECTOR_UD, -1);
  assert.deepEqual(raised, [
    { vector: VECTOR_UD, code: -1 },
    { vector: VECTOR_NP, code: VECTOR_UD * 8 + 3 },
  ]);
  assert.equal(machine.rip, handler(VECTOR_NP));
  assert.equal(machine.peek(0x7fd0 + 8, 8), 0x7000n, 'the faulting instruction is the return address');
});

test('gates of other types and code segments that are not 64-bit are #GP', () => {
  const machine = longMode();
  machine.gate(IDT + VECTOR_UD * 16, CODE_0_LONG, handler(VECTOR_UD), 0x8600, true);
  assert.deepEqual(machine.fault(0x7000n, VECTOR_UD, -1).raised[1], { vector: VECTOR_GP, code: VECTOR_UD * 8 + 3 });
  machine.gate(IDT + VECTOR_UD * 16, CODE_0, handler(VECTOR_UD), 0x8e00, true);
  assert.deepEqual(machine.fault(0x7000n, VECTOR_UD, -1).raised[1], { vector: VECTOR_GP, code: CODE_0 + 1 });
});

test('contributory exceptions in a row make a double fault, and a third one shuts down', () => {
  const machine = longMode();
  machine.gate(IDT + VECTOR_GP * 16, CODE_0_LONG, 0n, 0x0e00, true);
  const double = machine.fault(0x7000n, VECTOR_GP, 0);
  assert.deepEqual(double.raised[1], { vector: VECTOR_NP, code: VECTOR_GP * 8 + 3 });
  assert.equal(machine.rip, handler(VECTOR_DF));
  assert.equal(machine.peek(Number(machine.get64(RSP)), 8), 0n);
  assert.equal(double.isShutDown, false);

  machine.gate(IDT + VECTOR_DF * 16, CODE_0_LONG, 0n, 0x0e00, true);
  assert.equal(machine.fault(0x7000n, VECTOR_GP, 0).isShutDown, true);
});

test('a page fault while a benign exception is delivered is delivered itself', () => {
  const machine = longMode();
  machine.set64(RSP, UNMAPPED + 0x100n);
  machine.gate(IDT + VECTOR_PF * 16, CODE_0_LONG, handler(VECTOR_PF), 0x8e01, true);
  const { raised } = machine.fault(0x7000n, VECTOR_UD, -1);
  assert.deepEqual(raised[1], { vector: VECTOR_PF, code: 2 });
  assert.equal(machine.rip, handler(VECTOR_PF));
  assert.equal(machine.get64(CR2), UNMAPPED + 0xf8n);
});

test('a page fault while a page fault is delivered is a double fault', () => {
  const machine = longMode();
  machine.set64(RSP, UNMAPPED + 0x100n);
  machine.gate(IDT + VECTOR_DF * 16, CODE_0_LONG, handler(VECTOR_DF), 0x8e01, true);
  machine.fault(0x7000n, VECTOR_PF, 0);
  assert.equal(machine.rip, handler(VECTOR_DF));
});

test('a stack pointer of the TSS that is not canonical is #SS(0), a TSS too short #TS', () => {
  const machine = longMode();
  userLong(machine);
  machine.poke(TSS + 4, 8, NON_CANONICAL);
  machine.gate(IDT + VECTOR_SS * 16, CODE_0_LONG, handler(VECTOR_SS), 0x8e01, true);
  assert.deepEqual(machine.fault(0x7000n, VECTOR_UD, -1).raised[1], { vector: VECTOR_SS, code: 1 });
  const short = longMode();
  userLong(short);
  short.set32(0x5e8, 10);
  assert.deepEqual(short.fault(0x7000n, VECTOR_UD, -1).raised[1], { vector: VECTOR_TS, code: TASK + 1 });
});

function pushFrame(machine: ReturnType<typeof longMode>, words: readonly bigint[]): void {
  machine.set64(RSP, 0x8000n);
  words.forEach((word, index) => machine.poke(0x8000 + index * 8, 8, word));
}

test('IRETQ returns to level 3 and drops segments of level 0', () => {
  const machine = longMode();
  pushFrame(machine, [0x123456789n, BigInt(CODE_3_LONG), 0x3246n, 0x7ffff00n, BigInt(DATA_3)]);
  machine.set32(NMI_BLOCKED, 1);
  assert.deepEqual(machine.execute(0x7000n, 2, 'interruptReturn', 64).raised, []);
  assert.equal(machine.rip, 0x123456789n);
  assert.equal(machine.get32(CPL), 3);
  assert.equal(machine.flags, 0x3246, 'level 0 restores IOPL and IF');
  assert.equal(machine.get64(RSP), 0x7ffff00n);
  assert.equal(machine.selector(SEGMENT_DS), 0);
  assert.equal(machine.get32(SEGMENT_FS + SEGMENT_ATTRIBUTES), 1);
  assert.equal(machine.get32(NMI_BLOCKED), 0);
});

test('IRETQ returns to the same level with a null SS', () => {
  const machine = longMode();
  pushFrame(machine, [0x7777n, BigInt(CODE_0_LONG), 0x2n, 0x9999n, 0n]);
  assert.deepEqual(machine.execute(0x7000n, 2, 'interruptReturn', 64).raised, []);
  assert.deepEqual([machine.rip, machine.get64(RSP), machine.get32(CPL)], [0x7777n, 0x9999n, 0]);
});

test('IRETQ returns to compatibility mode', () => {
  const machine = longMode();
  pushFrame(machine, [0x80001234n, BigInt(CODE_3), 0x202n, 0xfff0n, BigInt(DATA_3)]);
  assert.deepEqual(machine.execute(0x7000n, 2, 'interruptReturn', 64).raised, []);
  assert.equal(codeSize(machine), MODE_CODE_32);
  assert.equal(machine.rip, 0x80001234n);
});

test('IRETQ refuses what the manual refuses, and leaves the stack alone', () => {
  const cases: [words: bigint[], code: number][] = [
    [[NON_CANONICAL, BigInt(CODE_3_LONG), 2n, 0n, BigInt(DATA_3)], 0],
    [[0n, 0n, 2n, 0n, BigInt(DATA_3)], 0],
    [[0n, BigInt(DATA_3), 2n, 0n, BigInt(DATA_3)], DATA_3 & ~3],
    [[0n, BigInt(CODE_3_LONG & ~3), 2n, 0n, BigInt(DATA_3)], CODE_3_LONG & ~3],
    [[0n, BigInt(CODE_3_LONG), 2n, 0n, 3n], 0],
    [[0n, BigInt(CODE_3_LONG), 2n, 0n, BigInt(DATA_0)], DATA_0],
    [[0n, 0x1008n, 2n, 0n, 0n], 0x1008],
  ];
  for (const [words, code] of cases) {
    const machine = longMode();
    pushFrame(machine, words);
    assert.deepEqual(machine.execute(0x7000n, 2, 'interruptReturn', 64).raised, [{ vector: VECTOR_GP, code }]);
    assert.equal(machine.peek(Number(machine.get64(RSP)) + 32, 8), 0x8000n, 'RSP as before the instruction');
  }
});

test('IRET with NT set is #GP(0)', () => {
  const machine = longMode();
  machine.set32(RFLAGS, 0x4002);
  assert.deepEqual(machine.execute(0x7000n, 2, 'interruptReturn', 64).raised, [{ vector: VECTOR_GP, code: 0 }]);
});

test('SYSCALL and SYSRET go to the kernel and back', () => {
  const machine = longMode();
  userLong(machine);
  machine.set64(MSR_STAR, 0x0020_0028n << 32n);
  machine.set64(MSR_LSTAR, 0xffffffff81000000n);
  machine.set64(MSR_SFMASK, 0x47700n);
  machine.set32(RFLAGS, 0x40602);
  assert.deepEqual(machine.execute(0x7000n, 2, 'syscall').raised, []);
  assert.equal(machine.rip, 0xffffffff81000000n);
  assert.equal(machine.get64(RCX), 0x7002n);
  assert.equal(machine.get64(R11), 0x40602n);
  assert.equal(machine.flags, 0x2);
  assert.deepEqual([machine.selector(SEGMENT_CS), machine.selector(SEGMENT_SS), machine.get32(CPL)], [0x28, 0x30, 0]);
  assert.equal(machine.get64(RSP), 0x20003n, 'SYSCALL leaves RSP alone');

  assert.deepEqual(machine.execute(0x9000n, 3, 'sysret', 64).raised, []);
  assert.equal(machine.rip, 0x7002n);
  assert.equal(machine.flags, 0x40602);
  assert.deepEqual([machine.selector(SEGMENT_CS), machine.selector(SEGMENT_SS), machine.get32(CPL)], [0x33, 0x2b, 3]);
});

test('SYSRET to a target that is not canonical faults at level 3 on AMD processors', () => {
  const machine = longMode();
  machine.set64(RCX, NON_CANONICAL);
  assert.deepEqual(machine.execute(0x9000n, 3, 'sysret', 64).raised, []);
  assert.deepEqual([machine.get32(CPL), machine.rip], [3, NON_CANONICAL]);
});

test('SYSRET needs level 0, SYSCALL needs EFER.SCE, SYSENTER does not exist', () => {
  const machine = longMode();
  userLong(machine);
  assert.deepEqual(machine.execute(0x7000n, 3, 'sysret', 64).raised, [{ vector: VECTOR_GP, code: 0 }]);
  assert.deepEqual(machine.execute(0x7000n, 2, 'sysenter').raised, [{ vector: VECTOR_UD, code: -1 }]);
  assert.deepEqual(machine.execute(0x7000n, 2, 'sysexit').raised, [{ vector: VECTOR_UD, code: -1 }]);
  machine.set32(0x6b0, 0x500);
  assert.deepEqual(machine.execute(0x7000n, 2, 'syscall').raised, [{ vector: VECTOR_UD, code: -1 }]);
});

test('far jumps go from 64-bit to compatibility mode and back', () => {
  const machine = longMode();
  machine.execute(0x7000n, 7, 'farJump', CODE_0, 0x12345678n, 32);
  assert.deepEqual([codeSize(machine), machine.rip], [MODE_CODE_32, 0x12345678n]);
  machine.execute(0x12345678n, 7, 'farJump', CODE_0_LONG, 0x4000n, 32);
  assert.deepEqual([codeSize(machine), machine.rip], [MODE_CODE_64, 0x4000n]);
});

test('far jumps and calls check the code segment', () => {
  const machine = longMode();
  const both = FREE;
  machine.descriptor(GDT + both, 0, 0xfffff, 0xe09b00);
  const absent = FREE + 8;
  machine.descriptor(GDT + absent, 0, 0xfffff, 0xa01b00);
  const cases: [selector: number, offset: bigint, vector: number, code: number][] = [
    [0, 0n, VECTOR_GP, 0],
    [DATA_0, 0n, VECTOR_GP, DATA_0],
    [CODE_3_LONG, 0n, VECTOR_GP, CODE_3_LONG & ~3],
    [both, 0n, VECTOR_GP, both],
    [absent, 0n, VECTOR_NP, absent],
    [CODE_0_LONG, NON_CANONICAL, VECTOR_GP, 0],
    [TASK, 0n, VECTOR_GP, TASK],
    [0x2000, 0n, VECTOR_GP, 0x2000],
  ];
  for (const [selector, offset, vector, code] of cases) {
    for (const name of ['farJump', 'farCall']) {
      machine.set64(RSP, 0x8000n);
      assert.deepEqual(machine.execute(0x7000n, 7, name, selector, offset, 64).raised, [{ vector, code }]);
    }
  }
});

test('a far call and RETF keep the level; RETF releases bytes', () => {
  const machine = longMode();
  machine.execute(0x7000n, 7, 'farCall', CODE_0_LONG, 0x4000n, 64);
  assert.deepEqual(machine.words(0x8008 - 16, 8, 2), [0x7007n, BigInt(CODE_0_LONG)]);
  machine.execute(0x4000n, 3, 'farReturn', 64, 24);
  assert.deepEqual([machine.rip, machine.get64(RSP)], [0x7007n, 0x8008n + 24n]);
});

test('a 64-bit call gate leads from level 3 to level 0, RETF back', () => {
  const machine = longMode();
  userLong(machine);
  machine.gate(GDT + FREE, CODE_0_LONG, 0xffff800000002000n, 0xec00, true);
  assert.deepEqual(machine.execute(0x7000n, 7, 'farCall', FREE | 3, 0n, 32).raised, []);
  assert.equal(machine.rip, 0xffff800000002000n);
  assert.deepEqual(machine.words(0x9000 - 32, 8, 4), [0x7007n, BigInt(CODE_3_LONG), 0x20003n, BigInt(DATA_3)]);
  assert.deepEqual([machine.get32(CPL), machine.selector(SEGMENT_SS)], [0, 0]);
  assert.deepEqual(machine.execute(machine.rip, 2, 'farReturn', 64, 0).raised, []);
  assert.deepEqual([machine.rip, machine.get64(RSP), machine.get32(CPL)], [0x7007n, 0x20003n, 3]);
});
