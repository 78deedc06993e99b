import { layOutTables } from './acpi-tables.ts';
import type { AcpiTablesOptions } from './acpi-tables.ts';
import { rootPointer } from './fixed-tables.ts';

/** Bytes that whoever loads them has to finish: pointers are offsets into the tables so far, and the checksums 0. */
export interface RelocatableImage {
  readonly bytes: Uint8Array;
  readonly pointers: readonly { readonly offset: number; readonly size: 4 | 8 }[];
  readonly checksums: readonly { readonly offset: number; readonly start: number; readonly length: number }[];
}

const TABLE_HEADER = 36;
/** Pointers to the FACS and the DSDT, in 32 and in 64 bits (ACPI 6.5, 5.2.9). */
const FADT_POINTERS = [
  { at: 36, size: 4 },
  { at: 40, size: 4 },
  { at: 132, size: 8 },
  { at: 140, size: 8 },
] as const;

/** The same tables as `buildAcpiTables` makes, for an address that is not known yet. */
export const buildRelocatableAcpiTables = (
  options: AcpiTablesOptions,
): { readonly tables: RelocatableImage; readonly rootPointer: RelocatableImage } => {
  const { bytes, fadt, rsdt, xsdt, count } = layOutTables(options, 0);
  const entries = (table: number, size: 4 | 8) =>
    Array.from({ length: count }, (_, n) => ({ offset: table + TABLE_HEADER + n * size, size }));
  const tables = relocatable(
    bytes,
    [...FADT_POINTERS.map(({ at, size }) => ({ offset: fadt + at, size })), ...entries(rsdt, 4), ...entries(xsdt, 8)],
    [fadt, rsdt, xsdt].map((start) => ({ offset: start + 9, start, length: lengthOf(bytes, start) })),
  );
  const pointer = relocatable(
    rootPointer(rsdt, xsdt),
    [
      { offset: 16, size: 4 },
      { offset: 24, size: 8 },
    ],
    [
      { offset: 8, start: 0, length: 20 },
      { offset: 32, start: 0, length: 36 },
    ],
  );
  return { tables, rootPointer: pointer };
};

const relocatable = (
  bytes: Uint8Array,
  pointers: RelocatableImage['pointers'],
  checksums: RelocatableImage['checksums'],
): RelocatableImage => {
  for (const { offset } of checksums) bytes[offset] = 0;
  return { bytes, pointers, checksums };
};

const lengthOf = (bytes: Uint8Array, table: number): number => new DataView(bytes.buffer).getUint32(table + 4, true);
