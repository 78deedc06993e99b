import assert from 'node:assert/strict';
import { test } from 'node:test';
import { guestPhysical } from '../../src/base/address.ts';
import { UserError } from '../../src/base/errors.ts';
import { GIB, MIB } from '../../src/base/units.ts';
import { DYNAMIC, FRAME_END, FRAME_NEXT } from '../../src/core/layout.ts';
import { layOutMachine } from '../../src/memory/machine-layout.ts';
import { framesOf, p2mEntriesOf, pcMemoryAreas } from '../../src/memory/physical-map.ts';
import { GuestMachine } from './guest-machine.ts';

test('the memory of a PC has its holes', () => {
  assert.deepEqual(pcMemoryAreas(2 * MIB + 100), [
    { address: 0, length: 0xa0000, rom: false },
    { address: 0xc0000, length: 0x140000, rom: false },
  ]);
  const large = pcMemoryAreas(3.5 * GIB);
  assert.deepEqual(large.at(-1), { address: 4 * GIB, length: 0.5 * GIB, rom: false });
  assert.equal(p2mEntriesOf(large), (4.5 * GIB) / 4096);
  assert.equal(framesOf(large), (3.5 * GIB - 0x20000) / 4096);
  assert.throws(() => pcMemoryAreas(1000), UserError);
  assert.throws(() => pcMemoryAreas(Number.NaN), UserError);
});

test('machine memory holds its tables, in order, and a frame for each of the guest', () => {
  for (const frames of [1, 256, 131072, 900000]) {
    const layout = layOutMachine(frames, frames + 1000);
    const count = layout.end / 4096;
    assert.ok(layout.end % 65536 === 0);
    assert.equal(layout.frameFlags, DYNAMIC);
    assert.ok(layout.codeMaps - layout.frameFlags >= count);
    assert.ok(layout.frameBlocks - layout.codeMaps >= count * 8);
    assert.ok(layout.writeLines - layout.frameBlocks >= count * 4);
    assert.ok(layout.p2m - layout.writeLines >= count * 4);
    assert.ok(layout.frames - layout.p2m >= (frames + 1000) * 4);
    assert.ok(layout.end - layout.frames >= (frames + 2) * 4096);
    assert.ok(layout.end - layout.frames < (frames + 2) * 4096 + 131072, 'and little more');
  }
  assert.throws(() => layOutMachine((4 * GIB) / 4096, 1), /at most 3900 MiB with --memory/);
  assert.ok(layOutMachine((3900 * MIB) / 4096, 1).end <= 4 * GIB, 'as it says');
});

test('a guest costs what it touches', () => {
  const before = process.memoryUsage().rss;
  const machine = new GuestMachine(pcMemoryAreas(512 * MIB));
  const idle = process.memoryUsage().rss - before;
  assert.ok(idle < 16 * MIB, `an untouched guest of 512 MiB costs ${idle} bytes`);
  const used = machine.cell.framesUsed;
  const page = new Uint8Array(4096).fill(1);
  for (let i = 0; i < 25600; i += 1) machine.cell.guestMemory.writeBytes(guestPhysical(0x1000000 + i * 8192), page);
  const cost = process.memoryUsage().rss - before;
  assert.ok(cost < 130 * MIB, `100 MiB written in a guest of 512 MiB cost ${cost} bytes`);
  assert.equal(machine.cell.framesUsed, used + 25600);
  machine.enter({ kind: 'real' });
  for (let i = 0; i < 25600; i += 1) machine.load(BigInt(0x1001000 + i * 8192));
  assert.ok(process.memoryUsage().rss - before < 135 * MIB, 'reading what was never written costs next to nothing');
});

test('guest memory reads and writes across pages and areas, and nothing beyond', () => {
  const machine = new GuestMachine(pcMemoryAreas(2 * MIB));
  const memory = machine.cell.guestMemory;
  const bytes = Uint8Array.from({ length: 10000 }, (_, i) => i);
  memory.writeBytes(guestPhysical(0x1ff), bytes);
  assert.deepEqual(memory.readBytes(guestPhysical(0x1ff), 10000), bytes);
  memory.writeBytes(guestPhysical(0x9fffe), Uint8Array.of(1, 2, 3, 4));
  assert.deepEqual([...memory.readBytes(guestPhysical(0x9fffe), 4)], [1, 2, 0xff, 0xff], 'video memory is no memory');
  memory.write32(guestPhysical(0x1ffe), 0x44332211);
  assert.equal(memory.read32(guestPhysical(0x1ffe)), 0x44332211);
  assert.equal(memory.read16(guestPhysical(0x1fff)), 0x3322);
  memory.write64(guestPhysical(0x1ffc), 0x1122_3344_5566_7788n);
  assert.equal(memory.read64(guestPhysical(0x1ffc)), 0x1122_3344_5566_7788n);
  memory.write16(guestPhysical(0x1fff), 0xabcd);
  assert.equal(memory.read8(guestPhysical(0x2000)), 0xab);
  assert.equal(memory.read32(guestPhysical(0x1ffffe)), 0xffff0000, 'the last bytes of memory');
});

test('guest memory takes any address without throwing, and touches nothing for it', () => {
  const machine = new GuestMachine(pcMemoryAreas(2 * MIB));
  const memory = machine.cell.guestMemory;
  const next = machine.view.getUint32(FRAME_NEXT, true);
  for (const address of [
    0x200000,
    0xfee00000,
    2 ** 32,
    2 ** 40,
    2 ** 44,
    2 ** 52,
    2 ** 64,
    -1,
    -4096,
    0.5,
    Number.NaN,
    Infinity,
  ]) {
    const at = guestPhysical(address);
    memory.writeBytes(at, Uint8Array.of(1, 2, 3));
    memory.write8(at, 1);
    memory.write64(at, 1n);
    assert.equal(memory.read8(at), 0xff, String(address));
    assert.equal(memory.read64(at), 0xffff_ffff_ffff_ffffn, String(address));
    assert.deepEqual([...memory.readBytes(at, 3)], [0xff, 0xff, 0xff], String(address));
  }
  assert.equal(machine.view.getUint32(FRAME_NEXT, true), next);
  assert.deepEqual(machine.mmio, []);
});

test('a cell never runs out of frames for its own guest', () => {
  const machine = new GuestMachine(pcMemoryAreas(2 * MIB));
  for (let address = 0; address < 2 * MIB; address += 4096) machine.cell.guestMemory.write8(guestPhysical(address), 1);
  assert.ok(machine.view.getUint32(FRAME_NEXT, true) <= machine.view.getUint32(FRAME_END, true));
  const frame = machine.core['allocateFrame']() >>> 0;
  new Uint8Array(machine.view.buffer, frame, 4096).fill(7);
  machine.core['freeFrame'](frame);
  assert.equal(machine.core['allocateFrame']() >>> 0, frame);
  assert.ok(
    new Uint8Array(machine.view.buffer, frame, 4096).every((byte) => byte === 0),
    'a frame used again is clean',
  );
  assert.throws(() => {
    for (let i = 0; i < 100; i += 1) machine.core['allocateFrame']();
  }, /has used all of its \d+ frames/);
});
