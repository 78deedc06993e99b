// System instructions one by one: what the other tests of the system half do not touch.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CPL,
  CR0,
  CR2,
  CR3,
  CR4,
  DELIVERING,
  DR0,
  MODE,
  MODE_CODE_32,
  MODE_CODE_MASK,
  MSR_CSTAR,
  MSR_LSTAR,
  MSR_STAR,
  MSR_TSC_AUX,
  PDPTE0,
  RFLAGS,
  SEGMENT_ATTRIBUTES,
  SEGMENT_BASE,
  SEGMENT_CS,
  SEGMENT_DS,
  SEGMENT_GS,
  SEGMENT_LDTR,
  SEGMENT_LIMIT,
  SEGMENT_SS,
  VECTOR_AC,
  VECTOR_BP,
  VECTOR_DB,
  VECTOR_GP,
  VECTOR_NP,
  VECTOR_OF,
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
  LDT,
  LOCAL_TABLE,
  TASK,
  UNMAPPED,
  enter,
  handler,
  longMode,
  protectedMode,
  realMode,
  user32,
  userLong,
  CODE_ATTRIBUTES,
} from './system-environments.ts';
import { R11, RAX, RCX, RDX, RSP } from './system-machine.ts';

const GP = [{ vector: VECTOR_GP, code: 0 }];
const UD = [{ vector: VECTOR_UD, code: -1 }];

test('each control register reads from its own cell', () => {
  const machine = longMode();
  machine.set64(CR2, 0x1234_5678_9abcn);
  assert.equal(machine.core('movFromCr', 0), machine.get64(CR0));
  assert.equal(machine.core('movFromCr', 2), 0x1234_5678_9abcn);
  assert.equal(machine.core('movFromCr', 3), machine.get64(CR3));
  assert.equal(machine.core('movFromCr', 4), machine.get64(CR4));
  assert.equal(machine.core('movFromCr', 8), 5n);
  for (const number of [1, 5, 6, 7, 9, 15]) {
    assert.deepEqual(machine.execute(0x7000n, 3, 'movFromCr', number).raised, UD);
  }
  machine.execute(0x7000n, 3, 'movToCr', 2, 0xffff_8000_0000_1000n);
  assert.equal(machine.get64(CR2), 0xffff_8000_0000_1000n);
  assert.deepEqual(machine.execute(0x7000n, 3, 'movToCr', 8, 16n).raised, GP);
  assert.deepEqual(machine.execute(0x7000n, 3, 'movToCr', 3, 1n << 40n).raised, GP);
  assert.deepEqual(machine.execute(0x7000n, 3, 'movToCr', 3, (1n << 63n) | 0x10000n).raised, GP, 'bit 63 needs PCIDE');
});

test('LMSW sets PE and cannot clear it; CLTS clears TS', () => {
  const machine = realMode();
  machine.execute(0x7000n, 3, 'lmsw', 0xfff9);
  assert.equal(machine.get64(CR0), 0x19n);
  machine.execute(0x7000n, 3, 'lmsw', 0);
  assert.equal(machine.get64(CR0), 0x11n);
  machine.execute(0x7000n, 3, 'lmsw', 8);
  machine.execute(0x7000n, 2, 'clts');
  assert.equal(machine.core('smsw'), 0x11n);
});

test('PAE paging loads the page-directory pointers with CR3', () => {
  const machine = protectedMode();
  machine.poke(0x30000, 8, 0x31001);
  machine.poke(0x30008, 8, 0x32001);
  machine.set64(CR4, 0x20n);
  machine.execute(0x7000n, 3, 'movToCr', 3, 0x30000n);
  assert.equal(machine.get64(PDPTE0), 0n, 'not before paging is on');
  machine.execute(0x7000n, 3, 'movToCr', 0, 0x80000011n);
  assert.deepEqual([machine.get64(PDPTE0), machine.get64(PDPTE0 + 8)], [0x31001n, 0x32001n]);
});

