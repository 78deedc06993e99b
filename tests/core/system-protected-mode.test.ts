// Deliveries, gates and far transfers in 32- and 16-bit protected mode. SDM volume 3A chapters 5 and 6.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CPL,
  CR0,
  CR3,
  CR4,
  MODE,
  MODE_CODE_32,
  MODE_CODE_64,
  MODE_CODE_MASK,
  MODE_LONG,
  MODE_PROTECTED,
  MSR_EFER,
  RFLAGS,
  RIP,
  SEGMENT_CS,
  SEGMENT_DS,
  SEGMENT_LIMIT,
  SEGMENT_SS,
  VECTOR_GP,
  VECTOR_NP,
  VECTOR_SS,
  VECTOR_TS,
  VECTOR_UD,
} from '../../src/core/layout.ts';
import {
  CODE_0,
  CODE_0_LONG,
  CODE_3,
  CONFORMING_0,
  DATA_0,
  DATA_3,
  FREE,
  GDT,
  IDT,
  TASK,
  TSS,
  handler,
  longMode,
  protectedMode,
  realMode,
  user32,
} from './system-environments.ts';
import { RCX, RDX, RSP } from './system-machine.ts';

test('a fault at level 0 pushes EFLAGS, CS, EIP and the error code', () => {
  const machine = protectedMode();
  machine.set32(RFLAGS, 0x202);
  machine.fault(0x7000n, VECTOR_GP, 8);
  assert.equal(machine.rip, handler(VECTOR_GP));
  assert.deepEqual(machine.words(0x8000 - 16, 4, 4), [8n, 0x7000n, BigInt(CODE_0), 0x10202n]);
  assert.equal(machine.get64(RSP), 0x8000n - 16n);
  assert.equal(machine.flags, 2);
});

test('a fault at level 3 takes SS:ESP from the TSS, IRET gives it back', () => {
  const machine = protectedMode();
  user32(machine);
  machine.set32(RFLAGS, 0x202);
  machine.fault(0x7000n, VECTOR_UD, -1);
  assert.deepEqual(
    [machine.get32(CPL), machine.selector(SEGMENT_SS), machine.selector(SEGMENT_CS)],
    [0, DATA_0, CODE_0],
  );
  assert.deepEqual(machine.words(0x9000 - 20, 4, 5), [0x7000n, BigInt(CODE_3), 0x10202n, 0x20000n, BigInt(DATA_3)]);
  assert.deepEqual(machine.execute(0x5000n, 1, 'interruptReturn', 32).raised, []);
  assert.deepEqual([machine.rip, machine.get64(RSP), machine.get32(CPL)], [0x7000n, 0x20000n, 3]);
  assert.equal(machine.flags, 0x10202, 'RF comes back for the one instruction');
});

test('16-bit gates push 16-bit frames', () => {
  const machine = protectedMode();
  machine.gate(IDT + VECTOR_GP * 8, CODE_0, 0x5678n, 0x8700);
  machine.fault(0x17000n, VECTOR_GP, 0x30);
  assert.equal(machine.rip, 0x5678n);
  assert.deepEqual(machine.words(0x8000 - 8, 2, 4), [0x30n, 0x7000n, BigInt(CODE_0), 2n]);
});

test('bad stacks in the TSS are #TS or #SS with the selector', () => {
  const cases: [selector: number, vector: number, code: number][] = [
    [0, VECTOR_TS, 1],
    [DATA_3, VECTOR_TS, (DATA_3 & ~3) + 1],
    [CODE_0, VECTOR_TS, CODE_0 + 1],
    [0x1000, VECTOR_TS, 0x1001],
    [FREE, VECTOR_SS, FREE + 1],
  ];
  for (const [selector, vector, code] of cases) {
    const machine = protectedMode();
    machine.descriptor(GDT + FREE, 0, 0xfffff, 0xc01300);
    user32(machine);
    machine.poke(TSS + 8, 4, selector);
    const { raised, isShutDown } = machine.fault(0x7000n, VECTOR_UD, -1);
    assert.deepEqual(raised[1], { vector, code });
    assert.equal(isShutDown, true, 'no handler can be reached with that stack');
  }
});

test('a conforming handler runs at the level it interrupts', () => {
  const machine = protectedMode();
  user32(machine);
  machine.gate(IDT + VECTOR_UD * 8, CONFORMING_0, handler(VECTOR_UD), 0x8e00);
  machine.fault(0x7000n, VECTOR_UD, -1);
  assert.deepEqual(
    [machine.get32(CPL), machine.selector(SEGMENT_CS), machine.get64(RSP)],
    [3, CONFORMING_0 | 3, 0x20000n - 12n],
  );
});

