import { toDisposable } from './disposable.ts';
import type { Disposable } from './disposable.ts';
import { CompositionError } from './errors.ts';
import type { MmioClaim, MmioSize } from './mmio.ts';

const ALL_ONES = { 1: 0xff, 2: 0xffff, 4: 0xffff_ffff } as const;

/** The memory-mapped registers of a board, by guest-physical address. What nobody claims reads all ones. */
export class MmioSpace {
  /** Sorted by base; ranges do not overlap. */
  #claims: readonly MmioClaim[] = [];
  #last: MmioClaim | undefined;

  /** Throws `CompositionError` when the range is empty or overlaps another claim. */
  claim(claim: MmioClaim): Disposable {
    if (!(claim.base >= 0 && claim.length > 0)) {
      throw new CompositionError(`'${claim.owner}' claims the empty memory range ${range(claim)}.`);
    }
    const other = this.#claims.find((c) => claim.base < c.base + c.length && c.base < claim.base + claim.length);
    if (other !== undefined) {
      throw new CompositionError(
        `'${claim.owner}' claims memory ${range(claim)}, but '${other.owner}' has ${range(other)}.`,
      );
    }
    this.#claims = [...this.#claims, claim].toSorted((a, b) => a.base - b.base);
    return toDisposable(() => {
      this.#claims = this.#claims.filter((c) => c !== claim);
      if (this.#last === claim) this.#last = undefined;
    });
  }

  /** Every range that is claimed, in the order of addresses. */
  claims(): readonly MmioClaim[] {
    return this.#claims;
  }

  /** The claim that holds a guest-physical address, if any. */
  find(address: number): MmioClaim | undefined {
    const last = this.#last;
    if (last !== undefined && address >= last.base && address < last.base + last.length) return last;
    let low = 0;
    let high = this.#claims.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const claim = this.#claims[middle] as MmioClaim;
      if (address < claim.base) high = middle;
      else if (address >= claim.base + claim.length) low = middle + 1;
      else {
        this.#last = claim;
        return claim;
      }
    }
    return undefined;
  }

  /** An unsigned value of `size` bytes. An access that leaves its range is taken byte by byte. */
  read(address: number, size: MmioSize): number {
    const claim = this.find(address);
    if (claim !== undefined && address + size <= claim.base + claim.length) {
      return (claim.handler.read(address - claim.base, size) & ALL_ONES[size]) >>> 0;
    }
    if (size === 1) return 0xff;
    if (claim === undefined && this.find(address + size - 1) === undefined) return ALL_ONES[size];
    let value = 0;
    for (let byte = 0; byte < size; byte += 1) value |= this.read(address + byte, 1) << (byte * 8);
    return value >>> 0;
  }

  /** Bits of `value` beyond `size` bytes are ignored. */
  write(address: number, size: MmioSize, value: number): void {
    const claim = this.find(address);
    if (claim !== undefined && address + size <= claim.base + claim.length) {
      claim.handler.write(address - claim.base, size, (value & ALL_ONES[size]) >>> 0);
      return;
    }
    if (size === 1 || (claim === undefined && this.find(address + size - 1) === undefined)) return;
    for (let byte = 0; byte < size; byte += 1) this.write(address + byte, 1, value >>> (byte * 8));
  }

  /** An 8-byte read: whole where the device offers it, else two 4-byte ones, low half first. */
  read8(address: number): bigint {
    const handler = this.#wholeAccess(address);
    if (handler?.read8 !== undefined)
      return BigInt.asUintN(64, handler.read8(address - (this.#last as MmioClaim).base));
    const low = this.read(address, 4);
    const high = this.read(address + 4, 4);
    return (BigInt(high) << 32n) | BigInt(low);
  }

  /** An 8-byte write: whole where the device offers it, else two 4-byte ones, low half first. */
  write8(address: number, value: bigint): void {
    const handler = this.#wholeAccess(address);
    if (handler?.write8 !== undefined) {
      handler.write8(address - (this.#last as MmioClaim).base, BigInt.asUintN(64, value));
      return;
    }
    this.write(address, 4, Number(BigInt.asUintN(32, value)));
    this.write(address + 4, 4, Number(BigInt.asUintN(32, value >> 32n)));
  }

  #wholeAccess(address: number): MmioClaim['handler'] | undefined {
    const claim = this.find(address);
    return claim !== undefined && address + 8 <= claim.base + claim.length ? claim.handler : undefined;
  }
}

const range = (claim: MmioClaim): string => {
  const last = claim.base + Math.max(claim.length, 1) - 1;
  return `0x${claim.base.toString(16)}-0x${last.toString(16)}`;
};
