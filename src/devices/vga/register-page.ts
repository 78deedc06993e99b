import type { DisplaySize } from '../../base/display.ts';
import type { MmioHandler } from '../../base/mmio.ts';
import { buildEdid } from './edid.ts';

/** Where in the page what lies: QEMU's document "standard-vga", the MMIO bar. */
const VGA_PORTS = { first: 0x400, length: 0x20, port: 0x3c0 } as const;
const DISPI = { first: 0x500, length: 0x16 } as const;
const EXTENDED = { first: 0x600, length: 8 } as const;
const LITTLE_ENDIAN = 0x1e1e_1e1e;

export interface RegisterPageParts {
  readonly registers: { read(port: number): number; write(port: number, value: number): void };
  readonly vbe: { read(index: number): number; write(index: number, value: number): void };
  /** What the monitor's identification says is its best size. */
  readonly preferred: DisplaySize;
}

/** A page of registers in memory: what the monitor is (EDID), the VGA's ports from 0x3C0 on, and the DISPI registers. */
export const registerPage = (parts: RegisterPageParts): MmioHandler => {
  const edid = buildEdid(parts.preferred);
  const readByte = (offset: number): number => {
    if (offset < VGA_PORTS.first) return edid[offset] ?? 0;
    if (isIn(VGA_PORTS, offset)) return parts.registers.read(VGA_PORTS.port + offset - VGA_PORTS.first);
    if (isIn(DISPI, offset)) {
      const value = parts.vbe.read((offset - DISPI.first) >> 1);
      return (offset & 1) === 0 ? value & 0xff : value >> 8;
    }
    if (!isIn(EXTENDED, offset)) return 0xff;
    // The length of the registers of this kind, and the byte order, which is not to be changed.
    const value = offset < EXTENDED.first + 4 ? EXTENDED.length : LITTLE_ENDIAN;
    return (value >>> ((offset & 3) * 8)) & 0xff;
  };
  return {
    read: (offset, size) => {
      let value = 0;
      for (let byte = 0; byte < size; byte += 1) value |= readByte(offset + byte) << (byte * 8);
      return value >>> 0;
    },
    write: (offset, size, value) => {
      if (isIn(DISPI, offset)) {
        if (size === 1) return;
        for (let at = 0; at < size; at += 2) {
          if (isIn(DISPI, offset + at))
            parts.vbe.write((offset + at - DISPI.first) >> 1, (value >>> (at * 8)) & 0xffff);
        }
        return;
      }
      for (let byte = 0; byte < size; byte += 1) {
        const at = offset + byte;
        if (isIn(VGA_PORTS, at))
          parts.registers.write(VGA_PORTS.port + at - VGA_PORTS.first, (value >>> (byte * 8)) & 0xff);
      }
    },
  };
};

const isIn = (range: { readonly first: number; readonly length: number }, offset: number): boolean =>
  offset >= range.first && offset < range.first + range.length;
