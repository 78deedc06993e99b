// What drives tell about themselves (ATA/ATAPI-6, 8.15 and 8.16): 256 words.

import { FASTEST, TRANSFER_MODE } from './ata-commands.ts';
import type { DriveState } from './ide-state.ts';

const WORDS = 256;
/** The longest block of READ MULTIPLE, in sectors. */
export const LONGEST_MULTIPLE = 16;
/** As many sectors as 28 bits count, and as cylinders, heads and sectors of a track do. */
const MOST_SHORT = 0x0fff_ffff;
const MOST_CYLINDERS = 16_383;

export interface DriveNames {
  readonly model: string;
  readonly serial: string;
  readonly firmware: string;
}

/** The geometry that a disk has until INITIALIZE DEVICE PARAMETERS: 16 heads of 63 sectors. */
export const cylindersOf = (total: number, heads: number, sectors: number): number =>
  Math.min(MOST_CYLINDERS, Math.floor(total / (heads * sectors)));

/** @param total sectors of the disk */
export function identifyDisk(total: number, state: DriveState, names: DriveNames): Uint8Array {
  const words = new Uint16Array(WORDS);
  const cylinders = cylindersOf(total, state.heads, state.sectors);
  const addressable = cylinders * state.heads * state.sectors;
  words[0] = 0x0040;
  words[1] = cylindersOf(total, 16, 63);
  words[3] = 16;
  words[6] = 63;
  words[47] = 0x8000 | LONGEST_MULTIPLE;
  words[54] = cylinders;
  words[55] = state.heads;
  words[56] = state.sectors;
  setLong(words, 57, addressable);
  if (state.multiple > 0) words[59] = 0x0100 | state.multiple;
  setLong(words, 60, Math.min(total, MOST_SHORT));
  // Write cache and look-ahead, power management, NOP; FLUSH CACHE in both forms, 48-bit addresses; forced unit access.
  words[82] = 0x4068;
  words[83] = 0x7400;
  words[84] = 0x4040;
  words[85] = state.writeCache ? 0x4068 : 0x4048;
  words[86] = 0x3400;
  words[87] = 0x4040;
  setLong(words, 100, total % 2 ** 32);
  words[102] = Math.floor(total / 2 ** 32);
  words[106] = 0x4000;
  // It does not rotate.
  words[217] = 1;
  return finish(words, state, names);
}

export function identifyPacketDrive(state: DriveState, names: DriveNames): Uint8Array {
  const words = new Uint16Array(WORDS);
  // A CD-ROM drive with removable media that takes packets of 12 bytes at once.
  words[0] = 0x85c0;
  // Device reset, packets, NOP.
  words[82] = 0x4210;
  words[83] = 0x4000;
  words[84] = 0x4000;
  words[85] = 0x4210;
  words[87] = 0x4000;
  return finish(words, state, names);
}

/** What both kinds tell: names, transfer modes, and versions of the standard. */
function finish(words: Uint16Array, state: DriveState, names: DriveNames): Uint8Array {
  const { transferMode } = state;
  setText(words, 10, 20, names.serial);
  setText(words, 23, 8, names.firmware);
  setText(words, 27, 40, names.model);
  words[49] = 0x0f00;
  words[50] = 0x4000;
  words[53] = 0x0007;
  words[63] = modes(FASTEST.multiword, transferMode, TRANSFER_MODE.multiword);
  words[64] = 0x0003;
  words.fill(120, 65, 69);
  // ATA/ATAPI-4 to 6.
  words[80] = 0x0070;
  words[88] = modes(FASTEST.ultra, transferMode, TRANSFER_MODE.ultra);
  // A cable of 80 conductors, and the drive passed its diagnostics.
  words[93] = 0x6001;
  const bytes = new Uint8Array(WORDS * 2);
  const view = new DataView(bytes.buffer);
  words.forEach((word, index) => view.setUint16(index * 2, word, true));
  // All bytes add up to zero.
  bytes[510] = 0xa5;
  bytes[511] = -bytes.reduce((sum, byte) => sum + byte, 0);
  return bytes;
}

/** Modes up to the fastest, and the one that is set. */
function modes(fastest: number, set: number, kind: number): number {
  const supported = 2 ** (fastest + 1) - 1;
  return (set & 0xf8) === kind ? supported | (0x100 << (set & 7)) : supported;
}

function setLong(words: Uint16Array, at: number, value: number): void {
  words[at] = value & 0xffff;
  words[at + 1] = value >>> 16;
}

/** Text is padded with spaces, the first character of each word in its high byte. */
function setText(words: Uint16Array, at: number, length: number, text: string): void {
  const padded = text.slice(0, length).padEnd(length);
  for (let index = 0; index < length; index += 2) {
    words[at + index / 2] = (padded.charCodeAt(index) << 8) | padded.charCodeAt(index + 1);
  }
}
