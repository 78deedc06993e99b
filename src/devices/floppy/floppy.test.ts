import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { guestPhysical } from '../../base/address.ts';
import type { BlockBackend } from '../../base/block-backend.ts';
import { BenchBoard } from '../board/bench-board.ts';
import { createI8237 } from '../i8237/i8237.ts';
import type { I8237 } from '../i8237/i8237.ts';
import { createFloppy, FLOPPY_DMA_CHANNEL } from './floppy.ts';
import type { Floppy } from './floppy.ts';

const KIB = 1024;
const BUFFER = 0x1_0000;

class MemoryDisk implements BlockBackend {
  readonly bytes: Uint8Array;
  readonly isReadOnly: boolean;
  fails = false;

  constructor(size: number, isReadOnly = false) {
    // Every sector begins with its number.
    this.bytes = new Uint8Array(size);
    const view = new DataView(this.bytes.buffer);
    for (let sector = 0; sector < size / 512; sector += 1) view.setUint32(sector * 512, sector, true);
    this.isReadOnly = isReadOnly;
  }

  get size(): number {
    return this.bytes.length;
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    if (this.fails) throw new Error('The disk is broken.');
    into.set(this.bytes.subarray(offset, offset + into.length));
  }

  async write(offset: number, from: Uint8Array): Promise<void> {
    if (this.fails) throw new Error('The disk is broken.');
    this.bytes.set(from, offset);
  }

  async writeZeroes(): Promise<void> {}
  async discard(): Promise<void> {}
  async flush(): Promise<void> {}
  async close(): Promise<void> {}
}

let board: BenchBoard;
let dma: I8237;
let disk: MemoryDisk;
let floppy: Floppy;

const command = (...bytes: readonly number[]): void => {
  for (const byte of bytes) {
    assert.equal(board.in8(0x3f4) & 0xc0, 0x80, 'ready for a byte of a command');
    board.out8(0x3f5, byte);
  }
};
const results = (): number[] => {
  const found: number[] = [];
  while ((board.in8(0x3f4) & 0xc0) === 0xc0) found.push(board.in8(0x3f5));
  return found;
};
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const prepareDma = (count: number, mode: number): void => {
  board.out8(0x0a, 0x06);
  board.out8(0x0c, 0);
  for (const byte of [BUFFER & 0xff, (BUFFER >> 8) & 0xff]) board.out8(0x04, byte);
  board.out8(0x81, BUFFER >> 16);
  for (const byte of [(count - 1) & 0xff, (count - 1) >> 8]) board.out8(0x05, byte);
  board.out8(0x0b, mode);
  board.out8(0x0a, 0x02);
};
const TO_MEMORY = 0x46;
const FROM_MEMORY = 0x4a;
const seek = (track: number): void => {
  command(0x0f, 0, track);
  board.advance(1e7);
  command(0x08);
  assert.deepEqual(results(), [0x20, track]);
};
/** The numbers that sectors in memory begin with. */
const sectorsInMemory = (count: number): number[] =>
  Array.from({ length: count }, (_, n) => board.memory.read32(guestPhysical(BUFFER + n * 512)));
const insert = (size: number, rate: number): void => {
  disk = new MemoryDisk(size);
  floppy.insert(0, disk);
  board.out8(0x3f7, rate);
};

beforeEach(() => {
  board = new BenchBoard();
  dma = createI8237(board);
  disk = new MemoryDisk(1440 * KIB);
  floppy = createFloppy(board, { dma: dma.channel(FLOPPY_DMA_CHANNEL), disks: [disk] });
  board.out8(0x08, 0);
  board.out8(0x3f2, 0x1c);
  board.out8(0x3f7, 0);
});

