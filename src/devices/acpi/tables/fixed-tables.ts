import { HPET_ADDRESS, HPET_BLOCK_ID } from '../../hpet/hpet.ts';
import { IO_APIC_ADDRESS } from '../../io-apic/io-apic.ts';
import { ECAM_ADDRESS } from '../../pci/pci-layout.ts';
import { RESET_CONTROL_PORT, RESET_CONTROL_VALUE } from '../../reset-control/reset-control.ts';
import { ACPI_PORTS, GENERAL_LENGTH, SCI } from '../acpi-ports.ts';
import { checksumOf, genericAddress, systemTable, TableWriter } from './table-writer.ts';

const LOCAL_APIC_ADDRESS = 0xfee0_0000;

/** The root pointer that operating systems look for below 1 MiB (ACPI 6.5, 5.2.5.3). */
export const rootPointer = (rsdt: number, xsdt: number): Uint8Array => {
  const pointer = new TableWriter()
    .text('RSD PTR ', 8)
    .u8(0)
    .text('LODGE', 6)
    .u8(2)
    .u32(rsdt)
    .u32(36)
    .u64(xsdt)
    .zeros(4)
    .bytes();
  pointer[8] = checksumOf(pointer.subarray(0, 20));
  pointer[32] = checksumOf(pointer);
  return pointer;
};

/** The root table with 32-bit pointers. */
export const rsdt = (tables: readonly number[]): Uint8Array => {
  const body = new TableWriter();
  for (const table of tables) body.u32(table);
  return systemTable('RSDT', 1, body.bytes());
};

/** The root table with 64-bit pointers. */
export const xsdt = (tables: readonly number[]): Uint8Array => {
  const body = new TableWriter();
  for (const table of tables) body.u64(table);
  return systemTable('XSDT', 1, body.bytes());
};

/** The firmware control structure: the waking vector and the global lock, which nobody contends for. */
export const facs = (): Uint8Array => new TableWriter().text('FACS', 4).u32(64).zeros(24).u8(2).zeros(31).bytes();

/** Fixed feature flags: WBINVD works, C1 works, no sleep button, no RTC wake status, a 32-bit timer, a reset register. */
const FADT_FLAGS = 0x0001 | 0x0004 | 0x0020 | 0x0040 | 0x0100 | 0x0400;
/** Boot architecture: legacy devices, an 8042, no VGA. */
const BOOT_ARCHITECTURE = 0x0001 | 0x0002;
const NO_VGA = 0x0004;

/** The fixed ACPI description table, revision 4 (ACPI 4.0, 5.2.9): where the fixed hardware is. */
export const fadt = (facsAddress: number, dsdtAddress: number, vga: boolean): Uint8Array => {
  const { pm1Event, pm1Control, timer, general } = ACPI_PORTS;
  const none = genericAddress(1, 0, 0, 0);
  const body = new TableWriter()
    .u32(facsAddress)
    .u32(dsdtAddress)
    .u8(0, 0) // reserved, no preferred profile
    .u16(SCI)
    .u32(0) // no SMI command port: the machine is in ACPI mode for good
    .u8(0, 0, 0, 0)
    .u32(pm1Event)
    .u32(0)
    .u32(pm1Control)
    .u32(0)
    .u32(0)
    .u32(timer)
    .u32(general)
    .u32(0)
    .u8(4, 2, 0, 4, GENERAL_LENGTH, 0, 0, 0)
    .u16(0xfff) // latencies beyond what C2 and C3 may have: there are none
    .u16(0xfff)
    .u16(0)
    .u16(0)
    .u8(0, 0, 0, 0, 0x32) // alarm registers of day and month: none; the century's: 0x32
    .u16(BOOT_ARCHITECTURE | (vga ? 0 : NO_VGA))
    .u8(0)
    .u32(FADT_FLAGS)
    .append(genericAddress(1, 8, 1, RESET_CONTROL_PORT))
    .u8(RESET_CONTROL_VALUE, 0, 0, 0)
    .u64(facsAddress)
    .u64(dsdtAddress)
    .append(genericAddress(1, 32, 2, pm1Event))
    .append(none)
    .append(genericAddress(1, 16, 2, pm1Control))
    .append(none)
    .append(none)
    .append(genericAddress(1, 32, 3, timer))
    .append(genericAddress(1, GENERAL_LENGTH * 8, 1, general))
    .append(none);
  return systemTable('FACP', 4, body.bytes());
};

/** Interrupt flags of the MADT: as the bus has it, or active high and level triggered. */
const CONFORMS = 0x0;
const ACTIVE_HIGH_LEVEL = 0xd;

/** The multiple APIC description table (ACPI 6.5, 5.2.12). Processor n has unit number and APIC ID n. */
export const madt = (processors: number, ioApicId: number): Uint8Array => {
  const body = new TableWriter().u32(LOCAL_APIC_ADDRESS).u32(1); // there are 8259s too
  for (let n = 0; n < processors; n += 1) {
    if (n < 255) body.u8(0, 8, n, n).u32(1);
    else body.u8(9, 16, 0, 0).u32(n).u32(1).u32(n);
  }
  body.u8(1, 12, ioApicId, 0).u32(IO_APIC_ADDRESS).u32(0);
  body.u8(2, 10, 0, 0).u32(2).u16(CONFORMS); // the timer is on pin 2
  body.u8(2, 10, 0, SCI).u32(SCI).u16(ACTIVE_HIGH_LEVEL);
  body.u8(4, 6, 0xff).u16(CONFORMS).u8(1); // LINT1 of every processor is NMI
  return systemTable('APIC', 3, body.bytes());
};

/** The HPET description table (IA-PC HPET specification 1.0a, 3.2.4). */
export const hpet = (): Uint8Array =>
  systemTable(
    'HPET',
    1,
    new TableWriter()
      .u32(HPET_BLOCK_ID)
      .append(genericAddress(0, 64, 0, HPET_ADDRESS))
      .u8(0)
      .u16(0x80)
      .u8(0)
      .bytes(),
  );

/** The table of memory-mapped configuration space (PCI Firmware Specification 3.2, 4.1.2): segment 0, bus 0. */
export const mcfg = (): Uint8Array =>
  systemTable('MCFG', 1, new TableWriter().zeros(8).u64(ECAM_ADDRESS).u16(0).u8(0, 0).zeros(4).bytes());
