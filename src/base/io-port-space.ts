import { toDisposable } from './disposable.ts';
import type { Disposable } from './disposable.ts';
import { CompositionError } from './errors.ts';
import type { PortClaim, PortHandler, PortSize } from './port-io.ts';

const PORTS = 0x10000;
const ALL_ONES = { 1: 0xff, 2: 0xffff, 4: 0xffff_ffff } as const;

interface Entry {
  readonly claim: PortClaim;
  readonly handler: PortHandler;
  readonly width: PortSize;
  /** One past the last port. */
  readonly end: number;
}

/** The 64K I/O ports of a board. A port nobody claims reads all ones and ignores writes, as an open bus does. */
export class IoPortSpace {
  readonly #entryOf = new Uint16Array(PORTS);
  readonly #entries: (Entry | undefined)[] = [undefined];

  /** Throws `CompositionError` when the range leaves the space or overlaps another claim. */
  claim(claim: PortClaim): Disposable {
    const end = claim.first + claim.count;
    if (!(claim.first >= 0 && claim.count > 0 && end <= PORTS)) {
      throw new CompositionError(`'${claim.owner}' claims I/O ports ${range(claim)}, which are not all below 0x10000.`);
    }
    for (let port = claim.first; port < end; port += 1) {
      const other = this.#entries[this.#entryOf[port] ?? 0];
      if (other !== undefined) {
        throw new CompositionError(
          `'${claim.owner}' claims I/O ports ${range(claim)}, but '${other.claim.owner}' has ${range(other.claim)}.`,
        );
      }
    }
    const index = this.#freeIndex();
    this.#entries[index] = { claim, handler: claim.handler, width: claim.width ?? 1, end };
    this.#entryOf.fill(index, claim.first, end);
    return toDisposable(() => {
      this.#entries[index] = undefined;
      this.#entryOf.fill(0, claim.first, end);
    });
  }

  /** Every range that is claimed, in the order of ports. */
  claims(): readonly PortClaim[] {
    return this.#entries.flatMap((entry) => entry?.claim ?? []).toSorted((a, b) => a.first - b.first);
  }

  /** The unsigned value that `in` yields. `port` is 0 to 0xFFFF. */
  read(port: number, size: PortSize): number {
    const entry = this.#entries[this.#entryOf[port] ?? 0];
    if (entry !== undefined && size <= entry.width && port + size <= entry.end) {
      return (entry.handler.read(port, size) & ALL_ONES[size]) >>> 0;
    }
    if (size === 1) return 0xff;
    const half = size === 4 ? 2 : 1;
    const low = this.read(port, half);
    const high = this.read((port + half) & 0xffff, half);
    return (low | (high << (half * 8))) >>> 0;
  }

  /** Does what `out` does. Bits of `value` beyond `size` are ignored. */
  write(port: number, size: PortSize, value: number): void {
    const entry = this.#entries[this.#entryOf[port] ?? 0];
    if (entry !== undefined && size <= entry.width && port + size <= entry.end) {
      entry.handler.write(port, size, (value & ALL_ONES[size]) >>> 0);
      return;
    }
    if (size === 1) return;
    const half = size === 4 ? 2 : 1;
    this.write(port, half, value);
    this.write((port + half) & 0xffff, half, value >>> (half * 8));
  }

  #freeIndex(): number {
    const free = this.#entries.indexOf(undefined, 1);
    return free === -1 ? this.#entries.length : free;
  }
}

const range = (claim: PortClaim): string =>
  `0x${claim.first.toString(16)}-0x${(claim.first + claim.count - 1).toString(16)}`;
