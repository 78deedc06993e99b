import { guestPhysical } from '../../base/address.ts';
import type { Board } from '../../base/board.ts';
import type { Device } from '../../base/device.ts';
import { DisposableStore } from '../../base/disposable.ts';
import type { GuestMemory } from '../../base/guest-memory.ts';
import type { SavedState } from '../../base/state-schema.ts';
import type { DmaChannel, DmaProgress } from './dma-channel.ts';
import { i8237State } from './i8237-state.ts';
import type { DmaChannelState, DmaControllerState } from './i8237-state.ts';

/** Which page register each channel has. */
const PAGE_OF_CHANNEL = [7, 3, 1, 2, 15, 11, 9, 10] as const;
const CONTROLLER_DISABLED = 0x04;
const MODE = { toMemory: 0x04, fromMemory: 0x08, direction: 0x0c, autoInitialise: 0x10, decrement: 0x20 } as const;
/** Registers beyond the addresses and counts. */
const REGISTER = {
  status: 8,
  mask: 10,
  mode: 11,
  clearPointer: 12,
  masterClear: 13,
  clearMask: 14,
  allMasks: 15,
} as const;

/** The two 8237A DMA controllers of an AT and their page registers (Intel 8237A data sheet): channels 0 to 3 move bytes, 5 to 7 words. */
export class I8237 implements Device {
  readonly name = 'i8237';
  readonly schema = i8237State;
  readonly #memory: GuestMemory;
  readonly #claims = new DisposableStore();
  #state = i8237State.initial();

  constructor(board: Board) {
    this.#memory = board.memory;
    for (const [index, first, count, shift] of [
      [0, 0x00, 16, 0],
      [1, 0xc0, 32, 1],
    ] as const) {
      const handler = {
        read: (port: number) => readRegister(this.#controller(index), (port - first) >> shift),
        write: (port: number, _size: number, value: number) =>
          writeRegister(this.#controller(index), (port - first) >> shift, value),
      };
      this.#claims.add(board.claimPorts({ owner: this.name, first, count, handler }));
    }
    this.#claims.add(
      board.claimPorts({
        owner: this.name,
        // Port 0x80 would be one too, but it shows how far firmware got.
        first: 0x81,
        count: 15,
        handler: {
          read: (port) => this.#state.pages[port & 15] as number,
          write: (port, _size, value) => {
            this.#state.pages[port & 15] = value;
          },
        },
      }),
    );
  }

  /** The device's side of channel `number`, 0 to 7 but for 4, which is the first controller's. */
  channel(number: number): DmaChannel {
    const isReady = (): boolean => {
      const { command, mask } = this.#controller(number >> 2);
      return (command & CONTROLLER_DISABLED) === 0 && (mask & (1 << (number & 3))) === 0;
    };
    return {
      get isReady() {
        return isReady();
      },
      toMemory: (bytes) =>
        this.#transfer(number, bytes.length, isReady(), (at, from, length, isForward) => {
          const piece = bytes.subarray(from, from + length);
          this.#memory.writeBytes(guestPhysical(at), isForward ? piece : piece.toReversed());
        }, MODE.toMemory), // prettier-ignore
      fromMemory: (into) =>
        this.#transfer(number, into.length, isReady(), (at, from, length, isForward) => {
          const piece = this.#memory.readBytes(guestPhysical(at), length);
          into.set(isForward ? piece : piece.toReversed(), from);
        }, MODE.fromMemory), // prettier-ignore
    };
  }

  reset(): void {
    this.#state = i8237State.initial();
  }

  save(): SavedState {
    return i8237State.encode(this.#state);
  }

  restore(saved: SavedState): void {
    this.#state = i8237State.decode(saved);
  }

  dispose(): void {
    this.#claims.dispose();
  }

  #controller(index: number): DmaControllerState {
    return this.#state.controllers[index & 1] as DmaControllerState;
  }

  /**
   * Moves up to `length` bytes in pieces that are contiguous in memory. `move` is called with where a piece begins in memory, where
   * in the device's bytes, its length, and whether addresses go up; not at all when the mode is another than `direction`: then
   * addresses and counts advance alone, as they do to verify.
   */
  #transfer(
    number: number,
    length: number,
    isReady: boolean,
    move: (at: number, from: number, length: number, isForward: boolean) => void,
    direction: number,
  ): DmaProgress {
    const controller = this.#controller(number >> 2);
    const channel = controller.channels[number & 3] as DmaChannelState;
    const width = number > 3 ? 2 : 1;
    const moves = (channel.mode & MODE.direction) === direction;
    const isForward = (channel.mode & MODE.decrement) === 0;
    let done = 0;
    if (!isReady) return { count: 0, isTerminal: false };
    while (length - done >= width) {
      // The page register is not counted: addresses wrap around in 64 Ki.
      const toWrap = isForward ? 0x1_0000 - channel.address : channel.address + 1;
      const units = Math.min(Math.floor((length - done) / width), channel.count + 1, toWrap);
      const lowest = isForward ? channel.address : channel.address - units + 1;
      if (moves) move(this.#address(number, lowest), done, units * width, isForward);
      done += units * width;
      channel.address = (isForward ? channel.address + units : channel.address - units) & 0xffff;
      channel.count = (channel.count - units) & 0xffff;
      if (channel.count !== 0xffff) continue;
      endOfProcess(controller, number & 3, channel);
      return { count: done, isTerminal: true };
    }
    return { count: done, isTerminal: false };
  }

  /** Pages have 16 bits of 64 KiB each; of words the lowest bit is the address's. */
  #address(number: number, offset: number): number {
    const page = this.#state.pages[PAGE_OF_CHANNEL[number] as number] as number;
    return number > 3 ? ((page & 0xfe) << 16) + offset * 2 : (page << 16) + offset;
  }
}

