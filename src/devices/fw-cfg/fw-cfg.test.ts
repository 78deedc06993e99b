import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { guestPhysical } from '../../base/address.ts';
import { BenchBoard } from '../board/bench-board.ts';
import { bootFailWaitFile, bootOrderFile, memoryMapFile, systemStatesFile } from './firmware-files.ts';
import { createFwCfg, FW_CFG_ITEM } from './fw-cfg.ts';
import type { FwCfg } from './fw-cfg.ts';

let board: BenchBoard;
let device: FwCfg;
const files = new Map([
  ['opt/org.example/note', new TextEncoder().encode('hello')],
  ['bootorder', bootOrderFile(['/pci@i0cf8/scsi@4/disk@0,0', 'HALT'])],
  ['etc/large', Uint8Array.from({ length: 70_000 }, (_, n) => n % 251)],
]);
const select = (selector: number): void => board.ports.write(0x510, 2, selector);
const take = (count: number): number[] => Array.from({ length: count }, () => board.in8(0x511));
const text = (bytes: Iterable<number>): string => String.fromCharCode(...bytes);

/** Runs a DMA command as a guest on a little-endian processor writes it, and returns what its control word is afterwards. */
const dma = (control: number, length: number, address: number, at = 0x8000): number => {
  const command = new DataView(new ArrayBuffer(16));
  command.setUint32(0, control);
  command.setUint32(4, length);
  command.setBigUint64(8, BigInt(address));
  board.memory.writeBytes(guestPhysical(at), new Uint8Array(command.buffer));
  const address32 = new DataView(new ArrayBuffer(4));
  address32.setUint32(0, at);
  board.ports.write(0x514, 4, 0);
  board.ports.write(0x518, 4, address32.getUint32(0, true));
  return new DataView(board.memory.readBytes(guestPhysical(at), 4).buffer).getUint32(0);
};

/** Reads the directory as firmware does. */
const directory = (): Map<string, { size: number; selector: number }> => {
  select(FW_CFG_ITEM.fileDirectory);
  const number = (count: number): number => take(count).reduce((value, byte) => value * 256 + byte, 0);
  const found = new Map<string, { size: number; selector: number }>();
  for (let left = number(4); left > 0; left -= 1) {
    const [size, selector] = [number(4), number(2)];
    take(2);
    found.set(text(take(56)).replace(/\0+$/, ''), { size, selector });
  }
  return found;
};

beforeEach(() => {
  board = new BenchBoard();
  device = createFwCfg(board, { memoryBytes: 5 * 2 ** 30, processors: 2, maximumProcessors: 8, bootMenu: true, files });
});

describe('the ports', () => {
  test('a signature and the features', () => {
    select(0);
    assert.equal(text(take(6)), 'QEMU\0\0');
    select(1);
    assert.deepEqual(take(4), [3, 0, 0, 0]);
    assert.equal(board.in8(0x510), 0);
  });

  test('numbers are little-endian', () => {
    select(FW_CFG_ITEM.memorySize);
    assert.deepEqual(take(8), [0, 0, 0, 0x40, 1, 0, 0, 0]);
    for (const [item, value] of [
      ['processors', 2],
      ['maximumProcessors', 8],
      ['bootMenu', 1],
      ['noGraphics', 0],
    ] as const) {
      select(FW_CFG_ITEM[item] | 0x4000);
      assert.deepEqual(take(3), [value, 0, 0], item);
    }
  });

  test('a file is found by its name in the directory', () => {
    const found = directory();
    assert.deepEqual([...found.keys()], ['bootorder', 'etc/large', 'opt/org.example/note']);
    const { size, selector } = found.get('opt/org.example/note')!;
    select(selector);
    assert.equal(text(take(size + 1)), 'hello\0');
  });

  test('names that do not fit are refused', () => {
    for (const name of ['', 'x'.repeat(56), 'a b', 'ä']) {
      assert.throws(
        () =>
          createFwCfg(new BenchBoard(), { memoryBytes: 1, processors: 1, files: new Map([[name, new Uint8Array(1)]]) }),
        { name: 'UserError' },
      );
    }
  });
});

describe('DMA', () => {
  test('tells that it is there', () => {
    assert.deepEqual([board.ports.read(0x514, 4), board.ports.read(0x518, 4)], [0x554d4551, 0x47464320]);
  });

  test('selects, skips and reads in one command each', () => {
    const { selector } = directory().get('etc/large')!;
    assert.equal(dma((selector << 16) | 0x08, 0, 0), 0);
    assert.equal(dma(0x04, 1000, 0), 0);
    assert.equal(dma(0x02, 69_010, 0x10000), 0);
    const read = board.memory.readBytes(guestPhysical(0x10000), 69_010);
    assert.deepEqual(read.subarray(0, 69_000), files.get('etc/large')!.subarray(1000));
    assert.deepEqual(
      [...read.subarray(69_000)],
      Array.from({ length: 10 }, () => 0),
    );
    assert.equal(dma((1 << 16) | 0x0a, 4, 0x9000), 0);
    assert.equal(board.memory.read32(guestPhysical(0x9000)), 3);
  });

  test('writes, and reads far beyond an item, are errors', () => {
    assert.equal(dma(0x18, 4, 0x9000), 1);
    assert.equal(dma(0x0a, 0xffff_ffff, 0), 1);
    assert.equal(dma(0x0a, 4, 2 ** 53), 1);
  });
});

test('the contents of well-known files', () => {
  assert.deepEqual(
    [...memoryMapFile([{ address: 2 ** 32, length: 4096, usable: true }])],
    [0, 0, 0, 0, 1, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0],
  );
  assert.equal(text(bootOrderFile(['/a', '/b'])), '/a\n/b\0');
  assert.deepEqual(
    [[...bootFailWaitFile(1000)], [...bootFailWaitFile(undefined)]],
    [
      [0xe8, 3, 0, 0],
      [255, 255, 255, 255],
    ],
  );
  assert.deepEqual([systemStatesFile().length, systemStatesFile()[3]], [6, 0]);
});

test('a restored device goes on in the middle of an item', () => {
  select(0);
  take(2);
  const saved = JSON.parse(JSON.stringify(device.save()));
  device.reset();
  select(1);
  device.restore(saved);
  assert.equal(text(take(2)), 'MU');
  device.dispose();
  assert.equal(board.in8(0x511), 0xff);
});

test('whatever is written, nothing throws', () => {
  let seed = 3;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  for (let step = 0; step < 20_000; step += 1) {
    const port = 0x510 + random(12);
    const size = [1, 2, 4][random(3)] as 1 | 2 | 4;
    board.ports.write(port, size, random(2 ** 32));
    board.ports.read(port, size);
    if (step % 50 === 0) dma(random(2 ** 32), random(2 ** random(33)), random(2 ** 53), random(1 << 20));
  }
});
