import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ACCESSED,
  CR0_WP,
  CR4_PGE,
  CR4_SMAP,
  CR4_SMEP,
  DIRTY,
  EFER_NXE,
  FLAG_AC,
  GuestMachine,
  NO_EXECUTE,
  PRESENT,
  USER,
  WRITABLE,
} from './guest-machine.ts';

const LINEAR = 0xffff_8000_0123_4000n;
const PHYSICAL = 0x300000;
const MAPPED = BigInt(PHYSICAL) | PRESENT;

const fault = (vector: number, code: number, cr2: bigint): object => ({ vector, code, cr2 });

test('a page maps to its frame, at the offset of the address', () => {
  const machine = new GuestMachine();
  machine.set64(PHYSICAL + 0x568, 0x1122_3344_5566_7788n);
  machine.map(LINEAR, MAPPED | WRITABLE);
  machine.enter({ kind: 'long' });
  const address = machine.load(LINEAR + 0x568n, 8);
  assert.equal(address, machine.machineOf(PHYSICAL + 0x568));
  assert.equal(machine.view.getBigUint64(address as number, true), 0x1122_3344_5566_7788n);
});

test('a missing entry at each level faults with P clear and CR2 at the byte', () => {
  for (let missing = 1; missing <= 4; missing += 1) {
    const machine = new GuestMachine();
    let table = machine.root;
    for (let level = 4; level > missing; level -= 1) {
      const next = machine.newTable();
      machine.set64(table + Number((LINEAR >> BigInt(3 + 9 * level)) & 511n) * 8, BigInt(next) | PRESENT | WRITABLE);
      table = next;
    }
    machine.enter({ kind: 'long' });
    assert.deepEqual(machine.load(LINEAR + 7n), fault(14, 0, LINEAR + 7n), `read, level ${missing}`);
    assert.deepEqual(machine.store(LINEAR + 7n), fault(14, 2, LINEAR + 7n), `write, level ${missing}`);
    machine.enter({ kind: 'long', cpl: 3 });
    assert.deepEqual(machine.store(LINEAR), fault(14, 6, LINEAR), `user write, level ${missing}`);
  }
});

test('rights combine over the levels', () => {
  const machine = new GuestMachine();
  machine.map(LINEAR, MAPPED | WRITABLE | USER, 12, PRESENT | WRITABLE);
  machine.enter({ kind: 'long', cpl: 3 });
  assert.deepEqual(machine.load(LINEAR), fault(14, 5, LINEAR), 'the levels above deny the user');
  const other = new GuestMachine();
  other.map(LINEAR, MAPPED | WRITABLE | USER, 12, PRESENT | USER);
  other.enter({ kind: 'long', cpl: 3 });
  assert.equal(typeof other.load(LINEAR), 'number');
  assert.deepEqual(other.store(LINEAR), fault(14, 7, LINEAR), 'the levels above deny writing');
});

test('CR0.WP decides whether supervisors write read-only pages', () => {
  const machine = new GuestMachine();
  const entry = machine.map(LINEAR, MAPPED);
  machine.enter({ kind: 'long', cr0: CR0_WP });
  assert.deepEqual(machine.store(LINEAR), fault(14, 3, LINEAR));
  assert.equal(machine.get64(entry) & (ACCESSED | DIRTY), 0n, 'a denied access sets neither A nor D');
  machine.enter({ kind: 'long' });
  assert.equal(machine.store(LINEAR), machine.machineOf(PHYSICAL));
  assert.equal(machine.get64(entry) & (ACCESSED | DIRTY), ACCESSED | DIRTY);
});

test('accessed bits are set on the way, the dirty bit only by writes', () => {
  const machine = new GuestMachine();
  const entry = machine.map(LINEAR, MAPPED | WRITABLE);
  machine.enter({ kind: 'long' });
  machine.load(LINEAR);
  assert.equal(machine.get64(entry) & (ACCESSED | DIRTY), ACCESSED);
  let table = machine.root;
  for (let level = 4; level > 1; level -= 1) {
    const above = machine.get64(table + Number((LINEAR >> BigInt(3 + 9 * level)) & 511n) * 8);
    assert.equal(above & (ACCESSED | DIRTY), ACCESSED, `level ${level}`);
    table = Number(above & 0xfffffff000n);
  }
  machine.store(LINEAR);
  assert.equal(machine.get64(entry) & DIRTY, DIRTY, 'the entry that was read from was no licence to write');
});

test('reserved bits fault with RSVD, NX is reserved while EFER.NXE is clear', () => {
  const cases: readonly (readonly [shift: number, bits: bigint])[] = [
    [12, 1n << 40n],
    [12, 1n << 51n],
    [12, NO_EXECUTE],
    [21, 1n << 13n],
    [21, 1n << 20n],
    [30, 1n << 29n],
    [30, 1n << 13n],
  ];
  for (const [shift, bits] of cases) {
    const machine = new GuestMachine();
    machine.map(LINEAR, PRESENT | WRITABLE | bits, shift);
    machine.enter({ kind: 'long' });
    assert.deepEqual(machine.load(LINEAR), fault(14, 9, LINEAR), `shift ${shift}, bits ${bits.toString(16)}`);
  }
  const machine = new GuestMachine();
  machine.map(LINEAR, MAPPED, 12, PRESENT | WRITABLE);
  machine.set64(machine.root + Number((LINEAR >> 39n) & 511n) * 8, BigInt(machine.newTable()) | PRESENT | 0x80n);
  machine.enter({ kind: 'long', efer: EFER_NXE });
  assert.deepEqual(machine.store(LINEAR), fault(14, 11, LINEAR), 'the page-size bit in a PML4 entry');
});