const endOfProcess = (controller: DmaControllerState, index: number, channel: DmaChannelState): void => {
  controller.status |= 1 << index;
  if ((channel.mode & MODE.autoInitialise) !== 0) {
    channel.address = channel.baseAddress;
    channel.count = channel.baseCount;
  } else controller.mask |= 1 << index;
};

const readRegister = (controller: DmaControllerState, register: number): number => {
  if (register < 8) {
    const { address, count } = controller.channels[register >> 1] as DmaChannelState;
    const value = (register & 1) === 0 ? address : count;
    const high = controller.highByte;
    controller.highByte = !high;
    return high ? value >> 8 : value & 0xff;
  }
  if (register === REGISTER.status) {
    const { status } = controller;
    controller.status = 0;
    return status;
  }
  if (register === REGISTER.allMasks) return 0xf0 | controller.mask;
  // The temporary register is for transfers from memory to memory, which an AT cannot do.
  return register === REGISTER.masterClear ? 0 : 0xff;
};

const writeRegister = (controller: DmaControllerState, register: number, value: number): void => {
  if (register < 8) {
    writeWord(controller, register, value);
    return;
  }
  const bit = 1 << (value & 3);
  switch (register) {
    case REGISTER.status: // written: command
      controller.command = value;
      break;
    case REGISTER.mask:
      controller.mask = (value & 4) !== 0 ? controller.mask | bit : controller.mask & ~bit;
      break;
    case REGISTER.mode:
      (controller.channels[value & 3] as DmaChannelState).mode = value & 0xfc;
      break;
    case REGISTER.clearPointer:
      controller.highByte = false;
      break;
    case REGISTER.masterClear:
      Object.assign(controller, { command: 0, status: 0, mask: 0x0f, highByte: false });
      break;
    case REGISTER.clearMask:
      controller.mask = 0;
      break;
    case REGISTER.allMasks:
      controller.mask = value & 0x0f;
      break;
  }
};

/** Half of an address or a count; both the base and the current one are written. */
const writeWord = (controller: DmaControllerState, register: number, value: number): void => {
  const channel = controller.channels[register >> 1] as DmaChannelState;
  const merge = (old: number): number => (controller.highByte ? (old & 0x00ff) | (value << 8) : (old & 0xff00) | value);
  if ((register & 1) === 0) channel.address = channel.baseAddress = merge(channel.baseAddress);
  else channel.count = channel.baseCount = merge(channel.baseCount);
  controller.highByte = !controller.highByte;
};

/** Puts both DMA controllers on the board. */
export const createI8237 = (board: Board): I8237 => new I8237(board);
