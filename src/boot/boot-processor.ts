import { type GuestPhysical, guestPhysical, guestVirtual } from '../base/address.ts';
import { GENERAL_REGISTERS, type GeneralRegister, type InitialCpuState, type SegmentState } from './boot-plan.ts';
import type { MemoryLayout } from './memory-layout.ts';
import { StructureWriter } from './structure-writer.ts';

/** Linux names these selectors __BOOT_CS and __BOOT_DS (Documentation/arch/x86/boot.rst). */
const BOOT_CS = 0x10;
const BOOT_DS = 0x18;
const GDT_LENGTH = 0x20;

// Access rights: present, code or data, accessed, 4 KiB granularity; see SegmentState.
const CODE_64 = 0xa09b;
const CODE_32 = 0xc09b;
const DATA = 0xc093;
const BUSY_TSS = 0x008b;
const UNUSABLE = 0x10000;

const CR0_PE = 1 << 0;
const CR0_ET = 1 << 4;
const CR0_PG = 2 ** 31;
const CR4_PAE = 1 << 5;
const EFER_LME = 1 << 8;
const EFER_LMA = 1 << 10;
/** Bit 1 always reads as one (SDM volume 1, 3.4.3). */
const RFLAGS_FIXED = 2;

const flatSegment = (selector: number, accessRights: number): SegmentState => ({
  selector,
  base: guestVirtual(0n),
  limit: 0xffffffff,
  accessRights,
});

/** The descriptor of a flat 4 GiB segment (SDM volume 3, 3.4.5). */
function writeFlatDescriptor(table: StructureWriter, selector: number, accessRights: number): void {
  table.u32(selector, 0x0000ffff).u32(selector + 4, (accessRights << 8) | 0x000f0000);
}

/** The registers that the protocols differ in. */
export interface EntryPoint {
  readonly rip: number;
  /** Zero where not named. */
  readonly registers: Partial<Record<GeneralRegister, number>>;
  /** The page tables of 64-bit entry. Without them the processor enters flat 32-bit code. */
  readonly pageTables?: GuestPhysical;
}

/** Places a GDT and describes a processor that is about to enter the kernel with interrupts off. */
export function enterKernel(layout: MemoryLayout, entry: EntryPoint): InitialCpuState {
  const long = entry.pageTables !== undefined;
  const code = long ? CODE_64 : CODE_32;
  const table = new StructureWriter(GDT_LENGTH);
  writeFlatDescriptor(table, BOOT_CS, code);
  writeFlatDescriptor(table, BOOT_DS, DATA);
  const gdt = layout.placeBootData(table.bytes, 'descriptor table');
  const data = flatSegment(BOOT_DS, DATA);
  const zeroes = Object.fromEntries(GENERAL_REGISTERS.map((name) => [name, 0n]));
  const given = Object.entries(entry.registers).map(([name, value]) => [name, BigInt(value)]);
  return {
    mode: long ? 'long' : 'protected',
    rip: guestVirtual(BigInt(entry.rip)),
    rflags: RFLAGS_FIXED,
    registers: { ...zeroes, ...Object.fromEntries(given) } as InitialCpuState['registers'],
    cr0: long ? CR0_PG + CR0_ET + CR0_PE : CR0_ET + CR0_PE,
    cr3: entry.pageTables ?? guestPhysical(0),
    cr4: long ? CR4_PAE : 0,
    efer: long ? EFER_LME | EFER_LMA : 0,
    segments: {
      cs: flatSegment(BOOT_CS, code),
      ss: data,
      ds: data,
      es: data,
      fs: data,
      gs: data,
      tr: { selector: 0, base: guestVirtual(0n), limit: 0x67, accessRights: BUSY_TSS },
      ldtr: { selector: 0, base: guestVirtual(0n), limit: 0, accessRights: UNUSABLE },
    },
    gdtr: { base: guestVirtual(BigInt(gdt)), limit: GDT_LENGTH - 1 },
    // No interrupt table: an exception before the kernel loads its own ends in a triple fault.
    idtr: { base: guestVirtual(0n), limit: 0 },
  };
}
