/** Register values of a standard mode, as a video BIOS writes them (IBM Personal System/2 and AT BIOS Interface Technical Reference). */
export interface StandardMode {
  readonly miscellaneous: number;
  /** Sequencer, CRT controller, graphics and attribute controller registers, from 0 on, in hexadecimal. */
  readonly sequencer: string;
  readonly crtc: string;
  readonly graphics: string;
  readonly attribute: string;
}

const TEXT_PALETTE = '00 01 02 03 04 05 14 07 38 39 3a 3b 3c 3d 3e 3f';

/** Modes by what they are called: their numbers in hexadecimal, and 320 by 240 pixels in 256 colours without chaining. */
export const STANDARD_MODES = {
  /** 80 by 25 characters of 9 by 16 dots. */
  '03': {
    miscellaneous: 0x67,
    sequencer: '03 00 03 00 02',
    crtc: '5f 4f 50 82 55 81 bf 1f 00 4f 0d 0e 00 00 00 00 9c 8e 8f 28 1f 96 b9 a3 ff',
    graphics: '00 00 00 00 00 10 0e 00 ff',
    attribute: `${TEXT_PALETTE} 0c 00 0f 08 00`,
  },
  /** 40 by 25 characters of 9 by 16 dots. */
  '01': {
    miscellaneous: 0x67,
    sequencer: '03 08 03 00 02',
    crtc: '2d 27 28 90 2b a0 bf 1f 00 4f 0d 0e 00 00 00 00 9c 8e 8f 14 1f 96 b9 a3 ff',
    graphics: '00 00 00 00 00 10 0e 00 ff',
    attribute: `${TEXT_PALETTE} 0c 00 0f 08 00`,
  },
  /** 320 by 200 in 4 colours, as on a CGA. */
  '04': {
    miscellaneous: 0x63,
    sequencer: '03 09 03 00 02',
    crtc: '2d 27 28 90 2b 80 bf 1f 00 c1 00 00 00 00 00 00 9c 8e 8f 14 00 96 b9 a2 ff',
    graphics: '00 00 00 00 00 30 0f 00 ff',
    attribute: '00 13 15 17 02 04 06 07 10 11 12 13 14 15 16 17 01 00 03 00 00',
  },
  /** 320 by 200 in 16 colours. */
  '0d': {
    miscellaneous: 0x63,
    sequencer: '03 09 0f 00 06',
    crtc: '2d 27 28 90 2b 80 bf 1f 00 c0 00 00 00 00 00 00 9c 8e 8f 14 00 96 b9 e3 ff',
    graphics: '00 00 00 00 00 00 05 0f ff',
    attribute: '00 01 02 03 04 05 06 07 10 11 12 13 14 15 16 17 01 00 0f 00 00',
  },
  /** 640 by 480 in 16 colours. */
  '12': {
    miscellaneous: 0xe3,
    sequencer: '03 01 0f 00 06',
    crtc: '5f 4f 50 82 54 80 0b 3e 00 40 00 00 00 00 00 00 ea 8c df 28 00 e7 04 e3 ff',
    graphics: '00 00 00 00 00 00 05 0f ff',
    attribute: `${TEXT_PALETTE} 01 00 0f 00 00`,
  },
  /** 320 by 200 in 256 colours. */
  '13': {
    miscellaneous: 0x63,
    sequencer: '03 01 0f 00 0e',
    crtc: '5f 4f 50 82 54 80 bf 1f 00 41 00 00 00 00 00 00 9c 8e 8f 28 40 96 b9 a3 ff',
    graphics: '00 00 00 00 00 40 05 0f ff',
    attribute: '00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 41 00 0f 00 00',
  },
  unchained: {
    miscellaneous: 0xe3,
    sequencer: '03 01 0f 00 06',
    crtc: '5f 4f 50 82 54 80 0d 3e 00 41 00 00 00 00 00 00 ea ac df 28 00 e7 06 e3 ff',
    graphics: '00 00 00 00 00 40 05 0f ff',
    attribute: '00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 41 00 0f 00 00',
  },
} as const satisfies Readonly<Record<string, StandardMode>>;

/** Writes a mode's registers through ports, in an order in which each write takes effect, and shows the picture. */
export const setStandardMode = (
  mode: StandardMode,
  out: (port: number, value: number) => void,
  read: (port: number) => void,
): void => {
  const values = (text: string): number[] => text.split(' ').map((digits) => Number.parseInt(digits, 16));
  const indexed = (port: number, text: string): void => {
    for (const [index, value] of values(text).entries()) {
      out(port, index);
      out(port + 1, value);
    }
  };
  out(0x3c2, mode.miscellaneous);
  indexed(0x3c4, mode.sequencer);
  out(0x3d4, 0x11);
  out(0x3d5, 0);
  indexed(0x3d4, mode.crtc);
  indexed(0x3ce, mode.graphics);
  read(0x3da);
  for (const [index, value] of values(mode.attribute).entries()) {
    out(0x3c0, index);
    out(0x3c0, value);
  }
  out(0x3c0, 0x20);
};
