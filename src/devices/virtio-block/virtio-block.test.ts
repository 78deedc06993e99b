import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { BlockBackend } from '../../base/block-backend.ts';
import { benchDevice } from '../virtio/bench-device.ts';
import type { BenchDevice } from '../virtio/bench-device.ts';
import type { BenchDriverOptions } from '../virtio/bench-driver.ts';
import { VirtioBlock } from './virtio-block.ts';

const SECTORS = 64;

/** A disk in memory that notes what it is asked, and fails at will. */
class MemoryDisk implements BlockBackend {
  readonly bytes = Uint8Array.from({ length: SECTORS * 512 }, (_, index) => (index * 7) ^ (index >> 9));
  readonly size = SECTORS * 512;
  readonly calls: string[] = [];
  isReadOnly = false;
  fails = false;
  gate: Promise<void> | undefined;

  async read(offset: number, into: Uint8Array): Promise<void> {
    await this.#note(`read ${offset} ${into.length}`);
    into.set(this.bytes.subarray(offset, offset + into.length));
  }

  async write(offset: number, from: Uint8Array): Promise<void> {
    await this.#note(`write ${offset} ${from.length}`);
    this.bytes.set(from, offset);
  }

  async writeZeroes(offset: number, length: number, mayUnmap: boolean): Promise<void> {
    await this.#note(`zero ${offset} ${length} ${mayUnmap}`);
    this.bytes.fill(0, offset, offset + length);
  }

  discard = (offset: number, length: number): Promise<void> => this.#note(`discard ${offset} ${length}`);
  flush = (): Promise<void> => this.#note('flush');
  close = (): Promise<void> => this.#note('close');

  async #note(call: string): Promise<void> {
    await this.gate;
    this.calls.push(call);
    if (this.fails) throw new Error('the disk fails');
  }
}

function setUp(options: BenchDriverOptions = {}, isReadOnly = false): BenchDevice & { readonly disk: MemoryDisk } {
  const disk = new MemoryDisk();
  disk.isReadOnly = isReadOnly;
  return { disk, ...benchDevice(new VirtioBlock('disk0', disk), options) };
}

const header = (type: number, sector: number | bigint, data: Uint8Array = new Uint8Array(0)): Uint8Array => {
  const bytes = new Uint8Array(16 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, true);
  view.setBigUint64(8, BigInt(sector), true);
  bytes.set(data, 16);
  return bytes;
};

const range = (sector: number, sectors: number, flags = 0): Uint8Array => {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(sector), true);
  view.setUint32(8, sectors, true);
  view.setUint32(12, flags, true);
  return bytes;
};

const READ = 0;
const WRITE = 1;
const FLUSH = 4;
const IDENTITY = 8;
const DISCARD = 11;
const WRITE_ZEROES = 13;

const rings: readonly BenchDriverOptions[] = [
  {},
  { indirect: true },
  { eventIndex: true, msiX: true },
  { packed: true },
  { packed: true, indirect: true, msiX: true },
  { packed: true, eventIndex: true },
];

for (const ring of rings) {
  test(`reads and writes by a ring with ${Object.keys(ring).join(', ') || 'nothing more'}`, async () => {
    const { board, disk, driver } = setUp(ring);
    // More often than the ring has entries, so that it wraps.
    for (let turn = 0; turn < 40; turn += 1) {
      const sector = (turn * 5) % 60;
      const read = await driver.request(header(READ, sector), 512, 1024, 1);
      assert.equal(read.length, 1537);
      assert.deepEqual(read.written[0], disk.bytes.slice(sector * 512, sector * 512 + 512));
      assert.deepEqual(read.written[1], disk.bytes.slice(sector * 512 + 512, sector * 512 + 1536));
      assert.deepEqual(read.written[2], Uint8Array.of(0));
      const data = new Uint8Array(512).fill(turn + 1);
      const write = await driver.request(header(WRITE, sector), data, 1);
      assert.deepEqual(write.written, [Uint8Array.of(0)]);
      assert.deepEqual(disk.bytes.slice(sector * 512, sector * 512 + 512), data);
    }
    if (ring.msiX === true) {
      assert.equal(board.messages.length, 80);
      assert.deepEqual(new Set(board.messages), new Set(['fee00000:41']));
      assert.deepEqual(board.lineChanges, []);
    } else {
      // Slot 4, pin A.
      assert.deepEqual(board.lineChanges, ['16+']);
      assert.deepEqual([driver.interruptStatus(), driver.interruptStatus()], [1, 0]);
      assert.deepEqual(board.lineChanges, ['16+', '16-']);
    }
  });
}

