import type { Board } from '../../base/board.ts';
import type { Device } from '../../base/device.ts';
import type { Disposable } from '../../base/disposable.ts';
import { StateError } from '../../base/errors.ts';
import type { MmioHandler, MmioSize } from '../../base/mmio.ts';
import { bytes, plain, record } from '../../base/state-field.ts';
import { defineState } from '../../base/state-schema.ts';
import type { SavedState } from '../../base/state-schema.ts';
import type { Timer } from '../../base/timer.ts';
import { MSI_X_LENGTH, MsiX } from '../pci/msi-x.ts';
import { CONFIGURATION_LENGTH } from '../pci/configuration-space.ts';
import { PciEndpoint } from '../pci/pci-endpoint.ts';
import type { PciHost } from '../pci/pci-host.ts';
import { commonRegisters } from './common-registers.ts';
import { VirtioCore } from './virtio-core.ts';
import type { VirtioModel } from './virtio-model.ts';
import { NO_VECTOR, virtioFields } from './virtio-state.ts';
import type { VirtioState } from './virtio-state.ts';

const VENDOR = 0x1af4;
/** Device IDs of devices without a legacy interface begin here (virtio 1.2, 4.1.2). */
const FIRST_DEVICE = 0x1040;

/** The four structures lie in one range of registers, a page each. */
const PAGE = 0x1000;
const STRUCTURE = { common: 0x0000, interrupt: 0x1000, device: 0x2000, notify: 0x3000 } as const;
const RANGE_LENGTH = 0x4000;
const REGISTERS_BAR = 4;
const VECTORS_BAR = 1;
/** Queue n is notified at n times this. */
const NOTIFY_MULTIPLIER = 4;

/** Capability types (virtio 1.2, 4.1.4). */
const TYPE = { common: 1, notify: 2, interrupt: 3, device: 4, access: 5 } as const;
const VENDOR_CAPABILITY = 0x09;
/** Offsets in the configuration access capability, from its ID. */
const ACCESS = { bar: 4, offset: 8, length: 12, data: 16 } as const;
const INTERRUPT = { queue: 1, configuration: 2 } as const;

export interface VirtioPciOptions {
  readonly model: VirtioModel;
  /** Slot on bus 0: 1 to 31. */
  readonly slot: number;
}

/** The state of a virtio device of this kind. */
const stateOf = (model: VirtioModel) =>
  defineState({
    name: model.name,
    version: 1,
    fields: {
      configuration: bytes(CONFIGURATION_LENGTH, 'PCI configuration space'),
      vectors: bytes((model.queueSizes.length + 1) * 17, 'MSI-X table and pending vectors'),
      virtio: record('what every virtio device has', virtioFields(model.queueSizes.length)),
      model: plain('what this kind of virtio device has'),
    },
  });

/** A virtio device on PCI (virtio 1.2, 4.1), without the legacy interface. */
export class VirtioPci implements Device {
  readonly name: string;
  readonly schema: ReturnType<typeof stateOf>;
  readonly #model: VirtioModel;
  readonly #core: VirtioCore;
  readonly #endpoint: PciEndpoint;
  readonly #msiX: MsiX;
  readonly #registers: MmioHandler;
  readonly #place: Disposable;
  readonly #afterRestore: Timer;
  readonly #board: Board;
  #accessCapability = 0;

