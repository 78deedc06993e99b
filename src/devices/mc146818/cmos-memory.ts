import { CMOS_LENGTH } from './mc146818-state.ts';

/** How much memory a machine has, in bytes. */
export interface MemorySize {
  /** From address 0 up to the hole below 4 GiB. */
  readonly below4G: number;
  /** From 4 GiB on. */
  readonly above4G: number;
}

const KIB = 1024;
const MIB = KIB * KIB;

/** What firmware of the AT family keeps in the CMOS memory: sizes of memory, equipment and a checksum. */
export const initialMemory = (size: MemorySize): Uint8Array => {
  const memory = new Uint8Array(CMOS_LENGTH);
  const word = (offset: number, value: number): void => {
    memory[offset] = value & 0xff;
    memory[offset + 1] = (value >> 8) & 0xff;
  };
  memory[0x0a] = 0x26; // 32.768 kHz crystal, 1024 Hz
  memory[0x0b] = 0x02; // 24 hours, BCD
  memory[0x0d] = 0x80; // the battery is good
  memory[0x14] = 0x06; // a floating-point unit and a PS/2 mouse port
  const extended = Math.max(0, size.below4G - MIB);
  word(0x15, Math.min(640, Math.floor(size.below4G / KIB)));
  word(0x17, Math.min(0xffff, Math.floor(extended / KIB)));
  word(0x30, Math.min(0xffff, Math.floor(extended / KIB)));
  word(0x34, Math.min(0xffff, Math.floor(Math.max(0, size.below4G - 16 * MIB) / (64 * KIB))));
  const high = Math.floor(size.above4G / (64 * KIB));
  word(0x5b, high & 0xffff);
  memory[0x5d] = Math.floor(high / 0x10000) & 0xff;
  const sum = memory.subarray(0x10, 0x2e).reduce((total, byte) => total + byte, 0);
  memory[0x2e] = (sum >> 8) & 0xff;
  memory[0x2f] = sum & 0xff;
  return memory;
};