describe('without a disk being moved', () => {
  test('a reset interrupts, and tells of four drives', () => {
    board.out8(0x3f2, 0x18);
    assert.equal(board.in8(0x3f4), 0);
    board.out8(0x3f2, 0x1c);
    board.advance(1e6);
    assert.deepEqual(board.lineChanges, ['6+']);
    for (const drive of [0, 1, 2, 3]) {
      command(0x08);
      assert.deepEqual(results(), [0xc0 | drive, 0]);
    }
    assert.deepEqual(board.lineChanges, ['6+', '6-']);
    command(0x08);
    assert.deepEqual(results(), [0x80]);
  });

  test('an 82077AA tells what it is, and keeps what it was told', () => {
    command(0x10);
    assert.deepEqual(results(), [0x90]);
    command(0x03, 0xaf, 0x02);
    command(0x13, 0, 0x17, 0x20);
    command(0x94);
    assert.deepEqual(results(), [0x10]);
    board.out8(0x3f4, 0x80);
    board.advance(1e6);
    command(0x0e);
    assert.deepEqual(results(), [0, 0, 0, 0, 0xaf, 0x02, 0, 0x80, 0x17, 0x20]);
    command(0x1f);
    assert.deepEqual(results(), [0x80]);
  });

  test('seeks end with an interrupt, and clear the change line', () => {
    assert.equal(board.in8(0x3f7), 0x80);
    command(0x0f, 0, 5);
    assert.equal(board.in8(0x3f4) & 0x01, 1);
    board.advance(1e7);
    assert.deepEqual(board.lineChanges, ['6+']);
    command(0x08);
    assert.deepEqual([results(), board.in8(0x3f7)], [[0x20, 5], 0]);
    command(0x04, 0);
    assert.deepEqual(results(), [0x28]);
    command(0x07, 0);
    board.advance(1e7);
    command(0x08);
    assert.deepEqual(results(), [0x20, 0]);
    command(0x04, 4);
    assert.deepEqual(results(), [0x3c]);
    floppy.insert(0, disk);
    assert.equal(board.in8(0x3f7), 0x80);
  });

  test('sizes that no floppy disk has are refused', () => {
    assert.throws(() => floppy.insert(1, new MemoryDisk(1000 * KIB)), { name: 'UserError' });
    assert.equal(floppy.driveTypes, 0x44);
  });
});

describe('reading', () => {
  test('goes on from side to side up to the terminal count', async () => {
    seek(3);
    prepareDma(512 * 20, TO_MEMORY);
    board.lineChanges.length = 0;
    command(0xe6, 0x00, 3, 0, 17, 2, 18, 0x1b, 0xff);
    assert.equal(board.in8(0x3f4), 0x10);
    await settle();
    assert.deepEqual(board.lineChanges, ['6+']);
    assert.deepEqual(results(), [0, 0, 0, 4, 0, 1, 2]);
    assert.deepEqual(board.lineChanges, ['6+', '6-']);
    const first = 3 * 36 + 16;
    assert.deepEqual(
      sectorsInMemory(20),
      Array.from({ length: 20 }, (_, n) => first + n),
    );
  });

  test('beyond the end of a track is an error', async () => {
    prepareDma(1024, TO_MEMORY);
    command(0x66, 0x00, 0, 0, 18, 2, 18, 0x1b, 0xff);
    await settle();
    assert.deepEqual(results(), [0x40, 0x80, 0, 1, 0, 1, 2]);
  });

  test('every size has its geometry and its rate', async () => {
    for (const [size, rate, sectors, type] of [
      [2880, 3, 36, 5],
      [1200, 0, 15, 2],
      [720, 2, 9, 4],
      [360, 1, 9, 1],
    ] as const) {
      insert(size * KIB, rate);
      seek(1);
      prepareDma(512, TO_MEMORY);
      command(0xe6, 0x04, 1, 1, 2, 2, sectors, 0x1b, 0xff);
      await settle();
      assert.deepEqual([results()[0], sectorsInMemory(1)], [4, [sectors * 3 + 1]], `${size} KiB`);
      assert.equal(floppy.driveTypes >> 4, type);
      board.out8(0x3f7, rate === 3 ? 0 : 3);
      command(0x4a, 0);
      assert.deepEqual(results().slice(0, 2), [0x40, 0x01], 'nothing is found at another rate');
    }
  });

  test('what is not there is not found', async () => {
    prepareDma(512, TO_MEMORY);
    for (const [parameters, status] of [
      [
        [0x00, 0, 0, 19, 2],
        [0x40, 0x04, 0],
      ],
      [
        [0x00, 7, 0, 1, 2],
        [0x40, 0x04, 0x10],
      ],
      [
        [0x00, 0, 0, 1, 3],
        [0x40, 0x04, 0],
      ],
      [
        [0x00, 0, 1, 1, 2],
        [0x40, 0x04, 0],
      ],
      [
        [0x01, 0, 0, 1, 2],
        [0x41, 0x01, 0],
      ],
    ] as const) {
      command(0x46, ...parameters, 18, 0x1b, 0xff);
      await settle();
      assert.deepEqual(results().slice(0, 3), status);
    }
    disk.fails = true;
    command(0x46, 0, 0, 0, 1, 2, 18, 0x1b, 0xff);
    await settle();
    assert.deepEqual(results().slice(0, 3), [0x40, 0x20, 0x20]);
    disk.fails = false;
    board.out8(0x0a, 0x06);
    command(0x46, 0, 0, 0, 1, 2, 18, 0x1b, 0xff);
    await settle();
    assert.deepEqual(results().slice(0, 3), [0x40, 0x10, 0], 'an overrun, for DMA is masked');
  });

  test('an identification', () => {
    seek(9);
    command(0x4a, 0x04);
    assert.deepEqual(results(), [4, 0, 0, 9, 1, 1, 2]);
  });

  test('seeks by itself where that was configured', async () => {
    command(0x13, 0, 0x57, 0);
    prepareDma(512, TO_MEMORY);
    command(0x46, 0, 40, 0, 1, 2, 18, 0x1b, 0xff);
    await settle();
    assert.deepEqual([results()[0], sectorsInMemory(1)], [0, [40 * 36]]);
  });

  test('Verify moves nothing', async () => {
    command(0x56, 0x80, 0, 0, 1, 2, 18, 0x1b, 3);
    await settle();
    assert.deepEqual([results(), sectorsInMemory(1)], [[0, 0, 0, 0, 0, 4, 2], [0]]);
  });
});

