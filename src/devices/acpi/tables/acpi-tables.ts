import { guestPhysical } from '../../../base/address.ts';
import type { GuestPhysical } from '../../../base/address.ts';
import { dsdt } from './dsdt.ts';
import { facs, fadt, hpet, madt, mcfg, rootPointer, rsdt, xsdt } from './fixed-tables.ts';

export interface AcpiTablesOptions {
  /** 1 to 1024. Processor n has APIC ID n. */
  readonly processors: number;
  /** The end of guest memory below 4 GiB: what follows it up to the I/O APIC is the window for PCI devices. */
  readonly memoryTop: number;
  /** APIC ID of the I/O APIC. 0 unless told. */
  readonly ioApicId?: number;
  /** Whether there is a mouse. True unless told. */
  readonly mouse?: boolean;
  /** How many serial ports there are. 2 unless told. */
  readonly serialPorts?: number;
  /** Whether there is a VGA. False unless told. */
  readonly vga?: boolean;
  /** Whether there is a firmware configuration device. False unless told. */
  readonly firmwareConfiguration?: boolean;
}

export interface AcpiTables {
  /** Where `bytes` goes in guest-physical memory. The range is to be reserved in the memory map. */
  readonly address: GuestPhysical;
  readonly bytes: Uint8Array;
  /** The root pointer, for boot protocols that pass it on; others find it by looking for it. */
  readonly rootPointer: GuestPhysical;
}

/** Operating systems look for the root pointer from here to 0xFFFFF, at multiples of 16. */
const FIRST = 0x000e_0000;
const LAST = 0x000f_ffff;
/** The FACS wants 64; the same for all keeps it simple. */
const ALIGNMENT = 64;
/** The least room that PCI devices get when memory reaches far up. */
const SMALLEST_PCI_WINDOW = 0xd000_0000;

/** All tables but the root pointer, one after the other, and where each begins in guest-physical memory. */
export interface LaidOutTables {
  readonly bytes: Uint8Array;
  readonly fadt: number;
  readonly rsdt: number;
  readonly xsdt: number;
  /** How many tables the RSDT and the XSDT point to. */
  readonly count: number;
}

/** Lays out the tables from guest-physical address `base` on, a multiple of 64. */
export const layOutTables = (options: AcpiTablesOptions, base: number): LaidOutTables => {
  const pieces: { readonly at: number; readonly bytes: Uint8Array }[] = [];
  let next = base;
  const place = (bytes: Uint8Array): number => {
    const at = next;
    pieces.push({ at, bytes });
    next = Math.ceil((at + bytes.length) / ALIGNMENT) * ALIGNMENT;
    return at;
  };
  const { processors, mouse = true, serialPorts = 2, vga = false, ioApicId = 0 } = options;
  const pciWindow = Math.min(
    SMALLEST_PCI_WINDOW,
    Math.ceil(Math.max(options.memoryTop, 0x10_0000) / 0x10_0000) * 0x10_0000,
  );
  const facsAddress = place(facs());
  const dsdtAddress = place(
    dsdt({ processors, mouse, serialPorts, pciWindow, firmwareConfiguration: options.firmwareConfiguration ?? false }),
  );
  const fadtAddress = place(fadt(facsAddress, dsdtAddress, vga));
  const tables = [fadtAddress, place(madt(processors, ioApicId)), place(hpet()), place(mcfg())];
  const rsdtAddress = place(rsdt(tables));
  const xsdtAddress = place(xsdt(tables));
  const bytes = new Uint8Array(next - base);
  for (const piece of pieces) bytes.set(piece.bytes, piece.at - base);
  return { bytes, fadt: fadtAddress, rsdt: rsdtAddress, xsdt: xsdtAddress, count: tables.length };
};

/** Builds all ACPI tables of the board. Throws `RangeError` when they do not fit, with more than some 1,000 processors. */
export const buildAcpiTables = (options: AcpiTablesOptions): AcpiTables => {
  const tables = layOutTables(options, FIRST + ALIGNMENT);
  const bytes = new Uint8Array(ALIGNMENT + tables.bytes.length);
  if (FIRST + bytes.length > LAST + 1) {
    throw new RangeError(
      `The ACPI tables of ${options.processors} processors take ${bytes.length} bytes, more than there is room for.`,
    );
  }
  bytes.set(rootPointer(tables.rsdt, tables.xsdt));
  bytes.set(tables.bytes, ALIGNMENT);
  return { address: guestPhysical(FIRST), bytes, rootPointer: guestPhysical(FIRST) };
};
