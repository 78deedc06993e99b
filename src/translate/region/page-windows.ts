// Windows: pieces of a page in which several accesses of a region lie, so that one look into the TLB serves them all. Their
// addresses are made from the same values of registers, and differ in what is added; the first of them comes before the
// others on every way. Where the page does not allow them, or ends between them, the interpreter takes over.

import {
  CODE_PAGE,
  GPR,
  RECORD_ADDRESSING,
  RECORD_BASE,
  RECORD_DISPLACEMENT,
  RECORD_IMMEDIATE,
  RECORD_INDEX,
  RECORD_SEGMENT_BASE,
  RECORD_SIZE,
  SEGMENT_SS,
  WIDE_STEP,
  ZERO,
} from '../../core/layout.ts';
import type { Node } from '../ir.ts';
import type { InstructionNodes } from './instruction-nodes.ts';
import type { MachineView } from './machine-view.ts';
import { ADDRESS, type KnownNumber, type MemoryStep } from './memory-steps.ts';
import type { RegionBlock } from './region-plan.ts';
import type { AddressForm } from './region-reader.ts';
import { localRegister, registerAddress, registerIndex } from './region-registers.ts';

/** The wider a window, the more often a page ends in it. */
const WIDEST = 128;
const STACK_POINTER = GPR + 32;

/** A piece of a page. Its bounds are distances from what all addresses in it have in common. */
export interface Window {
  readonly low: number;
  readonly high: number;
  readonly isWrite: boolean;
  /** Those with the same number are never wanted at the same time. */
  readonly slot: number;
}

/** An access in a window. */
export interface WindowAccess {
  readonly probe: Node;
  readonly window: Window;
  /** Bytes from the window's first one. */
  readonly distance: number;
  /** The first access. */
  readonly opens: boolean;
}

/** What of a block matters here. */
export interface WindowPart {
  /** Address of its first record, and where the copy of that is. */
  readonly ip: number;
  readonly position: number;
  /** Distance of its page from the entry's, bytes. */
  readonly page: number;
  readonly block: RegionBlock;
  readonly instructions: readonly InstructionNodes[];
}

/** A linear address: values of registers, which are numbered, and so many bytes more. */
interface Address {
  readonly base: number;
  readonly index: number;
  readonly scale: number;
  readonly segment: number;
  readonly more: number;
}

interface Draft extends Window {
  low: number;
  high: number;
  uses: number;
  readonly address: Address;
}

interface DraftAccess {
  readonly probe: Node;
  readonly window: Draft;
  readonly at: number;
  readonly opens: boolean;
}

/** What a register holds: a numbered value, and so many bytes more. */
interface Held {
  readonly value: number;
  readonly more: number;
}

/** What is known at a place of the region. */
class Known {
  /** By the number of the register. */
  held: (Held | undefined)[] = [];
  /** The last one first. */
  open: readonly Draft[] = [];
  /** From this one on slots are free. */
  slot: number;

  constructor(slot: number) {
    this.slot = slot;
  }

  copy(): Known {
    const copy = new Known(this.slot);
    copy.held = [...this.held];
    copy.open = this.open;
    return copy;
  }

  forget(): void {
    this.held = [];
    this.open = [];
  }
}

/** Nothing is made from a register: a value of its own, and that of CODE_PAGE. */
const NO_VALUE = 0;
const PAGE_VALUE = -1;

/**
 * The accesses in windows, by block and instruction.
 * @param parts by their blocks, the entry's first
 * @param view of their records
 */
export function findWindows(
  parts: ReadonlyMap<RegionBlock, WindowPart>,
  view: MachineView,
  form: AddressForm,
): ReadonlyMap<RegionBlock, readonly (readonly WindowAccess[])[]> {
  return new WindowFinder(parts, view, form).find();
}

class WindowFinder {
  readonly #parts: ReadonlyMap<RegionBlock, WindowPart>;
  readonly #view: MachineView;
  readonly #form: AddressForm;
  readonly #found = new Map<RegionBlock, DraftAccess[][]>();
  #values = 0;
  #known = new Known(0);
  /** Distance of the page at hand from the entry's, bytes. */
  #page = 0;

  constructor(parts: ReadonlyMap<RegionBlock, WindowPart>, view: MachineView, form: AddressForm) {
    this.#parts = parts;
    this.#view = view;
    this.#form = form;
  }

