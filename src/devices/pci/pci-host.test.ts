import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { A20Gate } from '../a20-gate/a20-gate.ts';
import { BenchBoard } from '../board/bench-board.ts';
import { createResetControl } from '../reset-control/reset-control.ts';
import type { ResetControl } from '../reset-control/reset-control.ts';
import { ConfigurationSpace } from './configuration-space.ts';
import { createPciHost } from './pci-host.ts';
import type { PciHost } from './pci-host.ts';

let board: BenchBoard;
let resetControl: ResetControl;
let pci: PciHost;
let a20: boolean[];

beforeEach(() => {
  board = new BenchBoard();
  a20 = [];
  resetControl = createResetControl(board, new A20Gate((open) => a20.push(open)));
  pci = createPciHost(board, { resetControl });
});

const select = (device: number, register: number, bus = 0): void =>
  board.ports.write(0xcf8, 4, 0x8000_0000 + (bus << 16) + (device << 11) + register);
const data = (size: 1 | 2 | 4, offset = 0): number => board.ports.read(0xcfc + offset, size);

describe('configuration mechanism #1', () => {
  test('CONFIG_ADDRESS keeps its bits, and byte writes pass it by', () => {
    board.out8(0xcfb, 1);
    board.ports.write(0xcf8, 4, 0x8000_0000);
    assert.equal(board.ports.read(0xcf8, 4), 0x8000_0000);
    board.ports.write(0xcf8, 4, 0xffff_ffff);
    assert.equal(board.ports.read(0xcf8, 4), 0x80ff_fffc);
  });

  test('a kernel finds the host bridge and nothing else', () => {
    select(0, 8);
    assert.equal(data(2, 2), 0x0600);
    const found: number[] = [];
    for (let device = 0; device < 32; device += 1) {
      select(device, 0);
      if (data(4) !== 0xffff_ffff) found.push(device);
    }
    assert.deepEqual(found, [0]);
    select(0, 0, 1);
    assert.equal(data(4), 0xffff_ffff);
    board.ports.write(0xcf8, 4, 0);
    assert.equal(data(4), 0xffff_ffff);
  });

  test('an added function answers, and its base address register tells its size', () => {
    const network = new ConfigurationSpace({ vendor: 0x1af4, device: 0x1000, classCode: 0x02_0000, revision: 1 });
    network.set(0x10, 4, 1);
    network.allowWrites(0x10, 4, 0xffff_ffe0);
    const place = pci.add(3, 0, network);
    assert.throws(() => pci.add(3, 0, network), { name: 'CompositionError' });
    assert.throws(() => pci.add(0, 0, network), { name: 'CompositionError' });
    select(3, 0);
    assert.deepEqual([data(2), data(2, 2), data(1, 1)], [0x1af4, 0x1000, 0x1a]);
    select(3, 0x10);
    board.ports.write(0xcfc, 4, 0xffff_ffff);
    assert.equal(data(4), 0xffff_ffe1);
    board.ports.write(0xcfd, 1, 0xc0);
    assert.equal(data(4), 0xffff_c0e1);
    place.dispose();
    assert.equal(data(4), 0xffff_ffff);
  });
});

describe('reset control', () => {
  test('port 0xCF9 resets when bit 2 rises', () => {
    board.out8(0xcf9, 0x02);
    assert.equal(board.in8(0xcf9), 0x02);
    assert.deepEqual(board.powerRequests, []);
    board.out8(0xcf9, 0x06);
    assert.deepEqual(board.powerRequests, ['reset']);
  });

  test('port 0x92 resets when bit 0 rises', () => {
    board.out8(0x92, 0x02);
    assert.deepEqual([board.in8(0x92), board.powerRequests.length], [0x02, 0]);
    board.out8(0x92, 0x03);
    board.out8(0x92, 0x03);
    assert.deepEqual(board.powerRequests, ['reset']);
  });

  test('A20 is open while one of its sources opens it', () => {
    const gate = new A20Gate((open) => a20.push(open));
    gate.set('port92', true);
    gate.set('i8042', false);
    assert.deepEqual([gate.isOpen, a20], [true, []]);
    gate.set('port92', false);
    gate.set('i8042', true);
    assert.deepEqual([gate.isOpen, a20], [true, [false, true]]);
  });
});

test('restored devices go on where the saved ones were', () => {
  select(0, 4);
  board.ports.write(0xcfc, 2, 0x0106);
  board.out8(0x92, 0x02);
  const saved = JSON.parse(JSON.stringify([pci.save(), resetControl.save()]));
  pci.reset();
  resetControl.reset();
  assert.equal(board.in8(0x92), 0);
  pci.restore(saved[0]);
  resetControl.restore(saved[1]);
  assert.equal(data(2), 0x0106);
  assert.equal(board.in8(0x92), 0x02);
});

test('whatever is written, the ports answer', () => {
  let seed = 5;
  const random = (): number => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) >>> 3;
  for (let step = 0; step < 20_000; step += 1) {
    const port = 0xcf6 + (random() % 12);
    const size = [1, 2, 4][random() % 3] as 1 | 2 | 4;
    if (random() % 2 === 0) board.ports.write(port, size, random() * 8);
    else assert.ok(board.ports.read(port, size) <= 0xffff_ffff);
    if (random() % 4 === 0) select(0, random() & 0xfc);
  }
});
