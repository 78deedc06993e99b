import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildAcpiTables } from '../acpi/tables/acpi-tables.ts';
import { acpiFiles } from './acpi-files.ts';

const OPTIONS = { processors: 3, memoryTop: 1 << 30, firmwareConfiguration: true };
const sum = (bytes: Uint8Array): number => bytes.reduce((total, byte) => total + byte, 0) & 0xff;

/** Does what firmware does with `etc/table-loader`, placing files from 0x1000000 on and what is for the low segment at 0xF5A00. */
const load = (files: ReadonlyMap<string, Uint8Array>): Map<string, { address: number; bytes: Uint8Array }> => {
  const script = files.get('etc/table-loader')!;
  const loaded = new Map<string, { address: number; bytes: Uint8Array }>();
  assert.equal(script.length % 128, 0);
  for (let at = 0; at < script.length; at += 128) {
    const view = new DataView(script.buffer, script.byteOffset + at, 128);
    const name = (offset: number): string => {
      const bytes = script.subarray(at + offset, at + offset + 56);
      return String.fromCharCode(...bytes.subarray(0, bytes.indexOf(0)));
    };
    const file = name(4);
    const command = view.getUint32(0, true);
    if (command === 1) {
      const [alignment, zone] = [view.getUint32(60, true), view.getUint8(64)];
      const address = zone === 2 ? 0xf5a00 : 0x100_0000;
      assert.equal(address % alignment, 0);
      loaded.set(file, { address, bytes: files.get(file)!.slice() });
      continue;
    }
    const { bytes } = loaded.get(file)!;
    const target = new DataView(bytes.buffer);
    if (command === 2) {
      const source = loaded.get(name(60))!;
      const [offset, size] = [view.getUint32(116, true), view.getUint8(120)];
      const value = size === 8 ? Number(target.getBigUint64(offset, true)) : target.getUint32(offset, true);
      assert.ok(value < source.bytes.length);
      if (size === 8) target.setBigUint64(offset, BigInt(value + source.address), true);
      else target.setUint32(offset, value + source.address, true);
    } else {
      assert.equal(command, 3);
      const [offset, start, length] = [60, 64, 68].map((field) => view.getUint32(field, true)) as [
        number,
        number,
        number,
      ];
      assert.equal(bytes[offset], 0);
      bytes[offset] = -sum(bytes.subarray(start, start + length)) & 0xff;
    }
  }
  return loaded;
};

test('firmware that follows the loader script gets the tables that the board itself would have placed', () => {
  const loaded = load(acpiFiles(OPTIONS));
  const { address, bytes } = loaded.get('etc/acpi/tables')!;
  const pointer = loaded.get('etc/acpi/rsdp')!.bytes;
  assert.deepEqual([sum(pointer), sum(pointer.subarray(0, 20))], [0, 0]);
  const fixed = buildAcpiTables(OPTIONS);
  const shift = address - (fixed.address + 64);
  const view = new DataView(bytes.buffer);
  const other = new DataView(fixed.bytes.buffer, 64);
  assert.equal(bytes.length, other.byteLength);
  const table = (at: number): Uint8Array => bytes.subarray(at, at + view.getUint32(at + 4, true));
  const rsdt = new DataView(pointer.buffer).getUint32(16, true) - address;
  const xsdt = Number(new DataView(pointer.buffer).getBigUint64(24, true)) - address;
  const different: number[] = [];
  for (let at = 0; at < bytes.length; at += 1) if (bytes[at] !== fixed.bytes[at + 64]) different.push(at);
  for (const root of [rsdt, xsdt]) assert.equal(sum(table(root)), 0);
  const fadt = view.getUint32(rsdt + 36, true) - address;
  assert.equal(sum(table(fadt)), 0);
  assert.equal(Number(view.getBigUint64(xsdt + 36, true)) - address, fadt);
  const pointers = [
    ...[0, 1, 2, 3].flatMap((n) => [rsdt + 36 + n * 4, xsdt + 36 + n * 8]),
    ...[36, 40, 132, 140].map((n) => fadt + n),
  ];
  for (const at of pointers) assert.equal(view.getUint32(at, true), other.getUint32(at, true) + shift);
  const isPointer = (at: number): boolean => pointers.some((from) => at >= from && at < from + 4);
  const isChecksum = (at: number): boolean => [rsdt, xsdt, fadt].some((start) => at === start + 9);
  assert.deepEqual(
    different.filter((at) => !isPointer(at) && !isChecksum(at)),
    [],
  );
});

test('the DSDT has the device only when the board has it', () => {
  const has = (firmwareConfiguration: boolean): boolean => {
    const { bytes } = buildAcpiTables({ ...OPTIONS, firmwareConfiguration });
    return Buffer.from(bytes).includes('QEMU0002');
  };
  assert.deepEqual([has(true), has(false)], [true, false]);
});
