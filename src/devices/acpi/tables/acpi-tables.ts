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

/** Builds all ACPI tables of the board. Throws `RangeError` when they do not fit, with more than some 1,000 processors. */
export const buildAcpiTables = (options: AcpiTablesOptions): AcpiTables => {
  const pieces: { readonly at: number; readonly bytes: Uint8Array }[] = [];
  let next = FIRST + ALIGNMENT; // the root pointer comes first
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
  const dsdtAddress = place(dsdt({ processors, mouse, serialPorts, pciWindow }));
  const tables = [
    place(fadt(facsAddress, dsdtAddress, vga)),
    place(madt(processors, ioApicId)),
    place(hpet()),
    place(mcfg()),
  ];
  pieces.push({ at: FIRST, bytes: rootPointer(place(rsdt(tables)), place(xsdt(tables))) });
  if (next > LAST + 1) {
    throw new RangeError(
      `The ACPI tables of ${processors} processors take ${next - FIRST} bytes, more than there is room for.`,
    );
  }
  const bytes = new Uint8Array(next - FIRST);
  for (const piece of pieces) bytes.set(piece.bytes, piece.at - FIRST);
  return { address: guestPhysical(FIRST), bytes, rootPointer: guestPhysical(FIRST) };
};