  find(): ReadonlyMap<RegionBlock, readonly (readonly WindowAccess[])[]> {
    const [entry] = this.#parts.keys();
    this.#walk(entry!, this.#known);
    const result = new Map<RegionBlock, (readonly WindowAccess[])[]>();
    for (const [block, all] of this.#found) result.set(block, all.map(finish));
    return result;
  }

  /** Goes through a block and what it dominates, in the order in which that is emitted. */
  #walk(block: RegionBlock, known: Known): void {
    const { slot } = known;
    const part = this.#parts.get(block)!;
    this.#view.begin(part.ip, part.position);
    this.#page = part.page;
    this.#known = known;
    const all = part.instructions.map(({ memory }, index) => {
      const accesses: DraftAccess[] = [];
      for (const step of memory) this.#step(step, part.ip + index * RECORD_SIZE, accesses);
      return accesses;
    });
    this.#found.set(block, all);
    for (const next of block.edges) {
      if (next === null || next.order <= block.order || next.isMerge) continue;
      this.#walk(next, next.isLoop ? new Known(known.slot) : known.copy());
    }
    for (const merge of block.merges) this.#walk(merge, new Known(slot));
  }

  // ---- Registers. ----
  #fresh(): Held {
    return { value: ++this.#values, more: 0 };
  }

  /** @param register address in the CPU state */
  #held(register: number): Held {
    return (this.#known.held[registerIndex(register)] ??= this.#fresh());
  }

  #step(step: MemoryStep, ip: number, accesses: DraftAccess[]): void {
    switch (step.does) {
      case 'access':
        accesses.push(this.#access(step, ip));
        break;
      case 'anything':
        this.#known.forget();
        break;
      case 'write': {
        const register = localRegister(registerAddress(this.#view, ip, step.register));
        if (isGeneral(register)) this.#known.held[registerIndex(register)] = undefined;
        break;
      }
      case 'move': {
        const to = localRegister(registerAddress(this.#view, ip, step.register));
        const from = localRegister(registerAddress(this.#view, ip, step.from));
        if (!isGeneral(to)) break;
        const isWhole = step.bits === ADDRESS || step.bits === (this.#form.isLong ? 64 : 32);
        const held = isWhole && isGeneral(from) ? this.#held(from) : null;
        this.#known.held[registerIndex(to)] =
          held === null ? undefined : { value: held.value, more: held.more + this.#number(step.by, ip) };
      }
    }
  }

  #number(by: KnownNumber, ip: number): number {
    return typeof by === 'number' ? by : by.sign * this.#view.i32(ip + RECORD_IMMEDIATE);
  }

  // ---- Addresses. ----
  #access({ probe, isWrite, bytes, stack }: Extract<MemoryStep, { does: 'access' }>, ip: number): DraftAccess {
    const known = this.#known;
    const address = stack === null ? this.#operand(ip) : this.#stack(stack);
    const at = address.more;
    let window = known.open.find((one) => {
      const width = Math.max(one.high, at + bytes) - Math.min(one.low, at);
      return (one.isWrite || !isWrite) && width <= WIDEST && haveOneOrigin(one.address, address);
    });
    const opens = window === undefined;
    if (window === undefined) {
      window = { address, isWrite, slot: known.slot++, low: at, high: at + bytes, uses: 0 };
      known.open = [window, ...known.open];
    }
    window.low = Math.min(window.low, at);
    window.high = Math.max(window.high, at + bytes);
    window.uses++;
    return { probe, window, at, opens };
  }

  #stack(distance: number): Address {
    const { value, more } = this.#held(STACK_POINTER);
    const segment = this.#form.hasBases ? SEGMENT_SS : ZERO;
    return { base: value, index: NO_VALUE, scale: 0, segment, more: more + distance };
  }

  #operand(ip: number): Address {
    const view = this.#view;
    const [base, index] = [view.u16(ip + RECORD_BASE), view.u16(ip + RECORD_INDEX)];
    const held = base === ZERO || base === CODE_PAGE ? null : this.#held(base);
    const times = index === ZERO || index === WIDE_STEP ? null : this.#held(index);
    const scale = times ? view.u8(ip + RECORD_ADDRESSING) & 3 : 0;
    const displacement = view.i32(ip + RECORD_DISPLACEMENT) + (index === WIDE_STEP ? 0x10000 : 0);
    return {
      base: held?.value ?? (base === CODE_PAGE ? PAGE_VALUE : NO_VALUE),
      index: times?.value ?? NO_VALUE,
      scale,
      segment: view.u16(ip + RECORD_SEGMENT_BASE),
      more: displacement + (base === CODE_PAGE ? this.#page : 0) + (held?.more ?? 0) + (times?.more ?? 0) * 2 ** scale,
    };
  }
}

/** Whether two addresses differ at most in `more`. */
function haveOneOrigin(a: Address, b: Address): boolean {
  return a.base === b.base && a.index === b.index && a.scale === b.scale && a.segment === b.segment;
}

/** Leaves out those that are alone in their window. */
function finish(accesses: readonly DraftAccess[]): readonly WindowAccess[] {
  return accesses
    .filter(({ window }) => window.uses > 1)
    .map(({ probe, window, at, opens }) => ({ probe, window, distance: at - window.low, opens }));
}

/** @param register as `localRegister` gives it */
function isGeneral(register: number): boolean {
  return register >= GPR && register < GPR + 16 * 8;
}
