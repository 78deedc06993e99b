import { guestPhysical } from '../../base/address.ts';
import type { Board } from '../../base/board.ts';
import type { Device } from '../../base/device.ts';
import type { Display } from '../../base/display.ts';
import { DisposableStore } from '../../base/disposable.ts';
import type { MmioHandler } from '../../base/mmio.ts';
import type { SavedState } from '../../base/state-schema.ts';
import { crtTiming, inputStatus } from './crt-timing.ts';
import type { CrtTiming } from './crt-timing.ts';
import { MemoryWindow, WINDOW_ADDRESS, WINDOW_LENGTH } from './memory-window.ts';
import { registerPage } from './register-page.ts';
import { fit, isVbe, readVbe, writeVbe } from './vbe.ts';
import { VgaDisplay } from './vga-display.ts';
import { VgaRegisters } from './vga-registers.ts';
import { VIDEO_MEMORY, vgaState } from './vga-state.ts';
import type { VgaState } from './vga-state.ts';
import { VideoMemory } from './video-memory.ts';

export interface VgaOptions {
  /** What the monitor says is its best size, which drivers of extended modes begin with. 1024 by 768 unless told. */
  readonly preferredWidth?: number;
  readonly preferredHeight?: number;
}

/**
 * A VGA (IBM Personal System/2 Hardware Interface Technical Reference, video subsystem) with the Bochs VBE extensions and 16 MiB
 * of memory. It answers the standard ports and the window at 0xA0000; where the linear frame buffer and the register page lie is
 * for the bus that it is on to say.
 */
export class Vga implements Device {
  readonly name = 'vga';
  readonly schema = vgaState;
  readonly display: Display;
  /** The linear frame buffer, `frameBufferLength` bytes. */
  readonly frameBuffer: MmioHandler;
  readonly frameBufferLength = VIDEO_MEMORY;
  /** The registers in memory as drivers of the Bochs display have them, `registerPageLength` bytes. */
  readonly registerPage: MmioHandler;
  readonly registerPageLength = 0x1000;
  readonly #claims = new DisposableStore();
  readonly #memory: VideoMemory;
  readonly #display: VgaDisplay;
  readonly #state: VgaState = vgaState.initial();
  /** Made from the registers when it is asked for. */
  #timing: CrtTiming | undefined;

  constructor(board: Board, options: VgaOptions) {
    const state = (): VgaState => this.#state;
    this.#memory = new VideoMemory(this.#state.memory);
    this.#display = new VgaDisplay(this.#memory, state, () => board.clock.now());
    this.display = this.#display;
    this.frameBuffer = this.#memory.frameBuffer;
    const status = (): number => {
      this.#timing ??= crtTiming(this.#state);
      return inputStatus(this.#timing, board.clock.now());
    };
    const registers = new VgaRegisters(state, status, () => this.#changed());
    const handler = {
      read: (port: number) => registers.read(port),
      write: (port: number, _size: number, value: number) => registers.write(port, value),
    };
    // Ports 0x3BC to 0x3BF are a parallel port's.
    const ranges = [
      { first: 0x3b0, count: 0x0c },
      { first: 0x3c0, count: 0x20 },
    ];
    for (const range of ranges) this.#claims.add(board.claimPorts({ owner: this.name, ...range, handler }));
    const vbe = {
      read: (index: number) => readVbe(this.#state, index),
      write: (index: number, value: number) => this.#writeVbe(index, value),
    };
    this.#claims.add(
      board.claimPorts({
        owner: this.name,
        // The data register answers at 0x1D0 too, where a 32-bit write to the index port puts it.
        first: 0x1ce,
        count: 3,
        width: 2,
        handler: {
          read: (port) => (port === 0x1ce ? this.#state.vbeIndex : vbe.read(this.#state.vbeIndex)),
          write: (port, size, value) => {
            if (port === 0x1ce) this.#state.vbeIndex = value;
            else if (size === 2) vbe.write(this.#state.vbeIndex, value);
          },
        },
      }),
    );
    const window = new MemoryWindow(this.#memory, state);
    const base = guestPhysical(WINDOW_ADDRESS);
    this.#claims.add(board.claimMmio({ owner: this.name, base, length: WINDOW_LENGTH, handler: window }));
    const { preferredWidth: width = 1024, preferredHeight: height = 768 } = options;
    this.registerPage = registerPage({ registers, vbe, preferred: { width, height } });
  }

  reset(): void {
    this.#load(vgaState.initial());
  }

  save(): SavedState {
    return vgaState.encode(this.#state);
  }

  restore(saved: SavedState): void {
    const state = vgaState.decode(saved);
    if (isVbe(state)) fit(state);
    this.#load(state);
  }

  dispose(): void {
    this.#claims.dispose();
  }

  /** Takes over a state, keeping the array that video memory is in. */
  #load(state: VgaState): void {
    const { memory } = this.#state;
    memory.set(state.memory);
    Object.assign(this.#state, state, { memory });
    this.#memory.markAll();
    this.#changed();
  }

  #changed(): void {
    this.#timing = undefined;
    this.#display.invalidate();
  }

  #writeVbe(index: number, value: number): void {
    writeVbe(this.#state, index, value, (length) => {
      this.#memory.bytes.fill(0, 0, length);
      this.#memory.markAll();
    });
    this.#changed();
  }
}

/** Puts a VGA on the board. */
export const createVga = (board: Board, options: VgaOptions = {}): Vga => new Vga(board, options);
