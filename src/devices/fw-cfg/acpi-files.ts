import { buildRelocatableAcpiTables } from '../acpi/tables/relocatable-tables.ts';
import type { AcpiTablesOptions } from '../acpi/tables/acpi-tables.ts';
import { TableLoader } from './table-loader.ts';

const TABLES = 'etc/acpi/tables';
const ROOT_POINTER = 'etc/acpi/rsdp';
/** The FACS wants 64 bytes; the root pointer lies at a multiple of 16. */
const TABLE_ALIGNMENT = 64;
const ROOT_POINTER_ALIGNMENT = 16;

/** The files by which firmware puts the board's ACPI tables into memory itself. */
export const acpiFiles = (options: AcpiTablesOptions): ReadonlyMap<string, Uint8Array> => {
  const { tables, rootPointer } = buildRelocatableAcpiTables(options);
  const loader = new TableLoader()
    .allocate(ROOT_POINTER, ROOT_POINTER_ALIGNMENT, 'root pointer segment')
    .allocate(TABLES, TABLE_ALIGNMENT, 'high');
  for (const [file, image] of [
    [TABLES, tables],
    [ROOT_POINTER, rootPointer],
  ] as const) {
    for (const { offset, size } of image.pointers) loader.addPointer(file, offset, size, TABLES);
    for (const { offset, start, length } of image.checksums) loader.addChecksum(file, offset, start, length);
  }
  return new Map([
    [TABLES, tables.bytes],
    [ROOT_POINTER, rootPointer.bytes],
    ['etc/table-loader', loader.bytes()],
  ]);
};
