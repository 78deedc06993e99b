import { buffer } from './aml.ts';
import type { Aml } from './aml.ts';
import { TableWriter } from './table-writer.ts';

/** One resource descriptor (ACPI 6.5, 6.4). */
export type Resource = Uint8Array;

/** `count` I/O ports from `first` on, with 16 bits decoded. */
export const ioPorts = (first: number, count: number): Resource =>
  new TableWriter().u8(0x47, 0x01).u16(first).u16(first).u8(1, count).bytes();

/** An ISA interrupt: edge triggered, active high, not shared. */
export const isaInterrupt = (number: number): Resource =>
  new TableWriter()
    .u8(0x22)
    .u16(1 << number)
    .bytes();

/** A fixed range of memory below 4 GiB that may be written. */
export const fixedMemory = (base: number, length: number): Resource =>
  new TableWriter().u8(0x86).u16(9).u8(1).u32(base).u32(length).bytes();

/** Minimum and maximum are fixed, and the bridge passes the range on. */
const PRODUCED = 0x0c;

/** Bus numbers that a bridge passes on. */
export const busNumbers = (first: number, last: number): Resource =>
  new TableWriter()
    .u8(0x88)
    .u16(13)
    .u8(2, PRODUCED, 0)
    .u16(0)
    .u16(first)
    .u16(last)
    .u16(0)
    .u16(last - first + 1)
    .bytes();

/** I/O ports that a bridge passes on. */
export const ioWindow = (first: number, last: number): Resource =>
  new TableWriter()
    .u8(0x88)
    .u16(13)
    .u8(1, PRODUCED, 3)
    .u16(0)
    .u16(first)
    .u16(last)
    .u16(0)
    .u16(last - first + 1)
    .bytes();

/** Memory below 4 GiB that a bridge passes on, not cached. */
export const memoryWindow = (first: number, last: number): Resource =>
  new TableWriter()
    .u8(0x87)
    .u16(23)
    .u8(0, PRODUCED, 1)
    .u32(0)
    .u32(first)
    .u32(last)
    .u32(0)
    .u32(last - first + 1)
    .bytes();

/** `ResourceTemplate () { … }`, with its end tag. */
export const resourceTemplate = (resources: readonly Resource[]): Aml => {
  const writer = new TableWriter();
  for (const resource of resources) writer.append(resource);
  return buffer(writer.u8(0x79, 0).bytes());
};