test('the LDT serves selectors with TI set', () => {
  const machine = protectedMode();
  machine.descriptor(LDT + 8, 0x50000, 0xff, 0x409300);
  assert.deepEqual(machine.execute(0x7000n, 2, 'loadSegment', 3, 0x0c).raised, [{ vector: VECTOR_GP, code: 0x0c }]);
  const loaded = protectedMode();
  loaded.descriptor(LDT + 8, 0x50000, 0xff, 0x409300);
  assert.deepEqual(loaded.execute(0x7000n, 3, 'lldt', LOCAL_TABLE).raised, []);
  assert.deepEqual([loaded.core('sldt'), loaded.core('str')], [LOCAL_TABLE, TASK]);
  assert.deepEqual(loaded.execute(0x7000n, 2, 'loadSegment', 3, 0x0c).raised, []);
  assert.deepEqual(
    [loaded.get64(SEGMENT_DS + SEGMENT_BASE), loaded.get32(SEGMENT_DS + SEGMENT_LIMIT)],
    [0x50000n, 0xff],
  );
  assert.deepEqual(loaded.execute(0x7000n, 2, 'loadSegment', 3, 0x104).raised, [{ vector: VECTOR_GP, code: 0x104 }]);
  loaded.execute(0x7000n, 3, 'lldt', 0);
  assert.equal(loaded.get32(SEGMENT_LDTR + SEGMENT_ATTRIBUTES), 1);
});

test('LLDT checks its descriptor', () => {
  const cases: [selector: number, vector: number][] = [
    [DATA_0, VECTOR_GP],
    [TASK, VECTOR_GP],
    [0x0c, VECTOR_GP],
    [FREE, VECTOR_NP],
  ];
  for (const [selector, vector] of cases) {
    const machine = protectedMode();
    machine.descriptor(GDT + FREE, 0, 0xff, 0x0200);
    assert.deepEqual(machine.execute(0x7000n, 3, 'lldt', selector).raised, [{ vector, code: selector }]);
  }
  for (const name of ['lldt', 'ltr', 'lar', 'verr']) {
    assert.deepEqual(realMode().execute(0x7000n, 3, name, 0).raised, UD, name);
  }
});

test('a null selector keeps the base, as AMD processors do', () => {
  const machine = longMode();
  machine.set64(SEGMENT_GS + SEGMENT_BASE, 0x1234n);
  machine.execute(0x7000n, 2, 'loadSegment', 5, 3);
  assert.equal(machine.get64(SEGMENT_GS + SEGMENT_BASE), 0x1234n);
  assert.equal(machine.get32(SEGMENT_GS + SEGMENT_ATTRIBUTES), 1);
  assert.equal(machine.core('readSelector', 5), 3);
});

test('a null SS is allowed in 64-bit mode below level 3', () => {
  assert.deepEqual(longMode().execute(0x7000n, 2, 'loadSegment', 2, 0).raised, []);
  assert.deepEqual(longMode().execute(0x7000n, 2, 'loadSegment', 2, 1).raised, GP);
  const user = longMode();
  userLong(user);
  assert.deepEqual(user.execute(0x7000n, 2, 'loadSegment', 2, 3).raised, GP);
});

test('INT3 and INTO check the gate, INT1 does not', () => {
  const machine = protectedMode();
  user32(machine);
  assert.deepEqual(machine.execute(0x7000n, 1, 'softwareException', VECTOR_BP).raised, [
    { vector: VECTOR_GP, code: VECTOR_BP * 8 + 2 },
  ]);
  user32(machine);
  machine.gate(IDT + VECTOR_OF * 8, CODE_0, handler(VECTOR_OF), 0xef00);
  assert.deepEqual(machine.execute(0x7000n, 1, 'softwareException', VECTOR_OF).raised, []);
  assert.equal(machine.rip, handler(VECTOR_OF));
  assert.equal(machine.peek(0x9000 - 20, 4), 0x7001n);
  user32(machine);
  assert.deepEqual(machine.execute(0x7000n, 1, 'debugInterrupt').raised, []);
  assert.equal(machine.rip, handler(VECTOR_DB));
  assert.equal(machine.get64(DR0 + 48), 0n);
});

test('SYSCALL from compatibility mode goes to CSTAR, SYSRET with 32 bits back', () => {
  const machine = longMode();
  user32(machine);
  machine.set64(MSR_STAR, 0x0018_0028n << 32n);
  machine.set64(MSR_CSTAR, 0xffff_ffff_8100_1000n);
  machine.set64(MSR_LSTAR, 1n);
  machine.execute(0x7000n, 2, 'syscall');
  assert.deepEqual([machine.rip, machine.get64(RCX)], [0xffff_ffff_8100_1000n, 0x7002n]);
  machine.set64(RCX, 0xffffffff_00007002n);
  machine.set64(R11, 0x246n);
  machine.execute(0x9000n, 2, 'sysret', 32);
  assert.deepEqual([machine.rip, machine.get32(MODE) & MODE_CODE_MASK, machine.flags], [0x7002n, MODE_CODE_32, 0x246]);
  assert.deepEqual([machine.selector(SEGMENT_CS), machine.selector(SEGMENT_SS)], [CODE_3, DATA_3]);
});

