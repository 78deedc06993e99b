/** A part of the row that is taken, of which the end may still be moved forward. */
interface Taken {
  readonly first: number;
  end: number;
  readonly released: Promise<void>;
  readonly release: () => void;
}

export interface HeldRange {
  /** Gives back what lies from `end` on. */
  shrink(end: number): void;
  release(): void;
}

/** Lets one at a time have each part of a row of numbers, such as clusters. Who waits is served in no certain order. */
export class RangeLock {
  readonly #taken = new Set<Taken>();

  /** Resolves when nobody has any of [first, end); somebody may have taken some again before the caller goes on. */
  async whenFree(first: number, end: number): Promise<void> {
    for (let holder = this.#holder(first, end); holder !== undefined; holder = this.#holder(first, end)) {
      await holder.released;
    }
  }

  isFree(first: number, end: number): boolean {
    return this.#holder(first, end) === undefined;
  }

  /** Takes [first, end), of which nobody has any. */
  take(first: number, end: number): HeldRange {
    let release = (): void => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const taken: Taken = { first, end, released, release };
    this.#taken.add(taken);
    return {
      shrink(newEnd) {
        taken.end = newEnd;
      },
      release: () => {
        this.#taken.delete(taken);
        taken.release();
      },
    };
  }

  /** Waits for [first, end) and has it while `action` runs. */
  async run<T>(first: number, end: number, action: () => Promise<T>): Promise<T> {
    while (!this.isFree(first, end)) await this.whenFree(first, end);
    const held = this.take(first, end);
    try {
      return await action();
    } finally {
      held.release();
    }
  }

  #holder(first: number, end: number): Taken | undefined {
    for (const taken of this.#taken) if (taken.first < end && first < taken.end) return taken;
    return undefined;
  }
}
