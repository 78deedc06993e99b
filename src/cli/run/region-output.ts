// What `--dump-region` writes.

import { UserError } from '../../base/errors.ts';
import type { RegionDump } from '../../translate/region/dump-region.ts';

/** Writes to standard error, which is a terminal in raw mode when the guest's console is on it. */
function writeLines(text: string): void {
  process.stderr.write(process.stderr.isTTY ? text.replaceAll('\n', '\r\n') : text);
}

const SHOWN = 3;

export class RegionOutput {
  readonly request: RegionDump;
  #found = false;
  /** Where regions begin that only contain the address. */
  readonly #around = new Set<bigint>();

  /** Throws a UserError when there will be no regions. */
  constructor(address: bigint, engine: string) {
    if (engine === 'interpreter') {
      throw new UserError('The interpreter translates nothing that --dump-region could show; leave one of them out.');
    }
    this.request = {
      address,
      write: (text) => {
        this.#found = true;
        writeLines(`${text}\n`);
      },
      isInside: (entry) => this.#around.add(entry),
    };
  }

  /** After the run: says so when there was nothing to show. */
  finish(): void {
    if (this.#found) return;
    const hex = (address: bigint): string => `0x${address.toString(16)}`;
    const around = [...this.#around].slice(0, SHOWN).map(hex).join(' and ');
    const advice = around === '' ? 'name where a hot block starts' : `it is inside of what starts at ${around}`;
    writeLines(`lodge: No region was made whose entry is at ${hex(this.request.address)}; ${advice}.\n`);
  }
}
