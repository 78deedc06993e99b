// Grows a region from a hot block: over jumps, branches and calls, into other pages, and back from calls.

import { MODE_CODE_64, MODE_CODE_MASK, MODE_STEP, MODE_ZERO_BASES } from '../../core/layout.ts';
import type { BlockOutline, BlockReader, Successor } from './block-reader.ts';
import type { IndirectTargets } from './indirect-targets.ts';

const MOST_BLOCKS = 40;
const MOST_INSTRUCTIONS = 240;
/** From so many instructions on, a region ends where another one begins: before, it would be left too soon. */
const ENOUGH = 64;
/** Returns are compared with so many places that calls in the region came from. */
const MOST_RETURNS = 3;
/** A block that ran less often than this part of what makes blocks hot is left to the interpreter. */
const RARE = 64;

/** A block of the region. */
export interface RegionBlockOutline extends BlockOutline {
  /** Address of its first record. */
  readonly ip: number;
  /** Instructions that entering it takes from the budget. */
  readonly count: number;
  /** Distance of its page from the entry's, bytes. */
  readonly page: number;
  /** Addresses of the first records that it may lead to; 0: out of the region. */
  readonly targets: readonly number[];
  /** For each target of a block that ends with a return or an indirect jump: the address that leads there, as a distance from the entry's page. */
  readonly addresses: readonly number[];
}

/** A page, or part of one, that has to be where it was. */
interface RegionPage {
  readonly distance: number;
  readonly frame: number;
  /** First record of a block with bytes there. */
  readonly block: number;
}

export interface RegionOutline {
  /** The entry first. */
  readonly blocks: readonly RegionBlockOutline[];
  /** The pages besides the entry's own; none for a region inside one page. */
  readonly pages: readonly RegionPage[];
  readonly instructions: number;
  readonly form: AddressForm;
}

/** What addresses are in the region's code. */
export interface AddressForm {
  /** Of 64 bits; else of 32. */
  readonly isLong: boolean;
  /** ES, SS and DS may begin elsewhere than at 0. */
  readonly hasBases: boolean;
}

/** A block while the region grows. */
interface Growing {
  readonly ip: number;
  readonly page: number;
  readonly outline: BlockOutline;
  readonly successors: readonly Successor[];
  /** The entry block of the function that it was reached in: the target of a call, or the region's entry. */
  readonly callee: number;
}

/** Where a call in the region came from. */
interface CallSite {
  readonly target: number;
  readonly distance: number;
}

export class RegionReader {
  readonly #blocks: BlockReader;
  /** A block that ran less often is left to the interpreter. */
  readonly #rare: number;
  readonly #indirect: IndirectTargets;

  /** @param hot executions after which blocks are translated */
  constructor(blocks: BlockReader, indirect: IndirectTargets, hot: number) {
    this.#indirect = indirect;
    this.#blocks = blocks;
    this.#rare = Math.max(1, hot / RARE);
  }

  /**
   * The region whose entry is the block with its first record at `ip`, or null when its first instruction cannot be in one.
   * @param ends says which blocks it may end at; null: it takes in what it can
   */
  read(ip: number, ends: ((ip: number) => boolean) | null): RegionOutline | null {
    const reader = this.#blocks;
    const mode = reader.mode(ip);
    if (mode & MODE_STEP || reader.machine(ip) === 0) return null;
    const isLong = (mode & MODE_CODE_MASK) === MODE_CODE_64;
    const grown = this.#grow(ip, ends);
    if (!grown.blocks.has(ip)) return null;
    const { targets, addresses } = this.#targets(grown);
    const blocks = [...grown.blocks.values()].map(({ ip: at, page, outline }): RegionBlockOutline => {
      return {
        ...outline,
        ip: at,
        count: reader.count(at),
        page,
        targets: targets.get(at)!,
        addresses: addresses.get(at) ?? [],
      };
    });
    return {
      blocks,
      pages: this.#pages(blocks),
      instructions: blocks.reduce((sum, { length }) => sum + length, 0),
      form: { isLong, hasBases: !isLong && (mode & MODE_ZERO_BASES) === 0 },
    };
  }

