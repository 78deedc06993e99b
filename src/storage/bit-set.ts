/** How many bits a page has. */
const PAGE_BITS = 32_768;

/** A set of whole numbers from 0 that takes one bit each, in pages of 4 KiB that are made when they are first needed. */
export class BitSet {
  readonly #pages = new Map<number, Uint8Array>();

  has(index: number): boolean {
    const page = this.#pages.get(Math.floor(index / PAGE_BITS));
    const bit = index % PAGE_BITS;
    return page !== undefined && ((page[bit >>> 3] ?? 0) & (1 << (bit & 7))) !== 0;
  }

  /** Adds the numbers of [first, end), or removes them. */
  set(first: number, end: number, isIn: boolean): void {
    for (let index = first; index < end;) {
      const number = Math.floor(index / PAGE_BITS);
      const pageEnd = Math.min(end, (number + 1) * PAGE_BITS);
      const page = this.#pages.get(number) ?? (isIn ? this.#addPage(number) : undefined);
      if (page !== undefined) fillBits(page, index % PAGE_BITS, pageEnd - number * PAGE_BITS, isIn);
      index = pageEnd;
    }
  }

  /** The end of the run that begins at `first` and goes up to `end` at most, of numbers that are all in or all out. */
  runEnd(first: number, end: number): number {
    const isIn = this.has(first);
    let index = first + 1;
    while (index < end && this.has(index) === isIn) index += 1;
    return index;
  }

  #addPage(number: number): Uint8Array {
    const page = new Uint8Array(PAGE_BITS / 8);
    this.#pages.set(number, page);
    return page;
  }
}

function fillBits(page: Uint8Array, first: number, end: number, isIn: boolean): void {
  const firstWhole = Math.min(end, Math.ceil(first / 8) * 8);
  const endWhole = Math.max(firstWhole, end & ~7);
  setBits(page, first, firstWhole, isIn);
  page.fill(isIn ? 0xff : 0, firstWhole >>> 3, endWhole >>> 3);
  setBits(page, endWhole, end, isIn);
}

function setBits(page: Uint8Array, first: number, end: number, isIn: boolean): void {
  for (let bit = first; bit < end; bit += 1) {
    const mask = 1 << (bit & 7);
    page[bit >>> 3] = isIn ? (page[bit >>> 3] ?? 0) | mask : (page[bit >>> 3] ?? 0) & ~mask;
  }
}
