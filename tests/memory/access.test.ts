import assert from 'node:assert/strict';
import { test } from 'node:test';
import { guestPhysical } from '../../src/base/address.ts';
import {
  BOUNCE,
  DR0,
  P2M,
  P2M_RAM,
  P2M_READ_ONLY,
  TLB_BASE,
  TLB_ENTRIES,
  TLB_ENTRY_SIZE,
  TLB_WRITE_TAG,
} from '../../src/core/layout.ts';
import { CR0_AM, DIRTY, FLAG_AC, GuestMachine, PRESENT, USER, WRITABLE } from './guest-machine.ts';

const LINEAR = 0x0000_7fff_0123_4000n;
/** A page that has the same entry of the TLB. */
const SAME_LINE = LINEAR + BigInt(TLB_ENTRIES) * 0x1000n;
const FIRST = 0x300000;
const SECOND = 0x500000;
const DEVICE = 0xfee00000;
const rights = PRESENT | WRITABLE | USER;

/** Two neighbouring pages in frames that are no neighbours, then two pages of a device. */
function ready(): GuestMachine {
  const machine = new GuestMachine();
  machine.map(LINEAR, BigInt(FIRST) | rights);
  machine.map(LINEAR + 0x1000n, BigInt(SECOND) | rights);
  machine.map(LINEAR + 0x2000n, BigInt(DEVICE) | rights);
  machine.enter({ kind: 'long' });
  return machine;
}

test('a load across pages gathers both parts', () => {
  const machine = ready();
  machine.cell.guestMemory.writeBytes(guestPhysical(FIRST + 0xffd), Uint8Array.of(1, 2, 3));
  machine.cell.guestMemory.writeBytes(guestPhysical(SECOND), Uint8Array.of(4, 5, 6, 7, 8));
  assert.equal(machine.load(LINEAR + 0xffdn, 8), BOUNCE);
  assert.equal(machine.view.getBigUint64(BOUNCE, true), 0x0807_0605_0403_0201n);
  assert.equal(machine.core['read64'](LINEAR + 0xffdn), 0x0807_0605_0403_0201n);
});

test('a store across pages goes to both, once it is committed', () => {
  const machine = ready();
  assert.equal(machine.store(LINEAR + 0xffen, 4), BOUNCE);
  machine.view.setUint32(BOUNCE, 0xddccbbaa, true);
  assert.equal(machine.get32(SECOND), 0);
  assert.equal(machine.core['storeCommit'](), 0);
  assert.equal(machine.get32(FIRST + 0xffc), 0xbbaa0000);
  assert.equal(machine.get32(SECOND), 0xddcc);
});

test('a store across pages checks both before either is written', () => {
  const machine = ready();
  machine.map(LINEAR + 0x1000n, BigInt(SECOND) | PRESENT | USER);
  machine.enter({ kind: 'long', cpl: 3 });
  assert.deepEqual(machine.store(LINEAR + 0xffen, 4), { vector: 14, code: 7, cr2: LINEAR + 0x1000n });
  assert.throws(() => machine.core['write32'](LINEAR + 0xffen, -1));
  assert.equal(machine.get32(FIRST + 0xffc), 0);
});

test('an update across pages brings the old bytes', () => {
  const machine = ready();
  machine.set32(FIRST + 0xffc, 0x22110000);
  machine.set32(SECOND, 0x4433);
  assert.equal(machine.core['updateMiss'](LINEAR + 0xffen, 4, 0), BOUNCE);
  assert.equal(machine.view.getUint32(BOUNCE, true), 0x44332211);
});

test('accesses wrap at 4 GiB outside 64-bit mode', () => {
  const machine = new GuestMachine();
  machine.enter({ kind: 'real' });
  machine.view.setUint32(machine.machineOf(0) || (machine.store(0n) as number), 0x44332211, true);
  assert.equal(machine.load(0xfffffffen, 4), BOUNCE);
  assert.equal(machine.view.getUint32(BOUNCE, true), 0x2211ffff);
  assert.deepEqual(machine.mmio, [{ address: 0xfffffffe, size: 2 }]);
});