  #grow(
    entry: number,
    ends: ((ip: number) => boolean) | null,
  ): { blocks: Map<number, Growing>; calls: Map<number, CallSite[]> } {
    const blocks = new Map<number, Growing>();
    const calls = new Map<number, CallSite[]>();
    let instructions = 0;
    /** By distance from the entry's page. What a jump last led to may have been in another address space. */
    const frames = new Map<number, number>();
    const queue: { ip: number; page: number; callee: number }[] = [{ ip: entry, page: 0, callee: entry }];
    while (queue.length > 0 && blocks.size < MOST_BLOCKS && instructions < MOST_INSTRUCTIONS) {
      const { ip, page, callee } = queue.shift()!;
      if (blocks.has(ip)) continue;
      if (ip !== entry && this.#blocks.executions(ip) < this.#rare) continue;
      if (instructions >= ENOUGH && ends?.(ip)) continue;
      const outline = this.#blocks.read(ip);
      if (outline.length === 0 || !this.#fits(frames, page, ip)) continue;
      instructions += outline.length;
      const successors = this.#successors(ip, outline, ends === null);
      blocks.set(ip, { ip, page, outline, successors, callee });
      const isCall = outline.ends === 'call';
      const continuation = isCall ? this.#blocks.continuation(ip, outline) : 0;
      for (const successor of successors) {
        if (successor.ip === 0) continue;
        queue.push({ ip: successor.ip, page: page + successor.page, callee: isCall ? successor.ip : callee });
        if (!isCall || continuation === 0) continue;
        const sites = calls.get(successor.ip) ?? [];
        if (sites.length >= MOST_RETURNS) continue;
        sites.push({ target: continuation, distance: page + outline.nextOffset });
        calls.set(successor.ip, sites);
        queue.push({ ip: continuation, page, callee });
      }
    }
    return { blocks, calls };
  }

  /** Where the block leads, as far as that is known; in a region of any size also by the indirect jumps that were seen. */
  #successors(first: number, outline: BlockOutline, isLarge: boolean): readonly Successor[] {
    const blocks = this.#blocks;
    // What a table of functions leads to would be too much for one region: indirect calls lead out of it.
    if (outline.ends !== 'indirect') return blocks.successors(first, outline);
    if (!isLarge) return [];
    const isThere = ({ ip }: Successor): boolean => blocks.machine(ip) !== 0 && blocks.mode(ip) === blocks.mode(first);
    return this.#indirect.of(outline.last).filter(isThere);
  }

  /** Notes the frames of a block's pages; false when a page is known to be another frame. */
  #fits(frames: Map<number, number>, page: number, ip: number): boolean {
    const machines = [this.#blocks.machine(ip), this.#blocks.second(ip)].filter((machine) => machine !== 0);
    const places = machines.map((machine, index) => [page + index * 4096, machine - (machine % 4096)] as const);
    if (places.some(([at, frame]) => (frames.get(at) ?? frame) !== frame)) return false;
    for (const [at, frame] of places) frames.set(at, frame);
    return true;
  }

  /** What each block may lead to inside the region. A block that is met at another distance than its own does not count. */
  #targets({ blocks, calls }: { blocks: ReadonlyMap<number, Growing>; calls: ReadonlyMap<number, CallSite[]> }): {
    targets: Map<number, readonly number[]>;
    addresses: Map<number, readonly number[]>;
  } {
    const targets = new Map<number, readonly number[]>();
    const addresses = new Map<number, readonly number[]>();
    for (const { ip, page, outline, successors, callee } of blocks.values()) {
      const isInside = (successor: Successor): boolean => blocks.get(successor.ip)?.page === page + successor.page;
      if (outline.ends !== 'return' && outline.ends !== 'indirect') {
        targets.set(
          ip,
          successors.map((successor) => (isInside(successor) ? successor.ip : 0)),
        );
        continue;
      }
      const sites =
        outline.ends === 'return'
          ? (calls.get(callee) ?? []).filter(({ target }) => blocks.has(target))
          : successors
              .filter(isInside)
              .map((to) => ({ target: to.ip, distance: page + to.page + this.#blocks.offset(to.ip) }));
      targets.set(
        ip,
        sites.map(({ target }) => target),
      );
      addresses.set(
        ip,
        sites.map(({ distance }) => distance),
      );
    }
    return { targets, addresses };
  }

  #pages(blocks: readonly RegionBlockOutline[]): RegionPage[] {
    const pages = new Map<number, RegionPage>();
    const add = (distance: number, machine: number, block: number): void => {
      if (!pages.has(distance)) pages.set(distance, { distance, frame: machine - (machine % 4096), block });
    };
    for (const { ip, page } of blocks) {
      if (page !== 0) add(page, this.#blocks.machine(ip), ip);
      const second = this.#blocks.second(ip);
      if (second !== 0 && page + 4096 !== 0) add(page + 4096, second, ip);
    }
    return [...pages.values()];
  }
}
