import { guestPhysical } from '../../base/address.ts';
import type { Board } from '../../base/board.ts';
import type { Device } from '../../base/device.ts';
import { DisposableStore, toDisposable } from '../../base/disposable.ts';
import type { Disposable } from '../../base/disposable.ts';
import { CompositionError } from '../../base/errors.ts';
import type { MmioSize } from '../../base/mmio.ts';
import type { PortHandler, PortSize } from '../../base/port-io.ts';
import { bytes, u32 } from '../../base/state-field.ts';
import { defineState } from '../../base/state-schema.ts';
import type { SavedState } from '../../base/state-schema.ts';
import { CONFIGURATION_LENGTH, ConfigurationSpace } from './configuration-space.ts';
import type { PciFunction } from './configuration-space.ts';
import { ECAM_ADDRESS, ECAM_LENGTH } from './pci-layout.ts';

const pciHostState = defineState({
  name: 'pci-host',
  version: 1,
  fields: {
    address: u32('CONFIG_ADDRESS, port 0xCF8'),
    bridge: bytes(CONFIGURATION_LENGTH, 'configuration space of the host bridge, 00:00.0'),
  },
});

const ENABLE = 0x8000_0000;
const RESET_CONTROL = 0xcf9;

export interface PciHostOptions {
  /** Answers byte accesses to port 0xCF9, which lies inside CONFIG_ADDRESS. */
  readonly resetControl: { readonly resetRegister: PortHandler };
}

/**
 * Bus 0 and its host bridge. Configuration registers are reached by ports, mechanism #1 (PCI Local Bus Specification 3.0,
 * 3.2.2.3.2), and in memory (PCI Express Base 4.0, 7.2.2).
 */
export class PciHost implements Device {
  readonly name = 'pci-host';
  readonly schema = pciHostState;
  readonly #claims = new DisposableStore();
  readonly #functions = new Map<number, PciFunction>();
  #bridge = hostBridge();
  #address = 0;

  constructor(board: Board, options: PciHostOptions) {
    const ports = board.claimPorts({
      owner: this.name,
      first: 0xcf8,
      count: 8,
      width: 4,
      handler: {
        read: (port, size) => this.#read(port, size, options.resetControl.resetRegister),
        write: (port, size, value) => this.#write(port, size, value, options.resetControl.resetRegister),
      },
    });
    const memory = board.claimMmio({
      owner: this.name,
      base: guestPhysical(ECAM_ADDRESS),
      length: ECAM_LENGTH,
      handler: {
        read: (offset, size) => this.#readMemory(offset, size),
        write: (offset, size, value) => this.#writeMemory(offset, size, value),
      },
    });
    this.#claims.add(ports);
    this.#claims.add(memory);
  }

  /** Puts a function on bus 0. Throws `CompositionError` when the place is taken; 0.0 is the host bridge. */
  add(device: number, pciFunction: number, target: PciFunction): Disposable {
    const place = (device << 3) | pciFunction;
    if (
      !(device >= 0 && device < 32 && pciFunction >= 0 && pciFunction < 8) ||
      place === 0 ||
      this.#functions.has(place)
    ) {
      throw new CompositionError(
        `A PCI function cannot be added at 00:${device.toString(16)}.${pciFunction}: there is no such place, or it is taken.`,
      );
    }
    this.#functions.set(place, target);
    return toDisposable(() => this.#functions.delete(place));
  }

  reset(): void {
    this.#address = 0;
    this.#bridge = hostBridge();
  }

  save(): SavedState {
    return pciHostState.encode({ address: this.#address, bridge: this.#bridge.bytes });
  }

  restore(saved: SavedState): void {
    const { address, bridge } = pciHostState.decode(saved);
    this.#address = address;
    this.#bridge = hostBridge();
    this.#bridge.bytes.set(bridge);
  }

  dispose(): void {
    this.#claims.dispose();
  }

  #read(port: number, size: PortSize, resetRegister: PortHandler): number {
    if (port >= 0xcfc) {
      const target = this.#target();
      const offset = (this.#address & 0xfc) + (port & 3);
      return target === undefined || (port & 3) + size > 4 ? 0xffff_ffff : target.readConfiguration(offset, size);
    }
    if (port === 0xcf8 && size === 4) return this.#address;
    return port === RESET_CONTROL && size === 1 ? resetRegister.read(port, size) : 0xffff_ffff;
  }

  #write(port: number, size: PortSize, value: number, resetRegister: PortHandler): void {
    if (port >= 0xcfc) {
      if ((port & 3) + size <= 4) this.#target()?.writeConfiguration((this.#address & 0xfc) + (port & 3), size, value);
    } else if (port === 0xcf8 && size === 4) this.#address = (value & 0x80ff_fffc) >>> 0;
    else if (port === RESET_CONTROL && size === 1) resetRegister.write(port, size, value);
  }

  /** No function has extended configuration registers, 256 to 4095. */
  #readMemory(offset: number, size: MmioSize): number {
    const target = this.#functionAt(offset >>> 12);
    const register = offset & 0xfff;
    if (target === undefined) return 0xffff_ffff;
    return register + size > CONFIGURATION_LENGTH ? 0 : target.readConfiguration(register, size);
  }

  #writeMemory(offset: number, size: MmioSize, value: number): void {
    const register = offset & 0xfff;
    if (register + size > CONFIGURATION_LENGTH) return;
    this.#functionAt(offset >>> 12)?.writeConfiguration(register, size, value);
  }

  #functionAt(place: number): PciFunction | undefined {
    return place === 0 ? this.#bridge : this.#functions.get(place);
  }

  /** The function that CONFIG_ADDRESS selects, if it is there. */
  #target(): PciFunction | undefined {
    if ((this.#address & ENABLE) === 0 || (this.#address & 0x00ff_0000) !== 0) return undefined;
    return this.#functionAt((this.#address >>> 8) & 0xff);
  }
}

/** A host bridge with nothing to configure but the command register. Kernels look for its class before they trust the bus. */
const hostBridge = (): ConfigurationSpace => {
  const bridge = new ConfigurationSpace({ vendor: 0x8086, device: 0x0d57, classCode: 0x06_0000 });
  bridge.set(0x04, 2, 0x0007);
  bridge.allowWrites(0x04, 2, 0x0547);
  bridge.allowWrites(0x0c, 2, 0xffff);
  return bridge;
};

/** Puts bus 0 with its host bridge on the board, and port 0xCF9 for the reset control. */
export const createPciHost = (board: Board, options: PciHostOptions): PciHost => new PciHost(board, options);
