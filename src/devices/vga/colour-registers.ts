import type { VgaState } from './vga-state.ts';
import { isWideDac } from './vbe.ts';

/** Sets which colour register is read next, port 0x3C7. */
export const setReadIndex = (state: VgaState, value: number): void => {
  state.paletteReadIndex = value;
  state.paletteComponent = 0;
  state.paletteReading = true;
};

/** Sets which colour register is written next, port 0x3C8. */
export const setWriteIndex = (state: VgaState, value: number): void => {
  state.paletteWriteIndex = value;
  state.paletteComponent = 0;
  state.paletteReading = false;
};

/** Reads the next component, port 0x3C9. */
export const readColour = (state: VgaState): number => {
  const value = state.palette[state.paletteReadIndex * 3 + state.paletteComponent] as number;
  state.paletteComponent = (state.paletteComponent + 1) % 3;
  if (state.paletteComponent === 0) state.paletteReadIndex = (state.paletteReadIndex + 1) & 0xff;
  return value;
};

/** Writes the next component, port 0x3C9. A colour register changes when its blue is written. */
export const writeColour = (state: VgaState, value: number): void => {
  const component = isWideDac(state) ? value : value & 0x3f;
  if (state.paletteComponent < 2) {
    state.paletteStaged[state.paletteComponent] = component;
    state.paletteComponent += 1;
    return;
  }
  state.palette.set([...state.paletteStaged, component], state.paletteWriteIndex * 3);
  state.paletteWriteIndex = (state.paletteWriteIndex + 1) & 0xff;
  state.paletteComponent = 0;
};

/** All 256 colour registers as pixels 0xFFBBGGRR. Six bits are stretched to eight so that the brightest stays the brightest. */
export const pixelColours = (state: VgaState): Uint32Array => {
  const wide = isWideDac(state);
  const stretch = (value: number): number => (wide ? value : ((value & 0x3f) << 2) | ((value & 0x3f) >> 4));
  return Uint32Array.from({ length: 256 }, (_, index) => {
    const at = (index & state.paletteMask) * 3;
    const [red = 0, green = 0, blue = 0] = state.palette.subarray(at, at + 3);
    return (0xff00_0000 | (stretch(blue) << 16) | (stretch(green) << 8) | stretch(red)) >>> 0;
  });
};
