// A PC: which devices a domain has and how they are wired. Adding a device is its folder and one line here.

import type { Device } from '../base/device.ts';
import { UserError } from '../base/errors.ts';
import { createDebugExit } from '../devices/debug-exit/debug-exit.ts';
import { createAcpi } from '../devices/acpi/acpi.ts';
import { A20Gate } from '../devices/a20-gate/a20-gate.ts';
import { BusBoard, type BusBoardOptions } from '../devices/board/bus-board.ts';
import { createHpet } from '../devices/hpet/hpet.ts';
import { createI8042 } from '../devices/i8042/i8042.ts';
import { createI8254 } from '../devices/i8254/i8254.ts';
import { createI8259Pair } from '../devices/i8259/i8259-pair.ts';
import { createIoApic } from '../devices/io-apic/io-apic.ts';
import { ImmediateApicBus } from '../devices/local-apic/apic-bus.ts';
import { interruptOf } from '../devices/local-apic/message-signal.ts';
import { createLocalApicPage } from '../devices/local-apic/local-apic-page.ts';
import { createLocalApic, type LocalApic } from '../devices/local-apic/local-apic.ts';
import type { TscConversion } from '../devices/local-apic/apic-timer.ts';
import { createMc146818 } from '../devices/mc146818/mc146818.ts';
import { createPciHost } from '../devices/pci/pci-host.ts';
import { createPostPort } from '../devices/post-port/post-port.ts';
import { createResetControl } from '../devices/reset-control/reset-control.ts';
import { createUart16550, SERIAL_PORTS } from '../devices/uart16550/uart16550.ts';
import { Virtio9p } from '../devices/virtio-9p/virtio-9p.ts';
import { VirtioBlock } from '../devices/virtio-block/virtio-block.ts';
import { VirtioConsole } from '../devices/virtio-console/virtio-console.ts';
import { VirtioEntropy } from '../devices/virtio-entropy/virtio-entropy.ts';
import type { VirtioModel } from '../devices/virtio/virtio-model.ts';
import { VirtioNetwork } from '../devices/virtio-network/virtio-network.ts';
import { VirtioPci } from '../devices/virtio/virtio-pci.ts';
import type { BlockBackend } from '../base/block-backend.ts';
import type { CharacterBackend } from '../base/character-backend.ts';
import type { NetworkBackend } from '../base/network-backend.ts';
import type { SharedFiles } from '../base/shared-files.ts';
import { NinePServer } from '../share/nine-p-server.ts';
import type { ProcessorSignals } from '../base/processor-signals.ts';
import { fillRandomly } from './random-source.ts';

export interface PcBoardOptions extends BusBoardOptions {
  readonly signals: ProcessorSignals;
  readonly tsc: TscConversion;
  readonly memoryBytes: number;
  /** Gives 32 random bits. */
  readonly randomWord: () => number;
  readonly disks: readonly BlockBackend[];
  readonly shares: readonly BoardShare[];
  /** Without one there is no network card. */
  readonly network: BoardNetwork | undefined;
  /** Channels to programs in the guest, which finds them by their names. */
  readonly channels: readonly BoardChannel[];
  /** Devices beyond those every board has, by name. */
  readonly extraDevices: readonly string[];
}

/** Slots of bus 0. Slot 1 is kept for an ISA bridge and slot 2 for a display, where other PCs have them. */
const SLOT = { entropy: 3, network: 4, console: 5, firstDisk: 8, firstShare: 24 } as const;
const MOST_DISKS = SLOT.firstShare - SLOT.firstDisk;
const MOST_SHARES = 32 - SLOT.firstShare;

/** A serial channel without a line, of as many bytes a second as there are. */
export interface BoardChannel {
  readonly portName: string;
  readonly backend: CharacterBackend;
}

/** A network card. */
export interface BoardNetwork {
  /** Where its cable leads. */
  readonly backend: NetworkBackend;
  /** Its six bytes of MAC address. */
  readonly address: Uint8Array;
}