test('an access at the end of the canonical range faults whole', () => {
  const machine = ready();
  assert.deepEqual(machine.load(0x0000_7fff_ffff_fffcn, 4), { vector: 14, code: 0, cr2: 0x0000_7fff_ffff_fffcn });
  assert.deepEqual(machine.load(0x0000_7fff_ffff_fffcn, 8), { vector: 13, code: 0, cr2: 0x0000_7fff_ffff_fffcn });
  assert.deepEqual(machine.store(0x0000_8000_0000_0000n, 0x108), { vector: 12, code: 0, cr2: 0x0000_7fff_ffff_fffcn });
});

test('devices see accesses of 1, 2 and 4 bytes; wider ones come as several, the low part first', () => {
  for (const [size, parts] of [
    [1, [1]],
    [2, [2]],
    [4, [4]],
    [8, [4, 4]],
    [10, [4, 4, 2]],
    [16, [4, 4, 4, 4]],
  ] as const) {
    const machine = ready();
    for (let i = 0; i < 16; i += 1) machine.deviceBytes.set(DEVICE + 0x20 + i, i + 1);
    assert.equal(machine.load(LINEAR + 0x2020n, size), BOUNCE);
    const seen = new Uint8Array(machine.view.buffer, BOUNCE, size);
    assert.deepEqual(
      [...seen],
      Array.from({ length: size }, (_, i) => i + 1),
    );
    assert.deepEqual(
      machine.mmio.map((access) => access.size),
      parts,
    );
    machine.mmio.length = 0;
    assert.equal(machine.store(LINEAR + 0x2020n, size), BOUNCE);
    assert.deepEqual(machine.mmio, [], 'nothing is written before the commit');
    seen.fill(0xa5);
    machine.core['storeCommit']();
    let offset = 0;
    const expected = parts.map((part) => {
      const address = DEVICE + 0x20 + offset;
      offset += part;
      return { address, size: part, value: Number(0xa5a5a5a5n & ((1n << BigInt(part * 8)) - 1n)) };
    });
    assert.deepEqual(machine.mmio, expected);
  }
});

test('an access can be half memory, half device', () => {
  const machine = ready();
  machine.set32(SECOND + 0xffc, 0x11000000);
  machine.deviceBytes
    .set(DEVICE, 0x22)
    .set(DEVICE + 1, 0x33)
    .set(DEVICE + 2, 0x44);
  assert.equal(machine.core['read32'](LINEAR + 0x1fffn), 0x44332211);
  assert.deepEqual(machine.mmio, [
    { address: DEVICE, size: 2 },
    { address: DEVICE + 2, size: 1 },
  ]);
});

test('what is neither memory nor within the p2m goes to the bus', () => {
  const machine = new GuestMachine();
  machine.map(LINEAR, 0xff_ffff_f000n | rights);
  machine.enter({ kind: 'long' });
  assert.equal(machine.core['read32'](LINEAR + 8n) >>> 0, 0xffffffff);
  assert.deepEqual(machine.mmio, [{ address: 0xff_ffff_f008, size: 4 }]);
});

test('ROM can be read, and stores to it vanish', () => {
  const machine = new GuestMachine([
    { address: 0, length: 0x800000, rom: false },
    { address: 0xfffff000, length: 0x1000, rom: true },
  ]);
  machine.cell.guestMemory.loadBytes(guestPhysical(0xfffff010), Uint8Array.of(1, 2, 3, 4));
  machine.cell.guestMemory.writeBytes(guestPhysical(0xfffff010), Uint8Array.of(9, 9, 9, 9));
  machine.map(LINEAR, 0xfffff000n | rights);
  machine.enter({ kind: 'long' });
  assert.equal(machine.core['read32'](LINEAR + 0x10n), 0x04030201);
  machine.core['write32'](LINEAR + 0x10n, -1);
  assert.equal(machine.core['read32'](LINEAR + 0x10n), 0x04030201);
  assert.equal(machine.core['updateMiss'](LINEAR + 0x10n, 4, 0), BOUNCE);
  assert.equal(machine.view.getUint32(BOUNCE, true), 0x04030201);
  assert.equal(machine.core['storeCommit'](), 0);
  assert.equal(machine.get32(0xfffff010), 0x04030201);
  assert.deepEqual(machine.mmio, []);
});

