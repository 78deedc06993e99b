import { NAME_LENGTH, writeName } from './file-directory.ts';

/** What the firmware allocates a file in: anywhere below 4 GiB, or where operating systems look for the ACPI root pointer. */
export type LoaderZone = 'high' | 'root pointer segment';

const COMMAND = { allocate: 1, addPointer: 2, addChecksum: 3 } as const;
const ENTRY_LENGTH = 128;
const ZONES: Readonly<Record<LoaderZone, number>> = { high: 1, 'root pointer segment': 2 };

/**
 * The script `etc/table-loader`, by which the firmware loads files to where it pleases, links them with each other and brings their
 * checksums up to date (QEMU, `hw/acpi/bios-linker-loader.c`). Commands run in order; a file is allocated before it is named.
 */
export class TableLoader {
  readonly #entries: Uint8Array[] = [];

  /** Loads `file` at a multiple of `alignment`, a power of two. */
  allocate(file: string, alignment: number, zone: LoaderZone): this {
    const entry = this.#entry(COMMAND.allocate, file);
    entry.setUint32(4 + NAME_LENGTH, alignment, true);
    entry.setUint8(8 + NAME_LENGTH, ZONES[zone]);
    return this;
  }

  /** Adds the address of `target` to the number of `size` bytes at `offset` of `file`: an offset in `target` becomes an address. */
  addPointer(file: string, offset: number, size: 4 | 8, target: string): this {
    const entry = this.#entry(COMMAND.addPointer, file);
    writeName(new Uint8Array(entry.buffer), 4 + NAME_LENGTH, target);
    entry.setUint32(4 + 2 * NAME_LENGTH, offset, true);
    entry.setUint8(8 + 2 * NAME_LENGTH, size);
    return this;
  }

  /** Sets the byte at `offset` of `file`, 0 so far, so that `length` bytes from `start` on sum to 0 modulo 256. */
  addChecksum(file: string, offset: number, start: number, length: number): this {
    const entry = this.#entry(COMMAND.addChecksum, file);
    entry.setUint32(4 + NAME_LENGTH, offset, true);
    entry.setUint32(8 + NAME_LENGTH, start, true);
    entry.setUint32(12 + NAME_LENGTH, length, true);
    return this;
  }

  bytes(): Uint8Array {
    const all = new Uint8Array(this.#entries.length * ENTRY_LENGTH);
    for (const [index, entry] of this.#entries.entries()) all.set(entry, index * ENTRY_LENGTH);
    return all;
  }

  #entry(command: number, file: string): DataView {
    const bytes = new Uint8Array(ENTRY_LENGTH);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, command, true);
    writeName(bytes, 4, file);
    this.#entries.push(bytes);
    return view;
  }
}
