import { VIDEO_MEMORY } from './vga-state.ts';
import type { VgaState } from './vga-state.ts';

/** The largest picture; width and height are also bounded by video memory. */
const MAXIMUM = { width: 4096, height: 4096, depth: 32 } as const;
const DEPTHS: readonly number[] = [4, 8, 15, 16, 24, 32];
const BANKS = VIDEO_MEMORY / 0x1_0000;
/** Versions 0xB0C0 to 0xB0C5 of the interface. */
const FIRST_ID = 0xb0c0;
const LAST_ID = 0xb0c5;

const ENABLE = { enabled: 0x01, capabilities: 0x02, wideDac: 0x20, linear: 0x40, keepMemory: 0x80 } as const;

const INDEX = {
  id: 0,
  width: 1,
  height: 2,
  depth: 3,
  enable: 4,
  bank: 5,
  virtualWidth: 6,
  virtualHeight: 7,
  offsetX: 8,
  offsetY: 9,
  memory: 10,
} as const;

/** Whether an extended mode is on, which takes the place of what the CRT controller says. */
export const isVbe = (state: VgaState): boolean => (state.vbeEnable & ENABLE.enabled) !== 0;
/** Whether an extended mode is on whose pixels lie one after the other. */
export const isLinearVbe = (state: VgaState): boolean => isVbe(state) && state.vbeDepth !== 4;
/** Whether colour registers have 8 bits a component, not 6. */
export const isWideDac = (state: VgaState): boolean => (state.vbeEnable & ENABLE.wideDac) !== 0;
/** Bytes from one row of an extended mode to the next; of each plane, with 4 bits a pixel. */
export const vbePitch = ({ vbeVirtualWidth, vbeDepth }: VgaState): number =>
  vbeDepth === 4 ? vbeVirtualWidth >> 3 : vbeVirtualWidth * ((vbeDepth + 7) >> 3);

/** Reads a register of the DISPI interface, the Bochs VBE extensions. Those there are none of read 0. */
export const readVbe = (state: VgaState, index: number): number => {
  const asksCapabilities = (state.vbeEnable & ENABLE.capabilities) !== 0;
  switch (index) {
    case INDEX.id:
      return state.vbeId;
    case INDEX.width:
      return asksCapabilities ? MAXIMUM.width : state.vbeWidth;
    case INDEX.height:
      return asksCapabilities ? MAXIMUM.height : state.vbeHeight;
    case INDEX.depth:
      return asksCapabilities ? MAXIMUM.depth : state.vbeDepth;
    case INDEX.enable:
      return state.vbeEnable;
    case INDEX.bank:
      return state.vbeBank;
    case INDEX.virtualWidth:
      return state.vbeVirtualWidth;
    case INDEX.virtualHeight:
      return virtualHeight(state);
    case INDEX.offsetX:
      return state.vbeOffsetX;
    case INDEX.offsetY:
      return state.vbeOffsetY;
    case INDEX.memory:
      return BANKS;
    default:
      return 0;
  }
};

/** Writes a register of the DISPI interface. `clear` zeroes bytes of video memory from its start on. */
export const writeVbe = (state: VgaState, index: number, value: number, clear: (length: number) => void): void => {
  switch (index) {
    case INDEX.id:
      if (value >= FIRST_ID && value <= LAST_ID) state.vbeId = value;
      break;
    case INDEX.width:
      state.vbeWidth = Math.min(value & ~7, MAXIMUM.width);
      break;
    case INDEX.height:
      state.vbeHeight = Math.min(value, MAXIMUM.height);
      break;
    case INDEX.depth:
      state.vbeDepth = DEPTHS.includes(value) ? value : 8;
      break;
    case INDEX.enable:
      enable(state, value, clear);
      return;
    case INDEX.bank:
      state.vbeBank = Math.min(value, BANKS - 1);
      break;
    case INDEX.virtualWidth:
      state.vbeVirtualWidth = Math.min(value & ~7, 0x8000);
      break;
    case INDEX.offsetX:
      state.vbeOffsetX = value;
      break;
    case INDEX.offsetY:
      state.vbeOffsetY = value;
      break;
  }
  if (isVbe(state)) fit(state);
};

const enable = (state: VgaState, value: number, clear: (length: number) => void): void => {
  const rises = (value & ENABLE.enabled) !== 0 && !isVbe(state);
  state.vbeEnable = value & 0xe3;
  state.vbeBank = 0;
  if (!rises) return;
  state.vbeVirtualWidth = 0;
  state.vbeOffsetX = 0;
  state.vbeOffsetY = 0;
  fit(state);
  if ((value & ENABLE.keepMemory) === 0)
    clear(Math.min(vbePitch(state) * state.vbeHeight * planeCount(state), VIDEO_MEMORY));
};

const planeCount = ({ vbeDepth }: VgaState): number => (vbeDepth === 4 ? 4 : 1);

/** Brings a mode within video memory, whatever was written: the width first, then height and offsets. */
export const fit = (state: VgaState): void => {
  if (!DEPTHS.includes(state.vbeDepth)) state.vbeDepth = 8;
  state.vbeWidth = Math.min(Math.max(state.vbeWidth, 8), MAXIMUM.width);
  state.vbeVirtualWidth = Math.max(state.vbeVirtualWidth, state.vbeWidth);
  state.vbeHeight = Math.max(Math.min(state.vbeHeight, rowsThatFit(state)), 1);
  state.vbeOffsetX = Math.min(state.vbeOffsetX, state.vbeVirtualWidth - state.vbeWidth);
  state.vbeOffsetY = Math.min(state.vbeOffsetY, rowsThatFit(state) - state.vbeHeight);
};

const rowsThatFit = (state: VgaState): number => Math.floor(VIDEO_MEMORY / (vbePitch(state) * planeCount(state)));
const virtualHeight = (state: VgaState): number =>
  isVbe(state) ? Math.min(rowsThatFit(state), 0xffff) : state.vbeHeight;