test('the first store to a shared frame copies it', () => {
  const machine = ready();
  machine.set64(FIRST, 0x1234n);
  const entry = machine.view.getUint32(P2M, true) + (FIRST >> 12) * 4;
  const shared = machine.machineOf(FIRST);
  machine.view.setUint32(entry, (shared | P2M_RAM | P2M_READ_ONLY) >>> 0, true);
  machine.core['flushAll']();
  assert.equal(machine.load(LINEAR), shared);
  machine.core['write64'](LINEAR + 8n, 0x5678n);
  assert.notEqual(machine.load(LINEAR), shared);
  assert.equal(machine.core['read64'](LINEAR), 0x1234n);
  assert.equal(machine.core['read64'](LINEAR + 8n), 0x5678n);
  assert.equal(machine.view.getBigUint64(shared + 8, true), 0n);
});

test('the inline probe finds a write tag only once the page is dirty', () => {
  const machine = ready();
  const tag = (): bigint => {
    const entry = machine.view.getUint32(TLB_BASE, true) + (Number(LINEAR >> 12n) % TLB_ENTRIES) * TLB_ENTRY_SIZE;
    return machine.view.getBigUint64(entry + TLB_WRITE_TAG, true);
  };
  machine.load(LINEAR);
  assert.notEqual(tag(), LINEAR);
  machine.store(LINEAR);
  assert.equal(tag(), LINEAR);
  machine.map(SAME_LINE, BigInt(FIRST) | rights | DIRTY);
  machine.load(SAME_LINE);
  assert.equal(tag(), SAME_LINE, 'a page that is dirty already may be written after a read');
});

test('#AC: misaligned accesses of user code with AM and AC set, not of supervisors', () => {
  const machine = ready();
  machine.enter({ kind: 'long', cpl: 3, cr0: CR0_AM, flags: FLAG_AC });
  for (const [offset, size] of [
    [1n, 2],
    [2n, 4],
    [4n, 8],
    [4n, 10],
  ] as const) {
    assert.deepEqual(machine.load(LINEAR + offset, size), { vector: 17, code: 0, cr2: 0n }, `${size} bytes`);
    assert.deepEqual(machine.store(LINEAR + offset, size), { vector: 17, code: 0, cr2: 0n }, `${size} bytes`);
  }
  for (const [offset, size] of [
    [1n, 1],
    [2n, 2],
    [4n, 4],
    [8n, 8],
    [8n, 10],
    [8n, 16],
  ] as const) {
    assert.equal(typeof machine.load(LINEAR + offset, size), 'number', `${size} bytes`);
  }
  assert.throws(() => machine.core['read32'](LINEAR + 2n), 'the TLB has no entry that would skip the check');
  assert.equal(machine.core['readSystem32'](LINEAR + 2n), 0, 'implicit accesses are not checked');
  machine.enter({ kind: 'long', cpl: 0, cr0: CR0_AM, flags: FLAG_AC });
  assert.equal(typeof machine.load(LINEAR + 1n, 4), 'number');
});

test('data breakpoints are noted for every access that overlaps them', () => {
  const machine = ready();
  const pending = 0xe00;
  const hits = (access: () => void): number => {
    machine.view.setUint32(pending, 0, true);
    access();
    return machine.view.getUint32(pending, true);
  };
  machine.view.setBigUint64(DR0, LINEAR + 0x100n, true);
  machine.view.setBigUint64(DR0 + 8, LINEAR + 0x200n, true);
  // Breakpoint 0: 4 bytes, writes. Breakpoint 1: 8 bytes, reads and writes.
  machine.view.setBigUint64(DR0 + 56, BigInt(0x400 | 1 | (2 << 2) | (0b1101 << 16) | (0b1011 << 20)), true);
  machine.enter({ kind: 'long' });
  assert.equal(
    hits(() => machine.core['write8'](LINEAR + 0x103n, 0)),
    1,
  );
  assert.equal(
    hits(() => machine.core['write8'](LINEAR + 0x104n, 0)),
    0,
  );
  assert.equal(
    hits(() => machine.core['read32'](LINEAR + 0x100n)),
    0,
    'a write breakpoint',
  );
  assert.equal(
    hits(() => machine.core['read32'](LINEAR + 0x1fdn)),
    2,
  );
  assert.equal(
    hits(() => machine.core['read32'](LINEAR + 0x1fcn)),
    0,
  );
  assert.equal(
    hits(() => machine.core['read8'](LINEAR + 0x207n)),
    2,
  );
});
