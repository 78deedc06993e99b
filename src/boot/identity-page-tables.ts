import type { GuestPhysical } from '../base/address.ts';
import { PAGE_SIZE } from '../base/address.ts';
import { UserError } from '../base/errors.ts';
import type { MemoryLayout } from './memory-layout.ts';
import { LOW_MEMORY_END } from './memory-map.ts';
import { StructureWriter } from './structure-writer.ts';

const ENTRIES = 512;
const DIRECTORIES = 4;
const LARGE_PAGE = 0x200000;
// Bits of a paging-structure entry (SDM volume 3, tables 4-15 to 4-18).
const PRESENT_WRITABLE = 0x03;
const LARGE = 0x80;

/**
 * Places 4-level page tables that map the first 4 GiB to themselves in 2 MiB pages.
 *
 * @returns the address of the top table, for CR3.
 * @throws UserError when low memory has no room for the six tables.
 */
export function placeIdentityPageTables(layout: MemoryLayout): GuestPhysical {
  const length = (2 + DIRECTORIES) * PAGE_SIZE;
  const top = layout.allocate({ length, end: LOW_MEMORY_END, from: 'bottom' }, 'page tables');
  if (top === undefined) {
    throw new UserError('The kernel leaves no room for page tables below 640 KiB; link it at 1 MiB or above.');
  }
  const tables = new StructureWriter(length);
  const pointers = PAGE_SIZE;
  tables.u64(0, top + pointers + PRESENT_WRITABLE);
  for (let directory = 0; directory < DIRECTORIES; directory++) {
    const offset = (2 + directory) * PAGE_SIZE;
    tables.u64(pointers + directory * 8, top + offset + PRESENT_WRITABLE);
    for (let entry = 0; entry < ENTRIES; entry++) {
      const page = (directory * ENTRIES + entry) * LARGE_PAGE;
      tables.u64(offset + entry * 8, page + LARGE + PRESENT_WRITABLE);
    }
  }
  layout.place(top, tables.bytes, 'page tables');
  return top;
}