test('a 32-bit call gate copies parameters to the inner stack', () => {
  const machine = protectedMode();
  user32(machine);
  machine.set64(RSP, 0x20000n);
  [0x11, 0x22, 0x33].forEach((value, index) => machine.poke(0x20000 + index * 4, 4, value));
  machine.gate(GDT + FREE, CODE_0, 0x4444n, 0xec03);
  assert.deepEqual(machine.execute(0x7000n, 7, 'farCall', FREE | 3, 0n, 32).raised, []);
  assert.equal(machine.rip, 0x4444n);
  assert.deepEqual(machine.words(0x9000 - 28, 4, 7), [
    0x7007n,
    BigInt(CODE_3),
    0x11n,
    0x22n,
    0x33n,
    0x20000n,
    BigInt(DATA_3),
  ]);
  assert.deepEqual(machine.execute(0x4444n, 3, 'farReturn', 32, 12).raised, []);
  assert.deepEqual([machine.rip, machine.get64(RSP), machine.get32(CPL)], [0x7007n, 0x2000cn, 3]);
});

test('a 16-bit call gate copies words', () => {
  const machine = protectedMode();
  user32(machine);
  machine.poke(0x20000, 2, 0x1234);
  machine.gate(GDT + FREE, CODE_0, 0x4444n, 0xe401);
  machine.execute(0x7000n, 7, 'farCall', FREE | 3, 0n, 32);
  assert.deepEqual(machine.words(0x9000 - 10, 2, 5), [0x7007n, BigInt(CODE_3), 0x1234n, 0n, BigInt(DATA_3)]);
});

test('call gates check their own privilege and presence', () => {
  const machine = protectedMode();
  user32(machine);
  machine.gate(GDT + FREE, CODE_0, 0x4444n, 0x8c00);
  assert.deepEqual(machine.execute(0x7000n, 7, 'farCall', FREE, 0n, 32).raised, [{ vector: VECTOR_GP, code: FREE }]);
  user32(machine);
  machine.gate(GDT + FREE, CODE_0, 0x4444n, 0x6c00);
  assert.deepEqual(machine.execute(0x7000n, 7, 'farCall', FREE, 0n, 32).raised, [{ vector: VECTOR_NP, code: FREE }]);
  user32(machine);
  machine.gate(GDT + FREE, CODE_0, 0x4444n, 0xec00);
  assert.deepEqual(machine.execute(0x7000n, 7, 'farJump', FREE, 0n, 32).raised, [{ vector: VECTOR_GP, code: CODE_0 }]);
});

test('a far jump beyond the segment limit is #GP(0)', () => {
  const machine = protectedMode();
  machine.descriptor(GDT + FREE, 0, 0x0fff, 0x409b00);
  assert.deepEqual(machine.execute(0x7000n, 7, 'farJump', FREE, 0x1000n, 32).raised, [{ vector: VECTOR_GP, code: 0 }]);
  assert.deepEqual(machine.execute(0x7000n, 7, 'farJump', FREE, 0xfffn, 32).raised, []);
  assert.equal(machine.get32(SEGMENT_CS + SEGMENT_LIMIT), 0xfff);
});

test('a descriptor is marked accessed when it is loaded', () => {
  const machine = protectedMode();
  machine.descriptor(GDT + FREE, 0, 0xfffff, 0xc09200);
  machine.execute(0x7000n, 2, 'loadSegment', 3, FREE);
  assert.equal(machine.peek(GDT + FREE + 5, 1), 0x93n);
  assert.equal(machine.selector(SEGMENT_DS), FREE);
});

test('segment loads raise what the manual says', () => {
  const executeOnly = FREE;
  const absent = FREE + 8;
  const readOnly = FREE + 16;
  const cases: [number: number, selector: number, vector: number, code: number][] = [
    [2, 0, VECTOR_GP, 0],
    [2, DATA_3, VECTOR_GP, DATA_3 & ~3],
    [2, readOnly, VECTOR_GP, readOnly],
    [2, absent, VECTOR_SS, absent],
    [3, absent, VECTOR_NP, absent],
    [3, executeOnly, VECTOR_GP, executeOnly],
    [3, TASK, VECTOR_GP, TASK],
    [3, DATA_0 | 3, VECTOR_GP, DATA_0],
    [3, 0x1000, VECTOR_GP, 0x1000],
    [3, 0x14, VECTOR_GP, 0x14],
    [1, CODE_0, VECTOR_UD, -1],
  ];
  for (const [number, selector, vector, code] of cases) {
    const machine = protectedMode();
    machine.descriptor(GDT + executeOnly, 0, 0xfffff, 0xc09900);
    machine.descriptor(GDT + absent, 0, 0xfffff, 0xc01300);
    machine.descriptor(GDT + readOnly, 0, 0xfffff, 0xc09100);
    assert.deepEqual(machine.execute(0x7000n, 2, 'loadSegment', number, selector).raised, [{ vector, code }]);
  }
});

