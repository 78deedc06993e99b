import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ADDRESS_SPACE_SLOT, CODE_CONTEXT, CR3, TLB_BASE, TLB_SLOTS } from '../../src/core/layout.ts';
import {
  CR4_PCIDE,
  CR4_PGE,
  CR4_SMAP,
  FLAG_AC,
  GLOBAL,
  GuestMachine,
  PRESENT,
  USER,
  WRITABLE,
} from './guest-machine.ts';

const LINEAR = 0x0000_7fff_0123_4000n;
const FIRST = 0x300000;
const SECOND = 0x301000;
const rights = PRESENT | WRITABLE | USER;

/** Where a load goes, as a guest-physical address among the two that these tests use. */
function where(machine: GuestMachine, linear = LINEAR): string {
  const address = machine.load(linear);
  if (typeof address !== 'number') return 'fault';
  if (address === machine.machineOf(FIRST)) return 'first';
  return address === machine.machineOf(SECOND) ? 'second' : 'elsewhere';
}

function ready(machine: GuestMachine): void {
  machine.set64(FIRST, 1n);
  machine.set64(SECOND, 2n);
}

function loadCr3(machine: GuestMachine, value: number, keep = false): void {
  machine.view.setBigUint64(CR3, BigInt(value), true);
  machine.core['loadAddressSpace'](keep);
}

test('a translation stays until it is flushed', () => {
  const machine = new GuestMachine();
  ready(machine);
  const entry = machine.map(LINEAR, BigInt(FIRST) | rights);
  machine.enter({ kind: 'long' });
  assert.equal(where(machine), 'first');
  machine.set64(entry, BigInt(SECOND) | rights);
  assert.equal(where(machine), 'first');
  machine.core['flushPage'](LINEAR + 0x1000n);
  assert.equal(where(machine), 'first', 'INVLPG of another page');
  machine.core['flushPage'](LINEAR + 0xfffn);
  assert.equal(where(machine), 'second', 'INVLPG of any byte of the page');
  machine.set64(entry, BigInt(FIRST) | rights);
  loadCr3(machine, machine.root);
  assert.equal(where(machine), 'first', 'a load of CR3');
});

test('INVLPG drops every piece of a large page, and no neighbour', () => {
  for (const shift of [21, 30]) {
    const machine = new GuestMachine();
    const size = 1n << BigInt(shift);
    const base = (LINEAR >> BigInt(shift)) << BigInt(shift);
    const entry = machine.map(base, rights, shift);
    machine.map(base + size, rights | (shift === 21 ? 0x400000n : 0n), shift);
    machine.enter({ kind: 'long' });
    const pieces = [0n, 0x5000n, 0x1ff000n].map((offset) => base + offset);
    const before = pieces.map((piece) => machine.load(piece));
    machine.load(base + size + 0x9000n);
    machine.set64(entry, 0n);
    machine.set64(entry + 8, 0n);
    assert.deepEqual(
      pieces.map((piece) => machine.load(piece)),
      before,
    );
    machine.core['flushPage'](base + 0x3000n);
    for (const piece of pieces) assert.equal(typeof machine.load(piece), 'object', `piece ${piece.toString(16)}`);
    assert.equal(typeof machine.load(base + size + 0x9000n), 'number');
  }
});

test('INVLPG drops 4 MiB pages by either half', () => {
  for (const half of [0n, 0x200000n]) {
    const machine = new GuestMachine();
    machine.set32(machine.root + 4 * 4, 0x83);
    machine.enter({ kind: '32-bit' });
    machine.load(0x1000000n + 0x3000n);
    machine.load(0x1000000n + 0x203000n);
    machine.set32(machine.root + 4 * 4, 0);
    machine.core['flushPage'](0x1000000n + half);
    assert.equal(typeof machine.load(0x1000000n + 0x3000n), 'object');
    assert.equal(typeof machine.load(0x1000000n + 0x203000n), 'object');
  }
});

test('global pages survive loads of CR3, but not INVLPG or a flush of everything', () => {
  const machine = new GuestMachine();
  ready(machine);
  const entry = machine.map(LINEAR, BigInt(FIRST) | rights | GLOBAL);
  const local = machine.map(LINEAR + 0x1000n, BigInt(FIRST) | rights);
  machine.enter({ kind: 'long', cr4: CR4_PGE });
  where(machine);
  where(machine, LINEAR + 0x1000n);
  machine.set64(entry, BigInt(SECOND) | rights | GLOBAL);
  machine.set64(local, BigInt(SECOND) | rights);
  loadCr3(machine, machine.root);
  assert.equal(where(machine), 'first');
  assert.equal(where(machine, LINEAR + 0x1000n), 'second');
  machine.core['flushPage'](LINEAR);
  assert.equal(where(machine), 'second');
  machine.set64(entry, BigInt(FIRST) | rights | GLOBAL);
  machine.core['flushAll']();
  assert.equal(where(machine), 'first');
});

test('the G bit means nothing without CR4.PGE', () => {
  const machine = new GuestMachine();
  ready(machine);
  const entry = machine.map(LINEAR, BigInt(FIRST) | rights | GLOBAL);
  machine.enter({ kind: 'long' });
  where(machine);
  machine.set64(entry, BigInt(SECOND) | rights | GLOBAL);
  loadCr3(machine, machine.root);
  assert.equal(where(machine), 'second');
});

