// Environments that the tests of the system routines start from: real mode, 32-bit protected mode without paging, and
// long mode with an identity map. All tables are at the addresses below.

import * as layout from '../../src/core/layout.ts';
import { RSP, SystemMachine } from './system-machine.ts';

export const GDT = 0x1000;
export const IDT = 0x2000;
export const TSS = 0x3000;
export const TSS_OTHER = 0x3800;
export const LDT = 0x4000;
const PAGE_TABLES = 0x10000;
/** Linear addresses of this 2 MiB page are not mapped in long mode. */
export const UNMAPPED = 0x600000n;

// Selectors of the GDT that both protected environments have.
export const CODE_0 = 0x08;
export const DATA_0 = 0x10;
export const CODE_3 = 0x1b;
export const DATA_3 = 0x23;
export const CODE_0_LONG = 0x28;
export const CODE_3_LONG = 0x33;
export const CONFORMING_0 = 0x38;
export const TASK = 0x40;
export const TASK_OTHER = 0x50;
export const LOCAL_TABLE = 0x60;
/** From here on tests put descriptors of their own. */
export const FREE = 0x70;

export const CODE_ATTRIBUTES = 0xc09b00;
export const CODE_LONG_ATTRIBUTES = 0xa09b00;
export const DATA_ATTRIBUTES = 0xc09300;
export const DPL_3 = 0x6000;

function fillTables(machine: SystemMachine, tssLimit: number, tssType: number): void {
  const entry = (selector: number, base: number, limit: number, attributes: number): void =>
    machine.descriptor(GDT + (selector & ~7), base, limit, attributes);
  entry(CODE_0, 0, 0xfffff, CODE_ATTRIBUTES);
  entry(DATA_0, 0, 0xfffff, DATA_ATTRIBUTES);
  entry(CODE_3, 0, 0xfffff, CODE_ATTRIBUTES | DPL_3);
  entry(DATA_3, 0, 0xfffff, DATA_ATTRIBUTES | DPL_3);
  entry(CODE_0_LONG, 0, 0xfffff, CODE_LONG_ATTRIBUTES);
  entry(CODE_3_LONG, 0, 0xfffff, CODE_LONG_ATTRIBUTES | DPL_3);
  entry(CONFORMING_0, 0, 0xfffff, CODE_ATTRIBUTES | 0x400);
  entry(TASK, TSS, tssLimit, 0x8000 | (tssType << 8));
  entry(TASK_OTHER, TSS_OTHER, tssLimit, 0x8000 | (tssType << 8));
  entry(LOCAL_TABLE, LDT, 0xff, 0x8200);
  machine.setSegment(layout.SEGMENT_GDTR, 0, BigInt(GDT), 0xfff, 0);
  machine.setSegment(layout.SEGMENT_IDTR, 0, BigInt(IDT), 0xfff, 0);
}

/** Where the handler of a vector is. */
export function handler(vector: number): bigint {
  return 0x5000n + BigInt(vector) * 0x10n;
}

/** Real mode with CS, DS, ES, SS at 0 and SP at 0x8000; vector n's handler at 0x0050:(0x10 × n). */
export function realMode(): SystemMachine {
  const machine = new SystemMachine();
  for (let vector = 0; vector < 256; vector++) machine.poke(vector * 4, 4, 0x500000 + vector * 0x10);
  machine.set64(RSP, 0x8000n);
  return machine;
}

/** Flat 32-bit protected mode at privilege level 0 with interrupt gates for 256 vectors and a busy 32-bit TSS. */
export function protectedMode(): SystemMachine {
  const machine = new SystemMachine();
  fillTables(machine, 0x2067, 9);
  for (let vector = 0; vector < 256; vector++) machine.gate(IDT + vector * 8, CODE_0, handler(vector), 0x8e00);
  machine.poke(TSS + 4, 4, 0x9000);
  machine.poke(TSS + 8, 4, DATA_0);
  machine.poke(TSS + 102, 2, 104);
  machine.set64(layout.CR0, 0x11n);
  machine.core('updateMode');
  machine.core('ltr', TASK);
  enter(machine, CODE_0, DATA_0, CODE_ATTRIBUTES, 0x8000n);
  return machine;
}

/** Long mode at privilege level 0 in a 64-bit segment, with an identity map of 1 GiB but for UNMAPPED. */
export function longMode(): SystemMachine {
  const machine = new SystemMachine();
  fillTables(machine, 0x2067, 9);
  machine.poke(GDT + TASK + 8, 8, 0);
  for (let vector = 0; vector < 256; vector++)
    machine.gate(IDT + vector * 16, CODE_0_LONG, handler(vector), 0x8e00, true);
  machine.poke(TSS + 4, 8, 0x9000);
  machine.poke(TSS + 36, 8, 0xa000);
  machine.poke(TSS + 102, 2, 104);
  machine.poke(PAGE_TABLES, 8, PAGE_TABLES + 0x1000 + 7);
  machine.poke(PAGE_TABLES + 0x1000, 8, PAGE_TABLES + 0x2000 + 7);
  for (let i = 0; i < 512; i++) machine.poke(PAGE_TABLES + 0x2000 + i * 8, 8, i * 0x200000 + 0x87);
  machine.poke(PAGE_TABLES + 0x2000 + Number(UNMAPPED / 0x200000n) * 8, 8, 0);
  machine.set64(layout.CR3, BigInt(PAGE_TABLES));
  machine.set64(layout.CR4, 0x20n);
  machine.set64(layout.MSR_EFER, 0x501n);
  machine.set64(layout.CR0, 0x80000011n);
  machine.core('flushAll');
  machine.core('updateMode');
  machine.core('ltr', TASK);
  enter(machine, CODE_0_LONG, DATA_0, CODE_LONG_ATTRIBUTES, 0x8008n);
  return machine;
}

/** Puts a protected environment into segments of the selectors' privilege level, flat, with the stack pointer given. */
export function enter(
  machine: SystemMachine,
  code: number,
  stack: number,
  attributes: number,
  stackPointer: bigint,
): void {
  const level = code & 3;
  const dpl = level << 13;
  machine.setSegment(layout.SEGMENT_CS, code, 0n, 0xffffffff, attributes | dpl);
  for (const segment of [
    layout.SEGMENT_SS,
    layout.SEGMENT_DS,
    layout.SEGMENT_ES,
    layout.SEGMENT_FS,
    layout.SEGMENT_GS,
  ]) {
    machine.setSegment(segment, stack, 0n, 0xffffffff, DATA_ATTRIBUTES | dpl);
  }
  machine.set32(layout.CPL, level);
  machine.set64(RSP, stackPointer);
  machine.core('updateMode');
}

/** At privilege level 3 in 64-bit mode. */
export function userLong(machine: SystemMachine): void {
  enter(machine, CODE_3_LONG, DATA_3, CODE_LONG_ATTRIBUTES, 0x20003n);
}

/** At privilege level 3 in a 32-bit segment. */
export function user32(machine: SystemMachine): void {
  enter(machine, CODE_3, DATA_3, CODE_ATTRIBUTES, 0x20000n);
}
