import { readColour, setReadIndex, setWriteIndex, writeColour } from './colour-registers.ts';
import { ATTRIBUTE_REGISTERS, CRTC_REGISTERS, GRAPHICS_REGISTERS, SEQUENCER_REGISTERS } from './vga-state.ts';
import type { VgaState } from './vga-state.ts';

/** Bits that the registers of a group have; the others read 0. */
const SEQUENCER_BITS = [0x03, 0x3d, 0x0f, 0x3f, 0x0e];
const GRAPHICS_BITS = [0x0f, 0x0f, 0x0f, 0x1f, 0x03, 0x7b, 0x0f, 0x0f, 0xff];
const ATTRIBUTE_BITS = [...Array.from({ length: 16 }, () => 0x3f), 0xef, 0xff, 0x3f, 0x0f, 0x0f];
const CRTC = { overflow: 0x07, protect: 0x11 } as const;
const LINE_COMPARE_BIT_8 = 0x10;
/** Registers that are written all the time while a picture is drawn, and do not themselves change it. */
const DRAWING_GRAPHICS = [0, 1, 2, 3, 4, 7, 8];

/** The ports 0x3B0 to 0x3DF: everything but the timing that input status 1 shows. */
export class VgaRegisters {
  readonly #state: () => VgaState;
  readonly #readStatus: () => number;
  readonly #changed: () => void;

  /** `readStatus` gives input status 1; `changed` is called when a register was written that the picture depends on. */
  constructor(state: () => VgaState, readStatus: () => number, changed: () => void) {
    this.#state = state;
    this.#readStatus = readStatus;
    this.#changed = changed;
  }

  read(port: number): number {
    const state = this.#state();
    switch (this.#translate(port)) {
      case 0x3c0:
        return state.attributeIndex;
      case 0x3c1:
        return state.attribute[state.attributeIndex & 0x1f] ?? 0;
      case 0x3c2: // input status 0: a colour monitor is there, no interrupt pends
        return 0x10;
      case 0x3c3:
        return state.enable;
      case 0x3c4:
        return state.sequencerIndex;
      case 0x3c5:
        return state.sequencer[state.sequencerIndex] ?? 0;
      case 0x3c6:
        return state.paletteMask;
      case 0x3c7:
        return state.paletteReading ? 3 : 0;
      case 0x3c8:
        return state.paletteWriteIndex;
      case 0x3c9:
        return readColour(state);
      case 0x3ca:
        return state.feature;
      case 0x3cc:
        return state.miscellaneous;
      case 0x3ce:
        return state.graphicsIndex;
      case 0x3cf:
        return state.graphics[state.graphicsIndex] ?? 0;
      case 0x3d4:
        return state.crtcIndex;
      case 0x3d5:
        return state.crtc[state.crtcIndex] ?? 0;
      case 0x3da:
        state.attributeData = false;
        return this.#readStatus();
      default:
        return 0xff;
    }
  }

  write(port: number, value: number): void {
    const state = this.#state();
    switch (this.#translate(port)) {
      case 0x3c0:
        this.#writeAttribute(state, value);
        break;
      case 0x3c2:
        state.miscellaneous = value & 0xef;
        this.#changed();
        break;
      case 0x3c3:
        state.enable = value & 1;
        break;
      case 0x3c4:
        state.sequencerIndex = value & 7;
        break;
      case 0x3c5:
        this.#writeSequencer(state, value);
        break;
      case 0x3c6:
        state.paletteMask = value;
        this.#changed();
        break;
      case 0x3c7:
        setReadIndex(state, value);
        break;
      case 0x3c8:
        setWriteIndex(state, value);
        break;
      case 0x3c9:
        writeColour(state, value);
        this.#changed();
        break;
      case 0x3ce:
        state.graphicsIndex = value & 15;
        break;
      case 0x3cf:
        this.#writeGraphics(state, value);
        break;
      case 0x3d4:
        state.crtcIndex = value & 0x3f;
        break;
      case 0x3d5:
        this.#writeCrtc(state, value);
        break;
      case 0x3da:
        state.feature = value & 3;
        break;
    }
  }

  /** The port as it is on a colour monitor; 0 for one that bit 0 of the miscellaneous output register moves away. */
  #translate(port: number): number {
    if (port >= 0x3c0 && port <= 0x3cf) return port;
    const inColour = port >= 0x3d0;
    if (inColour !== ((this.#state().miscellaneous & 1) !== 0)) return 0;
    const colourPort = inColour ? port : port + 0x20;
    // The CRT controller answers at all even and odd ports up to 0x3D7, as the CGA's did.
    return colourPort <= 0x3d7 ? 0x3d4 | (colourPort & 1) : colourPort;
  }

  #writeAttribute(state: VgaState, value: number): void {
    state.attributeData = !state.attributeData;
    if (state.attributeData) {
      if (((state.attributeIndex ^ value) & 0x20) !== 0) this.#changed();
      state.attributeIndex = value & 0x3f;
      return;
    }
    const index = state.attributeIndex & 0x1f;
    // The palette is the picture's own while bit 5 of the index is set.
    if (index >= ATTRIBUTE_REGISTERS || (index < 16 && (state.attributeIndex & 0x20) !== 0)) return;
    this.#set(state.attribute, index, value & (ATTRIBUTE_BITS[index] as number));
  }

  #writeSequencer(state: VgaState, value: number): void {
    const index = state.sequencerIndex;
    if (index >= SEQUENCER_REGISTERS) return;
    const bits = value & (SEQUENCER_BITS[index] as number);
    if (index === 2) state.sequencer[index] = bits;
    else this.#set(state.sequencer, index, bits);
  }

  #writeGraphics(state: VgaState, value: number): void {
    const index = state.graphicsIndex;
    if (index >= GRAPHICS_REGISTERS) return;
    const bits = value & (GRAPHICS_BITS[index] as number);
    if (DRAWING_GRAPHICS.includes(index)) state.graphics[index] = bits;
    else this.#set(state.graphics, index, bits);
  }

  #writeCrtc(state: VgaState, value: number): void {
    const index = state.crtcIndex;
    if (index >= CRTC_REGISTERS) return;
    if (index <= CRTC.overflow && ((state.crtc[CRTC.protect] as number) & 0x80) !== 0) {
      if (index !== CRTC.overflow) return;
      const kept = (state.crtc[index] as number) & ~LINE_COMPARE_BIT_8;
      this.#set(state.crtc, index, kept | (value & LINE_COMPARE_BIT_8));
    } else this.#set(state.crtc, index, value);
  }

  #set(registers: Uint8Array, index: number, value: number): void {
    if (registers[index] === value) return;
    registers[index] = value;
    this.#changed();
  }
}
