import { blob } from '../../base/blob-field.ts';
import { bool, bytes, u16, u32, u8 } from '../../base/state-field.ts';
import { defineState } from '../../base/state-schema.ts';
import type { StateOf } from '../../base/state-schema.ts';
import { MIB } from '../../base/units.ts';

/** Video memory, in bytes. */
export const VIDEO_MEMORY = 16 * MIB;
/** How many registers each indexed group has. */
export const SEQUENCER_REGISTERS = 5;
export const CRTC_REGISTERS = 0x19;
export const GRAPHICS_REGISTERS = 9;
export const ATTRIBUTE_REGISTERS = 0x15;

export const vgaState = defineState({
  name: 'vga',
  version: 1,
  fields: {
    memory: blob(VIDEO_MEMORY, 'video memory; byte 4n + p is byte n of plane p'),
    latches: u32('what the last read of planar memory left in the latches, plane 0 lowest'),
    miscellaneous: u8('miscellaneous output register'),
    feature: u8('feature control register'),
    enable: u8('video subsystem enable register, port 0x3C3', 1),
    sequencerIndex: u8('sequencer address register'),
    sequencer: bytes(SEQUENCER_REGISTERS, 'sequencer registers'),
    crtcIndex: u8('CRT controller address register'),
    crtc: bytes(CRTC_REGISTERS, 'CRT controller registers'),
    graphicsIndex: u8('graphics controller address register'),
    graphics: bytes(GRAPHICS_REGISTERS, 'graphics controller registers'),
    attributeIndex: u8('attribute controller address register; bit 5 shows the picture'),
    attributeData: bool('the next write to port 0x3C0 is data, not an index'),
    attribute: bytes(ATTRIBUTE_REGISTERS, 'attribute controller registers'),
    palette: bytes(768, 'colour registers of the DAC: red, green, blue'),
    paletteMask: u8('PEL mask register', 0xff),
    paletteReadIndex: u8('colour register that is read next'),
    paletteWriteIndex: u8('colour register that is written next'),
    paletteComponent: u8('0 red, 1 green, 2 blue is read or written next'),
    paletteReading: bool('the DAC was last set to read'),
    paletteStaged: bytes(2, 'red and green that wait for blue'),
    vbeIndex: u16('index register of the DISPI interface'),
    vbeId: u16('DISPI interface version that the guest asked for', 0xb0c5),
    vbeEnable: u16('DISPI enable register'),
    vbeWidth: u16('DISPI horizontal resolution'),
    vbeHeight: u16('DISPI vertical resolution'),
    vbeDepth: u16('DISPI bits a pixel'),
    vbeBank: u16('DISPI bank, in units of 64 KiB'),
    vbeVirtualWidth: u16('DISPI virtual width, in pixels'),
    vbeOffsetX: u16('DISPI first column shown'),
    vbeOffsetY: u16('DISPI first row shown'),
  },
});

export type VgaState = StateOf<typeof vgaState>;

/** Indexes of registers that more than one part reads (IBM Personal System/2 Hardware Interface Technical Reference, video). */
export const SEQUENCER = { reset: 0, clocking: 1, mapMask: 2, fontSelect: 3, memoryMode: 4 } as const;
export const GRAPHICS = {
  setReset: 0,
  enableSetReset: 1,
  colourCompare: 2,
  rotate: 3,
  readMap: 4,
  mode: 5,
  miscellaneous: 6,
  colourDoNotCare: 7,
  bitMask: 8,
} as const;
export const ATTRIBUTE = { mode: 0x10, planeEnable: 0x12, panning: 0x13, colourSelect: 0x14 } as const;
