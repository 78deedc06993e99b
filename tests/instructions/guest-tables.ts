// What the processor of a test cell finds in memory: page tables, descriptor tables and handlers, like those of Linux.

import { guestPhysical } from '../../src/base/address.ts';
import type { DomainMemory } from '../../src/memory/domain-memory.ts';
import { CODE, CODE_SIZE, DATA, DATA_SIZE, SMALL_BASE, SMALL_LIMIT } from './state-image.ts';

const PAGE = 4096;
/** Linear address of the system's own pages, which lie at guest-physical 0. */
export const SYSTEM = 0xffff_f000_0000_0000n;
// Guest-physical addresses.
export const PML4 = 0x1000;
export const POINTERS = 0x2000;
export const DIRECTORY = 0x3000;
export const CODE_TABLE = 0x4000;
export const DATA_TABLE = 0x5000;
const SYSTEM_POINTERS = 0x6000;
const SYSTEM_DIRECTORY = 0x7000;
export const SYSTEM_TABLE = 0x8000;
export const GDT = 0x9000;
export const IDT = 0xa000;
export const TSS = 0xb000;
export const HANDLERS = 0xc000;
export const STACK_END = 0xe000;
export const LDT = 0xe000;
export const CODE_FRAMES = 0x10000;
export const DATA_FRAMES = 0x20000;

const PRESENT = 1;
const WRITABLE = 2;
const USER = 4;
/** Accessed and dirty, so that walks leave the tables alone. */
const USED = 0x60;

/** The selectors of Linux. */
const KERNEL_CS = 0x10;
export const USER32_CS = 0x23;
export const USER_DS = 0x2b;
export const USER_CS = 0x33;
export const LDT_CODE_16 = 0x07;
export const LDT_SMALL = 0x0f;

/** Writes page tables, descriptor tables, TSS and handlers into the guest's memory. */
export function buildTables(memory: DomainMemory): void {
  const set64 = (physical: number, value: number | bigint): void =>
    memory.write64(guestPhysical(physical), BigInt.asUintN(64, BigInt(value)));
  const pages = (table: number, from: number, first: number, count: number, rights: number): void => {
    for (let i = 0; i < count; i++) set64(table + (from + i) * 8, (first + i * PAGE) | rights | USED | PRESENT);
  };
  const open = PRESENT | WRITABLE | USER | USED;
  set64(PML4, POINTERS | open);
  set64(POINTERS, DIRECTORY | open);
  set64(DIRECTORY + (CODE >>> 21) * 8, CODE_TABLE | open);
  set64(DIRECTORY + (DATA >>> 21) * 8, DATA_TABLE | open);
  pages(CODE_TABLE, 0, CODE_FRAMES, CODE_SIZE / PAGE, WRITABLE | USER);
  pages(DATA_TABLE, 0, DATA_FRAMES, DATA_SIZE / PAGE, WRITABLE | USER);
  pages(DATA_TABLE, DATA_SIZE / PAGE, DATA_FRAMES + DATA_SIZE, 1, USER);
  const slot = (level: number): number => Number((SYSTEM >> BigInt(12 + 9 * level)) & 511n) * 8;
  set64(PML4 + slot(3), SYSTEM_POINTERS | open);
  set64(SYSTEM_POINTERS + slot(2), SYSTEM_DIRECTORY | open);
  set64(SYSTEM_DIRECTORY + slot(1), SYSTEM_TABLE | open);
  pages(SYSTEM_TABLE, 0, 0, 16, WRITABLE);

  const descriptor = (selector: number, high: number): void =>
    set64(GDT + (selector & ~7), (BigInt(high | 0xf0000) << 32n) | 0xffffn);
  descriptor(0x08, 0xc09b00);
  descriptor(KERNEL_CS, 0xa09b00);
  descriptor(0x18, 0xc09300);
  descriptor(USER32_CS, 0xc0fb00);
  descriptor(USER_DS, 0xc0f300);
  descriptor(USER_CS, 0xa0fb00);
  const small = BigInt((SMALL_BASE & 0xff000000) | 0x40f300 | ((SMALL_BASE >>> 16) & 0xff)) << 32n;
  set64(LDT + 8, BigInt.asUintN(64, small) | (BigInt(SMALL_BASE & 0xffff) << 16n) | BigInt(SMALL_LIMIT));
  set64(LDT, (BigInt((CODE & 0xff000000) | 0xfb00 | ((CODE >>> 16) & 0xff)) << 32n) | 0xffffn);

  for (let vector = 0; vector < 256; vector++) {
    const offset = SYSTEM + BigInt(HANDLERS + vector);
    // An interrupt gate of DPL 3, so that INT3 may use it.
    const low = (offset & 0xffffn) | (BigInt(KERNEL_CS) << 16n) | (0xeen << 40n) | (((offset >> 16n) & 0xffffn) << 48n);
    set64(IDT + vector * 16, low);
    set64(IDT + vector * 16 + 8, offset >> 32n);
  }
  set64(TSS + 4, SYSTEM + BigInt(STACK_END));
  memory.write16(guestPhysical(TSS + 102), 104);
  memory.writeBytes(guestPhysical(HANDLERS), new Uint8Array(256).fill(0xf4));
  memory.writeBytes(guestPhysical(CODE_FRAMES), new Uint8Array(CODE_SIZE).fill(0xcc));
  memory.writeBytes(guestPhysical(DATA_FRAMES), new Uint8Array(DATA_SIZE + PAGE));
}
