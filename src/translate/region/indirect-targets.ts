// Where indirect jumps have led, from one region to another: what the run reports of them, for regions that take the targets in.

import { JUMP_COUNT, JUMP_QUEUE, JUMP_QUEUE_ENTRY_SIZE } from '../../core/layout.ts';
import type { Successor } from './block-reader.ts';

/** Of each jump so many targets are kept, those that were reported first. */
const MOST_TARGETS = 64;

export class IndirectTargets {
  readonly #view: DataView;
  readonly #targets = new Map<number, Successor[]>();

  /** @param view of machine memory */
  constructor(view: DataView) {
    this.#view = view;
  }

  /** Takes what was reported since the last time. */
  collect(): void {
    const view = this.#view;
    const count = view.getUint32(JUMP_COUNT, true);
    view.setUint32(JUMP_COUNT, 0, true);
    for (let index = 0; index < count; index++) {
      const entry = JUMP_QUEUE + index * JUMP_QUEUE_ENTRY_SIZE;
      const jump = view.getUint32(entry, true);
      const target = { ip: view.getUint32(entry + 4, true), page: Number(view.getBigInt64(entry + 8, true)) };
      const known = this.#targets.get(jump);
      if (known === undefined) this.#targets.set(jump, [target]);
      else if (known.length < MOST_TARGETS && !known.some(({ ip }) => ip === target.ip)) known.push(target);
    }
  }

  /** The targets of the jump whose record is at `jump`, by distance from the jump's page. Their code may be gone. */
  of(jump: number): readonly Successor[] {
    return this.#targets.get(jump) ?? [];
  }

  forget(): void {
    this.#targets.clear();
    this.#view.setUint32(JUMP_COUNT, 0, true);
  }
}