test('SYSENTER and SYSEXIT switch levels', () => {
  const machine = protectedMode();
  user32(machine);
  machine.set64(0x6e0, BigInt(CODE_0));
  machine.set64(0x6e8, 0x9000n);
  machine.set64(0x6f0, 0x4000n);
  machine.set32(RFLAGS, 0x202);
  machine.execute(0x7000n, 2, 'sysenter');
  assert.deepEqual([machine.rip, machine.get64(RSP), machine.get32(CPL), machine.flags], [0x4000n, 0x9000n, 0, 2]);
  machine.set64(RDX, 0x7002n);
  machine.set64(RCX, 0x20000n);
  machine.execute(0x4000n, 2, 'sysexit');
  assert.deepEqual([machine.rip, machine.get64(RSP), machine.get32(CPL)], [0x7002n, 0x20000n, 3]);
  assert.deepEqual([machine.selector(SEGMENT_CS), machine.selector(SEGMENT_SS)], [CODE_3, DATA_3]);
});

test('from real mode through protected mode into long mode', () => {
  const tables = longMode();
  const machine = realMode();
  for (const start of [0x1000, 0x10000, 0x11000, 0x12000]) {
    for (let offset = 0; offset < 4096; offset += 8) machine.poke(start + offset, 8, tables.peek(start + offset, 8));
  }
  machine.poke(0x6000, 2, 0xfff);
  machine.poke(0x6002, 4, GDT);
  machine.execute(0x7000n, 5, 'lgdt', 0x6000n, 32);
  machine.execute(0x7005n, 3, 'movToCr', 0, 0x11n);
  assert.equal(machine.get32(MODE) & MODE_PROTECTED, MODE_PROTECTED);
  machine.execute(0x7008n, 7, 'farJump', CODE_0, 0x7100n, 32);
  assert.equal(machine.get32(MODE) & MODE_CODE_MASK, MODE_CODE_32);
  machine.execute(0x7100n, 3, 'loadSegment', 2, DATA_0);
  machine.execute(0x7103n, 3, 'movToCr', 4, 0x20n);
  machine.execute(0x7106n, 3, 'movToCr', 3, 0x10000n);
  machine.set64(RCX, 0xc0000080n);
  machine.set64(RDX, 0n);
  machine.set64(0x400, 0x100n);
  machine.execute(0x7109n, 2, 'writeMsr');
  assert.equal(machine.get32(MODE) & MODE_LONG, 0);
  machine.execute(0x710bn, 3, 'movToCr', 0, 0x80000011n);
  assert.equal(machine.get64(MSR_EFER), 0x500n);
  assert.equal(machine.get32(MODE) & (MODE_LONG | MODE_CODE_MASK), MODE_LONG | MODE_CODE_32);
  machine.execute(0x710en, 7, 'farJump', CODE_0_LONG, 0x7200n, 32);
  assert.equal(machine.get32(MODE) & MODE_CODE_MASK, MODE_CODE_64);
  assert.equal(machine.get64(RIP), 0x7200n);
});

test('CR0 and CR4 refuse what the manual refuses', () => {
  const refused: [number: number, value: bigint, prepare: (machine: ReturnType<typeof protectedMode>) => void][] = [
    [0, 0x80000000n, () => {}],
    [0, 0x20000011n, () => {}],
    [0, 0x80000011n, (machine) => machine.set64(MSR_EFER, 0x100n)],
    [4, 0x20000n, () => {}],
    [4, 0x800000n, () => {}],
    [
      0,
      0x80000011n,
      (machine) => {
        machine.set64(CR4, 0x20n);
        machine.set64(CR3, 0x30000n);
        machine.poke(0x30000, 8, 0x1e7);
      },
    ],
  ];
  for (const [number, value, prepare] of refused) {
    const machine = protectedMode();
    prepare(machine);
    const before = [machine.get64(CR0), machine.get64(CR4)];
    assert.deepEqual(machine.execute(0x7000n, 3, 'movToCr', number, value).raised, [{ vector: VECTOR_GP, code: 0 }]);
    assert.deepEqual([machine.get64(CR0), machine.get64(CR4)], before);
  }
  assert.deepEqual(protectedMode().execute(0x7000n, 3, 'movToCr', 1, 0n).raised, [{ vector: VECTOR_UD, code: -1 }]);
  const long = longMode();
  assert.deepEqual(long.execute(0x7000n, 3, 'movToCr', 0, 0x11n).raised, [{ vector: VECTOR_GP, code: 0 }]);
  assert.equal(long.get32(MODE) & MODE_CODE_MASK, MODE_CODE_64);
});
