import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PDPTE0 } from '../../src/core/layout.ts';
import {
  ACCESSED,
  DIRTY,
  EFER_NXE,
  GuestMachine,
  LARGE,
  NO_EXECUTE,
  PRESENT,
  USER,
  WRITABLE,
} from './guest-machine.ts';

const LINEAR = 0xc0123000n;
const PHYSICAL = 0x300000;

const fault = (vector: number, code: number, cr2: bigint): object => ({ vector, code, cr2 });

/** A 4 KiB mapping in 32-bit tables; returns the guest-physical address of the page-table entry. */
function map32(machine: GuestMachine, linear: bigint, entry: number, above = 7): number {
  const directory = machine.root + Number(linear >> 22n) * 4;
  if ((machine.get32(directory) & 1) === 0) machine.set32(directory, machine.newTable() | above);
  const slot = (machine.get32(directory) & 0xfffff000) + Number((linear >> 12n) & 1023n) * 4;
  machine.set32(slot, entry);
  return slot;
}

test('without paging linear addresses are physical', () => {
  const machine = new GuestMachine();
  machine.enter({ kind: 'real' });
  assert.equal(machine.store(0x1234n, 2), machine.machineOf(0x1234));
});

test('32-bit paging: rights, A and D, faults', () => {
  const machine = new GuestMachine();
  const entry = map32(machine, LINEAR, PHYSICAL | 7);
  map32(machine, LINEAR + 0x1000n, PHYSICAL | 5);
  machine.enter({ kind: '32-bit', cpl: 3 });
  assert.equal(machine.load(LINEAR + 4n, 4), machine.machineOf(PHYSICAL + 4));
  assert.equal(machine.get32(entry) & 0x60, 0x20);
  assert.equal(machine.store(LINEAR + 4n, 4), machine.machineOf(PHYSICAL + 4));
  assert.equal(machine.get32(entry) & 0x60, 0x60);
  assert.deepEqual(machine.store(LINEAR + 0x1000n), fault(14, 7, LINEAR + 0x1000n));
  assert.deepEqual(machine.load(LINEAR + 0x2000n), fault(14, 4, LINEAR + 0x2000n));
});

test('4 MiB pages: PSE, PSE-36 addresses, the reserved bit', () => {
  const machine = new GuestMachine();
  const directory = machine.root + Number(LINEAR >> 22n) * 4;
  machine.set32(directory, 0x400000 | 0x83);
  machine.enter({ kind: '32-bit' });
  assert.equal(machine.store(LINEAR), machine.machineOf(0x400000 + Number(LINEAR & 0x3fffffn)));
  machine.set32(directory, 0x400000 | 0x83 | (1 << 13));
  machine.enter({ kind: '32-bit' });
  assert.equal(typeof machine.load(LINEAR, 4), 'number');
  const address = 2 ** 32 + 0x400000 + Number(LINEAR & 0x3fffffn);
  assert.deepEqual(machine.mmio, [{ address, size: 4 }], 'bit 13 is bit 32 of the address');
  machine.set32(directory, 0x83 | (1 << 21));
  machine.enter({ kind: '32-bit' });
  assert.deepEqual(machine.load(LINEAR), fault(14, 9, LINEAR));
});

test('PAE: the pointers sit in registers, entries above bit 40 are reserved', () => {
  const machine = new GuestMachine();
  const directory = machine.newTable();
  const table = machine.newTable();
  const pointers = 0x1000;
  machine.set64(pointers + 3 * 8, BigInt(directory) | PRESENT);
  machine.set64(directory + Number((LINEAR >> 21n) & 511n) * 8, BigInt(table) | PRESENT | WRITABLE | USER);
  const entry = table + Number((LINEAR >> 12n) & 511n) * 8;
  machine.set64(entry, BigInt(PHYSICAL) | PRESENT | WRITABLE | USER);
  machine.enter({ kind: 'pae', efer: EFER_NXE });
  assert.ok(machine.core['loadPageDirectoryPointers'](BigInt(pointers)));
  assert.equal(machine.store(LINEAR + 8n), machine.machineOf(PHYSICAL + 8));
  assert.equal(machine.get64(entry) & (ACCESSED | DIRTY), ACCESSED | DIRTY);
  assert.equal(machine.get64(pointers + 24), BigInt(directory) | PRESENT, 'pointers have no accessed bit');
  machine.set64(pointers + 3 * 8, 0n);
  machine.core['flushAll']();
  assert.equal(
    machine.load(LINEAR + 8n),
    machine.machineOf(PHYSICAL + 8),
    'memory is not looked at until CR3 is loaded',
  );
  machine.set64(entry, BigInt(PHYSICAL) | PRESENT | (1n << 62n));
  machine.core['flushAll']();
  assert.deepEqual(machine.load(LINEAR), fault(14, 9, LINEAR));
  machine.set64(entry, BigInt(PHYSICAL) | PRESENT | NO_EXECUTE);
  machine.core['flushAll']();
  assert.deepEqual(machine.fetch(LINEAR), fault(14, 0x11, LINEAR));
  machine.set64(directory + Number((LINEAR >> 21n) & 511n) * 8, 0x400000n | PRESENT | LARGE);
  machine.core['flushAll']();
  assert.equal(machine.load(LINEAR), machine.machineOf(0x400000 + Number(LINEAR & 0x1fffffn)));
});

test('PAE pointers with reserved bits are refused, and nothing changes', () => {
  const machine = new GuestMachine();
  machine.enter({ kind: 'pae' });
  machine.set64(0x1000, 0x5000n | PRESENT);
  assert.ok(machine.core['loadPageDirectoryPointers'](0x1000n));
  for (const bits of [2n, 4n, 0x20n, 0x100n, 1n << 40n, 1n << 63n]) {
    machine.set64(0x1000, 0x6000n | PRESENT | bits);
    assert.ok(!machine.core['loadPageDirectoryPointers'](0x1000n), bits.toString(16));
    assert.equal(machine.view.getBigUint64(PDPTE0, true), 0x5000n | PRESENT);
  }
  machine.set64(0x1000, ~PRESENT & 0xffff_ffff_ffff_ffffn);
  assert.ok(machine.core['loadPageDirectoryPointers'](0x1000n), 'a pointer that is not present may hold anything');
});
