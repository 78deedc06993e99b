import type { MmioHandler } from '../../base/mmio.ts';
import { GRAPHICS, SEQUENCER, VIDEO_MEMORY } from './vga-state.ts';
import type { VgaState } from './vga-state.ts';
import { isLinearVbe, isVbe } from './vbe.ts';
import type { VideoMemory } from './video-memory.ts';

export const WINDOW_ADDRESS = 0x000a_0000;
export const WINDOW_LENGTH = 0x2_0000;

/** Where in the window the memory map select field (graphics register 6, bits 2 and 3) puts video memory. */
const MAPS = [
  { first: 0, length: 0x2_0000 },
  { first: 0, length: 0x1_0000 },
  { first: 0x1_0000, length: 0x8000 },
  { first: 0x1_8000, length: 0x8000 },
] as const;
const RAM_ENABLED = 0x02;
const CHAIN_4 = 0x08;
const ODD_EVEN_DISABLED = 0x04;
/** Bytes of a plane of a VGA without extensions, which addresses wrap around. */
const PLANE_MASK = 0xffff;
const WORD_MASK = VIDEO_MEMORY / 4 - 1;

/** A bit a plane made a byte a plane. */
const PLANES: readonly number[] = Array.from({ length: 16 }, (_, planes) =>
  [0, 1, 2, 3].reduce((mask, plane) => mask + ((planes >> plane) & 1) * 0xff * 2 ** (plane * 8), 0),
);
const fill = (byte: number): number => Math.imul(byte, 0x0101_0101);

/** The window 0xA0000 to 0xBFFFF: four planes behind latches, a rotator and a logic unit (Technical Reference, graphics controller). */
export class MemoryWindow implements MmioHandler {
  readonly #memory: VideoMemory;
  readonly #state: () => VgaState;

  constructor(memory: VideoMemory, state: () => VgaState) {
    this.#memory = memory;
    this.#state = state;
  }

  read(offset: number, size: 1 | 2 | 4): number {
    const state = this.#state();
    const first = locate(state, offset);
    if (first < 0) return 0xffff_ffff;
    if (isLinearVbe(state)) {
      const at = bankOffset(state) + first;
      return at + size <= VIDEO_MEMORY ? this.#memory.frameBuffer.read(at, size) : 0xffff_ffff;
    }
    let value = 0;
    for (let byte = 0; byte < size; byte += 1) {
      const address = locate(state, offset + byte);
      value |= (address < 0 ? 0xff : this.#readByte(state, address)) << (byte * 8);
    }
    return value >>> 0;
  }

  write(offset: number, size: 1 | 2 | 4, value: number): void {
    const state = this.#state();
    const first = locate(state, offset);
    if (first < 0) return;
    if (isLinearVbe(state)) {
      const at = bankOffset(state) + first;
      if (at + size <= VIDEO_MEMORY) this.#memory.frameBuffer.write(at, size, value);
      return;
    }
    for (let byte = 0; byte < size; byte += 1) {
      const address = locate(state, offset + byte);
      if (address >= 0) this.#writeByte(state, address, (value >>> (byte * 8)) & 0xff);
    }
  }

  /** `address` is relative to where the window begins. */
  #readByte(state: VgaState, address: number): number {
    const { graphics } = state;
    const mode = graphics[GRAPHICS.mode] as number;
    let plane = (graphics[GRAPHICS.readMap] as number) & 3;
    let word = wordOf(state, address);
    if (((state.sequencer[SEQUENCER.memoryMode] as number) & CHAIN_4) !== 0) {
      plane = word & 3;
      word = chained(word);
    } else if ((mode & 0x10) !== 0) {
      plane = (plane & 2) | (word & 1);
      word &= ~1;
    }
    const latches = this.#memory.words[word] as number;
    state.latches = latches;
    if ((mode & 0x08) === 0) return (latches >>> (plane * 8)) & 0xff;
    // Read mode 1: a one where all planes that matter have the colour to compare with.
    const colour = PLANES[(graphics[GRAPHICS.colourCompare] as number) & 15] as number;
    const differs = (latches ^ colour) & (PLANES[(graphics[GRAPHICS.colourDoNotCare] as number) & 15] as number);
    return ~(differs | (differs >>> 8) | (differs >>> 16) | (differs >>> 24)) & 0xff;
  }

  #writeByte(state: VgaState, address: number, value: number): void {
    const memoryMode = state.sequencer[SEQUENCER.memoryMode] as number;
    let planes = (state.sequencer[SEQUENCER.mapMask] as number) & 15;
    let word = wordOf(state, address);
    if ((memoryMode & CHAIN_4) !== 0) {
      planes &= 1 << (word & 3);
      word = chained(word);
    } else if ((memoryMode & ODD_EVEN_DISABLED) === 0) {
      planes &= (word & 1) === 0 ? 0b0101 : 0b1010;
      word &= ~1;
    }
    this.#memory.writeWord(word, combine(state, value), PLANES[planes] as number);
  }
}

/** What is written to all four planes: write modes 0 to 3. */
const combine = ({ graphics, latches }: VgaState, value: number): number => {
  const rotate = graphics[GRAPHICS.rotate] as number;
  const rotated = ((value >> (rotate & 7)) | (value << (8 - (rotate & 7)))) & 0xff;
  const setReset = PLANES[(graphics[GRAPHICS.setReset] as number) & 15] as number;
  let bitMask = graphics[GRAPHICS.bitMask] as number;
  let planes: number;
  switch ((graphics[GRAPHICS.mode] as number) & 3) {
    case 0: {
      const enabled = PLANES[(graphics[GRAPHICS.enableSetReset] as number) & 15] as number;
      planes = (fill(rotated) & ~enabled) | (setReset & enabled);
      break;
    }
    case 1:
      return latches;
    case 2:
      planes = PLANES[value & 15] as number;
      break;
    default:
      planes = setReset;
      bitMask &= rotated;
  }
  if ((rotate & 0x18) === 0x08) planes &= latches;
  else if ((rotate & 0x18) === 0x10) planes |= latches;
  else if ((rotate & 0x18) === 0x18) planes ^= latches;
  const mask = fill(bitMask);
  return (planes & mask) | (latches & ~mask);
};

/** Where an offset into the window is in mapped video memory; -1 when it is not mapped. */
const locate = (state: VgaState, offset: number): number => {
  if (isLinearVbe(state)) return offset < 0x1_0000 ? offset : -1;
  if ((state.miscellaneous & RAM_ENABLED) === 0) return -1;
  const map = MAPS[((state.graphics[GRAPHICS.miscellaneous] as number) >> 2) & 3] as (typeof MAPS)[number];
  const address = offset - map.first;
  return address < map.length ? address : -1;
};

const bankOffset = (state: VgaState): number => state.vbeBank * 0x1_0000;

/** With planes chained, address bits 14 and 15 take the place of the two that select the plane, as doubleword addressing has it. */
const chained = (address: number): number => (address & ~3) | ((address >> 14) & 3);

/** The word of four planes that an address selects before chaining; extended 16-colour modes have more than 64 Ki of them, in banks. */
const wordOf = (state: VgaState, address: number): number =>
  isVbe(state) ? (address + bankOffset(state)) & WORD_MASK : address & PLANE_MASK;
