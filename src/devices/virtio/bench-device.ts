import { A20Gate } from '../a20-gate/a20-gate.ts';
import { BenchBoard } from '../board/bench-board.ts';
import { createPciHost } from '../pci/pci-host.ts';
import { createResetControl } from '../reset-control/reset-control.ts';
import { BenchDriver } from './bench-driver.ts';
import type { BenchDriverOptions } from './bench-driver.ts';
import type { VirtioModel } from './virtio-model.ts';
import { VirtioPci } from './virtio-pci.ts';

export interface BenchDevice {
  readonly board: BenchBoard;
  readonly device: VirtioPci;
  readonly driver: BenchDriver;
}

/** A virtio device in slot 4 of a board of its own, with a driver that has set it up: for the tests of virtio devices. */
export function benchDevice(model: VirtioModel, options: BenchDriverOptions = {}): BenchDevice {
  const board = new BenchBoard();
  const pci = createPciHost(board, { resetControl: createResetControl(board, new A20Gate()) });
  const device = new VirtioPci(board, pci, { model, slot: 4 });
  const driver = new BenchDriver(board, 4, options);
  driver.begin();
  return { board, device, driver };
}
