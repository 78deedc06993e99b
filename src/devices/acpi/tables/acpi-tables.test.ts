import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { buildAcpiTables } from './acpi-tables.ts';
import type { AcpiTables } from './acpi-tables.ts';
import { buffer, device, eisaId, integer, name, namePath, packageOf } from './aml.ts';

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');

describe('AML', () => {
  test('names', () => {
    assert.equal(hex(namePath('_HID')), '5f 48 49 44');
    assert.equal(hex(namePath('\\_SB.PCI0')), '5c 2e 5f 53 42 5f 50 43 49 30');
    assert.equal(hex(namePath('^^A.B.C')), '5e 5e 2f 03 41 5f 5f 5f 42 5f 5f 5f 43 5f 5f 5f');
    assert.equal(hex(namePath('\\')), '5c 00');
  });

  test('integers and identifiers', () => {
    assert.equal(
      [0, 1, 2, 0x100, 0x1_0000].map((value) => hex(integer(value))).join(', '),
      '00, 01, 0a 02, 0b 00 01, 0c 00 00 01 00',
    );
    assert.equal(hex(eisaId('PNP0A03')), '0c 41 d0 0a 03');
  });

  test('lengths of one to three bytes', () => {
    assert.equal(hex(packageOf([integer(5), integer(0)])), '12 05 02 0a 05 00');
    assert.equal(hex(name('_ADR', buffer(new Uint8Array(2)))), '08 5f 41 44 52 11 05 0a 02 00 00');
    assert.equal(hex(buffer(new Uint8Array(59)).subarray(0, 4)), '11 3e 0a 3b');
    assert.equal(hex(buffer(new Uint8Array(62)).subarray(0, 5)), '11 42 04 0a 3e');
    const long = device('LONG', [buffer(new Uint8Array(5000))]);
    assert.equal(
      long.length,
      2 + (((long[2] as number) & 15) | ((long[3] as number) << 4) | ((long[4] as number) << 12)),
    );
  });
});

/** Reads the tables as an operating system does: from the root pointer on, checking every checksum. */
const tablesOf = (tables: AcpiTables): Map<string, DataView> => {
  const memory = new DataView(tables.bytes.buffer);
  const at = (address: number, length: number): DataView =>
    new DataView(memory.buffer, address - tables.address, length);
  const sum = (view: DataView): number => {
    let total = 0;
    for (let offset = 0; offset < view.byteLength; offset += 1) total += view.getUint8(offset);
    return total & 0xff;
  };
  const table = (address: number): DataView => at(address, at(address, 8).getUint32(4, true));
  const signature = (view: DataView): string => String.fromCharCode(...[0, 1, 2, 3].map((n) => view.getUint8(n)));
  const pointer = at(tables.rootPointer, 36);
  assert.deepEqual([sum(at(tables.rootPointer, 20)), sum(pointer)], [0, 0]);
  const found = new Map<string, DataView>();
  const add = (address: number): void => {
    const view = table(address);
    if (signature(view) !== 'FACS') assert.equal(sum(view), 0, signature(view));
    found.set(signature(view), view);
  };
  add(pointer.getUint32(16, true));
  add(Number(pointer.getBigUint64(24, true)));
  const [rsdt, xsdt] = [found.get('RSDT')!, found.get('XSDT')!];
  for (let offset = 36; offset < xsdt.byteLength; offset += 8) {
    const address = Number(xsdt.getBigUint64(offset, true));
    assert.equal(rsdt.getUint32(36 + (offset - 36) / 2, true), address);
    add(address);
  }
  const fadt = found.get('FACP')!;
  assert.equal(fadt.getUint32(36, true), Number(fadt.getBigUint64(132, true)));
  assert.equal(fadt.getUint32(40, true), Number(fadt.getBigUint64(140, true)));
  add(fadt.getUint32(36, true));
  add(fadt.getUint32(40, true));
  return found;
};

test('every table is found, whole and where it may be', () => {
  const built = buildAcpiTables({ processors: 1, memoryTop: 512 << 20 });
  assert.deepEqual([built.address, built.rootPointer % 16], [0xe0000, 0]);
  assert.ok(built.address + built.bytes.length <= 0x100000);
  const tables = tablesOf(built);
  assert.deepEqual([...tables.keys()].sort(), ['APIC', 'DSDT', 'FACP', 'FACS', 'HPET', 'MCFG', 'RSDT', 'XSDT']);
  const fadt = tables.get('FACP')!;
  assert.equal(fadt.byteLength, 244);
  assert.deepEqual([fadt.getUint16(46, true), fadt.getUint32(56, true), fadt.getUint32(64, true)], [9, 0x600, 0x604]);
  assert.deepEqual([fadt.getUint32(76, true), fadt.getUint32(80, true)], [0x608, 0x620]);
  assert.deepEqual([Number(fadt.getBigUint64(120, true)), fadt.getUint8(128)], [0xcf9, 6]);
  assert.equal(tables.get('FACS')!.byteOffset % 64, 0);
});

test('the MCFG tells where the configuration space of bus 0 is', () => {
  const mcfg = tablesOf(buildAcpiTables({ processors: 1, memoryTop: 512 << 20 })).get('MCFG')!;
  assert.equal(mcfg.byteLength, 60);
  assert.equal(Number(mcfg.getBigUint64(44, true)), 0xe000_0000);
  assert.deepEqual([mcfg.getUint16(52, true), mcfg.getUint8(54), mcfg.getUint8(55)], [0, 0, 0]);
});

test('the MADT has an entry a processor and the overrides of the timer and the SCI', () => {
  const madt = tablesOf(buildAcpiTables({ processors: 3, memoryTop: 1 << 30 })).get('APIC')!;
  const entries: number[][] = [];
  for (let offset = 44; offset < madt.byteLength; offset += madt.getUint8(offset + 1)) {
    entries.push(Array.from({ length: madt.getUint8(offset + 1) }, (_, n) => madt.getUint8(offset + n)));
  }
  assert.deepEqual(
    entries.filter(([type]) => type === 0).map((entry) => [entry[2], entry[3], entry[4]]),
    [
      [0, 0, 1],
      [1, 1, 1],
      [2, 2, 1],
    ],
  );
  assert.deepEqual(
    entries.filter(([type]) => type === 2),
    [
      [2, 10, 0, 0, 2, 0, 0, 0, 0, 0],
      [2, 10, 0, 9, 9, 0, 0, 0, 13, 0],
    ],
  );
});

test('as many processors as there is room for, and an error beyond', () => {
  tablesOf(buildAcpiTables({ processors: 1024, memoryTop: 1 << 30, serialPorts: 4 }));
  assert.throws(() => buildAcpiTables({ processors: 4096, memoryTop: 1 << 30 }), RangeError);
});