describe('what else a disk does', () => {
  test('its configuration tells its size', () => {
    const { driver } = setUp();
    assert.deepEqual([driver.own(0, 4), driver.own(4, 4), driver.own(20, 4)], [SECTORS, 0, 512]);
  });

  test('flush, identity, discard and write zeroes', async () => {
    const { disk, driver } = setUp();
    assert.deepEqual((await driver.request(header(FLUSH, 0), 1)).written, [Uint8Array.of(0)]);
    const { written } = await driver.request(header(IDENTITY, 0), 20, 1);
    assert.deepEqual(String.fromCharCode(...(written[0] as Uint8Array)).replaceAll('\0', ''), 'disk0');
    await driver.request(header(DISCARD, 0, range(3, 2)), 1);
    await driver.request(header(WRITE_ZEROES, 0, Uint8Array.of(...range(5, 1), ...range(9, 2, 1))), 1);
    assert.deepEqual(disk.calls, ['flush', 'discard 1536 1024', 'zero 2560 512 false', 'zero 4608 1024 true']);
  });

  test('a read-only disk says so, and is not written', async () => {
    const { disk, driver } = setUp({}, true);
    assert.equal(driver.offeredFeatures() & (1n << 5n), 1n << 5n);
    for (const request of [
      header(WRITE, 0, new Uint8Array(512)),
      header(DISCARD, 0, range(0, 1)),
      header(WRITE_ZEROES, 0, range(0, 1)),
    ]) {
      assert.deepEqual((await driver.request(request, 1)).written, [Uint8Array.of(1)]);
    }
    assert.deepEqual(disk.calls, []);
  });

  test('what fails in the backend is an I/O error', async () => {
    const { disk, driver } = setUp();
    disk.fails = true;
    for (const request of [header(READ, 0), header(FLUSH, 0)]) {
      const { written } = await driver.request(request, 512, 1);
      assert.equal(written[1]?.[0], 1);
    }
  });

  test('what lies beyond the end, or is not of whole sectors, is an I/O error, and unknown requests are not supported', async () => {
    const { disk, driver } = setUp();
    const status = async (request: Uint8Array, ...room: number[]): Promise<number | undefined> =>
      (await driver.request(request, ...room, 1)).written.at(-1)?.[0];
    assert.equal(await status(header(READ, SECTORS), 512), 1);
    assert.equal(await status(header(READ, SECTORS - 1), 1024), 1);
    assert.equal(await status(header(READ, 2n ** 63n), 512), 1);
    assert.equal(await status(header(READ, 1), 100), 1);
    assert.equal(await status(header(WRITE, 0, new Uint8Array(511))), 1);
    assert.equal(await status(header(DISCARD, 0, range(60, 8))), 1);
    assert.equal(await status(header(DISCARD, 0, range(0, 1).subarray(0, 9))), 1);
    assert.equal(await status(header(DISCARD, 0, range(0, 1, 1))), 2);
    assert.equal(await status(header(WRITE_ZEROES, 0, range(0, 1, 2))), 2);
    assert.equal(await status(header(99, 0)), 2);
    assert.equal(await status(new Uint8Array(5)), 1);
    assert.deepEqual(disk.calls, []);
  });
});

test('after a reset, a request under way writes nothing to the guest any more', async () => {
  const { board, disk, driver } = setUp();
  let open = (): void => {};
  disk.gate = new Promise((resolve) => (open = resolve));
  const look = driver.submit(header(READ, 0), 512, 1);
  driver.setCommon(0x14, 1, 0);
  const before = board.memory.readBytes(0 as never, 1 << 20);
  open();
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
  assert.deepEqual(disk.calls, ['read 0 512']);
  assert.equal(look(), undefined);
  assert.ok(Buffer.from(before).equals(board.memory.readBytes(0 as never, 1 << 20)));
});

test('a restored disk goes on where the saved one was', async () => {
  for (const ring of rings) {
    const { board, disk, driver, device } = setUp(ring);
    for (let turn = 0; turn < 5; turn += 1) await driver.request(header(READ, turn), 512, 1);
    const saved = JSON.parse(JSON.stringify(device.save()));
    device.reset();
    assert.equal(driver.configuration(0x04, 2) & 7, 0);
    device.restore(saved);
    assert.equal(driver.status(), 0x0f);
    const { written } = await driver.request(header(READ, 9), 512, 1);
    assert.deepEqual(written[0], disk.bytes.slice(9 * 512, 10 * 512));
    assert.ok(board.messages.length + board.lineChanges.length > 0);
  }
});
