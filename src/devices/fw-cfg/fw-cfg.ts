import { guestPhysical } from '../../base/address.ts';
import type { Board } from '../../base/board.ts';
import type { Device } from '../../base/device.ts';
import { DisposableStore } from '../../base/disposable.ts';
import type { PortSize } from '../../base/port-io.ts';
import { u16, u32 } from '../../base/state-field.ts';
import { defineState } from '../../base/state-schema.ts';
import type { SavedState } from '../../base/state-schema.ts';
import { buildDirectory } from './file-directory.ts';

export const FW_CFG_PORT = 0x510;
/** Ports from the selector to the end of the DMA address. */
export const FW_CFG_PORTS = 12;
const DATA_PORT = 0x511;
const DMA_PORT = 0x514;

/** Selectors of items without a name (QEMU, "QEMU Firmware Configuration (fw_cfg) Device", and its standard header). */
export const FW_CFG_ITEM = {
  signature: 0x0000,
  id: 0x0001,
  memorySize: 0x0003,
  noGraphics: 0x0004,
  processors: 0x0005,
  kernelAddress: 0x0007,
  kernelSize: 0x0008,
  initrdAddress: 0x000a,
  initrdSize: 0x000b,
  bootMenu: 0x000e,
  maximumProcessors: 0x000f,
  kernelData: 0x0011,
  initrdData: 0x0012,
  commandLineAddress: 0x0013,
  commandLineSize: 0x0014,
  commandLineData: 0x0015,
  setupAddress: 0x0016,
  setupSize: 0x0017,
  setupData: 0x0018,
  fileDirectory: 0x0019,
  /** The interval timer's interrupt is on pin 2 of the I/O APIC. */
  irq0Override: 0x8002,
} as const;

/** A selector's bit that asks for write access is ignored; bit 15 chooses items of the architecture. */
const WRITE_ACCESS = 0x4000;
/** The traditional interface and the DMA interface are there. */
const FEATURES = 0x03;
/** What the DMA address reads as: "QEMU CFG". */
const DMA_SIGNATURE = [0x554d_4551, 0x4746_4320] as const;
const DMA = { error: 0x01, read: 0x02, skip: 0x04, select: 0x08, write: 0x10 } as const;
/** How far a read may go beyond the end of an item, where there are zeroes. */
const MOST_ZEROES = 0x100_0000;
const CHUNK = 0x1_0000;

const fwCfgState = defineState({
  name: 'fw-cfg',
  version: 1,
  fields: {
    selector: u16('the item that was selected'),
    offset: u32('where in the item the next byte is read'),
    dmaHigh: u32('high half of the address of the next DMA command'),
  },
});

export interface FwCfgOptions {
  /** Guest memory, in bytes. */
  readonly memoryBytes: number;
  readonly processors: number;
  /** With those that may be plugged in. As many as there are unless told. */
  readonly maximumProcessors?: number;
  /** Whether the firmware offers a menu of boot devices. False unless told. */
  readonly bootMenu?: boolean;
  /** More items without a name, by selector, such as a kernel for the firmware to start. */
  readonly items?: ReadonlyMap<number, Uint8Array>;
  /** Files by name, at most 55 ASCII characters, such as `bootorder` or `opt/org.example/name`. */
  readonly files?: ReadonlyMap<string, Uint8Array>;
}

/** The device through which firmware, and a kernel's driver, read what the machine is made of: QEMU's fw_cfg, all read-only. */
export class FwCfg implements Device {
  readonly name = 'fw-cfg';
  readonly schema = fwCfgState;
  readonly #board: Board;
  readonly #claims = new DisposableStore();
  readonly #items: ReadonlyMap<number, Uint8Array>;
  #state = fwCfgState.initial();