  constructor(board: Board, pci: PciHost, { model, slot }: VirtioPciOptions) {
    this.#model = model;
    this.name = model.name;
    this.schema = stateOf(model);
    this.#board = board;
    this.#afterRestore = board.timer(() => this.#core.notifyAll());
    this.#msiX = new MsiX(board, model.queueSizes.length + 1);
    const interrupts = {
      queueUsed: (vector: number) => this.#interrupt(INTERRUPT.queue, vector),
      configurationChanged: (vector: number) => this.#interrupt(INTERRUPT.configuration, vector),
    };
    this.#core = new VirtioCore(model, board.memory, interrupts, this.#initial());
    this.#registers = this.#structures();
    this.#endpoint = new PciEndpoint(board, {
      owner: model.name,
      slot,
      identity: {
        vendor: VENDOR,
        device: FIRST_DEVICE + model.type,
        revision: 1,
        classCode: model.classCode,
        subsystemVendor: VENDOR,
        subsystem: FIRST_DEVICE + model.type,
      },
      ranges: [
        { kind: 'memory', register: VECTORS_BAR, length: MSI_X_LENGTH, handler: this.#msiX.handler },
        {
          kind: 'memory',
          register: REGISTERS_BAR,
          length: RANGE_LENGTH,
          is64Bit: true,
          isPrefetchable: true,
          handler: this.#registers,
        },
      ],
      pin: 0,
    });
    this.#addCapabilities(model.configuration().length);
    this.#place = pci.add(slot, 0, this.#endpoint);
  }

  reset(): void {
    this.#endpoint.reset();
    this.#msiX.reset();
    this.#resetDevice();
  }

  save(): SavedState {
    this.#core.updateState();
    return this.schema.encode({
      configuration: this.#endpoint.space.bytes,
      vectors: this.#msiX.save(),
      virtio: this.#core.state,
      model: this.#core.model.save(),
    });
  }

  restore(saved: SavedState): void {
    const { configuration, vectors, virtio, model } = this.schema.decode(saved);
    this.#core.reset(this.#initial());
    try {
      this.#core.model.restore(model);
    } catch (error) {
      throw new StateError(`The saved state of '${this.name}' is damaged at model: ${(error as Error).message}.`);
    }
    this.#endpoint.restore(configuration);
    this.#msiX.restore(vectors);
    this.#core.restore(virtio);
    this.#updatePin();
    // An interrupt would be lost before the interrupt controllers are restored, which come last.
    this.#afterRestore.arm(this.#board.clock.now());
  }

  dispose(): void {
    this.#afterRestore.cancel();
    this.#core.reset(this.#initial());
    this.#core.model.dispose();
    this.#place.dispose();
    this.#endpoint.dispose();
  }

  #initial(): VirtioState {
    const { queueSizes } = this.#model;
    const state = this.schema.initial().virtio;
    for (const [index, queue] of state.queues.entries()) queue.size = queueSizes[index] as number;
    return state;
  }

  /** A write of zero to the status register, which leaves the PCI function as it is. */
  #resetDevice(): void {
    this.#core.reset(this.#initial());
    this.#updatePin();
  }

  /** By MSI-X the vector is sent; by the pin, the ISR register says what it was for. */
  #interrupt(cause: number, vector: number): void {
    if (this.#msiX.isEnabled) {
      if (vector !== NO_VECTOR) this.#msiX.signal(vector);
      return;
    }
    this.#core.state.interruptStatus |= cause;
    this.#updatePin();
  }

  #updatePin(): void {
    this.#endpoint.setInterrupt(this.#core.state.interruptStatus !== 0);
  }

  #structures(): MmioHandler {
    const common = commonRegisters({
      core: this.#core,
      vectors: this.#msiX.vectors,
      onReset: () => this.#resetDevice(),
    });
    return {
      read: (offset, size) => {
        const within = offset % PAGE;
        switch (offset - within) {
          case STRUCTURE.common:
            return common.read(within, size);
          case STRUCTURE.interrupt:
            return within === 0 ? this.#takeInterruptStatus() : 0;
          case STRUCTURE.device:
            return littleEndian(this.#model.configuration(), within, size);
          default:
            return 0;
        }
      },
      write: (offset, size, value) => {
        const within = offset % PAGE;
        switch (offset - within) {
          case STRUCTURE.common:
            common.write(within, size, value);
            break;
          case STRUCTURE.device:
            this.#model.writeConfiguration?.(within, size, value);
            break;
          case STRUCTURE.notify:
            if (this.#endpoint.isBusMaster) this.#core.notify(Math.floor(within / NOTIFY_MULTIPLIER));
            break;
          default:
        }
      },
    };
  }

  /** Reading the ISR register clears it, and with it the interrupt pin. */
  #takeInterruptStatus(): number {
    const { state } = this.#core;
    const status = state.interruptStatus;
    state.interruptStatus = 0;
    this.#updatePin();
    return status;
  }

  #addCapabilities(configurationLength: number): void {
    const endpoint = this.#endpoint;
    this.#msiX.connect(endpoint, VECTORS_BAR);
    const notifyLength = this.#model.queueSizes.length * NOTIFY_MULTIPLIER;
    endpoint.addCapability({ id: VENDOR_CAPABILITY, body: location(TYPE.common, STRUCTURE.common, 0x38) });
    endpoint.addCapability({ id: VENDOR_CAPABILITY, body: location(TYPE.interrupt, STRUCTURE.interrupt, 1) });
    if (configurationLength > 0)
      endpoint.addCapability({
        id: VENDOR_CAPABILITY,
        body: location(TYPE.device, STRUCTURE.device, configurationLength),
      });
    endpoint.addCapability({
      id: VENDOR_CAPABILITY,
      body: location(TYPE.notify, STRUCTURE.notify, notifyLength, NOTIFY_MULTIPLIER),
    });
    const writable = new Uint8Array(18).fill(0xff, ACCESS.bar - 2, ACCESS.bar - 1).fill(0xff, ACCESS.offset - 2);
    this.#accessCapability = endpoint.addCapability({
      id: VENDOR_CAPABILITY,
      body: location(TYPE.access, 0, 0, 0),
      writable,
      onRead: (offset) => {
        if (offset >= ACCESS.data) this.#access((at, size) => this.#accessData(this.#registers.read(at, size), size));
      },
      onWrite: (offset) => {
        if (offset < ACCESS.data) return;
        const value = endpoint.space.readConfiguration(this.#accessCapability + ACCESS.data, 4);
        this.#access((at, size) => this.#registers.write(at, size, (value & MASK[size]) >>> 0));
      },
    });
  }

  /** Registers reached by way of configuration space, for software that cannot use the range (virtio 1.2, 4.1.4.9). */
  #access(use: (offset: number, size: MmioSize) => void): void {
    const { space } = this.#endpoint;
    const at = this.#accessCapability;
    const offset = space.readConfiguration(at + ACCESS.offset, 4);
    const length = space.readConfiguration(at + ACCESS.length, 4);
    if (space.bytes[at + ACCESS.bar] !== REGISTERS_BAR || offset >= RANGE_LENGTH) return;
    if (length === 1 || length === 2 || length === 4) if (offset % length === 0) use(offset, length);
  }

  #accessData(value: number, size: MmioSize): void {
    this.#endpoint.space.set(this.#accessCapability + ACCESS.data, size, value);
  }
}

const MASK = { 1: 0xff, 2: 0xffff, 4: 0xffff_ffff } as const;

/** The body of a capability that says where a structure is (virtio 1.2, 4.1.4), after its ID and next pointer. */
function location(type: number, offset: number, length: number, more?: number): Uint8Array {
  const body = new Uint8Array(more === undefined ? 14 : 18);
  const view = new DataView(body.buffer);
  view.setUint8(0, body.length + 2);
  view.setUint8(1, type);
  view.setUint8(2, type === TYPE.access ? 0 : REGISTERS_BAR);
  view.setUint32(6, offset, true);
  view.setUint32(10, length, true);
  if (more !== undefined) view.setUint32(14, more, true);
  return body;
}

/** An unsigned number of `size` bytes; what lies beyond the end reads as zero. */
function littleEndian(from: Uint8Array, offset: number, size: MmioSize): number {
  let value = 0;
  for (let byte = 0; byte < size; byte += 1) value |= (from[offset + byte] ?? 0) << (byte * 8);
  return value >>> 0;
}