/** A directory of the host. */
export interface BoardShare {
  /** By which the guest mounts it. */
  readonly tag: string;
  readonly files: SharedFiles;
}

const extraDevices: Readonly<Record<string, (board: BusBoard) => Device>> = {
  'debug-exit': createDebugExit,
};

/** Names that `--device` accepts. */
export const extraDeviceNames: readonly string[] = Object.keys(extraDevices);

export class PcBoard extends BusBoard {
  readonly apic: LocalApic;
  readonly devices: readonly Device[];

  /** @throws UserError when an extra device has no such name */
  constructor(options: PcBoardOptions) {
    super(options);
    const bus = new ImmediateApicBus();
    let apic: LocalApic | null = null;
    const pic = createI8259Pair(this, { onOutput: (high) => apic?.setLocalInterrupt(0, high) });
    apic = createLocalApic(this, {
      id: 0,
      bootstrap: true,
      bus,
      signals: options.signals,
      tsc: options.tsc,
      external: pic,
      onPageChanged: () => page.update(),
    });
    this.apic = apic;
    bus.connect(apic);
    const page = createLocalApicPage(this, apic, () => this.apic);
    const memory = memorySize(options.memoryBytes);
    const ioApic = createIoApic(this, { bus });
    bus.listen(ioApic);
    this.connectMessages((address, data) => {
      const message = interruptOf(address, data);
      if (message !== undefined) bus.deliver(message);
    });
    this.lines.connect((number, high) => {
      if (number < 16) pic.setRequest(number, high);
      // ISA interrupt 0 is wired to pin 2 (the MADT says so); pin 0 is the 8259s' own.
      ioApic.setPin(number === 0 ? 2 : number, high);
    });
    const a20 = new A20Gate();
    const resetControl = createResetControl(this, a20);
    const pit = createI8254(this);
    const clock = createMc146818(this, { memory });
    const pci = createPciHost(this, { resetControl });
    const { randomWord, disks, shares, network, channels } = options;
    requireSlots('disks', disks.length, MOST_DISKS);
    requireSlots('shared directories', shares.length, MOST_SHARES);
    const onPci = (slot: number, model: VirtioModel): Device => new VirtioPci(this, pci, { model, slot });
    this.devices = [
      pic,
      apic,
      ioApic,
      pit,
      clock,
      createHpet(this, {
        onLegacyReplacement: (active) => {
          pit.connectInterrupt(!active);
          clock.connectInterrupt(!active);
        },
      }),
      createI8042(this, { a20 }),
      createAcpi(this),
      resetControl,
      pci,
      onPci(SLOT.entropy, new VirtioEntropy((bytes) => fillRandomly(bytes, randomWord))),
      ...(network === undefined
        ? []
        : [onPci(SLOT.network, new VirtioNetwork('network', network.backend, network.address))]),
      ...(channels.length === 0 ? [] : [onPci(SLOT.console, new VirtioConsole('console', channels))]),
      ...disks.map((disk, index) => onPci(SLOT.firstDisk + index, new VirtioBlock(`disk${index}`, disk))),
      ...shares.map(({ tag, files }, index) =>
        onPci(SLOT.firstShare + index, new Virtio9p(`share${index}`, tag, new NinePServer(files))),
      ),
      createPostPort(this),
      ...SERIAL_PORTS.map((port) => createUart16550(this, port)),
      ...options.extraDevices.map((name) => {
        const create = extraDevices[name];
        if (create) return create(this);
        throw new UserError(`There is no device "${name}"; --device takes ${extraDeviceNames.join(', ')}.`);
      }),
    ];
  }

  override toString(): string {
    return this.devices.map(({ name }) => name).join(' ');
  }
}

function requireSlots(what: string, count: number, most: number): void {
  if (count > most) throw new UserError(`A machine has at most ${most} ${what}, not ${count}; leave some out.`);
}

const GIB = 2 ** 30;

function memorySize(bytes: number): { below4G: number; above4G: number } {
  const below4G = Math.min(bytes, 3 * GIB);
  return { below4G, above4G: bytes - below4G };
}