  /** Throws `UserError` when a file's name is not fit. */
  constructor(board: Board, options: FwCfgOptions) {
    this.#board = board;
    this.#items = itemsOf(options);
    this.#claims.add(
      board.claimPorts({
        owner: this.name,
        first: FW_CFG_PORT,
        count: 2,
        width: 2,
        handler: {
          read: (port, size) => (port === DATA_PORT && size === 1 ? this.#next() : 0),
          write: (port, size, value) => {
            if (port === FW_CFG_PORT && size === 2) this.#select(value);
          },
        },
      }),
    );
    this.#claims.add(
      board.claimPorts({
        owner: this.name,
        first: DMA_PORT,
        count: 8,
        width: 4,
        handler: {
          read: (port, size) => readSignature(port - DMA_PORT, size),
          // The address is big-endian, so that its halves are too. Writing the low one starts the command.
          write: (port, size, value) => {
            if (size !== 4) return;
            if (port === DMA_PORT) this.#state.dmaHigh = swap(value);
            else if (port === DMA_PORT + 4) this.#startDma(swap(value));
          },
        },
      }),
    );
  }

  reset(): void {
    this.#state = fwCfgState.initial();
  }

  save(): SavedState {
    return fwCfgState.encode(this.#state);
  }

  restore(saved: SavedState): void {
    this.#state = fwCfgState.decode(saved);
  }

  dispose(): void {
    this.#claims.dispose();
  }

  #select(selector: number): void {
    this.#state.selector = selector & ~WRITE_ACCESS;
    this.#state.offset = 0;
  }

  #next(): number {
    const value = this.#item[this.#state.offset] ?? 0;
    this.#skip(1);
    return value;
  }

  #skip(count: number): void {
    this.#state.offset = Math.min(this.#state.offset + count, 0xffff_ffff);
  }

  get #item(): Uint8Array {
    return this.#items.get(this.#state.selector) ?? EMPTY;
  }

  /** A DMA command: control, length and address, big-endian. The control word is cleared when it is done. */
  #startDma(low: number): void {
    const { memory } = this.#board;
    const at = this.#state.dmaHigh * 0x1_0000_0000 + low;
    this.#state.dmaHigh = 0;
    if (!isPhysical(at)) return;
    const command = new DataView(memory.readBytes(guestPhysical(at), 16).buffer);
    const control = command.getUint32(0);
    if ((control & DMA.select) !== 0) this.#select(control >>> 16);
    const isDone = this.#transfer(control, command.getUint32(4), Number(command.getBigUint64(8)));
    memory.write32(guestPhysical(at), isDone ? 0 : swap(DMA.error));
  }

  #transfer(control: number, length: number, address: number): boolean {
    if ((control & DMA.read) !== 0) {
      const { offset } = this.#state;
      const left = Math.max(this.#item.length - offset, 0);
      if (length > left + MOST_ZEROES || !isPhysical(address) || !isPhysical(address + length)) return false;
      for (let done = 0; done < length; done += CHUNK) {
        const bytes = new Uint8Array(Math.min(CHUNK, length - done));
        bytes.set(this.#item.subarray(offset + done, offset + done + bytes.length));
        this.#board.memory.writeBytes(guestPhysical(address + done), bytes);
      }
      this.#skip(length);
      return true;
    }
    if ((control & DMA.write) !== 0) return false;
    if ((control & DMA.skip) !== 0) this.#skip(length);
    return true;
  }
}

const EMPTY = new Uint8Array(0);
const HIGHEST = 2 ** 52;

const isPhysical = (address: number): boolean => address < HIGHEST;

const swap = (value: number): number =>
  ((value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0;

const readSignature = (offset: number, size: PortSize): number => {
  let value = 0;
  for (let byte = 0; byte < size; byte += 1) {
    const at = offset + byte;
    value |= (((DMA_SIGNATURE[at >> 2] ?? 0) >>> ((at & 3) * 8)) & 0xff) << (byte * 8);
  }
  return value >>> 0;
};

/** An unsigned number as little-endian bytes, as items have it. */
export const littleEndian = (value: number, length: 1 | 2 | 4 | 8): Uint8Array =>
  Uint8Array.from({ length }, (_, byte) => Math.floor(value / 2 ** (byte * 8)) % 256);

const itemsOf = (options: FwCfgOptions): ReadonlyMap<number, Uint8Array> => {
  const { memoryBytes, processors, maximumProcessors = processors, bootMenu = false } = options;
  const { directory, files } = buildDirectory(options.files ?? new Map());
  return new Map([
    [FW_CFG_ITEM.signature, Uint8Array.from('QEMU', (character) => character.charCodeAt(0))],
    [FW_CFG_ITEM.id, littleEndian(FEATURES, 4)],
    [FW_CFG_ITEM.memorySize, littleEndian(memoryBytes, 8)],
    [FW_CFG_ITEM.noGraphics, littleEndian(0, 2)],
    [FW_CFG_ITEM.processors, littleEndian(processors, 2)],
    [FW_CFG_ITEM.bootMenu, littleEndian(bootMenu ? 1 : 0, 2)],
    [FW_CFG_ITEM.maximumProcessors, littleEndian(maximumProcessors, 2)],
    [FW_CFG_ITEM.irq0Override, littleEndian(1, 4)],
    [FW_CFG_ITEM.fileDirectory, directory],
    ...files,
    ...(options.items ?? new Map<number, Uint8Array>()),
  ]);
};

/** Puts the firmware configuration device on the board. */
export const createFwCfg = (board: Board, options: FwCfgOptions): FwCfg => new FwCfg(board, options);