describe('writing', () => {
  test('a part of a sector is filled up with zeroes', async () => {
    board.memory.writeBytes(guestPhysical(BUFFER), new Uint8Array(600).fill(0xab));
    prepareDma(600, FROM_MEMORY);
    command(0x45, 0, 0, 0, 3, 2, 18, 0x1b, 0xff);
    await settle();
    assert.deepEqual(results(), [0, 0, 0, 0, 0, 5, 2]);
    const written = disk.bytes.subarray(2 * 512, 4 * 512);
    assert.deepEqual([written[599], written[600], written[1023]], [0xab, 0, 0]);
  });

  test('what is write-protected stays as it is', async () => {
    floppy.insert(0, new MemoryDisk(1440 * KIB, true));
    prepareDma(512, FROM_MEMORY);
    command(0x45, 0, 0, 0, 1, 2, 18, 0x1b, 0xff);
    await settle();
    assert.deepEqual(results().slice(0, 3), [0x40, 0x02, 0]);
    command(0x04, 0);
    assert.equal(results()[0], 0x78);
  });

  test('a track is formatted', async () => {
    seek(2);
    board.memory.writeBytes(guestPhysical(BUFFER), Uint8Array.from([2, 1, 1, 2, 2, 1, 2, 2]));
    prepareDma(8, FROM_MEMORY);
    command(0x4d, 4, 2, 2, 0x6c, 0xf6);
    await settle();
    assert.equal(results()[0], 4);
    const at = (2 * 2 + 1) * 18 * 512;
    assert.deepEqual(disk.bytes.subarray(at, at + 1024), new Uint8Array(1024).fill(0xf6));
    assert.notEqual(disk.bytes[at + 1024], 0xf6);
  });
});

test('a transfer that was saved in the middle goes on, each sector once', async () => {
  board.memory.writeBytes(
    guestPhysical(BUFFER),
    Uint8Array.from({ length: 2048 }, (_, n) => (n >> 9) + 1),
  );
  prepareDma(2048, FROM_MEMORY);
  command(0x45, 0, 0, 0, 1, 2, 18, 0x1b, 0xff);
  const saved = JSON.parse(JSON.stringify([floppy.save(), dma.save()]));
  await settle();
  const other = new BenchBoard();
  other.memory.writeBytes(guestPhysical(BUFFER), board.memory.readBytes(guestPhysical(BUFFER), 2048));
  const otherDma = createI8237(other);
  const otherDisk = new MemoryDisk(1440 * KIB);
  const restored = createFloppy(other, { dma: otherDma.channel(FLOPPY_DMA_CHANNEL), disks: [otherDisk] });
  otherDma.restore(saved[1]);
  restored.restore(saved[0]);
  await settle();
  assert.deepEqual(otherDisk.bytes, disk.bytes);
  assert.deepEqual(
    [0, 512, 1024, 1536].map((at) => otherDisk.bytes[at]),
    [1, 2, 3, 4],
  );
  board = other;
  assert.deepEqual(results(), [0, 0, 0, 0, 0, 5, 2]);
});

test('a reset in the middle of a transfer ends it', async () => {
  prepareDma(512 * 18, TO_MEMORY);
  command(0x46, 0, 0, 0, 1, 2, 18, 0x1b, 0xff);
  board.out8(0x3f2, 0x18);
  board.out8(0x3f2, 0x1c);
  board.advance(1e6);
  await settle();
  assert.deepEqual([board.in8(0x3f4), results(), sectorsInMemory(2)[1]], [0x80, [], 0]);
});

test('whatever is written, nothing throws and nothing hangs', async () => {
  let seed = 31;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  for (let step = 0; step < 20_000; step += 1) {
    const port = 0x3f0 + random(8);
    if (port !== 0x3f6) board.out8(random(3) === 0 ? port : 0x3f5, random(2) === 0 ? random(0x20) : random(256));
    board.in8(port);
    if (random(10) === 0) board.out8(0x3f2, 0x1c | random(4));
    if (random(30) === 0) prepareDma(1 + random(5000), TO_MEMORY + random(2) * 4);
    board.advance(random(1e6));
    if (step % 50 === 0) await settle();
    if (step % 500 === 0) floppy.restore(JSON.parse(JSON.stringify(floppy.save())));
  }
});
