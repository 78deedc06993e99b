import { guestPhysical } from '../../base/address.ts';
import type { Board } from '../../base/board.ts';
import type { Disposable } from '../../base/disposable.ts';
import { CompositionError } from '../../base/errors.ts';
import type { MmioHandler } from '../../base/mmio.ts';
import type { PortHandler } from '../../base/port-io.ts';

/** A range of registers that software places with a base address register (PCI Local Bus Specification 3.0, 6.2.5). */
export type PciRange = PciMemoryRange | PciPortRange;

interface Range {
  /** The base address register, 0 to 5. A 64-bit one takes the next as well. */
  readonly register: number;
  /** In bytes, a power of two: at least 16 of memory, 4 to 256 of ports. */
  readonly length: number;
}

export interface PciMemoryRange extends Range {
  readonly kind: 'memory';
  readonly is64Bit?: boolean;
  /** Reads change nothing, and writes may be merged. */
  readonly isPrefetchable?: boolean;
  readonly handler: MmioHandler;
}

export interface PciPortRange extends Range {
  readonly kind: 'ports';
  /** Ports are relative to the range. Accesses are of 1, 2 or 4 bytes. */
  readonly handler: PortHandler;
}

/** Beyond this, guest-physical addresses cannot be told apart by a double. */
const HIGHEST_ADDRESS = 2n ** 52n;

/** Keeps a range of registers where its base address register says, while the function decodes it. */
export class BaseAddressClaim {
  readonly range: PciRange;
  readonly #board: Board;
  readonly #owner: string;
  #at = -1;
  #claim: Disposable | undefined;

  constructor(board: Board, owner: string, range: PciRange) {
    this.range = range;
    this.#board = board;
    this.#owner = owner;
  }

  /** Moves the range. `address` is what the register says, undefined while the function does not decode it. */
  place(address: bigint | undefined): void {
    const at = address === undefined || address >= HIGHEST_ADDRESS ? -1 : Number(address);
    if (at === this.#at) return;
    this.#claim?.dispose();
    this.#claim = undefined;
    this.#at = at;
    if (at >= 0) this.#claim = this.#tryClaim(at);
  }

  /** A guest may put a range where another device is already. On a real bus both would answer; here the first one does. */
  #tryClaim(at: number): Disposable | undefined {
    const { range } = this;
    try {
      if (range.kind === 'memory') {
        const { length, handler } = range;
        return this.#board.claimMmio({ owner: this.#owner, base: guestPhysical(at), length, handler });
      }
      const { handler } = range;
      return this.#board.claimPorts({
        owner: this.#owner,
        first: at,
        count: range.length,
        width: 4,
        handler: {
          read: (port, size) => handler.read(port - at, size),
          write: (port, size, value) => handler.write(port - at, size, value),
        },
      });
    } catch (error) {
      if (error instanceof CompositionError) return undefined;
      throw error;
    }
  }
}