test('SYSCALL outside long mode takes EIP from STAR and clears IF', () => {
  const machine = protectedMode();
  user32(machine);
  machine.set64(0x6b0, 1n);
  machine.set64(MSR_STAR, 0x0018_0008_0000_4000n);
  machine.set32(RFLAGS, 0x202);
  machine.execute(0x7000n, 2, 'syscall');
  assert.deepEqual(
    [machine.rip, machine.get32(CPL), machine.flags, machine.selector(SEGMENT_CS)],
    [0x4000n, 0, 2, CODE_0],
  );
  machine.execute(0x4000n, 2, 'sysret', 32);
  assert.deepEqual([machine.rip, machine.get32(CPL), machine.flags], [0x7002n, 3, 0x202]);
});

test('RDTSCP adds TSC_AUX, RDPMC asks the host', () => {
  const machine = longMode();
  machine.set64(MSR_TSC_AUX, 7n);
  machine.tsc = 2 ** 33 + 5;
  machine.execute(0x7000n, 3, 'rdtscp');
  assert.deepEqual([machine.get64(RAX), machine.get64(RDX), machine.get64(RCX)], [5n, 2n, 7n]);
  machine.set64(RCX, 1n);
  assert.deepEqual(machine.execute(0x7000n, 2, 'rdpmc').raised, GP);
  machine.msrs.set(0xc0010005, 0x1_00000009n);
  machine.set64(RCX, 1n);
  machine.execute(0x7000n, 2, 'rdpmc');
  assert.deepEqual([machine.get64(RAX), machine.get64(RDX)], [9n, 1n]);
});

test('INVPCID checks its type and descriptor', () => {
  const machine = longMode();
  const refused: [type: bigint, pcid: bigint, address: bigint][] = [
    [4n, 0n, 0n],
    [1n << 32n, 0n, 0n],
    [0n, 1n, 0n],
    [1n, 0x1000n, 0n],
    [0n, 0n, 1n << 47n],
  ];
  for (const [type, pcid, address] of refused) {
    machine.poke(0x6000, 8, pcid);
    machine.poke(0x6008, 8, address);
    assert.deepEqual(machine.execute(0x7000n, 5, 'invpcid', type, 0x6000n).raised, GP);
  }
  machine.poke(0x6000, 8, 0);
  machine.poke(0x6008, 8, 1n << 47n);
  for (const type of [1n, 2n, 3n]) assert.deepEqual(machine.execute(0x7000n, 5, 'invpcid', type, 0x6000n).raised, []);
});

test('STAC and CLAC set and clear AC at level 0', () => {
  const machine = longMode();
  machine.execute(0x7000n, 3, 'setAccessCheck', 1);
  assert.equal(machine.flags & 0x40000, 0x40000);
  machine.execute(0x7000n, 3, 'setAccessCheck', 0);
  assert.equal(machine.flags & 0x40000, 0);
});

test('PUSHF hides RF and VM', () => {
  const machine = longMode();
  machine.set32(RFLAGS, 0x10202);
  assert.equal(machine.core('pushFlags', 64), 0x202n);
});

test('an alignment check inside its own delivery shuts down', () => {
  const machine = protectedMode();
  machine.descriptor(GDT + FREE, 0, 0xfffff, 0xc0fb00);
  machine.gate(IDT + VECTOR_AC * 8, FREE, handler(VECTOR_AC), 0xee00);
  machine.set64(CR0, 0x40011n);
  enter(machine, CODE_3, DATA_3, CODE_ATTRIBUTES, 0x20001n);
  machine.set32(RFLAGS, 0x40002);
  machine.core('updateMode');
  const { raised, isShutDown } = machine.fault(0x7000n, VECTOR_AC, 0);
  assert.equal(raised.length, 2);
  assert.equal(isShutDown, true);
  assert.equal(machine.get32(DELIVERING), 0xffffffff);
});

test('a page fault during an external interrupt is delivered for the interrupted instruction', () => {
  const machine = longMode();
  machine.set64(RSP, UNMAPPED + 0x100n);
  machine.gate(IDT + 14 * 16, 0x28, handler(14), 0x8e01, true);
  machine.set64(0x498, 0x7000n);
  const { raised } = machine.run(() => machine.core('interrupt', 0x40));
  assert.deepEqual(raised, [{ vector: 14, code: 2 }]);
  assert.deepEqual(machine.words(Number(machine.get64(RSP)), 8, 2), [2n, 0x7000n]);
});