test('execution: NX, SMEP, and the fetch bit of the error code', () => {
  const machine = new GuestMachine();
  machine.map(LINEAR, MAPPED | NO_EXECUTE);
  machine.map(LINEAR + 0x1000n, MAPPED | USER);
  machine.enter({ kind: 'long', efer: EFER_NXE });
  assert.deepEqual(machine.fetch(LINEAR), fault(14, 0x11, LINEAR));
  assert.equal(typeof machine.load(LINEAR), 'number', 'NX pages can be read');
  assert.equal(machine.fetch(LINEAR + 0x1000n), machine.machineOf(PHYSICAL), 'without SMEP supervisors run user pages');
  machine.enter({ kind: 'long', cr4: CR4_SMEP });
  assert.deepEqual(machine.fetch(LINEAR + 0x1000n), fault(14, 0x11, LINEAR + 0x1000n));
  machine.enter({ kind: 'long' });
  assert.deepEqual(
    machine.fetch(LINEAR + 0x8000n),
    fault(14, 0, LINEAR + 0x8000n),
    'no fetch bit without NXE and SMEP',
  );
});

test('SMAP keeps supervisors from user pages unless AC is set; implicit accesses always', () => {
  const machine = new GuestMachine();
  machine.map(LINEAR, MAPPED | USER | WRITABLE);
  machine.enter({ kind: 'long', cr4: CR4_SMAP });
  assert.deepEqual(machine.load(LINEAR), fault(14, 1, LINEAR));
  assert.deepEqual(machine.store(LINEAR), fault(14, 3, LINEAR));
  assert.equal(typeof machine.fetch(LINEAR), 'number', "fetches are SMEP's business");
  machine.enter({ kind: 'long', cr4: CR4_SMAP, flags: FLAG_AC });
  assert.equal(machine.load(LINEAR), machine.machineOf(PHYSICAL));
  assert.throws(() => machine.core['readSystem32'](LINEAR));
  assert.deepEqual(machine.fetch(LINEAR + 0x1000n), fault(14, 0x0, LINEAR + 0x1000n));
  machine.enter({ kind: 'long', cpl: 3, cr4: CR4_SMAP });
  assert.equal(machine.load(LINEAR), machine.machineOf(PHYSICAL));
  machine.enter({ kind: 'long', cpl: 3 });
  assert.equal(machine.core['readSystem32'](LINEAR), 0, 'implicit accesses have supervisor rights at CPL 3');
});

test('2 MiB and 1 GiB pages translate every 4 KiB piece and get their own A and D', () => {
  for (const shift of [21, 30]) {
    const machine = new GuestMachine();
    const entry = machine.map(LINEAR, PRESENT | WRITABLE, shift);
    machine.enter({ kind: 'long', cr4: CR4_PGE });
    const offset = LINEAR & ((1n << BigInt(shift)) - 1n);
    assert.equal(machine.store(LINEAR + 5n), machine.machineOf(Number(offset) + 5), `2^${shift}`);
    assert.equal(machine.get64(entry) & (ACCESSED | DIRTY), ACCESSED | DIRTY);
  }
});

test('5-level paging walks one level more, with 57-bit canonical addresses', () => {
  const machine = new GuestMachine();
  const wide = 0x00ab_cdef_0123_4000n;
  machine.map(wide, MAPPED | WRITABLE, 12, PRESENT | WRITABLE, 5);
  machine.enter({ kind: 'la57' });
  assert.equal(machine.load(wide + 9n), machine.machineOf(PHYSICAL + 9));
  assert.deepEqual(machine.load(0x0100_0000_0000_0000n), { vector: 13, code: 0, cr2: 0n });
  machine.enter({ kind: 'long' });
  assert.deepEqual(machine.load(wide), { vector: 13, code: 0, cr2: 0n }, 'not canonical in 48 bits');
  assert.deepEqual(machine.load(wide, 0x104), { vector: 12, code: 0, cr2: 0n }, 'a stack access raises #SS');
});

test('page tables outside memory read as ones, and nothing outside the guest is touched', () => {
  for (const table of [0xf0000000n, 0xff_ffff_f000n, 0x20_0000_0000n]) {
    const machine = new GuestMachine();
    machine.set64(machine.root + Number((LINEAR >> 39n) & 511n) * 8, table | PRESENT | WRITABLE);
    machine.enter({ kind: 'long' });
    assert.deepEqual(machine.store(LINEAR), fault(14, 11, LINEAR), `table at ${table.toString(16)}`);
    machine.root = Number(table);
    machine.enter({ kind: 'long' });
    assert.deepEqual(machine.load(LINEAR), fault(14, 9, LINEAR), `root at ${table.toString(16)}`);
    assert.deepEqual(machine.mmio, [], 'a walk is no access to devices');
  }
});