test('with PCIDs each address space keeps its translations while others run', () => {
  const machine = new GuestMachine();
  ready(machine);
  const entry = machine.map(LINEAR, BigInt(FIRST) | rights);
  machine.enter({ kind: 'long', cr4: CR4_PCIDE });
  loadCr3(machine, machine.root | 1);
  assert.equal(where(machine), 'first');
  loadCr3(machine, machine.root | 2);
  machine.set64(entry, BigInt(SECOND) | rights);
  assert.equal(where(machine), 'second', 'another PCID does not see the old translation');
  loadCr3(machine, machine.root | 1, true);
  assert.equal(where(machine), 'first', 'bit 63: the translation was kept');
  loadCr3(machine, machine.root | 1);
  assert.equal(where(machine), 'second', 'without bit 63 it goes');
});

test('more address spaces than slots: the one unused for longest makes room, and comes back empty', () => {
  const machine = new GuestMachine();
  ready(machine);
  const entry = machine.map(LINEAR, BigInt(FIRST) | rights);
  machine.enter({ kind: 'long', cr4: CR4_PCIDE });
  for (let pcid = 1; pcid <= TLB_SLOTS; pcid += 1) {
    loadCr3(machine, machine.root | pcid);
    assert.equal(where(machine), 'first');
  }
  machine.set64(entry, BigInt(SECOND) | rights);
  loadCr3(machine, machine.root | 2, true);
  assert.equal(where(machine), 'first');
  loadCr3(machine, machine.root | 100, true);
  assert.equal(where(machine), 'second', 'a new PCID has no stale entries');
  loadCr3(machine, machine.root | 2, true);
  assert.equal(where(machine), 'first', 'a recent one still has its own');
  loadCr3(machine, machine.root | 1, true);
  assert.equal(where(machine), 'second', 'the oldest had to go');
});

test('INVPCID: one address, one PCID, everything but global pages, everything', () => {
  const machine = new GuestMachine();
  ready(machine);
  const entry = machine.map(LINEAR, BigInt(FIRST) | rights);
  const other = machine.map(LINEAR + 0x1000n, BigInt(FIRST) | rights);
  const kernel = machine.map(LINEAR + 0x2000n, BigInt(FIRST) | rights | GLOBAL);
  const state = (): string => [0n, 0x1000n, 0x2000n].map((offset) => where(machine, LINEAR + offset)).join(' ');
  const prepare = (): void => {
    for (const at of [entry, other]) machine.set64(at, BigInt(FIRST) | rights);
    machine.set64(kernel, BigInt(FIRST) | rights | GLOBAL);
    machine.enter({ kind: 'long', cr4: CR4_PCIDE + CR4_PGE });
    loadCr3(machine, machine.root | 5);
    assert.equal(state(), 'first first first');
    for (const at of [entry, other]) machine.set64(at, BigInt(SECOND) | rights);
    machine.set64(kernel, BigInt(SECOND) | rights | GLOBAL);
    loadCr3(machine, machine.root | 6);
  };
  const after = (type: number, pcid: number): string => {
    prepare();
    machine.core['flushPcid'](type, pcid, LINEAR);
    loadCr3(machine, machine.root | 5, true);
    return state();
  };
  assert.equal(after(0, 5), 'second first first');
  assert.equal(after(0, 6), 'first first first');
  assert.equal(after(1, 5), 'second second first');
  assert.equal(after(1, 6), 'first first first');
  assert.equal(after(3, 0), 'second second first');
  assert.equal(after(2, 0), 'second second second');
});

test('the tables in use follow privilege, SMAP and AC', () => {
  const machine = new GuestMachine();
  const tables = new Set<number>();
  const modes = [{ cpl: 3 }, { cpl: 0 }, { cpl: 0, cr4: CR4_SMAP }];
  for (const mode of modes) {
    machine.enter({ kind: 'long', ...mode });
    tables.add(machine.view.getUint32(TLB_BASE, true));
  }
  assert.equal(tables.size, 3);
  machine.enter({ kind: 'long', cr4: CR4_SMAP, flags: FLAG_AC });
  assert.ok(tables.has(machine.view.getUint32(TLB_BASE, true)));
  assert.equal(machine.view.getUint32(ADDRESS_SPACE_SLOT, true), 0);
});

test('CODE_CONTEXT changes with what RIP means: user bit, address space, CS base and limit', () => {
  const machine = new GuestMachine();
  const context = (): bigint => machine.view.getBigUint64(CODE_CONTEXT, true);
  const seen = new Set<bigint>();
  machine.enter({ kind: 'long' });
  seen.add(context());
  machine.enter({ kind: 'long', cpl: 3 });
  seen.add(context());
  machine.core['flushAll']();
  seen.add(context());
  machine.enter({ kind: 'real' });
  machine.setCode(0x10000, 0xffff);
  const first = context();
  seen.add(first);
  machine.setCode(0x20000, 0xffff);
  seen.add(context());
  machine.setCode(0x20000, 0xfff);
  seen.add(context());
  assert.equal(seen.size, 6);
  machine.setCode(0x10000, 0xffff);
  assert.equal(context(), first, 'going back to a segment makes what the jump cache has of it good again');
});
