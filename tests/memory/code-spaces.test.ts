// Which address spaces hold what the jump cache and regions know of code.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ARENA_NEXT,
  BLOCK_HEADER,
  CODE_CONTEXT,
  CODE_PAGE,
  CR3,
  REGION_ENTRY_PAGE,
  REGION_PAGE_BLOCK,
  REGION_PAGE_COUNT,
  REGION_PAGE_DISTANCE,
  REGION_PAGE_FRAME,
  REGION_PAGES,
} from '../../src/core/layout.ts';
import { CR4_PCIDE, CR4_PGE, GLOBAL, GuestMachine, PRESENT, USER, WRITABLE } from './guest-machine.ts';

const LINEAR = 0xffff_8000_0123_4000n;
const FIRST = 0x300000;
const SECOND = 0x500000;
const ACCESSED = 0x20n;
const rights = PRESENT | WRITABLE;

/** Two address spaces, PCIDs 1 and 2, in which LINEAR is FIRST and SECOND. */
function twoSpaces(extra: bigint, cpl = 0): { machine: GuestMachine; enter: (pcid: 1 | 2) => void } {
  const machine = new GuestMachine();
  const roots = [machine.root, machine.newTable()];
  const space = [FIRST, SECOND];
  roots.forEach((root, i) => machine.map(LINEAR, BigInt(space[i]!) | rights | extra, 12, rights | USER, 4, root));
  machine.enter({ kind: 'long', cr4: CR4_PCIDE | CR4_PGE, cpl });
  const enter = (pcid: 1 | 2): void => {
    machine.view.setBigUint64(CR3, BigInt(roots[pcid - 1]! | pcid), true);
    machine.core['loadAddressSpace'](true);
  };
  enter(1);
  return { machine, enter };
}

/** The guest-physical page of the block that a jump to LINEAR leads to. */
function jump(machine: GuestMachine): number {
  if (machine.core['jumpTo'](LINEAR) === 0) machine.decode();
  const record = machine.core['jumpTo'](LINEAR) as number;
  const frame = machine.view.getUint32(record - BLOCK_HEADER + 4, true);
  return frame === machine.machineOf(FIRST) ? FIRST : SECOND;
}

test('code on pages that are not global is another in each address space, at either level', () => {
  for (const [extra, cpl] of [
    [0n, 0],
    [USER, 3],
  ] as const) {
    const { machine, enter } = twoSpaces(extra, cpl);
    for (let round = 0; round < 3; round++) {
      assert.equal(jump(machine), FIRST);
      enter(2);
      assert.equal(jump(machine), SECOND);
      enter(1);
    }
  }
});

test("a supervisor's code on global pages stays over switches, and goes with INVLPG", () => {
  const { machine, enter } = twoSpaces(GLOBAL);
  const context = (): bigint => machine.view.getBigUint64(CODE_CONTEXT, true);
  assert.equal(jump(machine), FIRST);
  const before = context();
  enter(2);
  assert.equal(context(), before);
  assert.equal(jump(machine), FIRST, 'as a processor may have it');
  enter(1);
  assert.equal(context(), before);
  enter(2);
  machine.core['flushPage'](LINEAR);
  assert.notEqual(context(), before);
  assert.equal(jump(machine), SECOND);
});

test('one page that is not global makes all of it go with a switch', () => {
  const { machine, enter } = twoSpaces(GLOBAL);
  jump(machine);
  machine.map(LINEAR + 0x1000n, BigInt(FIRST + 0x1000) | rights);
  machine.core['jumpTo'](LINEAR + 0x1000n);
  machine.decode();
  machine.core['jumpTo'](LINEAR + 0x1000n);
  const before = machine.view.getBigUint64(CODE_CONTEXT, true);
  enter(2);
  assert.notEqual(machine.view.getBigUint64(CODE_CONTEXT, true), before);
});

test("a region's page that the TLB lost is taken from the page table, if that leaves no trace there", () => {
  const machine = new GuestMachine();
  const entry = machine.map(LINEAR, BigInt(FIRST) | rights);
  machine.enter({ kind: 'long' });
  jump(machine);
  const { view } = machine;
  const block = (machine.core['jumpTo'](LINEAR) as number) - BLOCK_HEADER;
  const descriptor = view.getUint32(ARENA_NEXT, true);
  const page = descriptor + REGION_PAGES;
  view.setUint32(descriptor + REGION_PAGE_COUNT, 1, true);
  view.setBigUint64(descriptor + REGION_ENTRY_PAGE, LINEAR, true);
  view.setBigUint64(page + REGION_PAGE_DISTANCE, 0n, true);
  view.setUint32(page + REGION_PAGE_FRAME, machine.machineOf(FIRST), true);
  view.setUint32(page + REGION_PAGE_BLOCK, block, true);
  const check = (): number => {
    machine.core['flushPage'](LINEAR);
    view.setBigUint64(CODE_PAGE, LINEAR, true);
    return machine.core['checkRegion'](descriptor) as number;
  };
  assert.equal(machine.get64(entry) & ACCESSED, ACCESSED);
  assert.equal(check(), 1);
  machine.set64(entry, BigInt(FIRST) | rights);
  assert.equal(check(), 0, 'not accessed');
  assert.equal(machine.get64(entry) & ACCESSED, 0n);
  machine.set64(entry, BigInt(SECOND) | rights | ACCESSED);
  assert.equal(check(), 0, 'another frame');
  machine.set64(entry, ACCESSED);
  assert.equal(check(), 0, 'not present');
  machine.set64(entry, BigInt(FIRST) | rights | ACCESSED);
  assert.equal(check(), 1);
  const context = view.getBigUint64(CODE_CONTEXT, true);
  machine.core['flushPage'](LINEAR);
  assert.notEqual(view.getBigUint64(CODE_CONTEXT, true), context, 'what was looked up is noted');
});
